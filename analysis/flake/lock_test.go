package flake

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lockOf wraps nodes into a lock of the version, whose root has the inputs.
func lockOf(version int, inputs, nodes string) []byte {
	return fmt.Appendf(nil, `{"nodes": {"root": {"inputs": {%s}}%s}, "root": "root", "version": %d}`, inputs, nodes, version)
}

func github(name, owner, repo string) string {
	return fmt.Sprintf(`, %q: {"locked": {"type": "github", "owner": %q, "repo": %q, "rev": "abc", "lastModified": 1712112003, "narHash": "sha256-x"}, "original": {"type": "github", "owner": %[2]q, "repo": %[3]q}}`, name, owner, repo)
}

func TestVersions(t *testing.T) {
	for version, ok := range map[int]bool{4: false, 5: true, 6: true, 7: true, 8: false, 0: false, -1: false} {
		lock, err := ReadLock(lockOf(version, "", ""))
		if (err == nil) != ok || ok && lock.Version != version {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

func TestBroken(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", "7", `{"version": 7}`, `{"version": "7", "root": "root", "nodes": {"root": {}}}`, `{"version": 7, "root": "gone", "nodes": {"root": {}}}`,
		`{"version": 7, "root": "root", "nodes": {"root": null}}`, `{"version": 7, "root": "root", "nodes": {"root": {"inputs": {"a": 7}}}}`,
		"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> x\n", "\x00\xff",
	} {
		if _, err := ReadLock([]byte(text)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestFollows(t *testing.T) {
	lock, err := ReadLock(lockOf(7, `"a": "a_2", "direct": ["a"], "deep": ["a", "lib"], "chain": ["deep"], "self": ["self"], "x": ["y"], "y": ["x"], "gone": "nowhere", "off": [], "missing": ["a", "none"]`,
		`, "a_2": {"inputs": {"lib": "lib", "viaRoot": ["direct"], "loop": ["a", "loop"]}, "locked": {"type": "path", "path": "x"}}`+github("lib", "o", "lib")))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range append(lock.Inputs(), "unknown") {
		if node := lock.Input(name); node != nil {
			got[name] = node.Name
		}
	}
	if diff := cmp.Diff(map[string]string{"a": "a_2", "direct": "a_2", "deep": "lib", "chain": "lib"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if node := lock.walk([]string{"a", "viaRoot", "lib"}, maxFollows); node == nil || node.Name != "lib" {
		t.Errorf("a path over a follows leads to %v", node)
	}
	if node := lock.walk([]string{"a", "loop"}, maxFollows); node != nil {
		t.Errorf("a loop ends in %v", node)
	}
	if want := "a chain deep direct gone missing off self x y"; strings.Join(lock.Inputs(), " ") != want {
		t.Errorf("inputs: %v", lock.Inputs())
	}
}

func TestURLString(t *testing.T) {
	for _, test := range []struct {
		ref  Reference
		want string
	}{
		{Reference{Type: "github", Owner: "o", Repo: "r"}, "github:o/r"},
		{Reference{Type: "github", Owner: "o", Repo: "r", Ref: "main"}, "github:o/r/main"},
		{Reference{Type: "github", Owner: "o", Repo: "r", Ref: "main", Rev: "abc"}, "github:o/r/abc"},
		{Reference{Type: "github", Owner: "o", Repo: "r", Rev: "abc", Host: "git.corp", Dir: "sub"}, "github:o/r/abc?host=git.corp&dir=sub"},
		{Reference{Type: "github", Owner: "o"}, ""},
		{Reference{Type: "gitlab", Owner: "group/sub", Repo: "r", Rev: "abc"}, "gitlab:group%2Fsub/r/abc"},
		{Reference{Type: "gitlab", Owner: "group%2Fsub", Repo: "r", Rev: "abc"}, "gitlab:group%2Fsub/r/abc"},
		{Reference{Type: "sourcehut", Owner: "~o", Repo: "r", Rev: "abc"}, "sourcehut:~o/r/abc"},
		{Reference{Type: "git", URL: "https://host/r.git", Rev: "abc"}, "git+https://host/r.git?rev=abc"},
		{Reference{Type: "git", URL: "https://host/r.git", Rev: "abc", Ref: "dev"}, "git+https://host/r.git?ref=dev&rev=abc"},
		{Reference{Type: "git", URL: "ssh://git@host/r", Ref: "dev"}, "git+ssh://git@host/r?ref=dev"},
		{Reference{Type: "git", URL: "git+file:///x?submodules=1", Rev: "abc"}, "git+file:///x?submodules=1&rev=abc"},
		{Reference{Type: "git"}, ""},
		{Reference{Type: "path"}, ""},
		{Reference{Type: "indirect", ID: "nixpkgs"}, ""},
		{Reference{Type: "tarball", URL: "https://host/x.tar.gz"}, ""},
	} {
		if got := test.ref.URLString(); got != test.want {
			t.Errorf("%+v: %s, want %s", test.ref, got, test.want)
		}
	}
}

func TestInputOfProject(t *testing.T) {
	for _, test := range []struct{ name, inputs, nodes, want string }{
		{"by its name", `"cargo2nix": "cargo2nix"`, github("cargo2nix", "cargo2nix", "cargo2nix"), "cargo2nix"},
		{"a fork under another name", `"rust": "rust"`, github("rust", "someone", "Cargo2nix"), "rust"},
		{"the one of the name before others", `"a": "fork", "cargo2nix": "real"`, github("fork", "f", "cargo2nix") + github("real", "r", "cargo2nix"), "real"},
		{"the name alone does not do", `"cargo2nix": "other"`, github("other", "o", "something"), ""},
		{"through follows", `"cargo2nix": ["dep", "cargo2nix"], "dep": "dep"`, `, "dep": {"inputs": {"cargo2nix": "real"}}` + github("real", "r", "cargo2nix"), "real"},
		{"only the flake's own inputs", `"dep": "dep"`, `, "dep": {"inputs": {"cargo2nix": "real"}}` + github("real", "r", "cargo2nix"), ""},
		{"git+https", `"x": "x"`, `, "x": {"locked": {"type": "git", "url": "https://host/y/cargo2nix.git?ref=main", "rev": "abc"}}`, "x"},
		{"git over ssh with a slash", `"x": "x"`, `, "x": {"locked": {"type": "git", "url": "ssh://git@host/cargo2nix/", "rev": "abc"}}`, "x"},
		{"a path", `"cargo2nix": "x"`, `, "x": {"locked": {"type": "path", "path": "/cargo2nix"}}`, ""},
		{"none", ``, ``, ""},
	} {
		lock, err := ReadLock(lockOf(7, test.inputs, test.nodes))
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		got := ""
		if node := lock.InputOfProject("cargo2nix"); node != nil {
			got = node.Name
		}
		if got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestSample reads a lock as Nix writes it.
func TestSample(t *testing.T) {
	data, err := os.ReadFile("../../testdata/cargo2nix-basic/flake.lock")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := ReadLock(data)
	if err != nil {
		t.Fatal(err)
	}
	node := lock.InputOfProject("cargo2nix")
	if node == nil || node.Locked.URLString() != "github:cargo2nix/cargo2nix/a709c74619e1a2b68ed12bb398e12fbe29d69657" {
		t.Fatalf("cargo2nix is %+v", node)
	}
	if at := node.Locked.Time(); at.Year() != 2025 || at.Location() != time.UTC {
		t.Errorf("of %v", at)
	}
	if (Reference{}).Time() != (time.Time{}) {
		t.Error("no date is one")
	}
}
