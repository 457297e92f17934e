package builder

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/cargonix/cargonix/analysis/workspace"
)

var update = flag.Bool("update", false, "write what was found into the archives of testdata")

// wanted is the file of an archive that has the expected report.
const wanted = "want"

// TestInspect finds the builds of small flakes, one archive for each wiring.
func TestInspect(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			snap := unpack(t, archive)
			systems := []string{"x86_64-linux"}
			if strings.Contains(string(archive.Comment), "darwin") {
				systems = append(systems, "aarch64-darwin")
			}
			var got bytes.Buffer
			for _, system := range systems {
				dump(&got, snap, Inspect(snap, system))
			}
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == wanted })
			if i < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: wanted})
				i = len(archive.Files) - 1
			}
			if *update {
				archive.Files[i].Data = got.Bytes()
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if want := string(archive.Files[i].Data); got.String() != want {
				t.Errorf("got:\n%s\nwant:\n%s", got.String(), want)
			}
		})
	}
}

// unpack writes an archive's files and opens them as a workspace.
func unpack(t testing.TB, archive *txtar.Archive) *workspace.Snapshot {
	t.Helper()
	dir := t.TempDir()
	for _, f := range archive.Files {
		if f.Name == wanted {
			continue
		}
		path := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, dir)
}

func open(t testing.TB, dir string) *workspace.Snapshot {
	t.Helper()
	ws, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ws.Snapshot()
}

// dump writes a report in the form of the archives.
func dump(w *bytes.Buffer, snap *workspace.Snapshot, r *Report) {
	at := func(p Place) string {
		if p.IsZero() {
			return "-"
		}
		line, column := snap.File(p.File).Index().HumanPosition(p.Span.Start)
		return fmt.Sprintf("%s:%d:%d", p.File, line, column)
	}
	elements := func(name string, list []Element) {
		for _, e := range list {
			fmt.Fprintf(w, "  %s %s %s\n", name, e.Name, at(e.Place))
		}
	}
	variables := func(env []Variable) {
		for _, v := range env {
			fmt.Fprintf(w, "  env %s = %#v %s\n", v.Name, v.Value, at(v.Place))
		}
	}
	unknown := func(list []Unknown) {
		for _, u := range list {
			fmt.Fprintf(w, "  unknown %s: %s %s\n", u.Field, u.Why, at(u.Place))
		}
	}
	fmt.Fprintf(w, "system %s\n", r.System)
	for _, b := range r.Builds {
		fmt.Fprintf(w, "build %s %s %q %s\n", b.Builder, b.Function, b.Name, at(b.Place))
		fmt.Fprintf(w, "  outputs %s\n", strings.Join(b.Attributes, " "))
		fmt.Fprintf(w, "  root %q lock %q cargoNix %q crates %d\n", b.Root, b.Lock, b.CargoNix, b.Crates)
		if t := b.Toolchain; t != nil {
			fmt.Fprintf(w, "  toolchain %q %q %q\n", t.From, t.Channel, t.Version)
		}
		if b.Target != "" {
			fmt.Fprintf(w, "  target %s\n", b.Target)
		}
		elements("nativeBuildInputs", b.NativeBuildInputs)
		elements("buildInputs", b.BuildInputs)
		elements("propagatedBuildInputs", b.PropagatedBuildInputs)
		variables(b.Env)
		for _, o := range b.Overrides {
			fmt.Fprintf(w, "  override %s %v %s\n", o.Crate, o.Attributes, at(o.Place))
		}
		hashes := make([]string, 0, len(b.Hashes))
		for name, hash := range b.Hashes {
			hashes = append(hashes, fmt.Sprintf("  hash %s = %s\n", name, hash))
		}
		slices.Sort(hashes)
		w.WriteString(strings.Join(hashes, ""))
		if len(b.Features) > 0 {
			fmt.Fprintf(w, "  features %v\n", b.Features)
		}
		unknown(b.Unknown)
	}
	for _, s := range r.Shells {
		fmt.Fprintf(w, "shell %s %q %s\n", s.Function, s.Name, at(s.Place))
		elements("nativeBuildInputs", s.NativeBuildInputs)
		elements("buildInputs", s.BuildInputs)
		variables(s.Env)
		if len(s.InputsFrom) > 0 {
			fmt.Fprintf(w, "  inputsFrom %v\n", s.InputsFrom)
		}
		unknown(s.Unknown)
	}
	unknown(r.Notes)
}

// TestBounded: no flake makes it panic, run on, or find builds where there are none.
func TestBounded(t *testing.T) {
	flakes := []string{
		``, `{`, `{ }`, `1`, `{ outputs = 1; }`, `{ outputs = x: x; }`, `{ outputs = { self }: self; }`, `{ outputs = { self }: self.outputs; }`,
		`{ outputs = { self }: { packages = self.packages; }; }`, `{ outputs = { self, nixpkgs }: { packages.x86_64-linux = self.packages.x86_64-linux // { a = self.packages.x86_64-linux.a; }; }; }`,
		`{ outputs = { self, nixpkgs }: let f = n: { ${toString n} = f (n + 1); packages.x86_64-linux = f (n + 1); }; in f 0; }`,
		`{ outputs = { self, nixpkgs }: let p = import nixpkgs { overlays = [ (final: prev: { a = final.a; b = prev.b; c = final.d; d = final.c; }) ]; }; in { packages.x86_64-linux = { inherit (p) a b c d; }; }; }`,
		`{ outputs = { self, nixpkgs }: let p = import nixpkgs { overlays = [ (final: prev: with final; { inherit a; }) ]; }; in { packages.x86_64-linux = { inherit (p) a; }; }; }`,
		`{ outputs = { self, nixpkgs }: let p = nixpkgs.legacyPackages.x86_64-linux; b = (p.rustPlatform.buildRustPackage { pname = b.pname; }).overrideAttrs (o: b); in { packages.x86_64-linux = { inherit b; }; }; }`,
		`{ outputs = { self, nixpkgs }: let p = nixpkgs.legacyPackages.x86_64-linux; b = p.callPackage b { }; in { packages.x86_64-linux = { inherit b; }; }; }`,
		`{ outputs = { self, flake-parts }: flake-parts.lib.mkFlake { inputs = self.inputs; } ({ config, ... }: { imports = [ config.imports ./flake.nix ]; systems = config.systems; perSystem = { pkgs, config, ... }: config; }); }`,
		`{ outputs = { self, flake-parts }: flake-parts.lib.mkFlake { inputs = self.inputs; } { imports = [ ./m.nix ]; systems = [ "x86_64-linux" ]; perSystem = { pkgs, ... }: { _module.args.pkgs = pkgs; packages.default = pkgs.hello; }; }; }`,
		`{ outputs = { self, nixpkgs, crane }: let l = (crane.mkLib nixpkgs.legacyPackages.x86_64-linux).overrideScope (f: p: f // p); in { packages.x86_64-linux.default = l.buildPackage (l.buildPackage l); }; }`,
	}
	for i, flake := range flakes {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			snap := unpack(t, &txtar.Archive{Files: []txtar.File{
				{Name: "flake.nix", Data: []byte(flake)}, {Name: "m.nix", Data: []byte("{ imports = [ ./m.nix ]; }")},
			}})
			within(t, 5*time.Second, func() { Inspect(snap, "x86_64-linux") })
		})
	}
}

// BenchmarkInspect: a flake.nix is evaluated anew on every keystroke in it, which may take 10 ms.
func BenchmarkInspect(b *testing.B) {
	for _, name := range []string{"crane", "flakeparts", "cargo2nix"} {
		b.Run(name, func(b *testing.B) {
			archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
			if err != nil {
				b.Fatal(err)
			}
			snap := unpack(b, archive)
			for b.Loop() {
				Inspect(snap, "x86_64-linux")
			}
		})
	}
}

// within fails when a function takes longer than it may, however slow the machine is.
func within(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(limit):
		t.Fatalf("takes longer than %v", limit)
	}
}

// FuzzInspect: whatever stands in flake.nix, there is a report.
func FuzzInspect(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range names {
		if archive, err := txtar.ParseFile(name); err == nil {
			for _, file := range archive.Files {
				if file.Name == "flake.nix" {
					f.Add(file.Data)
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, flake []byte) {
		snap := unpack(t, &txtar.Archive{Files: []txtar.File{{Name: "flake.nix", Data: flake}, {Name: "Cargo.lock", Data: []byte("version = 4\n")}}})
		Inspect(snap, "x86_64-linux")
	})
}
