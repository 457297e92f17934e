package builder

import (
	"slices"

	"github.com/cargonix/cargonix/analysis/eval"
)

// craneBuilders are crane's functions that make a derivation.
var craneBuilders = []string{
	"buildPackage", "buildDepsOnly", "buildTrunkPackage", "mkCargoDerivation", "cargoAudit", "cargoBuild", "cargoClippy", "cargoDeny", "cargoDoc",
	"cargoDocTest", "cargoFmt", "cargoLlvmCov", "cargoNextest", "cargoTarpaulin", "cargoTest", "taploFmt", "cargoHakari", "cargoMutants", "cargoCheck",
}

// makesDependencies are those that call buildDepsOnly with the same arguments when they get no cargoArtifacts.
var makesDependencies = []string{"buildPackage", "buildTrunkPackage"}

// craneLibrary is what crane.mkLib gives.
type craneLibrary struct {
	pkgsValue eval.Value
	pkgs      *packageSet // nil where the package set is not known
	toolchain eval.Value
	scopes    []eval.Value // functions given to overrideScope
	final     *eval.Opaque
}

func (m *model) craneLib(pkgs eval.Value) eval.Value {
	l := &craneLibrary{pkgsValue: pkgs, pkgs: packageSetOf(pkgs)}
	return l.value()
}

func packageSetOf(v eval.Value) *packageSet {
	if o, ok := v.(*eval.Opaque); ok {
		s, _ := o.Data.(*packageSet)
		return s
	}
	return nil
}

func (l *craneLibrary) value() *eval.Opaque {
	o := &eval.Opaque{Root: "craneLib", Data: l}
	l.final = o
	return o
}

func (l *craneLibrary) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	for i := len(l.scopes) - 1; i >= 0; i-- {
		below := *l
		below.scopes = l.scopes[:i]
		prev := &eval.Opaque{Root: "craneLib", Data: &below}
		scope := m.e.Apply(m.e.Apply(l.scopes[i], eval.Ready(l.final), at), eval.Ready(prev), at)
		if v := m.given(scope, name); v != nil {
			return v
		}
	}
	if slices.Contains(craneBuilders, name) {
		return fn("crane."+name, 1, func(c *eval.Call) eval.Value { return l.build(m, name, c.Arg(0), c.Site) })
	}
	with := func(change func(n *craneLibrary, c *eval.Call)) eval.Value {
		return fn("crane."+name, 1, func(c *eval.Call) eval.Value {
			n := *l
			n.scopes = slices.Clone(l.scopes)
			change(&n, c)
			return n.value()
		})
	}
	switch name {
	case "devShell":
		return &eval.Opaque{From: o, Attr: name, Data: &maker{pkgs: l.pkgs, function: "devShell", shell: true}}
	case "overrideToolchain":
		return with(func(n *craneLibrary, c *eval.Call) {
			n.toolchain = c.Arg(0)
			if isFunction(n.toolchain) {
				n.toolchain = m.e.Apply(n.toolchain, eval.Ready(l.pkgsValue), c.Site)
			}
		})
	case "overrideScope":
		return with(func(n *craneLibrary, c *eval.Call) { n.scopes = append(n.scopes, c.Arg(0)) })
	case "overrideScope'":
		return with(func(n *craneLibrary, c *eval.Call) {
			f := c.Arg(0)
			n.scopes = append(n.scopes, fn("flip", 2, func(c *eval.Call) eval.Value {
				return m.e.Apply(m.e.Apply(f, c.Args[1], c.Site), c.Args[0], c.Site)
			}))
		})
	case "appendCrateRegistries":
		return with(func(*craneLibrary, *eval.Call) {})
	case "callPackage":
		if l.pkgs != nil {
			return m.callPackageIn(l.pkgs.final, o)
		}
	case "pkgs":
		return l.pkgsValue
	case "cleanCargoSource", "path", "cleanCargoToml", "mkDummySrc":
		return fn("crane."+name, 1, func(c *eval.Call) eval.Value {
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Source: m.pathOf(c.Arg(0))}
		})
	case "crateNameFromCargoToml":
		return fn("crane."+name, 1, func(c *eval.Call) eval.Value {
			d := &derivation{builder: Crane, args: c.Arg(0)}
			var attrs []*eval.Attr
			for key, value := range map[string]string{"pname": m.manifestName(d), "version": m.manifestVersion(d)} {
				if value != "" {
					attrs = append(attrs, attr(key, eval.NewString(value)))
				} else {
					attrs = append(attrs, attr(key, eval.NewUnknown("the "+key+" in Cargo.toml is not known")))
				}
			}
			return eval.NewAttrs(attrs...)
		})
	case "cargo", "rustc", "clippy", "rustfmt":
		if l.toolchain != nil {
			return l.toolchain
		}
		return m.e.Select(l.pkgsValue, name)
	case "stdenv":
		return m.e.Select(l.pkgsValue, name)
	}
	return nil
}

func (l *craneLibrary) build(m *model, name string, args eval.Value, site eval.Origin) eval.Value {
	d := &derivation{builder: Crane, function: name, site: site, pkgs: l.pkgs, toolchain: l.toolchain}
	v := m.make(d, args)
	if slices.Contains(makesDependencies, name) {
		// Lazily: the arguments may depend on it.
		d.deps = append(d.deps, &eval.Opaque{Root: "cargoArtifacts", Data: &pending{make: func() eval.Value {
			if _, p := m.e.Find(d.args, "cargoArtifacts"); p != eval.Absent {
				return nil
			}
			return l.build(m, "buildDepsOnly", m.without(d.args, "cargoArtifacts", "postInstall", "outputs"), site)
		}}})
	}
	return v
}

// pending is a derivation that is made when it is looked for.
type pending struct {
	make func() eval.Value
	done bool
	made eval.Value
}

func (p *pending) value() eval.Value {
	if !p.done {
		p.done = true
		p.made = p.make()
	}
	return p.made
}
