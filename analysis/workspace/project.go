package workspace

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// Project is a Cargo workspace or package, known by its lock file, with the generated Nix files that were made from it; or a
// generated Nix file whose lock is not in the workspace.
type Project struct {
	// Root is the folder of the lock file, or of the generated file where there is no lock; relative, "." for the workspace's root.
	Root string
	// Lock is nil where the project has none in the workspace.
	Lock *LockFile
	// Manifest is the root manifest beside the lock, if there is one; Members are the manifests of the members and of the path
	// dependencies inside the workspace, by folder, the root's among them.
	Manifest *ManifestFile
	Members  []*ManifestFile
	// Generated are the files made from the lock, by path.
	Generated []*Generated
	// Hashes are the crate-hashes.json files that belong to the project's generated files, or lie beside its lock.
	Hashes []*HashFile
}

// Builders names the builders of the project, sorted.
func (p *Project) Builders() []string {
	names := map[string]bool{}
	for _, g := range p.Generated {
		if g.Graph != nil {
			names[g.Graph.Generator.String()] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Generated is a Cargo.nix (whatever its name) or a Cargo.json.
type Generated struct {
	*File
	// Graph is what the file says; nil for a file called Cargo.nix whose generator is not known.
	Graph *crates.Graph
	// SyntaxErrors are where the file is not Nix or JSON; what could be read beside them is in Graph.
	SyntaxErrors []Problem
	// Locks are the lock files it was made from: one, or several for crate2nix with several -f. None where the source is
	// outside the workspace or not known.
	Locks []*LockFile
	// ManifestPaths are the manifests the generator was given, relative to the snapshot's root.
	ManifestPaths []string
	// RunDir is the folder, relative to the snapshot's root, in which the generator was run.
	RunDir string
	// OutputPath is the file's own path as seen from RunDir.
	OutputPath string
	// LacksLocks says that a lock that the file was made from is not there, so what it alone brings is unknown.
	LacksLocks bool
	// Hashes is the crate-hashes.json that the generator reads, nil where there is none.
	Hashes *HashFile
}

// LockFile is a Cargo.lock. Lock is nil if it cannot be read; Problem says why.
type LockFile struct {
	*File
	Lock    *cargo.Lock
	Problem *Problem
}

// ManifestFile is a Cargo.toml. Manifest is nil if it cannot be read; Problem says why.
type ManifestFile struct {
	*File
	Manifest *cargo.Manifest
	Problem  *Problem
}

// HashFile is a crate-hashes.json. Entries are nil if it cannot be read; Problem says why.
type HashFile struct {
	*File
	Entries []crates.HashEntry
	Problem *Problem
}

// Problem is why, and where, a file cannot be read or parsed.
type Problem struct {
	Message string
	Span    text.Span
}

// Mention is a literal path in a hand-written Nix file that leads to a generated one.
type Mention struct {
	File *File
	Span text.Span
}

// Projects lists the workspace's projects, by root.
func (s *Snapshot) Projects() []*Project { return s.model().projects }

// Generated lists the generated files, each once (several locks make a file part of several projects), by path.
func (s *Snapshot) Generated() []*Generated {
	m := s.model()
	list := make([]*Generated, 0, len(m.generated))
	for _, rel := range slices.Sorted(maps.Keys(m.generated)) {
		list = append(list, m.generated[rel])
	}
	return list
}

// Mentions lists the literal paths to a generated file in the workspace's other Nix files, in order of file and offset.
func (s *Snapshot) Mentions(g *Generated) []Mention { return s.model().mentions[g.path] }

// GeneratedAt is the generated file at a path, or nil.
func (s *Snapshot) GeneratedAt(rel string) *Generated { return s.model().generated[path.Clean(rel)] }

// LockAt is the lock file of a project at a path, or nil.
func (s *Snapshot) LockAt(rel string) *LockFile { return s.model().locks[path.Clean(rel)] }

// ProjectOf is the project that a lock or a generated file belongs to, or nil.
func (s *Snapshot) ProjectOf(rel string) *Project {
	rel = path.Clean(rel)
	for _, p := range s.Projects() {
		if p.Lock != nil && p.Lock.path == rel {
			return p
		}
		for _, g := range p.Generated {
			if g.path == rel {
				return p
			}
		}
	}
	return nil
}

// model is what a snapshot knows of its projects.
type model struct {
	projects  []*Project
	generated map[string]*Generated
	locks     map[string]*LockFile
	manifests map[string]*ManifestFile
	mentions  map[string][]Mention
}

// buildModel reads every Nix file once (to see whether it is generated), parses those that are, pairs them with their locks, and
// then looks into the files that name one of them.
func buildModel(s *Snapshot) *model {
	s.memo.nextGeneration()
	m := &model{generated: map[string]*Generated{}, locks: map[string]*LockFile{}, manifests: map[string]*ManifestFile{}, mentions: map[string][]Mention{}}
	var others, lockPaths, hashPaths []string
	for _, rel := range s.paths() {
		switch name := path.Base(rel); {
		case name == "Cargo.lock":
			lockPaths = append(lockPaths, rel)
		case name == "crate-hashes.json":
			hashPaths = append(hashPaths, rel)
		case name == "Cargo.json" || strings.HasSuffix(name, ".nix"):
			if g := s.readGenerated(rel); g != nil {
				m.generated[rel] = g
			} else if name != "Cargo.json" {
				others = append(others, rel)
			}
		}
	}
	callSites := m.findMentions(s, others)
	for _, rel := range slices.Sorted(maps.Keys(m.generated)) {
		m.pair(s, m.generated[rel], callSites[rel])
	}
	m.group(s, lockPaths, hashPaths)
	return m
}

// graphKey and the other key types tell the memo's computations apart.
type (
	graphKey struct {
		sum  [32]byte
		json bool
	}
	lockKey     struct{ sum [32]byte }
	manifestKey struct{ sum [32]byte }
	hashesKey   struct{ sum [32]byte }
	pathsKey    struct{ sum [32]byte }
)

// readGraph is what a generated file's bytes say.
type readGraph struct {
	graph  *crates.Graph
	errors []Problem
}

// readGenerated reads a file if it is a generated one, or called Cargo.nix; nil otherwise.
func (s *Snapshot) readGenerated(rel string) *Generated {
	file := s.File(rel)
	if file == nil {
		return nil
	}
	isJSON := path.Base(rel) == "Cargo.json"
	named := path.Base(rel) == "Cargo.nix"
	if !isJSON && !named && !file.glance().generated {
		return nil
	}
	data, err := file.Data()
	if err != nil {
		// A folder called Cargo.nix is a folder like any other: the walk went into it.
		if named && err != errIsDirectory {
			return &Generated{File: file, SyntaxErrors: []Problem{{Message: err.Error()}}}
		}
		return nil
	}
	if isJSON && crates.Recognise(data) != crates.Crate2nixJSON {
		return nil
	}
	read := memoised(s.memo, graphKey{file.Sum(), isJSON}, func() readGraph {
		if isJSON {
			graph, err := crates.ReadJSON(data)
			if err != nil {
				return readGraph{errors: []Problem{*problemOf(err)}}
			}
			return readGraph{graph: graph}
		}
		tree := nixparse.Parse(data)
		r := readGraph{graph: crates.ReadNix(tree)}
		for _, node := range tree.Errors() {
			r.errors = append(r.errors, Problem{tree.Describe(node), text.Span{Start: node.Start(), End: node.End()}})
		}
		if merge, ok := conflict(data); ok && len(r.errors) > 0 {
			r.errors = []Problem{merge}
		}
		return r
	})
	if read.graph == nil && !named && !isJSON {
		return nil
	}
	return &Generated{File: file, Graph: read.graph, SyntaxErrors: read.errors}
}

// lock reads the Cargo.lock at a path; nil where there is none.
func (m *model) lock(s *Snapshot, rel string) *LockFile {
	rel = path.Clean(rel)
	if known, ok := m.locks[rel]; ok {
		return known
	}
	file := s.File(rel)
	if file == nil {
		return nil
	}
	l := &LockFile{File: file}
	l.Lock, l.Problem = parsed(s.memo, file, lockKey{file.Sum()}, cargo.ParseLock)
	m.locks[rel] = l
	return l
}

// manifest reads the Cargo.toml at a path; nil where there is none.
func (m *model) manifest(s *Snapshot, rel string) *ManifestFile {
	rel = path.Clean(rel)
	if known, ok := m.manifests[rel]; ok {
		return known
	}
	file := s.File(rel)
	if file == nil {
		m.manifests[rel] = nil
		return nil
	}
	f := &ManifestFile{File: file}
	f.Manifest, f.Problem = parsed(s.memo, file, manifestKey{file.Sum()}, cargo.ParseManifest)
	m.manifests[rel] = f
	return f
}

// hashes reads the crate-hashes.json at a path; nil where there is none.
func (s *Snapshot) hashes(rel string) *HashFile {
	file := s.File(rel)
	if file == nil {
		return nil
	}
	h := &HashFile{File: file}
	h.Entries, h.Problem = parsed(s.memo, file, hashesKey{file.Sum()}, crates.ReadHashes)
	return h
}

// parsed is what a reader makes of a file, remembered by content; the zero value and a problem where the file cannot be read.
func parsed[K comparable, V any](m *memo, file *File, key K, parse func([]byte) (V, error)) (V, *Problem) {
	type result struct {
		value   V
		problem *Problem
	}
	data, err := file.Data()
	if err != nil {
		var none V
		return none, &Problem{Message: err.Error()}
	}
	r := memoised(m, key, func() result {
		value, err := parse(data)
		if err != nil {
			var none V
			return result{none, problemOf(err)}
		}
		return result{value, nil}
	})
	return r.value, r.problem
}

// group makes projects of the generated files and of the locks that none was made from.
func (m *model) group(s *Snapshot, lockPaths, hashPaths []string) {
	byRoot := map[string]*Project{}
	project := func(root string, lock *LockFile) *Project {
		key := root
		if lock == nil {
			key += "\x00" // a generated file without a lock is no part of a project that happens to lie in the same folder
		}
		p := byRoot[key]
		if p == nil {
			p = &Project{Root: root, Lock: lock}
			byRoot[key] = p
		}
		return p
	}
	for _, rel := range slices.Sorted(maps.Keys(m.generated)) {
		g := m.generated[rel]
		if len(g.Locks) == 0 {
			p := project(path.Dir(rel), nil)
			p.Generated = append(p.Generated, g)
		}
		for _, lock := range g.Locks {
			p := project(path.Dir(lock.path), lock)
			p.Generated = append(p.Generated, g)
		}
	}
	for _, rel := range lockPaths {
		if lock := m.lock(s, rel); lock != nil {
			project(path.Dir(rel), lock)
		}
	}
	for _, p := range byRoot {
		m.addManifests(s, p)
		for _, g := range p.Generated {
			if g.Hashes != nil && !slices.ContainsFunc(p.Hashes, func(h *HashFile) bool { return h.path == g.Hashes.path }) {
				p.Hashes = append(p.Hashes, g.Hashes)
			}
		}
		beside := path.Join(p.Root, "crate-hashes.json")
		if p.Lock != nil && slices.Contains(hashPaths, beside) && !slices.ContainsFunc(p.Hashes, func(h *HashFile) bool { return h.path == beside }) {
			p.Hashes = append(p.Hashes, s.hashes(beside))
		}
		m.projects = append(m.projects, p)
	}
	slices.SortFunc(m.projects, func(a, b *Project) int {
		return cmp.Or(cmp.Compare(a.Root, b.Root), cmp.Compare(len(b.Generated), len(a.Generated)), cmp.Compare(lockless(a), lockless(b)))
	})
}

// lockless sorts projects without a lock behind the one with a lock in the same folder.
func lockless(p *Project) int {
	if p.Lock == nil {
		return 1
	}
	return 0
}

// differenceKey names what a difference was computed from: the sums of the generated file and of its locks, one after another.
type differenceKey struct{ sums string }

// Difference is in what a generated file and its locks disagree; nil where that is not known: no lock, or one that cannot be read.
func (s *Snapshot) Difference(g *Generated) *crates.Difference {
	if g.Graph == nil || len(g.Locks) == 0 {
		return nil
	}
	sum := g.Sum()
	sums := append([]byte(g.Graph.Generator.String()), sum[:]...)
	var locks []*cargo.Lock
	for _, lock := range g.Locks {
		if lock.Lock == nil {
			return nil
		}
		locks = append(locks, lock.Lock)
		sum := lock.Sum()
		sums = append(sums, sum[:]...)
	}
	return memoised(s.memo, differenceKey{string(sums)}, func() *crates.Difference { return crates.Compare(g.Graph, locks) })
}
