package workspace

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
)

// pair finds out which lock files a generated file was made from. Where that is not certain it stays without one, and then
// nothing is said about drift.
func (m *model) pair(s *Snapshot, g *Generated, sites []callSite) {
	if g.Graph == nil {
		// Not a generator we know, or not Nix at all: the lock beside it makes it part of that project, nothing more.
		if lock := m.lock(s, path.Join(path.Dir(g.path), "Cargo.lock")); lock != nil {
			g.Locks = []*LockFile{lock}
		}
		return
	}
	switch g.Graph.Generator {
	case crates.Cargo2nix:
		m.pairCargo2nix(s, g, sites)
	case crates.Crate2nix, crates.Crate2nixJSON:
		m.pairCrate2nix(s, g)
	}
}

// pairCargo2nix follows the file itself: it hashes Cargo.lock in workspaceSrc, which is the file's own folder unless the caller
// gives another.
func (m *model) pairCargo2nix(s *Snapshot, g *Generated, sites []callSite) {
	dir := path.Dir(g.path)
	var unknown bool
	var given []string
	for _, site := range sites {
		switch site.workspaceSrc {
		case srcLiteral:
			given = append(given, path.Join(path.Dir(site.file), site.srcPath))
		case srcUnknown:
			unknown = true
		}
	}
	if len(given) > 0 {
		// Two callers may build the file against two sources; the one that has a lock is what can be compared.
		for _, src := range given {
			if lock := m.lock(s, path.Join(src, "Cargo.lock")); lock != nil {
				dir = src
				break
			}
		}
		if dir == path.Dir(g.path) && !slices.Contains(given, dir) {
			return
		}
	}
	lock := m.lock(s, path.Join(dir, "Cargo.lock"))
	if lock == nil {
		return
	}
	// Without a literal path the source may be another repository, whose lock is not the one that lies here. A member that
	// stands in both says that it is the same project. A file of the default name in the default place with the default
	// source is the project's own even if its package was renamed.
	ownByDefault := len(given) > 0 || !unknown && path.Base(g.path) == "Cargo.nix"
	if !ownByDefault && !sharesMember(g.Graph, lock.Lock) {
		return
	}
	g.Locks = []*LockFile{lock}
	g.RunDir, g.OutputPath = dir, relative(s.Abs(dir), g.abs)
	g.ManifestPaths = []string{path.Join(dir, "Cargo.toml")}
}

// sharesMember reports whether a package without a source stands in both.
func sharesMember(graph *crates.Graph, lock *cargo.Lock) bool {
	if lock == nil {
		return true // the lock cannot be read; that it lies here is all there is
	}
	local := map[string]bool{}
	for i := range lock.Packages {
		if lock.Packages[i].SourceText == "" {
			local[lock.Packages[i].Name] = true
		}
	}
	return slices.ContainsFunc(graph.Crates, func(c crates.Crate) bool { return c.Source.Kind == crates.Local && local[c.Name] })
}

// pairCrate2nix follows the command line in the file's header, or the paths of its local crates where the header does not lead
// anywhere (the file was moved, or made on another machine).
func (m *model) pairCrate2nix(s *Snapshot, g *Generated) {
	args := crate2nixArguments(g.Graph)
	g.RunDir = m.runDir(s, g, args)
	for _, manifest := range args.manifests {
		if path.IsAbs(manifest) {
			g.LacksLocks = true
			continue
		}
		rel := path.Join(g.RunDir, manifest)
		lock := m.lockOfManifest(s, rel)
		if lock == nil {
			g.LacksLocks = true
			continue
		}
		g.ManifestPaths = append(g.ManifestPaths, rel)
		if !slices.Contains(g.Locks, lock) {
			g.Locks = append(g.Locks, lock)
		}
	}
	if len(g.Locks) == 0 {
		for i := range g.Graph.Crates {
			source := &g.Graph.Crates[i].Source
			if source.Kind != crates.Local || source.Path == "" || path.IsAbs(source.Path) {
				continue
			}
			rel := path.Join(path.Dir(g.path), source.Path, "Cargo.toml")
			if m.manifest(s, rel) == nil {
				continue
			}
			if lock := m.lockOfManifest(s, rel); lock != nil && sharesMember(g.Graph, lock.Lock) {
				g.Locks = []*LockFile{lock}
				g.RunDir = path.Dir(lock.path)
				g.LacksLocks = len(args.manifests) > 1
				break
			}
		}
	}
	// A file that was given another name than its generator gave it was perhaps made for another source.
	if len(g.Locks) == 1 && path.Base(g.path) != path.Base(args.output) && !sharesMember(g.Graph, g.Locks[0].Lock) {
		g.Locks, g.ManifestPaths = nil, nil
	}
	g.OutputPath = relative(s.Abs(g.RunDir), g.abs)
	hashes := args.hashes
	if hashes == "" {
		// crate2nix looks beside its output.
		hashes = path.Join(path.Dir(g.path), "crate-hashes.json")
	} else if !path.IsAbs(hashes) {
		hashes = path.Join(g.RunDir, hashes)
	}
	g.Hashes = s.hashes(hashes)
}

// crate2nixArgs is what a crate2nix command line says about files.
type crate2nixArgs struct {
	manifests []string
	output    string
	hashes    string
	// choosesFeatures says that the generator was told to leave features out.
	choosesFeatures bool
}

// crate2nixArguments reads the command line of the header; without one the generator's defaults hold.
func crate2nixArguments(graph *crates.Graph) crate2nixArgs {
	args := crate2nixArgs{output: "./Cargo.nix"}
	if graph.Generator == crates.Crate2nixJSON {
		args.output = "./Cargo.json"
	}
	words := graph.Arguments
	for i := 0; i < len(words); i++ {
		name, value, joined := strings.Cut(words[i], "=")
		if !strings.HasPrefix(words[i], "--") && len(words[i]) > 2 && words[i][0] == '-' {
			name, value, joined = words[i][:2], strings.TrimPrefix(words[i][2:], "="), true
		}
		next := func() string {
			if !joined && i+1 < len(words) {
				i++
				return words[i]
			}
			return value
		}
		switch name {
		case "-f", "--cargo-toml":
			args.manifests = append(args.manifests, next())
		case "-o", "--output":
			args.output = next()
		case "-h", "--crate-hashes":
			args.hashes = next()
		case "--no-default-features", "--default-features":
			args.choosesFeatures = true
		case "--features":
			args.choosesFeatures = true
			next()
		}
	}
	if len(args.manifests) == 0 {
		args.manifests = []string{"./Cargo.toml"}
	}
	return args
}

// Command is the crate2nix command line that writes the file anew when it is run in RunDir: the one of its header, with the paths that no
// longer lead to the file or to its manifest put right.
func (g *Generated) Command() []string {
	args := crate2nixArguments(g.Graph)
	words := g.Graph.Arguments
	if len(words) == 0 {
		words = []string{"generate"}
		if g.Graph.Generator == crates.Crate2nixJSON {
			words = append(words, "--format", "json")
		}
	}
	if len(g.ManifestPaths) == 0 && len(g.Locks) > 0 {
		// The header's manifest is not there; the file's own crates led to the lock.
		words = withoutOption(words, "-f", "--cargo-toml")
	}
	// Over a file that lost its header crate2nix writes only if it is named.
	if path.Clean(args.output) != g.OutputPath || len(g.Graph.Arguments) == 0 {
		words = append(withoutOption(words, "-o", "--output"), "-o", g.OutputPath)
	}
	return words
}

// withoutOption takes an option that has a value out of a command line, in each of its spellings.
func withoutOption(words []string, short, long string) []string {
	var left []string
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == short || word == long:
			i++
		case strings.HasPrefix(word, long+"=") || strings.HasPrefix(word, short):
		default:
			left = append(left, word)
		}
	}
	return left
}

// LeavesOutFeatures reports whether a package that stands only in the lock may be missing on purpose: the generator was told to
// leave features out, writes only what is selected (Cargo.json), or read several manifests of which not all are here.
func (g *Generated) LeavesOutFeatures() bool {
	if g.Graph == nil {
		return false
	}
	switch g.Graph.Generator {
	case crates.Crate2nixJSON:
		return true
	case crates.Crate2nix:
		args := crate2nixArguments(g.Graph)
		return args.choosesFeatures || len(args.manifests) > 1 && len(g.Locks) == 1
	}
	return false
}

// runDir is the folder in which crate2nix ran: the one from which its output path leads to the file. Where the file does not
// stand at that path, it was moved; then the folder of the file is as good as any.
func (m *model) runDir(s *Snapshot, g *Generated, args crate2nixArgs) string {
	out := path.Clean(args.output)
	if path.IsAbs(out) {
		return path.Dir(g.path)
	}
	if dir, ok := cutPathSuffix(g.path, out); ok {
		return dir
	}
	// "../nix/Cargo.nix": the folder is known by the manifest, which must lie in it. Of several beside each other it is the root crate's, or
	// the first whose lock knows one of the file's packages.
	first := args.manifests[0]
	if !strings.HasPrefix(out, "../") || path.IsAbs(first) {
		return path.Dir(g.path)
	}
	rootCrate := ""
	if root := g.Graph.ByID(g.Graph.Root.Value); root != nil && root.Source.Kind == crates.Local {
		rootCrate = path.Join(path.Dir(g.path), root.Source.Path)
	}
	found := ""
	for _, rel := range s.paths() {
		dir, ok := cutPathSuffix(rel, path.Clean(first))
		if !ok || path.Join(dir, out) != g.path {
			continue
		}
		if dir == rootCrate {
			return dir
		}
		if found == "" {
			if lock := m.lockOfManifest(s, rel); lock != nil && sharesMember(g.Graph, lock.Lock) {
				found = dir
			}
		}
	}
	if found != "" {
		return found
	}
	return path.Dir(g.path)
}

// cutPathSuffix takes a relative path off the end of another, by whole components.
func cutPathSuffix(whole, suffix string) (dir string, ok bool) {
	if whole == suffix {
		return ".", true
	}
	dir, ok = strings.CutSuffix(whole, "/"+suffix)
	return dir, ok
}

// lockOfManifest is the lock file that cargo uses for a manifest: the one beside its workspace's root manifest.
func (m *model) lockOfManifest(s *Snapshot, manifest string) *LockFile {
	return m.lock(s, path.Join(m.workspaceRoot(s, manifest), "Cargo.lock"))
}

// workspaceRoot is the folder of the root manifest of the Cargo workspace that a manifest belongs to, found as cargo does: its own
// [workspace], package.workspace, or the nearest folder above whose [workspace] does not exclude it. A manifest that is not there
// is its own root.
func (m *model) workspaceRoot(s *Snapshot, manifest string) string {
	dir := path.Dir(manifest)
	f := m.manifest(s, manifest)
	if f == nil || f.Manifest != nil && f.Manifest.Workspace != nil {
		return dir
	}
	broken := f.Manifest == nil // then only a workspace that lists it can claim it
	if !broken {
		if p := f.Manifest.Package; p != nil && p.Workspace.Value != "" && !path.IsAbs(p.Workspace.Value) {
			return path.Join(dir, p.Workspace.Value)
		}
	}
	abs := s.Abs(dir)
	for up := filepath.Dir(abs); s.insideRepository(up); up = filepath.Dir(up) {
		rel := s.Rel(up)
		if root := m.manifest(s, path.Join(rel, "Cargo.toml")); root != nil && root.Manifest != nil {
			if w := root.Manifest.Workspace; w != nil && !excludes(w, relative(up, abs)) && (!broken || w.Matches(relative(up, abs))) {
				return rel
			}
			if p := root.Manifest.Package; p != nil && p.Workspace.Value != "" && !path.IsAbs(p.Workspace.Value) {
				return path.Join(rel, p.Workspace.Value)
			}
		}
		if up == filepath.Dir(up) {
			break
		}
	}
	return dir
}

// excludes reports whether a [workspace] keeps a folder (relative to its own) out. As for cargo, both lists name folders with all that
// is below them, and members win.
func excludes(w *cargo.WorkspaceTable, dir string) bool {
	under := func(list []cargo.Spanned) bool {
		return slices.ContainsFunc(list, func(entry cargo.Spanned) bool {
			at := path.Clean(entry.Value)
			return dir == at || strings.HasPrefix(dir, at+"/")
		})
	}
	return under(w.Exclude) && !under(w.Members)
}

// insideRepository reports whether a folder (absolute) belongs to the git repository of the snapshot's root.
func (s *Snapshot) insideRepository(abs string) bool {
	top := s.top()
	return abs == top || strings.HasPrefix(abs, strings.TrimSuffix(top, string(filepath.Separator))+string(filepath.Separator))
}

// addManifests finds the manifests of a project's packages. A project that no generated file was made from needs only its root's.
func (m *model) addManifests(s *Snapshot, p *Project) {
	p.Manifest = m.manifest(s, path.Join(p.Root, "Cargo.toml"))
	if p.Manifest != nil {
		p.Members = append(p.Members, p.Manifest)
	}
	if p.Lock == nil || len(p.Generated) == 0 {
		return
	}
	for _, rel := range s.paths() {
		if path.Base(rel) != "Cargo.toml" || path.Dir(rel) == p.Root || p.Root != "." && !strings.HasPrefix(rel, p.Root+"/") {
			continue
		}
		if m.workspaceRoot(s, rel) == p.Root {
			p.Members = append(p.Members, m.manifest(s, rel))
		}
	}
}
