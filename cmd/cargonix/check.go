package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/checks"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// report is what check found, with files named as the user will read them.
type report struct {
	findings []located
	projects []analysis.ProjectSummary
	// urls are the pages of the checks, by code.
	urls map[string]string
}

// located is a finding with the means to place it: the names of its files as printed, and their lines.
type located struct {
	analysis.Finding
	snap *workspace.Snapshot
	// base is what a file's path (relative to the snapshot's root) is printed behind; "" for nothing.
	base string
}

// name is a file's path as printed.
func (l *located) name(file string) string {
	if l.base == "" || filepath.IsAbs(file) {
		return file
	}
	return path.Join(l.base, file)
}

// failOn are the values of --fail-on and the least severity that makes check fail; never is above all.
var failOn = map[string]int{
	"error":   int(analysis.Error),
	"warning": int(analysis.Warning),
	"info":    int(analysis.Info),
	"never":   int(analysis.Error) + 1,
}

func checkCommand() *cobra.Command {
	var format, threshold string
	var fix, diff bool
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find what in a repository will not build, or will build something else",
		Long: `Check folders (default: the current one) or single files, and print what was found.

Exit status: 0 clean, 1 findings at or above --fail-on, 2 usage, 3 the tool failed.`,
		RunE: func(cmd *cobra.Command, paths []string) error {
			least, ok := failOn[threshold]
			if !ok {
				return fmt.Errorf("--fail-on %s: must be error, warning, info or never", threshold)
			}
			if fix || diff {
				return errors.New("--fix and --diff are not available yet")
			}
			var print func(*report) error
			out := cmd.OutOrStdout()
			switch format {
			case "text":
				print = func(r *report) error { return printText(out, r, hasColour(os.Stdout)) }
			case "json":
				print = func(r *report) error { return printJSON(out, r) }
			case "sarif", "github":
				return fmt.Errorf("--format %s is not available yet", format)
			default:
				return fmt.Errorf("--format %s: must be text or json", format)
			}
			if len(paths) == 0 {
				paths = []string{"."}
			}
			r, err := check(cmd.Context(), paths)
			if err != nil {
				return err
			}
			if err := print(r); err != nil {
				return failure(err)
			}
			for _, f := range r.findings {
				if int(f.Severity) >= least {
					return &exitError{status: exitFindings}
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "output `format`: text or json")
	cmd.Flags().StringVar(&threshold, "fail-on", "error", "exit with status 1 on findings of this `severity` or worse: error, warning, info or never")
	cmd.Flags().BoolVar(&fix, "fix", false, "apply fixes (not available yet)")
	cmd.Flags().BoolVar(&diff, "diff", false, "print fixes as a diff (not available yet)")
	return cmd
}

// check runs the checks on each path and puts the answers together.
func check(ctx context.Context, paths []string) (*report, error) {
	r := &report{urls: map[string]string{}}
	for _, c := range checks.All {
		r.urls[c.Code] = c.URL()
	}
	seen := map[string]bool{}
	for _, path := range paths {
		if err := r.add(ctx, path, len(paths) > 1, seen); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.findings, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.name(a.File), b.name(b.File)), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Code, b.Code))
	})
	return r, nil
}

// add checks one path. With several, files are named relative to the current folder, and what two of them see is told once.
func (r *report) add(ctx context.Context, arg string, several bool, seen map[string]bool) error {
	info, err := os.Stat(arg)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return &exitError{exitUsage, fmt.Errorf("%s: %w", arg, err)}
	}
	root, only := arg, ""
	if !info.IsDir() {
		root, only = filepath.Dir(arg), filepath.Base(arg)
	}
	ws, err := workspace.Open(root)
	if err != nil {
		return failure(err)
	}
	base := ""
	if several {
		base = fromCurrentDir(ws.Root())
	}
	snap := ws.Snapshot()
	result, err := analysis.Run(ctx, snap, checks.All)
	if err != nil {
		return failure(explain(err))
	}
	var told []string
	for _, f := range result.Findings {
		if only != "" && !concerns(f, only) {
			continue
		}
		// A subject may be a path as this argument sees it, so it does not tell whether another argument saw the same.
		key := fmt.Sprint(snap.Abs(f.File), f.Span, f.Code)
		if !seen[key] {
			told = append(told, key)
			r.findings = append(r.findings, located{f, snap, base})
		}
	}
	for _, key := range told {
		seen[key] = true
	}
	for _, p := range result.Projects {
		if only != "" && !projectConcerns(snap, p, only) {
			continue
		}
		key := "project " + snap.Abs(p.Root) + " " + strings.Join(p.Builders, " ")
		if !seen[key] {
			seen[key] = true
			if base != "" {
				p.Root = path.Join(base, p.Root)
			}
			r.projects = append(r.projects, p)
		}
	}
	return nil
}

// fromCurrentDir is the slash-separated path of an absolute one as seen from the current folder; "" for that folder itself.
func fromCurrentDir(abs string) string {
	rel := abs
	if current, err := os.Getwd(); err == nil {
		if r, err := filepath.Rel(current, abs); err == nil {
			rel = r
		}
	}
	if rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// concerns reports whether a finding is about a file (relative to the root): it stands there, or speaks of it.
func concerns(f analysis.Finding, file string) bool {
	return f.File == file || slices.ContainsFunc(f.Related, func(r analysis.Related) bool { return r.File == file })
}

// projectConcerns reports whether a file belongs to a project, or names one of its generated files.
func projectConcerns(snap *workspace.Snapshot, summary analysis.ProjectSummary, file string) bool {
	for _, p := range snap.Projects() {
		if p.Root != summary.Root {
			continue
		}
		if path.Dir(file) == p.Root && !strings.HasSuffix(file, ".nix") || snap.ProjectOf(file) == p {
			return true
		}
		for _, g := range p.Generated {
			if g.Path() == file || slices.ContainsFunc(snap.Mentions(g), func(m workspace.Mention) bool { return m.File.Path() == file }) {
				return true
			}
		}
	}
	return false
}

// explain adds the stack to a fault of ours, since whoever reports it needs it.
func explain(err error) error {
	var panicked *analysis.PanicError
	if errors.As(err, &panicked) {
		return fmt.Errorf("%w (please report this)\n%s", err, panicked.Stack)
	}
	return err
}
