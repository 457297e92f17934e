package ide

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

const samples = "../../testdata"

func openSample(t *testing.T, name string) *workspace.Snapshot {
	t.Helper()
	ws, err := workspace.Open(filepath.Join(samples, name))
	if err != nil {
		t.Fatal(err)
	}
	return ws.Snapshot()
}

func openFiles(t *testing.T, files map[string]string) *workspace.Snapshot {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return ws.Snapshot()
}

func contentOf(t *testing.T, snap *workspace.Snapshot, file string) []byte {
	t.Helper()
	f := snap.File(file)
	if f == nil {
		t.Fatalf("no %s", file)
	}
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// cursor is the byte offset of "|" in the first text of the file that is place without it.
func cursor(t *testing.T, snap *workspace.Snapshot, file, place string) int {
	t.Helper()
	before, after, ok := strings.Cut(place, "|")
	if !ok {
		t.Fatalf("no cursor in %q", place)
	}
	at := bytes.Index(contentOf(t, snap, file), []byte(before+after))
	if at < 0 {
		t.Fatalf("%s has no %q", file, before+after)
	}
	return at + len(before)
}

// targets renders what Definition finds: the file, and the text of the name there.
func targets(t *testing.T, snap *workspace.Snapshot, file string, offset int) []string {
	t.Helper()
	var list []string
	for _, target := range Definition(snap, file, offset) {
		data := contentOf(t, snap, target.Location.File)
		if target.Name.Start < target.Location.Span.Start || target.Name.End > target.Location.Span.End {
			t.Errorf("the name %v is outside of its definition %v", target.Name, target.Location.Span)
		}
		line := snap.File(target.Location.File).Index().LineOf(target.Location.Span.Start)
		first := snap.File(target.Location.File).Index().Line(line)
		list = append(list, target.Location.File+" "+string(data[target.Name.Start:target.Name.End])+" @ "+strings.TrimSpace(string(data[first.Start:min(first.End, first.Start+40)])))
	}
	return list
}

const cratesIO = `"registry+https://github.com/rust-lang/crates.io-index".`

func TestDefinition(t *testing.T) {
	for _, test := range []struct {
		name, sample, file, place string
		want                      []string
	}{
		{"a dependency's entry", "cargo2nix-basic", "Cargo.nix", `(rustPackages.` + cratesIO + `ser|de."`, []string{`Cargo.nix ` + cratesIO + `serde."1.0.229" @ ` + (cratesIO + `serde."1.0.229"`)[:38] + ``}},
		{"an entry's lock package", "cargo2nix-basic", "Cargo.nix", cratesIO + `|itoa."1.0.19" =`, []string{"Cargo.lock itoa @ [[package]]"}},
		{"from the hash", "cargo2nix-basic", "Cargo.nix", `sha256 = "4e76|48175b45`, []string{"Cargo.lock cfg-if @ [[package]]"}},
		{"a member's entry", "cargo2nix-basic", "Cargo.nix", `"unknown".tal|ly-core."0.3.0" =`, []string{"tally-core/Cargo.toml tally-core @ [package]"}},
		{"a lock package's entry", "cargo2nix-basic", "Cargo.lock", `name = "cfg|-if"`, []string{`Cargo.nix ` + cratesIO + `cfg-if."1.0.5" @ ` + (cratesIO + `cfg-if."1.0.5"`)[:38]}},
		{"a lock dependency's package", "cargo2nix-basic", "Cargo.lock", ` "dif|f",`, []string{"Cargo.lock diff @ [[package]]"}},
		{"a lock package's entries in both files", "mixed-git-path", "Cargo.lock", `name = "padd|ing"`, []string{`Cargo.nix "unknown".padding."1.0.0" @ `, `crate2.nix "padding" @ "padding" = rec {`}},
		{"crate2nix: a dependency's entry", "crate2nix-basic", "Cargo.nix", `packageId = "ito|a 0.4.8"`, []string{`Cargo.nix "itoa 0.4.8" @ "itoa 0.4.8" = rec {`}},
		{"crate2nix: an entry's lock package", "crate2nix-basic", "Cargo.nix", `"itoa 0.|4.8" = rec {`, []string{"Cargo.lock itoa @ [[package]]"}},
		{"crate2nix: a member's entry", "crate2nix-basic", "Cargo.nix", `crateName = "relay-pr|oto"`, []string{"relay-proto/Cargo.toml relay-proto @ [package]"}},
		{"crate2nix: a workspace member", "crate2nix-basic", "Cargo.nix", `"relay-pr|oto" = rec {`, []string{`Cargo.nix "relay-proto" @ `}},
		{"a workspace member", "cargo2nix-basic", "Cargo.nix", `tal|ly = rustPackages.unknown`, []string{`Cargo.nix "unknown".tally."0.3.0" @ `}},
		{"a path dependency outside of the workspace", "mixed-git-path", "Cargo.nix", `"unknown".pad|ding."1.0.0" =`, []string{"Cargo.lock padding @ [[package]]"}},
		{"a git crate's lock package", "mixed-git-path", "Cargo.nix", `rev = "6723|e04d`, []string{"Cargo.lock greet @ [[package]]"}},
		{"a crate that the lock lost", "drifted", "Cargo.nix", cratesIO + `cfg|-if."1.0.5" =`, nil},
		{"a package that the file lacks", "drifted", "Cargo.lock", `name = "fast|rand"`, nil},
		{"a comment", "cargo2nix-basic", "Cargo.nix", `# This file |was`, nil},
		{"Nix glue", "cargo2nix-basic", "Cargo.nix", `let drv = |drvs`, nil},
		{"the hash of the lock", "cargo2nix-basic", "Cargo.nix", `nixifiedLockHash = "95|06`, nil},
		{"crate2nix's library", "crate2nix-basic", "Cargo.nix", `buildRust|CrateWithFeatures =`, nil},
		{"the lock's version", "cargo2nix-basic", "Cargo.lock", "version = |4", nil},
		{"a key of the lock", "cargo2nix-basic", "Cargo.lock", "na|me = ", nil},
		{"another Nix file", "cargo2nix-basic", "flake.nix", "inp|uts", nil},
		{"a manifest", "cargo2nix-basic", "Cargo.toml", "mem|bers", nil},
	} {
		snap := openSample(t, test.sample)
		got := targets(t, snap, test.file, cursor(t, snap, test.file, test.place))
		for i := range got { // of the line, the beginning is enough
			if i < len(test.want) && strings.HasPrefix(got[i], test.want[i]) {
				got[i] = test.want[i]
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if Definition(openSample(t, "drifted"), "nowhere.nix", 3) != nil || Hover(openSample(t, "drifted"), "nowhere.nix", 3) != nil {
		t.Error("a file that is not there has answers")
	}
}

func TestHover(t *testing.T) {
	for _, test := range []struct {
		name, sample, file, place string
		want                      []string // parts of the text; none: no hover
		span                      string
	}{
		{"a cargo2nix entry", "cargo2nix-basic", "Cargo.nix", cratesIO + `itoa."1.0|.19" =`,
			[]string{"**itoa** 1.0.19 · crates.io", "checksum `3bd1574e617a9a6c…` as in the lock", "0 dependencies · ", "[docs.rs](https://docs.rs/itoa/1.0.19)", "https://crates.io/crates/itoa/1.0.19"}, cratesIO + `itoa."1.0.19"`},
		{"a dependency", "cargo2nix-basic", "Cargo.nix", `(rustPackages.` + cratesIO + `ser|de."`, []string{"**serde** 1.0.229 · crates.io", "as in the lock"}, ""},
		{"a lock package", "cargo2nix-basic", "Cargo.lock", `name = "sem|ver"`, []string{"**semver** 1.0.26 · crates.io"}, "semver"},
		{"a lock dependency", "cargo2nix-basic", "Cargo.lock", ` "dif|f",`, []string{"**diff** 0.1.13 · crates.io", "as in the lock"}, "diff"},
		{"a member", "cargo2nix-basic", "Cargo.nix", `"unknown".|tally."0.3.0" =`, []string{"**tally** 0.3.0 · path", "features: "}, `"unknown".tally."0.3.0"`},
		{"crate2nix", "crate2nix-basic", "Cargo.nix", `crateName = "rayon|-core"`, []string{"**rayon-core** ", "links the native library `rayon-core`", "dependents"}, "rayon-core"},
		{"git", "mixed-git-path", "Cargo.lock", `name = "gr|eet"`, []string{"**greet** 0.1.0 · git `https://example.com/greet.git` at `6723e04d65a4`", "revision as in the lock"}, "greet"},
		{"no longer in the lock", "drifted", "Cargo.nix", cratesIO + `cfg|-if."1.0.5" =`, []string{"⚠ not in the lock"}, cratesIO + `cfg-if."1.0.5"`},
		{"another version in the lock", "drifted", "Cargo.nix", cratesIO + `sem|ver."1.0.26" =`, []string{"⚠ the lock has 1.0.27"}, ""},
		{"not in the file", "drifted", "Cargo.lock", `name = "fast|rand"`, []string{"**fastrand** 2.3.0 · crates.io", "⚠ not in `Cargo.nix`"}, "fastrand"},
		{"another revision", "drifted-crate2nix", "Cargo.nix", `crateName = "gr|eet"`, []string{"⚠ the lock is at revision `df4cd272e8c2243921a4c89260e146cdfed29ae7`"}, "greet"},
		{"a comment", "crate2nix-basic", "Cargo.nix", `# This |file`, nil, ""},
		{"glue", "cargo2nix-basic", "Cargo.nix", `inherit |release profile`, nil, ""},
	} {
		snap := openSample(t, test.sample)
		got := Hover(snap, test.file, cursor(t, snap, test.file, test.place))
		if got == nil {
			if test.want != nil {
				t.Errorf("%s: nothing", test.name)
			}
			continue
		}
		if test.want == nil {
			t.Errorf("%s: %s", test.name, got.Markdown)
		}
		for _, part := range test.want {
			if !strings.Contains(got.Markdown, part) {
				t.Errorf("%s: no %q in\n%s", test.name, part, got.Markdown)
			}
		}
		if data := contentOf(t, snap, test.file); test.span != "" && string(data[got.Span.Start:got.Span.End]) != test.span {
			t.Errorf("%s: over %q, want %q", test.name, data[got.Span.Start:got.Span.End], test.span)
		}
	}
}

// drifting is a crate2nix file with one crate, whose fields are given.
func drifting(fields string) string {
	return `{ pkgs ? null, defaultCrateOverrides ? null, rootFeatures ? [ ], buildRustCrateForPkgs ? null }:
rec { rootCrate = rec { packageId = "x"; build = internal.buildRustCrateWithFeatures { inherit packageId; }; }; internal = rec { crates = { "x" = rec { ` + fields + ` }; }; }; }
`
}

// TestHoverDrift: only what is known to differ is said to.
func TestHoverDrift(t *testing.T) {
	const checksum = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	fromRegistry := func(sum string) string {
		return "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"" + sum + "\"\n"
	}
	fromGit := func(rev string) string {
		return "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/x#" + rev + "\"\n"
	}
	const entry = `crateName = "x"; version = "1.0.0"; edition = "2021"; `
	for _, test := range []struct{ name, fields, lock, want, never string }{
		{"equal", entry + `sha256 = "` + checksum + `";`, fromRegistry(checksum), "as in the lock", "⚠"},
		{"checksum", entry + `sha256 = "` + checksum + `";`, fromRegistry(strings.Repeat("b", 64)), "⚠ checksum `" + checksum + "` differs from the lock's `bbbb", ""},
		{"git instead of crates.io", entry + `sha256 = "` + checksum + `";`, fromGit(strings.Repeat("1", 40)), "⚠ from another source in the lock", "checksum"},
		{"crates.io instead of git", entry + `src = pkgs.fetchgit { url = "https://example.com/x"; rev = "1"; sha256 = "` + checksum + `"; };`, fromRegistry(checksum), "⚠ from another source in the lock", "checksum"},
		{"revision in upper case", entry + `src = pkgs.fetchgit { url = "https://example.com/x"; rev = "` + strings.Repeat("A", 40) + `"; sha256 = "` + checksum + `"; };`, fromGit(strings.Repeat("a", 40)), "revision as in the lock", "⚠"},
		{"a source that is not known", entry + `src = somewhere;`, fromGit(strings.Repeat("a", 40)), "**x** 1.0.0", "⚠"},
	} {
		snap := openFiles(t, map[string]string{"Cargo.lock": test.lock, "Cargo.toml": "[package]\nname = \"x\"\nversion = \"1.0.0\"\n", "Cargo.nix": drifting(test.fields)})
		if len(snap.GeneratedAt("Cargo.nix").Locks) == 0 {
			t.Fatalf("%s: no lock", test.name)
		}
		got := Hover(snap, "Cargo.nix", cursor(t, snap, "Cargo.nix", `"|x" = rec`))
		if got == nil || !strings.Contains(got.Markdown, test.want) || test.never != "" && strings.Contains(got.Markdown, test.never) {
			t.Errorf("%s: want %q, never %q:\n%+v", test.name, test.want, test.never, got)
		}
	}
}

// TestHoverOfTheUnread: a lock package is not called missing in a file that cannot be read in full.
func TestHoverOfTheUnread(t *testing.T) {
	const lock = "version = 4\n[[package]]\nname = \"x\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"y\"\nversion = \"1.0.0\"\n"
	const entry = `crateName = "x"; version = "1.0.0"; edition = "2021"; src = ./.;`
	for name, test := range map[string]struct {
		nix  string
		says bool
	}{
		"in full":      {drifting(entry), true},
		"broken":       {drifting(entry + " }; ) "), false},
		"unknown":      {"{ }", false},
		"features out": {"# This file was @generated by crate2nix 0.15.0 with the command:\n#  \"generate\" \"--no-default-features\"\n" + drifting(entry), false},
	} {
		snap := openFiles(t, map[string]string{"Cargo.lock": lock, "Cargo.toml": "[package]\nname = \"x\"\nversion = \"1.0.0\"\n", "Cargo.nix": test.nix})
		got := Hover(snap, "Cargo.lock", cursor(t, snap, "Cargo.lock", `"|y"`))
		if got == nil || strings.Contains(got.Markdown, "⚠") != test.says {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestEscaping(t *testing.T) {
	for text, want := range map[string]string{
		"serde_json":                 "serde_json",
		"_x_":                        `\_x\_`,
		"a**b**":                     `a\*\*b\*\*`,
		"[x](https://evil)":          `\[x\](https\://evil)`,
		"![x](y)":                    `\!\[x\](y)`,
		"<script>&lt;":               `\<script\>\&lt;`,
		"x\n\n# heading":             `x \# heading`,
		"`code`":                     "\\`code\\`",
		`\*`:                         `\\\*`,
		"~~gone~~":                   `\~\~gone\~\~`,
		"1.0.0-alpha.1+build.5_6-x7": "1.0.0-alpha.1+build.5_6-x7",
	} {
		if got := escape(text); got != want {
			t.Errorf("escape(%q) = %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"a": "`a`", "a`b": "`` a`b ``", "a``b`": "``` a``b` ```", "a\n\n[x](y)": "`a [x](y)`"} {
		if got := code(text); got != want {
			t.Errorf("code(%q) = %q, want %q", text, got, want)
		}
	}
	if got, want := links("a/../b)](x", "1.0.0+x y", true), "[docs.rs](https://docs.rs/a%2F..%2Fb%29%5D%28x/1.0.0%2Bx%20y) · [crates.io](https://crates.io/crates/a%2F..%2Fb%29%5D%28x/1.0.0%2Bx%20y)"; got != want {
		t.Errorf("links: %s", got)
	}
}

// TestHostileNames: no name makes markup, and what is no UTF-8 does not get through.
func TestHostileNames(t *testing.T) {
	for _, name := range []string{"**x**[y](https://evil)", "x\\n\\n# heading", "<b>x</b>", "x\xff\xfe", "é\xed\xa0\x80"} {
		snap := openFiles(t, map[string]string{"Cargo.nix": drifting(`crateName = "` + name + `"; version = "1.` + name + `"; edition = "2021"; links = "` + name + "`" + `"; src = pkgs.fetchgit { url = "` + name + `"; rev = "12345678901é\xff"; sha256 = "x"; };`)})
		got := Hover(snap, "Cargo.nix", cursor(t, snap, "Cargo.nix", `"|x" = rec`))
		if got == nil {
			t.Fatalf("%q: nothing", name)
		}
		if !utf8.ValidString(got.Markdown) {
			t.Errorf("%q: no UTF-8: %q", name, got.Markdown)
		}
		for _, markup := range []string{"[y](https", "\n# ", "<b>"} {
			head, _, _ := strings.Cut(got.Markdown, " · ")
			if strings.Contains(head, markup) {
				t.Errorf("%q gets through: %s", markup, got.Markdown)
			}
		}
	}
}

// TestEveryOffset asks at each byte of each sample file.
func TestEveryOffset(t *testing.T) {
	for _, sample := range []string{"cargo2nix-basic", "crate2nix-basic", "mixed-git-path", "drifted", "drifted-crate2nix"} {
		snap := openSample(t, sample)
		err := fs.WalkDir(os.DirFS(filepath.Join(samples, sample)), ".", func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data := contentOf(t, snap, file)
			answers := 0
			for offset := -1; offset <= len(data)+1; offset++ {
				inside := func(what, in string, span text.Span) {
					size := len(contentOf(t, snap, in))
					if span.Start < 0 || span.Start > span.End || span.End > size {
						t.Fatalf("%s/%s at %d: %s %v is outside of %s", sample, file, offset, what, span, in)
					}
				}
				hover := Hover(snap, file, offset)
				if hover != nil {
					answers++
					inside("hover", file, hover.Span)
					if !hover.Span.Contains(offset) || hover.Span.Len() == 0 || hover.Markdown == "" {
						t.Fatalf("%s/%s at %d: hover %+v", sample, file, offset, hover)
					}
				}
				for _, target := range Definition(snap, file, offset) {
					inside("origin", file, target.Origin)
					inside("target", target.Location.File, target.Location.Span)
					inside("name", target.Location.File, target.Name)
					if !target.Origin.Contains(offset) || hover == nil || hover.Span != target.Origin {
						t.Fatalf("%s/%s at %d: definition %+v", sample, file, offset, target)
					}
				}
			}
			if known := snap.GeneratedAt(file) != nil || snap.LockAt(file) != nil; known != (answers > 0) {
				t.Errorf("%s/%s: %d answers", sample, file, answers)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
