package flake

import (
	"strings"
)

// Repository is the owner and the name of the repository that a reference leads to, as far as it says: on GitHub and other forges, by git
// or archive URLs, and through FlakeHub, which keeps both. Empty for everything else, a registry entry above all: what it leads to stands in the
// lock.
func (r Reference) Repository() (owner, repo string) {
	switch r.Type {
	case "github", "gitlab", "sourcehut":
		return r.Owner, r.Repo
	case "git", "tarball", "file", "hg":
		return repositoryOfURL(r.URL)
	}
	return "", ""
}

func repositoryOfURL(address string) (owner, repo string) {
	address, _, _ = strings.Cut(address, "?")
	_, rest, ok := strings.Cut(address, "://")
	if !ok {
		return "", ""
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok {
		return "", ""
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	// FlakeHub: https://flakehub.com/f/OWNER/REPO/VERSION, https://api.flakehub.com/f/pinned/OWNER/REPO/…
	if (host == "flakehub.com" || host == "api.flakehub.com") && parts[0] == "f" {
		parts = parts[1:]
		if len(parts) > 0 && parts[0] == "pinned" {
			parts = parts[1:]
		}
	}
	if len(parts) < 2 {
		return "", ""
	}
	return parts[0], strings.TrimSuffix(parts[1], ".git")
}

// Project is a tool whose flake cargonix knows.
type Project string

// The projects.
const (
	UnknownProject Project = ""
	Nixpkgs        Project = "nixpkgs"
	Cargo2nix      Project = "cargo2nix"
	Crate2nix      Project = "crate2nix"
	Crane          Project = "crane"
	Naersk         Project = "naersk"
	Nocargo        Project = "nocargo"
	Dream2nix      Project = "dream2nix"
	RustOverlay    Project = "rust-overlay"
	Fenix          Project = "fenix"
	Mozilla        Project = "nixpkgs-mozilla"
	FlakeUtils     Project = "flake-utils"
	FlakeParts     Project = "flake-parts"
	FlakeCompat    Project = "flake-compat"
	Systems        Project = "systems"
	RustFlake      Project = "rust-flake"
	CargoNix       Project = "nix-cargo-integration"
)

// homes are the repositories in which the projects live or lived, in lower case: GitHub does not tell letter cases apart.
var homes = map[string]Project{
	"nixos/nixpkgs": Nixpkgs, "cargo2nix/cargo2nix": Cargo2nix, "tenx-tech/cargo2nix": Cargo2nix,
	"nix-community/crate2nix": Crate2nix, "kolloch/crate2nix": Crate2nix, "ipetkov/crane": Crane,
	"nix-community/naersk": Naersk, "nmattia/naersk": Naersk, "oxalica/nocargo": Nocargo,
	"nix-community/dream2nix": Dream2nix, "davhau/dream2nix": Dream2nix, "oxalica/rust-overlay": RustOverlay,
	"nix-community/fenix": Fenix, "figsoda/fenix": Fenix, "mozilla/nixpkgs-mozilla": Mozilla,
	"numtide/flake-utils": FlakeUtils, "hercules-ci/flake-parts": FlakeParts, "edolstra/flake-compat": FlakeCompat,
	"nix-systems/default": Systems, "nix-systems/default-linux": Systems, "juspay/rust-flake": RustFlake,
	"90-008/nix-cargo-integration": CargoNix, "yusdacra/nix-cargo-integration": CargoNix,
}

// names are the projects by the name of their repository, for forks.
var names = func() map[string]Project {
	byName := map[string]Project{}
	for home, project := range homes {
		if project != Systems { // "default" says nothing
			_, name, _ := strings.Cut(home, "/")
			byName[name] = project
		}
	}
	return byName
}()

// registry are the entries of the global flake registry that lead to a project.
var registry = map[string]Project{
	"nixpkgs": Nixpkgs, "flake-utils": FlakeUtils, "flake-parts": FlakeParts, "flake-compat": FlakeCompat, "systems": Systems,
	"fenix": Fenix, "naersk": Naersk, "dream2nix": Dream2nix, "crane": Crane, "rust-overlay": RustOverlay,
}

// Project is the project that a reference leads to. Fork says that the repository has the project's name, but another owner.
func (r Reference) Project() (project Project, fork bool) {
	owner, repo := r.Repository()
	owner, repo = strings.ToLower(owner), strings.ToLower(repo)
	if p, ok := homes[owner+"/"+repo]; ok {
		return p, false
	}
	if p, ok := names[repo]; ok {
		return p, true
	}
	if r.Type == "indirect" {
		return registry[strings.ToLower(r.ID)], false
	}
	return UnknownProject, false
}
