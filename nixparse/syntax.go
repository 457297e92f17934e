package nixparse

import (
	"iter"
	"strings"
)

// Unparen strips the parentheses around an expression.
func Unparen(n Node) Node {
	for n.Kind() == ParenthesizedExpression {
		n = n.Child(FieldExpression)
	}
	return n
}

func hasInterpolation(n Node) bool {
	for c := range n.Children() {
		if c.Kind() == Interpolation {
			return true
		}
	}
	return false
}

// isDamaged tells whether a string has an error in its own text, or no end.
func isDamaged(n Node) bool {
	for c := range n.Children() {
		if c.Kind() == Error || c.Kind() == Missing {
			return true
		}
	}
	return false
}

// AttrName gives the name of one attribute of an attrpath or of inherited_attrs when the text alone tells it: an identifier, a string
// without interpolation, or ${…} around such a string.
func AttrName(n Node) (string, bool) {
	switch n.Kind() {
	case Identifier:
		return string(n.Text()), true
	case StringExpression:
		return StringValue(n)
	case Interpolation:
		return constant(n.Child(FieldExpression))
	}
	return "", false
}

// PathValue gives the text of a path_expression without interpolation.
func PathValue(n Node) (string, bool) {
	if n.Kind() != PathExpression || hasInterpolation(n) {
		return "", false
	}
	return string(n.Text()), true
}

// StringValue gives the value of a string_expression or indented_string_expression without interpolation, escapes and indentation handled as
// Nix does, or the text of a uri_expression, which is a string too. ok is false for other nodes, and for strings that do not end.
func StringValue(n Node) (value string, ok bool) {
	switch n.Kind() {
	case URIExpression:
		return string(n.Text()), true
	case StringExpression, IndentedStringExpression:
	default:
		return "", false
	}
	if hasInterpolation(n) || isDamaged(n) {
		return "", false
	}
	var b strings.Builder
	for _, piece := range StringPieces(n) {
		b.WriteString(piece.Text)
	}
	return b.String(), true
}

// Binding is one attribute that a set or a let defines: a binding, or one of the attributes of an inherit.
type Binding struct {
	Node    Node   // the binding, inherit or inherit_from
	Path    []Node // the attributes of its attrpath; of an inherit, the one that is inherited
	Value   Node   // zero for an inherit
	Inherit bool
	From    Node // the expression of `inherit (From) …`; zero without
}

// Bindings yields what an attrset_expression, rec_attrset_expression, let_attrset_expression or let_expression defines, in source order, also
// around and inside of what could not be read.
func Bindings(set Node) iter.Seq[Binding] {
	return func(yield func(Binding) bool) {
		switch set.Kind() {
		case AttrsetExpression, RecAttrsetExpression, LetAttrsetExpression, LetExpression, BindingSet:
			yieldBindings(set, yield)
		}
	}
}

func yieldBindings(n Node, yield func(Binding) bool) bool {
	for c := range n.Children() {
		switch c.Kind() {
		case BindingSet, Error:
			if !yieldBindings(c, yield) {
				return false
			}
		case BindingNode:
			b := Binding{Node: c, Value: c.Child(FieldExpression)}
			for attr := range c.Child(FieldAttrpath).ChildrenOf(FieldAttr) {
				b.Path = append(b.Path, attr)
			}
			if !yield(b) {
				return false
			}
		case Inherit, InheritFrom:
			from := c.Child(FieldExpression)
			for attr := range c.Child(FieldAttrs).ChildrenOf(FieldAttr) {
				if !yield(Binding{Node: c, Path: []Node{attr}, Inherit: true, From: from}) {
					return false
				}
			}
		}
	}
	return true
}

// Formals gives the formals of a function_expression; ok is false when it takes its argument whole (`x: …`), or is no function.
func Formals(fn Node) (formals Node, ok bool) {
	if fn.Kind() != FunctionExpression {
		return Node{}, false
	}
	formals = fn.Child(FieldFormals)
	return formals, !formals.IsZero()
}

// Formal is one formal parameter of a function.
type Formal struct {
	Node     Node
	Name     string
	NameNode Node
	Default  Node // zero without
}

// FormalsOf gives the formal parameters of a function_expression in source order.
func FormalsOf(fn Node) []Formal {
	formals, _ := Formals(fn)
	var list []Formal
	for c := range formals.ChildrenOf(FieldFormal) {
		name := c.Child(FieldName)
		list = append(list, Formal{Node: c, Name: string(name.Text()), NameNode: name, Default: c.Child(FieldDefault)})
	}
	return list
}
