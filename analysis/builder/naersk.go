package builder

import "github.com/cargonix/cargonix/analysis/eval"

// naerskLibrary is naersk's lib, or what `callPackage naersk { … }` gives.
type naerskLibrary struct {
	pkgs      *packageSet
	toolchain eval.Value // the arguments cargo and rustc
}

func (m *model) naerskLib(pkgs, args eval.Value) eval.Value {
	l := &naerskLibrary{pkgs: packageSetOf(pkgs)}
	if args != nil {
		if l.toolchain = m.given(args, "rustc"); l.toolchain == nil {
			l.toolchain = m.given(args, "cargo")
		}
	}
	return &eval.Opaque{Root: "naersk", Data: l}
}

func (l *naerskLibrary) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "buildPackage":
		return fn("naersk.buildPackage", 1, func(c *eval.Call) eval.Value {
			args := c.Arg(0)
			if m.isSource(args) {
				args = eval.NewAttrs(&eval.Attr{Name: "root", Value: c.Args[0]})
			}
			return m.make(&derivation{builder: Naersk, function: "buildPackage", site: c.Site, pkgs: l.pkgs, toolchain: l.toolchain}, args)
		})
	case "override":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			changed := *l
			change := c.Arg(0)
			if isFunction(change) {
				change = m.e.Apply(change, eval.Ready(eval.NewAttrs()), c.Site)
			}
			if t := m.given(change, "rustc"); t != nil {
				changed.toolchain = t
			}
			return &eval.Opaque{Root: "naersk", Data: &changed}
		})
	}
	return nil
}

// isSource tells whether a value is a folder and no set of arguments.
func (m *model) isSource(v eval.Value) bool {
	switch v := v.(type) {
	case *eval.Path, *eval.String:
		return true
	case *eval.Opaque:
		return true
	case *eval.Attrs:
		_, p := m.e.Find(v, "outPath")
		return p == eval.Present
	}
	return false
}
