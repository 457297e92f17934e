package builder

import (
	"slices"

	"github.com/cargonix/cargonix/analysis/eval"
)

// dream2nixLib is dream2nix.lib.
type dream2nixLib struct{ input *eval.Opaque }

// rustModules are dream2nix' modules that build Rust: a package that imports none of them is in another language.
var rustModules = []string{"rust-cargo-lock", "rust-cargo-vendor", "rust-crane", "rust-cargo-lock-legacy", "buildRustPackage"}

func (l *dream2nixLib) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name != "evalModules" {
		return nil
	}
	return fn("dream2nix.evalModules", 1, func(c *eval.Call) eval.Value {
		p := &dream2nixPackage{m: m, lib: l}
		modules := m.given(c.Arg(0), "modules")
		for _, module := range m.elements(modules) {
			p.collect(module, 0)
		}
		if !p.rust {
			return nil // opaque, as any other call
		}
		return m.newDerivation(&derivation{builder: Dream2nix, function: "evalModules", site: c.Site, args: p.args()})
	})
}

// dream2nixPackage is what the modules of one package say.
type dream2nixPackage struct {
	m       *model
	lib     *dream2nixLib
	modules []eval.Value
	rust    bool
	unread  bool
}

func (p *dream2nixPackage) collect(v eval.Value, depth int) {
	if depth > maxImports || len(p.modules) > maxModules {
		p.unread = true
		return
	}
	m := p.m
	if path, ok := v.(*eval.Path); ok && path.Inside() {
		v = m.e.Import(path.Name)
	}
	if o, ok := v.(*eval.Opaque); ok {
		p.rust = p.rust || slices.Contains(rustModules, o.Attr)
		return
	}
	if isFunction(v) {
		v = m.e.Apply(v, eval.Ready(eval.NewAttrs(
			attr("dream2nix", p.lib.input), attr("lib", m.e.Lib()), attr("config", &eval.Opaque{Root: "config"}),
			attr("options", &eval.Opaque{Root: "options"}), attr("specialArgs", &eval.Opaque{Root: "specialArgs"}),
		)), v.Origin())
	}
	set, ok := v.(*eval.Attrs)
	if !ok {
		p.unread = true
		return
	}
	if config := m.configOf(set); config != nil {
		p.modules = append(p.modules, config)
	}
	for _, module := range m.elements(m.given(set, "imports")) {
		p.collect(module, depth+1)
	}
}

// args are the arguments of the derivation: name, version, and what `mkDerivation` and `env` define.
func (p *dream2nixPackage) args() eval.Value {
	m := p.m
	var args eval.Value = eval.NewAttrs()
	for _, module := range p.modules {
		for _, name := range []string{"name", "version", "env"} {
			var all []eval.Value
			m.defined(module, name, &all)
			for _, v := range all {
				args = m.merge(args, eval.NewAttrs(attr(name, v)))
			}
		}
		var all []eval.Value
		m.defined(module, "mkDerivation", &all)
		for _, v := range all {
			args = m.merge(args, v)
		}
	}
	if p.unread {
		args = m.merge(eval.NewUnknown("not all modules could be read"), args)
	}
	return args
}
