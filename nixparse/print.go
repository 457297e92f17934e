package nixparse

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Paths are the folders that Nix makes a file's relative paths absolute with.
type Paths struct {
	Dir  string // where the file is: `./a` is relative to it
	Home string // of the user: `~/a` is in it
}

// A PrintError tells why a text has no form to print.
type PrintError struct {
	Node   Node // what is at fault
	Reason string
}

func (e *PrintError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Node.Start(), e.Reason)
}

// Print writes the tree as `nix-instantiate --parse` of Nix 2.26 prints its own: one line, in which parentheses are of one form everywhere,
// the operators that are functions are calls, paths are absolute, strings have lost their indentation, nested attribute paths are sets,
// and attributes are sorted. Two texts that print alike mean the same.
//
// What Nix refuses has no such form, and the error is a *PrintError: a syntax error, or an attribute or formal that is given twice. Undefined
// variables, which Nix looks for at the same time, are not looked for here.
func Print(t *Tree, paths Paths) (string, error) {
	if t.HasErrors() {
		n := t.Errors()[0]
		return "", &PrintError{n, t.Describe(n)}
	}
	p := printer{paths: paths, out: make([]byte, 0, 2*len(t.src))}
	p.expression(t.Root().Child(FieldExpression))
	if p.err != nil {
		return "", p.err
	}
	return string(p.out), nil
}

type printer struct {
	out   []byte
	paths Paths
	err   error // the first
}

func (p *printer) fail(n Node, format string, args ...any) {
	if p.err == nil {
		p.err = &PrintError{n, fmt.Sprintf(format, args...)}
	}
}

func (p *printer) add(texts ...string) {
	for _, text := range texts {
		p.out = append(p.out, text...)
	}
}

func (p *printer) expression(n Node) {
	n = Unparen(n)
	if head, args, ok := call(n); ok {
		p.add("(")
		p.operand(head)
		for _, arg := range args {
			p.add(" ")
			p.operand(arg)
		}
		p.add(")")
		return
	}
	switch n.Kind() {
	case VariableExpression:
		p.identifier(string(n.Text()))
	case IntegerExpression:
		number, _ := strconv.ParseInt(string(n.Text()), 10, 64) // its range was checked when the tree was made
		p.out = strconv.AppendInt(p.out, number, 10)
	case FloatExpression:
		number, _ := strconv.ParseFloat(string(n.Text()), 64)
		p.out = strconv.AppendFloat(p.out, number, 'g', 6, 64) // six digits, as C++ writes it: more are lost in Nix's form
	case StringExpression, IndentedStringExpression, URIExpression:
		if value, ok := constant(n); ok {
			p.string(value)
		} else {
			p.pieces(StringPieces(n))
		}
	case PathExpression, HpathExpression:
		p.path(n)
	case AttrsetExpression, RecAttrsetExpression:
		p.set(p.newAttrs(n))
	case LetAttrsetExpression:
		p.add("(")
		p.set(p.newAttrs(n))
		p.add(").body")
	case LetExpression:
		p.add("(let ")
		p.bindings(p.newAttrs(n))
		p.add("in ")
		p.expression(n.Child(FieldBody))
		p.add(")")
	case ListExpression:
		p.add("[ ")
		for element := range n.ChildrenOf(FieldElement) {
			p.add("(")
			p.expression(element)
			p.add(") ")
		}
		p.add("]")
	case FunctionExpression:
		p.function(n)
	case AssertExpression:
		p.add("assert ")
		p.expression(n.Child(FieldCondition))
		p.add("; ")
		p.expression(n.Child(FieldBody))
	case WithExpression:
		p.add("(with ")
		p.expression(n.Child(FieldEnvironment))
		p.add("; ")
		p.expression(n.Child(FieldBody))
		p.add(")")
	case IfExpression:
		p.add("(if ")
		p.expression(n.Child(FieldCondition))
		p.add(" then ")
		p.expression(n.Child(FieldConsequence))
		p.add(" else ")
		p.expression(n.Child(FieldAlternative))
		p.add(")")
	case SelectExpression:
		p.add("(")
		p.expression(n.Child(FieldExpression))
		p.add(").")
		p.attrpath(n.Child(FieldAttrpath))
		if otherwise := n.Child(FieldDefault); !otherwise.IsZero() {
			p.add(" or (")
			p.expression(otherwise)
			p.add(")")
		}
	case HasAttrExpression:
		p.add("((")
		p.expression(n.Child(FieldExpression))
		p.add(") ? ")
		p.attrpath(n.Child(FieldAttrpath))
		p.add(")")
	case UnaryExpression:
		p.add("(! ")
		p.expression(n.Child(FieldArgument))
		p.add(")")
	case BinaryExpression:
		p.binary(n)
	default:
		p.fail(n, "%s is no expression", n.Kind())
	}
}

func (p *printer) binary(n Node) {
	left, right := n.Child(FieldLeft), n.Child(FieldRight)
	switch n.Operator() {
	case "<=": // not greater
		p.add("(! (__lessThan ")
		p.expression(right)
		p.add(" ")
		p.expression(left)
		p.add("))")
	case ">=":
		p.add("(! (__lessThan ")
		p.expression(left)
		p.add(" ")
		p.expression(right)
		p.add("))")
	default:
		p.add("(")
		p.expression(left)
		p.add(" ", n.Operator(), " ")
		p.expression(right)
		p.add(")")
	}
}

// operand is the function or an argument of a call: an expression, or text in its place.
type operand struct {
	node Node
	text string
}

func (p *printer) operand(o operand) {
	if o.node.IsZero() {
		p.add(o.text)
		return
	}
	p.expression(o.node)
}

// call gives the parts of what is a function call to Nix, also those that are not written as one. A call of what a call gives is one call
// with more arguments, whatever the parentheses.
func call(n Node) (head operand, args []operand, ok bool) {
	builtin := func(name string, args ...operand) (operand, []operand, bool) {
		return operand{text: name}, args, true
	}
	more := func(function, arg Node) (operand, []operand, bool) {
		function = Unparen(function)
		if head, args, ok := call(function); ok {
			return head, append(args, operand{node: arg}), true
		}
		return operand{node: function}, []operand{{node: arg}}, true
	}
	switch n.Kind() {
	case ApplyExpression:
		function, argument := n.Child(FieldFunction), n.Child(FieldArgument)
		if argument.Kind() == VariableExpression && string(argument.Text()) == "or" {
			return operand{node: function}, []operand{{text: "or"}}, true // does not join the call before it
		}
		return more(function, argument)
	case SpathExpression:
		text := n.Text()
		return builtin("__findFile", operand{text: "__nixPath"}, operand{text: quote(string(text[1 : len(text)-1]))})
	case UnaryExpression:
		if n.Operator() == "-" {
			return builtin("__sub", operand{text: "0"}, operand{node: n.Child(FieldArgument)})
		}
	case BinaryExpression:
		left, right := operand{node: n.Child(FieldLeft)}, operand{node: n.Child(FieldRight)}
		switch n.Operator() {
		case "-":
			return builtin("__sub", left, right)
		case "*":
			return builtin("__mul", left, right)
		case "/":
			return builtin("__div", left, right)
		case "<":
			return builtin("__lessThan", left, right)
		case ">":
			return builtin("__lessThan", right, left)
		case "|>":
			return more(right.node, left.node)
		case "<|":
			return more(left.node, right.node)
		}
	}
	return operand{}, nil, false
}

func (p *printer) function(n Node) {
	universal := n.Child(FieldUniversal)
	p.add("(")
	if formals, ok := Formals(n); ok {
		list := FormalsOf(n)
		slices.SortStableFunc(list, func(a, b Formal) int { return cmp.Compare(a.Name, b.Name) })
		p.add("{ ")
		for i, formal := range list {
			if i > 0 {
				p.add(", ")
				if formal.Name == list[i-1].Name {
					p.fail(formal.Node, "formal %q is given twice", formal.Name)
				}
			}
			if formal.Name == string(universal.Text()) {
				p.fail(formal.Node, "formal %q has the name of the whole argument", formal.Name)
			}
			p.identifier(formal.Name)
			if !formal.Default.IsZero() {
				p.add(" ? ")
				p.expression(formal.Default)
			}
		}
		if !formals.Child(FieldEllipses).IsZero() {
			if len(list) > 0 {
				p.add(", ")
			}
			p.add("...")
		}
		p.add(" }")
		if !universal.IsZero() {
			p.add(" @ ")
		}
	}
	if !universal.IsZero() {
		p.identifier(string(universal.Text()))
	}
	p.add(": ")
	p.expression(n.Child(FieldBody))
	p.add(")")
}

func (p *printer) attrpath(path Node) {
	first := true
	for attr := range path.ChildrenOf(FieldAttr) {
		if !first {
			p.add(".")
		}
		first = false
		if name, dynamic := attrName(attr); dynamic.IsZero() {
			p.identifier(name)
		} else {
			p.dynamicName(dynamic)
		}
	}
}

func (p *printer) dynamicName(n Node) {
	p.add(`"${`)
	p.expression(n)
	p.add(`}"`)
}

// attrName is the name of an attribute, or the expression that gives it.
func attrName(attr Node) (name string, dynamic Node) {
	switch attr.Kind() {
	case Identifier:
		return string(attr.Text()), Node{}
	case Interpolation:
		attr = Unparen(attr.Child(FieldExpression))
	}
	if name, ok := constant(attr); ok {
		return name, Node{}
	}
	return "", attr
}

// attrs are the attributes of a set or let, with those under the same name joined as Nix joins them.
type attrs struct {
	recursive bool
	names     map[string]*attr
	dynamic   []dynamicAttr
	sources   []Node // the expressions of `inherit (…)`
}

type attr struct {
	node   Node // where it is defined, for messages
	kind   attrKind
	value  attrValue // of a plain attribute
	source int       // of an inheritedFrom: index in sources
}

type attrKind uint8

const (
	plain attrKind = iota
	inherited
	inheritedFrom
)

// attrValue is an expression, or a set that more attributes can come into.
type attrValue struct {
	node Node
	set  *attrs
}

type dynamicAttr struct {
	name  Node
	value attrValue
}

// newAttrs collects what a set or let defines.
func (p *printer) newAttrs(n Node) *attrs {
	a := &attrs{names: map[string]*attr{}}
	a.recursive = n.Kind() == RecAttrsetExpression || n.Kind() == LetAttrsetExpression
	for set := range n.Children() {
		if set.Kind() != BindingSet {
			continue
		}
		for b := range set.ChildrenOf(FieldBinding) {
			switch b.Kind() {
			case BindingNode:
				p.bind(a, b)
			case Inherit:
				p.inherit(a, b, attr{kind: inherited})
			case InheritFrom:
				a.sources = append(a.sources, b.Child(FieldExpression))
				p.inherit(a, b, attr{kind: inheritedFrom, source: len(a.sources) - 1})
			}
		}
	}
	return a
}

func (p *printer) inherit(a *attrs, clause Node, as attr) {
	for n := range clause.Child(FieldAttrs).ChildrenOf(FieldAttr) {
		name, _ := attrName(n) // that it is not dynamic was checked when the tree was made
		if a.names[name] != nil {
			p.failTwice(n, name)
			return
		}
		one := as
		one.node = n
		a.names[name] = &one
	}
}

func (p *printer) failTwice(n Node, name string) {
	p.fail(n, "attribute %q is given twice", name)
}

// bind defines the binding's attribute, and the sets on its path that are not there yet.
func (p *printer) bind(a *attrs, binding Node) {
	var path []Node
	for n := range binding.Child(FieldAttrpath).ChildrenOf(FieldAttr) {
		path = append(path, n)
	}
	for _, n := range path[:len(path)-1] {
		nested := &attrs{names: map[string]*attr{}}
		name, dynamic := attrName(n)
		switch known := a.names[name]; {
		case !dynamic.IsZero():
			a.dynamic = append(a.dynamic, dynamicAttr{dynamic, attrValue{set: nested}})
		case known == nil:
			a.names[name] = &attr{node: n, value: attrValue{set: nested}}
		default:
			if nested = p.openSet(known); nested == nil {
				p.failTwice(n, name)
				return
			}
		}
		a = nested
	}
	last := path[len(path)-1]
	value := attrValue{node: Unparen(binding.Child(FieldExpression))}
	if name, dynamic := attrName(last); dynamic.IsZero() {
		p.define(a, name, &attr{node: last, value: value})
	} else {
		a.dynamic = append(a.dynamic, dynamicAttr{dynamic, value})
	}
}

// openSet is the attribute's value when it is a set in braces; nil when it is anything else, which nothing can be added to.
func (p *printer) openSet(known *attr) *attrs {
	if known.kind != plain {
		return nil
	}
	v := &known.value
	if v.set == nil && (v.node.Kind() == AttrsetExpression || v.node.Kind() == RecAttrsetExpression) {
		v.set = p.newAttrs(v.node)
	}
	return v.set
}

// define adds an attribute. When the name is taken and both values are sets, the first takes in what the second has; whether the second is
// recursive is lost.
func (p *printer) define(a *attrs, name string, definition *attr) {
	known := a.names[name]
	if known == nil {
		a.names[name] = definition
		return
	}
	into, from := p.openSet(known), p.openSet(definition)
	if into == nil || from == nil {
		p.failTwice(definition.node, name)
		return
	}
	sources := len(into.sources)
	for _, inner := range sortedNames(from) {
		moved := from.names[inner]
		if moved.kind == inheritedFrom {
			moved.source += sources
		}
		p.define(into, inner, moved)
	}
	into.dynamic = append(into.dynamic, from.dynamic...)
	into.sources = append(into.sources, from.sources...)
}

func sortedNames(a *attrs) []string {
	names := make([]string, 0, len(a.names))
	for name := range a.names {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (p *printer) set(a *attrs) {
	if a.recursive {
		p.add("rec ")
	}
	p.add("{ ")
	p.bindings(a)
	p.add("}")
}

// bindings prints what is inherited first, then by name, then what has no name yet.
func (p *printer) bindings(a *attrs) {
	names := sortedNames(a)
	var plainly []string
	bySource := make([][]string, len(a.sources))
	for _, name := range names {
		switch known := a.names[name]; known.kind {
		case inherited:
			plainly = append(plainly, name)
		case inheritedFrom:
			bySource[known.source] = append(bySource[known.source], name)
		}
	}
	if len(plainly) > 0 {
		p.add("inherit")
		p.inheritedNames(plainly)
	}
	for i, list := range bySource {
		if len(list) > 0 {
			p.add("inherit (")
			p.expression(a.sources[i])
			p.add(")")
			p.inheritedNames(list)
			continue
		}
		// Nix forgets a source that nothing is inherited from, but it must be well formed.
		length := len(p.out)
		p.expression(a.sources[i])
		p.out = p.out[:length]
	}
	for _, name := range names {
		if known := a.names[name]; known.kind == plain {
			p.identifier(name)
			p.bound(known.value)
		}
	}
	for _, d := range a.dynamic {
		p.dynamicName(d.name)
		p.bound(d.value)
	}
}

func (p *printer) inheritedNames(names []string) {
	for _, name := range names {
		p.add(" ")
		p.identifier(name)
	}
	p.add("; ")
}

func (p *printer) bound(v attrValue) {
	p.add(" = ")
	if v.set != nil {
		p.set(v.set)
	} else {
		p.expression(v.node)
	}
	p.add("; ")
}

// identifier prints a name, quoted when it can not stand without quotes. `or` can.
func (p *printer) identifier(name string) {
	switch name {
	case "if", "then", "else", "assert", "with", "let", "in", "rec", "inherit":
		p.add(`"`, name, `"`)
		return
	}
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '\'')) {
			p.string(name)
			return
		}
	}
	if name == "" {
		name = `""`
	}
	p.add(name)
}

func (p *printer) string(value string) { p.add(quote(value)) }

// quote writes a string as Nix does: what it does not escape stands as it is, be it text or not.
func quote(value string) string {
	var b strings.Builder
	b.Grow(len(value) + 2)
	b.WriteByte('"')
	for i := range len(value) {
		switch c := value[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '$' && i+1 < len(value) && value[i+1] == '{':
			b.WriteString(`\$`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func (p *printer) pieces(list []StringPiece) {
	p.add("(")
	p.sum(list)
	p.add(")")
}

// sum prints pieces as the sum that Nix makes of them.
func (p *printer) sum(list []StringPiece) {
	for i, piece := range list {
		if i > 0 {
			p.add(" + ")
		}
		if piece.Hole.IsZero() {
			p.string(piece.Text)
		} else {
			p.expression(piece.Hole.Child(FieldExpression))
		}
	}
}

// constant is the value of what is a string to Nix without evaluation: a literal without interpolation, or a URI. An indented string of
// nothing but one interpolated constant is one too, while "…" with an interpolation never is.
func constant(n Node) (string, bool) {
	n = Unparen(n)
	switch n.Kind() {
	case URIExpression:
		return string(n.Text()), true
	case StringExpression, IndentedStringExpression:
		if isDamaged(n) {
			return "", false
		}
		list := StringPieces(n)
		switch {
		case len(list) == 0:
			return "", true
		case len(list) == 1 && list[0].Hole.IsZero():
			return list[0].Text, true
		case len(list) == 1 && n.Kind() == IndentedStringExpression:
			return constant(list[0].Hole.Child(FieldExpression))
		}
	}
	return "", false
}

// path prints a path: absolute, without dots and doubled slashes in what comes before the first interpolation.
func (p *printer) path(n Node) {
	var list []StringPiece
	for c := range n.Children() {
		switch c.Kind() {
		case Interpolation:
			list = append(list, StringPiece{Hole: c})
		case PathFragment:
			for _, token := range pathTokens(string(c.Text())) {
				list = append(list, StringPiece{Text: token})
			}
		}
	}
	start := p.start(n, list[0].Text)
	if len(list) == 1 {
		p.add(start)
		return
	}
	p.add("(", start, " + ")
	p.sum(list[1:])
	p.add(")")
}

// start makes a path's first token absolute.
func (p *printer) start(n Node, text string) string {
	if n.Kind() == HpathExpression {
		return p.paths.Home + text[1:] // as it is written
	}
	absolute := text
	if !strings.HasPrefix(text, "/") {
		absolute = p.paths.Dir + "/" + text
	}
	absolute = path.Clean("/" + absolute)
	if strings.HasSuffix(text, "/") && len(text) > 1 {
		absolute += "/"
	}
	return absolute
}

// pathTokens cuts a fragment as Nix's lexer does: after a slash that is followed by another one.
func pathTokens(text string) []string {
	var list []string
	start := 0
	for i := range len(text) - 1 {
		if text[i] == '/' && text[i+1] == '/' {
			list = append(list, text[start:i+1])
			start = i + 1
		}
	}
	return append(list, text[start:])
}
