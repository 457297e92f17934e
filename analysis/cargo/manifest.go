package cargo

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
)

// Manifest is a manifest (Cargo.toml).
type Manifest struct {
	// Package is nil for a virtual manifest. That Package and Workspace are both nil is no error here, though cargo
	// refuses it: such a file is what a user has begun to write.
	Package *ManifestPackage
	// Workspace is nil where there is no [workspace].
	Workspace *WorkspaceTable
	// Dependencies are those of all kinds and of all targets, in the order of the file.
	Dependencies []ManifestDependency
	// Features are those of [features], in the order of the file.
	Features []Feature
	// Patches are the tables under [patch], in the order of the file.
	Patches []Patch
	// Replace are the entries of [replace]; Name is the package id specification of what is replaced.
	Replace []ManifestDependency
}

// What cargo takes where a manifest says nothing.
const (
	DefaultVersion = "0.0.0"
	DefaultEdition = "2015"
)

// ManifestPackage is the table [package], or [project] as it was called once.
type ManifestPackage struct {
	Name     string
	NameSpan text.Span
	// Version is DefaultVersion, Edition is DefaultEdition where absent, with an empty span.
	Version, Edition, RustVersion Inheritable
	// Workspace is package.workspace, the directory of the workspace's root relative to the manifest's.
	Workspace Spanned
	// Links is the native library that the package claims, or "".
	Links string
	// Build is the path of the build script, "" for what cargo finds by itself (build.rs). NoBuild is build = false.
	Build   string
	NoBuild bool
	// Span is from the header to the end of the last value.
	Span text.Span
}

// Inheritable is a string that a member of a workspace may take from the workspace's root.
type Inheritable struct {
	Value string
	// Workspace says that the manifest says workspace = true. Value is "" until Manifest.Resolve has filled it in.
	Workspace bool
	// Span is that of the contents of the string, or of what says workspace = true; empty where the manifest says nothing.
	Span text.Span
}

// WorkspaceTable is the table [workspace].
type WorkspaceTable struct {
	Members, DefaultMembers, Exclude []Spanned
	// Resolver is the version of the dependency resolver, or "".
	Resolver string
	// Version, Edition, RustVersion are those of [workspace.package], for members to inherit.
	Version, Edition, RustVersion Inheritable
	// Dependencies are those of [workspace.dependencies].
	Dependencies []ManifestDependency
	Span         text.Span // from the header to the end of the last value, tables under it included
}

// DependencyKind tells the three tables of dependencies.
type DependencyKind uint8

// The kinds of dependencies: [dependencies], [dev-dependencies], [build-dependencies]. Those of [workspace.dependencies],
// [patch] and [replace] count as Normal.
const (
	Normal DependencyKind = iota
	Dev
	Build
)

// String is the name of the table: "dependencies", "dev-dependencies", "build-dependencies".
func (k DependencyKind) String() string {
	switch k {
	case Dev:
		return "dev-dependencies"
	case Build:
		return "build-dependencies"
	}
	return "dependencies"
}

// ManifestDependency is a dependency as a manifest writes it.
type ManifestDependency struct {
	Kind DependencyKind
	// Target is the cfg(…) expression or the target triple under which it stands, or "".
	Target string
	// Name is the key, by which the code knows the crate.
	Name string
	// Package is the name of the package if it is another than Name, else "". PackageName gives the one that counts.
	Package string
	// Version is the version requirement as written, or "".
	Version string
	// Path is relative to the manifest; where FromRoot is true, to the workspace's root.
	Path string
	Git  string
	// Branch, Tag, Rev go with Git.
	Branch, Tag, Rev string
	// Registry is the name of an alternative registry, RegistryIndex its index's URL.
	Registry, RegistryIndex string
	Features                []string
	// DefaultFeatures is true where nothing else is said. DefaultFeaturesGiven tells whether the manifest says so.
	DefaultFeatures, DefaultFeaturesGiven bool
	Optional                              bool
	// Workspace says that the manifest says workspace = true.
	Workspace bool
	// FromRoot says that Manifest.Resolve has filled in what the workspace's root says. A dependency with Workspace and
	// without FromRoot is one that the root does not have.
	FromRoot bool

	KeySpan text.Span // the key, quotes included; for a table by header, its last segment
	Span    text.Span // from the key, or the header, to the end of the last value
	// The spans of the contents of single values, empty where the manifest does not have them: also for those that come from
	// the workspace's root.
	PackageSpan, VersionSpan, PathSpan, GitSpan text.Span
	// FeaturesSpan is the array of features, brackets included.
	FeaturesSpan text.Span
}

// PackageName is the name of the package that is meant, whatever the code calls it.
func (d *ManifestDependency) PackageName() string {
	if d.Package != "" {
		return d.Package
	}
	return d.Name
}

// Feature is an entry of [features].
type Feature struct {
	Name    string
	Values  []Spanned
	KeySpan text.Span // quotes included
	Span    text.Span
}

// Patch is a table under [patch].
type Patch struct {
	// Source is what is patched: "crates-io", the name of a registry, or a URL.
	Source       string
	Dependencies []ManifestDependency
	KeySpan      text.Span
	Span         text.Span
}

// ParseManifest reads a manifest. Its error is a *SyntaxError. Keys that it does not know are none of its business.
func ParseManifest(data []byte) (*Manifest, error) {
	doc, err := parseTOML(data)
	if err != nil {
		return nil, err
	}
	r := reader{data: data}
	m := &Manifest{}
	for _, key := range [...]string{"package", "project"} {
		if t, ok := r.table(doc, key); ok && m.Package == nil {
			m.Package = r.manifestPackage(t, key)
		}
	}
	if t, ok := r.table(doc, "workspace"); ok {
		m.Workspace = r.workspace(t)
	}
	m.Dependencies = r.kinds(m.Dependencies, doc, "")
	if targets, ok := r.table(doc, "target"); ok {
		for _, e := range targets.entries() {
			if r.isTable(e.value, "target."+e.name) {
				m.Dependencies = r.kinds(m.Dependencies, e.value, e.name)
			}
		}
	}
	slices.SortStableFunc(m.Dependencies, func(a, b ManifestDependency) int { return a.KeySpan.Start - b.KeySpan.Start })
	if t, ok := r.table(doc, "features"); ok {
		for _, e := range t.entries() {
			m.Features = append(m.Features, Feature{e.name, r.asStrings(e.value, e.name), e.key, e.full()})
		}
	}
	if t, ok := r.table(doc, "patch"); ok {
		for _, e := range t.entries() {
			if r.isTable(e.value, "patch."+e.name) {
				m.Patches = append(m.Patches, Patch{e.name, r.dependencies(nil, e.value, Normal, ""), e.key, e.full()})
			}
		}
	}
	if t, ok := r.table(doc, "replace"); ok {
		m.Replace = r.dependencies(nil, t, Normal, "")
	}
	if r.err != nil {
		return nil, r.err
	}
	return m, nil
}

func (r *reader) manifestPackage(t value, key string) *ManifestPackage {
	name := r.str(t, "name")
	p := &ManifestPackage{
		Name:        name.Value,
		NameSpan:    name.Span,
		Version:     r.inheritable(t, "version"),
		Edition:     r.inheritable(t, "edition"),
		RustVersion: r.inheritable(t, "rust-version"),
		Workspace:   r.str(t, "workspace"),
		Links:       r.str(t, "links").Value,
		Span:        t.full(),
	}
	if r.lacks(t, "name") {
		r.fail(t.span(), "[%s] without name", key)
	}
	if p.Version == (Inheritable{}) {
		p.Version.Value = DefaultVersion
	}
	if p.Edition == (Inheritable{}) {
		p.Edition.Value = DefaultEdition
	}
	// build may also be true or, not yet stable, an array.
	if b, ok := t.get("build"); ok {
		switch x := b.data.(type) {
		case string:
			p.Build = x
		case bool:
			p.NoBuild = !x
		}
	}
	return p
}

// inheritable reads a string, or a table that says workspace = true.
func (r *reader) inheritable(t value, key string) Inheritable {
	c, ok := t.get(key)
	if !ok {
		return Inheritable{}
	}
	if _, ok := c.data.(map[string]any); ok {
		if inherit, _ := r.boolean(c, "workspace"); !inherit {
			r.fail(c.span(), "%s must be a string or say workspace = true", key)
		}
		return Inheritable{Workspace: true, Span: c.full()}
	}
	s := r.asString(c, key)
	return Inheritable{Value: s.Value, Span: s.Span}
}

func (r *reader) workspace(t value) *WorkspaceTable {
	w := &WorkspaceTable{
		Members:        r.strs(t, "members"),
		DefaultMembers: r.strs(t, "default-members"),
		Exclude:        r.strs(t, "exclude"),
		Resolver:       r.str(t, "resolver").Value,
		Span:           t.full(),
	}
	if p, ok := r.table(t, "package"); ok {
		field := func(key string) Inheritable {
			s := r.str(p, key)
			return Inheritable{Value: s.Value, Span: s.Span}
		}
		w.Version, w.Edition, w.RustVersion = field("version"), field("edition"), field("rust-version")
	}
	if d, ok := r.table(t, "dependencies"); ok {
		w.Dependencies = r.dependencies(nil, d, Normal, "")
	}
	return w
}

// kinds reads the tables of dependencies of a manifest, or of one target of it.
func (r *reader) kinds(list []ManifestDependency, t value, target string) []ManifestDependency {
	for _, k := range [...]struct {
		key  string
		kind DependencyKind
	}{
		{"dependencies", Normal},
		{"dev-dependencies", Dev}, {"dev_dependencies", Dev}, // underscores: up to edition 2021
		{"build-dependencies", Build}, {"build_dependencies", Build},
	} {
		if d, ok := r.table(t, k.key); ok {
			list = r.dependencies(list, d, k.kind, target)
		}
	}
	return list
}

func (r *reader) dependencies(list []ManifestDependency, t value, kind DependencyKind, target string) []ManifestDependency {
	for _, e := range t.entries() {
		d := ManifestDependency{
			Kind: kind, Target: target, Name: e.name, DefaultFeatures: true, KeySpan: e.key, Span: e.full(),
		}
		set := func(key string, to *string, span *text.Span) {
			if s := r.str(e.value, key); s != (Spanned{}) {
				*to = s.Value
				if span != nil {
					*span = s.Span
				}
			}
		}
		switch x := e.data.(type) {
		case string:
			s := r.asString(e.value, e.name)
			d.Version, d.VersionSpan = x, s.Span
		case map[string]any:
			set("package", &d.Package, &d.PackageSpan)
			set("version", &d.Version, &d.VersionSpan)
			set("path", &d.Path, &d.PathSpan)
			set("git", &d.Git, &d.GitSpan)
			set("branch", &d.Branch, nil)
			set("tag", &d.Tag, nil)
			set("rev", &d.Rev, nil)
			set("registry", &d.Registry, nil)
			set("registry-index", &d.RegistryIndex, nil)
			if f, ok := e.get("features"); ok {
				d.FeaturesSpan = f.span()
				for _, s := range r.asStrings(f, "features") {
					d.Features = append(d.Features, s.Value)
				}
			}
			for _, key := range [...]string{"default_features", "default-features"} {
				if b, ok := r.boolean(e.value, key); ok {
					d.DefaultFeatures, d.DefaultFeaturesGiven = b, true
				}
			}
			d.Optional, _ = r.boolean(e.value, "optional")
			d.Workspace, _ = r.boolean(e.value, "workspace")
		default:
			r.fail(e.span(), "dependency %s must be a version requirement or a table", e.name)
		}
		list = append(list, d)
	}
	return list
}

// Resolve gives a copy of m with what it inherits from the workspace filled in. root is the manifest of the workspace's
// root; it may be m itself, and nil or without workspace, where nothing is filled in.
func (m *Manifest) Resolve(root *Manifest) *Manifest {
	out := *m
	if root == nil || root.Workspace == nil {
		return &out
	}
	w := root.Workspace
	if m.Package != nil {
		p := *m.Package
		for _, f := range [...]struct {
			to   *Inheritable
			from Inheritable
		}{
			{&p.Version, w.Version}, {&p.Edition, w.Edition}, {&p.RustVersion, w.RustVersion},
		} {
			if f.to.Workspace {
				f.to.Value = f.from.Value
			}
		}
		out.Package = &p
	}
	byName := make(map[string]*ManifestDependency, len(w.Dependencies))
	for i := range w.Dependencies {
		byName[w.Dependencies[i].Name] = &w.Dependencies[i]
	}
	out.Dependencies = slices.Clone(m.Dependencies)
	for i := range out.Dependencies {
		if d := &out.Dependencies[i]; d.Workspace {
			if from := byName[d.Name]; from != nil {
				d.inherit(from)
			}
		}
	}
	return &out
}

// inherit fills in what the workspace says of a dependency. The member keeps what only it may say (optional) and adds to
// what both may say: features, and the default ones, which it can switch on but not off.
func (d *ManifestDependency) inherit(from *ManifestDependency) {
	d.FromRoot = true
	d.Package, d.Version, d.Path = from.Package, from.Version, from.Path
	d.Git, d.Branch, d.Tag, d.Rev = from.Git, from.Branch, from.Tag, from.Rev
	d.Registry, d.RegistryIndex = from.Registry, from.RegistryIndex
	d.DefaultFeatures = from.DefaultFeatures || (d.DefaultFeaturesGiven && d.DefaultFeatures)
	features := slices.Clone(from.Features)
	for _, f := range d.Features {
		if !slices.Contains(features, f) {
			features = append(features, f)
		}
	}
	d.Features = features
}

// Matches reports whether cargo counts the package in relDir, a directory relative to the workspace's root with slashes,
// among the members that the workspace lists. That it is a member as a path dependency of another member cannot be seen
// here. The root itself (".") always matches.
func (w *WorkspaceTable) Matches(relDir string) bool {
	relDir = path.Clean(relDir)
	if relDir == "." {
		return true
	}
	// A directory is excluded with all below it, but for what members names, or what lies below such a name: by its text, so
	// that a glob does not protect what it matches.
	within := func(s Spanned) bool {
		dir := path.Clean(s.Value)
		return dir == "." || relDir == dir || strings.HasPrefix(relDir, dir+"/")
	}
	if slices.ContainsFunc(w.Exclude, within) && !slices.ContainsFunc(w.Members, within) {
		return false
	}
	return slices.ContainsFunc(w.Members, func(s Spanned) bool { return globMatches(s.Value, relDir) })
}

// globMatches matches as the glob library of cargo does: "*", "?" and "[…]" within a segment, "**" for any number of them.
func globMatches(pattern, name string) bool {
	return matchSegments(strings.Split(path.Clean(pattern), "/"), strings.Split(name, "/"))
}

func matchSegments(pattern, name []string) bool {
	// reach are the numbers of segments of name that the pattern so far can take up.
	reach := map[int]bool{0: true}
	for _, p := range pattern {
		next := map[int]bool{}
		for n := range maps.Keys(reach) {
			if p == "**" {
				for i := n; i <= len(name); i++ {
					next[i] = true
				}
			} else if n < len(name) && segmentMatches(p, name[n]) {
				next[n+1] = true
			}
		}
		reach = next
	}
	return reach[len(name)]
}

// segmentMatches differs from path.Match in what cargo's library does: "[!…]" is the negation and "\" nothing special.
func segmentMatches(pattern, name string) bool {
	pattern = strings.ReplaceAll(pattern, `\`, `\\`)
	pattern = strings.ReplaceAll(pattern, "[!", "[^")
	ok, err := path.Match(pattern, name)
	// What is no glob is a name.
	return ok || (err != nil && pattern == name)
}
