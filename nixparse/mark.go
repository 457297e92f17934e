package nixparse

import (
	"bytes"
	"math"
	"strconv"
)

// mark appends the errors among the records from index i to before j, and finds those that the grammar leaves out because the text is better
// read than given up: what Nix's parser rejects in the actions of its rules, or by an operator that does not associate.
func (t *Tree) mark(errors []uint32, i, j int) []uint32 {
	hasNUL := bytes.IndexByte(t.src[t.records[i].start:], 0) >= 0
	for ; i < j; i++ {
		r := &t.records[i]
		bad := false
		switch r.kind {
		case Error, Missing:
			errors = append(errors, uint32(i))
			continue
		case SourceCode:
			bad = t.Root().Child(FieldExpression).IsZero() && !t.hasErrorChild()
			// tree-sitter skips a byte order mark; Nix does not.
			bad = bad || bytes.HasPrefix(t.src, byteOrderMark)
		case Comment:
			text := t.src[r.start:r.end]
			bad = text[0] == '/' && (len(text) < 4 || !bytes.HasSuffix(text, []byte("*/")))
		case PathExpression, HpathExpression:
			bad = t.src[r.end-1] == '/' || emptyPathParts(Node{t, uint32(i)})
		case IntegerExpression:
			bad = r.end-r.start >= 19 && !fitsInt64(t.src[r.start:r.end])
		case FloatExpression:
			bad = !isNormalFloat(t.src[r.start:r.end])
		case BinaryExpression:
			left := Node{t, uint32(i)}.FirstChild()
			bad = nonAssociative(r.token) && left.Kind() == BinaryExpression && sameLevel(left.record().token, r.token)
		case BindingNode:
			bad = Node{t, uint32(i)}.Child(FieldExpression).IsZero()
		case Interpolation, StringExpression:
			if attr := (Node{t, uint32(i)}); r.field == FieldAttr && mustBeStatic(attr) {
				_, static := AttrName(attr)
				bad = !static
			}
		case StringFragment: // Nix takes a NUL with a backslash before it
			bad = hasNUL && bytes.IndexByte(t.src[r.start:r.end], 0) >= 0
		}
		if bad {
			r.flags |= flagInvalid
			errors = append(errors, uint32(i))
		}
	}
	return errors
}

var byteOrderMark = []byte("\ufeff")

func (t *Tree) hasErrorChild() bool {
	for c := range t.Root().Children() {
		if c.Kind() == Error || c.Kind() == Missing {
			return true
		}
	}
	return false
}

// emptyPathParts tells whether the path has `//` where Nix does not take it: anywhere without interpolation, and more than once before one.
func emptyPathParts(path Node) bool {
	first := path.FirstChild()
	text, empty := first.Text(), 0
	for i := 1; i < len(text); i++ {
		if text[i] == '/' && text[i-1] == '/' {
			empty++
		}
	}
	return empty > 1 || empty == 1 && first.NextSibling().IsZero()
}

// values counts the bindings that have a value.
func (t *Tree) values() int {
	count := 0
	for i := range t.records {
		if t.records[i].field == FieldExpression && t.records[t.records[i].parent].kind == BindingNode {
			count++
		}
	}
	return count
}

// hasOddLine tells whether a line has a quote that no other on the same line goes with.
func hasOddLine(src []byte) bool {
	odd := false
	for _, c := range src {
		switch c {
		case '"':
			odd = !odd
		case '\n':
			if odd {
				return true
			}
		}
	}
	return odd
}

func fitsInt64(digits []byte) bool {
	_, err := strconv.ParseInt(string(digits), 10, 64)
	return err == nil
}

// isNormalFloat tells whether a double holds the number: neither too large for it nor, as C's strtod complains too, too close to zero.
func isNormalFloat(text []byte) bool {
	const smallestNormal = 0x1p-1022
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil || f < smallestNormal {
		mantissa, _, _ := bytes.Cut(bytes.ToLower(text), []byte("e"))
		return err == nil && len(bytes.Trim(mantissa, "0.")) == 0
	}
	return f <= math.MaxFloat64
}

// nonAssociative tells whether the operator may not be used twice in a row.
func nonAssociative(token uint8) bool { return operatorLevels[token] != 0 }

func sameLevel(a, b uint8) bool { return operatorLevels[a] == operatorLevels[b] }

// operatorLevels numbers the levels of operators that do not associate, by symbol.
var operatorLevels = func() (levels [256]uint8) {
	for symbol, name := range symbolNames {
		switch name {
		case "==", "!=":
			levels[symbol] = 1
		case "<", "<=", ">", ">=":
			levels[symbol] = 2
		}
	}
	return levels
}()

// mustBeStatic tells whether the name of an attribute must be known without evaluation: one that is inherited, or that let binds.
func mustBeStatic(attr Node) bool {
	parent := attr.Parent()
	switch parent.Kind() {
	case InheritedAttrs:
		return true
	case Attrpath:
		set := parent.Parent().Parent().Parent()
		return parent.Parent().Kind() == BindingNode && set.Kind() == LetExpression && parent.Child(FieldAttr) == attr
	}
	return false
}
