package workspace

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestConcurrent is for the race detector: everything at once, on one workspace.
func TestConcurrent(t *testing.T) {
	dir := tree(t, map[string]string{
		"Cargo.lock": lockOf("a"), "Cargo.nix": crate2nixFile("a", "./."), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"0.1.0\"\n", "default.nix": "import ./Cargo.nix",
	})
	w := open(t, dir)
	const rounds = 30
	var all sync.WaitGroup
	repeat := func(work func(i int)) {
		all.Go(func() {
			for i := range rounds {
				work(i)
			}
		})
	}
	lock := filepath.Join(dir, "Cargo.lock")
	repeat(func(i int) { w.SetBuffer(lock, []byte(lockOf("a", fmt.Sprint("b", i)))) })
	repeat(func(i int) { w.CloseBuffer(lock) })
	repeat(func(i int) {
		path := write(t, dir, fmt.Sprintf("sub%d/Cargo.lock", i%3), lockOf(fmt.Sprint("c", i)))
		w.Changed(path)
	})
	repeat(func(i int) { w.Changed() })
	repeat(func(i int) { w.WatchDirs() })
	for range 3 {
		repeat(func(i int) {
			s := w.Snapshot()
			for _, p := range s.Projects() {
				for _, g := range p.Generated {
					s.Difference(g)
					s.Mentions(g)
				}
				if p.Lock != nil {
					p.Lock.Sum()
					p.Lock.Index().Position(i, 0)
				}
			}
			if s.LockAt("Cargo.lock") == nil || s.ProjectOf("Cargo.nix") == nil {
				t.Error("the project is not there")
			}
		})
	}
	all.Wait()
}
