// Package stalegithash is the check stale-git-hash.
package stalegithash

import (
	_ "embed"
	"fmt"
	"path"
	"strings"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/regenerate"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check looks for one hash that stands under two git revisions.
var Check = &analysis.Check{
	Code:     "stale-git-hash",
	Title:    "Two git revisions share one hash",
	Doc:      doc,
	Severity: analysis.Error,
	Since:    "0.1.0",
	Run:      run,
}

func run(pass *analysis.Pass) {
	for _, g := range pass.Snapshot.Generated() {
		if g.Graph != nil {
			check(pass, g)
		}
	}
}

func check(pass *analysis.Pass, g *workspace.Generated) {
	byHash := map[[32]byte][]*crates.Crate{}
	var order [][32]byte
	for i := range g.Graph.Crates {
		c := &g.Graph.Crates[i]
		if c.Source.Kind != crates.Git || c.Source.Rev == "" || !c.Hash.Known {
			continue
		}
		// One entry for each revision is enough: all crates of a repository share its hash.
		known := byHash[c.Hash.Sum]
		if len(known) == 0 {
			order = append(order, c.Hash.Sum)
		}
		if !hasRevision(known, c.Source.Rev) {
			byHash[c.Hash.Sum] = append(known, c)
		}
	}
	for _, sum := range order {
		if entries := byHash[sum]; len(entries) > 1 {
			report(pass, g, entries)
		}
	}
}

func hasRevision(entries []*crates.Crate, rev string) bool {
	for _, c := range entries {
		if strings.EqualFold(c.Source.Rev, rev) {
			return true
		}
	}
	return false
}

func report(pass *analysis.Pass, g *workspace.Generated, entries []*crates.Crate) {
	first := entries[0]
	f := analysis.Finding{
		Severity: analysis.Error,
		Location: analysis.Location{File: g.Path(), Span: first.Hash.Span},
		Subject:  first.Source.URL,
	}
	var at []string
	urls := map[string]bool{}
	for _, c := range entries {
		at = append(at, fmt.Sprintf("%s %s at %s", c.Name, c.Version, c.Source.Rev[:min(len(c.Source.Rev), 8)]))
		urls[crates.CanonicalURL(c.Source.URL)] = true
		if c != first {
			f.Related = append(f.Related, analysis.Related{
				Location: analysis.Location{File: g.Path(), Span: c.Hash.Span},
				Message:  fmt.Sprintf("the same hash for %s %s at revision %s of %s", c.Name, c.Version, c.Source.Rev, c.Source.URL),
			})
		}
	}
	f.Message = fmt.Sprintf("One hash stands under %d git revisions: %s.\nAll but one of them will stop with “hash mismatch in fixed-output derivation”: crate2nix took the hash of an older revision from crate-hashes.json.", len(entries), strings.Join(at, ", "))
	edits := regenerate.DropHashes(g, func(e crates.HashEntry) bool { return e.Kind == crates.Git && urls[crates.CanonicalURL(e.URL)] })
	if fix := regenerate.Fix(pass.Snapshot, g, edits); fix != nil && (len(edits) > 0 || g.Hashes == nil) {
		f.Fixes = append(f.Fixes, *fix)
	}
	for _, lock := range g.Locks {
		f.Related = append(f.Related, analysis.Related{Location: analysis.Location{File: lock.Path()}, Message: "the revisions that " + path.Base(lock.Path()) + " names stand here"})
	}
	pass.Report(f)
}
