package ide

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// HoverText is what to show over a span of the file.
type HoverText struct {
	Span     text.Span
	Markdown string
}

// maxListed is how many features a hover lists, so that it stays a glance.
const maxListed = 24

// Hover describes the crate that is named at a byte offset of a file (relative to the snapshot's root), or nil.
func Hover(snap *workspace.Snapshot, file string, byteOffset int) *HoverText {
	n := crateAt(snap, file, byteOffset)
	if n == nil {
		return nil
	}
	var parts []string
	name, version := n.id()
	parts = append(parts, fmt.Sprintf("**%s** %s · %s", escape(name), escape(version), n.source()))
	if line := n.comparison(); line != "" {
		parts = append(parts, line)
	}
	if n.crate != nil {
		if line := features(n.crate, n.generated.Graph.Generator); line != "" {
			parts = append(parts, line)
		}
		if n.crate.Links != "" {
			parts = append(parts, "links the native library "+code(n.crate.Links))
		}
		parts = append(parts, edges(n.generated.Graph, n.crate))
	} else {
		parts = append(parts, lockEdges(n.lock.Lock, n.pkg))
	}
	if line := links(name, version, n.isCratesIO()); line != "" {
		parts = append(parts, line)
	}
	// Files may hold bytes that are no UTF-8; a protocol's text may not.
	return &HoverText{n.span, strings.ToValidUTF8(strings.Join(parts, "\n\n"), "\uFFFD")}
}

func (n *named) id() (name, version string) {
	if n.crate != nil {
		return n.crate.Name, n.crate.Version
	}
	return n.pkg.Name, n.pkg.Version
}

func (n *named) isCratesIO() bool {
	if n.crate != nil {
		return n.crate.Source.Kind == crates.CratesIO
	}
	return n.pkg.Source.IsCratesIO()
}

// source says where the crate comes from.
func (n *named) source() string {
	if n.crate != nil && n.crate.Source.Kind != crates.UnknownSource {
		s := &n.crate.Source
		switch s.Kind {
		case crates.Local:
			if s.Path != "" {
				return "path " + code(s.Path)
			}
			return "path"
		case crates.Git:
			return gitSource(s.URL, s.Rev)
		case crates.Registry:
			return "registry " + code(s.URL)
		}
		return s.Kind.String()
	}
	if n.pkg == nil {
		return crates.UnknownSource.String()
	}
	s := n.pkg.Source
	switch {
	case s.Kind == cargo.Path:
		return "path"
	case s.IsCratesIO():
		return crates.CratesIO.String()
	case s.Kind == cargo.Git:
		return gitSource(s.URL, s.Precise)
	}
	return "registry " + code(s.URL)
}

func gitSource(repository, rev string) string {
	if rev == "" {
		return "git " + code(repository)
	}
	return "git " + code(repository) + " at " + code(rev[:min(len(rev), 12)])
}

// comparison says how the generated file and the lock agree about the crate.
func (n *named) comparison() string {
	switch {
	case n.crate == nil:
		for _, g := range n.project.Generated {
			// Where the file is not read in full, or may lack crates on purpose, nothing is known.
			if g.Graph != nil && !g.Graph.Incomplete && !g.LeavesOutFeatures() {
				return "⚠ not in " + code(g.Path())
			}
		}
		return ""
	case n.pkg == nil && (len(n.generated.Locks) == 0 || n.generated.LacksLocks):
		return ""
	case n.pkg == nil:
		var others []string
		for _, lock := range n.generated.Locks {
			if lock.Lock == nil {
				return "" // the lock cannot be read
			}
			for _, pkg := range lock.Lock.Named(n.crate.Name) {
				others = append(others, pkg.Version)
			}
		}
		if len(others) > 0 {
			return "⚠ the lock has " + escape(strings.Join(others, ", "))
		}
		return "⚠ not in the lock"
	}
	switch {
	case crates.SourceDiffers(n.crate, n.pkg):
		return "⚠ from another source in the lock"
	case n.crate.Source.Kind == crates.Git && n.crate.Source.Rev != "" && n.pkg.Source.Precise != "":
		if !strings.EqualFold(n.crate.Source.Rev, n.pkg.Source.Precise) {
			return "⚠ the lock is at revision " + code(n.pkg.Source.Precise)
		}
		return "revision as in the lock"
	case n.pkg.Checksum == "" || !n.crate.Hash.Known:
		return ""
	}
	if want := crates.ParseHash(n.pkg.Checksum, text.Span{}); want.Known && want.Sum != n.crate.Hash.Sum {
		return "⚠ checksum " + code(hex.EncodeToString(n.crate.Hash.Sum[:])) + " differs from the lock's " + code(n.pkg.Checksum)
	}
	return "checksum " + code(n.pkg.Checksum[:min(len(n.pkg.Checksum), 16)]+"…") + " as in the lock"
}

// features lists the crate's features: for cargo2nix those that are on, with their conditions; for crate2nix those there are.
func features(crate *crates.Crate, generator crates.Generator) string {
	var list []string
	for _, f := range crate.Features {
		switch {
		case f.Condition != "":
			list = append(list, code(f.Name)+" if "+code(oneLine(f.Condition)))
		case len(f.Enables) > 0:
			list = append(list, code(f.Name)+" → "+escape(strings.Join(f.Enables, ", ")))
		default:
			list = append(list, code(f.Name))
		}
	}
	title := "features: "
	if generator == crates.Crate2nixJSON || generator == crates.Crate2nix && len(list) == 0 {
		list = nil
		for _, name := range crate.ResolvedDefaultFeatures {
			list = append(list, code(name))
		}
		title = "resolved features: "
	}
	if len(list) == 0 {
		return ""
	}
	if more := len(list) - maxListed; more > 0 {
		list = append(list[:maxListed:maxListed], fmt.Sprintf("and %d more", more))
	}
	return title + strings.Join(list, ", ")
}

func edges(graph *crates.Graph, crate *crates.Crate) string {
	var counts [3]int
	for _, d := range crate.Dependencies {
		counts[d.Kind]++
	}
	var kinds []string
	for _, kind := range []crates.DependencyKind{crates.Normal, crates.Build, crates.Dev} {
		if counts[kind] > 0 {
			kinds = append(kinds, fmt.Sprintf("%d %s", counts[kind], kind))
		}
	}
	line := fmt.Sprintf("%d dependencies", len(crate.Dependencies))
	if len(kinds) > 0 {
		line += " (" + strings.Join(kinds, ", ") + ")"
	}
	return fmt.Sprintf("%s · %d dependents", line, graph.Dependents(crate))
}

func lockEdges(lock *cargo.Lock, pkg *cargo.Package) string {
	dependents := 0
	for i := range lock.Packages {
		p := &lock.Packages[i]
		if slices.ContainsFunc(p.Dependencies, func(d cargo.LockDependency) bool { return d.Name == pkg.Name && lock.Resolve(p, d) == pkg }) {
			dependents++
		}
	}
	return fmt.Sprintf("%d dependencies · %d dependents", len(pkg.Dependencies), dependents)
}

func links(name, version string, isCratesIO bool) string {
	if !isCratesIO {
		return ""
	}
	// A version's build metadata ("+0.99.0") is no part of the addresses' path without escaping.
	name, at := url.PathEscape(name), strings.ReplaceAll(url.PathEscape(version), "+", "%2B")
	return fmt.Sprintf("[docs.rs](https://docs.rs/%s/%s) · [crates.io](https://crates.io/crates/%s/%s)", name, at, name, at)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// code is text as Markdown code, whatever is in it.
func code(s string) string {
	s = oneLine(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}

// escape keeps Markdown from reading markup into text. An underscore inside a word is none, and not every editor hides the backslash.
func escape(s string) string {
	const markup = "\\`*_[]<>#&~!|:"
	s = oneLine(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		inWord := s[i] == '_' && i > 0 && i+1 < len(s) && isWord(s[i-1]) && isWord(s[i+1])
		if strings.IndexByte(markup, s[i]) >= 0 && !inWord {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
