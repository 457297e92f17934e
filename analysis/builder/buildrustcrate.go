package builder

import "github.com/cargonix/cargonix/analysis/eval"

// defaultOverrides is nixpkgs' own table of overrides, pkgs.defaultCrateOverrides.
type defaultOverrides struct{}

// attr: the entries of the table are functions, which users call to keep what nixpkgs does for a crate.
func (defaultOverrides) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	return fn("defaultCrateOverrides."+name, 1, func(c *eval.Call) eval.Value {
		// What it sets depends on the revision of nixpkgs.
		return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0]}
	})
}

// buildRustCrate is nixpkgs' function, with what override changed.
type buildRustCrate struct {
	pkgs      *packageSet
	overrides eval.Value // the table; nil for nixpkgs' own
	toolchain eval.Value
}

// table are the overrides that count, nil for nixpkgs' own.
func (b *buildRustCrate) table(m *model) eval.Value {
	if b.overrides != nil {
		return b.overrides
	}
	if b.pkgs != nil {
		// An overlay may have replaced it.
		table := m.e.Select(b.pkgs.final, "defaultCrateOverrides")
		if _, own := dataOf[defaultOverrides](table); !own {
			return table
		}
	}
	return nil
}

func (b *buildRustCrate) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name != "override" {
		return nil
	}
	return fn(name, 1, func(c *eval.Call) eval.Value {
		changed := *b
		change := c.Arg(0)
		if isFunction(change) {
			change = m.e.Apply(change, eval.Ready(eval.NewAttrs(attr("defaultCrateOverrides", &eval.Opaque{Root: "defaultCrateOverrides", Data: defaultOverrides{}}))), c.Site)
		}
		if t, _ := m.may(change, "defaultCrateOverrides"); t != nil {
			changed.overrides = t
			if _, own := dataOf[defaultOverrides](t); own {
				changed.overrides = nil
			}
		}
		if t := m.given(change, "rustc"); t != nil {
			changed.toolchain = t
		}
		return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: &changed}
	})
}

func (b *buildRustCrate) call(m *model, o *eval.Opaque, c *eval.Call) eval.Value {
	d := &derivation{builder: BuildRustCrate, function: "buildRustCrate", site: c.Site, pkgs: b.pkgs, toolchain: b.toolchain, table: b.table(m)}
	v := m.newDerivation(d)
	d.args = c.Arg(0)
	d.member = m.givenText(d.args, "crateName")
	return v
}
