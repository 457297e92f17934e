package crates

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// ReadNix reads a generated Nix file. It is nil for a file that is none that we know.
func ReadNix(tree *nixparse.Tree) *Graph {
	r := &reader{tree: tree, src: string(tree.Source()), g: &Graph{}, broken: tree.HasErrors(), lastSet: -1}
	head := readHeader(r.src)
	fn := r.topFunction(tree.Root())
	if !fn.IsZero() {
		for _, f := range nixparse.FormalsOf(fn) {
			r.g.Formals = append(r.g.Formals, f.Name)
		}
	}
	switch {
	case r.hasFormals("rustPackages", "buildRustPackages", "mkRustCrate", "rustLib"):
		r.g.Generator = Cargo2nix
	case r.hasFormals("pkgs", "defaultCrateOverrides", "rootFeatures") &&
		(r.hasFormals("buildRustCrateForPkgs") || r.hasFormals("buildRustCrate")):
		r.g.Generator = Crate2nix
	default:
		// The function is damaged, or somebody changed its formals: what the comment says must prove true below.
		r.g.Generator = head.generator
	}
	read, found := r.cargo2nixBinding, &r.sawCargo2nix
	switch r.g.Generator {
	case Unknown:
		return nil
	case Crate2nix:
		read, found = r.crate2nixBinding, &r.sawCrate2nix
	}
	if r.broken {
		// Where the parser had to guess, entries may hang anywhere in the tree.
		r.g.Incomplete = true
		r.salvage(tree.Root(), read)
	} else {
		set := r.result(fn.Child(nixparse.FieldBody), read)
		for b := range bindingsOf(set) {
			read(b)
		}
	}
	if !*found {
		return nil
	}
	if head.generator == r.g.Generator {
		r.g.Arguments = head.arguments
		if r.g.Version == "" {
			r.g.Version = head.version
		}
	}
	return r.g.finish()
}

// reader holds one reading. Slices of all crates share the arenas; each crate's part is cut off with its capacity.
type reader struct {
	tree   *nixparse.Tree
	src    string // strings of the graph are parts of it wherever the file has no escapes
	g      *Graph
	broken bool

	sawCargo2nix, sawCrate2nix bool

	// lastSet is where the last entry's fields stand; -1 before the first.
	lastSet int

	deps     []Dependency
	features []Feature
	strings  []string
}

// topFunction is the function with a set of formals that the file is, or the zero node.
func (r *reader) topFunction(root nixparse.Node) nixparse.Node {
	n := root
	if n.Kind() == nixparse.SourceCode {
		n = onlyExpression(n)
	}
	n = nixparse.Unparen(n)
	if n.IsZero() || n.Kind() != nixparse.FunctionExpression || n.Child(nixparse.FieldFormals).IsZero() {
		return nixparse.Node{}
	}
	return n
}

// onlyExpression is the first child that is code.
func onlyExpression(n nixparse.Node) nixparse.Node {
	for c := range n.Children() {
		if c.Kind() != nixparse.Comment {
			return c
		}
	}
	return nixparse.Node{}
}

func (r *reader) hasFormals(names ...string) bool {
	for _, name := range names {
		found := false
		for _, f := range r.g.Formals {
			found = found || f == name
		}
		if !found {
			return false
		}
	}
	return true
}

// result descends to the attribute set that the function's body gives, and shows the let bindings on the way to read.
func (r *reader) result(n nixparse.Node, read func(nixparse.Node)) nixparse.Node {
	for {
		n = nixparse.Unparen(n)
		switch n.Kind() {
		case nixparse.LetExpression:
			for b := range bindingsOf(n) {
				if name, ok := onlyName(r, b); ok && name == "nixifiedLockHash" {
					read(b)
				}
			}
			n = n.Child(nixparse.FieldBody)
		case nixparse.WithExpression, nixparse.AssertExpression:
			n = n.Child(nixparse.FieldBody)
		case nixparse.IfExpression:
			// One branch throws when the lock file is another.
			yes, no := n.Child(nixparse.FieldConsequence), n.Child(nixparse.FieldAlternative)
			switch {
			case r.throws(yes):
				n = no
			case r.throws(no):
				n = yes
			default:
				r.g.Incomplete = true // which of the two counts is known to Nix only
				n = yes
			}
		case nixparse.BinaryExpression:
			// A hand-written `// { … }` may add entries and replace others.
			r.g.Incomplete = true
			n = n.Child(nixparse.FieldLeft)
		case nixparse.AttrsetExpression, nixparse.RecAttrsetExpression:
			return n
		default:
			return nixparse.Node{}
		}
	}
}

func (r *reader) throws(n nixparse.Node) bool {
	fn, _, _ := r.call(nixparse.Unparen(n))
	return fn == "throw" || fn == "abort"
}

// salvage reads what a damaged file still has. Where a semicolon or a brace is missing, entries may hang inside each other or
// in an application of one to the next, so each is looked for by itself.
func (r *reader) salvage(root nixparse.Node, read func(nixparse.Node)) {
	var name nixparse.Node // the last attribute or string before n
	for n := range root.Descendants() {
		switch n.Kind() {
		case nixparse.Identifier, nixparse.StringExpression:
			name = n
		case nixparse.BindingNode:
			read(n)
		case nixparse.FunctionExpression:
			if r.g.Generator == Cargo2nix {
				r.cargo2nixOrphan(n)
			}
		case nixparse.RecAttrsetExpression:
			if r.g.Generator == Crate2nix {
				r.crate2nixOrphan(name, n)
			}
		}
	}
}

// add appends an entry. In a damaged file the one before may seem to hold it, and ends where it begins then.
func (r *reader) add(c Crate) {
	if last := len(r.g.Crates) - 1; last >= 0 && r.g.Crates[last].Span.End > c.Span.Start {
		r.g.Crates[last].Span.End = c.Span.Start
	}
	r.g.Crates = append(r.g.Crates, c)
}

func (r *reader) span(n nixparse.Node) text.Span {
	return text.Span{Start: n.Start(), End: n.End()}
}

func (r *reader) text(n nixparse.Node) string { return r.src[n.Start():n.End()] }

// str reads a string literal.
func (r *reader) str(n nixparse.Node) (Literal, bool) {
	n = nixparse.Unparen(n)
	if n.IsZero() {
		return Literal{}, false
	}
	s := r.text(n)
	switch n.Kind() {
	case nixparse.StringExpression:
		if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
			return Literal{}, false
		}
		l := Literal{Value: s[1 : len(s)-1], Span: text.Span{Start: n.Start() + 1, End: n.End() - 1}}
		if !strings.ContainsAny(l.Value, "\\$\r") {
			return l, true
		}
		value, ok := nixparse.StringValue(n)
		l.Value = value
		return l, ok
	case nixparse.IndentedStringExpression:
		value, ok := nixparse.StringValue(n)
		if !ok || len(s) < 4 {
			return Literal{}, false
		}
		return Literal{Value: value, Span: text.Span{Start: n.Start() + 2, End: n.End() - 2}}, true
	}
	return Literal{}, false
}

// url reads an address: a string, or a bare literal as cargo2nix wrote it up to 0.11.
func (r *reader) url(n nixparse.Node) (Literal, bool) {
	n = nixparse.Unparen(n)
	if !n.IsZero() && n.Kind() == nixparse.URIExpression {
		return Literal{Value: r.text(n), Span: r.span(n)}, true
	}
	return r.str(n)
}

// path reads a path literal.
func (r *reader) path(n nixparse.Node) (string, bool) {
	n = nixparse.Unparen(n)
	if n.IsZero() || n.Kind() != nixparse.PathExpression {
		return "", false
	}
	if s := r.text(n); !strings.Contains(s, "${") {
		return s, true
	}
	return "", false
}

// attrName reads one name of an attribute path, with the span of its text.
func (r *reader) attrName(n nixparse.Node) (Literal, bool) {
	switch n.Kind() {
	case nixparse.Identifier:
		return Literal{Value: r.text(n), Span: r.span(n)}, true
	case nixparse.StringExpression:
		return r.str(n)
	}
	name, ok := nixparse.AttrName(n) // ${"name"}
	return Literal{Value: name, Span: r.span(n)}, ok
}

// attrs appends the names of an attribute path to names; false where one of them is computed.
func (r *reader) attrs(path nixparse.Node, names []Literal) ([]Literal, bool) {
	if path.IsZero() {
		return names, false
	}
	for n := path.FirstChild(); !n.IsZero(); n = n.NextSibling() {
		if !isAttr(n) {
			continue
		}
		name, ok := r.attrName(n)
		if !ok {
			return names, false
		}
		names = append(names, name)
	}
	return names, true
}

func isAttr(n nixparse.Node) bool {
	switch n.Kind() {
	case nixparse.Identifier, nixparse.StringExpression, nixparse.Interpolation:
		return true
	}
	return false
}

// onlyName is the name of a binding whose path has no second.
func onlyName(r *reader, b nixparse.Node) (string, bool) {
	path := b.Child(nixparse.FieldAttrpath)
	if path.IsZero() {
		return "", false
	}
	var buf [4]Literal
	names, ok := r.attrs(path, buf[:0])
	if !ok || len(names) != 1 {
		return "", false
	}
	return names[0].Value, true
}

// call takes an application apart: the function's last name (fetchgit for pkgs.fetchgit), its last argument, and the number of
// arguments. The name is empty where the function is something else than a name.
func (r *reader) call(n nixparse.Node) (fn string, argument nixparse.Node, count int) {
	if n.IsZero() {
		return "", nixparse.Node{}, 0
	}
	for n.Kind() == nixparse.ApplyExpression {
		if count == 0 {
			argument = n.Child(nixparse.FieldArgument)
		}
		count++
		n = nixparse.Unparen(n.Child(nixparse.FieldFunction))
		if n.IsZero() {
			return "", argument, count
		}
	}
	if count == 0 {
		return "", nixparse.Node{}, 0
	}
	switch n.Kind() {
	case nixparse.VariableExpression:
		fn = r.text(n)
	case nixparse.SelectExpression:
		var buf [4]Literal
		if names, ok := r.attrs(n.Child(nixparse.FieldAttrpath), buf[:0]); ok && len(names) > 0 {
			fn = names[len(names)-1].Value
		}
	}
	return fn, argument, count
}

func isSet(n nixparse.Node) bool {
	return !n.IsZero() && (n.Kind() == nixparse.AttrsetExpression || n.Kind() == nixparse.RecAttrsetExpression)
}

// bindingsOf goes over the bindings and inherits that stand directly in a set or a let.
func bindingsOf(set nixparse.Node) func(yield func(nixparse.Node) bool) {
	return func(yield func(nixparse.Node) bool) { eachBinding(set, yield) }
}

func eachBinding(set nixparse.Node, yield func(nixparse.Node) bool) bool {
	if set.IsZero() {
		return true
	}
	for n := set.FirstChild(); !n.IsZero(); n = n.NextSibling() {
		switch n.Kind() {
		case nixparse.BindingNode, nixparse.Inherit, nixparse.InheritFrom:
			if !yield(n) {
				return false
			}
		case nixparse.BindingSet, nixparse.Error:
			// Neither nests in itself.
			if !eachBinding(n, yield) {
				return false
			}
		}
	}
	return true
}

// list reads a list of string literals; false where an element is something else.
func (r *reader) list(n nixparse.Node) ([]string, bool) {
	n = nixparse.Unparen(n)
	if n.IsZero() || n.Kind() != nixparse.ListExpression {
		return nil, false
	}
	start, complete := len(r.strings), true
	for e := range elements(n) {
		if s, ok := r.str(e); ok {
			r.strings = append(r.strings, s.Value)
		} else {
			complete = false
		}
	}
	if len(r.strings) == start {
		return nil, complete
	}
	return r.strings[start:len(r.strings):len(r.strings)], complete
}

// elements goes over the elements of a list.
func elements(list nixparse.Node) func(yield func(nixparse.Node) bool) {
	return func(yield func(nixparse.Node) bool) {
		for n := list.FirstChild(); !n.IsZero(); n = n.NextSibling() {
			if n.Kind() != nixparse.Comment && !yield(n) {
				return
			}
		}
	}
}

// code is the text of an expression on one line: comments left out, white space outside strings as one blank. So the same
// condition reads the same whatever formatter went over the file.
func (r *reader) code(n nixparse.Node) string {
	n = nixparse.Unparen(n)
	if n.IsZero() {
		return ""
	}
	s := r.text(n)
	if !strings.ContainsAny(s, "\n\t\r#") && !strings.Contains(s, "  ") && !strings.Contains(s, "/*") {
		return s
	}
	var line strings.Builder
	blank := false
	put := func(part string) {
		if blank && line.Len() > 0 {
			line.WriteByte(' ')
		}
		blank = false
		line.WriteString(part)
	}
	for i := 0; i < len(s); {
		rest := s[i:]
		size := 1
		switch {
		case strings.IndexByte(" \t\r\n", s[i]) >= 0:
			blank = true
			i++
			continue
		case s[i] == '#':
			blank = true
			i += len(rest[:lineEnd(rest)])
			continue
		case strings.HasPrefix(rest, "/*"):
			blank = true
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				end = len(rest) - 4
			}
			i += end + 4
			continue
		case s[i] == '"':
			size = stringEnd(rest)
		case strings.HasPrefix(rest, "''"):
			if end := strings.Index(rest[2:], "''"); end >= 0 {
				size = end + 4
			} else {
				size = len(rest)
			}
		}
		put(s[i : i+size])
		i += size
	}
	return line.String()
}

func lineEnd(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i
	}
	return len(s)
}

// stringEnd is the length of the string literal in double quotes with which s begins.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}
