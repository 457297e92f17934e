package crates

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/cargo"
)

// ChangeKind is how an entry of a generated file and the lock disagree.
type ChangeKind uint8

// The kinds of changes, seen from the generated file to the lock.
const (
	Updated       ChangeKind = iota // one package, another version
	RevisionMoved                   // the same version of a git package at another revision
	SourceChanged                   // the same version from another kind of source, or from another URL
	Added                           // only in the lock
	Removed                         // only in the generated file
)

// Change is one difference between a generated file and its lock.
type Change struct {
	Kind ChangeKind
	Name string
	// Crate is the entry in the generated file, nil for Added.
	Crate *Crate
	// Package is the entry in the lock, nil for Removed; Lock is the index of that lock among those compared.
	Package *cargo.Package
	Lock    int
}

// Mismatch is a crate whose checksum is another one in the lock.
type Mismatch struct {
	Crate   *Crate
	Package *cargo.Package
	Lock    int
}

// Difference is all in which a generated file and its locks disagree.
type Difference struct {
	// Changes are in the order of the generated file; what is only in the lock follows, in the lock's order.
	Changes []Change
	// Checksums are the crates of the same version and source whose checksum differs, in the order of the generated file.
	Checksums []Mismatch
}

// Count is the number of changes of a kind.
func (d *Difference) Count(kind ChangeKind) int {
	n := 0
	for i := range d.Changes {
		if d.Changes[i].Kind == kind {
			n++
		}
	}
	return n
}

type lockedPackage struct {
	*cargo.Package
	lock int
}

// Compare compares a generated file with the lock it was made from, or with the union of several. Entries are matched by name and
// version, never by package id (crate2nix makes those up per file), then by source where one version comes from several.
func Compare(g *Graph, locks []*cargo.Lock) *Difference {
	type key struct{ name, version string }
	total := 0
	for _, lock := range locks {
		total += len(lock.Packages)
	}
	locked := make(map[key][]lockedPackage, total)
	order := make([]key, 0, total)
	for i, lock := range locks {
		for j := range lock.Packages {
			p := &lock.Packages[j]
			k := key{p.Name, p.Version}
			if known := locked[k]; known == nil {
				order = append(order, k)
			} else if slices.ContainsFunc(known, func(q lockedPackage) bool { return q.lock != i && q.SourceText == p.SourceText }) {
				continue // two locks agree
			}
			locked[k] = append(locked[k], lockedPackage{p, i})
		}
	}
	entries := make(map[key][]*Crate, len(g.Crates))
	for i := range g.Crates {
		c := &g.Crates[i]
		entries[key{c.Name, c.Version}] = append(entries[key{c.Name, c.Version}], c)
	}

	d := &Difference{}
	added := map[string][]lockedPackage{} // by name
	removed := map[string][]*Crate{}
	same := func(c *Crate, p lockedPackage) {
		switch kind := compareSource(c, p.Package); {
		case kind != noChange:
			d.Changes = append(d.Changes, Change{kind, c.Name, c, p.Package, p.lock})
		case differentChecksum(c, p.Package):
			d.Checksums = append(d.Checksums, Mismatch{c, p.Package, p.lock})
		}
	}
	done := make(map[key]bool, len(entries))
	for i := range g.Crates {
		k := key{g.Crates[i].Name, g.Crates[i].Version}
		if done[k] {
			continue
		}
		done[k] = true
		cs, ps := entries[k], locked[k]
		if len(cs) == 1 && len(ps) == 1 {
			same(cs[0], ps[0])
			continue
		}
		// The same version from several sources: first those whose sources agree, the rest in order.
		cs, ps = slices.Clone(cs), slices.Clone(ps)
		for _, exact := range []bool{true, false} {
			for i := 0; i < len(cs); {
				j := slices.IndexFunc(ps, func(p lockedPackage) bool { return !exact || compareSource(cs[i], p.Package) == noChange })
				if j < 0 {
					i++
					continue
				}
				same(cs[i], ps[j])
				cs, ps = slices.Delete(cs, i, i+1), slices.Delete(ps, j, j+1)
			}
		}
		removed[k.name] = append(removed[k.name], cs...)
		added[k.name] = append(added[k.name], needed(ps)...)
	}
	for _, k := range order {
		if !done[k] {
			added[k.name] = append(added[k.name], needed(locked[k])...)
		}
	}
	paired := pairUpdates(d, removed, added)
	for _, cs := range removed {
		for _, c := range cs {
			d.Changes = append(d.Changes, Change{Kind: Removed, Name: c.Name, Crate: c})
		}
	}
	for _, k := range order {
		for _, p := range locked[k] {
			if !paired[p.Package] && slices.ContainsFunc(added[k.name], func(q lockedPackage) bool { return q.Package == p.Package }) {
				d.Changes = append(d.Changes, Change{Kind: Added, Name: p.Name, Package: p.Package, Lock: p.lock})
			}
		}
	}
	slices.SortStableFunc(d.Changes, func(a, b Change) int {
		switch {
		case a.Crate != nil && b.Crate != nil:
			return cmp.Compare(a.Crate.Span.Start, b.Crate.Span.Start)
		case a.Crate != nil:
			return -1
		case b.Crate != nil:
			return 1
		}
		return cmp.Or(cmp.Compare(a.Lock, b.Lock), cmp.Compare(a.Package.Span.Start, b.Package.Span.Start))
	})
	slices.SortFunc(d.Checksums, func(a, b Mismatch) int { return cmp.Compare(a.Crate.Span.Start, b.Crate.Span.Start) })
	return d
}

// needed leaves out what [replace] replaced: cargo keeps such a package in the lock beside its replacement, and builds only the latter.
func needed(packages []lockedPackage) []lockedPackage {
	return slices.DeleteFunc(slices.Clone(packages), func(p lockedPackage) bool { return p.Replace != "" })
}

// pairUpdates takes those pairs out of removed that are one package at two versions, and notes them as updates: where one version went
// and one came, and, of several, those that cargo could have updated to each other (the same left-most part that is not zero).
func pairUpdates(d *Difference, removed map[string][]*Crate, added map[string][]lockedPackage) map[*cargo.Package]bool {
	paired := map[*cargo.Package]bool{}
	for name, gone := range removed {
		come := slices.Clone(added[name])
		var left []*Crate
		for _, c := range gone {
			j := -1
			if len(gone) == 1 && len(come) == 1 {
				j = 0
			} else if compatible := matching(come, func(p lockedPackage) bool { return compatibleRange(p.Version) == compatibleRange(c.Version) }); len(compatible) == 1 &&
				len(matching(gone, func(o *Crate) bool { return compatibleRange(o.Version) == compatibleRange(c.Version) })) == 1 {
				j = compatible[0]
			}
			if j < 0 {
				left = append(left, c)
				continue
			}
			d.Changes = append(d.Changes, Change{Updated, name, c, come[j].Package, come[j].lock})
			paired[come[j].Package] = true
			come = slices.Delete(come, j, j+1)
		}
		removed[name] = left
	}
	return paired
}

func matching[T any](list []T, ok func(T) bool) (indexes []int) {
	for i, v := range list {
		if ok(v) {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// compatibleRange is the part of a version that an update within cargo's default requirement keeps: "1" of 1.2.3, "0.2" of 0.2.3,
// "0.0.3" of 0.0.3.
func compatibleRange(version string) string {
	version, _, _ = strings.Cut(version, "+")
	parts := strings.SplitN(version, ".", 3)
	for i, part := range parts {
		if part != "0" {
			return strings.Join(parts[:i+1], ".")
		}
	}
	return version
}

// noChange is compareSource's answer for sources that agree, or of which one is not known.
const noChange = ChangeKind(255)

// SourceDiffers reports whether an entry and a package of the lock come from different places, revisions of one git repository aside. What
// is not known differs from nothing.
func SourceDiffers(c *Crate, p *cargo.Package) bool { return compareSource(c, p) == SourceChanged }

func compareSource(c *Crate, p *cargo.Package) ChangeKind {
	var kind SourceKind
	switch {
	case p.Source.Kind == cargo.Path:
		kind = Local
	case p.Source.IsCratesIO():
		kind = CratesIO
	case p.Source.Kind == cargo.Registry:
		kind = Registry
	case p.Source.Kind == cargo.Git:
		kind = Git
	}
	if c.Source.Kind == UnknownSource || kind == UnknownSource {
		return noChange
	}
	if c.Source.Kind != kind {
		return SourceChanged
	}
	if kind == Git || kind == Registry {
		if c.Source.URL != "" && CanonicalURL(c.Source.URL) != CanonicalURL(p.Source.URL) {
			return SourceChanged
		}
	}
	if kind == Git && c.Source.Rev != "" && p.Source.Precise != "" && !strings.EqualFold(c.Source.Rev, p.Source.Precise) {
		return RevisionMoved
	}
	return noChange
}

func differentChecksum(c *Crate, p *cargo.Package) bool {
	if p.Checksum == "" || !c.Hash.Known || c.Source.Kind != CratesIO && c.Source.Kind != Registry {
		return false
	}
	want := ParseHash(p.Checksum, p.ChecksumSpan)
	return want.Known && want.Sum != c.Hash.Sum
}

// CanonicalURL is a repository's URL without what makes no difference to git hosts: a final slash or ".git", and the letter case of
// scheme and host.
func CanonicalURL(url string) string {
	url = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(url, "/"), ".git"), "/")
	if scheme, rest, ok := strings.Cut(url, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		url = strings.ToLower(scheme) + "://" + strings.ToLower(host)
		if slash {
			url += "/" + path
		}
	}
	return url
}
