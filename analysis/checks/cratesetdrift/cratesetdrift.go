// Package cratesetdrift is the check crate-set-drift.
package cratesetdrift

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/checks/internal/mention"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/regenerate"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check compares the crates of a generated file with those of its lock.
var Check = &analysis.Check{
	Code:     "crate-set-drift",
	Title:    "Cargo.nix holds other crates than Cargo.lock",
	Doc:      doc,
	Severity: analysis.Error,
	Since:    "0.1.0",
	Run:      run,
}

// maxNames is how many crates the message names; related information names them all.
const maxNames = 10

func run(pass *analysis.Pass) {
	for _, g := range pass.Snapshot.Generated() {
		check(pass, g)
	}
}

func check(pass *analysis.Pass, g *workspace.Generated) {
	difference := pass.Snapshot.Difference(g)
	if difference == nil {
		return
	}
	changes, leftOut := certain(g, difference.Changes)
	severity := analysis.Error
	if len(changes) == 0 {
		if len(leftOut) == 0 {
			return
		}
		changes, leftOut, severity = leftOut, nil, analysis.Hint
	}
	span := g.Graph.HolderSpan
	if first := changes[0].Crate; first != nil {
		span = first.KeySpan
	}
	summary := summarise(changes)
	f := analysis.Finding{
		Severity: severity,
		Location: analysis.Location{File: g.Path(), Span: span},
		Message:  message(g, summary, changes, leftOut, severity),
		Subject:  subject(g, changes),
		Related:  related(g, changes),
	}
	if fix := regenerate.Fix(pass.Snapshot, g, staleHashes(g, changes)); fix != nil {
		f.Fixes = append(f.Fixes, *fix)
	}
	clause := "no longer matches " + lockNames(g) + ": " + summary + "."
	if severity == analysis.Hint {
		clause = "lacks crates of " + lockNames(g) + ": " + summary + "."
	}
	mention.Report(pass, g, f, clause)
}

// subject is the path of the lock that moved away from the file: of several, the one of the first change.
func subject(g *workspace.Generated, changes []crates.Change) string {
	for _, c := range changes {
		if c.Package != nil {
			return g.Locks[c.Lock].Path()
		}
	}
	return g.Locks[0].Path()
}

func lockNames(g *workspace.Generated) string {
	var names []string
	for _, lock := range g.Locks {
		names = append(names, lock.Path())
	}
	return strings.Join(names, " and ")
}

// certain parts the changes that must be drift from packages of the lock that may be missing in the file on purpose, and leaves
// out what cannot be judged because part of the file, or one of its locks, is not known.
func certain(g *workspace.Generated, changes []crates.Change) (sure, leftOut []crates.Change) {
	for _, c := range changes {
		switch c.Kind {
		case crates.Added:
			switch {
			case g.Graph.Incomplete:
			case g.LeavesOutFeatures():
				leftOut = append(leftOut, c)
			default:
				sure = append(sure, c)
			}
		case crates.Removed, crates.Updated:
			if !g.LacksLocks {
				sure = append(sure, c)
			}
		default:
			sure = append(sure, c)
		}
	}
	return sure, leftOut
}

// summarise counts the changes and names the first of them.
func summarise(changes []crates.Change) string {
	var counts []string
	for _, kind := range []struct {
		kind crates.ChangeKind
		word string
	}{{crates.Updated, "updated"}, {crates.Added, "added"}, {crates.Removed, "removed"}, {crates.RevisionMoved, "at another git revision"}, {crates.SourceChanged, "from another source"}} {
		n := 0
		for i := range changes {
			if changes[i].Kind == kind.kind {
				n++
			}
		}
		if n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, kind.word))
		}
	}
	var names []string
	for _, c := range changes[:min(len(changes), maxNames)] {
		names = append(names, name(c))
	}
	list := strings.Join(names, ", ")
	if more := len(changes) - len(names); more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(counts, ", ") + " (" + list + ")"
}

// name is a change in a few words, seen from the file to the lock.
func name(c crates.Change) string {
	switch c.Kind {
	case crates.Added:
		return "+" + c.Name + " " + c.Package.Version
	case crates.Removed:
		return "−" + c.Name + " " + c.Crate.Version
	case crates.RevisionMoved:
		return fmt.Sprintf("%s %s at %s → %s", c.Name, c.Crate.Version, short(c.Crate.Source.Rev), short(c.Package.Source.Precise))
	case crates.SourceChanged:
		return fmt.Sprintf("%s %s from %s → %s", c.Name, c.Crate.Version, ofCrate(c.Crate), ofPackage(c.Package))
	}
	return c.Name + " " + c.Crate.Version + " → " + c.Package.Version
}

func short(rev string) string { return rev[:min(len(rev), 8)] }

func ofCrate(c *crates.Crate) string {
	if c.Source.URL != "" && c.Source.Kind != crates.CratesIO {
		return c.Source.Kind.String() + " " + c.Source.URL
	}
	return c.Source.Kind.String()
}

func ofPackage(p *cargo.Package) string {
	switch {
	case p.Source.IsCratesIO():
		return crates.CratesIO.String()
	case p.Source.Kind == cargo.Path:
		return crates.Local.String()
	}
	return p.Source.Kind.String() + " " + p.Source.URL
}

func message(g *workspace.Generated, summary string, changes, leftOut []crates.Change, severity analysis.Severity) string {
	file, lock := path.Base(g.Path()), lockNames(g)
	if severity == analysis.Hint {
		return fmt.Sprintf("%s lacks crates of %s: %s.\nThe generator was told to leave features out, which may be why; if these crates are new, generate the file again.", file, lock, summary)
	}
	text := fmt.Sprintf("%s no longer matches %s: %s.\n", file, lock, summary)
	switch {
	case !g.Graph.LockHash.IsZero():
		text += "Nix will refuse to evaluate it (“Cargo.nix … is out of sync with Cargo.lock …”)."
	case len(g.Graph.Crates) > 0:
		text += "Nothing in Nix compares the two: it builds the old crates, or fails in rustc with unresolved imports (E0432, E0433)."
	}
	if n := len(leftOut); n > 0 {
		text += fmt.Sprintf(" %d more stand only in the lock; the features that the generator was told to leave out may explain those.", n)
	}
	return text
}

// related points at both sides of every change.
func related(g *workspace.Generated, changes []crates.Change) []analysis.Related {
	var list []analysis.Related
	for _, c := range changes {
		if c.Crate != nil {
			span := c.Crate.VersionSpan
			if c.Kind == crates.RevisionMoved {
				span = c.Crate.Source.RevSpan
			}
			list = append(list, analysis.Related{
				Location: analysis.Location{File: g.Path(), Span: span},
				Message:  name(c) + ": as " + path.Base(g.Path()) + " has it",
			})
		}
		if c.Package != nil {
			span := c.Package.VersionSpan
			if c.Kind == crates.RevisionMoved || c.Kind == crates.SourceChanged && c.Package.SourceSpan != (text.Span{}) {
				span = c.Package.SourceSpan
			}
			list = append(list, analysis.Related{
				Location: analysis.Location{File: g.Locks[c.Lock].Path(), Span: span},
				Message:  name(c) + ": as the lock has it",
			})
		}
	}
	return list
}

// staleHashes are the edits that make crate2nix fetch the new revisions of git crates: their keys in crate-hashes.json do not tell
// revisions apart, so it would write the old hash for the new revision.
func staleHashes(g *workspace.Generated, changes []crates.Change) []analysis.Edit {
	moved := map[string]bool{}
	for _, c := range changes {
		if c.Package != nil && c.Package.Source.Kind == cargo.Git && c.Kind != crates.Added {
			moved[crates.CanonicalURL(c.Package.Source.URL)] = true
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return regenerate.DropHashes(g, func(e crates.HashEntry) bool { return e.Kind == crates.Git && moved[crates.CanonicalURL(e.URL)] })
}
