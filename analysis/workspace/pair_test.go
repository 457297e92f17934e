package workspace

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// manifestOf is a manifest of a package, with more text behind it.
func manifestOf(name, more string) string {
	return "[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\n" + more
}

// pairing says what a generated file was found to be made from.
type pairing struct {
	Locks, RunDir, OutputPath, Manifests string
	LacksLocks                           bool
}

func pairingOf(g *Generated) pairing {
	var locks []string
	for _, lock := range g.Locks {
		locks = append(locks, lock.Path())
	}
	return pairing{strings.Join(locks, " "), g.RunDir, g.OutputPath, strings.Join(g.ManifestPaths, " "), g.LacksLocks}
}

func TestPairCrate2nix(t *testing.T) {
	base := map[string]string{
		"Cargo.lock": lockOf("a", "b"), "Cargo.toml": "[workspace]\nmembers = [\"a\", \"b\"]\n", "a/Cargo.toml": manifestOf("a", ""), "b/Cargo.toml": manifestOf("b", ""),
		"own/Cargo.toml": manifestOf("own", "[workspace]\n"), "own/Cargo.lock": lockOf("own"),
	}
	for _, test := range []struct {
		name      string
		at        string // of the generated file
		crate     string
		source    string
		arguments string
		want      pairing
	}{
		{"default command", "own/Cargo.nix", "own", "./.", "generate", pairing{"own/Cargo.lock", "own", "Cargo.nix", "own/Cargo.toml", false}},
		{"no header", "own/Cargo.nix", "own", "./.", "", pairing{"own/Cargo.lock", "own", "Cargo.nix", "own/Cargo.toml", false}},
		{"-f of another folder", "Cargo.nix", "own", "./own", "generate -f own/Cargo.toml", pairing{"own/Cargo.lock", ".", "Cargo.nix", "own/Cargo.toml", false}},
		{"-fx", "Cargo.nix", "own", "./own", "generate -fown/Cargo.toml", pairing{"own/Cargo.lock", ".", "Cargo.nix", "own/Cargo.toml", false}},
		{"-f=x", "Cargo.nix", "own", "./own", "generate -f=./own/Cargo.toml", pairing{"own/Cargo.lock", ".", "Cargo.nix", "own/Cargo.toml", false}},
		{"--cargo-toml x", "Cargo.nix", "own", "./own", "generate --cargo-toml ./own/Cargo.toml", pairing{"own/Cargo.lock", ".", "Cargo.nix", "own/Cargo.toml", false}},
		{"--cargo-toml=x", "Cargo.nix", "own", "./own", "generate --cargo-toml=own/Cargo.toml", pairing{"own/Cargo.lock", ".", "Cargo.nix", "own/Cargo.toml", false}},
		{"a member's manifest leads to the workspace's lock", "Cargo.nix", "a", "./a", "generate -f a/Cargo.toml", pairing{"Cargo.lock", ".", "Cargo.nix", "a/Cargo.toml", false}},
		{"two manifests of one workspace", "Cargo.nix", "a", "./a", "generate -f a/Cargo.toml -f b/Cargo.toml", pairing{"Cargo.lock", ".", "Cargo.nix", "a/Cargo.toml b/Cargo.toml", false}},
		{"two locks", "Cargo.nix", "a", "./a", "generate -f Cargo.toml -f own/Cargo.toml", pairing{"Cargo.lock own/Cargo.lock", ".", "Cargo.nix", "Cargo.toml own/Cargo.toml", false}},
		{"one of two is not there", "Cargo.nix", "a", "./a", "generate -f Cargo.toml -f gone/Cargo.toml", pairing{"Cargo.lock own/Cargo.lock", ".", "Cargo.nix", "Cargo.toml", true}},
		{"output in a folder", "nix/Cargo.nix", "a", "./../a", "generate -o nix/Cargo.nix", pairing{"Cargo.lock", ".", "nix/Cargo.nix", "Cargo.toml", false}},
		{"output from inside a folder", "nix/Cargo.nix", "a", "./../a", "generate -f ../Cargo.toml", pairing{"Cargo.lock", "nix", "Cargo.nix", "Cargo.toml", false}},
		{"output beside the folder", "nix/Cargo.nix", "own", "./../own", "generate --output ../nix/Cargo.nix", pairing{"own/Cargo.lock", "own", "../nix/Cargo.nix", "own/Cargo.toml", false}},
		{"output beside one of several folders of a workspace", "nix/Cargo.nix", "b", "./../b", "generate --output ../nix/Cargo.nix", pairing{"Cargo.lock", "b", "../nix/Cargo.nix", "b/Cargo.toml", false}},
		{"moved: its crates lead to the lock", "deep/er/Cargo.nix", "a", "./../../a", "generate -o elsewhere/Cargo.nix", pairing{"Cargo.lock", ".", "deep/er/Cargo.nix", "", false}},
		{"another name, another source", "other.nix", "stranger", "./.", "generate", pairing{"", ".", "other.nix", "", false}},
		{"absolute paths of another machine", "Cargo.nix", "a", "./a", "generate -f /home/x/Cargo.toml -o /home/x/Cargo.nix", pairing{"Cargo.lock", ".", "Cargo.nix", "", false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, base)
			write(t, dir, test.at, crate2nixFile(test.crate, test.source, strings.Fields(test.arguments)...))
			if test.name == "one of two is not there" {
				test.want.Locks = "Cargo.lock"
			}
			g := open(t, dir).Snapshot().GeneratedAt(test.at)
			if g == nil || g.Graph == nil {
				t.Fatal("not recognised")
			}
			if diff := cmp.Diff(test.want, pairingOf(g)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheckedFromInside opens the folder of the generated file; its lock and its flake lie above.
func TestCheckedFromInside(t *testing.T) {
	dir := tree(t, map[string]string{
		".git/HEAD": "", "Cargo.lock": lockOf("a"), "Cargo.toml": manifestOf("a", ""),
		"nix/Cargo.nix": crate2nixFile("a", "./..", "generate", "-f", "../Cargo.toml"), "out/Cargo.nix": crate2nixFile("a", "./..", "generate", "-o", "out/Cargo.nix"),
		"c2n/Cargo.nix": cargo2nixFile("a"), "c2n/default.nix": "{ rust }: rust.makePackageSet { packageFun = import ./Cargo.nix; workspaceSrc = ./..; }",
	})
	for root, want := range map[string]pairing{
		"nix": {"../Cargo.lock", ".", "Cargo.nix", "../Cargo.toml", false},
		"out": {"../Cargo.lock", "..", "out/Cargo.nix", "", false},
		"c2n": {"../Cargo.lock", "..", "c2n/Cargo.nix", "../Cargo.toml", false},
	} {
		s := open(t, filepath.Join(dir, root)).Snapshot()
		g := s.GeneratedAt("Cargo.nix")
		if g == nil || g.Graph == nil {
			t.Fatalf("%s: not recognised", root)
		}
		if diff := cmp.Diff(want, pairingOf(g)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", root, diff)
		}
		if p := s.ProjectOf("Cargo.nix"); p == nil || p.Root != ".." || p.Manifest == nil {
			t.Errorf("%s: the project is %+v", root, p)
		}
	}
	// Run where it says, the command must write this file and no other.
	for root, want := range map[string]string{"nix": "generate -f ../Cargo.toml", "out": "generate -o out/Cargo.nix"} {
		g := open(t, filepath.Join(dir, root)).Snapshot().GeneratedAt("Cargo.nix")
		if got := strings.Join(g.Command(), " "); got != want {
			t.Errorf("%s: %s in %s, want %s", root, got, g.RunDir, want)
		}
	}
}

func TestCommand(t *testing.T) {
	base := map[string]string{"Cargo.lock": lockOf("a"), "Cargo.toml": manifestOf("a", "")}
	for _, test := range []struct{ at, source, arguments, want string }{
		{"Cargo.nix", "./.", "generate", "generate"},
		{"Cargo.nix", "./.", "", "generate -o Cargo.nix"},
		{"Cargo.nix", "./.", "generate -n <nixpkgs> --no-default-features --features x,y -h hashes.json", "generate -n <nixpkgs> --no-default-features --features x,y -h hashes.json"},
		{"moved.nix", "./.", "generate", "generate -o moved.nix"},
		{"nix/Cargo.nix", "./..", "generate -o ./old/Cargo.nix", "generate -o nix/Cargo.nix"},
		{"nix/Cargo.nix", "./..", "generate -oold/x.nix --cargo-toml=gone/Cargo.toml", "generate -o nix/Cargo.nix"},
	} {
		dir := tree(t, base)
		write(t, dir, test.at, crate2nixFile("a", test.source, strings.Fields(test.arguments)...))
		g := open(t, dir).Snapshot().GeneratedAt(test.at)
		if len(g.Locks) != 1 {
			t.Fatalf("%+v: %d locks", test, len(g.Locks))
		}
		if got := strings.Join(g.Command(), " "); got != test.want {
			t.Errorf("%s by %q: %s in %s, want %s", test.at, test.arguments, got, g.RunDir, test.want)
		}
	}
}

// TestWorkspaceRoot finds the lock of a manifest as cargo does.
func TestWorkspaceRoot(t *testing.T) {
	files := map[string]string{
		".git/HEAD":                 "",
		"Cargo.toml":                "[workspace]\nmembers = [\"m\", \"ex/member\"]\nexclude = [\"ex\", \"vendored/one\"]\n",
		"m/Cargo.toml":              manifestOf("m", ""),
		"m/deep/path/Cargo.toml":    manifestOf("p", ""),
		"ex/Cargo.toml":             manifestOf("ex", ""),
		"ex/below/Cargo.toml":       manifestOf("below", ""),
		"ex/member/Cargo.toml":      manifestOf("member", ""),
		"vendored/one/Cargo.toml":   manifestOf("one", ""),
		"vendored/onely/Cargo.toml": manifestOf("onely", ""),
		"inner/Cargo.toml":          "[workspace]\nmembers = [\"x\"]\n",
		"inner/x/Cargo.toml":        manifestOf("x", ""),
		"far/Cargo.toml":            manifestOf("far", "workspace = \"../inner\"\n"),
		"far/below/Cargo.toml":      manifestOf("farbelow", ""),
		"m/broken/Cargo.toml":       "[package\n",
		"broken/Cargo.toml":         "[package\n",
	}
	dir := tree(t, files)
	s := open(t, dir).Snapshot()
	m := &model{generated: map[string]*Generated{}, locks: map[string]*LockFile{}, manifests: map[string]*ManifestFile{}}
	for manifest, want := range map[string]string{
		"Cargo.toml":                ".",
		"m/Cargo.toml":              ".",
		"m/deep/path/Cargo.toml":    ".",
		"ex/Cargo.toml":             "ex",
		"ex/below/Cargo.toml":       "ex/below",
		"ex/member/Cargo.toml":      ".",
		"vendored/one/Cargo.toml":   "vendored/one",
		"vendored/onely/Cargo.toml": ".",
		"inner/Cargo.toml":          "inner",
		"inner/x/Cargo.toml":        "inner",
		"far/Cargo.toml":            "inner",
		"far/below/Cargo.toml":      "inner",
		"broken/Cargo.toml":         "broken",
		"gone/Cargo.toml":           "gone",
	} {
		if got := m.workspaceRoot(s, manifest); got != want {
			t.Errorf("%s: %s, want %s", manifest, got, want)
		}
	}
}

// TestProjects: several generated files of one lock, nested folders, and files without a lock.
func TestProjects(t *testing.T) {
	dir := tree(t, map[string]string{
		"Cargo.lock": lockOf("a"), "Cargo.toml": manifestOf("a", ""), "Cargo.nix": cargo2nixFile("a"), "crate2.nix": crate2nixFile("a", "./.", "generate", "-o", "crate2.nix"),
		"nix/deep/Cargo.nix": crate2nixFile("a", "./../..", "generate", "-o", "nix/deep/Cargo.nix"),
		"sub/Cargo.lock":     lockOf("s"), "sub/Cargo.toml": manifestOf("s", "[workspace]\n"), "sub/Cargo.nix": cargo2nixFile("s"),
		"foreign/Cargo.nix": cargo2nixFile("f"), "mystery/Cargo.nix": "{ }", "only/Cargo.lock": lockOf("o"),
		"both/Cargo.lock": lockOf("t"), "both/Cargo.nix": crate2nixFile("t", "./."), "both/other.nix": crate2nixFile("stranger", "./gone", "generate", "-f", "/x/Cargo.toml"),
		"both/Cargo.toml": manifestOf("t", "[workspace]\n"),
	})
	type project struct {
		Root, Lock, Generated string
		Builders              string
	}
	want := []project{
		{".", "Cargo.lock", "Cargo.nix crate2.nix nix/deep/Cargo.nix", "cargo2nix crate2nix"},
		{"both", "both/Cargo.lock", "both/Cargo.nix", "crate2nix"},
		{"both", "", "both/other.nix", "crate2nix"},
		{"foreign", "", "foreign/Cargo.nix", "cargo2nix"},
		{"mystery", "", "mystery/Cargo.nix", ""},
		{"only", "only/Cargo.lock", "", ""},
		{"sub", "sub/Cargo.lock", "sub/Cargo.nix", "cargo2nix"},
	}
	for range 20 { // the order must not hang on a map's
		s := open(t, dir).Snapshot()
		var got []project
		for _, p := range s.Projects() {
			q := project{Root: p.Root, Builders: strings.Join(p.Builders(), " ")}
			if p.Lock != nil {
				q.Lock = p.Lock.Path()
			}
			var names []string
			for _, g := range p.Generated {
				names = append(names, g.Path())
				if s.ProjectOf(g.Path()) != p {
					t.Errorf("ProjectOf(%s) is another", g.Path())
				}
			}
			q.Generated = strings.Join(names, " ")
			got = append(got, q)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}
