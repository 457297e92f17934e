package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBuffers(t *testing.T) {
	dir := tree(t, map[string]string{"Cargo.lock": lockOf("a"), "sub/x": ""})
	w := open(t, dir)
	lock := filepath.Join(dir, "Cargo.lock")
	disk := w.Snapshot()
	w.SetBuffer(filepath.Join(dir, "sub", "..", "Cargo.lock"), []byte(lockOf("buffer")))
	buffered := w.Snapshot()
	if got := read(t, buffered, "Cargo.lock"); got != lockOf("buffer") {
		t.Errorf("over disk: %q", got)
	}
	if got := read(t, disk, "Cargo.lock"); got != lockOf("a") {
		t.Errorf("the old snapshot: %q", got)
	}
	// A buffer of a file that is not on disk makes a project, and goes with it.
	w.SetBuffer(filepath.Join(dir, "new", "Cargo.lock"), []byte(lockOf("new")))
	if s := w.Snapshot(); len(s.Projects()) != 2 || s.Projects()[1].Root != "new" {
		t.Errorf("projects: %v", roots(s))
	}
	w.CloseBuffer(filepath.Join(dir, "new", "Cargo.lock"))
	if s := w.Snapshot(); len(s.Projects()) != 1 {
		t.Errorf("projects after it was closed: %v", roots(s))
	}
	// Closing shows what is on disk by then, even if nobody told of the change.
	write(t, dir, "Cargo.lock", lockOf("disk", "two"))
	w.CloseBuffer(lock)
	if got := read(t, w.Snapshot(), "Cargo.lock"); got != lockOf("disk", "two") {
		t.Errorf("after closing: %q", got)
	}
	before := w.Snapshot()
	w.CloseBuffer(lock)
	if w.Snapshot() != before {
		t.Error("closing what is not open makes another snapshot")
	}
}

// TestBuffersThatDoNotCount: opening a file of a crate's sources under target, or of a foreign place, makes no project.
func TestBuffersThatDoNotCount(t *testing.T) {
	dir := tree(t, map[string]string{"root/Cargo.lock": lockOf("a"), "Cargo.lock": lockOf("outside")})
	w := open(t, filepath.Join(dir, "root"))
	for _, name := range []string{"root/target/package/x/Cargo.lock", "root/node_modules/x/Cargo.lock", "elsewhere/Cargo.lock", "root/notes.txt"} {
		w.SetBuffer(filepath.Join(dir, name), []byte(lockOf("x")))
	}
	if got := roots(w.Snapshot()); !slices.Equal(got, []string{"."}) {
		t.Errorf("projects: %v", got)
	}
}

func roots(s *Snapshot) []string {
	var list []string
	for _, p := range s.Projects() {
		list = append(list, p.Root)
	}
	return list
}

func TestSnapshotIdentity(t *testing.T) {
	dir := tree(t, map[string]string{"Cargo.lock": lockOf("a")})
	w := open(t, dir)
	s := w.Snapshot()
	if w.Changed() || w.Snapshot() != s || w.Snapshot() != s {
		t.Error("another snapshot, though nothing changed")
	}
	lock := s.LockAt("Cargo.lock")
	if lock != s.LockAt("./Cargo.lock") || lock.Lock == nil {
		t.Error("a snapshot does not stay as it is")
	}
	write(t, dir, "Cargo.lock", lockOf("other", "more"))
	check(t, os.RemoveAll(filepath.Join(dir, "nothing")))
	w.Changed()
	if got := read(t, s, "Cargo.lock"); got != lockOf("a") || s.LockAt("Cargo.lock") != lock {
		t.Errorf("the old snapshot changed: %q", got)
	}
	if next := w.Snapshot(); next == s || len(next.LockAt("Cargo.lock").Lock.Packages) != 2 {
		t.Error("the new snapshot is the old one")
	}
}

// TestMemo: a change of one file parses that one and no other, and an undo parses nothing.
func TestMemo(t *testing.T) {
	dir := tree(t, map[string]string{
		"Cargo.lock": lockOf("a"), "Cargo.nix": crate2nixFile("a", "./."), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"0.1.0\"\n",
		"crate-hashes.json": `{"a 0.1.0 (registry+https://github.com/rust-lang/crates.io-index)": "x"}`,
	})
	w := open(t, dir)
	first := w.Snapshot().Projects()[0]
	if first.Generated[0].Graph == nil || first.Lock.Lock == nil || first.Manifest.Manifest == nil {
		t.Fatalf("the project is %+v", first)
	}
	w.SetBuffer(filepath.Join(dir, "Cargo.lock"), []byte(lockOf("a", "b")))
	second := w.Snapshot().Projects()[0]
	if second.Generated[0].Graph != first.Generated[0].Graph {
		t.Error("Cargo.nix was parsed again")
	}
	if second.Manifest.Manifest != first.Manifest.Manifest || &second.Hashes[0].Entries[0] != &first.Hashes[0].Entries[0] {
		t.Error("the manifest or crate-hashes.json was parsed again")
	}
	if second.Lock.Lock == first.Lock.Lock {
		t.Error("the lock was not parsed again")
	}
	// The same bytes at another time are the same content.
	w.SetBuffer(filepath.Join(dir, "Cargo.lock"), []byte(lockOf("a")))
	w.SetBuffer(filepath.Join(dir, "Cargo.nix"), []byte(crate2nixFile("a", "./.")))
	third := w.Snapshot()
	if p := third.Projects()[0]; p.Lock.Lock != first.Lock.Lock || p.Generated[0].Graph != first.Generated[0].Graph {
		t.Error("an undo was parsed again")
	}
	one, two := third.Difference(third.GeneratedAt("Cargo.nix")), third.Difference(third.GeneratedAt("Cargo.nix"))
	if one == nil || one != two {
		t.Error("a comparison was made twice")
	}
}

// TestMemoForgets: what nobody asked for in a while is let go.
func TestMemoForgets(t *testing.T) {
	m := &memo{}
	computed := 0
	ask := func(key string) { memoised(m, key, func() int { computed++; return computed }) }
	ask("a")
	for range keptGenerations {
		m.nextGeneration()
	}
	ask("a")
	if computed != 1 {
		t.Errorf("computed %d times, want once", computed)
	}
	for range keptGenerations + 1 {
		m.nextGeneration()
		ask("b")
	}
	ask("a")
	if computed != 3 {
		t.Errorf("computed %d times, want 3", computed)
	}
}

func TestWatchDirs(t *testing.T) {
	dir := tree(t, map[string]string{
		"repo/.git/HEAD": "", "repo/root/src/main.rs": "", "repo/root/a/b/Cargo.lock": lockOf("a"), "repo/root/docs/x.md": "",
		"repo/root/nix/Cargo.nix": crate2nixFile("c", "./../../outside"), "repo/outside/Cargo.toml": "[package]\nname = \"c\"\nversion = \"0.1.0\"\n",
		"repo/outside/Cargo.lock": lockOf("c"), "repo/rootless/Cargo.lock": "", "repo/root/target/Cargo.lock": "",
	})
	w := open(t, filepath.Join(dir, "repo", "root"))
	w.Snapshot().Projects()
	var got []string
	for _, path := range w.WatchDirs() {
		got = append(got, relative(dir, path))
	}
	want := []string{
		"repo", // a manifest may appear there and claim repo/outside for its workspace
		"repo/outside", "repo/root", "repo/root/a", "repo/root/a/b", "repo/root/nix",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRelAndAbs(t *testing.T) {
	dir := tree(t, map[string]string{"root/Cargo.lock": ""})
	s := open(t, filepath.Join(dir, "root")).Snapshot()
	for rel, abs := range map[string]string{".": "root", "a/b": "root/a/b", "../x": "x", "..": "."} {
		if got := s.Abs(rel); got != filepath.Join(dir, abs) {
			t.Errorf("Abs(%s) = %s", rel, got)
		}
		if got := s.Rel(filepath.Join(dir, abs)); got != rel {
			t.Errorf("Rel(%s) = %s, want %s", abs, got, rel)
		}
	}
	if s.Root() != filepath.Join(dir, "root") || s.Abs(dir) != dir {
		t.Error("the root, or an absolute path, is not what it was")
	}
}
