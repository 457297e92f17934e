// Package cratechecksummismatch is the check crate-checksum-mismatch.
package cratechecksummismatch

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"path"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/regenerate"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check compares the hashes of registry crates with the checksums of the lock.
var Check = &analysis.Check{
	Code:     "crate-checksum-mismatch",
	Title:    "A crate's hash in Cargo.nix is not its checksum in Cargo.lock",
	Doc:      doc,
	Severity: analysis.Error,
	Since:    "0.1.0",
	Run:      run,
}

func run(pass *analysis.Pass) {
	for _, g := range pass.Snapshot.Generated() {
		if difference := pass.Snapshot.Difference(g); difference != nil {
			for _, m := range difference.Checksums {
				report(pass, g, m)
			}
		}
	}
}

func report(pass *analysis.Pass, g *workspace.Generated, m crates.Mismatch) {
	lock := g.Locks[m.Lock]
	id := m.Crate.Name + " " + m.Crate.Version
	f := analysis.Finding{
		Severity: analysis.Error,
		Location: analysis.Location{File: g.Path(), Span: m.Crate.Hash.Span},
		Message: fmt.Sprintf("%s has another hash here than in %s (%s).\nOne of the two is not what the registry serves: Nix will stop with a hash mismatch in a fixed-output derivation, or cargo with a checksum that changed.",
			id, lock.Path(), m.Package.Checksum),
		Subject: id,
		Related: []analysis.Related{{
			Location: analysis.Location{File: lock.Path(), Span: m.Package.ChecksumSpan},
			Message:  fmt.Sprintf("%s: the lock's checksum; %s has %s", id, path.Base(g.Path()), hex.EncodeToString(m.Crate.Hash.Sum[:])),
		}},
	}
	// crate2nix takes a hash from crate-hashes.json, where there is one, before the lock's.
	edits := regenerate.DropHashes(g, func(e crates.HashEntry) bool {
		return e.Kind != crates.Git && e.Name == m.Crate.Name && e.Version == m.Crate.Version
	})
	if fix := regenerate.Fix(pass.Snapshot, g, edits); fix != nil {
		f.Fixes = append(f.Fixes, *fix)
	}
	pass.Report(f)
}
