package builder

import (
	"github.com/cargonix/cargonix/analysis/eval"
)

// nocargoLib is nocargo.lib.${system}.
type nocargoLib struct{}

func (l *nocargoLib) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "mkRustPackageOrWorkspace", "buildRustPackageFromSrcAndLock":
		return fn("nocargo."+name, 1, func(c *eval.Call) eval.Value {
			args := c.Arg(0)
			return &eval.Opaque{From: o, Attr: name, Data: &nocargoWorkspace{function: name, args: args, site: c.Site}}
		})
	}
	return nil
}

// nocargoWorkspace is what mkRustPackageOrWorkspace gives: ws.PROFILE.MEMBER.
type nocargoWorkspace struct {
	function string
	args     eval.Value
	site     eval.Origin
	profiles map[string]eval.Value
}

func (w *nocargoWorkspace) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if v := w.profiles[name]; v != nil {
		return v
	}
	var attrs []*eval.Attr
	for _, member := range m.membersOf(m.pathOf(w.args)) {
		attrs = append(attrs, lazy(member, func(*eval.Evaluator) eval.Value {
			d := &derivation{builder: Nocargo, function: w.function, site: w.site, args: w.args, member: member, table: m.given(w.args, "buildCrateOverrides")}
			return m.newDerivation(d)
		}))
	}
	if len(attrs) == 0 {
		return nil
	}
	v := &eval.Opaque{From: o, Attr: name, Known: eval.NewAttrs(attrs...)}
	if w.profiles == nil {
		w.profiles = map[string]eval.Value{}
	}
	w.profiles[name] = v
	return v
}
