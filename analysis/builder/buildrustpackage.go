package builder

import "github.com/cargonix/cargonix/analysis/eval"

// rustPlatform is nixpkgs' rustPlatform, or what makeRustPlatform gives.
type rustPlatform struct {
	pkgs      *packageSet
	toolchain eval.Value // the argument of makeRustPlatform; nil for nixpkgs' own
}

func (r *rustPlatform) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "buildRustPackage":
		var toolchain eval.Value
		if r.toolchain != nil {
			toolchain = m.given(r.toolchain, "rustc")
			if toolchain == nil {
				toolchain = r.toolchain
			}
		}
		return &eval.Opaque{From: o, Attr: name, Data: &maker{pkgs: r.pkgs, builder: BuildRustPackage, function: name, toolchain: toolchain}}
	case "rust":
		return &eval.Opaque{From: o, Attr: name, Data: r}
	case "rustc", "cargo":
		if r.toolchain != nil {
			return m.given(r.toolchain, name)
		}
	case "override", "overrideScope":
		return fn(name, 1, func(*eval.Call) eval.Value { return o })
	}
	return nil
}
