package builder

import (
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// derivation is what a builder's call gives. It stands for the derivation that Nix would make: its arguments can be read, and it can be made anew
// with others.
type derivation struct {
	builder  string // empty for one that is no build of Rust's by itself
	function string
	shell    bool
	site     eval.Origin
	pkgs     *packageSet // that it was made in; nil where not known
	args     eval.Value  // a set, after all changes
	override eval.Value  // the function; nil for the one that changes the arguments
	self     *eval.Opaque

	// toolchain is what the builder was told to use, nil for the package set's own.
	toolchain eval.Value
	// crate is the crate of a generated file that is built; member its name.
	generated       *workspace.Generated
	member          string
	table           eval.Value // overrides by crate, nil for none
	overrides       []*crateOverride
	overrideUnknown *eval.Unknown
	target          string // cargo2nix' argument
	features        []string
	// deps are derivations that belong to it without being an argument.
	deps []eval.Value
}

// newDerivation makes the value of a derivation.
func (m *model) newDerivation(d *derivation) *eval.Opaque {
	if d.args == nil {
		d.args = eval.NewAttrs()
	}
	o := &eval.Opaque{Root: d.function, Data: d}
	d.self = o
	return o
}

// derivationOf is the derivation that a value is, perhaps with attributes put over its own (`drv // { meta = …; }`); nil for others.
func derivationOf(v eval.Value) *derivation {
	switch v := v.(type) {
	case *eval.Opaque:
		d, _ := v.Data.(*derivation)
		return d
	case *eval.Attrs:
		var last *derivation
		for rest := range v.Rests() {
			last = derivationOf(rest)
		}
		return last
	}
	return nil
}

// inputLists are the attributes that every derivation has, empty or not.
var inputLists = []string{"nativeBuildInputs", "buildInputs", "propagatedBuildInputs", "propagatedNativeBuildInputs", "patches", "checkInputs", "nativeCheckInputs", "depsBuildBuild"}

func (d *derivation) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	switch name {
	case "type":
		return eval.NewString("derivation")
	case "override":
		if d.override != nil {
			return d.override
		}
		return fn(name, 1, func(c *eval.Call) eval.Value { return m.remade(d, c, true) })
	case "overrideAttrs", "overrideDerivation", "overridePythonAttrs":
		return fn(name, 1, func(c *eval.Call) eval.Value { return m.remade(d, c, false) })
	case "outPath", "drvPath":
		return &eval.String{Parts: []eval.Part{{Hole: o}}, Context: []eval.Value{o}}
	case "passthru", "meta":
		if v, _ := m.may(d.args, name); v != nil {
			return v
		}
		if name == "passthru" {
			return eval.NewAttrs()
		}
		return nil
	case "system":
		if d.pkgs != nil && !d.pkgs.host.unclear {
			return eval.NewString(d.pkgs.host.system)
		}
		return nil
	case "stdenv":
		if d.pkgs != nil {
			return m.e.Select(d.pkgs.final, "stdenv")
		}
		return nil
	}
	if slices.Contains(outputs, name) {
		return &eval.Opaque{From: o, Attr: name, Data: d}
	}
	if v, certain := m.may(d.args, name); v != nil && certain {
		return v
	}
	if name == "dependencies" && d.generated != nil && d.builder == Crate2nix {
		return m.dependencies(d)
	}
	if v := m.given(d.args, "passthru", name); v != nil {
		return v
	}
	if v := m.given(d.args, "env", name); v != nil {
		return v
	}
	switch {
	case slices.Contains(inputLists, name):
		return eval.NewList()
	case name == "name":
		if n := d.fullName(m); n != "" {
			return eval.NewString(n)
		}
	case name == "pname", name == "crateName":
		if n := d.displayName(m); n != "" {
			return eval.NewString(n)
		}
	case name == "version":
		if v := m.manifestVersion(d); v != "" {
			return eval.NewString(v)
		}
	}
	return nil
}

func (d *derivation) has(m *model, name string) eval.Presence {
	switch name {
	case "type", "outPath", "drvPath", "name", "override", "overrideAttrs", "system", "out", "meta", "passthru":
		return eval.Present
	}
	if slices.Contains(inputLists, name) {
		return eval.Present
	}
	_, p := m.e.Find(d.args, name)
	if p == eval.Absent {
		return eval.Maybe
	}
	return p
}

// displayName is the name that a person would give it: pname, or the crate's.
func (d *derivation) displayName(m *model) string {
	if d.member != "" {
		return d.member
	}
	if s := m.givenText(d.args, "pname"); s != "" {
		return s
	}
	if s := m.givenText(d.args, "name"); s != "" {
		return s
	}
	if d.builder == Crane || d.builder == Naersk {
		return m.manifestName(d)
	}
	if d.shell {
		return "nix-shell"
	}
	return ""
}

func (d *derivation) fullName(m *model) string {
	if s := m.givenText(d.args, "name"); s != "" {
		return s
	}
	name := d.displayName(m)
	if d.generated != nil {
		// As the generators' own functions name crates.
		version := d.crateVersion()
		switch {
		case version == "":
			return ""
		case d.builder == Cargo2nix:
			return "crate-" + name + "-" + version
		}
		return "rust_" + name + "-" + version
	}
	version := m.givenText(d.args, "version")
	if version == "" {
		version = m.manifestVersion(d)
	}
	if name == "" || version == "" {
		return ""
	}
	return name + "-" + version
}

// crateVersion is the version of the crate of a generated file; empty where there are several.
func (d *derivation) crateVersion() string {
	if named := d.generated.Graph.Named(d.member); len(named) == 1 {
		return named[0].Version
	}
	return ""
}

// previous is the set of attributes that functions given to overrideAttrs see.
func (d *derivation) previous(m *model) eval.Value {
	var attrs []*eval.Attr
	for _, name := range inputLists {
		attrs = append(attrs, attr(name, eval.NewList()))
	}
	attrs = append(attrs, attr("passthru", eval.NewAttrs()), attr("meta", eval.NewAttrs()), attr("outputs", eval.NewList(eval.NewString("out"))))
	for _, name := range []string{"name", "pname", "version"} {
		if v := d.attr(m, d.self, name, eval.Origin{}); v != nil {
			attrs = append(attrs, attr(name, v))
		}
	}
	return m.merge(eval.NewAttrs(attrs...), d.args)
}

// remade is the derivation with changed arguments. Function takes those of the function that made it, otherwise those of the derivation.
func (m *model) remade(d *derivation, c *eval.Call, function bool) eval.Value {
	change := c.Arg(0)
	made := *d
	made.override = nil
	o := &eval.Opaque{From: &eval.Opaque{From: d.self, Attr: "overrideAttrs"}, Arg: c.Args[0], Data: &made}
	made.self = o
	if isFunction(change) {
		first := m.e.Apply(change, eval.Ready(d.previous(m)), c.Site)
		if isFunction(first) {
			// final: prev: { … }
			first = m.e.Apply(m.e.Apply(change, eval.Ready(o), c.Site), eval.Ready(d.previous(m)), c.Site)
		}
		change = first
	}
	if _, ok := change.(*eval.Error); ok {
		return change
	}
	made.args = m.merge(d.args, change)
	if function && d.generated != nil {
		m.memberOverride(&made, change)
	}
	if c.Site.Path() != "" && d.site.IsZero() {
		made.site = c.Site
	}
	return o
}

// maker is a function that makes derivations of its argument, a set or a function from the final set to one.
type maker struct {
	pkgs      *packageSet
	builder   string
	function  string
	shell     bool
	toolchain eval.Value
	changed   eval.Value // by override
}

func (k *maker) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "override" {
		return fn(name, 1, func(c *eval.Call) eval.Value {
			changed := *k
			changed.changed = c.Arg(0)
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: &changed}
		})
	}
	return nil
}

func (k *maker) call(m *model, o *eval.Opaque, c *eval.Call) eval.Value {
	return m.make(&derivation{builder: k.builder, function: k.function, shell: k.shell, site: c.Site, pkgs: k.pkgs, toolchain: k.toolchain}, c.Arg(0))
}

// make makes a derivation of arguments.
func (m *model) make(d *derivation, args eval.Value) eval.Value {
	if _, ok := args.(*eval.Error); ok {
		return args
	}
	o := m.newDerivation(d)
	if isFunction(args) {
		args = m.e.Apply(args, eval.Ready(o), d.site)
		if err, ok := args.(*eval.Error); ok {
			return err
		}
	}
	d.args = args
	return o
}

// isEnvironment tells whether an argument is meant for the build's environment: in upper case, but for the triple that stands in names like
// CARGO_TARGET_x86_64_unknown_linux_gnu_LINKER.
func isEnvironment(name string) bool {
	first, rest, _ := strings.Cut(name, "_")
	if first == "" || first[0] < 'A' || first[0] > 'Z' || strings.ToUpper(first) != first {
		return false
	}
	for _, segment := range strings.Split(rest, "_") {
		if strings.ToUpper(segment) != segment && strings.ToLower(segment) != segment {
			return false
		}
	}
	return true
}
