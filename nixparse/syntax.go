package nixparse

import (
	"bytes"
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
	for _, piece := range literalPieces(n) {
		b.WriteString(piece.text)
	}
	return b.String(), true
}

// unescape reads the inside of a "…" string: backslash escapes, and line ends of any form as one \n.
func unescape(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(escaped(text[i]))
		case c == '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// indentedToken is a piece of an indented string as Nix's lexer cuts it. Only plain text counts for the indentation; escapes, and the
// characters $ and ' where they stand for themselves before something else, end it.
type indentedToken struct {
	text  string
	plain bool
}

// indentedTokens cuts text of an indented string: what is between the quotes and interpolations.
func indentedTokens(text []byte) []indentedToken {
	at := func(i int) byte {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	var tokens []indentedToken
	for i := 0; i < len(text); {
		start := i
		for i < len(text) {
			if text[i] == '$' || text[i] == '\'' {
				// A $ goes with any character but a brace or quote, a quote with any but a quote or $.
				if i+1 == len(text) || at(i+1) == '\'' || text[i] == '$' && at(i+1) == '{' || text[i] == '\'' && at(i+1) == '$' {
					break
				}
				i++
			}
			i++
		}
		if i > start {
			tokens = append(tokens, indentedToken{string(text[start:i]), true})
			continue
		}
		switch {
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '$':
			tokens = append(tokens, indentedToken{"$", false})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\'':
			tokens = append(tokens, indentedToken{"''", false})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\\' && i+3 < len(text):
			// Nix reads the escaped character as it reads one in a "…" string.
			tokens = append(tokens, indentedToken{unescape(text[i+2 : i+4]), false})
			i += 4
		default:
			tokens = append(tokens, indentedToken{string(text[i : i+1]), false})
			i++
		}
	}
	return tokens
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
