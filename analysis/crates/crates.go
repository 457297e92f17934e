// Package crates is the graph of crates that a build is made of, read from any of its sources: a Cargo.nix by cargo2nix
// (0.8 to 0.12), a Cargo.nix by crate2nix (0.8 to 0.15), crate2nix's Cargo.json, or a Cargo.lock alone.
//
// The readers look at the syntax tree, never at lines: users reformat these files. What they cannot read they leave out and
// say so in Graph.Incomplete; they never guess.
package crates

import (
	"github.com/cargonix/cargonix/analysis/text"
)

// Generator is the program that wrote a file of crates.
type Generator uint8

// The generators that can be read.
const (
	Unknown Generator = iota
	Cargo2nix
	Crate2nix     // a Cargo.nix
	Crate2nixJSON // a Cargo.json
)

// String is the generator's name as its users write it; the empty string for Unknown.
func (g Generator) String() string {
	switch g {
	case Cargo2nix:
		return "cargo2nix"
	case Crate2nix, Crate2nixJSON:
		return "crate2nix"
	}
	return ""
}

// Graph is what one generated file says. It is immutable.
type Graph struct {
	Generator Generator
	// Version is the generator's version as the file gives it ("0.12.0"), empty where it does not.
	Version string
	// Formals are the names of the top-level function's formal arguments, in order (none for Cargo.json).
	Formals []string
	Crates  []Crate
	// Members are the workspace members that the file offers to build.
	Members []Member
	// LockHash is cargo2nix's nixifiedLockHash: 64 hex digits and the span between its quotes. The zero value where there is none.
	LockHash Literal
	// Root is the package id of crate2nix's rootCrate; the zero value where the result has no such attribute.
	Root Literal
	// Arguments is the command line that crate2nix recorded in the header, without the program's name: "generate" first. Nil
	// where there is no readable header (a formatter may have dropped it).
	Arguments []string
	// HolderSpan is the attribute that holds the crates: `crates` of crate2nix, `workspace` of cargo2nix's result.
	HolderSpan text.Span
	// Incomplete says that part of the file could not be read, so a crate that is missing here may still stand there.
	Incomplete bool

	byName     map[string][]int32
	byID       map[string]int32 // the first entry of that package id; crate2nix only
	dependents []int32          // how many other entries depend on the entry of that index
}

// Literal is a string of the file and the span of its text, without the quotes.
type Literal struct {
	Value string
	Span  text.Span
}

// IsZero reports whether the literal is absent.
func (l Literal) IsZero() bool { return l.Span == text.Span{} }

// Member is a workspace member.
type Member struct {
	Name, Version string    // Version is empty where the file gives a package id only
	PackageID     string    // crate2nix
	Span          text.Span // the whole binding
	NameSpan      text.Span // the member's name, without quotes
}

// SourceKind is where a crate's source comes from.
type SourceKind uint8

// The kinds of sources. UnknownSource stands for an expression that the reader does not know.
const (
	UnknownSource SourceKind = iota
	Local                    // a path in the repository: a member or a path dependency
	CratesIO
	Registry // another registry
	Git
)

// String names the kind as messages do.
func (k SourceKind) String() string {
	return [...]string{"unknown source", "path", "crates.io", "registry", "git"}[k]
}

// Source is where a crate comes from.
type Source struct {
	Kind SourceKind
	// URL of a git repository or a registry, without "git+", "registry+", "sparse+", query and fragment.
	URL string
	// Rev is the full git revision, and RevSpan its text.
	Rev     string
	RevSpan text.Span
	// Ref is cargo2nix's `ref`: the branch, where the dependency names one.
	Ref string
	// Path of a local source as written, relative to the generated file: "./.", "./../lib", or cargo2nix's sub-path "/lib".
	Path string
	// Fetcher is the function that fetches it, as the file names it, without the sets before it: "fetchCratesIo", "fetchgit".
	// Empty for crate2nix's crates.io crates and for paths that stand alone.
	Fetcher string
	// Span is the source expression: the whole `src` value, or of crate2nix's crates.io crates the sha256.
	Span text.Span
}

// Crate is one entry.
type Crate struct {
	// ID is crate2nix's package id (the attribute's name); for cargo2nix and Cargo.lock "name version".
	ID            string
	Name, Version string
	Edition       string // crate2nix only
	Links         string // crate2nix >= 0.12
	// RegistryKey is cargo2nix's first attribute: "unknown", "registry+…", "git+…" without query.
	RegistryKey  string
	Source       Source
	Hash         Hash // of the crate's archive, or of the git tree (a NAR hash)
	ProcMacro    bool
	LibName      string
	Features     []Feature
	Dependencies []Dependency // of all three kinds, in the file's order
	// ResolvedDefaultFeatures is crate2nix's record of what cargo resolved; informational.
	ResolvedDefaultFeatures []string
	// Incomplete says that a feature or an edge of this entry could not be read.
	Incomplete bool

	// KeySpan is the attribute (path) that names the entry, Span the whole binding, VersionSpan the version's text.
	KeySpan, Span, NameSpan, VersionSpan text.Span
}

// Feature is, for cargo2nix, a feature that is on under a condition; for crate2nix, a feature that turns others on.
type Feature struct {
	Name string
	// Condition is the Nix text under which cargo2nix turns the feature on; empty: always.
	Condition string
	// Enables lists what a crate2nix feature turns on: "std", "dep:x", "x/y".
	Enables []string
	Span    text.Span
}

// DependencyKind is the table of Cargo.toml that a dependency stands in.
type DependencyKind uint8

// The three kinds.
const (
	Normal DependencyKind = iota
	Build
	Dev
)

// String is the kind as messages name it.
func (k DependencyKind) String() string { return [...]string{"normal", "build", "dev"}[k] }

// Dependency is an edge to another entry of the same file.
type Dependency struct {
	Kind DependencyKind
	// Name and Version of the package it goes to; Version is empty in crate2nix files, whose edges carry PackageID.
	Name, Version string
	PackageID     string
	// RegistryKey as in Crate, for cargo2nix.
	RegistryKey string
	// Extern is the name under which the crate's code sees it: cargo2nix's attribute name, crate2nix's rename or name.
	Extern string
	// Rename is the key in Cargo.toml where it differs from the package's name.
	Rename string
	// Condition is the Nix text under which the edge exists (hostPlatform tests, rootFeatures', target functions); empty: always.
	Condition           string
	Optional            bool
	UsesDefaultFeatures bool
	Features            []string
	Span                text.Span // the whole edge
	TargetSpan          text.Span // what names the other crate: packageId's text, or the attribute path

	// target is the index of the entry that the edge goes to, plus one; 0 where there is none.
	target int32
	// built says that cargo2nix takes the crate from the build platform's set.
	built bool
}
