package flake

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/nixparse"
)

// show is a flake's inputs, one a line.
func show(f *File) string {
	var b strings.Builder
	var list func(inputs []Input, indent string)
	list = func(inputs []Input, indent string) {
		for _, in := range inputs {
			fmt.Fprintf(&b, "%s%s", indent, in.Name)
			if !in.Declared {
				b.WriteString(" (formal)")
			}
			if original := in.Original(); original != nil {
				var words []string
				for name, value := range original {
					words = append(words, fmt.Sprintf("%s=%v", name, value))
				}
				sort.Strings(words)
				fmt.Fprintf(&b, " %s", strings.Join(words, " "))
			}
			if in.Follows != nil {
				fmt.Fprintf(&b, " follows %q", in.Follows.Value)
			}
			if !in.Flake {
				b.WriteString(" no flake")
			}
			if in.Unread {
				b.WriteString(" unread")
			}
			b.WriteString("\n")
			list(in.Inputs, indent+"  ")
		}
	}
	list(f.Inputs, "")
	return b.String()
}

func TestReadFlake(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"every form of a declaration", `
{
  description = "x";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-25.05";
  inputs = {
    crane = { url = github:ipetkov/crane; inputs.nixpkgs.follows = "nixpkgs"; };
    "rust-overlay".url = "github:oxalica/rust-overlay?ref=stable";
    fenix.url = "github:nix-community/fenix/0123456789012345678901234567890123456789";
    fenix.inputs = { nixpkgs.follows = "nixpkgs"; rust-analyzer-src.follows = ""; };
    src = { flake = false; url = "git+https://example.com/src.git?ref=main&submodules=1"; };
    attrs = { type = "github"; owner = "a"; repo = "b"; ref = "c"; };
    archive = { url = "https://example.com/x.tar.gz"; };
    page = { url = "https://example.com/x"; flake = false; };
    local.url = ./sub;
    other.url = "path:../other";
    naersk.follows = "crane/naersk";
    utils = { };
  };
  outputs = { self, nixpkgs, flake-parts, ... }@inputs: { };
}`, `
nixpkgs owner=NixOS ref=nixos-25.05 repo=nixpkgs type=github
crane owner=ipetkov repo=crane type=github
  nixpkgs follows "nixpkgs"
rust-overlay owner=oxalica ref=stable repo=rust-overlay type=github
fenix owner=nix-community repo=fenix rev=0123456789012345678901234567890123456789 type=github
  nixpkgs follows "nixpkgs"
  rust-analyzer-src follows ""
src ref=main submodules=true type=git url=https://example.com/src.git no flake
attrs owner=a ref=c repo=b type=github
archive type=tarball url=https://example.com/x.tar.gz
page type=file url=https://example.com/x no flake
local path=./sub type=path
other path=../other type=path
naersk follows "crane/naersk"
utils id=utils type=indirect
flake-parts (formal) id=flake-parts type=indirect
`},
		{"what is no literal is not read", `
{ inputs = { a.url = "github:x/" + "y"; b = { url = "github:x/y"; } // { }; c.url = "github:x/z"; }; outputs = inputs: { }; }`, `
a unread
b unread
c owner=x repo=z type=github
`},
		{"a syntax error beside it", `
{ inputs = { a.url = "github:x/y"; b.url = "github:x/z" }; outputs = _: { }; }`, `
a owner=x repo=y type=github
b owner=x repo=z type=github
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := ReadFlake(nixparse.Parse([]byte(test.source)))
			if f == nil {
				t.Fatal("no flake")
			}
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), show(f)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, source := range []string{"", "let x = 1; in { }", "x: { }", "[ ]"} {
		if f := ReadFlake(nixparse.Parse([]byte(source))); f != nil {
			t.Errorf("%q is read as a flake", source)
		}
	}
}

func TestOutputs(t *testing.T) {
	for source, want := range map[string]string{
		"{ outputs = inputs: { }; }":                      "at inputs",
		"{ outputs = { self, nixpkgs }: { }; }":           "at  self nixpkgs",
		"{ outputs = { self, ... }@args: { }; }":          "at args self …",
		"{ outputs = args@{ a ? 1, b, ... }: { }; }":      "at args a b …",
		"{ outputs = import ./outputs.nix; }":             "at ",
		"{ outputs = ({ self, x, }: { }); }":              "at  self x",
		"{ description = \"no outputs\"; inputs = { }; }": "at ",
	} {
		out := ReadFlake(nixparse.Parse([]byte(source))).Outputs
		got := "at " + out.At
		for _, formal := range out.Formals {
			got += " " + formal.Name
			if name := source[formal.Span.Start:formal.Span.End]; name != formal.Name {
				t.Errorf("%s: the span of %s holds %q", source, formal.Name, name)
			}
		}
		if out.Ellipsis {
			got += " …"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

func TestProjectOf(t *testing.T) {
	lock, err := ReadLock([]byte(`{"version":7,"root":"root","nodes":{
		"root":{"inputs":{"cargo":"c","rust":["cargo","overlay"],"mystery":"m"}},
		"c":{"inputs":{"overlay":"o"},"locked":{"type":"github","owner":"cargo2nix","repo":"cargo2nix","rev":"1"},"original":{"type":"indirect","id":"cargo"}},
		"o":{"locked":{"type":"github","owner":"somebody","repo":"rust-overlay"},"original":{"type":"github","owner":"somebody","repo":"rust-overlay"}},
		"m":{"locked":{"type":"path","path":"/x"},"original":{"type":"path","path":"/x"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	f := ReadFlake(nixparse.Parse([]byte(`{
		inputs.hub.url = "https://flakehub.com/f/NixOS/nixpkgs/0.1.*.tar.gz";
		inputs.tool.url = "git+https://github.com/ipetkov/crane.git?ref=master";
		inputs.tarball.url = "https://github.com/oxalica/nocargo/archive/main.tar.gz";
		inputs.rust.follows = "cargo/overlay";
		inputs.mystery.url = "path:/x";
		outputs = { cargo, naersk, ... }: { };
	}`)))
	for name, want := range map[string]string{
		"hub": "nixpkgs", "tool": "crane", "tarball": "nocargo", "cargo": "cargo2nix", "rust": "rust-overlay (fork)", "mystery": "", "naersk": "naersk", "absent": "",
	} {
		project, fork := f.ProjectOf(name, lock)
		got := string(project)
		if fork {
			got += " (fork)"
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestPublicFlakes compares what flake.nix declares with the `original` that Nix wrote into flake.lock, on checkouts in the folders of
// CARGONIX_FLAKES. It is run by hand: none of those files is ours to keep.
func TestPublicFlakes(t *testing.T) {
	dirs := os.Getenv("CARGONIX_FLAKES")
	if dirs == "" {
		t.Skip("CARGONIX_FLAKES is not set")
	}
	flakes, edges, differ := 0, 0, 0
	for _, dir := range filepath.SplitList(dirs) {
		_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.Name() != "flake.lock" {
				return nil
			}
			lockData, err1 := os.ReadFile(path)
			source, err2 := os.ReadFile(filepath.Join(filepath.Dir(path), "flake.nix"))
			if err1 != nil || err2 != nil {
				return nil
			}
			lock, err := ReadLock(lockData)
			f := ReadFlake(nixparse.Parse(source))
			if err != nil || f == nil {
				t.Logf("%s: not read (%v)", path, err)
				return nil
			}
			flakes++
			for i := range f.Inputs {
				in := &f.Inputs[i]
				original, node := in.Original(), lock.Input(in.Name)
				if original == nil || node == nil {
					continue
				}
				edges++
				if !original.Equal(node.OriginalAttrs) {
					differ++
					t.Logf("%s: %s: declared %v, locked %v", path, in.Name, original, node.OriginalAttrs)
				}
			}
			return nil
		})
	}
	t.Logf("%d flakes, %d inputs, %d differ", flakes, edges, differ)
}
