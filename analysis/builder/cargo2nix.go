package builder

import (
	"slices"

	"github.com/cargonix/cargonix/analysis/eval"
)

// rustBuilder is what cargo2nix' overlay adds to nixpkgs.
func (m *model) rustBuilder(pkgs eval.Value) eval.Value {
	return &eval.Opaque{Root: "rustBuilder", Data: &cargo2nixBuilder{pkgs: pkgs}}
}

type cargo2nixBuilder struct{ pkgs eval.Value }

// crateOverride is what makeOverride gives.
type crateOverride struct {
	crate string // EveryCrate, or empty where the name is not known
	args  eval.Value
	site  eval.Origin
	all   bool // overrides.all: cargo2nix' own
	own   bool // one of cargo2nix' own
	many  eval.Value
}

func (b *cargo2nixBuilder) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "makePackageSet", "makePackageSet'", "makePackageSetInternal":
		return fn(name, 1, func(c *eval.Call) eval.Value { return m.makePackageSet(b.pkgs, c) })
	case "rustLib":
		return &eval.Opaque{From: o, Attr: name, Known: eval.NewAttrs(
			attr("makeOverride", fn("makeOverride", 1, func(c *eval.Call) eval.Value {
				ov := &crateOverride{args: c.Arg(0), site: c.Site}
				switch v, certain := m.may(ov.args, "name"); {
				case v == nil:
					ov.crate = EveryCrate
				case certain:
					ov.crate, _ = textOf(v)
				}
				return &eval.Opaque{Root: "makeOverride", Data: ov}
			})),
			attr("combineOverrides", fn("combineOverrides", 1, func(c *eval.Call) eval.Value {
				return &eval.Opaque{Root: "combineOverrides", Data: &crateOverride{many: c.Arg(0), site: c.Site}}
			})),
			attr("nullOverride", &eval.Opaque{Root: "nullOverride", Data: &crateOverride{own: true}}),
		)}
	case "overrides":
		return &eval.Opaque{From: o, Attr: name, Data: &cargo2nixOverrides{}}
	case "runTests":
		return fn(name, 2, func(c *eval.Call) eval.Value {
			crate := m.e.Apply(c.Arg(0), eval.Ready(eval.NewAttrs(attr("compileMode", eval.NewString("test")))), c.Site)
			return &eval.Opaque{Root: name, Data: &group{crate}}
		})
	}
	return nil
}

// cargo2nixOverrides is rustBuilder.overrides.
type cargo2nixOverrides struct{}

func (*cargo2nixOverrides) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "all":
		return &eval.Opaque{From: o, Attr: name, Data: &crateOverride{own: true, all: true}}
	case "patches", "pkgs":
		return nil
	}
	return &eval.Opaque{From: o, Attr: name, Data: &crateOverride{own: true}}
}

// cargo2nixSet is one call of makePackageSet.
type cargo2nixSet struct {
	pkgs      *packageSet
	args      eval.Value
	site      eval.Origin
	generated *generatedFile
	overrides []*crateOverride
	unknown   *eval.Unknown
	result    *eval.Opaque
}

func (m *model) makePackageSet(pkgs eval.Value, c *eval.Call) eval.Value {
	s := &cargo2nixSet{pkgs: packageSetOf(pkgs), args: c.Arg(0), site: c.Site}
	if overrides, certain := m.may(s.args, "packageOverrides"); overrides != nil {
		if isFunction(overrides) {
			overrides = m.e.Apply(overrides, eval.Ready(pkgs), c.Site)
		}
		if !certain {
			s.unknown = &eval.Unknown{Reason: "packageOverrides is not known"}
		}
		m.collectOverrides(s, overrides, 0)
	}
	fun := m.given(s.args, "packageFun")
	if p := m.pathValue(fun); p != nil && p.Inside() {
		fun = m.e.Import(p.Name)
	}
	if fun == nil {
		return eval.NewUnknown("packageFun is not known")
	}
	passed := []*eval.Attr{attr("mkRustCrate", &eval.Opaque{Root: "mkRustCrate", Data: s})}
	if l, ok := fun.(*eval.Lambda); ok {
		// A wrapper around the file takes what the file takes.
		if formals, _, ok := l.Formals(); ok {
			passed = nil
			for _, formal := range formals {
				if formal.Default.IsZero() || formal.Name == "mkRustCrate" {
					passed = append(passed, attr(formal.Name, &eval.Opaque{Root: formal.Name, Data: s}))
				}
			}
		}
	}
	v := m.e.Apply(fun, eval.Ready(eval.NewAttrs(passed...)), c.Site)
	if o, ok := v.(*eval.Opaque); ok {
		if made, ok := o.Data.(*cargo2nixSet); ok && made == s {
			return o
		}
	}
	if s.result != nil {
		// What the wrapper adds lies above.
		if set, ok := v.(*eval.Attrs); ok {
			return m.merge(s.result, set)
		}
		return s.result
	}
	return v
}

// pathValue is a path; nil for anything else.
func (m *model) pathValue(v eval.Value) *eval.Path {
	p, _ := v.(*eval.Path)
	return p
}

func (m *model) collectOverrides(s *cargo2nixSet, v eval.Value, depth int) {
	const deepest = 8 // lists in lists that combineOverrides makes
	if depth > deepest {
		return
	}
	switch v := v.(type) {
	case *eval.List:
		for _, item := range v.Items {
			if item.Rest != nil {
				m.collectOverrides(s, item.Rest, depth+1)
			} else {
				m.collectOverrides(s, m.e.Force(item.Value), depth+1)
			}
		}
		return
	case *eval.Opaque:
		if o, ok := v.Data.(*crateOverride); ok {
			switch {
			case o.many != nil:
				m.collectOverrides(s, o.many, depth+1)
			case o.own:
			case o.crate == "":
				s.unknown = &eval.Unknown{Reason: "the name of an override is not known"}
			default:
				s.overrides = append(s.overrides, o)
			}
			return
		}
	case *eval.Unknown:
		s.unknown = v
		return
	}
	s.unknown = &eval.Unknown{Reason: "an override is not known"}
}

// cargo2nixGraph is what a Cargo.nix of cargo2nix gives when it is called.
func (m *model) cargo2nixGraph(g *generatedFile, args eval.Value) eval.Value {
	for _, name := range []string{"mkRustCrate", "rustPackages", "rustLib", "hostPlatform", "lib"} {
		if s, ok := dataOf[*cargo2nixSet](m.given(args, name)); ok {
			s.generated = g
			s.result = &eval.Opaque{Root: "rustPkgs", Data: s}
			return s.result
		}
	}
	return nil
}

func (s *cargo2nixSet) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if s.generated == nil {
		return nil
	}
	switch name {
	case "workspace":
		var attrs []*eval.Attr
		for _, member := range s.generated.Graph.Members {
			attrs = append(attrs, attr(member.Name, s.crate(m, member.Name)))
		}
		return eval.NewAttrs(attrs...)
	case "noBuild", "rustPackages", "buildRustPackages":
		return o
	case "workspaceShell":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			d := &derivation{function: name, shell: true, site: c.Site, pkgs: s.pkgs}
			for _, member := range s.generated.Graph.Members {
				d.deps = append(d.deps, m.e.Apply(s.crate(m, member.Name), eval.Ready(eval.NewAttrs()), s.site))
			}
			return m.make(d, c.Arg(0))
		})
	case "rustToolchain":
		return m.cargo2nixToolchain(s)
	case "callPackage":
		if s.pkgs != nil {
			return m.callPackageIn(s.pkgs.final, o)
		}
	case "pkgs":
		if s.pkgs != nil {
			return s.pkgs.final
		}
	}
	return nil
}

// crate is the function that builds a member of the workspace.
func (s *cargo2nixSet) crate(m *model, member string) eval.Value {
	return fn("workspace."+member, 1, func(c *eval.Call) eval.Value {
		d := &derivation{
			builder: Cargo2nix, function: "makePackageSet", site: s.site, pkgs: s.pkgs, args: eval.NewAttrs(), generated: s.generated.Generated, member: member,
			overrides: slices.Clip(s.overrides), overrideUnknown: s.unknown, toolchain: m.cargo2nixToolchain(s), target: m.givenText(s.args, "target"), features: m.texts(m.given(s.args, "rootFeatures")),
		}
		return m.newDerivation(d)
	})
}

// cargo2nixToolchain is the toolchain that makePackageSet is told to use.
func (m *model) cargo2nixToolchain(s *cargo2nixSet) eval.Value {
	if t := m.given(s.args, "rustToolchain"); t != nil {
		return t
	}
	t := &toolchain{from: "rust-overlay", channel: m.givenText(s.args, "rustChannel"), version: m.givenText(s.args, "rustVersion"), at: s.site}
	if isVersion(t.channel + " ") {
		t.channel, t.version = "stable", t.channel
	}
	if t.channel == "" {
		t.channel = "stable"
	}
	return &eval.Opaque{Root: "rust-bin", Data: t}
}
