package crates

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func samples(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.nix")
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	for i := range files {
		files[i] = filepath.Base(files[i])
	}
	return files
}

func read(src string) *Graph { return ReadNix(nixparse.Parse([]byte(src))) }

// dump is the graph as text, spans replaced by what stands there.
func dump(g *Graph) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("%s %q formals %d incomplete %v", g.Generator, g.Version, len(g.Formals), g.Incomplete)
	p("formals %s", strings.Join(g.Formals, " "))
	p("lock hash %s root %q arguments %q", g.LockHash.Value, g.Root.Value, g.Arguments)
	for _, m := range g.Members {
		p("member %s %q id %q", m.Name, m.Version, m.PackageID)
	}
	for i := range g.Crates {
		c := &g.Crates[i]
		p("")
		p("%q %s %s edition %q links %q lib %q key %q macro %v incomplete %v dependents %d", c.ID, c.Name, c.Version, c.Edition, c.Links,
			c.LibName, c.RegistryKey, c.ProcMacro, c.Incomplete, g.Dependents(c))
		s := c.Source
		p("  %s url %q rev %q ref %q path %q fetcher %q hash %.8x %v", s.Kind, s.URL, s.Rev, s.Ref, s.Path, s.Fetcher, c.Hash.Sum, c.Hash.Known)
		for _, f := range c.Features {
			p("  feature %s if %q enables %q", f.Name, f.Condition, f.Enables)
		}
		for k := range c.Dependencies {
			d := &c.Dependencies[k]
			to := "nothing"
			if target := g.Target(c, d); target != nil {
				to = target.Name + " " + target.Version
			}
			p("  %s %s %q id %q key %q extern %s rename %q if %q optional %v defaults %v features %q -> %s", d.Kind, d.Name, d.Version, d.PackageID,
				d.RegistryKey, d.Extern, d.Rename, d.Condition, d.Optional, d.UsesDefaultFeatures, d.Features, to)
		}
		if len(c.ResolvedDefaultFeatures) > 0 {
			p("  resolved %q", c.ResolvedDefaultFeatures)
		}
	}
	return b.String()
}

// checkSpans fails unless every span lies in src and shows what it says. In files with errors only the first holds.
func checkSpans(t testing.TB, src string, g *Graph) {
	t.Helper()
	at := func(what string, s text.Span) string {
		if s.Start < 0 || s.End < s.Start || s.End > len(src) {
			t.Fatalf("%s: span %v outside the file of %d bytes", what, s, len(src))
		}
		return src[s.Start:s.End]
	}
	same := func(what string, s text.Span, want string) {
		if got := at(what, s); got != want && !strings.ContainsAny(got, "\\$") && s != (text.Span{}) && !strings.HasPrefix(want, got) {
			t.Errorf("%s: %q stands at the span of %q", what, got, want)
		}
	}
	at("holder", g.HolderSpan)
	same("lock hash", g.LockHash.Span, g.LockHash.Value)
	same("root", g.Root.Span, g.Root.Value)
	for _, m := range g.Members {
		at("member", m.Span)
		same("member", m.NameSpan, m.Name)
	}
	last := 0
	for i := range g.Crates {
		c := &g.Crates[i]
		at("key", c.KeySpan)
		at("crate", c.Span)
		if c.Span.Start < last {
			t.Errorf("%s: entries out of order", c.ID)
		}
		last = c.Span.End
		same("name", c.NameSpan, c.Name)
		same("version", c.VersionSpan, c.Version)
		same("rev", c.Source.RevSpan, c.Source.Rev)
		same("hash", c.Hash.Span, c.Hash.Text)
		at("source", c.Source.Span)
		for _, f := range c.Features {
			at("feature", f.Span)
		}
		for k := range c.Dependencies {
			d := &c.Dependencies[k]
			at("dependency", d.Span)
			target := at("target", d.TargetSpan)
			if d.PackageID != "" {
				same("package id", d.TargetSpan, d.PackageID)
			} else if !strings.Contains(target, d.Name) {
				t.Errorf("%q does not name %s", target, d.Name)
			}
			gotC, gotD := g.At((d.TargetSpan.Start + d.TargetSpan.End) / 2)
			if gotC != c || gotD != d {
				t.Errorf("At does not find %s of %s", d.Name, c.ID)
			}
		}
		if gotC, gotD := g.At(c.KeySpan.Start); gotC != c || gotD != nil && len(c.Dependencies) > 0 && gotD.Span.Start > c.KeySpan.End {
			t.Errorf("At does not find %s", c.ID)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestReadNix(t *testing.T) {
	for _, name := range samples(t) {
		t.Run(name, func(t *testing.T) {
			src := sample(t, name)
			g := read(src)
			if g == nil {
				t.Fatal("not read")
			}
			checkSpans(t, src, g)
			golden(t, name, dump(g))
			if want, _, _ := strings.Cut(name, "-"); Recognise([]byte(src)).String() != want {
				t.Errorf("recognised as %q", Recognise([]byte(src)))
			}
		})
	}
}

// pieces cuts Nix text into words and what stands between them; the latter may be replaced by any white space and comments.
func pieces(src string) (words, gaps []string) {
	start := 0
	for i := 0; i < len(src); {
		end := i
	gap:
		for end < len(src) {
			switch rest := src[end:]; {
			case strings.ContainsRune(" \t\r\n", rune(rest[0])):
				end++
			case rest[0] == '#':
				end += lineEnd(rest)
			case strings.HasPrefix(rest, "/*"):
				end += strings.Index(rest, "*/") + 2
			default:
				break gap
			}
		}
		if end > i {
			words, gaps = append(words, src[start:i]), append(gaps, src[i:end])
			start, i = end, end
			continue
		}
		switch rest := src[i:]; {
		case rest[0] == '"':
			i += stringEnd(rest)
		case strings.HasPrefix(rest, "''"):
			i += strings.Index(rest[2:], "''") + 4
		default:
			i++
		}
	}
	return append(words, src[start:]), append(gaps, "")
}

func relayout(src string, gap func() string) string {
	words, gaps := pieces(src)
	var b strings.Builder
	for i := range words {
		b.WriteString(words[i])
		if gaps[i] != "" {
			b.WriteString(gap())
		}
	}
	return b.String()
}

// withoutHeader forgets what only the comment at the top says.
func withoutHeader(g *Graph) string {
	g.Arguments = nil
	if g.Generator == Crate2nix {
		g.Version = ""
	}
	return dump(g)
}

func TestLayoutDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := []string{" ", "\n", "\t", "\r\n", "  \n\n ", " /* ; } \" */ ", " # ; } \" ''\n", " /**/ "}
	layouts := map[string]func() string{
		"one line": func() string { return " " },
		"lines":    func() string { return "\n" },
		"noise":    func() string { return noise[random.IntN(len(noise))] },
	}
	for _, name := range samples(t) {
		src := sample(t, name)
		want := withoutHeader(read(src))
		for layout, gap := range layouts {
			for range 3 {
				changed := relayout(src, gap)
				g := read(changed)
				if g == nil {
					t.Fatalf("%s in layout %s: not read", name, layout)
				}
				checkSpans(t, changed, g)
				if diff := cmp.Diff(want, withoutHeader(g)); diff != "" {
					t.Fatalf("%s in layout %s (-want +got):\n%s", name, layout, diff)
				}
				if Recognise([]byte(changed)) != g.Generator {
					t.Errorf("%s in layout %s: not recognised", name, layout)
				}
			}
		}
	}
}

func TestHeader(t *testing.T) {
	for _, test := range []struct {
		src  string
		want header
	}{
		{"# This file was @generated by cargo2nix 0.12.0.\n# It is not", header{Cargo2nix, "0.12.0", nil}},
		{"\n\n# This file was @generated by crate2nix 0.9.0 with the command:\n#   \"generate\" \"-f\" \"a b\"\n# See\n{", header{Crate2nix, "0.9.0", []string{"generate", "-f", "a b"}}},
		{"/*\n * This file was @generated by crate2nix\n * 0.9.0 with the command: \"generate\"\n * See \"x\" */", header{Crate2nix, "0.9.0", []string{"generate"}}},
		{"#Generated by crate2nix 0.6.1 with the command:\n#  \"generate\" \"-n\" \"a\\\"b\\\\c\"\n", header{Crate2nix, "0.6.1", []string{"generate", "-n", `a"b\c`}}},
		{"{ }\n# @generated by crate2nix 0.9.0", header{}},
		{"# @generated by crate2nix 0.15.0 with the command: \"generate", header{Crate2nix, "0.15.0", nil}},
		{"#", header{}},
		{"/* @generated by cargo2nix", header{Cargo2nix, "", nil}},
	} {
		if got := readHeader(test.src); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: got %+v, want %+v", test.src, got, test.want)
		}
	}
}

// entryOf wraps fields of one cargo2nix entry into a file.
func cargo2nixFile(entries string) string {
	return "{ rustPackages, buildRustPackages, mkRustCrate, rustLib, lib, hostPlatform, workspaceSrc }: let overridableMkRustCrate = f: f; in {\n" +
		"cargo2nixVersion = \"0.12.0\"; workspace = { };\n" + entries + "}\n"
}

func crate2nixFile(entries string) string {
	return "{ pkgs, lib, buildRustCrateForPkgs, defaultCrateOverrides, rootFeatures, fetchurl }: rec { internal = rec { crates = {\n" + entries + "}; }; }\n"
}

const someHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestCargo2nixSources(t *testing.T) {
	const (
		io  = "registry+https://github.com/rust-lang/crates.io-index"
		alt = "sparse+https://crates.example.com/index/"
		git = "git+https://example.com/x"
	)
	for _, test := range []struct {
		key, src string
		want     Source
		hash     bool
	}{
		{io, `fetchCratesIo { inherit name version; sha256 = "` + someHash + `"; }`, Source{Kind: CratesIO, Fetcher: "fetchCratesIo"}, true},
		{io, `rustLib.fetchCratesIo { name = "x"; version = "1.0.0"; sha256 = "` + someHash + `"; }`, Source{Kind: CratesIO, Fetcher: "fetchCratesIo"}, true},
		{io, `fetchCratesIo { inherit name version; sha256 = lib.fakeHash; }`, Source{}, false},
		{io, `fetchCratesIo { inherit name; version = "2.0.0"; sha256 = "` + someHash + `"; }`, Source{}, false},
		{alt, `fetchCratesIo { inherit name version; sha256 = "` + someHash + `"; }`, Source{Kind: Registry, URL: "https://crates.example.com/index/", Fetcher: "fetchCratesIo"}, true},
		{alt, `fetchCrateAlternativeRegistry { index = https://crates.example.com/index; name = "x"; version = "1.0.0"; sha256 = "` + someHash + `"; }`, Source{Kind: Registry, URL: "https://crates.example.com/index", Fetcher: "fetchCrateAlternativeRegistry"}, true},
		{git, `fetchCrateGit { url = https://example.com/x; name = "x"; version = "1.0.0"; rev = "abc"; }`, Source{Kind: Git, URL: "https://example.com/x", Rev: "abc", Fetcher: "fetchCrateGit"}, false},
		{git, `fetchCrateGit { url = "ssh://git@example.com/x"; name = "x"; version = "1.0.0"; rev = "abc"; ref = "main"; sha256 = ""; }`, Source{Kind: Git, URL: "ssh://git@example.com/x", Rev: "abc", Ref: "main", Fetcher: "fetchCrateGit"}, false},
		{git, `fetchCrateGit { url = "https://example.com/x"; name = "x"; version = "1.0.0"; rev = inputs.x.rev; }`, Source{}, false},
		{git, `builtins.fetchGit { url = "https://example.com/x"; rev = "abc"; submodules = true; }`, Source{Kind: Git, URL: "https://example.com/x", Rev: "abc", Fetcher: "fetchGit"}, false},
		{git, `builtins.fetchGit { url = "https://example.com/x"; ref = "main"; }`, Source{}, false},
		{git, `builtins.fetchGit "https://example.com/x"`, Source{}, false},
		{git, `inputs.x`, Source{}, false},
		{"unknown", `fetchCrateLocal workspaceSrc`, Source{Kind: Local, Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal workspaceSrc + "/sub"`, Source{Kind: Local, Path: "/sub", Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal (workspaceSrc + "/sub")`, Source{Kind: Local, Path: "/sub", Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal (workspaceSrc + /sub)`, Source{Kind: Local, Path: "/sub", Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal (workspaceSrc - "/sub")`, Source{Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal (other + "/sub")`, Source{Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal ./sub`, Source{Kind: Local, Path: "./sub", Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal ./../sub`, Source{Kind: Local, Path: "./../sub", Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `fetchCrateLocal ./${sub}`, Source{Fetcher: "fetchCrateLocal"}, false},
		{"unknown", `lib.cleanSource ./sub`, Source{}, false},
	} {
		g := read(cargo2nixFile(fmt.Sprintf(`"%s".x."1.0.0" = overridableMkRustCrate (profileName: rec { name = "x"; version = "1.0.0"; registry = "%s"; src = %s; });`, test.key, test.key, test.src)))
		if g == nil || len(g.Crates) != 1 || g.Incomplete {
			t.Errorf("%s: not read", test.src)
			continue
		}
		c := g.Crates[0]
		got := c.Source
		if got.Span == (text.Span{}) {
			t.Errorf("%s: no span", test.src)
		}
		got.Span, got.RevSpan = text.Span{}, text.Span{}
		if got.Kind == UnknownSource {
			got.Fetcher = test.want.Fetcher
		}
		if got != test.want || c.Hash.Known != test.hash {
			t.Errorf("%s: got %+v and hash %v", test.src, got, c.Hash.Known)
		}
	}
}

func TestCrate2nixSources(t *testing.T) {
	const base32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"
	for _, test := range []struct {
		fields string
		want   Source
		hash   bool
	}{
		{`sha256 = "` + base32 + `";`, Source{Kind: CratesIO}, true},
		{`sha256 = "` + someHash + `";`, Source{Kind: CratesIO}, true},
		{`sha256 = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";`, Source{Kind: CratesIO}, true},
		{`sha256 = "sha256:` + base32 + `";`, Source{Kind: CratesIO}, true},
		{`sha256 = "oops";`, Source{Kind: CratesIO}, false},
		{`sha256 = lib.fakeSha256;`, Source{}, false},
		{``, Source{}, false},
		{`src = lib.cleanSourceWith { filter = sourceFilter;  src = ./.; };`, Source{Kind: Local, Path: "./.", Fetcher: "cleanSourceWith"}, false},
		{`src = (builtins.filterSource sourceFilter ./a);`, Source{Kind: Local, Path: "./a", Fetcher: "filterSource"}, false},
		{`src = if a then lib.cleanSourceWith { filter = sourceFilter;  src = ../a; } else ../a;`, Source{Kind: Local, Path: "../a", Fetcher: "cleanSourceWith"}, false},
		{`src = if a then ./a else ./b;`, Source{}, false},
		{`src = lib.cleanSourceWith { filter = sourceFilter; src = inputs.a; };`, Source{}, false},
		{`src = /nix/store/abc-src;`, Source{Kind: Local, Path: "/nix/store/abc-src"}, false},
		{`src = pkgs.fetchgit { url = "https://example.com/x?y#z"; rev = "abc"; sha256 = "` + base32 + `"; };`, Source{Kind: Git, URL: "https://example.com/x", Rev: "abc", Fetcher: "fetchgit"}, true},
		{`src = pkgs.fetchgit { url = "https://example.com/x"; rev = "abc"; };`, Source{Kind: Git, URL: "https://example.com/x", Rev: "abc", Fetcher: "fetchgit"}, false},
		{`src = pkgs.fetchgit { inherit url; rev = "abc"; };`, Source{}, false},
		{`src = pkgs.fetchFromGitHub { owner = "a"; repo = "b"; rev = "c"; };`, Source{}, false},
		{`src = fetchurl { name = "x"; url = registryUrl { inherit registries; url = "sparse+https://r.example.com"; crate = "x"; version = "1"; sha256 = "` + base32 + `"; }; sha256 = "` + base32 + `"; }; sha256 = "` + base32 + `";`,
			Source{Kind: Registry, URL: "https://r.example.com", Fetcher: "fetchurl"}, true},
		{`src = fetchurl { url = "https://static.crates.io/x"; sha256 = "` + base32 + `"; };`, Source{}, false},
		{`src = builtins.throw ''ERROR: Could not resolve source: "x"'';`, Source{}, false},
		{`src = import ./x.nix;`, Source{}, false},
		{`src = (import ./x.nix).attr;`, Source{}, false},
		{`src = pkgs.callPackage ./x.nix {};`, Source{}, false},
	} {
		g := read(crate2nixFile(fmt.Sprintf(`"x" = rec { crateName = "x"; version = "1.0.0"; edition = "2021"; %s };`, test.fields)))
		if g == nil || len(g.Crates) != 1 || g.Incomplete {
			t.Errorf("%s: not read", test.fields)
			continue
		}
		c := g.Crates[0]
		got := c.Source
		if (got.Span == (text.Span{})) != (test.fields == "") {
			t.Errorf("%s: span %v", test.fields, got.Span)
		}
		got.Span, got.RevSpan = text.Span{}, text.Span{}
		if got != test.want || c.Hash.Known != test.hash {
			t.Errorf("%s: got %+v and hash %v", test.fields, got, c.Hash.Known)
		}
	}
}

func names(g *Graph) string {
	var all []string
	for i := range g.Crates {
		all = append(all, g.Crates[i].Name+" "+g.Crates[i].Version)
	}
	sort.Strings(all)
	return strings.Join(all, ", ")
}

func TestCargo2nixShapes(t *testing.T) {
	const entry = `overridableMkRustCrate (profileName: rec { })`
	for _, test := range []struct {
		name, entries, want string
		incomplete          bool
	}{
		{"one path", `"unknown".a."1" = ` + entry + `; unknown.b."2" = ` + entry + `;`, "a 1, b 2", false},
		{"nested", `"unknown" = { a = { "1" = ` + entry + `; "2" = ` + entry + `; }; b."1" = ` + entry + `; };`, "a 1, a 2, b 1", false},
		{"half nested", `"unknown".a = { "1" = ` + entry + `; }; "unknown"."b" = ({ ${"1"} = ` + entry + `; });`, "a 1, b 1", false},
		{"computed version", `"unknown".a."1" = ` + entry + `; "unknown".a.${v} = ` + entry + `;`, "a 1", true},
		{"computed set", `"unknown".a = mk { }; "unknown".b."1" = ` + entry + `;`, "b 1", true},
		{"inherit in a registry", `"unknown" = { inherit (x) a; b."1" = ` + entry + `; };`, "b 1", true},
		{"other attributes", `helper = { a."1" = 1; }; inherit x; "unknown".b."1" = ` + entry + `;`, "b 1", false},
		{"own registry name", `mine.b."1" = ` + entry + `;`, "b 1", false},
		{"replaced entry", `"unknown".b."1" = otherFunction { };`, "b 1", false},
	} {
		g := read(cargo2nixFile(test.entries))
		if g == nil {
			t.Errorf("%s: not read", test.name)
			continue
		}
		if names(g) != test.want || g.Incomplete != test.incomplete {
			t.Errorf("%s: got %s, incomplete %v", test.name, names(g), g.Incomplete)
		}
	}
}

func TestCargo2nixEntry(t *testing.T) {
	src := cargo2nixFile(`
"unknown".a."1" = overridableMkRustCrate (profileName: rec {
  name = "a"; version = "1"; registry = "unknown"; src = fetchCrateLocal workspaceSrc;
  features = builtins.concatLists [ [ "x" "y" ] (lib.optional (rootFeatures' ? "a/z"
    || false # why
    ) "z") (lib.optionals t [ "u" ]) ];
  dependencies.b = rustPackages."unknown".b."2" { inherit profileName; };
  dependencies.${ if (hostPlatform.isUnix) then "c" else null } = ((rustPackages."unknown"."c"."3" { inherit profileName; }).out);
  devDependencies = { b = (buildRustPackages.unknown.b."2" { profileName = "__noProfile"; }).out; };
});
"unknown".b."2" = overridableMkRustCrate (profileName: rec {
  name = "b"; version = "2.1"; registry = "unknown"; src = fetchCrateLocal workspaceSrc;
  features = [ "p" ] ++ q;
  dependencies = { x = rustPackages.unknown.c.${v} { }; ${y} = rustPackages.unknown.c."3" { }; z = pkgs.z; inherit w; a = rustPackages.unknown.a."1"; };
});
"unknown".c."3" = overridableMkRustCrate (profileName: rec { name = "c"; version = "3"; registry = "unknown"; });
`)
	g := read(src)
	if g == nil {
		t.Fatal("not read")
	}
	checkSpans(t, src, g)
	golden(t, "cargo2nix-entry", dump(g))
}

func TestCrate2nixEntry(t *testing.T) {
	src := crate2nixFile(`
a = rec {
  crateName = "a"; version = "1"; src = ./.;
  dependencies = [
    { name = "b"; packageId = "b"; rename = "be-e"; target = {target, features}: ((target."os" == "linux")
      && builtins.elem "x  y" features); }
    (({ name = "c"; packageId = "c 2"; optional = true; usesDefaultFeatures = false; features = [ ]; }))
    { name = "c"; packageId = "c 9"; }
  ];
  devDependencies = [ { name = "b"; packageId = "b"; features = [ "f" g ]; } { name = "d"; } ];
  buildDependencies = [ { name = "b"; packageId = "b"; } ];
  features = { "a-b" = [ "dep:b" "c?/x" ]; default = []; "q.r" = [ "s" ]; };
};
b = rec { crateName = "b"; version = "1"; libName = "b-lib"; procMacro = true; sha256 = "` + someHash + `"; };
"c 2" = rec { crateName = "c"; version = "2"; sha256 = "` + someHash + `"; dependencies = x; features = y; };
"d" = rec { crateName = d; version = "2"; };
"e" = mk { };
`)
	g := read(src)
	if g == nil {
		t.Fatal("not read")
	}
	checkSpans(t, src, g)
	golden(t, "crate2nix-entry", dump(g))
	if c := g.ByID("c 2"); c == nil || c.Version != "2" || g.ByID("c 9") != nil {
		t.Error("ByID")
	}
}

func TestNotGenerated(t *testing.T) {
	for name, src := range map[string]string{
		"empty":             "",
		"header only":       "# This file was @generated by cargo2nix 0.12.0.\n",
		"flake":             "# uses Cargo.nix, @generated by cargo2nix 0.12.0\n{ outputs = { self, cargo2nix }: { rustPkgs = pkgs.rustBuilder.makePackageSet { packageFun = import ./Cargo.nix; }; }; }",
		"overlay":           "{ rustPackages, buildRustPackages, mkRustCrate, rustLib, lib }: { makeOverride = x: x; }",
		"package set":       "self: { mkRustCrate = self.callPackage ./mkcrate.nix { }; rustLib = { }; overridableMkRustCrate = 1; buildRustPackages = 2; }",
		"override":          "{ pkgs, buildRustCrateForPkgs, defaultCrateOverrides, rootFeatures }: { internal = 1; }",
		"crate2nix library": "{ pkgs, lib, buildRustCrateForPkgs, defaultCrateOverrides, rootFeatures, crates }: rec { buildRustCrateWithFeatures = { packageId }: crates.${packageId}; }",
		"number":            "1",
		"list":              "[ ]",
		"set":               "{ }",
	} {
		if g := read(src); g != nil {
			t.Errorf("%s: read as %s", name, dump(g))
		}
	}
	for name, src := range map[string]string{
		"flake":       "{ outputs = { self, cargo2nix }: { rustPkgs = pkgs.rustBuilder.makePackageSet { packageFun = import ./Cargo.nix; }; }; }",
		"crate2nix":   "{ pkgs, ... }: let cargoNix = pkgs.callPackage ./Cargo.nix { defaultCrateOverrides = { }; rootFeatures = [ ]; }; in cargoNix.rootCrate.build",
		"cargo2nix":   "{ mkRustCrate, rustLib, rustPackages, buildRustPackages }: { }",
		"JSON":        `{ "crates": {}, "generator": "other" }`,
		"Nix, quoted": `{ "x" = 1; }`,
	} {
		if got := Recognise([]byte(src)); got != Unknown {
			t.Errorf("%s: recognised as %s", name, got)
		}
	}
}

func TestHandEditedResult(t *testing.T) {
	const entry = `"unknown".a."1" = overridableMkRustCrate (profileName: rec { });`
	const head = "{ rustPackages, buildRustPackages, mkRustCrate, rustLib }: "
	for _, test := range []struct {
		src        string
		incomplete bool
	}{
		{head + "{ " + entry + " } // { }", true},
		{head + "with rustLib; assert true; ({ " + entry + " })", false},
		{head + "if x then builtins.throw \"no\" else rec { " + entry + " }", false},
		{head + "if x then { " + entry + " } else throw \"no\"", false},
		{head + "if x then { " + entry + " } else { }", true},
		{"(" + head + "({ " + entry + " }))", false},
		{"# @generated by cargo2nix 0.11.0.\n{ other }: { " + entry + " }", false},
	} {
		g := read(test.src)
		if g == nil || names(g) != "a 1" || g.Incomplete != test.incomplete {
			t.Errorf("%s: got %+v", test.src, g)
		}
	}
}

// A semicolon that is missing anywhere in an entry costs that entry at most.
func TestMissingSemicolon(t *testing.T) {
	for _, name := range samples(t) {
		src := sample(t, name)
		whole := read(src)
		lost := 0
		for i := range whole.Crates {
			c := &whole.Crates[i]
			for at := c.Span.Start; at < c.Span.End; at++ {
				if src[at] != ';' {
					continue
				}
				broken := src[:at] + src[at+1:]
				g := read(broken)
				if g == nil || !g.Incomplete {
					t.Errorf("%s without the semicolon at %d: %v", name, at, g)
					continue
				}
				checkSpans(t, broken, g)
				var missing []string
				for k := range whole.Crates {
					if o := &whole.Crates[k]; len(g.Find(o.Name, o.Version)) == 0 {
						missing = append(missing, o.ID)
					}
				}
				if len(missing) > 1 || len(missing) == 1 && missing[0] != c.ID {
					t.Errorf("%s without the semicolon at %d, of %s: lost %q", name, at, c.ID, missing)
				}
				lost += len(missing)
			}
		}
		t.Logf("%s: %d entries lost", name, lost)
	}
}

func TestReadJSON(t *testing.T) {
	src := sample(t, "Cargo.json")
	if Recognise([]byte(src)) != Crate2nixJSON {
		t.Error("not recognised")
	}
	g, err := ReadJSON([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	checkSpans(t, src, g)
	golden(t, "Cargo.json", dump(g))
	for _, test := range []struct {
		src, msg string
		start    int
	}{
		{"", "unexpected end of the file", 0},
		{"[]", "a Cargo.json of crate2nix must be an object", 0},
		{"{}", "a Cargo.json of crate2nix must have an object `crates`", 0},
		{`{"crates": {}}`, "not generated by crate2nix: `generator` does not say so", 0},
		{`{"generator": "@generated by crate2nix", "crates": []}`, "a Cargo.json of crate2nix must have an object `crates`", 0},
		{`{"generator": "@generated by crate2nix", "crates": {}} x`, "invalid character 'x' at start of value", 55},
		{`{"generator": "@generated by crate2nix", "crates": {}} {}`, "text after the end of the JSON value", 55},
		{`{"generator": "@generated by crate2nix", "crates": {"a": {"version": oops}}}`, "invalid character 'o' at start of value", 69},
		{`{"generator": "@generated by crate2nix", "crates": {"a": `, "unexpected end of the file", 57},
	} {
		_, err := ReadJSON([]byte(test.src))
		syntax, ok := err.(*SyntaxError)
		if !ok || syntax.Msg != test.msg || syntax.Span.Start != test.start {
			t.Errorf("%s: got %+v", test.src, err)
		}
	}
	g, err = ReadJSON([]byte(`{"generator": "@generated by crate2nix 0.16.0", "workspaceMembers": {"m": 1}, "crates": {"a": 1, "b": {"crateName": "b"},
		"c": {"crateName": "c", "version": "1", "source": {"type": "nix"}, "sha256": "` + someHash + `", "dependencies": [{"name": "x"}, 3]}}}`))
	if err != nil || names(g) != "c 1" || !g.Incomplete || !g.Crates[0].Incomplete || g.Crates[0].Hash.Known || g.Version != "0.16.0" {
		t.Errorf("got %+v, %v", g, err)
	}
}

func TestFromLock(t *testing.T) {
	src := `version = 4

[[package]]
name = "app"
version = "0.3.0"
dependencies = [
 "greet",
 "rand 0.7.3",
 "secret",
]

[[package]]
name = "greet"
version = "0.1.0"
source = "git+https://example.com/greet.git?branch=next#8f3d2a6c1b0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c"
dependencies = [
 "rand 0.8.5",
]

[[package]]
name = "rand"
version = "0.7.3"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "` + someHash + `"

[[package]]
name = "rand"
version = "0.8.5"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "` + someHash + `"

[[package]]
name = "secret"
version = "2.0.0"
source = "sparse+https://crates.example.com/index/"
checksum = "` + someHash + `"
`
	lock, err := cargo.ParseLock([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	g := FromLock(lock)
	checkSpans(t, src, g)
	golden(t, "lock", dump(g))
	greet := g.Find("greet", "0.1.0")[0]
	if got := src[greet.Source.RevSpan.Start:greet.Source.RevSpan.End]; got != greet.Source.Rev {
		t.Errorf("revision's span shows %q", got)
	}
	if c, d := g.At(strings.Index(src, "0.7.3")); c.Name != "app" || d.Name != "rand" || g.Target(c, d).Version != "0.7.3" {
		t.Error("At")
	}
	if c, d := g.At(0); c != nil || d != nil {
		t.Error("At before the first package")
	}
	if len(g.Named("rand")) != 2 || len(g.Named("x")) != 0 || g.Find("rand", "1") != nil {
		t.Error("Named, Find")
	}
}

func TestConcurrentUse(t *testing.T) {
	tree := nixparse.Parse([]byte(sample(t, "crate2nix-0.15.0.nix")))
	g := ReadNix(tree)
	want := dump(g)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if dump(g) != want || dump(ReadNix(tree)) != want {
				t.Error("another result")
			}
			for at := range 6000 {
				g.At(at)
			}
		})
	}
	wait.Wait()
}
