package crates

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/cargo"
)

// FromLock is the graph as a lock file has it. A lock file knows one kind of dependency, without conditions and features,
// and does not say which of the local packages are members.
func FromLock(lock *cargo.Lock) *Graph {
	g := &Graph{Crates: make([]Crate, len(lock.Packages))}
	index := make(map[*cargo.Package]int32, len(lock.Packages))
	edges := 0
	for i := range lock.Packages {
		index[&lock.Packages[i]] = int32(i)
		edges += len(lock.Packages[i].Dependencies)
	}
	deps := make([]Dependency, 0, edges)
	for i := range lock.Packages {
		p := &lock.Packages[i]
		c := &g.Crates[i]
		*c = Crate{
			ID: p.ID(), Name: p.Name, Version: p.Version, RegistryKey: registryKey(p),
			KeySpan: p.NameSpan, NameSpan: p.NameSpan, VersionSpan: p.VersionSpan, Span: p.Span,
			Source: Source{URL: p.Source.URL, Span: p.SourceSpan},
		}
		switch {
		case p.Source.Kind == cargo.Path:
			c.Source.Kind = Local
		case p.Source.IsCratesIO():
			c.Source.Kind, c.Source.URL = CratesIO, ""
		case p.Source.Kind == cargo.Registry:
			c.Source.Kind = Registry
		case p.Source.Kind == cargo.Git:
			c.Source.Kind, c.Source.Rev, c.Source.Ref = Git, p.Source.Precise, p.Source.Branch
			// The revision ends the source's text.
			c.Source.RevSpan = p.SourceSpan
			c.Source.RevSpan.Start = max(p.SourceSpan.Start, p.SourceSpan.End-len(p.Source.Precise))
		}
		if p.Checksum != "" {
			c.Hash = ParseHash(p.Checksum, p.ChecksumSpan)
		}
		first := len(deps)
		for _, edge := range p.Dependencies {
			d := Dependency{Name: edge.Name, Version: edge.Version, UsesDefaultFeatures: true, Span: edge.Span, TargetSpan: edge.Span}
			if to := lock.Resolve(p, edge); to != nil {
				d.Version, d.RegistryKey = to.Version, registryKey(to)
				d.target = index[to] + 1
			}
			deps = append(deps, d)
		}
		if len(deps) > first {
			c.Dependencies = deps[first:len(deps):len(deps)]
		}
	}
	return g.finish()
}

// registryKey is the attribute under which cargo2nix files a package.
func registryKey(p *cargo.Package) string {
	if p.Source.Kind == cargo.Path {
		return "unknown"
	}
	key := p.SourceText
	if p.Source.Kind == cargo.Git {
		if i := strings.IndexAny(key, "?#"); i >= 0 {
			key = key[:i]
		}
	}
	return key
}
