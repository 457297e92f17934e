package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inspected is a folder with one flake that builds with crane, and with a list that an input adds to.
func inspected(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"flake.nix": `{
  inputs.nixpkgs.url = "github:NixOS/nixpkgs";
  inputs.crane.url = "github:ipetkov/crane";
  outputs = { nixpkgs, crane, other, ... }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      craneLib = crane.mkLib pkgs;
    in {
      packages.x86_64-linux.default = craneLib.buildPackage {
        src = ./.;
        cargoArtifacts = null;
        nativeBuildInputs = [ pkgs.pkg-config ];
        buildInputs = [ pkgs.openssl ] ++ other.lib.inputs;
        OPENSSL_NO_VENDOR = true;
      };
      devShells.x86_64-linux.default = pkgs.mkShell { packages = [ pkgs.cargo-watch ]; };
    };
}
`,
		"Cargo.toml": "[package]\nname = \"app\"\nversion = \"0.1.0\"\n",
		"Cargo.lock": "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInspectJSON(t *testing.T) {
	dir := inspected(t)
	for _, args := range [][]string{{"inspect", "--format", "json"}, {"inspect", "--format", "json", dir}, {"inspect", "--format=json", filepath.Join(dir, "flake.nix")}} {
		got := cargonix(t, dir, args...)
		if got.status != exitClean || got.stderr != "" {
			t.Fatalf("%v: status %d, stderr %q", args, got.status, got.stderr)
		}
		var doc jsonInspection
		decoder := json.NewDecoder(strings.NewReader(got.stdout))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&doc); err != nil {
			t.Fatal(err)
		}
		if doc.Version != 1 || len(doc.Builds) != 1 || len(doc.Shells) != 1 || len(doc.Inputs) != 3 {
			t.Fatalf("%v: %s", args, got.stdout)
		}
		b := doc.Builds[0]
		if b.Builder != "crane" || b.Function != "buildPackage" || b.File != "flake.nix" || *b.Name != "app" || *b.Root != "." || *b.Lock != "Cargo.lock" || b.CargoNix != nil || *b.Crates != 1 {
			t.Errorf("%v: %+v", args, b)
		}
		if b.Range.Start.Line != 9 || b.Range.Start.Column != 39 || b.Range.End.Line != 15 {
			t.Errorf("%v: range %+v", args, b.Range)
		}
		if in := b.Inputs.BuildInputs; len(in) != 1 || in[0].Name != "openssl" || in[0].Range.Start.Line != 13 {
			t.Errorf("%v: buildInputs %+v", args, in)
		}
		if e := b.Env; len(e) != 1 || e[0].Name != "OPENSSL_NO_VENDOR" || e[0].Value != true {
			t.Errorf("%v: env %+v", args, e)
		}
		if u := b.Unknown; len(u) != 1 || u[0].Field != "buildInputs" || u[0].Why == "" || u[0].Range == nil {
			t.Errorf("%v: unknown %+v", args, u)
		}
		// Lists are lists, and never null.
		if strings.Contains(got.stdout, "propagatedBuildInputs\":null") || strings.Contains(got.stdout, "overrides\":null") {
			t.Errorf("%v: null for a list: %s", args, got.stdout)
		}
	}
}

func TestInspectText(t *testing.T) {
	got := cargonix(t, inspected(t), "inspect")
	for _, want := range []string{
		"app crane buildPackage flake.nix:9:39\n", "  inputs           openssl\n", "  env              OPENSSL_NO_VENDOR = true\n",
		"unknown          buildInputs: depends on other.lib.inputs flake.nix:13:43\n", "1 build, 1 shell (for x86_64-linux)\n",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
	if got.status != exitClean || got.stderr != "" {
		t.Errorf("status %d, stderr %q", got.status, got.stderr)
	}
}

func TestInspectRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{{"inspect", "--format", "xml"}, {"inspect", "nowhere"}, {"inspect", ".", "."}} {
		if got := cargonix(t, dir, args...); got.status != exitUsage || got.stdout != "" || got.stderr == "" {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := cargonix(t, dir, "inspect"); got.status != exitClean || !strings.HasPrefix(got.stdout, "0 builds, 0 shells") {
		t.Errorf("an empty folder: %+v", got)
	}
}
