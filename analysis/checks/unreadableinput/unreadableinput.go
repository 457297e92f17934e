// Package unreadableinput is the check unreadable-input.
package unreadableinput

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check reports the files of a project that cannot be read or parsed, so that silence about them is no all-clear.
var Check = &analysis.Check{
	Code:     "unreadable-input",
	Title:    "A file of the project cannot be read or parsed",
	Doc:      doc,
	Severity: analysis.Error,
	Since:    "0.1.0",
	Run:      run,
}

func run(pass *analysis.Pass) {
	seen := map[string]bool{}
	report := func(file *workspace.File, problem *workspace.Problem, consequence string, more int) {
		if problem == nil || seen[file.Path()] {
			return
		}
		seen[file.Path()] = true
		what := problem.Message
		if strings.HasPrefix(what, "is ") || strings.HasPrefix(what, "has ") {
			what = "it " + what
		}
		message := fmt.Sprintf("%s cannot be read: %s.", path.Base(file.Path()), what)
		if more > 0 {
			message = fmt.Sprintf("%s cannot be read: %s (and %d more errors).", path.Base(file.Path()), what, more)
		}
		pass.Report(analysis.Finding{
			Severity: analysis.Error,
			Location: analysis.Location{File: file.Path(), Span: problem.Span},
			Message:  message + "\n" + consequence,
			Subject:  file.Path(),
		})
	}
	for _, p := range pass.Snapshot.Projects() {
		if !concerns(pass.Snapshot, p) {
			continue
		}
		if p.Lock != nil {
			report(p.Lock.File, p.Lock.Problem, "Until it can be read, nothing can be said about the files that were generated from it.", 0)
		}
		for _, g := range p.Generated {
			if len(g.SyntaxErrors) > 0 {
				report(g.File, &g.SyntaxErrors[0], "What stands beside the error was still compared with the lock.", len(g.SyntaxErrors)-1)
			}
		}
		for _, m := range p.Members {
			report(m.File, m.Problem, "cargo and every builder will refuse it.", 0)
		}
		for _, h := range p.Hashes {
			report(h.File, h.Problem, "crate2nix will refuse it.", 0)
		}
	}
}

// concerns reports whether a project is packaged with Nix, or was asked about: a broken lock in some test's data is nobody's trouble.
func concerns(snap *workspace.Snapshot, p *workspace.Project) bool {
	if p.Root == "." || len(p.Generated) > 0 {
		return true
	}
	for _, name := range []string{"flake.nix", "default.nix", "shell.nix"} {
		if snap.File(path.Join(p.Root, name)) != nil {
			return true
		}
	}
	return false
}
