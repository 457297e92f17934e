package cargo

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/internal/tooltest"
)

const memberManifest = `cargo-features = []
[package]
name = "member"
version.workspace = true
edition = { workspace = true }
rust-version = '1.70'
links = "z"
build = false

[features]
default = ["std", 'dep:log']
"std" = []

[dependencies]
plain = "1.0"
inline = { package = "other", version = "^2", optional = true, default-features = false, features = ["a", "b"] }
dotted.workspace = true
dotted.features = ["x"]
"quoted" = { path = "../quoted" }
short.path = "../short"

[dependencies.table] # comment
git = "https://example.com/t"
branch = "main"

[dev-dependencies]
plain = { workspace = true }

[target.'cfg(unix)'.build-dependencies]
cc = { version = "1", registry = "mine" }
[target.wasm32-unknown-unknown.dependencies.js]
version = "0.3"

[patch.crates-io]
plain = { path = "p" }
[patch."https://example.com/t"]
table = { git = "https://example.com/t2", rev = "abc" }
[replace]
"plain:1.0.0" = { path = "p" }
`

const rootManifest = `
[workspace]
members = ["member", "crates/*"]
exclude = [
  "crates/old", # gone
]
resolver = "2"
[workspace.package]
version = "3.1.4"
edition = "2021"
[workspace.dependencies]
plain = { version = "1.2", features = ["w"] }
dotted = { path = "dotted", features = ["w", "x"], default-features = false }
`

func TestParseManifest(t *testing.T) {
	for name, data := range map[string]string{
		"as written": memberManifest,
		"CRLF":       strings.ReplaceAll(memberManifest, "\n", "\r\n"),
		"BOM":        bom + memberManifest,
		"project":    strings.Replace(memberManifest, "[package]", "[project]", 1),
		// TOML 1.1
		"multi-line": strings.NewReplacer("version = \"^2\", ", "# }\n  version = \"^2\",\n\n  ", "\"b\"] }", "\"b\", # ]\n  ],\n}").Replace(memberManifest),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseManifest([]byte(data))
			if err != nil {
				t.Fatal(err)
			}
			if err := checkManifest(data, m, true); err != nil {
				t.Error(err)
			}
			p := m.Package
			if p.Name != "member" || at(data, p.NameSpan) != "member" || p.Links != "z" || !p.NoBuild || p.Build != "" {
				t.Errorf("%+v", p)
			}
			if !p.Version.Workspace || p.Version.Value != "" || at(data, p.Version.Span) != "version.workspace = true" {
				t.Errorf("version %+v", p.Version)
			}
			if !p.Edition.Workspace || at(data, p.Edition.Span) != "edition = { workspace = true }" {
				t.Errorf("edition %+v", p.Edition)
			}
			if p.RustVersion.Value != "1.70" || at(data, p.RustVersion.Span) != "1.70" {
				t.Errorf("rust-version %+v", p.RustVersion)
			}
			if s := at(data, p.Span); !strings.HasPrefix(s, "[p") || !strings.HasSuffix(s, "build = false") {
				t.Errorf("package %q", s)
			}
			if len(m.Features) != 2 || m.Features[0].Name != "default" || m.Features[1].Name != "std" ||
				at(data, m.Features[1].KeySpan) != `"std"` || m.Features[0].Values[1].Value != "dep:log" ||
				at(data, m.Features[0].Values[1].Span) != "dep:log" {
				t.Errorf("features %+v", m.Features)
			}
			var names []string
			byName := map[string]ManifestDependency{}
			for _, d := range m.Dependencies {
				id := fmt.Sprintf("%s %s %s", d.Kind, d.Target, d.Name)
				names = append(names, id)
				byName[id] = d
			}
			want := []string{
				"dependencies  plain", "dependencies  inline", "dependencies  dotted", "dependencies  quoted", "dependencies  short",
				"dependencies  table", "dev-dependencies  plain", "build-dependencies cfg(unix) cc", "dependencies wasm32-unknown-unknown js",
			}
			if !slices.Equal(names, want) {
				t.Fatalf("%q", names)
			}
			in := byName[want[1]]
			if in.PackageName() != "other" || in.Version != "^2" || !in.Optional || in.DefaultFeatures || !slices.Equal(in.Features, []string{"a", "b"}) ||
				at(data, in.VersionSpan) != "^2" || at(data, in.PackageSpan) != "other" || !strings.HasPrefix(at(data, in.FeaturesSpan), "[") ||
				!strings.HasPrefix(at(data, in.Span), "inline = {") || !strings.HasSuffix(at(data, in.Span), "}") {
				t.Errorf("%+v", in)
			}
			if d := byName[want[2]]; !d.Workspace || at(data, d.KeySpan) != "dotted" || strings.ReplaceAll(at(data, d.Span), "\r", "") != "dotted.workspace = true\ndotted.features = [\"x\"]" {
				t.Errorf("%+v %q", d, at(data, d.Span))
			}
			if d := byName[want[3]]; at(data, d.KeySpan) != `"quoted"` || d.Path != "../quoted" || at(data, d.PathSpan) != "../quoted" {
				t.Errorf("%+v", d)
			}
			if d := byName[want[5]]; at(data, d.KeySpan) != "table" || d.Git != "https://example.com/t" || d.Branch != "main" ||
				!strings.HasPrefix(at(data, d.Span), "[dependencies.table]") || !strings.HasSuffix(at(data, d.Span), `branch = "main"`) {
				t.Errorf("%+v", d)
			}
			if d := byName[want[7]]; d.Registry != "mine" || at(data, d.KeySpan) != "cc" {
				t.Errorf("%+v", d)
			}
			if len(m.Patches) != 2 || m.Patches[0].Source != "crates-io" || m.Patches[1].Source != "https://example.com/t" ||
				m.Patches[1].Dependencies[0].Rev != "abc" || len(m.Replace) != 1 || m.Replace[0].Name != "plain:1.0.0" {
				t.Errorf("%+v %+v", m.Patches, m.Replace)
			}
		})
	}
}

func TestManifestResolve(t *testing.T) {
	m, err := ParseManifest([]byte(memberManifest))
	if err != nil {
		t.Fatal(err)
	}
	root, err := ParseManifest([]byte(rootManifest))
	if err != nil {
		t.Fatal(err)
	}
	if root.Package != nil || root.Workspace.Resolver != "2" || len(root.Workspace.Members) != 2 || root.Workspace.Exclude[0].Value != "crates/old" ||
		at(rootManifest, root.Workspace.Members[1].Span) != "crates/*" {
		t.Errorf("%+v", root.Workspace)
	}
	got := m.Resolve(root)
	if p := got.Package; p.Version.Value != "3.1.4" || !p.Version.Workspace || p.Edition.Value != "2021" || p.RustVersion.Value != "1.70" {
		t.Errorf("%+v", p)
	}
	if m.Package.Version.Value != "" || m.Dependencies[2].FromRoot {
		t.Error("Resolve changed its receiver")
	}
	d := got.Dependencies[2]
	if !d.FromRoot || d.Path != "dotted" || !slices.Equal(d.Features, []string{"w", "x"}) || d.DefaultFeatures {
		t.Errorf("%+v", d)
	}
	if d := got.Dependencies[6]; d.Kind != Dev || d.Version != "1.2" || !d.FromRoot {
		t.Errorf("%+v", d)
	}
	if d := got.Dependencies[0]; d.Version != "1.0" || d.FromRoot {
		t.Errorf("%+v", d)
	}
	if !slices.Equal(root.Workspace.Dependencies[1].Features, []string{"w", "x"}) {
		t.Error("Resolve changed the root")
	}
	for _, nothing := range []*Manifest{nil, {}} {
		if got := m.Resolve(nothing); got.Package.Version.Value != "" || got.Dependencies[2].FromRoot {
			t.Errorf("%+v", got)
		}
	}
}

// What TOML 1.1 added, and the grammar does not know, must not cost the spans of what stands around it.
func TestManifestTOML11(t *testing.T) {
	for _, odd := range []string{
		`a = "\e[1m \x41 \" \\"`, `a = """ \e \x41 \"""" `, `a = """x \` + "\n" + `  y"""`, "a = 07:32", "a = 1979-05-27T07:32", `"\x41" = 1`,
		"a = {\n b = [ # {\n 1,\n ], # }\n}", "a = { b = 1, c = { d = 1, }, }", "a = {\n}", "a = { # x\n }",
	} {
		data := "[package]\nname = \"n\"\nversion = \"1.2.3\"\n[package.metadata]\n" + odd + "\nlast = 1\n[dependencies]\nd = { version = \"1\" }\ne = \"2\"\n"
		m, err := ParseManifest([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", odd, err)
			continue
		}
		d, e := m.Dependencies[0], m.Dependencies[1]
		if at(data, m.Package.Version.Span) != "1.2.3" || at(data, d.KeySpan) != "d" || at(data, d.VersionSpan) != "1" || at(data, e.VersionSpan) != "2" || at(data, e.Span) != `e = "2"` {
			t.Errorf("%s: %+v", odd, m)
		}
	}
}

func TestMaxNesting(t *testing.T) {
	for n, want := range map[int]bool{maxNesting: true, maxNesting + 1: false} {
		for _, data := range []string{
			"x = " + strings.Repeat("[", n) + strings.Repeat("]", n),
			strings.Repeat("a.", n-1) + "a = 1",
		} {
			if _, err := ParseManifest([]byte(data)); (err == nil) != want {
				t.Errorf("%d levels: %v", n, err)
			}
		}
	}
}

// TestHostile: time must grow with the size of the input, not faster.
func TestHostile(t *testing.T) {
	const n = 1 << 18
	for name, data := range map[string]string{
		"quotes":       strings.Repeat(`"`, n),
		"brackets":     strings.Repeat("[]", n/2),
		"keys":         "[dependencies]\n" + strings.Repeat("a.", maxNesting-2) + "a = 1\n",
		"array":        "x = [" + strings.Repeat("{},", n/3) + "]",
		"strings":      "[workspace]\nmembers = [" + strings.Repeat(`"a",`, n/4) + "]",
		"times":        "x = [" + strings.Repeat("07:32,", n/6) + "]",
		"lines":        strings.Repeat("\n", n),
		"markers":      strings.Repeat("=======\n", n/8),
		"open strings": strings.Repeat("\"\n", n/2),
		"deep tables":  "x = " + strings.Repeat("{a=", maxNesting-1) + "1" + strings.Repeat("}", maxNesting-1),
	} {
		start := time.Now()
		ParseManifest([]byte(data))
		ParseLock([]byte(data))
		// Seconds, where a quadratic algorithm takes minutes: the machines that tests run on are slow at times.
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s: %v", name, d)
		} else {
			t.Logf("%s: %v", name, d)
		}
	}
}

func TestManifestSmall(t *testing.T) {
	m, err := ParseManifest(nil)
	if err != nil || m.Package != nil || m.Workspace != nil {
		t.Errorf("%+v, %v", m, err)
	}
	m, err = ParseManifest([]byte("package.name = 'a'\nworkspace = {}"))
	if err != nil {
		t.Fatal(err)
	}
	if m.Package.Version != (Inheritable{Value: DefaultVersion}) || m.Package.Edition.Value != DefaultEdition || m.Workspace == nil {
		t.Errorf("%+v", m.Package)
	}
}

func TestParseManifestErrors(t *testing.T) {
	for _, c := range []struct{ data, msg, place string }{
		{"[package]\nversion = \"1\"\n", "[package] without name", "[package]"},
		{"[package]\nname = 3\n", "name must be a string", "3"},
		{"[package]\nname = \"a\"\nversion = 1.0\n", "version must be a string", "1.0"},
		{"[package]\nname = \"a\"\nversion = { workspace = false }\n", "version must be a string or say workspace = true", "{ workspace = false }"},
		{"package = 1\n", "package must be a table", "1"},
		{"[dependencies]\na = 1\n", "dependency a must be a version requirement or a table", "1"},
		{"[dependencies]\na = { optional = \"yes\" }\n", "optional must be true or false", `"yes"`},
		{"[workspace]\nmembers = \"a\"\n", "members must be an array of strings", `"a"`},
		{"[features]\na = [1]\nb = 2\n", "a must be an array of strings", "1"},
		{"[target]\nx = 1\n", "target.x must be a table", "1"},
		{"[package]\nname = \"a\"\n<<<<<<< ours\n", "merge conflict markers at line 3", "<<<<<<< ours"},
		{"[package]\nname = \"a\n", "invalid TOML at line 2: ", ""},
	} {
		_, err := ParseManifest([]byte(c.data))
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%q: %v", c.data, err)
			continue
		}
		if se.Msg != c.msg && !(strings.HasSuffix(c.msg, " ") && strings.HasPrefix(se.Msg, c.msg)) {
			t.Errorf("%q: %q", c.data, se.Msg)
		}
		if c.place != "" && at(c.data, se.Span) != c.place {
			t.Errorf("%q: at %q", c.data, at(c.data, se.Span))
		}
	}
}

func TestWorkspaceMatches(t *testing.T) {
	for _, c := range []struct {
		members, exclude string
		yes, no          string
	}{
		{"a ./b/ c/d", "", ". a b c/d ./a/", "c a/x d"},
		{"crates/*", "", "crates/x crates/.y", "crates crates/x/y x"},
		{"crates/**", "", "crates/x crates/x/y", "x"},
		{"**/lib-?", "", "lib-a x/lib-b x/y/lib-c", "lib-ab x"},
		{"x[!a]z x[b-c]y", "", "xbz xby", "xaz xay"},
		{"crates/* ../out", "crates/old vendor", "crates/new crates/older ../out", "crates/old crates/old/x vendor/x"},
		{"crates/* crates/old/keep", "crates/old", "crates/old/keep", "crates/old"},
		{"[", "", "[", "a"},
	} {
		spanned := func(s string) (list []Spanned) {
			for _, f := range strings.Fields(s) {
				list = append(list, Spanned{Value: f})
			}
			return list
		}
		w := &WorkspaceTable{Members: spanned(c.members), Exclude: spanned(c.exclude)}
		for _, dir := range strings.Fields(c.yes) {
			if !w.Matches(dir) {
				t.Errorf("%q - %q: %q does not match", c.members, c.exclude, dir)
			}
		}
		for _, dir := range strings.Fields(c.no) {
			if w.Matches(dir) {
				t.Errorf("%q - %q: %q matches", c.members, c.exclude, dir)
			}
		}
	}
}

// checkManifest holds what must be true of the spans of any manifest; exact if the tree must have a node for every key.
func checkManifest(data string, m *Manifest, exact bool) error {
	spans := map[string][]text.Span{}
	keys := map[text.Span]string{}
	add := func(name string, s ...text.Span) { spans[name] = append(spans[name], s...) }
	deps := func(list []ManifestDependency) {
		for _, d := range list {
			add(d.Name, d.KeySpan, d.Span, d.PackageSpan, d.VersionSpan, d.PathSpan, d.GitSpan, d.FeaturesSpan)
			keys[d.KeySpan] = d.Name
			for _, s := range []struct {
				value string
				span  text.Span
			}{{d.Version, d.VersionSpan}, {d.Path, d.PathSpan}, {d.Git, d.GitSpan}, {d.Package, d.PackageSpan}} {
				if exact && at(data, s.span) != s.value {
					return
				}
			}
		}
	}
	if p := m.Package; p != nil {
		add("package", p.Span, p.NameSpan, p.Version.Span, p.Edition.Span, p.RustVersion.Span, p.Workspace.Span)
		keys[p.NameSpan] = p.Name
	}
	if w := m.Workspace; w != nil {
		add("workspace", w.Span, w.Version.Span, w.Edition.Span, w.RustVersion.Span)
		for _, s := range append(append(w.Members, w.DefaultMembers...), w.Exclude...) {
			add("members", s.Span)
			keys[s.Span] = s.Value
		}
		deps(w.Dependencies)
	}
	deps(m.Dependencies)
	deps(m.Replace)
	for _, p := range m.Patches {
		add("patch", p.KeySpan, p.Span)
		keys[p.KeySpan] = p.Source
		deps(p.Dependencies)
	}
	for _, f := range m.Features {
		add("features", f.KeySpan, f.Span)
		keys[f.KeySpan] = f.Name
		for _, v := range f.Values {
			keys[v.Span] = v.Value
			add("features", v.Span)
		}
	}
	for name, list := range spans {
		for _, s := range list {
			if s.Start < 0 || s.Start > s.End || s.End > len(data) {
				return fmt.Errorf("%s: span %+v of %d bytes", name, s, len(data))
			}
		}
	}
	if exact {
		for s, name := range keys {
			if got := at(data, s); strings.Trim(got, `"'`) != name {
				return fmt.Errorf("%q at the span of %q", got, name)
			}
		}
	}
	return nil
}

func FuzzParseManifest(f *testing.F) {
	for _, s := range []string{
		memberManifest, rootManifest, "", "package.name = 'a'", "a = [{b = [\n# c\n1,],\n},]", "x = '''\n''''' \"\"\"\"",
		"[[a]]\n[[a.b]]\nc.d = 1\n[a.e]\n", "[dependencies]\n\"a\\u0062\" = '1'\n'c.d'.path = \"\"\"\nx\"\"\"",
		"workspace = { dependencies = { a = '1' } }",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		m, err := ParseManifest([]byte(data))
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Span.Start < 0 || se.Span.Start > se.Span.End || se.Span.End > len(data) || strings.Contains(se.Msg, "\n") {
				t.Fatalf("%#v", err)
			}
			return
		}
		if err := checkManifest(data, m, false); err != nil {
			t.Error(err)
		}
		m.Resolve(m)
		if m.Workspace != nil {
			m.Workspace.Matches("a/b")
		}
	})
}

// TestManifestLikeCargo holds ParseManifest and Resolve against cargo itself.
func TestManifestLikeCargo(t *testing.T) {
	cargo := tooltest.Need(t, "cargo")
	dir := t.TempDir()
	files := map[string]string{
		"Cargo.toml": `[workspace]
members = ["a", "crates/*"]
exclude = ["crates/out"]
resolver = "2"
package = { version = "3.1.4", edition = "2021", rust-version = "1.70" }
[workspace.dependencies]
a = { path = "a", default-features = false, features = ["one"] }
`,
		"a/Cargo.toml": `[package]
name = "a"
version.workspace = true
edition = { workspace = true }
rust-version.workspace = true
[features]
one = []
two = []
default = []
`,
		"crates/b/Cargo.toml": `[project]
name = 'b'
[dependencies]
a.workspace = true
a.features = ["two"]
[target.'cfg(unix)'.build-dependencies.x]
package = "a"
path = "../../a"
`,
		"crates/c/Cargo.toml":      "package.name = \"c\"\npackage.version = \"\"\"\n0.1.0\"\"\"\npackage.edition = '2018'\n[dev-dependencies]\na = { workspace = true, default-features = true }\n",
		"crates/out/Cargo.toml":    "[package]\nname = \"out\"\n",
		"crates/c/sub/Cargo.toml":  "[package]\nname = \"sub\"\n",
		"elsewhere/sub/Cargo.toml": "[package]\nname = \"elsewhere\"\n",
	}
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Join(filepath.Dir(file), "src"), 0o777); err != nil {
			t.Fatal(err)
		}
		for file, data := range map[string]string{file: data, filepath.Join(filepath.Dir(file), "src", "lib.rs"): ""} {
			if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.Command(cargo, "metadata", "--no-deps", "--offline", "--format-version", "1")
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var metadata struct {
		Packages []struct {
			Name         string
			Version      string
			Edition      string
			RustVersion  string `json:"rust_version"`
			ManifestPath string `json:"manifest_path"`
			Dependencies []struct {
				Name                string
				Req                 string
				Kind                string
				Rename              string
				Optional            bool
				Features            []string
				UsesDefaultFeatures bool `json:"uses_default_features"`
				Target              string
			}
		}
		WorkspaceRoot string `json:"workspace_root"`
	}
	if err := json.Unmarshal(out, &metadata); err != nil {
		t.Fatal(err)
	}
	root, err := ParseManifest([]byte(files["Cargo.toml"]))
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]bool{}
	for _, want := range metadata.Packages {
		rel, err := filepath.Rel(metadata.WorkspaceRoot, want.ManifestPath)
		if err != nil {
			t.Fatal(err)
		}
		rel = filepath.ToSlash(rel)
		members[rel] = true
		m, err := ParseManifest([]byte(files[rel]))
		if err != nil {
			t.Fatal(err)
		}
		m = m.Resolve(root)
		p := m.Package
		if p.Name != want.Name || p.Version.Value != want.Version || p.Edition.Value != want.Edition || p.RustVersion.Value != want.RustVersion {
			t.Errorf("%s: %+v, cargo has %+v", rel, p, want)
		}
		if len(m.Dependencies) != len(want.Dependencies) {
			t.Fatalf("%s: %d dependencies, cargo has %d", rel, len(m.Dependencies), len(want.Dependencies))
		}
		for i, w := range want.Dependencies {
			d := m.Dependencies[i]
			kind := strings.TrimSuffix(strings.TrimSuffix(d.Kind.String(), "dependencies"), "-")
			rename := ""
			if d.Package != "" {
				rename = d.Name
			}
			slices.Sort(w.Features)
			features := slices.Sorted(slices.Values(d.Features))
			if d.PackageName() != w.Name || kind != w.Kind || rename != w.Rename || d.Optional != w.Optional || d.Target != w.Target ||
				d.DefaultFeatures != w.UsesDefaultFeatures || !slices.Equal(features, w.Features) {
				t.Errorf("%s: %+v, cargo has %+v", rel, d, w)
			}
		}
	}
	for rel := range files {
		if rel == "Cargo.toml" {
			continue
		}
		if got := root.Workspace.Matches(strings.TrimSuffix(rel, "/Cargo.toml")); got != members[rel] {
			t.Errorf("%s: Matches is %v, cargo has %v", rel, got, members[rel])
		}
	}
}

func BenchmarkParseManifest(b *testing.B) {
	data := []byte(memberManifest)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseManifest(data); err != nil {
			b.Fatal(err)
		}
	}
}
