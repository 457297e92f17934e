package ide

import (
	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// Target is where the thing under the cursor is defined.
type Target struct {
	// Origin is the span of the name under the cursor.
	Origin text.Span
	// Location is the whole definition, Name the part of it to put the cursor on.
	Location analysis.Location
	Name     text.Span
}

// Definition lists where what is named at a byte offset of a file (relative to the snapshot's root) is defined: a dependency's entry, an
// entry's package in the lock or the member's manifest, a lock package's entries.
func Definition(snap *workspace.Snapshot, file string, byteOffset int) []Target {
	n := crateAt(snap, file, byteOffset)
	if n == nil {
		return nil
	}
	inLock := n.lock != nil && n.lock.Path() == file
	switch {
	case n.dependency && inLock:
		return []Target{n.lockTarget()}
	case n.dependency:
		return []Target{entryTarget(n.span, n.generated, n.crate)}
	case inLock:
		var targets []Target
		for _, g := range n.project.Generated {
			if g.Graph == nil {
				continue
			}
			crate := entryOf(g.Graph, n.pkg)
			if crate == nil {
				// Out of date: the same crate at another version is what one wants to see.
				if others := g.Graph.Named(n.pkg.Name); len(others) == 1 {
					crate = others[0]
				}
			}
			if crate != nil {
				targets = append(targets, entryTarget(n.span, g, crate))
			}
		}
		return targets
	}
	if n.crate.Source.Kind == crates.Local {
		if target, ok := n.manifestTarget(); ok {
			return []Target{target}
		}
	}
	if n.pkg == nil {
		for _, lock := range n.generated.Locks {
			if lock.Lock == nil {
				continue
			}
			if others := lock.Lock.Named(n.crate.Name); len(others) == 1 {
				n.lock, n.pkg = lock, others[0]
				break
			}
		}
	}
	if n.pkg != nil {
		return []Target{n.lockTarget()}
	}
	return nil
}

func entryTarget(origin text.Span, g *workspace.Generated, crate *crates.Crate) Target {
	return Target{origin, analysis.Location{File: g.Path(), Span: crate.Span}, crate.KeySpan}
}

func (n *named) lockTarget() Target {
	return Target{n.span, analysis.Location{File: n.lock.Path(), Span: n.pkg.Span}, n.pkg.NameSpan}
}

// manifestTarget is the [package] of the member or path dependency that the crate is.
func (n *named) manifestTarget() (Target, bool) {
	for _, m := range n.project.Members {
		if m.Manifest != nil && m.Manifest.Package != nil && m.Manifest.Package.Name == n.crate.Name {
			return Target{n.span, analysis.Location{File: m.Path(), Span: m.Manifest.Package.Span}, m.Manifest.Package.NameSpan}, true
		}
	}
	return Target{}, false
}
