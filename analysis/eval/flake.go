package eval

import (
	"path"

	"github.com/cargonix/cargonix/nixparse"
)

// Flake is an evaluated flake.nix.
type Flake struct {
	Inputs  []string // the names of the inputs, declared or only asked for by outputs
	Outputs *Thunk   // what outputs gives
	Self    *Thunk   // outputs with the attributes of the source
}

// Flake calls the outputs of a flake with itself and the given inputs. The error is an *Error or *Unknown.
func (e *Evaluator) Flake(name string, input func(name string) Value) (*Flake, Value) {
	v := e.Import(name)
	fn, ok := e.selectAttr(v, "outputs", Origin{})
	if !ok {
		return nil, e.missing(v.Origin(), v, "outputs")
	}
	f := &Flake{}
	f.Inputs = e.inputNames(v, fn)
	var inputs []*Attr
	for _, name := range f.Inputs {
		inputs = append(inputs, &Attr{Name: name, Value: Lazy(func(*Evaluator) Value { return input(name) })})
	}
	f.Self = Lazy(func(e *Evaluator) Value {
		source, sometimes := e.sourceInfo(path.Dir(name))
		source = append(source,
			&Attr{Name: "inputs", Value: Ready(newAttrs(Origin{}, inputs))},
			&Attr{Name: "outputs", Value: f.Outputs},
			&Attr{Name: "_type", Value: Ready(NewString("flake"))},
		)
		outputs, err := e.layersOf(Origin{}, e.force(f.Outputs))
		if err != nil {
			return err
		}
		known := e.update(Origin{}, newAttrs(Origin{}, source), &Attrs{layers: []layer{{rest: sometimes}}})
		return e.update(outputs.at, outputs, known)
	})
	arguments := newAttrs(Origin{}, append([]*Attr{{Name: "self", Value: f.Self}}, inputs...))
	f.Outputs = &Thunk{at: fn.Origin(), make: func(e *Evaluator) Value { return e.apply(fn, Ready(arguments), Origin{}) }}
	return f, nil
}

// sourceInfo gives the attributes that the source of a flake has, and those that it has or not, depending on git.
func (e *Evaluator) sourceInfo(dir string) ([]*Attr, Value) {
	root := &Path{Name: dir}
	outPath := &String{Parts: []Part{{Hole: root}}, Context: []Value{root}}
	self := &Opaque{Root: "self", Source: root}
	attribute := func(name string) *Attr { return &Attr{Name: name, Value: Ready(&Opaque{From: self, Attr: name})} }
	set := func(names ...string) Value {
		var attrs []*Attr
		for _, name := range names {
			attrs = append(attrs, attribute(name))
		}
		return newAttrs(Origin{}, attrs)
	}
	sometimes := &Choice{
		Of:      []Value{set("rev", "shortRev", "revCount"), set("dirtyRev", "dirtyShortRev"), newAttrs(Origin{}, nil)},
		Because: &Unknown{Reason: "depends on the state of the git repository"},
	}
	return []*Attr{
		{Name: "outPath", Value: Ready(outPath)}, attribute("lastModified"), attribute("lastModifiedDate"), attribute("narHash"),
		attribute("submodules"), attribute("sourceInfo"),
	}, sometimes
}

func (e *Evaluator) inputNames(v, fn Value) []string {
	seen := map[string]bool{"self": true}
	var names []string
	add := func(name string) {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	if declared, ok := e.selectAttr(v, "inputs", Origin{}); ok {
		e.Enumerate(declared, func(attr *Attr) { add(attr.Name) })
	}
	if fn, ok := fn.(*Lambda); ok {
		for _, formal := range fn.fn.formals {
			if formal.Default == (nixparse.Node{}) {
				add(formal.Name)
			}
		}
	}
	return names
}
