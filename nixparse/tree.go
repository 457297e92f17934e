package nixparse

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Tree is the syntax tree of one text. It is immutable, and safe for concurrent use.
type Tree struct {
	src     []byte
	records []record // in preorder; the first is the root
	errors  []uint32 // indices of what Errors gives, ascending
	// sound tells that the fast parser read all of it, so that every part of it is what the part's text alone says.
	sound bool
	// gaveUp tells that the generated parser did not read it either.
	gaveUp bool
	// base is the last tree before this one that was sound, when this one is not; see Edit.
	base *Tree
}

// Source is the text that was parsed.
func (t *Tree) Source() []byte { return t.src }

// Root is the node of the whole text, of kind SourceCode.
func (t *Tree) Root() Node { return Node{tree: t} }

// HasErrors tells whether the text is not Nix.
func (t *Tree) HasErrors() bool { return len(t.errors) > 0 }

// Errors gives the nodes that make the text no Nix, in source order: those of the kinds Error and Missing, and those that are well formed
// but that Nix rejects, like a path that ends with a slash. Describe says what is wrong with each.
func (t *Tree) Errors() []Node {
	nodes := make([]Node, len(t.errors))
	for i, index := range t.errors {
		nodes[i] = Node{t, index}
	}
	return nodes
}

// At gives the innermost node that covers the byte offset. A node's end belongs to it when no other node starts there. Missing tokens cover
// nothing.
func (t *Tree) At(offset int) Node {
	if offset < 0 || offset > len(t.src) {
		return t.Root()
	}
	// Starts ascend, so whatever covers the offset has the last node that starts before or at it among its descendants, or is that node.
	i := sort.Search(len(t.records), func(i int) bool { return int(t.records[i].start) > offset }) - 1
	for i > 0 && t.records[i].kind == Missing {
		i--
	}
	for i > 0 && int(t.records[i].end) < offset {
		i = int(t.records[i].parent)
	}
	return Node{t, uint32(i)}
}

// Node is one node of a tree: a named construct of the grammar, a comment, or an error. Punctuation and keywords have no nodes. The zero Node
// stands for none, and all its methods may be called.
type Node struct {
	tree  *Tree
	index uint32
}

func (n Node) record() *record {
	if n.tree == nil {
		return &record{}
	}
	return &n.tree.records[n.index]
}

// IsZero tells whether n is no node.
func (n Node) IsZero() bool { return n.tree == nil }

// Kind is the node's kind, KindNone for the zero Node.
func (n Node) Kind() Kind { return n.record().kind }

// Field is the node's role in its parent.
func (n Node) Field() Field { return n.record().field }

// Start is the offset of the node's first byte.
func (n Node) Start() int { return int(n.record().start) }

// End is the offset after the node's last byte.
func (n Node) End() int { return int(n.record().end) }

// Text is the source from Start to End; not to be changed.
func (n Node) Text() []byte {
	if n.tree == nil {
		return nil
	}
	r := n.record()
	return n.tree.src[r.start:r.end:r.end]
}

// Tree is the tree that the node is of, nil for the zero Node.
func (n Node) Tree() *Tree { return n.tree }

// Parent is the node that n is a child of; zero for the root.
func (n Node) Parent() Node {
	if n.tree == nil || n.index == 0 {
		return Node{}
	}
	return Node{n.tree, n.record().parent}
}

// FirstChild is the first of Children; zero when there is none.
func (n Node) FirstChild() Node {
	if n.tree == nil || n.record().next == n.index+1 {
		return Node{}
	}
	return Node{n.tree, n.index + 1}
}

// NextSibling is the child of n's parent that follows n; zero when there is none.
func (n Node) NextSibling() Node {
	if n.tree == nil || n.index == 0 {
		return Node{}
	}
	r := n.record()
	if r.next == n.tree.records[r.parent].next {
		return Node{}
	}
	return Node{n.tree, r.next}
}

// Children yields all children in source order, comments and errors included.
func (n Node) Children() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.FirstChild(); !c.IsZero(); c = c.NextSibling() {
			if !yield(c) {
				return
			}
		}
	}
}

// Child is the first child that has the field; zero when there is none.
func (n Node) Child(f Field) Node {
	for c := n.FirstChild(); !c.IsZero(); c = c.NextSibling() {
		if c.Field() == f {
			return c
		}
	}
	return Node{}
}

// ChildrenOf yields the children that have the field, in source order.
func (n Node) ChildrenOf(f Field) iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for c := n.FirstChild(); !c.IsZero(); c = c.NextSibling() {
			if c.Field() == f && !yield(c) {
				return
			}
		}
	}
}

// Descendants yields all nodes under n in source order, parents before their children; n itself is not among them.
func (n Node) Descendants() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.tree == nil {
			return
		}
		for i := n.index + 1; i < n.record().next; i++ {
			if !yield(Node{n.tree, i}) {
				return
			}
		}
	}
}

// HasError tells whether n or anything under it is among the tree's Errors.
func (n Node) HasError() bool {
	if n.tree == nil {
		return false
	}
	i, _ := slices.BinarySearch(n.tree.errors, n.index)
	return i < len(n.tree.errors) && n.tree.errors[i] < n.record().next
}

// Operator is the operator of a binary_expression, unary_expression or has_attr_expression, like "++"; else empty.
func (n Node) Operator() string {
	switch n.Kind() {
	case BinaryExpression, UnaryExpression, HasAttrExpression:
		return symbolNames[n.record().token]
	}
	return ""
}

// Describe says in a few words what is wrong with one of the tree's Errors; empty for other nodes.
func (t *Tree) Describe(n Node) string {
	r := n.record()
	switch {
	case n.IsZero():
		return ""
	case r.kind == Missing:
		name := symbolNames[r.token]
		if n.tokenIsNamed() {
			return "missing " + strings.ReplaceAll(name, "_", " ")
		}
		return fmt.Sprintf("missing %q", name)
	case r.kind == Error:
		return "unexpected " + excerpt(n.Text())
	case r.flags&flagInvalid == 0:
		return ""
	}
	switch r.kind {
	case SourceCode:
		if bytes.HasPrefix(t.src, byteOrderMark) {
			return "byte order mark before the expression"
		}
		return "missing expression"
	case Comment:
		return "comment does not end"
	case PathExpression, HpathExpression:
		if bytes.HasSuffix(n.Text(), []byte("/")) {
			return "path ends with a slash"
		}
		return "path has an empty part"
	case IntegerExpression:
		return "integer is out of range"
	case FloatExpression:
		return "number is out of range"
	case BindingNode:
		return "missing value"
	case BinaryExpression:
		return fmt.Sprintf("operator %q needs parentheses to be used twice", n.Operator())
	case StringFragment:
		return "string contains a NUL byte"
	case StringExpression, Interpolation:
		return "dynamic attribute is not allowed here"
	}
	return "not allowed here"
}

func (n Node) tokenIsNamed() bool { return tables.kinds[n.record().token] != 0 }

// excerpt is the beginning of the text's first line, quoted.
func excerpt(text []byte) string {
	const most = 30
	text = bytes.TrimSpace(text)
	cut := false
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		text, cut = bytes.TrimSpace(text[:i]), true
	}
	if len(text) > most {
		end := most
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text, cut = text[:end], true
	}
	if len(text) == 0 {
		return "end of file"
	}
	quoted := strconv.Quote(string(text))
	if cut {
		quoted = quoted[:len(quoted)-1] + `…"`
	}
	return quoted
}
