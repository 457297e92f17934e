// Package builder finds how a repository builds Rust with Nix: every call of a builder that an output of the flake leads to, with the arguments
// that it gets for one system.
//
// The partial evaluator (package eval) does the work. This package says what the values from outside mean: the inputs of the flake, nixpkgs and
// its overlays, the builders' libraries. A builder's call becomes a derivation, whose arguments can be read back and changed as Nix allows. What
// is not known for certain is named as unknown, field by field, with the reason; nothing is guessed.
package builder

import (
	"github.com/cargonix/cargonix/analysis/text"
)

// The builders, as Build.Builder names them.
const (
	Cargo2nix        = "cargo2nix"
	Crate2nix        = "crate2nix"
	BuildRustCrate   = "buildRustCrate"
	BuildRustPackage = "buildRustPackage"
	Crane            = "crane"
	Naersk           = "naersk"
	Nocargo          = "nocargo"
	Dream2nix        = "dream2nix"
	MkDerivation     = "mkDerivation" // stdenv.mkDerivation and the like, with Rust's tools
)

// Report is what was found in a repository.
type Report struct {
	// System is the one that conditions were evaluated for.
	System string
	Builds []*Build
	Shells []*Shell
	Inputs []Input
	// Notes say why parts of the repository could not be looked at.
	Notes []Unknown
}

// Place is a range in a file, relative to the root of the workspace. The zero Place is none.
type Place struct {
	File string
	Span text.Span
}

// IsZero tells whether there is no place.
func (p Place) IsZero() bool { return p.File == "" }

// Build is one call of a builder with one set of arguments.
type Build struct {
	Builder  string
	Function string
	Place           // of the call
	Name     string // pname, or the crate's name; empty where it is not known
	Root     string // the source folder, relative to the workspace's root; empty where it is none of the workspace
	Lock     string // the Cargo.lock, and
	CargoNix string // the generated file, where there are
	Crates   int    // the crates in the lock or generated file; 0 where neither is known
	// Attributes are the outputs that are this build: `packages.x86_64-linux.default`.
	Attributes []string

	NativeBuildInputs, BuildInputs, PropagatedBuildInputs []Element

	Env       []Variable
	Overrides []Override
	Hashes    map[string]string
	Features  []string
	Toolchain *Toolchain
	System    string
	// Target is the platform that a cross build is for, as rustc calls it: `aarch64-unknown-linux-gnu`. Empty for a native build.
	Target  string
	Unknown []Unknown
}

// Shell is a development shell.
type Shell struct {
	Function string
	Place
	Name string

	NativeBuildInputs, BuildInputs, PropagatedBuildInputs []Element // `packages` are among the native ones

	Env        []Variable
	InputsFrom []string // names of the builds and shells whose inputs it takes
	Unknown    []Unknown
}

// Element is one element of an input list.
type Element struct {
	// Name is the derivation's attribute path in nixpkgs, without the output: `llvmPackages.libclang`.
	Name string
	Place
}

// Variable is one of the environment.
type Variable struct {
	Name string
	// Value is a string, bool, int64, float64, or nil where it is not known.
	Value any
	Place
}

// EveryCrate stands for the name of an override that is for all crates.
const EveryCrate = "*"

// Override is the override of one crate.
type Override struct {
	// Crate is the crate's name, or EveryCrate.
	Crate string
	// Key is how the source names it.
	Key string
	// Attributes are the names of what it sets, sorted; nil where they are not known.
	Attributes []string
	Place
}

// Toolchain is where rustc and cargo come from.
type Toolchain struct {
	From    string // nixpkgs, rust-overlay, fenix, nixpkgs-mozilla
	Channel string
	Version string // only where it is literal, or in a toolchain file
	Place
}

// Unknown says which field is not known for certain, and why.
type Unknown struct {
	Field string
	Why   string
	Place
}

// Input is an input of the flake.
type Input struct {
	Name    string
	Project string // empty for one that cargonix has no knowledge of
	// Locked is the date of the locked revision, "2025-03-01"; empty without a lock.
	Locked string
}
