// Package deadcratehash is the check dead-crate-hash.
package deadcratehash

import (
	_ "embed"
	"fmt"
	"slices"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/workspace"
)

//go:embed doc.md
var doc string

// Check looks for keys of crate-hashes.json that no package of the lock needs.
var Check = &analysis.Check{
	Code:     "dead-crate-hash",
	Title:    "crate-hashes.json has a key that Cargo.lock no longer has",
	Doc:      doc,
	Severity: analysis.Info,
	Since:    "0.1.0",
	Run:      run,
}

// hashFile is a crate-hashes.json with every lock that it serves.
type hashFile struct {
	*workspace.HashFile
	locks []*workspace.LockFile
	// generated are the files whose generator reads it.
	generated []*workspace.Generated
}

func run(pass *analysis.Pass) {
	files := map[string]*hashFile{}
	var order []string
	unknown := map[string]bool{} // those that serve a lock that is not known, so that nothing in them can be called dead
	for _, p := range pass.Snapshot.Projects() {
		for _, h := range p.Hashes {
			f := files[h.Path()]
			if f == nil {
				f = &hashFile{HashFile: h}
				files[h.Path()] = f
				order = append(order, h.Path())
			}
			if p.Lock == nil || p.Lock.Lock == nil {
				unknown[h.Path()] = true
			} else if !slices.Contains(f.locks, p.Lock) {
				f.locks = append(f.locks, p.Lock)
			}
		}
		for _, g := range p.Generated {
			if g.Hashes == nil {
				continue
			}
			if g.LacksLocks || len(g.Locks) == 0 {
				unknown[g.Hashes.Path()] = true
			} else if f := files[g.Hashes.Path()]; f != nil && g.Graph != nil {
				f.generated = append(f.generated, g)
			}
		}
	}
	for _, path := range order {
		if f := files[path]; !unknown[path] && len(f.locks) > 0 {
			check(pass, f)
		}
	}
}

func check(pass *analysis.Pass, f *hashFile) {
	data, err := f.Data()
	if err != nil {
		return
	}
	for _, e := range f.Entries {
		if e.Name == "" && e.Kind == crates.UnknownSource || slices.ContainsFunc(f.locks, func(l *workspace.LockFile) bool { return needs(l.Lock, e) }) {
			continue
		}
		// A generated file that still has the crate is out of date itself: generating it again will drop the key too.
		if slices.ContainsFunc(f.generated, func(g *workspace.Generated) bool { return has(g.Graph, e) }) {
			continue
		}
		finding := analysis.Finding{
			Severity: analysis.Info,
			Location: analysis.Location{File: f.Path(), Span: e.KeySpan},
			Message: fmt.Sprintf("%s has no such package any more: %s.\nThe next “crate2nix generate” will drop the key; until then crate2nix may take its hash for another revision, and builds through tools.nix stop at the difference.",
				f.locks[0].Path(), e.Key),
			Subject: subject(e),
			Related: []analysis.Related{{Location: analysis.Location{File: f.locks[0].Path()}, Message: "the lock file"}},
		}
		fix := analysis.Fix{Title: "Remove the key", Kind: analysis.FixEdit}
		for _, removal := range crates.RemoveHashes(data, func(other crates.HashEntry) bool { return other.KeySpan == e.KeySpan }) {
			fix.Edits = append(fix.Edits, analysis.Edit{Location: analysis.Location{File: f.Path(), Span: removal.Span}})
		}
		finding.Fixes = append(finding.Fixes, fix)
		pass.Report(finding)
	}
}

// subject is the crate that the key names, or the key where it names none.
func subject(e crates.HashEntry) string {
	if e.Name == "" || e.Version == "" {
		return e.Key
	}
	return e.Name + " " + e.Version
}

// has reports whether a generated file holds a crate that the key may stand for.
func has(graph *crates.Graph, e crates.HashEntry) bool {
	for i := range graph.Crates {
		c := &graph.Crates[i]
		if (e.Version == "" || c.Version == e.Version) && (e.Name == "" || c.Name == e.Name) && (e.Commit == "" || c.Source.Rev == e.Commit) &&
			(e.Kind != crates.Git || c.Source.Kind == crates.Git && crates.CanonicalURL(c.Source.URL) == crates.CanonicalURL(e.URL)) {
			return true
		}
	}
	return false
}

// needs reports whether a package of the lock may use the hash. Where a key says less than the lock does (a revision, a branch), it may.
func needs(lock *cargo.Lock, e crates.HashEntry) bool {
	for i := range lock.Packages {
		p := &lock.Packages[i]
		if e.Version != "" && p.Version != e.Version || e.Name != "" && p.Name != e.Name {
			continue
		}
		switch e.Kind {
		case crates.Git:
			if p.Source.Kind == cargo.Git && crates.CanonicalURL(p.Source.URL) == crates.CanonicalURL(e.URL) &&
				(e.Commit == "" || e.Commit == p.Source.Precise) {
				return true
			}
		case crates.CratesIO, crates.Registry:
			if p.Source.Kind == cargo.Registry {
				return true
			}
		default:
			return true
		}
	}
	return false
}
