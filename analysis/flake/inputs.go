package flake

import (
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// File is what a flake.nix says of its inputs. Nix takes only literals, sets and functions there, so its text is all there is to it.
type File struct {
	// Inputs are the flake's own, in the file's order; those that only a formal argument of `outputs` names come last.
	Inputs []Input
	// Outputs is the function.
	Outputs Outputs
	// Unread says that inputs may be missing here: `inputs` is an expression that Nix would refuse, or the file has syntax errors.
	Unread bool
}

// Outputs is the function of a flake's outputs.
type Outputs struct {
	// Node is the function, zero where there is none.
	Node nixparse.Node
	// At is the name for the whole set of inputs: `inputs` in `inputs@{ … }:` and in `inputs:`.
	At string
	// Formals are the names of the formal arguments, with the spans of the names; nil for a function of one name.
	Formals []Formal
	// Ellipsis says that it takes other inputs as well.
	Ellipsis bool
}

// Formal is one formal argument of outputs.
type Formal struct {
	Name string
	Span text.Span
}

// Input is one input, or an override of one of an input's own inputs.
type Input struct {
	Name     string
	NameSpan text.Span // of the name where it first stands: the attribute, or the formal argument
	// Declared says that it stands under `inputs`; otherwise only a formal argument of `outputs` names it, and the registry decides.
	Declared bool
	// URL is the flake URL, Attrs the attributes of the form with `type`. Follows is a path of inputs, "" to take an input away.
	URL     *Literal
	Attrs   map[string]Literal
	Follows *Literal
	// Flake is false where the input is no flake; FlakeSpan is where that is said.
	Flake     bool
	FlakeSpan text.Span
	// Inputs are the overrides of the input's own inputs.
	Inputs []Input
	// Unread says that something in it is no literal.
	Unread bool
}

// Literal is a string, a path or a word as written, and where.
type Literal struct {
	Value string
	Span  text.Span
}

// ReadFlake reads a flake.nix; nil where it is no attribute set.
func ReadFlake(tree *nixparse.Tree) *File {
	top := nixparse.Unparen(tree.Root().Child(nixparse.FieldExpression))
	switch top.Kind() {
	case nixparse.AttrsetExpression, nixparse.RecAttrsetExpression:
	default:
		return nil
	}
	f := &File{Unread: tree.HasErrors()}
	for b := range nixparse.Bindings(top) {
		switch name, path := attributePath(b); {
		case name == "inputs":
			f.Unread = !readInputs(&f.Inputs, path, b) || f.Unread
		case name == "outputs" && len(path) == 0:
			f.Outputs = readOutputs(nixparse.Unparen(b.Value))
		}
	}
	for _, formal := range f.Outputs.Formals {
		if formal.Name == "self" || find(f.Inputs, formal.Name) != nil {
			continue
		}
		f.Inputs = append(f.Inputs, Input{Name: formal.Name, NameSpan: formal.Span, Flake: true})
	}
	return f
}

// Input is the flake's input of that name, or nil.
func (f *File) Input(name string) *Input { return find(f.Inputs, name) }

func find(inputs []Input, name string) *Input {
	for i := range inputs {
		if inputs[i].Name == name {
			return &inputs[i]
		}
	}
	return nil
}

// attributePath parts a binding's path into its first name and the attributes that follow; an empty name where the first is computed.
func attributePath(b nixparse.Binding) (first string, rest []nixparse.Node) {
	if len(b.Path) == 0 || b.Inherit {
		return "", nil
	}
	first, _ = nixparse.AttrName(b.Path[0])
	return first, b.Path[1:]
}

// readSet takes in each binding of a set with its attribute path. It reports false where something in it is no literal.
func readSet(value nixparse.Node, read func(path []nixparse.Node, b nixparse.Binding) bool) bool {
	set := nixparse.Unparen(value)
	if !isSet(set) {
		return false
	}
	ok := !set.HasError()
	for b := range nixparse.Bindings(set) {
		if b.Inherit || len(b.Path) == 0 {
			ok = false
			continue
		}
		ok = read(b.Path, b) && ok
	}
	return ok
}

// readInputs takes in what a binding under `inputs` says, PATH being what is left of its attribute path. It reports false for what is no
// literal.
func readInputs(inputs *[]Input, path []nixparse.Node, b nixparse.Binding) bool {
	if len(path) == 0 {
		return readSet(b.Value, func(path []nixparse.Node, b nixparse.Binding) bool { return readInputs(inputs, path, b) })
	}
	name, ok := nixparse.AttrName(path[0])
	if !ok {
		return false
	}
	in := find(*inputs, name)
	if in == nil {
		*inputs = append(*inputs, Input{Name: name, NameSpan: spanOf(path[0]), Declared: true, Flake: true})
		in = &(*inputs)[len(*inputs)-1]
	}
	if !in.read(path[1:], b) {
		in.Unread = true
	}
	return true
}

// read takes in what a binding says of the input, PATH being what is left of its attribute path.
func (in *Input) read(path []nixparse.Node, b nixparse.Binding) bool {
	if len(path) == 0 {
		return readSet(b.Value, in.read)
	}
	name, ok := nixparse.AttrName(path[0])
	if !ok {
		return false
	}
	if name == "inputs" {
		return readInputs(&in.Inputs, path[1:], b)
	}
	if len(path) > 1 {
		return false
	}
	value := nixparse.Unparen(b.Value)
	switch name {
	case "url":
		in.URL, ok = literal(value)
	case "follows":
		in.Follows, ok = literal(value)
	case "flake":
		word := string(value.Text())
		ok = value.Kind() == nixparse.VariableExpression && (word == "true" || word == "false")
		in.Flake, in.FlakeSpan = word != "false", spanOf(value)
	default:
		var l *Literal
		if l, ok = literal(value); !ok {
			// Numbers and words of the attribute form (revCount, submodules).
			switch value.Kind() {
			case nixparse.IntegerExpression, nixparse.VariableExpression:
				l, ok = &Literal{string(value.Text()), spanOf(value)}, true
			}
		}
		if ok {
			if in.Attrs == nil {
				in.Attrs = map[string]Literal{}
			}
			in.Attrs[name] = *l
		}
	}
	return ok
}

func isSet(n nixparse.Node) bool {
	return n.Kind() == nixparse.AttrsetExpression || n.Kind() == nixparse.RecAttrsetExpression
}

func spanOf(n nixparse.Node) text.Span { return text.Span{Start: n.Start(), End: n.End()} }

// literal is a string, an old URL literal or a path.
func literal(n nixparse.Node) (*Literal, bool) {
	if value, ok := nixparse.StringValue(n); ok {
		span := spanOf(n)
		if n.Kind() == nixparse.StringExpression {
			span = text.Span{Start: span.Start + 1, End: span.End - 1}
		}
		return &Literal{value, span}, true
	}
	if value, ok := nixparse.PathValue(n); ok {
		return &Literal{value, spanOf(n)}, true
	}
	return nil, false
}

func readOutputs(fn nixparse.Node) Outputs {
	if fn.Kind() != nixparse.FunctionExpression {
		return Outputs{}
	}
	out := Outputs{Node: fn}
	if universal := fn.Child(nixparse.FieldUniversal); !universal.IsZero() {
		out.At = string(universal.Text())
	}
	formals, ok := nixparse.Formals(fn)
	if !ok {
		return out
	}
	out.Formals = []Formal{}
	for _, formal := range nixparse.FormalsOf(fn) {
		out.Formals = append(out.Formals, Formal{formal.Name, spanOf(formal.NameNode)})
	}
	for child := range formals.Children() {
		out.Ellipsis = out.Ellipsis || child.Kind() == nixparse.Ellipses
	}
	return out
}

// Original is what the lock will have as `original` of the input: nil where it follows another, or where it cannot be read.
func (in *Input) Original() Attrs {
	switch {
	case in.Unread || in.Follows != nil:
		return nil
	case in.URL != nil:
		a, err := ParseURL(in.URL.Value, in.Flake)
		if err != nil {
			return nil
		}
		for name, l := range in.Attrs { // `dir` and the like may stand beside the URL
			a.setWord(name, l.Value)
		}
		return a
	case in.Attrs["type"].Value != "":
		a := Attrs{}
		for name, l := range in.Attrs {
			a.setWord(name, l.Value)
		}
		return a
	}
	return Attrs{"type": "indirect", "id": in.Name}
}

func (a Attrs) setWord(name, value string) {
	switch value {
	case "true", "false":
		a[name] = value == "true"
	default:
		a.set(name, value)
	}
}

// ProjectOf is the project that an input of the flake is, by what flake.nix declares, then by what the lock has. The lock may be nil.
func (f *File) ProjectOf(name string, lock *Lock) (project Project, fork bool) {
	if in := f.Input(name); in != nil {
		if original := in.Original(); original != nil && original["type"] != "indirect" {
			if project, fork = original.Reference().Project(); project != UnknownProject {
				return project, fork
			}
		}
	}
	if lock != nil {
		if node := lock.Input(name); node != nil {
			for _, r := range []Reference{node.Original, node.Locked} {
				if project, fork = r.Project(); project != UnknownProject {
					return project, fork
				}
			}
			return UnknownProject, false
		}
	}
	if in := f.Input(name); in != nil {
		if original := in.Original(); original != nil {
			return original.Reference().Project()
		}
	}
	return UnknownProject, false
}
