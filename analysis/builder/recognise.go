package builder

import (
	"path"
	"slices"

	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// What an opaque value stands for is its Data. It says what its attributes are, and what comes of calling it, by these interfaces. Where a method
// gives nil, or is not there, the result is a longer opaque value.
type (
	selecting interface {
		attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value
	}
	calling interface {
		call(m *model, o *eval.Opaque, c *eval.Call) eval.Value
	}
	having interface {
		has(m *model, name string) eval.Presence
	}
)

// model is what one flake's outside means, for one system.
type model struct {
	snap   *workspace.Snapshot
	files  *files
	e      *eval.Evaluator
	system string
	dir    string // of the flake, relative to the workspace's root

	platforms map[platform]*eval.Opaque
	packages  map[string]*eval.Opaque // package sets without overlays, by system
	reads     map[string]*source      // locks and manifests that were read
}

func newModel(snap *workspace.Snapshot, files *files, system, dir string) *model {
	m := &model{snap: snap, files: files, system: system, dir: dir, platforms: map[platform]*eval.Opaque{}, packages: map[string]*eval.Opaque{}, reads: map[string]*source{}}
	m.e = eval.New(eval.Options{
		Files: files, Parse: files.parse, System: system,
		Select: m.selectAttr, Apply: m.apply, Has: m.has, Import: m.imports, SearchPath: searchPath,
	})
	return m
}

func (m *model) selectAttr(_ *eval.Evaluator, o *eval.Opaque, name string, at eval.Origin) (eval.Value, bool) {
	if s, ok := o.Data.(selecting); ok {
		if v := s.attr(m, o, name, at); v != nil {
			return v, true
		}
		return nil, false
	}
	switch name {
	case "callPackage", "newScope":
		// A set of packages inside of nixpkgs: libsForQt5, ocamlPackages.
		if set := m.packagesAround(o); set != nil {
			scope := &innerScope{pkgs: set.final, inner: o}
			f := fn(name, 2, func(c *eval.Call) eval.Value {
				return m.callWith(set.final, &eval.Opaque{Root: "scope", Data: scope}, c)
			})
			if name == "newScope" {
				return fn(name, 1, func(*eval.Call) eval.Value { return f }), true
			}
			return f, true
		}
	case "mkDerivation":
		if set := m.packagesAround(o); set != nil {
			return &eval.Opaque{From: o, Attr: name, Data: &maker{pkgs: set, builder: MkDerivation, function: name}}, true
		}
	}
	if o.From != nil && o.From.Root == "lib" && o.From.From == nil {
		if v := libSystems(o.Attr, name); v != nil {
			return v, true
		}
		if o.Attr == "path" && name == "append" {
			return fn("lib.path.append", 2, m.appendPath), true
		}
	}
	return nil, false
}

// packagesAround is the package set that a value is an attribute of, by way of sets of packages; nil for others.
func (m *model) packagesAround(o *eval.Opaque) *packageSet {
	for ; o != nil && o.Arg == nil; o = o.From {
		if s, ok := o.Data.(*packageSet); ok {
			return s.whole
		}
	}
	return nil
}

// innerScope is what callPackage of a set inside of nixpkgs takes arguments from: the set, then nixpkgs. Which of the two has one is known only for
// those that no such set has.
type innerScope struct{ pkgs, inner *eval.Opaque }

func (s *innerScope) has(m *model, name string) eval.Presence {
	if slices.Contains(certainPackages, name) {
		return eval.Absent
	}
	return eval.Present
}

func (s *innerScope) attr(m *model, _ *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "mkDerivation" {
		return m.e.Select(s.inner, name)
	}
	return &eval.Choice{
		Of:      []eval.Value{m.e.Select(s.inner, name), m.e.Select(s.pkgs, name)},
		Because: eval.NewUnknown("whether " + s.inner.String() + " has " + name + " is not known"),
	}
}

// appendPath is lib.path.append.
func (m *model) appendPath(c *eval.Call) eval.Value {
	p, ok := c.Arg(0).(*eval.Path)
	if !ok {
		return eval.NewUnknown("lib.path.append of a path that is not known")
	}
	sub, ok := textOf(c.Arg(1))
	if !ok {
		return eval.NewUnknown("lib.path.append of a name that is not known")
	}
	return eval.NewPath(path.Join(p.Name, sub))
}

// flakeExposed are the systems that lib.systems.flakeExposed has had for years; newer revisions of nixpkgs add some.
var flakeExposed = []string{
	"x86_64-linux", "aarch64-linux", "x86_64-darwin", "armv6l-linux", "armv7l-linux", "i686-linux", "aarch64-darwin", "powerpc64le-linux", "riscv64-linux",
	"x86_64-freebsd",
}

// libSystems are the lists of systems that nixpkgs' lib has, as far as flakes build Rust for them.
func libSystems(set, name string) eval.Value {
	if set == "systems" && name != "flakeExposed" || set != "systems" && set != "platforms" {
		return nil
	}
	var out []eval.Value
	for _, system := range flakeExposed {
		p := systemPlatform(system)
		switch name {
		case "flakeExposed", "all":
		case "linux":
			if p.kernel() != "linux" {
				continue
			}
		case "darwin":
			if p.kernel() != "darwin" {
				continue
			}
		case "unix":
		default:
			return nil
		}
		out = append(out, eval.NewString(system))
	}
	return eval.NewList(out...)
}

func (m *model) has(o *eval.Opaque, name string) eval.Presence {
	if h, ok := o.Data.(having); ok {
		return h.has(m, name)
	}
	return eval.Maybe
}

func (m *model) apply(c *eval.Call) (eval.Value, bool) {
	o := c.Callee.(*eval.Opaque)
	if s, ok := o.Data.(calling); ok {
		if v := s.call(m, o, c); v != nil {
			return v, true
		}
	}
	if names, ok := o.Names(); ok && len(names) == 2 && names[0] == "builtins" {
		return m.builtin(names[1], o, c)
	}
	if v := m.sourceCopy(o, c); v != nil {
		return v, true
	}
	return nil, false
}

// imports gives the values of files that are not evaluated.
func (m *model) imports(name string) (eval.Value, bool) {
	// A generated Cargo.nix is read as package crates reads it, which the snapshot has done before; evaluating its ten thousands of lines would
	// find nothing else.
	if g := m.snap.GeneratedAt(name); g != nil && g.Graph != nil {
		return &eval.Opaque{Root: name, Data: &generatedFile{g}}, true
	}
	// niv and npins make these files: they fetch what sources.json beside them lists.
	if dir := path.Dir(name); path.Base(name) == "sources.nix" || path.Base(dir) == "npins" && path.Base(name) == "default.nix" {
		if pins := path.Join(dir, "sources.json"); m.snap.File(pins) != nil {
			return m.pinned(pins), true
		}
	}
	return nil, false
}

// searchPath gives <nixpkgs>.
func searchPath(name string, _ eval.Origin) eval.Value {
	if name == "nixpkgs" {
		return &eval.Opaque{Root: "nixpkgs", Data: &input{project: flake.Nixpkgs}}
	}
	return &eval.Opaque{Root: "<" + name + ">"}
}

// builtin gives a meaning to builtins that bring something from outside.
func (m *model) builtin(name string, o *eval.Opaque, c *eval.Call) (eval.Value, bool) {
	switch name {
	case "import":
		if arg, ok := c.Arg(0).(*eval.Opaque); ok {
			return m.importOpaque(arg)
		}
		if s, ok := c.Arg(0).(*eval.String); ok && len(s.Parts) == 2 && s.Parts[0].Hole != nil && s.Parts[1].Hole == nil {
			// A file inside of an input: "${cargo2nix}/overlay".
			if in, ok := s.Parts[0].Hole.(*eval.Opaque); ok {
				if from, ok := in.Data.(*input); ok {
					return m.importInside(in, from, s.Parts[1].Text)
				}
			}
		}
	case "fetchTarball", "fetchGit", "fetchTree", "getFlake":
		if in := m.fetched(c.Arg(0)); in != nil {
			return &eval.Opaque{From: o, Arg: c.Args[0], Data: in}, true
		}
	}
	return nil, false
}

// generatedFile is a Cargo.nix that was imported: a function that gives its crates.
type generatedFile struct{ *workspace.Generated }

func (g *generatedFile) call(m *model, o *eval.Opaque, c *eval.Call) eval.Value {
	args := c.Arg(0)
	if g.Graph.Generator == crates.Cargo2nix {
		return m.cargo2nixGraph(g, args)
	}
	return m.crate2nixGraph(g.Generated, args, o, c.Site)
}

// thunks and functions of the host's

func fn(name string, arity int, call func(*eval.Call) eval.Value) eval.Value {
	return eval.NewBuiltin(name, arity, call)
}

func attr(name string, v eval.Value) *eval.Attr {
	return &eval.Attr{Name: name, Value: eval.Ready(v)}
}

func lazy(name string, compute func(*eval.Evaluator) eval.Value) *eval.Attr {
	return &eval.Attr{Name: name, Value: eval.Lazy(compute)}
}

// text is a value's text when it is a known string.
func textOf(v eval.Value) (string, bool) {
	s, ok := v.(*eval.String)
	if !ok {
		return "", false
	}
	return s.Text()
}

// given is the value of an attribute that is there for certain; nil otherwise.
func (m *model) given(v eval.Value, names ...string) eval.Value {
	for _, name := range names {
		t, p := m.e.Find(v, name)
		if p != eval.Present {
			return nil
		}
		v = m.e.Force(t)
	}
	return v
}

// may is the value of an attribute that there may be; nil when there is none for certain.
func (m *model) may(v eval.Value, name string) (value eval.Value, certain bool) {
	t, p := m.e.Find(v, name)
	if o, ok := v.(*eval.Opaque); ok && p == eval.Maybe {
		p = m.has(o, name)
	}
	if p == eval.Absent || t == nil {
		return nil, true
	}
	return m.e.Force(t), p == eval.Present
}

func (m *model) givenText(v eval.Value, names ...string) string {
	s, _ := textOf(m.given(v, names...))
	return s
}

func placeOf(o eval.Origin) Place {
	if o.IsZero() {
		return Place{}
	}
	return Place{o.Path(), o.Span()}
}
