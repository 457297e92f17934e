// Package ide answers what an editor asks about a place in a file: what is named here, where does it stand. It answers only on
// things that cargonix understands and returns nil elsewhere, so that a generic Nix or Rust server can speak. Plain data out.
package ide

import (
	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// named is a crate that is named somewhere, seen from both sides. Each side may be absent.
type named struct {
	span    text.Span // of the name under the cursor
	project *workspace.Project

	generated *workspace.Generated
	crate     *crates.Crate
	lock      *workspace.LockFile
	pkg       *cargo.Package
	// dependency says that the cursor is on an edge to the crate, or where it is listed as a member, not on the crate's own entry.
	dependency bool
}

// crateAt finds the crate that is named at a byte offset of a generated file or a lock; nil where none is.
func crateAt(snap *workspace.Snapshot, file string, byteOffset int) *named {
	project := snap.ProjectOf(file)
	if project == nil {
		return nil
	}
	if g := snap.GeneratedAt(file); g != nil && g.Graph != nil {
		return inGenerated(project, g, byteOffset)
	}
	if lock := snap.LockAt(file); lock != nil && lock.Lock != nil {
		return inLock(project, lock, byteOffset)
	}
	return nil
}

func inGenerated(project *workspace.Project, g *workspace.Generated, byteOffset int) *named {
	crate, dependency := g.Graph.At(byteOffset)
	n := &named{project: project, generated: g, crate: crate}
	if crate == nil {
		if n.crate, n.span = memberAt(g.Graph, byteOffset); n.crate == nil {
			return nil
		}
		n.dependency = true
	} else if dependency != nil {
		n.span, n.dependency = dependency.Span, true
		if n.crate = g.Graph.Target(crate, dependency); n.crate == nil {
			return nil
		}
	} else {
		for _, span := range []text.Span{crate.KeySpan, crate.NameSpan, crate.VersionSpan, crate.Hash.Span, crate.Source.Span} {
			if span != (text.Span{}) && span.Contains(byteOffset) {
				n.span = span
				break
			}
		}
		if n.span == (text.Span{}) {
			return nil
		}
	}
	for _, lock := range g.Locks {
		if lock.Lock == nil {
			continue
		}
		if pkg := packageOf(lock.Lock, n.crate); pkg != nil {
			n.lock, n.pkg = lock, pkg
			break
		}
	}
	return n
}

// memberAt is the entry of the workspace member or root crate that is named at a byte offset, and the span of its name there.
func memberAt(graph *crates.Graph, byteOffset int) (*crates.Crate, text.Span) {
	if !graph.Root.IsZero() && graph.Root.Span.Contains(byteOffset) {
		return graph.ByID(graph.Root.Value), graph.Root.Span
	}
	for _, m := range graph.Members {
		if !m.NameSpan.Contains(byteOffset) {
			continue
		}
		if m.PackageID != "" {
			return graph.ByID(m.PackageID), m.NameSpan
		}
		for _, crate := range graph.Find(m.Name, m.Version) {
			if crate.Source.Kind == crates.Local {
				return crate, m.NameSpan
			}
		}
	}
	return nil, text.Span{}
}

func inLock(project *workspace.Project, lock *workspace.LockFile, byteOffset int) *named {
	pkg := lock.Lock.PackageAt(byteOffset)
	if pkg == nil {
		return nil
	}
	n := &named{project: project, lock: lock, pkg: pkg}
	for _, d := range pkg.Dependencies {
		if d.Span.Contains(byteOffset) {
			n.span, n.dependency = d.Span, true
			if n.pkg = lock.Lock.Resolve(pkg, d); n.pkg == nil {
				return nil
			}
			break
		}
	}
	if !n.dependency {
		for _, span := range []text.Span{pkg.NameSpan, pkg.VersionSpan, pkg.SourceSpan, pkg.ChecksumSpan} {
			if span != (text.Span{}) && span.Contains(byteOffset) {
				n.span = span
				break
			}
		}
		if n.span == (text.Span{}) {
			return nil
		}
	}
	for _, g := range project.Generated {
		if g.Graph == nil {
			continue
		}
		if crate := entryOf(g.Graph, n.pkg); crate != nil {
			n.generated, n.crate = g, crate
			break
		}
	}
	return n
}

// packageOf is the package of the lock that an entry was made from: of that name and version, and, where there are several, from the
// same source.
func packageOf(lock *cargo.Lock, crate *crates.Crate) *cargo.Package {
	found := lock.Find(crate.Name, crate.Version)
	for _, pkg := range found {
		if sameSource(crate, pkg) {
			return pkg
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return nil
}

// entryOf is the entry that was made from a package of the lock.
func entryOf(graph *crates.Graph, pkg *cargo.Package) *crates.Crate {
	found := graph.Find(pkg.Name, pkg.Version)
	for _, crate := range found {
		if sameSource(crate, pkg) {
			return crate
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return nil
}

func sameSource(crate *crates.Crate, pkg *cargo.Package) bool {
	switch crate.Source.Kind {
	case crates.Local:
		return pkg.Source.Kind == cargo.Path
	case crates.CratesIO:
		return pkg.Source.IsCratesIO()
	case crates.Registry:
		return pkg.Source.Kind == cargo.Registry && !pkg.Source.IsCratesIO()
	case crates.Git:
		return pkg.Source.Kind == cargo.Git && crates.CanonicalURL(pkg.Source.URL) == crates.CanonicalURL(crate.Source.URL)
	}
	return false
}
