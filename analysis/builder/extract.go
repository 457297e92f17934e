package builder

import (
	"cmp"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
)

// report turns the derivations that were reached into builds and shells.
func (w *walker) report(r *Report) {
	r.Notes = append(r.Notes, w.unknown...)
	for _, d := range w.order {
		labels := w.found[d]
		if d.shell {
			s := w.m.shellOf(d)
			if !slices.ContainsFunc(r.Shells, func(have *Shell) bool { return reflect.DeepEqual(have, s) }) {
				r.Shells = append(r.Shells, s)
			}
			continue
		}
		b := w.m.buildOf(d)
		if b == nil {
			continue
		}
		b.System = w.m.system
		b.Target = w.m.targetOf(d)
		same := slices.IndexFunc(r.Builds, func(have *Build) bool { return sameBuild(have, b) })
		if same >= 0 {
			b = r.Builds[same]
		} else {
			r.Builds = append(r.Builds, b)
		}
		for _, label := range labels {
			if !slices.Contains(b.Attributes, label) {
				b.Attributes = append(b.Attributes, label)
			}
		}
	}
}

// sameBuild tells whether two calls are the same build, reached twice.
func sameBuild(a, b *Build) bool {
	x, y := *a, *b
	x.Attributes, y.Attributes = nil, nil
	return reflect.DeepEqual(&x, &y)
}

// targetOf is the platform that a cross build is for, as rustc calls it; empty for a native one.
func (m *model) targetOf(d *derivation) string {
	native := systemPlatform(m.system).rustTriple()
	target := ""
	if d.pkgs != nil && !d.pkgs.host.unclear {
		target = d.pkgs.host.rustTriple()
	}
	for _, names := range [][]string{{"CARGO_BUILD_TARGET"}, {"env", "CARGO_BUILD_TARGET"}} {
		if s := m.givenText(d.args, names...); s != "" {
			target = s
		}
	}
	if d.target != "" {
		target = d.target
	}
	if target == native {
		return ""
	}
	return target
}

// fields reads arguments, and collects what is not known.
type fields struct {
	m       *model
	unknown []Unknown
}

func (f *fields) miss(field, why string, at eval.Origin) {
	for _, u := range f.unknown {
		if u.Field == field {
			return
		}
	}
	f.unknown = append(f.unknown, Unknown{field, why, placeOf(at)})
}

func why(v eval.Value) string {
	switch v := v.(type) {
	case *eval.Unknown:
		return v.Reason
	case *eval.Error:
		return "evaluation fails: " + v.Message
	case *eval.Choice:
		return "depends on a condition: " + v.Because.Reason
	case *eval.Opaque:
		if v.Arg != nil {
			return "made by a call of " + v.From.String()
		}
		return "depends on " + v.String()
	}
	return "not known"
}

// list reads an input list.
func (f *fields) list(args eval.Value, name string) []Element {
	out := []Element{}
	v, certain := f.m.may(args, name)
	if v == nil {
		return out
	}
	if !certain {
		f.miss(name, "whether it is set depends on something that is not known", v.Origin())
		return out
	}
	f.elements(v, name, &out, 0)
	return out
}

func (f *fields) elements(v eval.Value, field string, out *[]Element, depth int) {
	const deepest = 8 // lists in lists are flattened by nixpkgs
	if depth > deepest {
		f.miss(field, "lists nest too deeply", v.Origin())
		return
	}
	switch v := v.(type) {
	case *eval.Null:
		return
	case *eval.List:
		for _, item := range v.Items {
			if item.Rest != nil {
				if l, ok := item.Rest.(*eval.Opaque); ok {
					if d, name := inputsOf(l); d != nil {
						// The inputs of a derivation of ours.
						f.elements(f.m.e.Select(d.self, name), field, out, depth+1)
						continue
					}
				}
				f.miss(field, why(item.Rest), item.Rest.Origin())
				continue
			}
			element := f.m.e.Force(item.Value)
			switch element := element.(type) {
			case *eval.Null:
				continue
			case *eval.List:
				f.elements(element, field, out, depth+1)
				continue
			}
			name, ok := f.m.elementName(element)
			if !ok {
				f.miss(field, why(element), item.Value.Origin())
				continue
			}
			place := placeOf(item.Value.Origin())
			if place.IsZero() {
				place = placeOf(v.Origin()) // the list, where the element came through a variable
			}
			*out = append(*out, Element{name, place})
		}
	default:
		if name, ok := f.m.elementName(v); ok {
			if _, isOpaque := v.(*eval.Opaque); !isOpaque {
				*out = append(*out, Element{name, placeOf(v.Origin())})
				return
			}
		}
		f.miss(field, why(v), v.Origin())
	}
}

// inputsOf recognises the input list of a package: `pkgs.foo.buildInputs` is not known, that of a derivation of ours is.
func inputsOf(o *eval.Opaque) (*derivation, string) {
	if o.From != nil && o.Arg == nil {
		if d, ok := o.From.Data.(*derivation); ok {
			return d, o.Attr
		}
	}
	return nil, ""
}

// elementName names an element of an input list.
func (m *model) elementName(v eval.Value) (string, bool) {
	switch v := v.(type) {
	case *eval.Opaque:
		if _, isMaker := v.Data.(*maker); isMaker {
			return "", false
		}
		// A function of nixpkgs that made it names it by its argument.
		if v.Arg != nil {
			callee, args := v.Callee()
			if isWriter(callee.Attr) && len(args) > 0 {
				first := m.e.Force(args[0])
				if s, ok := textOf(first); ok {
					return callee.Attr + ":" + s, true
				}
				for _, key := range []string{"name", "pname"} {
					if s := m.givenText(first, key); s != "" {
						return callee.Attr + ":" + s, true
					}
				}
			}
		}
		return m.derivationName(v)
	case *eval.Attrs:
		if d := derivationOf(v); d != nil {
			return d.displayName(m), true
		}
		if o, ok := m.given(v, "outPath").(*eval.String); ok && len(o.Context) > 0 {
			return m.elementName(o.Context[0])
		}
		for _, key := range []string{"pname", "name"} {
			if s := m.givenText(v, key); s != "" {
				return s, true
			}
		}
	case *eval.String:
		if len(v.Context) == 1 {
			return m.elementName(v.Context[0])
		}
	}
	return "", false
}

// isWriter tells whether a function of nixpkgs makes a derivation that is named by its argument.
func isWriter(name string) bool {
	return strings.HasPrefix(name, "write") || strings.HasPrefix(name, "runCommand") || name == "symlinkJoin" || name == "buildEnv" || name == "linkFarm"
}

// env reads the environment: arguments in upper case, and the set `env`.
func (f *fields) env(args eval.Value) []Variable {
	out := []Variable{}
	put := func(a *eval.Attr, v eval.Value) {
		place := placeOf(a.At)
		if place.IsZero() {
			place = placeOf(v.Origin())
		}
		value, ok := constant(v)
		if !ok {
			value = nil
		}
		variable := Variable{a.Name, value, place}
		for i := range out {
			if out[i].Name == a.Name {
				out[i] = variable
				return
			}
		}
		out = append(out, variable)
	}
	complete := f.m.e.Enumerate(args, func(a *eval.Attr) {
		if !isEnvironment(a.Name) {
			return
		}
		v := f.m.e.Force(a.Value)
		switch v := v.(type) {
		case *eval.List, *eval.Attrs:
			return
		case *eval.Error, *eval.Unknown:
			f.miss("env", why(v), v.Origin())
		}
		put(a, v)
	})
	if !complete {
		f.miss("env", "not all arguments are known", args.Origin())
	}
	env, certain := f.m.may(args, "env")
	if env == nil {
		return out
	}
	set, ok := env.(*eval.Attrs)
	if !ok || !certain {
		f.miss("env", why(env), env.Origin())
		return out
	}
	complete = f.m.e.Enumerate(set, func(a *eval.Attr) { put(a, f.m.e.Force(a.Value)) })
	if !complete {
		f.miss("env", "not all attributes of env are known", set.Origin())
	}
	return out
}

// constant is a value as JSON has it.
func constant(v eval.Value) (any, bool) {
	switch v := v.(type) {
	case *eval.String:
		return v.Text()
	case *eval.Bool:
		return v.Value, true
	case *eval.Int:
		return v.Value, true
	case *eval.Float:
		return v.Value, true
	}
	return nil, false
}

// buildOf is the build that a derivation is; nil where it is none of Rust's.
func (m *model) buildOf(d *derivation) *Build {
	if d.builder == "" || d.builder == MkDerivation && !m.usesRust(d) {
		return nil
	}
	f := &fields{m: m}
	b := &Build{
		Builder: d.builder, Function: d.function, Place: placeOf(d.site), Name: d.displayName(m), Hashes: map[string]string{},
		Env: []Variable{}, Overrides: []Override{}, NativeBuildInputs: []Element{}, BuildInputs: []Element{}, PropagatedBuildInputs: []Element{},
		Features: []string{},
	}
	if b.Place.IsZero() {
		b.Place = placeOf(d.args.Origin())
	}
	if b.Name == "" {
		f.miss("name", "not given as a known string", d.args.Origin())
	}
	b.NativeBuildInputs = f.list(d.args, "nativeBuildInputs")
	b.BuildInputs = f.list(d.args, "buildInputs")
	b.PropagatedBuildInputs = f.list(d.args, "propagatedBuildInputs")
	b.Env = f.env(d.args)
	m.place(b, d, f)
	b.Overrides = f.overrides(d)
	b.Features = append(b.Features, d.features...)
	b.Features = append(b.Features, m.texts(m.given(d.args, "buildFeatures"))...)
	m.hashes(b, d)
	if d.builder == MkDerivation {
		b.Toolchain = m.toolchainAmong(d)
	} else {
		b.Toolchain = f.toolchainOf(d)
	}
	b.Unknown = f.unknown
	return b
}

// usesRust tells whether a derivation takes Rust's tools.
func (m *model) usesRust(d *derivation) bool {
	if v, _ := m.may(d.args, "cargoDeps"); v != nil {
		return true
	}
	f := &fields{m: m}
	for _, list := range []string{"nativeBuildInputs", "buildInputs"} {
		for _, element := range f.list(d.args, list) {
			switch element.Name {
			case "cargo", "rustc", "rustPlatform.cargoSetupHook", "rustPlatform.maturinBuildHook", "rustPlatform.cargoBuildHook":
				return true
			}
			if strings.HasPrefix(element.Name, "rust-overlay:") || strings.HasPrefix(element.Name, "fenix:") {
				return true
			}
		}
	}
	return false
}

// place says where the sources, lock and generated file are.
func (m *model) place(b *Build, d *derivation, f *fields) {
	if d.generated != nil {
		b.CargoNix = d.generated.Path()
		b.Crates = len(d.generated.Graph.Crates)
		b.Root = path.Dir(d.generated.Path())
		if len(d.generated.Locks) > 0 {
			b.Lock = d.generated.Locks[0].Path()
			b.Root = path.Dir(b.Lock)
		}
		return
	}
	root := m.rootOf(d)
	if root != nil {
		b.Root = root.Name
		if sub := m.givenText(d.args, "sourceRoot"); sub == "" {
			if inner := m.givenText(d.args, "cargoRoot"); inner != "" {
				b.Root = path.Join(b.Root, inner)
			}
		}
	} else if v, _ := m.may(d.args, "src"); v != nil {
		f.miss("root", "the source is none of the workspace: "+why(v), v.Origin())
	}
	lock := ""
	if v, certain := m.may(d.args, "cargoLock"); v != nil && certain {
		if inner := m.given(v, "lockFile"); inner != nil {
			v = inner
		}
		if p := m.e.PathOf(v); p != nil && p.Inside() {
			lock = p.Name
		}
	}
	if lock == "" && root != nil {
		lock = path.Join(b.Root, "Cargo.lock")
	}
	if lock != "" && m.snap.File(lock) != nil {
		b.Lock = lock
		if l := m.lockAt(lock); l != nil {
			b.Crates = len(l.Packages)
		}
	}
}

func (m *model) hashes(b *Build, d *derivation) {
	for _, name := range []string{"cargoHash", "cargoSha256"} {
		if s := m.givenText(d.args, name); s != "" {
			b.Hashes[name] = s
		}
	}
	for _, names := range [][]string{{"cargoLock", "outputHashes"}, {"outputHashes"}} {
		if set := m.given(d.args, names...); set != nil {
			m.e.Enumerate(set, func(a *eval.Attr) {
				if s, ok := textOf(m.e.Force(a.Value)); ok {
					b.Hashes["outputHashes."+a.Name] = s
				}
			})
		}
	}
}

// toolchainOf is the toolchain of a build; nil where it is not known.
func (f *fields) toolchainOf(d *derivation) *Toolchain {
	m := f.m
	v := d.toolchain
	if v == nil {
		if d.pkgs == nil {
			f.miss("toolchain", "the package set that the builder comes from is not known", d.site)
			return nil
		}
		// An overlay may have replaced nixpkgs' own.
		v = m.e.Select(d.pkgs.final, "rustc")
		if _, ok := dataOf[*toolchain](v); !ok {
			if reason := d.pkgs.replaces(m); reason != "" {
				f.miss("toolchain", reason, d.site)
				return nil
			}
			if set, name := packageOf(v); set != nil && name == "rustc" {
				return &Toolchain{From: string(flake.Nixpkgs)}
			}
		}
	}
	if t, ok := dataOf[*toolchain](v); ok {
		return &Toolchain{From: string(t.from), Channel: t.channel, Version: literalVersion(t), Place: placeOf(t.at)}
	}
	if set, name := packageOf(v); set != nil {
		return &Toolchain{From: string(flake.Nixpkgs), Channel: name, Place: placeOf(v.Origin())}
	}
	f.miss("toolchain", why(v), v.Origin())
	return nil
}

// packageOf is the package set that a package belongs to, and its attribute path; nil for other values.
func packageOf(v eval.Value) (*packageSet, string) {
	name := ""
	for o, _ := v.(*eval.Opaque); o != nil && o.Arg == nil; o = o.From {
		if s, ok := o.Data.(*packageSet); ok {
			return s, name
		}
		name = strings.TrimSuffix(o.Attr+"."+name, ".")
	}
	return nil, ""
}

// toolchainAmong is the toolchain among the inputs of a derivation that no builder gives one.
func (m *model) toolchainAmong(d *derivation) *Toolchain {
	var found *Toolchain
	for _, list := range []string{"nativeBuildInputs", "buildInputs"} {
		l, ok := m.given(d.args, list).(*eval.List)
		if !ok {
			continue
		}
		for _, item := range l.Items {
			if item.Rest != nil {
				return nil // there may be another
			}
			v := m.e.Force(item.Value)
			if t, ok := dataOf[*toolchain](v); ok {
				return &Toolchain{From: string(t.from), Channel: t.channel, Version: literalVersion(t), Place: placeOf(item.Value.Origin())}
			}
			if name, _ := m.derivationName(v); name == "rustc" || name == "cargo" {
				found = &Toolchain{From: string(flake.Nixpkgs), Place: placeOf(item.Value.Origin())}
			}
		}
	}
	return found
}

func literalVersion(t *toolchain) string {
	if t.version == "latest" {
		return ""
	}
	return t.version
}

// overrides reads the overrides of crates.
func (f *fields) overrides(d *derivation) []Override {
	m := f.m
	out := []Override{}
	for _, o := range d.overrides {
		ov := Override{Crate: o.crate, Key: o.crate, Place: placeOf(o.site)}
		attributes := []string{}
		known := true
		for _, kind := range []string{"overrideAttrs", "overrideArgs"} {
			change := m.given(o.args, kind)
			if change == nil {
				continue
			}
			names, ok := m.overrideAttributes(change)
			known = known && ok
			attributes = append(attributes, names...)
		}
		if v := m.given(o.args, "name"); v != nil {
			ov.Place = placeOf(v.Origin())
		}
		ov.Attributes = normal(attributes, known)
		out = append(out, ov)
	}
	if d.overrideUnknown != nil {
		f.miss("overrides", d.overrideUnknown.Reason, d.overrideUnknown.Origin())
	}
	if d.table != nil {
		f.table(d.table, &out)
	}
	slices.SortStableFunc(out, func(a, b Override) int { return cmp.Compare(a.Crate, b.Crate) })
	return out
}

func normal(names []string, known bool) []string {
	if !known {
		return nil
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// table reads a set from crates to functions.
func (f *fields) table(v eval.Value, out *[]Override) {
	m := f.m
	switch v := v.(type) {
	case *eval.Attrs:
		m.e.Enumerate(v, func(a *eval.Attr) {
			switch a.Name {
			case "override", "overrideDerivation", "overrideAttrs":
				return // what callPackage adds
			}
			change := m.e.Force(a.Value)
			if own, ok := change.(*eval.Builtin); ok && strings.HasPrefix(own.Name, "defaultCrateOverrides.") {
				return
			}
			names, known := m.overrideAttributes(change)
			place := placeOf(a.At)
			if place.IsZero() {
				place = placeOf(a.Value.Origin())
			}
			// nocargo's keys are package ids: name, version, source.
			crate, _, _ := strings.Cut(a.Name, " ")
			*out = append(*out, Override{Crate: crate, Key: a.Name, Attributes: normal(names, known), Place: place})
		})
		for rest := range v.Rests() {
			if _, own := dataOf[defaultOverrides](rest); !own {
				f.miss("overrides", why(rest), rest.Origin())
			}
		}
	case *eval.Opaque:
		if _, own := v.Data.(defaultOverrides); !own {
			f.miss("overrides", why(v), v.Origin())
		}
	default:
		f.miss("overrides", why(v), v.Origin())
	}
}

// overrideAttributes are the names that an override sets; false where not all are known.
func (m *model) overrideAttributes(change eval.Value) ([]string, bool) {
	if isFunction(change) {
		change = m.e.Apply(change, eval.Ready(&eval.Opaque{Root: "crate", Data: anyCrate{}}), eval.Origin{})
		if isFunction(change) {
			change = m.e.Apply(change, eval.Ready(&eval.Opaque{Root: "crate", Data: anyCrate{}}), eval.Origin{})
		}
	}
	set, ok := change.(*eval.Attrs)
	if !ok {
		return nil, false
	}
	names := []string{}
	complete := m.e.Enumerate(set, func(a *eval.Attr) { names = append(names, a.Name) })
	return names, complete
}

// shellOf is the shell that a derivation is.
func (m *model) shellOf(d *derivation) *Shell {
	f := &fields{m: m}
	s := &Shell{Function: d.function, Place: placeOf(d.site), Name: d.displayName(m), InputsFrom: []string{}}
	s.NativeBuildInputs = append(f.list(d.args, "nativeBuildInputs"), f.list(d.args, "packages")...)
	s.BuildInputs = f.list(d.args, "buildInputs")
	s.PropagatedBuildInputs = f.list(d.args, "propagatedBuildInputs")
	s.Env = f.env(d.args)
	for _, element := range f.list(d.args, "inputsFrom") {
		s.InputsFrom = append(s.InputsFrom, element.Name)
	}
	if checks := m.given(d.args, "checks"); checks != nil && d.function == "devShell" {
		m.e.Enumerate(checks, func(a *eval.Attr) {
			if name, ok := m.elementName(m.e.Force(a.Value)); ok && !slices.Contains(s.InputsFrom, name) {
				s.InputsFrom = append(s.InputsFrom, name)
			}
		})
	}
	s.Unknown = f.unknown
	return s
}
