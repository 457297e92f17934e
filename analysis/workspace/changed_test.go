package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestChanged tells a workspace of each kind of change twice: the first is one, the second is not.
func TestChanged(t *testing.T) {
	const newLock = "version = 4\n\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n"
	for _, test := range []struct {
		name   string
		change func(t *testing.T, dir string)
		tell   []string // nil: everything
		want   bool
		locks  []string // of the projects afterwards
	}{
		{"nothing", func(*testing.T, string) {}, []string{"Cargo.lock"}, false, []string{"Cargo.lock"}},
		{"written in place", func(t *testing.T, dir string) { write(t, dir, "Cargo.lock", lockOf("other")) }, []string{"Cargo.lock"}, true, []string{"Cargo.lock"}},
		{"told of everything", func(t *testing.T, dir string) { write(t, dir, "Cargo.lock", lockOf("other")) }, nil, true, []string{"Cargo.lock"}},
		{"nothing, told of everything", func(*testing.T, string) {}, nil, false, []string{"Cargo.lock"}},
		{"renamed over, with the size and the time of the old one", func(t *testing.T, dir string) {
			old, err := os.Stat(filepath.Join(dir, "Cargo.lock"))
			check(t, err)
			fresh := write(t, dir, "Cargo.lock.new", newLock)
			check(t, os.Chtimes(fresh, time.Time{}, old.ModTime()))
			check(t, os.Rename(fresh, filepath.Join(dir, "Cargo.lock")))
		}, []string{"Cargo.lock", "Cargo.lock.new"}, true, []string{"Cargo.lock"}},
		{"removed", func(t *testing.T, dir string) { check(t, os.Remove(filepath.Join(dir, "Cargo.lock"))) }, []string{"Cargo.lock"}, true, nil},
		{"created", func(t *testing.T, dir string) { write(t, dir, "sub/Cargo.lock", newLock) }, []string{"sub/Cargo.lock"}, true, []string{"Cargo.lock", "sub/Cargo.lock"}},
		{"became a folder", func(t *testing.T, dir string) {
			check(t, os.Remove(filepath.Join(dir, "Cargo.lock")))
			write(t, dir, "Cargo.lock/x", "")
		}, []string{"Cargo.lock"}, true, []string{"Cargo.lock"}},
		{"a folder appears", func(t *testing.T, dir string) { write(t, dir, "new/deep/Cargo.lock", newLock) }, []string{"new"}, true, []string{"Cargo.lock", "new/deep/Cargo.lock"}},
		{"a folder without files of ours appears", func(t *testing.T, dir string) { write(t, dir, "new/deep/x", "") }, []string{"new"}, false, []string{"Cargo.lock"}},
		{"a folder goes", func(t *testing.T, dir string) { check(t, os.RemoveAll(filepath.Join(dir, "sub"))) }, []string{"sub"}, true, []string{"Cargo.lock"}},
		{"a folder is renamed", func(t *testing.T, dir string) {
			check(t, os.Rename(filepath.Join(dir, "sub"), filepath.Join(dir, "gone")))
			check(t, os.RemoveAll(filepath.Join(dir, "gone")))
		}, []string{"sub"}, true, []string{"Cargo.lock"}},
		{".gitignore hides a folder", func(t *testing.T, dir string) { write(t, dir, ".gitignore", "/other\n") }, []string{".gitignore"}, true, []string{"Cargo.lock"}},
		{".gitignore hides nothing", func(t *testing.T, dir string) { write(t, dir, ".gitignore", "/nothing\n") }, []string{".gitignore"}, false, []string{"Cargo.lock"}},
		{"git's own exclude file", func(t *testing.T, dir string) { write(t, dir, ".git/info/exclude", "/other\n") }, []string{".git/info/exclude"}, true, []string{"Cargo.lock"}},
		{"a switch of branches", func(t *testing.T, dir string) {
			write(t, dir, ".git/HEAD", "ref: refs/heads/other\n")
			write(t, dir, "Cargo.lock", lockOf("elsewhere"))
		}, []string{".git/HEAD"}, true, []string{"Cargo.lock"}},
		{"a file of no concern", func(t *testing.T, dir string) { write(t, dir, "src/main.rs", "fn main() {}") }, []string{"src/main.rs"}, false, []string{"Cargo.lock"}},
		{"a lock in a folder that is not entered", func(t *testing.T, dir string) { write(t, dir, "target/x/Cargo.lock", newLock) }, []string{"target/x/Cargo.lock"}, false, []string{"Cargo.lock"}},
		{"a file that was looked for appears", func(t *testing.T, dir string) { write(t, dir, "crate-hashes.json", "{}") }, []string{"crate-hashes.json"}, true, []string{"Cargo.lock"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := tree(t, map[string]string{
				"Cargo.lock": lockOf("a"), "Cargo.nix": crate2nixFile("a", "./."), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"0.1.0\"\n",
				"sub/lib.nix": "{ }", "other/Cargo.toml": "[package]\nname = \"o\"\nversion = \"0.1.0\"\n", "src/main.rs": "", ".git/HEAD": "ref: refs/heads/main\n", ".git/info/": "",
			})
			w := open(t, dir)
			w.Snapshot().Projects()
			var paths []string
			for _, path := range test.tell {
				paths = append(paths, filepath.Join(dir, path))
			}
			test.change(t, dir)
			if got := w.Changed(paths...); got != test.want {
				t.Errorf("Changed = %v, want %v", got, test.want)
			}
			s := w.Snapshot()
			var locks []string
			for _, p := range s.Projects() {
				if p.Lock != nil {
					locks = append(locks, p.Lock.Path())
				}
			}
			if !slices.Equal(locks, test.locks) {
				t.Errorf("locks: %v, want %v", locks, test.locks)
			}
			if w.Changed(paths...) || w.Changed() {
				t.Error("the same change is one again")
			}
			if w.Snapshot() != s {
				t.Error("another snapshot, though nothing changed")
			}
		})
	}
}

// TestChangedOutside: a file outside the root counts once a project has read it.
func TestChangedOutside(t *testing.T) {
	dir := tree(t, map[string]string{
		".git/HEAD": "", "Cargo.lock": lockOf("a"), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"0.1.0\"\n", "other/Cargo.lock": lockOf("o"),
		"nix/Cargo.nix": crate2nixFile("a", "./.."),
	})
	w := open(t, filepath.Join(dir, "nix"))
	s := w.Snapshot()
	if g := s.GeneratedAt("Cargo.nix"); g == nil || len(g.Locks) != 1 || g.Locks[0].Path() != "../Cargo.lock" {
		t.Fatalf("the generated file is %+v", g)
	}
	write(t, dir, "other/Cargo.lock", lockOf("p", "q"))
	write(t, dir, "other/Cargo.nix", "{ }")
	if w.Changed(filepath.Join(dir, "other", "Cargo.lock"), filepath.Join(dir, "other", "Cargo.nix"), filepath.Join(dir, "other"), dir) {
		t.Error("what nobody reads is a change")
	}
	write(t, dir, "Cargo.lock", lockOf("a", "b"))
	if !w.Changed(filepath.Join(dir, "Cargo.lock")) {
		t.Error("the lock outside is no change")
	}
	if w.Changed(filepath.Join(dir, "Cargo.lock")) {
		t.Error("told twice")
	}
	if got := len(w.Snapshot().LockAt("../Cargo.lock").Lock.Packages); got != 2 {
		t.Errorf("%d packages, want 2", got)
	}
	check(t, os.Remove(filepath.Join(dir, "Cargo.lock")))
	if !w.Changed(filepath.Join(dir, "Cargo.lock")) {
		t.Error("that the lock outside went is no change")
	}
	write(t, dir, "Cargo.lock", lockOf("a"))
	w.Snapshot().Projects()
	if !w.Changed(filepath.Join(dir, "Cargo.lock")) && w.Snapshot().LockAt("../Cargo.lock") == nil {
		t.Error("the lock that came back is not there")
	}
}
