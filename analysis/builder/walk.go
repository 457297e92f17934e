package builder

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
	"github.com/cargonix/cargonix/analysis/workspace"
)

const (
	// maxFlakes bounds how many flakes of one repository are evaluated: a repository of templates has some twenty.
	maxFlakes = 30
	// maxFolders and maxFolderDepth bound the search for flakes below the root.
	maxFolders     = 2_000
	maxFolderDepth = 6
	// maxFollow bounds how deep attributes and lists of one argument are followed to builds.
	maxFollow = 6
	// maxNotes bounds the reasons why outputs are not known: more than anybody reads.
	maxNotes = 50
	// maxReached bounds how many values one output leads to.
	maxReached = 20_000
)

// categories are the outputs of a flake that are derivations, by how they are keyed.
var categories = []string{"packages", "checks", "devShells", "apps", "legacyPackages", "hydraJobs", "defaultPackage", "devShell", "defaultApp", "overlays", "overlay"}

// Inspect finds the builds of a workspace for a system.
func Inspect(snap *workspace.Snapshot, system string) *Report {
	r := &Report{System: system}
	files := newFiles(snap)
	dirs := flakes(files)
	for _, dir := range dirs {
		inspectFlake(r, snap, files, dir, system)
	}
	inspectEntries(r, snap, files, system, !slices.Contains(dirs, "."))
	return r
}

// inspectEntries adds what the files build that nix-build and nix-shell look for. In a repository with a flake they count only where the flake does
// not use them, and it is no news when they cannot be evaluated: most of them are there for the flake's sake.
func inspectEntries(r *Report, snap *workspace.Snapshot, files *files, system string, alone bool) {
	m := newModel(snap, files, system, ".")
	w := &walker{m: m, seen: map[any]bool{}, found: map[*derivation][]string{}}
	for _, name := range []string{"default.nix", "shell.nix"} {
		if snap.File(name) == nil || files.evaluated(name) {
			continue
		}
		v := m.e.Import(name)
		if isFunction(v) {
			v = m.e.Apply(v, eval.Ready(m.requiredArguments(v)), v.Origin())
		}
		switch v.(type) {
		case *eval.Error, *eval.Unknown:
			w.miss(name, v)
			continue
		}
		w.tree(name, v, 0)
	}
	if !alone {
		w.unknown = nil
	}
	w.report(r)
}

// flakes are the folders with a flake.nix, the root's first.
func flakes(files *files) []string {
	var dirs []string
	looked := 0
	var look func(dir string, depth int)
	look = func(dir string, depth int) {
		if looked++; looked > maxFolders || depth > maxFolderDepth || len(dirs) >= maxFlakes {
			return
		}
		entries, err := files.ReadDir(dir)
		if err != nil {
			return
		}
		if files.snap.File(path.Join(dir, "flake.nix")) != nil {
			dirs = append(dirs, dir)
		}
		for _, entry := range entries {
			name := entry.Name()
			if entry.IsDir() && !strings.HasPrefix(name, ".") && name != "target" && name != "node_modules" && name != "result" {
				look(path.Join(dir, name), depth+1)
			}
		}
	}
	look(".", 0)
	return dirs
}

// inspectFlake adds what one flake builds.
func inspectFlake(r *Report, snap *workspace.Snapshot, files *files, dir, system string) {
	m := newModel(snap, files, system, dir)
	outputs := m.openFlake(r, dir)
	if outputs == nil {
		return
	}
	system = m.flakeSystem(outputs)
	if system != m.system {
		// The flake is not for the system that was asked for: evaluate it for its own first.
		m = newModel(snap, files, system, dir)
		if outputs = m.openFlake(nil, dir); outputs == nil {
			return
		}
	}
	w := &walker{m: m, seen: map[any]bool{}, found: map[*derivation][]string{}}
	w.outputs(outputs)
	w.report(r)
}

// requiredArguments are what a function of a file needs: nixpkgs, and packages of it. What has a default keeps it, as nix-build does it.
func (m *model) requiredArguments(f eval.Value) eval.Value {
	lambda, ok := f.(*eval.Lambda)
	if !ok {
		return eval.NewAttrs()
	}
	pkgs := m.packagesFor(m.system)
	var attrs []*eval.Attr
	formals, _, _ := lambda.Formals()
	for _, formal := range formals {
		if name := formal.Name; formal.Default.IsZero() {
			attrs = append(attrs, lazy(name, func(e *eval.Evaluator) eval.Value {
				if name == "self" {
					return &eval.Opaque{Root: "self", Source: eval.NewPath(m.dir)}
				}
				return e.Select(pkgs, name)
			}))
		}
	}
	return eval.NewAttrs(attrs...)
}

// openFlake evaluates the outputs of a flake, and adds its inputs to the report.
func (m *model) openFlake(r *Report, dir string) eval.Value {
	name := path.Join(dir, "flake.nix")
	file := m.e.Import(name)
	note := func(why string, at eval.Origin) {
		if r != nil {
			r.Notes = append(r.Notes, Unknown{Field: "outputs", Why: why, Place: placeOf(at)})
		}
	}
	data := m.read(name)
	read := flake.ReadFlake(m.files.parse(name, data))
	if read == nil {
		note(name+" is no attribute set", file.Origin())
		return nil
	}
	var lock *flake.Lock
	if data := m.read(path.Join(dir, "flake.lock")); data != nil {
		lock, _ = flake.ReadLock(data)
	}
	self := &eval.Opaque{Root: "self", Source: eval.NewPath(dir)}
	args := []*eval.Attr{attr("self", self)}
	var inputs []*eval.Attr
	for i := range read.Inputs {
		in := &read.Inputs[i]
		if in.Name == "self" {
			continue
		}
		project, _ := read.ProjectOf(in.Name, lock)
		value := m.flakeInput(in, project, lock, dir)
		args = append(args, attr(in.Name, value))
		inputs = append(inputs, attr(in.Name, value))
		if r != nil && dir == "." {
			if in, ok := dataOf[*input](value); ok {
				project = in.project
			}
			r.Inputs = append(r.Inputs, Input{Name: in.Name, Project: string(project), Locked: lockedDate(lock, in.Name)})
		}
	}
	var outputs *eval.Thunk
	fields := &selfValue{inputs: eval.NewAttrs(append(inputs, attr("self", self))...)}
	self.Data = fields
	outputs = eval.Lazy(func(e *eval.Evaluator) eval.Value {
		f := e.Select(file, "outputs")
		return e.Apply(f, eval.Ready(eval.NewAttrs(args...)), f.Origin())
	})
	fields.outputs = outputs
	v := m.e.Force(outputs)
	switch v := v.(type) {
	case *eval.Error:
		note("evaluating the outputs fails: "+v.Message, v.Origin())
		return nil
	case *eval.Unknown:
		note("the outputs are not known: "+v.Reason, v.Origin())
		return nil
	}
	return v
}

// lockedDate is the date of the revision that an input is locked to.
func lockedDate(lock *flake.Lock, name string) string {
	if lock == nil {
		return ""
	}
	node := lock.Input(name)
	if node == nil || node.Locked.LastModified == 0 {
		return ""
	}
	return time.Unix(node.Locked.LastModified, 0).UTC().Format(time.DateOnly)
}

// flakeInput is the value of an input.
func (m *model) flakeInput(in *flake.Input, project flake.Project, lock *flake.Lock, dir string) eval.Value {
	if project == flake.UnknownProject && in.Follows != nil {
		// Without a lock: an input of an input goes by the name that it has there.
		project, _ = flake.Reference{Type: "github", Owner: "?", Repo: path.Base(in.Follows.Value)}.Project()
	}
	if project == flake.UnknownProject && strings.HasPrefix(in.Name, "nixpkgs") {
		project = flake.Nixpkgs // one of its many forks and channels
	}
	data := &input{project: project, name: in.Name}
	if lock != nil {
		if node := lock.Input(in.Name); node != nil {
			_, data.repo = node.Locked.Repository()
			if data.repo == "" {
				_, data.repo = node.Original.Repository()
			}
		}
	}
	o := &eval.Opaque{Root: in.Name, Data: data}
	if in.URL != nil && project == flake.UnknownProject {
		// A folder of the repository.
		if p, ok := strings.CutPrefix(in.URL.Value, "path:"); ok || strings.HasPrefix(in.URL.Value, "./") {
			if !ok {
				p = in.URL.Value
			}
			if p = path.Join(dir, p); !path.IsAbs(p) && !strings.HasPrefix(p, "..") {
				o.Source = eval.NewPath(p)
			}
		}
	}
	return o
}

// selfValue is the flake itself.
type selfValue struct {
	inputs  *eval.Attrs
	outputs *eval.Thunk
}

func (s *selfValue) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "inputs":
		return s.inputs
	case "outputs":
		return m.e.Force(s.outputs)
	case "outPath", "rev", "shortRev", "lastModifiedDate", "lastModified", "sourceInfo", "narHash", "dirtyRev", "dirtyShortRev", "revCount", "submodules":
		return nil
	}
	v := m.e.Force(s.outputs)
	switch v.(type) {
	case *eval.Error, *eval.Unknown:
		return v
	}
	return m.e.Select(v, name)
}

func (s *selfValue) has(m *model, name string) eval.Presence {
	switch name {
	case "inputs", "outputs", "outPath", "sourceInfo", "narHash":
		return eval.Present
	case "rev", "shortRev", "dirtyRev", "dirtyShortRev", "lastModifiedDate", "lastModified", "revCount":
		return eval.Maybe
	}
	_, p := m.e.Find(m.e.Force(s.outputs), name)
	return p
}

// flakeSystem is the system that was asked for if the flake has outputs for it, else its first.
func (m *model) flakeSystem(outputs eval.Value) string {
	var systems []string
	for _, category := range []string{"packages", "checks", "devShells", "defaultPackage", "devShell", "legacyPackages", "apps"} {
		v, _ := m.may(outputs, category)
		if v == nil {
			continue
		}
		complete := m.e.Enumerate(v, func(a *eval.Attr) {
			if isSystem(a.Name) && !slices.Contains(systems, a.Name) {
				systems = append(systems, a.Name)
			}
		})
		if !complete && len(systems) == 0 {
			return m.system
		}
	}
	if len(systems) == 0 || slices.Contains(systems, m.system) {
		return m.system
	}
	return systems[0]
}

// walker goes from the outputs to the builds.
type walker struct {
	m       *model
	seen    map[any]bool
	found   map[*derivation][]string // with the outputs that are it
	order   []*derivation
	left    int
	unknown []Unknown
}

// outputs walks a flake's outputs as `nix build` would for one system.
func (w *walker) outputs(outputs eval.Value) {
	if d := derivationOf(outputs); d != nil {
		w.output("outputs", outputs) // all of them are made by one call
	} else if o, ok := outputs.(*eval.Opaque); ok {
		w.miss("outputs", o)
	} else if set, ok := outputs.(*eval.Attrs); ok {
		for rest := range set.Rests() {
			if _, ok := rest.(*eval.Choice); !ok {
				w.miss("outputs", rest)
			}
		}
	}
	for _, category := range categories {
		v, _ := w.m.may(outputs, category)
		if v == nil {
			continue
		}
		switch category {
		case "overlay", "overlays":
			w.overlays(category, v)
			continue
		case "hydraJobs":
			w.tree(category, v, 0)
			continue
		}
		of := v
		label := category
		if inner, _ := w.m.may(v, w.m.system); inner != nil {
			of = inner
			label += "." + w.m.system
		}
		switch category {
		case "defaultPackage", "devShell", "defaultApp":
			w.output(label, of)
			continue
		}
		if packageSetOf(of) != nil {
			continue // all of nixpkgs
		}
		w.attributes(label, of)
	}
}

func (w *walker) attributes(label string, v eval.Value) {
	if w.seen[v] {
		return
	}
	w.seen[v] = true
	switch v := v.(type) {
	case *eval.Choice:
		for _, alternative := range v.Of {
			w.attributes(label, alternative)
		}
		return
	case *eval.Unknown:
		w.miss(label, v)
		return
	case *eval.Error:
		w.miss(label, v)
		return
	}
	if o, ok := v.(*eval.Opaque); ok && o.Known == nil {
		w.output(label, o)
		return
	}
	w.m.e.Enumerate(v, func(a *eval.Attr) {
		if !isSystem(a.Name) {
			w.output(label+"."+a.Name, w.m.e.Force(a.Value))
		}
	})
	if set, ok := v.(*eval.Attrs); ok {
		for rest := range set.Rests() {
			if c, ok := rest.(*eval.Choice); ok {
				w.attributes(label, c)
			} else if o, ok := rest.(*eval.Opaque); ok && o.Known != nil {
				continue
			} else if u, ok := rest.(*eval.Unknown); ok {
				w.miss(label, u)
			}
		}
	}
}

// miss remembers that a part of the outputs is not known.
func (w *walker) miss(label string, v eval.Value) {
	u := Unknown{label, why(v), placeOf(v.Origin())}
	if len(w.unknown) < maxNotes && !slices.Contains(w.unknown, u) {
		w.unknown = append(w.unknown, u)
	}
}

// tree walks nested sets.
func (w *walker) tree(label string, v eval.Value, depth int) {
	set, ok := v.(*eval.Attrs)
	if !ok || depth > maxFollow || derivationOf(v) != nil {
		w.output(label, v)
		return
	}
	if w.seen[set] {
		return
	}
	w.seen[set] = true
	w.m.e.Enumerate(set, func(a *eval.Attr) { w.tree(label+"."+a.Name, w.m.e.Force(a.Value), depth+1) })
}

// overlays walks what overlays add to nixpkgs: builds that another flake would use.
func (w *walker) overlays(label string, v eval.Value) {
	if isFunction(v) {
		w.overlay(label, v)
		return
	}
	if set, ok := v.(*eval.Attrs); ok {
		w.m.e.Enumerate(set, func(a *eval.Attr) {
			if f := w.m.e.Force(a.Value); isFunction(f) {
				w.overlay(label+"."+a.Name, f)
			}
		})
	}
}

func (w *walker) overlay(label string, f eval.Value) {
	m := w.m
	// Beside the repository's own overlay those of the Rust inputs, which its user would have.
	rust := []eval.Value{m.overlay(flake.Cargo2nix), m.overlay(flake.Fenix)}
	p := systemPlatform(m.system)
	base := m.newPackages(&packageSet{build: p, host: p, overlays: append(rust, f)}, "pkgs")
	set := base.Data.(*packageSet)
	added, ok := m.e.Force(set.results[len(set.results)-1]).(*eval.Attrs)
	if !ok {
		return
	}
	m.e.Enumerate(added, func(a *eval.Attr) {
		switch a.Name {
		case "lib", "rust-bin", "rustBuilder":
		default:
			w.output(label, m.e.Force(a.Value))
		}
	})
}

// output follows one output.
func (w *walker) output(label string, v eval.Value) {
	w.left = maxReached
	if d := derivationOf(v); d != nil {
		if !slices.Contains(w.found[d], label) {
			w.found[d] = append(w.found[d], label)
		}
	}
	w.follow(v, maxFollow)
}

// skipped are arguments that are in no derivation.
var skipped = map[string]bool{"meta": true, "passthru": true, "pkgs": true, "lib": true, "inputs": true, "self": true}

// follow goes from a value to the builds that it leads to.
func (w *walker) follow(v eval.Value, depth int) {
	if w.left--; w.left < 0 || depth < 0 {
		return
	}
	m := w.m
	switch v := v.(type) {
	case *eval.String:
		for _, c := range v.Context {
			w.follow(c, depth)
		}
	case *eval.List:
		for _, item := range v.Items {
			if item.Rest != nil {
				w.follow(item.Rest, depth-1)
			} else {
				w.follow(m.e.Force(item.Value), depth-1)
			}
		}
	case *eval.Choice:
		for _, alternative := range v.Of {
			w.follow(alternative, depth-1)
		}
	case *eval.Attrs:
		if w.seen[v] {
			return
		}
		w.seen[v] = true
		if t, p := m.e.Find(v, "outPath"); p == eval.Present {
			w.follow(m.e.Force(t), depth-1)
		}
		w.arguments(v, depth-1)
		for rest := range v.Rests() {
			if o, ok := rest.(*eval.Opaque); ok {
				w.opaque(o, depth-1)
			}
		}
	case *eval.Opaque:
		w.opaque(v, depth)
	}
}

func (w *walker) arguments(v eval.Value, depth int) {
	w.m.e.Enumerate(v, func(a *eval.Attr) {
		if !skipped[a.Name] && !strings.HasPrefix(a.Name, "_") {
			w.follow(w.m.e.Force(a.Value), depth)
		}
	})
	if set, ok := v.(*eval.Attrs); ok {
		for rest := range set.Rests() {
			if c, ok := rest.(*eval.Choice); ok {
				w.follow(c, depth)
			}
		}
	}
}

func (w *walker) opaque(o *eval.Opaque, depth int) {
	switch d := o.Data.(type) {
	case *packageSet, *input, *selfValue, *craneLibrary, *naerskLibrary, *toolchain, *toolchainSet:
		return
	case *pending:
		if v := d.value(); v != nil {
			w.follow(v, maxFollow)
		}
		return
	case *group:
		w.follow(d.of, depth)
		return
	case *derivation:
		if w.seen[d] {
			return
		}
		w.seen[d] = true
		w.order = append(w.order, d)
		if d.builder == BuildRustCrate {
			// The crates of its graph are part of the build.
			w.arguments(w.m.without(d.args, "dependencies", "buildDependencies", "devDependencies"), maxFollow)
			return
		}
		w.arguments(d.args, maxFollow)
		for _, dep := range d.deps {
			w.follow(dep, maxFollow)
		}
		return
	}
	if w.seen[o] {
		return
	}
	w.seen[o] = true
	if o.Arg != nil {
		w.follow(w.m.e.Force(o.Arg), depth-1)
	}
	if o.From != nil {
		w.follow(o.From, depth)
	}
}
