package builder

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
)

// defaultSystems are those of github:nix-systems/default, which flake-utils has too.
var defaultSystems = []string{"aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"}

// input is an input of the flake, or what a fetcher brought.
type input struct {
	project flake.Project
	name    string // of the input
	repo    string // of the repository, where it is known
}

// perSystem is a set with an attribute for each system.
type perSystem struct {
	make func(m *model, system string, o *eval.Opaque) eval.Value
	made map[string]eval.Value
}

func (p *perSystem) attr(m *model, o *eval.Opaque, system string, _ eval.Origin) eval.Value {
	if !isSystem(system) {
		return nil
	}
	v := p.made[system]
	if v == nil {
		if v = p.make(m, system, &eval.Opaque{From: o, Attr: system}); v != nil {
			if p.made == nil {
				p.made = map[string]eval.Value{}
			}
			p.made[system] = v
		}
	}
	return v
}

func (p *perSystem) has(_ *model, name string) eval.Presence {
	if isSystem(name) {
		return eval.Present
	}
	return eval.Maybe
}

// isSystem tells whether a name is that of a system, as Nix has them: `x86_64-linux`.
func isSystem(name string) bool {
	cpu, kernel, ok := strings.Cut(name, "-")
	if !ok {
		return false
	}
	switch cpu {
	case "x86_64", "aarch64", "i686", "armv5tel", "armv6l", "armv7l", "riscv64", "riscv32", "powerpc64", "powerpc64le", "mips64el", "mipsel", "s390x", "loongarch64":
	default:
		return false
	}
	switch kernel {
	case "linux", "darwin", "freebsd", "freebsd13", "netbsd", "openbsd", "windows", "cygwin", "none", "solaris", "redox":
		return true
	}
	return false
}

func bySystem(o *eval.Opaque, name string, make func(m *model, system string, o *eval.Opaque) eval.Value) eval.Value {
	return &eval.Opaque{From: o, Attr: name, Data: &perSystem{make: make}}
}

func (in *input) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	switch name {
	case "outPath":
		return &eval.String{Parts: []eval.Part{{Hole: o}}, Context: []eval.Value{o}}
	case "_type":
		return eval.NewString("flake")
	}
	switch in.project {
	case flake.Nixpkgs:
		switch name {
		case "lib":
			return m.e.Lib()
		case "legacyPackages", "packages":
			return bySystem(o, name, func(m *model, system string, _ *eval.Opaque) eval.Value { return m.packagesFor(system) })
		}
	case flake.FlakeUtils:
		switch name {
		case "lib":
			return m.e.FlakeUtils(defaultSystems...)
		}
	case flake.FlakeParts:
		if name == "lib" {
			return m.flakePartsLib(o)
		}
	case flake.RustOverlay, flake.Cargo2nix, flake.Fenix, flake.Naersk, flake.Crate2nix, flake.Nocargo, flake.Mozilla:
		switch name {
		case "overlay", "overlays":
			return &eval.Opaque{From: o, Attr: name, Data: &overlaySet{in.project}}
		}
	}
	switch in.project {
	case flake.Crane:
		switch name {
		case "mkLib":
			return fn("mkLib", 1, func(c *eval.Call) eval.Value { return m.craneLib(c.Arg(0)) })
		case "lib":
			return bySystem(o, name, func(m *model, system string, _ *eval.Opaque) eval.Value { return m.craneLib(m.packagesFor(system)) })
		}
	case flake.Naersk:
		if name == "lib" {
			return bySystem(o, name, func(m *model, system string, _ *eval.Opaque) eval.Value {
				return m.naerskLib(m.packagesFor(system), nil)
			})
		}
	case flake.Crate2nix:
		switch name {
		case "tools":
			return bySystem(o, name, func(m *model, system string, _ *eval.Opaque) eval.Value {
				return m.crate2nixTools(m.packagesFor(system))
			})
		case "lib":
			return &eval.Opaque{From: o, Attr: name, Known: eval.NewAttrs(attr("tools", m.crate2nixToolsFn()))}
		}
	case flake.Nocargo:
		if name == "lib" {
			return bySystem(o, name, func(m *model, system string, o *eval.Opaque) eval.Value {
				return &eval.Opaque{From: o.From, Attr: o.Attr, Data: &nocargoLib{}}
			})
		}
	case flake.Dream2nix:
		if name == "lib" {
			return &eval.Opaque{From: o, Attr: name, Data: &dream2nixLib{input: o}}
		}
	case flake.Fenix:
		if name == "packages" {
			return bySystem(o, name, func(m *model, system string, o *eval.Opaque) eval.Value { return m.fenixSet(o) })
		}
	case flake.RustOverlay:
		switch name {
		case "packages":
			return bySystem(o, name, func(m *model, system string, o *eval.Opaque) eval.Value {
				return &eval.Opaque{From: o.From, Attr: o.Attr, Data: &toolchainSet{from: flake.RustOverlay, packages: true}}
			})
		case "lib":
			return &eval.Opaque{From: o, Attr: name, Known: eval.NewAttrs(attr("mkRustBin", fn("mkRustBin", 2, func(c *eval.Call) eval.Value {
				return m.rustBin()
			})))}
		}
	}
	return nil
}

func (in *input) has(_ *model, name string) eval.Presence {
	switch name {
	case "outPath", "_type", "sourceInfo", "narHash":
		return eval.Present
	}
	return eval.Maybe
}

// call is for inputs that are called like functions without being imported: gitignore's `gitignoreSource`, nix-filter.
func (in *input) call(m *model, o *eval.Opaque, c *eval.Call) eval.Value {
	if in.project == flake.UnknownProject && strings.Contains(in.repo+in.name, "nix-filter") {
		return m.copyOf(o, c, c.Arg(0))
	}
	return nil
}

// importOpaque is `import` of a value from outside: what the default.nix of an input gives.
func (m *model) importOpaque(o *eval.Opaque) (eval.Value, bool) {
	switch d := o.Data.(type) {
	case *input:
		if v := m.imported(o, d); v != nil {
			return v, true
		}
	case *generatedNix:
		return d.function(m), true
	}
	return nil, false
}

func (m *model) imported(o *eval.Opaque, in *input) eval.Value {
	pkgsOf := func(args eval.Value) eval.Value {
		if pkgs := m.given(args, "pkgs"); pkgs != nil {
			return pkgs
		}
		return m.packagesFor(m.system)
	}
	function := func(result func(args eval.Value) eval.Value) eval.Value {
		return fn("import "+o.String(), 1, func(c *eval.Call) eval.Value { return result(c.Arg(0)) })
	}
	switch in.project {
	case flake.Nixpkgs:
		return fn("import nixpkgs", 1, func(c *eval.Call) eval.Value { return m.importNixpkgs(c.Arg(0)) })
	case flake.Crane:
		return function(func(args eval.Value) eval.Value { return m.craneLib(pkgsOf(args)) })
	case flake.Naersk:
		return function(func(args eval.Value) eval.Value { return m.naerskLib(pkgsOf(args), args) })
	case flake.Crate2nix:
		return nil // the tool itself
	case flake.Fenix:
		return function(func(eval.Value) eval.Value { return m.fenixSet(o) })
	case flake.RustOverlay, flake.Mozilla:
		return m.overlay(in.project)
	case flake.Systems:
		systems := defaultSystems
		switch {
		case isSystem(in.repo):
			systems = []string{in.repo}
		case in.repo == "default-linux":
			systems = []string{"aarch64-linux", "x86_64-linux"}
		case in.repo == "default-darwin":
			systems = []string{"aarch64-darwin", "x86_64-darwin"}
		}
		var values []eval.Value
		for _, s := range systems {
			values = append(values, eval.NewString(s))
		}
		return eval.NewList(values...)
	case flake.FlakeUtils:
		return m.e.FlakeUtils(defaultSystems...)
	}
	return nil
}

// importInside is `import` of a file inside of an input.
func (m *model) importInside(o *eval.Opaque, in *input, file string) (eval.Value, bool) {
	switch in.project {
	case flake.Crate2nix:
		if file == "/tools.nix" {
			return m.crate2nixToolsFn(), true
		}
	case flake.Cargo2nix:
		if strings.HasPrefix(file, "/overlay") {
			return m.overlay(in.project), true
		}
	case flake.Nixpkgs:
		switch strings.TrimSuffix(file, "/") {
		case "", "/default.nix", "/.":
			return m.imported(o, in), true
		case "/lib", "/lib/default.nix":
			return m.e.Lib(), true
		}
	case flake.RustOverlay, flake.Mozilla:
		if file == "/rust-overlay.nix" || file == "/default.nix" || file == "/" {
			return m.overlay(in.project), true
		}
	case flake.Crane, flake.Naersk, flake.Fenix:
		if file == "/default.nix" || file == "/" {
			if v := m.imported(o, in); v != nil {
				return v, true
			}
		}
	}
	return nil, false
}

// fetched says which project a fetcher brings; nil where it is none that we know.
func (m *model) fetched(arg eval.Value) *input {
	address, ok := textOf(arg)
	if !ok {
		if address, ok = textOf(m.given(arg, "url")); !ok {
			return nil
		}
	}
	attrs, err := flake.ParseURL(address, true)
	if err != nil {
		return nil
	}
	reference := attrs.Reference()
	project, _ := reference.Project()
	_, repo := reference.Repository()
	return &input{project: project, repo: repo, name: repo}
}
