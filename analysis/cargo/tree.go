package cargo

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	sitter "github.com/smacker/go-tree-sitter"
	tomlgrammar "github.com/smacker/go-tree-sitter/toml"

	"github.com/cargonix/cargonix/analysis/text"
)

const bom = "\xEF\xBB\xBF"

// maxNesting is how deep arrays, inline tables and dotted keys may nest. It is the limit of cargo's own TOML library; here
// it also bounds the recursion of ours, and the time that it spends on keys of very many segments.
const maxNesting = 80

// node is the place of a value of a TOML document. Values come from the TOML library, which knows no places; nodes come from
// the syntax tree. Where the tree has no node for a value, the methods of value fall back to the nearest one around.
type node struct {
	key  text.Span // the last segment of the key, quotes included; where a table is reached more than once, the first
	val  text.Span // the value; for a table given by header, the header
	full text.Span // key and value; for a table given by header or by dotted keys, from the first to the end of the last value
	kids map[string]*node
	elem []*node // elements of an array, or of an array of tables
}

func (n *node) kid(name string) *node {
	k := n.kids[name]
	if k == nil {
		if n.kids == nil {
			n.kids = map[string]*node{}
		}
		k = &node{}
		n.kids[name] = k
	}
	return k
}

// grow extends the full span to cover s.
func (n *node) grow(s text.Span) {
	if n.full == (text.Span{}) {
		n.full = s
		return
	}
	n.full = text.Span{Start: min(n.full.Start, s.Start), End: max(n.full.End, s.End)}
}

// value is a value of a TOML document with its place.
type value struct {
	data  any
	node  *node
	outer text.Span // for values without node
}

type entry struct {
	name string
	key  text.Span
	value
}

func (v value) span() text.Span {
	if v.node == nil || v.node.val == (text.Span{}) {
		return v.full()
	}
	return v.node.val
}

func (v value) full() text.Span {
	if v.node == nil || v.node.full == (text.Span{}) {
		return v.outer
	}
	return v.node.full
}

func (v value) keySpan() text.Span {
	if v.node == nil || v.node.key == (text.Span{}) {
		return v.full()
	}
	return v.node.key
}

func (v value) get(key string) (value, bool) {
	m, ok := v.data.(map[string]any)
	if !ok {
		return value{}, false
	}
	d, ok := m[key]
	if !ok {
		return value{}, false
	}
	return v.child(d, key), true
}

func (v value) child(d any, key string) value {
	c := value{data: d, outer: v.full()}
	if v.node != nil {
		c.node = v.node.kids[key]
	}
	return c
}

// entries are those of a table in the order of the file.
func (v value) entries() []entry {
	m, _ := v.data.(map[string]any)
	list := make([]entry, 0, len(m))
	for name, d := range m {
		c := v.child(d, name)
		list = append(list, entry{name, c.keySpan(), c})
	}
	slices.SortFunc(list, func(a, b entry) int {
		if d := a.key.Start - b.key.Start; d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	return list
}

// elements are those of an array or of an array of tables; nil if it is none.
func (v value) elements() ([]value, bool) {
	at := func(i int, d any) value {
		c := value{data: d, outer: v.span()}
		if v.node != nil && i < len(v.node.elem) {
			c.node = v.node.elem[i]
		}
		return c
	}
	var list []value
	switch a := v.data.(type) {
	case []any:
		for i, d := range a {
			list = append(list, at(i, d))
		}
	case []map[string]any:
		for i, d := range a {
			list = append(list, at(i, d))
		}
	default:
		return nil, false
	}
	return list, true
}

// parseTOML reads a document.
func parseTOML(data []byte) (value, *SyntaxError) {
	flat, deep := flatten(data)
	if deep >= 0 {
		return value{}, syntaxError(text.Span{Start: deep, End: deep + 1}, "nested deeper than %d levels", maxNesting)
	}
	var m map[string]any
	if _, err := toml.Decode(string(data), &m); err != nil {
		if span, line, ok := conflictMarker(data); ok {
			return value{}, syntaxError(span, "merge conflict markers at line %d", line)
		}
		return value{}, tomlError(data, err)
	}
	root, err := places(data, flat)
	if err != nil {
		return value{}, syntaxError(text.Span{}, "%s", oneLine(err.Error()))
	}
	root.full = text.Span{End: len(data)}
	if m == nil {
		m = map[string]any{}
	}
	return value{data: m, node: root}, nil
}

// tomlError carries an error of the TOML library over.
func tomlError(data []byte, err error) *SyntaxError {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return syntaxError(text.Span{}, "invalid TOML: %s", oneLine(err.Error()))
	}
	start := pe.Position.Start
	if bytes.HasPrefix(data, []byte(bom)) {
		start += len(bom)
	}
	start = min(max(start, 0), len(data))
	end := min(max(start, start+pe.Position.Len), len(data))
	return syntaxError(text.Span{Start: start, End: end}, "invalid TOML at line %d: %s",
		bytes.Count(data[:start], []byte{'\n'})+1, oneLine(pe.Message))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// flatten prepares a document for the grammar, which knows TOML 1.0 only: in TOML 1.1, which cargo reads too, inline tables
// may hold line breaks, comments and a trailing comma, and strings have more escapes. They are overwritten by spaces, so
// that offsets stay the same. Where something nests deeper than maxNesting it stops and gives that offset as deep, else -1.
// Up to the first mistake in a document it sees the same tokens as the TOML library does.
func flatten(data []byte) (flat []byte, deep int) {
	flat = data
	var open []byte // the brackets that are open
	dots := 0       // of the dotted key before
	comma := -1     // the offset of a comma with nothing behind it so far
	owned := false
	clear := func(from, to int) {
		if !owned {
			flat, owned = bytes.Clone(data), true
		}
		for i := from; i < to; i++ {
			flat[i] = ' '
		}
	}
	inTable := func() bool { return len(open) > 0 && open[len(open)-1] == '{' }
	if bytes.HasPrefix(data, []byte(bom)) {
		clear(0, len(bom))
	}
	for i := 0; i < len(data); i++ {
		c := data[i]
		switch c {
		case ' ', '\t', '\r':
			if c == '\r' && inTable() {
				clear(i, i+1)
			}
			continue
		case '\n':
			dots = 0
			if inTable() {
				clear(i, i+1)
			}
			continue
		case '#':
			end := len(data)
			if n := bytes.IndexByte(data[i:], '\n'); n >= 0 {
				end = i + n
			}
			// In any inline table, also in an array within one.
			if bytes.IndexByte(open, '{') >= 0 {
				clear(i, end)
			}
			i = end - 1
			continue
		case '"', '\'':
			end := stringEnd(data, i)
			for j := i; c == '"' && j+1 < end; j++ {
				if data[j] == '\\' {
					clear(j, j+1)
					if j++; data[j] != '\n' && data[j] != '\r' {
						clear(j, j+1)
					}
				}
			}
			i = end - 1
		case '[', '{':
			open = append(open, c)
			dots = 0
			if len(open) > maxNesting {
				return flat, i
			}
		case ']', '}':
			if c == '}' && comma >= 0 && inTable() {
				clear(comma, comma+1)
			}
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case '.':
			if dots++; dots >= maxNesting {
				return flat, i
			}
		case '=', ',':
			dots = 0
		}
		comma = -1
		if c == ',' {
			comma = i
		}
	}
	return flat, -1
}

// stringEnd is the offset behind the string that starts at at, in any of TOML's four notations; that of the end of the line
// or the file for one that is not closed.
func stringEnd(data []byte, at int) int {
	quote := data[at]
	triple := []byte{quote, quote, quote}
	multi := bytes.HasPrefix(data[at:], triple)
	i := at + 1
	if multi {
		i = at + 3
	}
	for i < len(data) {
		switch {
		case data[i] == '\\' && quote == '"':
			i += 2
			continue
		case data[i] == quote && !multi:
			return i + 1
		case data[i] == '\n' && !multi:
			return i
		case data[i] == quote && bytes.HasPrefix(data[i:], triple):
			i += 3
			// Up to two quotes may stand directly before the closing ones.
			for n := 0; n < 2 && i < len(data) && data[i] == quote; n++ {
				i++
			}
			return i
		}
		i++
	}
	return len(data)
}

// places builds the nodes of a document that the TOML library has accepted.
func places(data, flat []byte) (*node, error) {
	parser := sitter.NewParser()
	defer parser.Close()
	parser.SetLanguage(tomlgrammar.GetLanguage())
	tree, err := parser.ParseCtx(context.Background(), nil, flat)
	if err != nil {
		return nil, err
	}
	defer tree.Close()
	b := placer{data: data, cursor: sitter.NewTreeCursor(tree.RootNode())}
	defer b.cursor.Close()
	root := &node{}
	b.each(func(kind string, span text.Span) {
		switch kind {
		case "pair":
			b.pair(root, nil)
		case "table", "table_array_element":
			b.header(root, kind == "table_array_element")
		case "ERROR":
			b.each(func(kind string, _ text.Span) {
				if kind == "pair" {
					b.pair(root, nil)
				}
			})
		}
	})
	return root, nil
}

// placer walks the syntax tree.
type placer struct {
	data   []byte
	cursor *sitter.TreeCursor
}

// each visits the children of the node at the cursor.
func (b *placer) each(visit func(kind string, span text.Span)) {
	if !b.cursor.GoToFirstChild() {
		return
	}
	for {
		n := b.cursor.CurrentNode()
		visit(n.Type(), text.Span{Start: int(n.StartByte()), End: int(n.EndByte())})
		if !b.cursor.GoToNextSibling() {
			break
		}
	}
	b.cursor.GoToParent()
}

// segment is a part of a dotted key.
type segment struct {
	name string
	span text.Span
}

// segments takes a key apart.
func (b *placer) segments(span text.Span) []segment {
	var list []segment
	for i := span.Start; i < span.End; {
		switch c := b.data[i]; c {
		case ' ', '\t', '.':
			i++
		case '"', '\'':
			end := min(stringEnd(b.data, i), span.End)
			list = append(list, segment{unquoteKey(string(b.data[i:end])), text.Span{Start: i, End: end}})
			i = end
		default:
			end := i
			for end < span.End && bytes.IndexByte([]byte(" \t."), b.data[end]) < 0 {
				end++
			}
			list = append(list, segment{string(b.data[i:end]), text.Span{Start: i, End: end}})
			i = end
		}
	}
	return list
}

// unquoteKey gives the name that a quoted key stands for.
func unquoteKey(s string) string {
	if len(s) < 2 {
		return s
	}
	if s[0] == '\'' || !strings.Contains(s, `\`) {
		return s[1 : len(s)-1]
	}
	var m struct{ K string }
	if _, err := toml.Decode("K = "+s, &m); err != nil {
		return s
	}
	return m.K
}

func isKey(kind string) bool {
	return kind == "bare_key" || kind == "quoted_key" || kind == "dotted_key"
}

// pair reads the pair at the cursor into table. up are the tables that table lies in, up to the header or the inline table,
// whose spans grow with it.
func (b *placer) pair(table *node, up []*node) {
	var keys []segment
	n := table
	var start int
	var whole text.Span
	b.each(func(kind string, span text.Span) {
		switch {
		case isKey(kind) && keys == nil:
			keys = b.segments(span)
			start = span.Start
			for _, k := range keys {
				n = n.kid(k.name)
				if n.key == (text.Span{}) {
					n.key = k.span
				}
			}
		case kind == "=" || kind == "comment" || kind == "ERROR" || keys == nil || whole != (text.Span{}):
		default:
			whole = text.Span{Start: start, End: span.End}
			b.value(n, kind, span)
		}
	})
	if keys == nil {
		return
	}
	if whole == (text.Span{}) {
		whole = text.Span{Start: start, End: keys[len(keys)-1].span.End}
	}
	n = table
	for _, k := range keys {
		n = n.kid(k.name)
		n.grow(whole)
	}
	for _, u := range up {
		u.grow(whole)
	}
}

// value reads the value at the cursor into n.
func (b *placer) value(n *node, kind string, span text.Span) {
	n.val = span
	switch kind {
	case "array":
		b.each(func(kind string, span text.Span) {
			switch kind {
			case "[", "]", ",", "comment", "ERROR":
			default:
				e := &node{full: span}
				b.value(e, kind, span)
				n.elem = append(n.elem, e)
			}
		})
	case "inline_table":
		b.each(func(kind string, _ text.Span) {
			if kind == "pair" {
				b.pair(n, nil)
			}
		})
	}
}

// header reads a table with a header, and its pairs.
func (b *placer) header(root *node, array bool) {
	n := root
	up := []*node{}
	var head text.Span
	keyed := false
	b.each(func(kind string, span text.Span) {
		switch {
		case kind == "[" || kind == "[[":
			if !keyed {
				head = span
			}
		case kind == "]" || kind == "]]":
			head.End = span.End
			for _, u := range up {
				u.grow(head)
			}
			n.val = head
		case isKey(kind):
			keyed = true
			keys := b.segments(span)
			for i, k := range keys {
				n = n.kid(k.name)
				up = append(up, n)
				if n.key == (text.Span{}) {
					n.key = k.span
				}
				switch {
				case i == len(keys)-1 && array:
					e := &node{key: k.span}
					n.elem = append(n.elem, e)
					n = e
					up = append(up, n)
				case len(n.elem) > 0:
					n = n.elem[len(n.elem)-1]
					up = append(up, n)
				}
			}
		case kind == "pair":
			b.pair(n, up)
		}
	})
}

// reader takes values out of a document and keeps the first mistake, in the order of the file.
type reader struct {
	data []byte
	err  *SyntaxError
}

func (r *reader) fail(span text.Span, format string, args ...any) {
	if r.err == nil || span.Start < r.err.Span.Start {
		r.err = syntaxError(span, format, args...)
	}
}

// Spanned is a string with its place.
type Spanned struct {
	Value string
	Span  text.Span // of the contents, without the quotes
}

// isTable reports whether v is a table, and notes the mistake if not.
func (r *reader) isTable(v value, name string) bool {
	if _, ok := v.data.(map[string]any); !ok {
		r.fail(v.span(), "%s must be a table", name)
		return false
	}
	return true
}

func (r *reader) table(v value, key string) (value, bool) {
	c, ok := v.get(key)
	if !ok {
		return c, false
	}
	return c, r.isTable(c, key)
}

// tables are the elements of an array of tables.
func (r *reader) tables(v value, key string) []value {
	c, ok := v.get(key)
	if !ok {
		return nil
	}
	list, ok := c.elements()
	if !ok {
		r.fail(c.span(), "%s must be an array of tables", key)
	}
	return list
}

// asString takes v as a string.
func (r *reader) asString(v value, name string) Spanned {
	s, ok := v.data.(string)
	span := v.span()
	if !ok {
		r.fail(span, "%s must be a string", name)
		return Spanned{}
	}
	return Spanned{s, r.contents(span)}
}

// contents is the span of a string without its quotes.
func (r *reader) contents(span text.Span) text.Span {
	s := r.data[span.Start:span.End]
	for _, q := range [...]string{`"""`, `'''`, `"`, `'`} {
		if len(s) >= 2*len(q) && bytes.HasPrefix(s, []byte(q)) && bytes.HasSuffix(s, []byte(q)) {
			return text.Span{Start: span.Start + len(q), End: span.End - len(q)}
		}
	}
	return span
}

// str takes the string of a table that key names, the zero value if there is none.
func (r *reader) str(v value, key string) Spanned {
	c, ok := v.get(key)
	if !ok {
		return Spanned{}
	}
	return r.asString(c, key)
}

// lacks reports whether a table has no such key, or an empty string; that a value is no string is another mistake.
func (r *reader) lacks(v value, key string) bool {
	c, ok := v.get(key)
	return !ok || c.data == ""
}

// strs takes the array of strings that key names.
func (r *reader) strs(v value, key string) []Spanned {
	c, ok := v.get(key)
	if !ok {
		return nil
	}
	return r.asStrings(c, key)
}

func (r *reader) asStrings(c value, name string) []Spanned {
	elements, ok := c.elements()
	if !ok {
		r.fail(c.span(), "%s must be an array of strings", name)
		return nil
	}
	list := make([]Spanned, 0, len(elements))
	for _, e := range elements {
		if _, ok := e.data.(string); !ok {
			r.fail(e.span(), "%s must be an array of strings", name)
			continue
		}
		list = append(list, r.asString(e, name))
	}
	return list
}

// boolean takes the truth value that key names; given is false if there is none.
func (r *reader) boolean(v value, key string) (b, given bool) {
	c, ok := v.get(key)
	if !ok {
		return false, false
	}
	b, ok = c.data.(bool)
	if !ok {
		r.fail(c.span(), "%s must be true or false", key)
	}
	return b, true
}
