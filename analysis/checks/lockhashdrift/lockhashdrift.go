// Package lockhashdrift is the check lock-hash-drift.
package lockhashdrift

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"path"
	"strings"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/checks/internal/mention"
	"github.com/cargonix/cargonix/analysis/regenerate"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check compares the lock's hash that cargo2nix wrote into Cargo.nix with the lock's bytes.
var Check = &analysis.Check{
	Code:     "lock-hash-drift",
	Title:    "Cargo.nix was generated from another Cargo.lock",
	Doc:      doc,
	Severity: analysis.Error,
	Since:    "0.1.0",
	Run:      run,
}

// subject is the attribute that holds the hash.
const subject = "nixifiedLockHash"

func run(pass *analysis.Pass) {
	for _, g := range pass.Snapshot.Generated() {
		check(pass, g)
	}
}

func check(pass *analysis.Pass, g *workspace.Generated) {
	if g.Graph == nil || g.Graph.LockHash.IsZero() || len(g.Locks) != 1 {
		return
	}
	lock := g.Locks[0]
	data, err := lock.Data()
	if err != nil {
		return
	}
	sum := lock.Sum()
	actual := hex.EncodeToString(sum[:])
	if g.Graph.LockHash.Value == actual {
		return
	}
	nixName, lockName := path.Base(g.Path()), lock.Path()
	var why string
	switch d := pass.Snapshot.Difference(g); {
	case sameWithOtherLineEndings(data, g.Graph.LockHash.Value):
		why = "Only the line endings differ: git or an editor changed those of " + lockName + "."
	case d != nil && len(d.Changes) == 0 && len(d.Checksums) == 0 && !g.Graph.Incomplete:
		why = "The crates are the same in both: only the lock's text changed."
	case d != nil && len(d.Changes) > 0:
		why = "The crates differ too: see crate-set-drift."
	}
	message := fmt.Sprintf("%s was generated from another Cargo.lock: its nixifiedLockHash is not the SHA-256 of %s.\n", nixName, lockName) +
		fmt.Sprintf("Nix stops with “Cargo.nix %s is out of sync with Cargo.lock %s”. %s", g.Graph.LockHash.Value, actual, why)
	f := analysis.Finding{
		Severity: analysis.Error,
		Location: analysis.Location{File: g.Path(), Span: g.Graph.LockHash.Span},
		Message:  strings.TrimSpace(message),
		Subject:  subject,
		Related: []analysis.Related{{
			Location: analysis.Location{File: lock.Path(), Span: text.Span{}},
			Message:  "the lock file, whose SHA-256 is " + actual,
		}},
	}
	if fix := regenerate.Fix(pass.Snapshot, g, nil); fix != nil {
		f.Fixes = append(f.Fixes, *fix)
	}
	mention.Report(pass, g, f, "was generated from another Cargo.lock: Nix stops with “Cargo.nix … is out of sync with Cargo.lock …”.")
}

// sameWithOtherLineEndings reports whether the lock had the hash before its line endings were changed.
func sameWithOtherLineEndings(data []byte, hash string) bool {
	unix := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for _, variant := range [][]byte{unix, bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))} {
		if sum := sha256.Sum256(variant); hex.EncodeToString(sum[:]) == hash {
			return true
		}
	}
	return false
}
