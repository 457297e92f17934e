package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWalk(t *testing.T) {
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"names that matter", map[string]string{
			"Cargo.lock": "", "Cargo.toml": "", "Cargo.nix": "", "Cargo.json": "", "crate-hashes.json": "", "flake.lock": "", "nix/any.nix": "",
			"README.md": "", "cargo.lock": "", "src/main.rs": "", "package.json": "", "x.nixx": "",
		}, []string{"Cargo.json", "Cargo.lock", "Cargo.nix", "Cargo.toml", "crate-hashes.json", "flake.lock", "nix/any.nix"}},
		{"folders that are never entered", map[string]string{
			"target/a.nix": "", ".git/a.nix": "", "node_modules/a.nix": "", ".direnv/a.nix": "", "x/target/Cargo.lock": "",
			"targets/a.nix": "", ".github/a.nix": "",
		}, []string{".github/a.nix", "targets/a.nix"}},
		{"what a build leaves behind", map[string]string{
			"result/a.nix": "", "result/Cargo.toml": "", "result-x/a.nix": "", "result-doc/Cargo.toml/": "",
			"result-type/Cargo.toml": "", "result-type/a.nix": "", "x/result-bin/a.nix": "", "results.nix": "",
		}, []string{"result-type/Cargo.toml", "result-type/a.nix", "results.nix"}},
		{"ignored", map[string]string{
			".gitignore": "a.nix\n/top.nix\ngen/\n", "a.nix": "", "b.nix": "", "x/a.nix": "", "top.nix": "", "x/top.nix": "", "gen/c.nix": "", "x/gen/c.nix": "",
		}, []string{"b.nix", "x/top.nix"}},
		{"an inner .gitignore takes back", map[string]string{
			".gitignore": "*.nix\n", "a.nix": "", "x/.gitignore": "!keep.nix\n", "x/keep.nix": "", "x/a.nix": "", "keep.nix": "", "x/y/keep.nix": "",
		}, []string{"x/keep.nix", "x/y/keep.nix"}},
		{"nothing below an ignored folder is taken back", map[string]string{
			".gitignore": "gen/\n!gen/keep.nix\n", "gen/keep.nix": "", "gen/.gitignore": "!keep.nix\n",
		}, nil},
		{"a folder taken back does not take back what is in it", map[string]string{
			".gitignore": "*.nix\n!keep\n", "keep/a.nix": "",
		}, nil},
		{"ignored lock and Cargo.nix count all the same", map[string]string{
			".gitignore": "Cargo.*\n", "Cargo.lock": "", "Cargo.nix": "", "Cargo.toml": "", "x/Cargo.lock": "",
		}, []string{"Cargo.lock", "Cargo.nix", "x/Cargo.lock"}},
		{"not those in an ignored folder", map[string]string{".gitignore": "/vendor\n", "vendor/Cargo.lock": "", "vendor/Cargo.nix": ""}, nil},
		{"folders with the names of files", map[string]string{
			"Cargo.lock/a.nix": "", "Cargo.nix/default.nix": "", "b.nix/c.nix": "", "Cargo.toml/d.nix": "",
		}, []string{"Cargo.lock", "Cargo.nix/default.nix", "Cargo.toml/d.nix", "b.nix/c.nix"}},
		{"a .gitignore that is a folder", map[string]string{".gitignore/x": "", "a.nix": ""}, []string{"a.nix"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			files, _ := walk(tree(t, test.files))
			slices.Sort(files)
			if diff := cmp.Diff(test.want, files); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestWalkFromInside: the rules of the repository around the root hold, but not those that ignore the root itself.
func TestWalkFromInside(t *testing.T) {
	dir := tree(t, map[string]string{
		".git/HEAD": "", ".git/info/exclude": "excluded.nix\n",
		".gitignore": "/gen\nout.nix\n", "sub/.gitignore": "/deep/in.nix\n",
		"sub/deep/in.nix": "", "sub/deep/out.nix": "", "sub/deep/excluded.nix": "", "sub/deep/a.nix": "",
		"gen/in/a.nix": "", "gen/in/out.nix": "", "gen/in/.gitignore": "b.nix\n", "gen/in/b.nix": "", "target/p/Cargo.nix": "",
	})
	for root, want := range map[string][]string{
		"sub/deep": {"a.nix"},
		"gen":      {"in/a.nix", "in/out.nix"},
		"gen/in":   {"a.nix", "out.nix"},
		"target/p": {"Cargo.nix"},
	} {
		files, _ := walk(filepath.Join(dir, root))
		slices.Sort(files)
		if diff := cmp.Diff(want, files); diff != "" {
			t.Errorf("%s (-want +got):\n%s", root, diff)
		}
	}
}

func TestWalkLinks(t *testing.T) {
	dir := tree(t, map[string]string{"real/Cargo.nix": "", "other/Cargo.lock": lockOf("a")})
	for link, to := range map[string]string{
		"real/loop": "..", "real/self.nix": "self.nix", "linked": "real", "Cargo.lock": "other/Cargo.lock", "result": "real", "gone.nix": "nowhere", "Cargo.nix": "nowhere",
	} {
		check(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	files, dirs := walk(dir)
	slices.Sort(files)
	if diff := cmp.Diff([]string{"Cargo.lock", "Cargo.nix", "gone.nix", "other/Cargo.lock", "real/Cargo.nix", "real/self.nix"}, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"", "other", "real"}, dirs); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	s := open(t, dir).Snapshot()
	if got := read(t, s, "Cargo.lock"); got != lockOf("a") {
		t.Errorf("through the link: %q", got)
	}
	if g := s.GeneratedAt("Cargo.nix"); g == nil || len(g.SyntaxErrors) != 1 || g.SyntaxErrors[0].Message != "no such file or directory" {
		t.Errorf("a Cargo.nix that leads nowhere is %+v", g)
	}
}

// TestUnreadable: each of these is a problem that a check can report, none a hang or a crash.
func TestUnreadable(t *testing.T) {
	dir := tree(t, map[string]string{"dir/Cargo.lock/": "", "pipe/": "", "big/": "", "secret/Cargo.lock": lockOf("a"), "secretdir/Cargo.lock": lockOf("a"), "bignix/": ""})
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe", "Cargo.lock"), 0o666))
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe", ".gitignore"), 0o666))
	check(t, syscall.Mkfifo(filepath.Join(dir, "pipe", "Cargo.nix"), 0o666))
	for _, name := range []string{"big/Cargo.lock", "bignix/Cargo.nix"} {
		check(t, os.Truncate(write(t, dir, name, ""), 40<<20))
	}
	check(t, os.Chmod(filepath.Join(dir, "secret", "Cargo.lock"), 0))
	check(t, os.Chmod(filepath.Join(dir, "secretdir"), 0))
	t.Cleanup(func() { os.Chmod(filepath.Join(dir, "secretdir"), 0o777) })
	s := open(t, dir).Snapshot()
	want := map[string]string{
		"dir/Cargo.lock":  "is a directory",
		"pipe/Cargo.lock": "is not a regular file",
		"big/Cargo.lock":  "has 40 MB, more than the limit of 32 MB",
	}
	if os.Getuid() != 0 { // root may read all
		want["secret/Cargo.lock"] = "permission denied"
	}
	for rel, message := range want {
		if lock := s.LockAt(rel); lock == nil || lock.Lock != nil || lock.Problem == nil || lock.Problem.Message != message {
			t.Errorf("%s: %+v, want the problem %q", rel, lock, message)
		}
	}
	for rel, message := range map[string]string{"pipe/Cargo.nix": "is not a regular file", "bignix/Cargo.nix": "has 40 MB, more than the limit of 32 MB"} {
		if g := s.GeneratedAt(rel); g == nil || len(g.SyntaxErrors) != 1 || g.SyntaxErrors[0].Message != message {
			t.Errorf("%s: %+v, want the problem %q", rel, g, message)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	dir := tree(t, map[string]string{"file": ""})
	for path, want := range map[string]string{"nowhere": "no such file or directory", "file": "is not a directory", "file/x": "not a directory"} {
		if _, err := Open(filepath.Join(dir, path)); err == nil || !strings.HasSuffix(err.Error(), ": "+want) || strings.Count(err.Error(), dir) != 1 {
			t.Errorf("Open(%s): %v, want …: %s", path, err, want)
		}
	}
	if _, err := Open(filepath.Join(dir, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is no fs.ErrNotExist", err)
	}
}
