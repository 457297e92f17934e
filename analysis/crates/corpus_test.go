package crates

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/nixparse"
)

// TestCorpus compares real generated files with the lock files they belong to. CARGONIX_CORPUS names a directory of checkouts
// with a truth.json that says which of them are known to differ.
func TestCorpus(t *testing.T) {
	root := os.Getenv("CARGONIX_CORPUS")
	if root == "" {
		t.Skip("CARGONIX_CORPUS is not set")
	}
	drifts := map[string][]string{} // by directory: what truth.json says of its crates
	var truth []struct {
		Dir, Kind string
		Evidence  json.RawMessage
	}
	if data, err := os.ReadFile(filepath.Join(root, "truth.json")); err == nil {
		if err := json.Unmarshal(data, &truth); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range truth {
		drifts[x.Dir] = append(drifts[x.Dir], x.Kind)
	}
	files := 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".nix") && !strings.HasSuffix(path, ".json") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return nil // a dangling link
		}
		rel, _ := filepath.Rel(root, path)
		if filepath.Base(path) == "crate-hashes.json" {
			entries, err := ReadHashes(src)
			if err != nil {
				t.Errorf("%s: %v", rel, err)
			}
			for _, h := range entries {
				if !h.Hash.Known || h.Name == "" || h.Version == "" || h.Kind == UnknownSource {
					t.Errorf("%s: %+v", rel, h)
				}
			}
			return nil
		}
		generator := Recognise(src)
		if strings.HasSuffix(path, ".json") {
			if generator == Crate2nixJSON {
				g, err := ReadJSON(src)
				if err != nil {
					t.Fatal(rel, err)
				}
				compare(t, rel, src, g, filepath.Join(filepath.Dir(path), "Cargo.lock"))
			}
			return nil
		}
		g := ReadNix(nixparse.Parse(src))
		if (g != nil) != (generator != Unknown) {
			t.Errorf("%s: recognised as %q, read %v", rel, generator, g != nil)
		}
		if g == nil {
			if filepath.Base(path) == "Cargo.nix" {
				t.Errorf("%s: not read", rel)
			}
			return nil
		}
		files++
		checkSpans(t, string(src), g)
		differ := compare(t, rel, src, g, filepath.Join(filepath.Dir(path), "Cargo.lock"))
		known := drifts[strings.Split(rel, string(filepath.Separator))[0]]
		if says := slices.Contains(known, "crate-drift"); differ != says && truth != nil {
			t.Errorf("%s: differs from its lock file: %v; truth.json says %v", rel, differ, says)
		}
		t.Logf("   differs %v; truth.json: %q", differ, known)
		return nil
	})
	if err != nil || files == 0 {
		t.Fatal(files, err)
	}
}

func compare(t *testing.T, rel string, src []byte, g *Graph, lockFile string) (differ bool) {
	deps, features, unresolved, unknown, partial := 0, 0, 0, 0, 0
	for i := range g.Crates {
		c := &g.Crates[i]
		deps += len(c.Dependencies)
		features += len(c.Features)
		if c.Source.Kind == UnknownSource {
			unknown++
		}
		if c.Incomplete {
			partial++
		}
		for k := range c.Dependencies {
			if g.Target(c, &c.Dependencies[k]) == nil {
				unresolved++
			}
		}
	}
	t.Logf("%s: %d kB, %s %s, %d formals, %d crates, %d members, %d edges, %d features; incomplete %v/%d, unknown sources %d, edges to nothing %d, arguments %q",
		rel, len(src)/1000, g.Generator, g.Version, len(g.Formals), len(g.Crates), len(g.Members), deps, features, g.Incomplete, partial, unknown, unresolved, g.Arguments)
	data, err := os.ReadFile(lockFile)
	if err != nil {
		t.Logf("   no lock file beside it")
		return false
	}
	lock, err := cargo.ParseLock(data)
	if err != nil {
		t.Errorf("%s: %v", lockFile, err)
		return false
	}
	of := FromLock(lock)
	list := func(g *Graph) map[string]*Crate {
		all := map[string]*Crate{}
		for i := range g.Crates {
			all[g.Crates[i].Name+" "+g.Crates[i].Version] = &g.Crates[i]
		}
		return all
	}
	have, want := list(g), list(of)
	var only, missing []string
	for id, c := range have {
		l := want[id]
		if l == nil {
			only = append(only, id)
			continue
		}
		if len(g.Find(c.Name, c.Version)) > 1 || len(of.Find(c.Name, c.Version)) > 1 {
			continue
		}
		if c.Source.Kind != l.Source.Kind {
			t.Logf("   %s: %s, in the lock file %s", id, c.Source.Kind, l.Source.Kind)
			differ = true
			continue
		}
		if c.Source.Kind == CratesIO && (!c.Hash.Known || c.Hash.Sum != l.Hash.Sum) {
			t.Logf("   %s: hash %s, in the lock file %s", id, c.Hash.Text, l.Hash.Text)
			differ = true
		}
		if c.Source.Kind == Git && (c.Source.Rev != l.Source.Rev || c.Source.URL != l.Source.URL) {
			t.Logf("   %s: %s %s, in the lock file %s %s", id, c.Source.URL, c.Source.Rev, l.Source.URL, l.Source.Rev)
			differ = true
		}
		if c.RegistryKey != "" && c.RegistryKey != l.RegistryKey {
			t.Logf("   %s: key %s, by the lock file %s", id, c.RegistryKey, l.RegistryKey)
			differ = true
		}
	}
	for id := range want {
		if have[id] == nil {
			missing = append(missing, id)
		}
	}
	sort.Strings(only)
	sort.Strings(missing)
	if len(only)+len(missing) > 0 {
		t.Logf("   only here: %q; only in the lock file: %q", only, missing)
		differ = true
	}
	return differ
}
