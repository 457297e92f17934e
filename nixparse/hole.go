package nixparse

// A hole is a binding that the fast parser cannot read, in a text that it can read around it. The generated parser reads the hole alone, in
// braces of its own. So what is wrong in one binding does not change how others are read, and costs what the binding costs.
//
// A hole is from the start of a binding to the semicolon that ends it as far as brackets and keywords tell. Where they do not, as when a brace
// is missing, the binding around is tried; when none is left, the generated parser reads the whole text.

// mostScanned is how often over a text may be looked through for the ends of holes: those of bindings in each other are looked for one after
// the other.
const mostScanned = 4

// hole is the text of one. In fast.nodes a node of no kind is in its place.
type hole struct{ start, end int }

// bindingStart is what is to be restored when a binding cannot be read.
type bindingStart struct {
	mark, start   int
	holes         int
	depth, levels int
}

func (p *fast) bindingStart() bindingStart {
	mark, start := p.mark()
	return bindingStart{mark, start, len(p.holes), p.depth, p.levels}
}

// skipBinding makes a hole of the binding that could not be read; false when its end is not certain.
func (p *fast) skipBinding(b bindingStart) bool {
	if !p.skips || p.scanned > mostScanned*len(p.src) {
		return false
	}
	p.nodes, p.holes = p.nodes[:b.mark], p.holes[:b.holes]
	p.depth, p.levels = b.depth, b.levels
	p.comments = p.comments[:0]
	end, ok := p.holeEnd(b.start)
	p.comments = p.comments[:0]
	p.scanned += p.end - b.start
	if !ok {
		p.fail()
		return false
	}
	p.holes = append(p.holes, hole{b.start, end})
	p.leaf(KindNone, FieldNone, b.start, end)
	p.last = end
	p.lex(end)
	return true
}

// holeEnd gives the offset after the semicolon of the binding that begins at i.
func (p *fast) holeEnd(i int) (end int, ok bool) {
	var shut []token      // what closes the brackets that are open
	lets, clauses := 0, 0 // that are open outside of brackets: let without in, and with and assert without a semicolon
	for p.lex(i); ; p.lex(i) {
		i = p.end
		switch t := p.token; t {
		case tokenNone:
			if !p.isStray() {
				p.skips = false
				return 0, false
			}
			i = p.start + 1
		case tokenEnd:
			p.skips = false // nor has any binding around an end
			return 0, false
		case tokenString, tokenIndentedString:
			if i, ok = p.stringEnd(i, t == tokenIndentedString); !ok {
				p.skips = false
				return 0, false
			}
		case tokenBrace, tokenInterpolation:
			shut = append(shut, tokenBraceEnd)
		case tokenParenthesis:
			shut = append(shut, tokenParenthesisEnd)
		case tokenBracket:
			shut = append(shut, tokenBracketEnd)
		case tokenBraceEnd, tokenParenthesisEnd, tokenBracketEnd:
			switch {
			case len(shut) > 0:
				if shut[len(shut)-1] != t {
					return 0, false
				}
				shut = shut[:len(shut)-1]
			case t == tokenBraceEnd:
				return 0, false
			}
		case tokenLet:
			if len(shut) == 0 && p.ahead() != tokenBrace {
				lets++
			}
		case tokenIn:
			if len(shut) == 0 {
				if lets == 0 {
					return 0, false
				}
				lets--
			}
		case tokenWith, tokenAssert:
			if len(shut) == 0 && lets == 0 {
				clauses++
			}
		case tokenSemicolon:
			switch {
			case len(shut) > 0 || lets > 0:
			case clauses > 0:
				clauses--
			default:
				return i, true
			}
		}
		p.comments = p.comments[:0]
	}
}

// isStray tells whether what is no token is a character that stands alone. A NUL ends the text, and so may a comment.
func (p *fast) isStray() bool { return p.src[p.start] != 0 && p.src[p.start] != '/' }

// stringEnd gives the offset after the quotes of the string whose text begins at i.
func (p *fast) stringEnd(i int, indented bool) (end int, ok bool) {
	if !p.opened() {
		return 0, false
	}
	defer func() { p.levels-- }()
	src := p.src
	at := func(i int) byte {
		if i < len(src) {
			return src[i]
		}
		return 0
	}
	for i < len(src) {
		switch c := src[i]; {
		case c == '$' && at(i+1) == '{':
			if i, ok = p.interpolationEnd(i + len("${")); !ok {
				return 0, false
			}
		case c == '$' && at(i+1) == '$':
			i += 2
		case !indented && c == '"':
			return i + 1, true
		case !indented && c == '\\':
			i += 2
		case indented && c == '\'' && at(i+1) == '\'':
			switch at(i + 2) {
			case '$', '\'':
				i += 3
			case '\\':
				i += 4
			default:
				return i + 2, true
			}
		default:
			i++
		}
	}
	return 0, false
}

// interpolationEnd gives the offset after the brace that closes the interpolation whose expression begins at i.
func (p *fast) interpolationEnd(i int) (end int, ok bool) {
	braces := 1
	for p.lex(i); ; p.lex(i) {
		i = p.end
		switch p.token {
		case tokenNone:
			if !p.isStray() {
				return 0, false
			}
			i = p.start + 1
		case tokenEnd:
			return 0, false
		case tokenString, tokenIndentedString:
			if i, ok = p.stringEnd(i, p.token == tokenIndentedString); !ok {
				return 0, false
			}
		case tokenBrace, tokenInterpolation:
			braces++
		case tokenBraceEnd:
			if braces--; braces == 0 {
				return i, true
			}
		}
		p.comments = p.comments[:0]
	}
}

// fill puts what is in the holes in their places; false when that is not just bindings, comments and errors.
func (p *fast) fill() bool {
	old, holes := p.nodes, p.holes
	p.nodes = make([]postNode, 0, len(old)+len(old)/8)
	before := make([]uint32, len(old)+1) // by old index: how many nodes there are now from the old ones before it
	for i, n := range old {
		if n.kind == KindNone {
			if !p.fillOne(holes[0]) {
				return false
			}
			holes = holes[1:]
		} else {
			n.size = uint32(len(p.nodes)) - before[i+1-int(n.size)] + 1
			p.nodes = append(p.nodes, n)
		}
		before[i+1] = uint32(len(p.nodes))
	}
	return true
}

// fillOne reads one hole and makes nodes of what is in it.
func (p *fast) fillOne(h hole) bool {
	text := make([]byte, 0, h.end-h.start+2)
	text = append(text, '{')
	text = append(text, p.src[h.start:h.end]...)
	text = append(text, '}')
	tree := parseBroken(text)
	records := tree.records
	const set = 1 // index of the braces
	count := uint32(len(records))
	if count < 2 || records[set].kind != AttrsetExpression || records[set].start != 0 || int(records[set].end) != len(text) || records[set].next != count {
		return false
	}
	shift := uint32(h.start - 1)
	var open []uint32 // whose descendants are not all there yet
	var marks []int   // where these begin
	shut := func(limit uint32) {
		for len(open) > 0 && records[open[len(open)-1]].next <= limit {
			r, mark := &records[open[len(open)-1]], marks[len(marks)-1]
			open, marks = open[:len(open)-1], marks[:len(marks)-1]
			if r.kind == BindingSet && r.parent == set {
				continue // its children are the outer set's
			}
			p.nodes = append(p.nodes, postNode{kind: r.kind, field: r.field, symbol: r.token, start: r.start + shift, end: r.end + shift,
				size: uint32(len(p.nodes)-mark) + 1})
		}
	}
	for i := uint32(set + 1); i < count; i++ {
		shut(i)
		open, marks = append(open, i), append(marks, len(p.nodes))
		if r := &records[i]; r.start == 0 || int(r.end) == len(text) && r.start < r.end {
			return false // takes one of the braces in
		}
	}
	shut(count)
	return true
}
