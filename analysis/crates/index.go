package crates

import (
	"sort"
	"strings"
)

// finish builds the indexes. Every reader ends with it; afterwards nothing of the graph changes.
func (g *Graph) finish() *Graph {
	g.byName = make(map[string][]int32, len(g.Crates))
	if g.Generator == Crate2nix || g.Generator == Crate2nixJSON {
		g.byID = make(map[string]int32, len(g.Crates))
	}
	// One slice for the lists of all names: nearly every name has one entry.
	lists := make([]int32, 0, len(g.Crates))
	for i := range g.Crates {
		c := &g.Crates[i]
		if have := g.byName[c.Name]; have != nil {
			g.byName[c.Name] = append(have, int32(i))
		} else {
			lists = append(lists, int32(i))
			g.byName[c.Name] = lists[len(lists)-1 : len(lists) : len(lists)]
		}
		if g.byID != nil {
			if _, seen := g.byID[c.ID]; !seen {
				g.byID[c.ID] = int32(i)
			}
		}
	}
	g.dependents = make([]int32, len(g.Crates))
	countedFor := make([]int32, len(g.Crates)) // the last dependent that was counted, plus one: each counts once
	for i := range g.Crates {
		for k := range g.Crates[i].Dependencies {
			d := &g.Crates[i].Dependencies[k]
			to := d.target - 1 // FromLock resolved it by cargo's own rules
			if d.target == 0 {
				to = g.resolve(d)
				d.target = to + 1
			}
			if to < 0 {
				continue
			}
			if countedFor[to] != int32(i)+1 && to != int32(i) {
				countedFor[to] = int32(i) + 1
				g.dependents[to]++
			}
			if d.built && d.Kind != Build {
				// Only a procedural macro is built for the build platform while the crate itself is not a build script.
				g.Crates[to].ProcMacro = true
			}
		}
	}
	for i := range g.Crates {
		for k := range g.Crates[i].Dependencies {
			g.Crates[i].Dependencies[k].setExtern(g)
		}
	}
	return g
}

// setExtern completes the name under which the code sees the crate where the file does not say it: without a rename it is
// the name of the other crate's library.
func (d *Dependency) setExtern(g *Graph) {
	if d.Extern != "" {
		return
	}
	d.Extern = d.Rename
	if d.Extern == "" && d.target > 0 {
		d.Extern = g.Crates[d.target-1].LibName
	}
	if d.Extern == "" {
		d.Extern = d.Name
	}
	d.Extern = strings.ReplaceAll(d.Extern, "-", "_")
}

// resolve is the index of the entry that d names, or -1.
func (g *Graph) resolve(d *Dependency) int32 {
	if d.PackageID != "" {
		if i, ok := g.byID[d.PackageID]; ok {
			return i
		}
		return -1
	}
	for _, i := range g.byName[d.Name] {
		if c := &g.Crates[i]; c.Version == d.Version && c.RegistryKey == d.RegistryKey {
			return i
		}
	}
	return -1
}

// Named lists the entries of that package name, in the file's order.
func (g *Graph) Named(name string) []*Crate {
	found := make([]*Crate, 0, len(g.byName[name]))
	for _, i := range g.byName[name] {
		found = append(found, &g.Crates[i])
	}
	return found
}

// Find lists the entries of that package and version: more than one where a version comes from several sources.
func (g *Graph) Find(name, version string) []*Crate {
	var found []*Crate
	for _, i := range g.byName[name] {
		if g.Crates[i].Version == version {
			found = append(found, &g.Crates[i])
		}
	}
	return found
}

// ByID is the entry of that package id of crate2nix, nil where there is none.
func (g *Graph) ByID(id string) *Crate {
	if i, ok := g.byID[id]; ok {
		return &g.Crates[i]
	}
	return nil
}

// At is the entry in which byteOffset lies, and its dependency there; nil where there is none.
func (g *Graph) At(byteOffset int) (*Crate, *Dependency) {
	// Entries stand in the file's order and never inside each other.
	i := sort.Search(len(g.Crates), func(i int) bool { return g.Crates[i].Span.Start > byteOffset }) - 1
	if i < 0 || !g.Crates[i].Span.Contains(byteOffset) {
		return nil, nil
	}
	c := &g.Crates[i]
	var found *Dependency
	for k := range c.Dependencies {
		// Of two edges that touch, the later one has the offset as its first byte.
		if c.Dependencies[k].Span.Contains(byteOffset) {
			found = &c.Dependencies[k]
		}
	}
	return c, found
}

// Target is the entry that a dependency of from goes to, nil where the file has no such entry.
func (g *Graph) Target(from *Crate, d *Dependency) *Crate {
	if d == nil || d.target <= 0 || int(d.target) > len(g.Crates) {
		return nil
	}
	return &g.Crates[d.target-1]
}

// Dependents counts the other entries that depend on c, whatever the kind and the condition.
func (g *Graph) Dependents(c *Crate) int {
	for _, i := range g.byName[c.Name] {
		if &g.Crates[i] == c {
			return int(g.dependents[i])
		}
	}
	return 0
}
