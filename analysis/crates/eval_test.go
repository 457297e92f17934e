package crates

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/internal/tooltest"
)

// evaluate runs real Nix on an expression in the directory of the samples.
func evaluate(t *testing.T, expression string, into any) {
	t.Helper()
	cmd := exec.Command(tooltest.Need(t, "nix-instantiate"), "--eval", "--strict", "--json", "-E", expression)
	cmd.Dir = "testdata"
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}

// evaluated is an entry as Nix sees it.
type evaluated struct {
	Key, Name, Version string
	Fetcher            string
	Hash, Rev, URL     string
	Features           []string
	// Edges, by kind: extern name, or package id, to what it is.
	Dependencies, DevDependencies, BuildDependencies map[string]string
}

// On a platform and with features for which every condition holds, Nix must see the edges and features that the reader saw.
const cargo2nixStub = `
let
  f = import ./FILE;
  fetcher = name: args: { fetcher = name; } // (if builtins.isAttrs args then args else { });
  platform = { isUnix = true; isWindows = true; parsed.abi.name = "gnu"; };
  arguments = {
    rustPackages = result; buildRustPackages = result; hostPlatform = platform; workspaceSrc = "/src"; ignoreLockHash = true;
    mkRustCrate = args: args // { out = args; };
    rustLib = {
      fetchCratesIo = fetcher "fetchCratesIo"; fetchCrateLocal = path: { fetcher = "fetchCrateLocal"; __toString = _: "local"; };
      fetchCrateGit = fetcher "fetchCrateGit"; fetchCrateAlternativeRegistry = fetcher "fetchCrateAlternativeRegistry";
      expandFeatures = _: { "app/default" = { }; "app/color" = { }; }; decideProfile = _: _: "release";
      genDrvsByProfile = _: make: { release = make { profile = { }; profileName = "release"; }; __noProfile = make { profile = { }; profileName = "__noProfile"; }; };
    };
    lib.optional = condition: x: if condition then [ x ] else [ ];
  };
  result = f (builtins.intersectAttrs (builtins.functionArgs f) arguments);
  values = set: map (name: set.${name}) (builtins.attrNames set);
  each = g: set: builtins.concatLists (values (builtins.mapAttrs g set));
  edges = builtins.mapAttrs (_: d: d.name + " " + d.version);
in each (key: each (name: each (version: make: let
  c = make { };
  src = if builtins.isAttrs c.src then c.src else { fetcher = "fetchCrateLocal"; };
in [ {
  inherit key name version; fetcher = src.fetcher;
  hash = if src.fetcher == "fetchCrateGit" then "" else src.sha256 or ""; rev = src.rev or ""; url = src.url or src.index or "";
  features = c.features or [ ];
  dependencies = edges (c.dependencies or { }); devDependencies = edges (c.devDependencies or { }); buildDependencies = edges (c.buildDependencies or { });
} ]))) (removeAttrs result [ "cargo2nixVersion" "workspace" ])`

func TestCargo2nixLikeNix(t *testing.T) {
	for _, name := range samples(t) {
		if !strings.HasPrefix(name, "cargo2nix") {
			continue
		}
		var want []evaluated
		evaluate(t, strings.ReplaceAll(cargo2nixStub, "FILE", name), &want)
		g := read(sample(t, name))
		var got []evaluated
		for i := range g.Crates {
			c := &g.Crates[i]
			e := evaluated{Key: c.RegistryKey, Name: c.Name, Version: c.Version, Fetcher: c.Source.Fetcher, Hash: c.Hash.Text, Rev: c.Source.Rev}
			if c.Source.Kind == Git || c.Source.Fetcher == "fetchCrateAlternativeRegistry" {
				e.URL = c.Source.URL
			}
			for _, f := range c.Features {
				e.Features = append(e.Features, f.Name)
			}
			e.Dependencies, e.DevDependencies, e.BuildDependencies = edges(c, Normal), edges(c, Dev), edges(c, Build)
			got = append(got, e)
		}
		compareEvaluated(t, name, got, want)
	}
}

const crate2nixStub = `
let
  f = builtins.scopedImport { builtins = builtins // { filterSource = _: _: "local"; }; } ./FILE;
  lib = { cleanSourceWith = { filter, src }: "cleanSourceWith"; versionOlder = a: b: builtins.compareVersions a b < 0; };
  result = f { inherit lib; stdenv = { }; pkgs = { fetchgit = a: a // { fetcher = "fetchgit"; }; callPackage = _: _: { src = { }; }; fetchurl = a: a // { fetcher = "fetchurl"; }; buildRustCrate = x: x; defaultCrateOverrides = { }; }; };
  target = { os = "windows"; windows = true; };
  edges = list: builtins.listToAttrs (map (d: { name = d.rename or d.name; value = d.packageId; }) (builtins.filter (d: d.target or (_: true) { inherit target; features = [ ]; }) list));
in builtins.attrValues (builtins.mapAttrs (key: c: {
  inherit key; name = c.crateName; inherit (c) version;
  hash = if key == "gone" || key == "outside" then "" else c.src.sha256 or c.sha256 or "";
  rev = if key == "gone" then "" else c.src.rev or ""; url = if c ? src.rev then c.src.url else "";
  features = builtins.attrNames (c.features or { });
  dependencies = edges (c.dependencies or [ ]); devDependencies = edges (c.devDependencies or [ ]); buildDependencies = edges (c.buildDependencies or [ ]);
}) (removeAttrs result.internal.crates [ "gone" ]))`

func TestCrate2nixLikeNix(t *testing.T) {
	for _, name := range samples(t) {
		if !strings.HasPrefix(name, "crate2nix") {
			continue
		}
		var want []evaluated
		evaluate(t, strings.ReplaceAll(crate2nixStub, "FILE", name), &want)
		g := read(sample(t, name))
		var got []evaluated
		for i := range g.Crates {
			c := &g.Crates[i]
			if c.ID == "gone" {
				continue
			}
			e := evaluated{Key: c.ID, Name: c.Name, Version: c.Version, Hash: c.Hash.Text, Rev: c.Source.Rev}
			if c.Source.Kind == Git {
				e.URL = c.Source.URL
			}
			for _, f := range c.Features {
				e.Features = append(e.Features, f.Name)
			}
			e.Dependencies, e.DevDependencies, e.BuildDependencies = edges(c, Normal), edges(c, Dev), edges(c, Build)
			got = append(got, e)
		}
		compareEvaluated(t, name, got, want)
	}
}

func edges(c *Crate, kind DependencyKind) map[string]string {
	all := map[string]string{}
	for _, d := range c.Dependencies {
		switch {
		case d.Kind != kind:
		case d.PackageID == "":
			all[d.Extern] = d.Name + " " + d.Version
		case d.Rename != "":
			all[d.Rename] = d.PackageID
		default:
			all[d.Name] = d.PackageID
		}
	}
	return all
}

func compareEvaluated(t *testing.T, name string, got, want []evaluated) {
	t.Helper()
	byKey := func(all []evaluated) map[string]evaluated {
		m := map[string]evaluated{}
		for _, e := range all {
			if len(e.Features) == 0 {
				e.Features = nil
			}
			m[e.Key+" "+e.Name+" "+e.Version] = e
		}
		return m
	}
	if diff := cmp.Diff(byKey(want), byKey(got)); diff != "" {
		t.Errorf("%s (-Nix +reader):\n%s", name, diff)
	}
}
