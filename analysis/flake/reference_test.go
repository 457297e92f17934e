package flake

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/internal/tooltest"
)

// references are flake URLs of every form, right and wrong. Left out is what Nix 2.26 reads otherwise than the versions after it: lfs=1 of git
// URLs, which it does not know yet, and an encoded slash in an owner (gitlab:group%2Fsub/b), at which it splits.
var references = []string{
	"nixpkgs", "nixpkgs/nixos-25.05", "nixpkgs/0123456789012345678901234567890123456789",
	"nixpkgs/nixos-25.05/0123456789012345678901234567890123456789", "flake:nixpkgs", "flake:nixpkgs/unstable", "a_b-c1",
	"github:NixOS/nixpkgs", "github:NixOS/nixpkgs/nixos-25.05", "github:NixOS/nixpkgs/0123456789012345678901234567890123456789",
	"github:a/b/feature/x/y", "github:a/b?ref=main", "github:a/b?rev=0123456789012345678901234567890123456789", "github:a/b?dir=sub",
	"github:a/b?host=git.example.com", "github:a/b/", "github:/a//b", "github:a", "github:", "github:a/b/main?ref=other",
	"gitlab:a/b", "gitlab:a/b?host=gitlab.example.com", "sourcehut:~a/b", "sourcehut:~a/b/default",
	"git+https://example.com/x", "git+https://example.com/x?ref=main", "git+https://example.com/x?ref=main&rev=0123456789012345678901234567890123456789",
	"git+https://example.com/x?submodules=1", "git+https://example.com/x?submodules=0&shallow=1", "git+https://example.com/x?dir=sub&allRefs=1",
	"git+ssh://git@example.com/a/b.git", "git+file:///srv/x", "git://example.com/x", "git+http://example.com/x?b=%2F&a=c d",
	"https://example.com/x.tar.gz", "https://example.com/x.zip", "https://example.com/x.tar.zst?narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	"https://example.com/x", "https://example.com/archive?name=x&foo=%2A", "https://flakehub.com/f/NixOS/nixpkgs/0.1.tar.gz", "http://example.com/x.tgz",
	"tarball+https://example.com/x", "file+https://example.com/x", "file:///srv/x.tar.gz", "https://example.com/x.tar.gz?dir=sub",
	"path:/srv/x", "path:/srv/x?dir=sub", "path:/srv/x?lastModified=1&narHash=sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "/srv/x", "/srv/x?dir=sub",
	"hg+https://example.com/x", "hg+https://example.com/x?ref=default",
	"git@github.com:a/b", "", "a b", "unknown:a/b", "github:a/b#c",
}

// TestAgainstNix compares with the builtin of Nix that takes flake URLs apart.
func TestAgainstNix(t *testing.T) {
	nix := tooltest.NeedNix226(t)
	dir := t.TempDir()
	for _, reference := range references {
		cmd := exec.Command(nix, "--extra-experimental-features", "flakes", "--eval", "--strict", "--json", "-E", "builtins.parseFlakeRef ''"+reference+"''")
		cmd.Env = append(cmd.Environ(), "HOME="+dir, "NIX_STORE_DIR="+dir+"/store", "NIX_STATE_DIR="+dir+"/state", "NIX_LOG_DIR="+dir+"/log")
		out, err := cmd.Output()
		ours, oursErr := ParseURL(reference, true)
		if err != nil {
			if oursErr == nil {
				t.Errorf("%q is refused by Nix, and here %v", reference, ours)
			}
			continue
		}
		if oursErr != nil {
			t.Errorf("%q: %v, but Nix has %s", reference, oursErr, out)
			continue
		}
		var theirs map[string]any
		if err := json.Unmarshal(out, &theirs); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(ours)
		if err != nil {
			t.Fatal(err)
		}
		var again map[string]any
		if err := json.Unmarshal(got, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(theirs, again); diff != "" {
			t.Errorf("%q (-Nix +here):\n%s", reference, diff)
		}
	}
}

func TestRepository(t *testing.T) {
	for reference, want := range map[string]string{
		"github:ipetkov/crane/v0.20": "ipetkov/crane", "git+https://github.com/a/b.git?ref=x": "a/b", "git+ssh://git@example.com/a/b": "a/b",
		"https://github.com/a/b/archive/main.tar.gz": "a/b", "https://flakehub.com/f/a/b/0.1": "a/b", "https://api.flakehub.com/f/pinned/a/b/0.1/x/source.tar.gz": "a/b",
		"path:./x": "/", "nixpkgs": "/", "https://example.com/x.tar.gz": "/",
	} {
		a, err := ParseURL(reference, true)
		if err != nil {
			t.Fatal(err)
		}
		owner, repo := a.Reference().Repository()
		if got := fmt.Sprint(owner, "/", repo); got != want {
			t.Errorf("%s: %s, want %s", reference, got, want)
		}
	}
}

// TestEqual compares spellings of one reference.
func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b Attrs
		want bool
	}{
		{Attrs{"type": "tarball", "url": "https://flakehub.com/f/a/b/%2A"}, Attrs{"type": "tarball", "url": "https://flakehub.com/f/a/b/*"}, true},
		{Attrs{"type": "git", "url": "https://x/y", "shallow": false}, Attrs{"type": "git", "url": "https://x/y"}, true},
		{Attrs{"type": "git", "url": "https://x/y?dir=z", "dir": "z"}, Attrs{"type": "git", "url": "https://x/y", "dir": "z"}, true},
		{Attrs{"type": "path", "lastModified": int64(1)}, Attrs{"type": "path", "lastModified": float64(1)}, true},
		{Attrs{"type": "github", "owner": "A"}, Attrs{"type": "github", "owner": "a"}, false},
	} {
		if test.a.Equal(test.b) != test.want {
			t.Errorf("%v = %v: want %v", test.a, test.b, test.want)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	for _, reference := range references {
		f.Add(reference, true)
	}
	f.Fuzz(func(t *testing.T, s string, isFlake bool) {
		a, err := ParseURL(s, isFlake)
		if err == nil && (a["type"] == "" || strings.Contains(fmt.Sprint(a["type"]), ":")) {
			t.Errorf("%q: %v", s, a)
		}
	})
}
