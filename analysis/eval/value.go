package eval

import (
	"strconv"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// File is a file that was evaluated.
type File struct {
	Path string // relative to the root, slash-separated
	Tree *nixparse.Tree

	prelude   bool
	plans     map[nixparse.Node]*plan
	functions map[nixparse.Node]*function
}

// Origin is the place in the source that something was made by. The zero Origin stands for none: the value came from the host or a builtin.
type Origin struct {
	File *File
	Node nixparse.Node
}

// IsZero tells whether there is no place.
func (o Origin) IsZero() bool { return o.File == nil }

// Path is the file's path, empty for the zero Origin.
func (o Origin) Path() string {
	if o.File == nil {
		return ""
	}
	return o.File.Path
}

// Span is the range of bytes in the file.
func (o Origin) Span() text.Span { return text.Span{Start: o.Node.Start(), End: o.Node.End()} }

// Value is a value in weak head normal form: one of *Null, *Bool, *Int, *Float, *String, *Path, *List, *Attrs, *Lambda, *Builtin, and of those
// that are not known for sure, *Opaque, *Choice and *Unknown, or *Error. Values are immutable.
type Value interface {
	// Origin is the expression that made the value: the literal, operation, or call.
	Origin() Origin
	// TypeName is the type as error messages of Nix have it, like "a set".
	TypeName() string
}

type made struct{ at Origin }

func (m made) Origin() Origin { return m.at }

// Null is null.
type Null struct{ made }

// Bool is a boolean.
type Bool struct {
	made
	Value bool
}

// Int is an integer.
type Int struct {
	made
	Value int64
}

// Float is a floating-point number.
type Float struct {
	made
	Value float64
}

// String is a string. Where its text depends on values that are not known it has holes.
type String struct {
	made
	Parts []Part
	// Context is what the string mentions, as Nix's string context: the values that were interpolated and that are no plain strings.
	Context []Value

	maybePath bool // it is a path if the opaque value is one that it begins with
}

// Part is a piece of a string: text, or a hole in which the text of a value stands. Neighbours are not both text, and no text is empty.
type Part struct {
	Text string
	Hole Value // nil for text
	// Plain tells of a hole that holds a *Path that it is the path's own text, and not that of its copy in the store.
	Plain bool
}

// Text is the string when it has no holes.
func (s *String) Text() (string, bool) {
	switch {
	case len(s.Parts) == 0:
		return "", true
	case len(s.Parts) == 1 && s.Parts[0].Hole == nil:
		return s.Parts[0].Text, true
	}
	return "", false
}

// size is the length of the known text.
func (s *String) size() int {
	n := 0
	for i := range s.Parts {
		n += len(s.Parts[i].Text)
	}
	return n
}

// Prefix is the known text before the first hole.
func (s *String) Prefix() string {
	if len(s.Parts) > 0 && s.Parts[0].Hole == nil {
		return s.Parts[0].Text
	}
	return ""
}

// Suffix is the known text after the last hole.
func (s *String) Suffix() string {
	if n := len(s.Parts); n > 0 && s.Parts[n-1].Hole == nil {
		return s.Parts[n-1].Text
	}
	return ""
}

// Path is a path value.
type Path struct {
	made
	// Name is slash-separated and clean. It is relative to the root of the workspace ("." is the root, "../x" lies outside of it), unless it
	// starts with "/" or "~/".
	Name string
}

// Inside tells whether the path lies in the workspace.
func (p *Path) Inside() bool {
	return p.Name != ".." && !strings.HasPrefix(p.Name, "../") && !strings.HasPrefix(p.Name, "/") && !strings.HasPrefix(p.Name, "~")
}

// List is a list.
type List struct {
	made
	Items []Item
}

// Item is one element of a list, or a run of elements that are not known: a value that was joined by `++`.
type Item struct {
	Value *Thunk
	// Rest is what stands for the run: a *Choice of lists, an *Opaque, or an *Unknown. nil for an element.
	Rest Value
}

// Complete tells whether all elements are there.
func (l *List) Complete() bool {
	for i := range l.Items {
		if l.Items[i].Rest != nil {
			return false
		}
	}
	return true
}

// Lambda is a function of the source.
type Lambda struct {
	made
	scope *scope
	fn    *function
}

// Formals lists the parameters of a function that takes a set; ok is false for one that takes its argument whole.
func (l *Lambda) Formals() (formals []nixparse.Formal, ellipsis, ok bool) {
	return l.fn.formals, l.fn.ellipsis, l.fn.isSet
}

// Builtin is a function of Nix's or the host's, with the arguments it has already got.
type Builtin struct {
	made
	Name  string
	Arity int
	Args  []*Thunk
	Call  func(*Call) Value
}

// Call is a call of a Builtin or an Opaque.
type Call struct {
	*Evaluator
	Callee Value    // the *Builtin or *Opaque
	Args   []*Thunk // as many as the builtin's arity; one for an opaque
	Site   Origin   // the apply_expression; zero for a call that a builtin makes
}

// Arg evaluates an argument.
func (c *Call) Arg(i int) Value { return c.force(c.Args[i]) }

// Opaque is a value from outside of the workspace, known by how it was reached: a root, an attribute of another Opaque, or the result of
// calling one.
type Opaque struct {
	made
	Root string  // the name of a root; empty for others
	From *Opaque // what was selected from or called
	Attr string  // the attribute; empty for a root or call
	Arg  *Thunk  // the argument; nil for a root or attribute

	// Known has attributes of the value that are known; it is a set for sure then. Others may exist.
	Known *Attrs
	// Sealed tells that names that Known does not have do not come from here when a variable is looked up under `with`.
	Sealed bool
	// Select gives attributes that Known does not have, before Options.Select is asked; nil without.
	Select func(e *Evaluator, name string, at Origin) (v Value, ok bool)
	// Source is the place in the workspace that the value is a (filtered) copy of.
	Source *Path
	// Data is the host's.
	Data any
}

// String is how the value was reached, in Nix's notation; arguments are shortened.
func (o *Opaque) String() string {
	var b strings.Builder
	o.write(&b, 0)
	return b.String()
}

func (o *Opaque) write(b *strings.Builder, depth int) {
	const deepest = 50 // what nobody would read
	switch {
	case depth > deepest:
		b.WriteString("…")
	case o.From == nil:
		b.WriteString(o.Root)
	case o.Arg != nil:
		o.From.write(b, depth+1)
		b.WriteByte(' ')
		b.WriteString(o.Arg.brief())
	default:
		if o.From.Arg != nil {
			b.WriteByte('(')
			o.From.write(b, depth+1)
			b.WriteByte(')')
		} else {
			o.From.write(b, depth+1)
		}
		b.WriteByte('.')
		b.WriteString(attrText(o.Attr))
	}
}

// Names is the way from the root: its name and then the attributes. ok is false when there is a call among them.
func (o *Opaque) Names() (names []string, ok bool) {
	for ; o.From != nil; o = o.From {
		if o.Arg != nil {
			return nil, false
		}
		names = append(names, o.Attr)
	}
	names = append(names, o.Root)
	for i, j := 0, len(names)-1; i < j; i, j = i+1, j-1 {
		names[i], names[j] = names[j], names[i]
	}
	return names, true
}

// Callee undoes calls: what was called, and the arguments in order. There are none for a value that no call made.
func (o *Opaque) Callee() (*Opaque, []*Thunk) {
	var args []*Thunk
	for ; o.Arg != nil; o = o.From {
		args = append(args, o.Arg)
	}
	for i, j := 0, len(args)-1; i < j; i, j = i+1, j-1 {
		args[i], args[j] = args[j], args[i]
	}
	return o, args
}

// brief shows a value in one word.
func brief(v Value) string {
	switch v := v.(type) {
	case *Null:
		return "null"
	case *Bool:
		return strconv.FormatBool(v.Value)
	case *Int:
		return strconv.FormatInt(v.Value, 10)
	case *String:
		const longest = 40
		if s, ok := v.Text(); ok && len(s) <= longest {
			return strconv.Quote(s)
		}
		return `"…"`
	case *Path:
		if v.Inside() {
			return "./" + v.Name
		}
		return v.Name
	case *List:
		if len(v.Items) == 0 {
			return "[ ]"
		}
		return "[ … ]"
	case *Attrs:
		if len(v.layers) == 0 {
			return "{ }"
		}
		return "{ … }"
	case *Opaque:
		if _, ok := v.Names(); ok {
			return v.String()
		}
	}
	return "(…)"
}

// brief shows an argument, also one that was not evaluated yet.
func (t *Thunk) brief() string {
	if t.value != nil {
		return brief(t.value)
	}
	const longest = 40
	switch n := nixparse.Unparen(t.node); n.Kind() {
	case nixparse.AttrsetExpression, nixparse.RecAttrsetExpression:
		if n.FirstChild().IsZero() {
			return "{ }"
		}
		return "{ … }"
	case nixparse.ListExpression:
		return "[ … ]"
	case nixparse.VariableExpression, nixparse.SelectExpression, nixparse.IntegerExpression, nixparse.StringExpression, nixparse.PathExpression:
		if s := string(n.Text()); len(s) <= longest && !strings.Contains(s, "\n") {
			return s
		}
	}
	return "(…)"
}

// attrText writes an attribute name as Nix source.
func attrText(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '\'')) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// Choice is one of several values: which, depends on something that is not known.
type Choice struct {
	made
	// Of are the alternatives, at least two, none of them a *Choice or *Error: where Nix would fail there is no value to speak of.
	Of []Value
	// Because is what the choice depends on.
	Because *Unknown
}

// Unknown is a value of which nothing is known.
type Unknown struct {
	made
	Reason string
	// Opaque is what it depends on, if it is that.
	Opaque *Opaque
}

// Error is what evaluation fails with.
type Error struct {
	made
	Message string
	// Catchable tells that tryEval catches it: it comes from throw or assert.
	Catchable bool

	cycle bool // infinite recursion
}

// TypeName implements Value; the others below do as well.
func (*Null) TypeName() string { return "null" }

// TypeName implements Value.
func (*Bool) TypeName() string { return "a Boolean" }

// TypeName implements Value.
func (*Int) TypeName() string { return "an integer" }

// TypeName implements Value.
func (*Float) TypeName() string { return "a float" }

// TypeName implements Value.
func (*String) TypeName() string { return "a string" }

// TypeName implements Value.
func (*Path) TypeName() string { return "a path" }

// TypeName implements Value.
func (*List) TypeName() string { return "a list" }

// TypeName implements Value.
func (*Attrs) TypeName() string { return "a set" }

// TypeName implements Value.
func (*Lambda) TypeName() string { return "a function" }

// TypeName implements Value.
func (*Builtin) TypeName() string { return "a function" }

// TypeName implements Value.
func (o *Opaque) TypeName() string { return "a value from outside (" + o.String() + ")" }

// TypeName implements Value.
func (*Choice) TypeName() string { return "one of several values" }

// TypeName implements Value.
func (*Unknown) TypeName() string { return "an unknown value" }

// TypeName implements Value.
func (*Error) TypeName() string { return "an error" }

// NewString makes a string without holes.
func NewString(s string) *String { return str(Origin{}, s) }

func str(at Origin, s string) *String {
	if s == "" {
		return &String{made: made{at}}
	}
	return &String{made: made{at}, Parts: []Part{{Text: s}}}
}

// NewBool makes a boolean.
func NewBool(b bool) *Bool { return &Bool{Value: b} }

// NewInt makes an integer.
func NewInt(i int64) *Int { return &Int{Value: i} }

// NewPath makes a path; see Path.Name.
func NewPath(name string) *Path { return &Path{Name: name} }

// NewList makes a list.
func NewList(values ...Value) *List {
	l := &List{}
	for _, v := range values {
		l.Items = append(l.Items, Item{Value: Ready(v)})
	}
	return l
}

// NewOpaque makes a root.
func NewOpaque(name string) *Opaque { return &Opaque{Root: name} }

// NewUnknown makes an unknown value.
func NewUnknown(reason string) *Unknown { return &Unknown{Reason: reason} }

// NewError makes what throw makes.
func NewError(message string) *Error { return &Error{Message: message, Catchable: true} }

// NewBuiltin makes a function. The call is made when it has got all arguments.
func NewBuiltin(name string, arity int, call func(*Call) Value) *Builtin {
	return &Builtin{Name: name, Arity: arity, Call: call}
}
