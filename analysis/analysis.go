// Package analysis is the engine's face: a snapshot of a workspace and a list of checks go in, findings come out.
package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/cargonix/cargonix/analysis/workspace"
)

// Result is what a run found.
type Result struct {
	// Findings are sorted by file, byte offset and code.
	Findings []Finding
	Projects []ProjectSummary
}

// ProjectSummary says what was looked at.
type ProjectSummary struct {
	Root     string   // slash-separated, relative to the snapshot's root; "." for the root itself
	Builders []string // names of the builders, sorted; empty where none is known
	Crates   int      // packages of the lock file, or entries of the generated file where there is no lock
}

// Check is one kind of finding: the only source for its code, its documentation and its settings.
type Check struct {
	// Code is the stable name: "lock-hash-drift".
	Code string
	// Title is one line for lists: "Cargo.nix was generated from another Cargo.lock".
	Title string
	// Doc explains it in Markdown: what is wrong, what Nix or cargo say, how to fix it.
	Doc string
	// Severity is the severity of its findings, unless a finding says otherwise.
	Severity Severity
	// Since is the first version of cargonix that has it.
	Since string
	Run   func(*Pass)
}

// URL is the page that explains the check.
func (c *Check) URL() string {
	return "https://github.com/cargonix/cargonix/blob/main/docs/checks/" + c.Code + ".md"
}

// Pass is one run of one check.
type Pass struct {
	Snapshot *workspace.Snapshot
	Check    *Check
	findings []Finding
}

// Report adds a finding; its code is the check's.
func (p *Pass) Report(f Finding) {
	f.Code = p.Check.Code
	p.findings = append(p.findings, f)
}

// PanicError is a check that panicked: a fault of ours.
type PanicError struct {
	Code  string
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("check %s failed: %v", e.Code, e.Value)
}

// Run runs the checks on a snapshot. It returns early, with ctx's error, when ctx is done. A check that panics
// takes nothing else down: the others' findings are returned with a PanicError.
func Run(ctx context.Context, snap *workspace.Snapshot, checks []*Check) (*Result, error) {
	result := &Result{}
	var failures []error
	for _, check := range checks {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		findings, err := runCheck(snap, check)
		result.Findings = append(result.Findings, findings...)
		if err != nil {
			failures = append(failures, err)
		}
	}
	slices.SortStableFunc(result.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Span.Start, b.Span.Start), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject, b.Subject))
	})
	for _, p := range snap.Projects() {
		summary := ProjectSummary{Root: p.Root, Builders: p.Builders()}
		switch {
		case p.Lock != nil && p.Lock.Lock != nil:
			summary.Crates = len(p.Lock.Lock.Packages)
		case len(p.Generated) > 0 && p.Generated[0].Graph != nil:
			summary.Crates = len(p.Generated[0].Graph.Crates)
		}
		result.Projects = append(result.Projects, summary)
	}
	return result, errors.Join(failures...)
}

func runCheck(snap *workspace.Snapshot, check *Check) (findings []Finding, err error) {
	pass := &Pass{Snapshot: snap, Check: check}
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{check.Code, r, debug.Stack()}
		}
		findings = pass.findings
	}()
	check.Run(pass)
	return pass.findings, nil
}
