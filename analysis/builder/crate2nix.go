package builder

import (
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// crate2nixGraph is what a Cargo.nix of crate2nix gives when it is called with arguments.
func (m *model) crate2nixGraph(g *workspace.Generated, args eval.Value, o *eval.Opaque, site eval.Origin) eval.Value {
	pkgs := packageSetOf(m.given(args, "pkgs"))
	build := func(function, member string) *derivation {
		d := &derivation{builder: Crate2nix, function: function, site: site, pkgs: pkgs, args: eval.NewAttrs(), generated: g, member: member}
		d.features = m.texts(m.given(args, "rootFeatures"))
		m.crateTable(d, args, pkgs)
		return d
	}
	return m.crate2nixResult(g.Graph, o, build)
}

// crateTable finds the overrides that count: the argument defaultCrateOverrides, unless it is nixpkgs' own; then those that the function
// buildRustCrateForPkgs was made with. That function brings the toolchain as well.
func (m *model) crateTable(d *derivation, args eval.Value, pkgs *packageSet) {
	f, _ := m.may(args, "buildRustCrateForPkgs")
	switch {
	case f != nil:
		var set eval.Value = eval.NewUnknown("the package set is not known")
		if pkgs != nil {
			set = pkgs.final
		}
		f = m.e.Apply(f, eval.Ready(set), d.site)
	default:
		if f, _ = m.may(args, "buildRustCrate"); f == nil && pkgs != nil {
			// An overlay may have put another table, or function, into the package set.
			f = m.e.Select(pkgs.final, "buildRustCrate")
		}
	}
	m.tableOf(d, f)
	table, certain := m.may(args, "defaultCrateOverrides")
	if table == nil {
		return
	}
	if _, own := dataOf[defaultOverrides](table); !own {
		d.table, d.overrideUnknown = table, nil
		if !certain {
			d.overrideUnknown = &eval.Unknown{Reason: "the argument defaultCrateOverrides is not known"}
		}
	}
}

// tableOf takes the overrides, and the toolchain, of a buildRustCrate.
func (m *model) tableOf(d *derivation, f eval.Value) {
	switch f := f.(type) {
	case nil:
	case *eval.Lambda:
		// A wrapper: whatever it does to each crate, it ends in a buildRustCrate. Call it with a crate to see in which.
		crate := &eval.Opaque{Root: "crate", Data: anyCrate{}}
		v := m.e.Apply(f, eval.Ready(crate), d.site)
		if made, ok := dataOf[*derivation](v); ok && made.builder == BuildRustCrate {
			d.table, d.overrideUnknown, d.toolchain = made.table, made.overrideUnknown, made.toolchain
			return
		}
		d.overrideUnknown = &eval.Unknown{Reason: "buildRustCrateForPkgs is a function whose result is not known"}
	case *eval.Opaque:
		if b, ok := f.Data.(*buildRustCrate); ok {
			d.table, d.toolchain = b.table(m), b.toolchain
			return
		}
		d.overrideUnknown = &eval.Unknown{Reason: "buildRustCrateForPkgs is not known"}
	case *eval.Unknown:
		d.overrideUnknown = f
	default:
		d.overrideUnknown = &eval.Unknown{Reason: "buildRustCrateForPkgs is not known"}
	}
}

// anyCrate stands for the attributes of a crate that is not known.
type anyCrate struct{}

// crate2nixResult is the set that a Cargo.nix gives: rootCrate and the members of the workspace.
func (m *model) crate2nixResult(graph *crates.Graph, o *eval.Opaque, build func(function, member string) *derivation) eval.Value {
	names := map[string]string{}
	for i := range graph.Crates {
		names[graph.Crates[i].ID] = graph.Crates[i].Name
	}
	entry := func(function, member string) eval.Value {
		var made *eval.Opaque
		get := func(*eval.Evaluator) eval.Value {
			if made == nil {
				made = m.newDerivation(build(function, member))
			}
			return made
		}
		return &eval.Opaque{From: o, Attr: function, Known: eval.NewAttrs(attr("packageId", eval.NewString(member)), lazy("build", get), lazy("debug", func(*eval.Evaluator) eval.Value {
			return &eval.Opaque{Root: "debug"}
		}))}
	}
	var members []*eval.Attr
	var all []*eval.Attr
	for _, member := range graph.Members {
		v := entry("workspaceMembers", member.Name)
		members = append(members, attr(member.Name, v))
		all = append(all, lazy(member.Name, func(e *eval.Evaluator) eval.Value { return e.Select(v, "build") }))
	}
	result := []*eval.Attr{
		attr("workspaceMembers", eval.NewAttrs(members...)),
		attr("allWorkspaceMembers", &eval.Opaque{From: o, Attr: "allWorkspaceMembers", Data: &group{eval.NewAttrs(all...)}}),
	}
	if root := graph.Root.Value; root != "" {
		name := names[root]
		if name == "" {
			name = root
		}
		result = append(result, attr("rootCrate", entry("rootCrate", name)))
	}
	return &eval.Opaque{From: o, Attr: "crates", Known: eval.NewAttrs(result...)}
}

// group is a derivation that is made of others.
type group struct{ of eval.Value }

// memberOverride is what `build.override { … }` changes of a crate of a Cargo.nix.
func (m *model) memberOverride(d *derivation, change eval.Value) {
	if table := m.given(change, "crateOverrides"); table != nil {
		d.table, d.overrideUnknown = table, nil
	}
	if features := m.given(change, "features"); features != nil {
		d.features = m.texts(features)
	}
	d.args = m.without(d.args, "crateOverrides", "features")
}

// crate2nixTools are the functions that make a Cargo.nix while Nix evaluates.
func (m *model) crate2nixTools(pkgs eval.Value) eval.Value {
	return &eval.Opaque{Root: "crate2nix.tools", Data: &tools{pkgs}}
}

func (m *model) crate2nixToolsFn() eval.Value {
	return fn("crate2nix.tools", 1, func(c *eval.Call) eval.Value {
		pkgs := m.given(c.Arg(0), "pkgs")
		if pkgs == nil {
			pkgs = m.packagesFor(m.system)
		}
		return m.crate2nixTools(pkgs)
	})
}

type tools struct{ pkgs eval.Value }

func (t *tools) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "generatedCargoNix":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			return &eval.Opaque{From: o, Attr: name, Data: &generatedNix{args: c.Arg(0), function: func(m *model) eval.Value {
				return m.generatedFunction(name, c.Arg(0), t.pkgs, c.Site)
			}}}
		})
	case "appliedCargoNix":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			f := m.generatedFunction(name, c.Arg(0), t.pkgs, c.Site)
			return m.e.Apply(f, eval.Ready(eval.NewAttrs(attr("pkgs", t.pkgs))), c.Site)
		})
	}
	return nil
}

// generatedNix is the folder that generatedCargoNix makes; importing it gives the function.
type generatedNix struct {
	args     eval.Value
	function func(*model) eval.Value
}

func (g *generatedNix) call(m *model, _ *eval.Opaque, c *eval.Call) eval.Value {
	return m.e.Apply(g.function(m), c.Args[0], c.Site)
}

// generatedFunction is the function of a Cargo.nix that only a build makes. Its members are those of the lock.
func (m *model) generatedFunction(function string, gen, pkgs eval.Value, site eval.Origin) eval.Value {
	return fn("import "+function, 1, func(c *eval.Call) eval.Value {
		args := c.Arg(0)
		src := m.pathOf(m.given(gen, "src"))
		set := packageSetOf(pkgs)
		if p := packageSetOf(m.given(args, "pkgs")); p != nil {
			set = p
		}
		build := func(_, member string) *derivation {
			d := &derivation{builder: Crate2nix, function: function, site: site, pkgs: set, member: member}
			var attrs []*eval.Attr
			if src != nil {
				attrs = append(attrs, attr("src", src))
			}
			d.args = eval.NewAttrs(attrs...)
			d.features = m.texts(m.given(args, "rootFeatures"))
			m.crateTable(d, args, set)
			return d
		}
		graph := &crates.Graph{}
		for _, name := range m.membersOf(src) {
			graph.Members = append(graph.Members, crates.Member{Name: name})
		}
		graph.Root.Value = m.rootMember(src)
		return m.crate2nixResult(graph, &eval.Opaque{Root: function}, build)
	})
}

// texts are the known strings of a list.
func (m *model) texts(v eval.Value) []string {
	var out []string
	for _, element := range m.elements(v) {
		if s, ok := textOf(element); ok {
			out = append(out, s)
		}
	}
	return out
}

// dependencies are the crates that a crate of a Cargo.nix depends on. Which of the conditional ones there are is not decided here.
func (m *model) dependencies(d *derivation) eval.Value {
	graph := d.generated.Graph
	named := graph.Named(d.member)
	if len(named) != 1 {
		return eval.NewUnknown("which crate it is in " + d.generated.Path() + " is not known")
	}
	own := named[0]
	list := eval.NewList()
	var conditional bool
	for _, dependency := range own.Dependencies {
		c := graph.Target(own, &dependency)
		if c == nil || dependency.Kind != crates.Normal {
			continue
		}
		if dependency.Optional || dependency.Condition != "" {
			conditional = true
			continue
		}
		made := *d
		made.member, made.function, made.features, made.args = c.Name, "dependencies", nil, eval.NewAttrs()
		list.Items = append(list.Items, eval.Item{Value: eval.Lazy(func(*eval.Evaluator) eval.Value { return m.newDerivation(&made) })})
	}
	if conditional || own.Incomplete {
		list.Items = append(list.Items, eval.Item{Rest: eval.NewUnknown("some dependencies are there only under conditions")})
	}
	return list
}
