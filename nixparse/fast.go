package nixparse

import "sync"

// fast is a parser of text that has no syntax errors: by recursive descent, in Go, straight into records. It gives up at the first thing it
// does not take, and the generated parser reads the text instead: that one knows how to go on after an error, and takes ten times as long.
//
// The grammar is grammar/grammar.js, the tokens are those of grammar/src/scanner.c, and the trees are the same to the last record: a comment
// is a child of the innermost node that has tokens on both sides of it. Tests hold the two against each other on all texts there are.
type fast struct {
	src    []byte
	nodes  []postNode // of all that is read so far, children before their parents
	levels int        // strings and paths that are open
	depth  int        // of calls of expression

	// The current token, which is not consumed yet.
	token      token
	start, end int
	// comments between the token consumed last and the current one. They become nodes when it is known what node the current token is in.
	comments []span
	last     int // end of the token consumed last
	// runStart and runEnd are of the last run of path characters that was looked through.
	runStart, runEnd int

	skips   bool // makes holes of the bindings that it cannot read
	holes   []hole
	scanned int // bytes looked through for the ends of holes
}

// postNode is a node before its place in the tree is known.
type postNode struct {
	kind   Kind
	field  Field
	symbol uint8 // the record's token
	start  uint32
	end    uint32
	size   uint32 // how many nodes it and its descendants are
}

type span struct{ start, end int }

const (
	// mostLevels is how many strings and paths with interpolation may be in each other. The scanner forgets the outermost of more than 200.
	mostLevels = 150
	// mostDepth bounds the stack. What is deeper is left to the generated parser, which has its stack on the heap.
	mostDepth = 4000
)

type token uint8

const (
	tokenNone token = iota // nothing that any rule takes: not a token, or the parse has failed
	tokenEnd
	tokenIdentifier
	tokenInteger
	tokenFloat
	tokenURI
	tokenSearchPath
	tokenPath
	tokenHomePath
	tokenString         // its opening only
	tokenIndentedString // its opening only
	tokenIf
	tokenThen
	tokenElse
	tokenAssert
	tokenWith
	tokenLet
	tokenIn
	tokenRec
	tokenInherit
	tokenOr
	tokenBrace
	tokenBraceEnd
	tokenParenthesis
	tokenParenthesisEnd
	tokenBracket
	tokenBracketEnd
	tokenInterpolation
	tokenSemicolon
	tokenColon
	tokenComma
	tokenAt
	tokenDot
	tokenEllipses
	tokenEquals
	tokenImplication
	tokenOrOr
	tokenAndAnd
	tokenEqual
	tokenNotEqual
	tokenLess
	tokenLessEqual
	tokenGreater
	tokenGreaterEqual
	tokenUpdate
	tokenPlus
	tokenMinus
	tokenTimes
	tokenDivide
	tokenConcat
	tokenNot
	tokenQuestion
	tokenPipeInto
	tokenPipeFrom

	tokenCount
)

// operatorText has the tokens that are operators, and levelOf how tightly those between two operands bind; 0 is none.
var (
	operatorText = [tokenCount]string{
		tokenImplication: "->", tokenOrOr: "||", tokenAndAnd: "&&", tokenEqual: "==", tokenNotEqual: "!=", tokenLess: "<", tokenLessEqual: "<=",
		tokenGreater: ">", tokenGreaterEqual: ">=", tokenUpdate: "//", tokenPlus: "+", tokenMinus: "-", tokenTimes: "*", tokenDivide: "/",
		tokenConcat: "++", tokenNot: "!", tokenQuestion: "?", tokenPipeInto: "|>", tokenPipeFrom: "<|",
	}
	levelOf = [tokenCount]uint8{
		tokenImplication: 1, tokenOrOr: 2, tokenAndAnd: 3, tokenEqual: 4, tokenNotEqual: 4, tokenLess: 5, tokenLessEqual: 5, tokenGreater: 5,
		tokenGreaterEqual: 5, tokenUpdate: 6, tokenPlus: 8, tokenMinus: 8, tokenTimes: 9, tokenDivide: 9, tokenConcat: 10, tokenQuestion: 11,
	}
)

const (
	lowestLevel = 1
	levelNot    = 7
	levelNegate = 12
)

// operatorSymbols are the generated parser's numbers for the operators, by token.
var operatorSymbols = func() (symbols [tokenCount]uint8) {
	for t, text := range operatorText {
		for s, name := range symbolNames {
			if text != "" && name == text && tables.operators[s] != 0 {
				symbols[t] = uint8(s)
			}
		}
	}
	return symbols
}()

var scratch = sync.Pool{New: func() any { return new(fast) }}

// withFast calls f with a parser of src.
func withFast(src []byte, f func(p *fast)) {
	p := scratch.Get().(*fast)
	*p = fast{src: src, nodes: p.nodes[:0], comments: p.comments[:0], holes: p.holes[:0]}
	f(p)
	p.src = nil
	scratch.Put(p)
}

// parseFast gives the records of src, or nil when it is not for the fast parser. It is sound when there are no holes.
func parseFast(src []byte, holes bool) (records []record, sound bool) {
	if len(src) > maxSource {
		return nil, false
	}
	withFast(src, func(p *fast) {
		p.skips = holes
		p.lex(0)
		p.expression(FieldExpression)
		p.flush()
		if p.token != tokenEnd || len(p.holes) > 0 && !p.fill() {
			return
		}
		p.nodes = append(p.nodes, postNode{kind: SourceCode, end: uint32(len(src)), size: uint32(len(p.nodes)) + 1})
		records, sound = make([]record, len(p.nodes)), len(p.holes) == 0
		p.place(records, 0, 0)
	})
	return records, sound
}

// place writes the nodes in preorder to the records from index on. parent is the index of the record that those at the top are children of.
func (p *fast) place(records []record, index, parent uint32) {
	// Backwards the nodes are in preorder too, with the last of siblings first. limit is the index after the place of the next one.
	limit := index + uint32(len(p.nodes))
	var few [64]uint32
	parents := append(few[:0], parent)
	for i := len(p.nodes) - 1; i >= 0; i-- {
		n := &p.nodes[i]
		at := limit - n.size
		records[at] = record{
			kind: n.kind, field: n.field, token: n.symbol,
			start: n.start, end: n.end, next: limit, parent: parents[len(parents)-1],
		}
		if n.size > 1 {
			parents = append(parents, at)
			continue
		}
		for limit = at; len(parents) > 1 && limit == parents[len(parents)-1]+1; limit-- {
			parents = parents[:len(parents)-1]
		}
	}
}

// fail makes the parse end: no rule takes the token.
func (p *fast) fail() { p.token = tokenNone }

// flush makes nodes of the comments before the current token.
func (p *fast) flush() {
	for _, c := range p.comments {
		p.leaf(Comment, FieldNone, c.start, c.end)
	}
	p.comments = p.comments[:0]
}

// mark is for a node that begins with the current token: its descendants are the nodes from the mark on.
func (p *fast) mark() (mark, start int) {
	if len(p.comments) > 0 {
		p.flush()
	}
	return len(p.nodes), p.start
}

// next consumes the current token.
func (p *fast) next() {
	if p.token == tokenNone {
		return
	}
	if len(p.comments) > 0 {
		p.flush()
	}
	p.last = p.end
	p.lex(p.end)
}

// take consumes the current token, which must be t.
func (p *fast) take(t token) {
	if p.token != t {
		p.fail()
		return
	}
	p.next()
}

func (p *fast) leaf(kind Kind, field Field, start, end int) {
	p.nodes = append(p.nodes, postNode{kind: kind, field: field, start: uint32(start), end: uint32(end), size: 1})
}

// close makes the node that began at the mark and ends with the token consumed last.
func (p *fast) close(kind Kind, field Field, mark, start int) {
	p.nodes = append(p.nodes, postNode{kind: kind, field: field, start: uint32(start), end: uint32(p.last), size: uint32(len(p.nodes)-mark) + 1})
}

// as gives the node made last its field.
func (p *fast) as(field Field) {
	if len(p.nodes) > 0 {
		p.nodes[len(p.nodes)-1].field = field
	}
}

// state is where the lexer is, to look ahead and come back.
type state struct {
	token            token
	start, end, last int
	comments         int
}

func (p *fast) save() state { return state{p.token, p.start, p.end, p.last, len(p.comments)} }

func (p *fast) restore(s state) {
	p.token, p.start, p.end, p.last = s.token, s.start, s.end, s.last
	p.comments = p.comments[:s.comments]
}

// ahead gives the token after the current one.
func (p *fast) ahead() token {
	s := p.save()
	p.lex(p.end)
	t := p.token
	p.restore(s)
	return t
}

// formalsAhead tells whether the current brace opens the formals of a function.
func (p *fast) formalsAhead() bool {
	s := p.save()
	defer p.restore(s)
	p.lex(p.end)
	switch p.token {
	case tokenEllipses:
		return true
	case tokenIdentifier:
		p.lex(p.end)
		return p.token == tokenComma || p.token == tokenQuestion || p.token == tokenBraceEnd
	case tokenBraceEnd:
		p.lex(p.end)
		return p.token == tokenColon || p.token == tokenAt
	}
	return false
}

// nameAhead tells whether the current identifier is the argument of a function.
func (p *fast) nameAhead() bool {
	for i := p.end; i < len(p.src); i++ {
		switch p.src[i] {
		case ' ', '\n', '\t', '\r':
			continue
		case ':', '@':
			return true
		case '#', '/':
			t := p.ahead()
			return t == tokenColon || t == tokenAt
		}
		return false
	}
	return false
}

// expression reads the grammar's anyExpression.
func (p *fast) expression(field Field) {
	p.depth++
	if p.depth > mostDepth {
		p.fail()
		return
	}
	mark, start := p.mark()
	switch p.token {
	case tokenIdentifier:
		if p.nameAhead() {
			p.function(field)
		} else {
			p.pipes(field, mark, start)
		}
	case tokenBrace:
		if p.formalsAhead() {
			p.function(field)
		} else {
			p.pipes(field, mark, start)
		}
	case tokenAssert:
		p.next()
		p.expression(FieldCondition)
		p.take(tokenSemicolon)
		p.expression(FieldBody)
		p.close(AssertExpression, field, mark, start)
	case tokenWith:
		p.next()
		p.expression(FieldEnvironment)
		p.take(tokenSemicolon)
		p.expression(FieldBody)
		p.close(WithExpression, field, mark, start)
	case tokenIf:
		p.next()
		p.expression(FieldCondition)
		p.take(tokenThen)
		p.expression(FieldConsequence)
		p.take(tokenElse)
		p.expression(FieldAlternative)
		p.close(IfExpression, field, mark, start)
	case tokenLet:
		if p.ahead() == tokenBrace {
			p.pipes(field, mark, start)
			break
		}
		p.next()
		p.bindings()
		p.take(tokenIn)
		p.expression(FieldBody)
		p.close(LetExpression, field, mark, start)
	default:
		p.pipes(field, mark, start)
	}
	p.depth--
}

func (p *fast) function(field Field) {
	mark, start := p.mark()
	if p.token == tokenIdentifier {
		p.name(FieldUniversal)
		if p.token == tokenAt {
			p.next()
			p.formals()
		}
	} else {
		p.formals()
		if p.token == tokenAt {
			p.next()
			p.name(FieldUniversal)
		}
	}
	p.take(tokenColon)
	p.expression(FieldBody)
	p.close(FunctionExpression, field, mark, start)
}

// name reads an identifier.
func (p *fast) name(field Field) {
	if p.token != tokenIdentifier {
		p.fail()
		return
	}
	p.mark()
	p.leaf(Identifier, field, p.start, p.end)
	p.next()
}

func (p *fast) formals() {
	mark, start := p.mark()
	p.take(tokenBrace)
	more := true // only a comma goes before another formal or the ellipsis
	for more && p.token == tokenIdentifier {
		mark, start := p.mark()
		p.name(FieldName)
		if p.token == tokenQuestion {
			p.next()
			p.expression(FieldDefault)
		}
		p.close(FormalNode, FieldFormal, mark, start)
		if more = p.token == tokenComma; more {
			p.next()
		}
	}
	if more && p.token == tokenEllipses {
		p.mark()
		p.leaf(Ellipses, FieldEllipses, p.start, p.end)
		p.next()
	}
	p.take(tokenBraceEnd)
	p.close(FormalsNode, FieldFormals, mark, start)
}

// pipes reads an operation and what it is piped into, or from. The two do not mix.
func (p *fast) pipes(field Field, mark, start int) {
	p.operation(lowestLevel)
	switch p.token {
	case tokenPipeInto:
		for p.token == tokenPipeInto {
			p.as(FieldLeft)
			p.next()
			p.operation(lowestLevel)
			p.as(FieldRight)
			p.binary(tokenPipeInto, mark, start)
		}
	case tokenPipeFrom:
		p.pipeFrom(mark, start)
	}
	p.as(field)
}

func (p *fast) pipeFrom(mark, start int) {
	p.depth++
	if p.depth > mostDepth {
		p.fail()
		return
	}
	p.as(FieldLeft)
	p.next()
	rightMark, rightStart := p.mark()
	p.operation(lowestLevel)
	if p.token == tokenPipeFrom {
		p.pipeFrom(rightMark, rightStart)
	}
	p.as(FieldRight)
	p.binary(tokenPipeFrom, mark, start)
	p.depth--
}

func (p *fast) binary(operator token, mark, start int) {
	p.close(BinaryExpression, FieldNone, mark, start)
	p.nodes[len(p.nodes)-1].symbol = operatorSymbols[operator]
}

// operation reads operands and the operators between them that bind at least as tightly as the level.
func (p *fast) operation(level uint8) {
	p.depth++
	if p.depth > mostDepth {
		p.fail()
		return
	}
	mark, start := p.mark()
	switch p.token {
	case tokenNot, tokenMinus:
		operator, inner := p.token, uint8(levelNot)
		if operator == tokenMinus {
			inner = levelNegate
		}
		p.next()
		p.operation(inner)
		p.as(FieldArgument)
		p.close(UnaryExpression, FieldNone, mark, start)
		p.nodes[len(p.nodes)-1].symbol = operatorSymbols[operator]
	default:
		p.apply(mark, start)
	}
	for {
		operator := p.token
		l := levelOf[operator]
		if l < level || l == 0 {
			break
		}
		switch operator {
		case tokenQuestion:
			p.as(FieldExpression)
			p.next()
			p.attrpath()
			p.close(HasAttrExpression, FieldNone, mark, start)
			p.nodes[len(p.nodes)-1].symbol = operatorSymbols[operator]
			continue
		case tokenImplication, tokenUpdate, tokenConcat:
			p.as(FieldLeft)
			p.next()
			p.operation(l)
		default:
			p.as(FieldLeft)
			p.next()
			p.operation(l + 1)
		}
		p.as(FieldRight)
		p.binary(operator, mark, start)
	}
	p.depth--
}

func (p *fast) apply(mark, start int) {
	p.value()
	for p.valueAhead() {
		p.as(FieldFunction)
		p.value()
		p.as(FieldArgument)
		p.close(ApplyExpression, FieldNone, mark, start)
	}
}

// valueAhead tells whether the current token begins what may be an argument or an element of a list.
func (p *fast) valueAhead() bool {
	switch p.token {
	case tokenIdentifier, tokenInteger, tokenFloat, tokenURI, tokenSearchPath, tokenPath, tokenHomePath, tokenString, tokenIndentedString, tokenRec,
		tokenBrace, tokenParenthesis, tokenBracket:
		return true
	case tokenLet:
		return p.ahead() == tokenBrace
	}
	return false
}

// value reads what may be an argument or an element of a list: something simple, an attribute of it, or `f or`.
func (p *fast) value() {
	mark, start := p.mark()
	p.simple(mark, start)
	switch p.token {
	case tokenDot:
		p.as(FieldExpression)
		p.next()
		p.attrpath()
		if p.token == tokenOr {
			p.depth++
			if p.depth > mostDepth {
				p.fail()
				return
			}
			p.next()
			p.value()
			p.as(FieldDefault)
			p.depth--
		}
		p.close(SelectExpression, FieldNone, mark, start)
	case tokenOr:
		p.as(FieldFunction)
		p.mark()
		p.leaf(Identifier, FieldName, p.start, p.end)
		or := p.start
		p.next()
		p.close(VariableExpression, FieldArgument, len(p.nodes)-1, or)
		p.close(ApplyExpression, FieldNone, mark, start)
	}
}

func (p *fast) simple(mark, start int) {
	switch p.token {
	case tokenIdentifier:
		p.leaf(Identifier, FieldName, p.start, p.end)
		p.next()
		p.close(VariableExpression, FieldNone, mark, start)
	case tokenInteger:
		p.simpleLeaf(IntegerExpression)
	case tokenFloat:
		p.simpleLeaf(FloatExpression)
	case tokenURI:
		p.simpleLeaf(URIExpression)
	case tokenSearchPath:
		p.simpleLeaf(SpathExpression)
	case tokenPath:
		p.path(PathExpression)
	case tokenHomePath:
		p.path(HpathExpression)
	case tokenString:
		p.string(FieldNone)
	case tokenIndentedString:
		p.indentedString()
	case tokenParenthesis:
		p.next()
		p.expression(FieldExpression)
		p.take(tokenParenthesisEnd)
		p.close(ParenthesizedExpression, FieldNone, mark, start)
	case tokenBrace:
		p.set(AttrsetExpression, mark, start)
	case tokenRec:
		p.next()
		p.set(RecAttrsetExpression, mark, start)
	case tokenLet:
		p.next()
		p.set(LetAttrsetExpression, mark, start)
	case tokenBracket:
		p.depth++
		if p.depth > mostDepth {
			p.fail()
			return
		}
		p.next()
		for p.valueAhead() {
			p.value()
			p.as(FieldElement)
		}
		p.take(tokenBracketEnd)
		p.close(ListExpression, FieldNone, mark, start)
		p.depth--
	default:
		p.fail()
	}
}

func (p *fast) simpleLeaf(kind Kind) {
	p.leaf(kind, FieldNone, p.start, p.end)
	p.next()
}

func (p *fast) set(kind Kind, mark, start int) {
	p.take(tokenBrace)
	p.bindings()
	p.take(tokenBraceEnd)
	p.close(kind, FieldNone, mark, start)
}

// bindings reads a binding_set, or none.
func (p *fast) bindings() {
	if !p.bindingAhead() {
		return
	}
	mark, start := p.mark()
	for p.bindingAhead() {
		b := p.bindingStart()
		p.binding()
		if p.token == tokenNone && !p.skipBinding(b) {
			return
		}
	}
	p.close(BindingSet, FieldNone, mark, start)
}

func (p *fast) bindingAhead() bool { return p.token == tokenInherit || p.attrAhead() }

func (p *fast) attrAhead() bool {
	switch p.token {
	case tokenIdentifier, tokenString, tokenInterpolation, tokenOr:
		return true
	}
	return false
}

func (p *fast) binding() {
	mark, start := p.mark()
	if p.token == tokenInherit {
		kind := Inherit
		p.next()
		if p.token == tokenParenthesis {
			kind = InheritFrom
			p.next()
			p.expression(FieldExpression)
			p.take(tokenParenthesisEnd)
		}
		if p.attrAhead() {
			mark, start := p.mark()
			for p.attrAhead() {
				p.attr()
			}
			p.close(InheritedAttrs, FieldAttrs, mark, start)
		}
		p.take(tokenSemicolon)
		p.close(kind, FieldBinding, mark, start)
		return
	}
	p.attrpath()
	p.take(tokenEquals)
	if p.token != tokenSemicolon {
		p.expression(FieldExpression)
	}
	p.take(tokenSemicolon)
	p.close(BindingNode, FieldBinding, mark, start)
}

func (p *fast) attrpath() {
	mark, start := p.mark()
	p.attr()
	for p.token == tokenDot {
		p.next()
		p.attr()
	}
	p.close(Attrpath, FieldAttrpath, mark, start)
}

func (p *fast) attr() {
	p.mark()
	switch p.token {
	case tokenIdentifier, tokenOr:
		p.leaf(Identifier, FieldAttr, p.start, p.end)
		p.next()
	case tokenString:
		p.string(FieldAttr)
	case tokenInterpolation:
		mark, start := p.mark()
		p.next()
		p.expression(FieldExpression)
		p.take(tokenBraceEnd)
		p.close(Interpolation, FieldAttr, mark, start)
	default:
		p.fail()
	}
}

// interpolation reads an interpolation in a string or path, from the offset of its `${` on, and gives the offset after its brace.
func (p *fast) interpolation(start int) (end int, ok bool) {
	mark := len(p.nodes)
	p.lex(start + len("${"))
	p.expression(FieldExpression)
	if p.token != tokenBraceEnd {
		p.fail()
		return 0, false
	}
	p.flush()
	// What follows the brace is no code, and must not be read as such.
	p.last = p.end
	p.close(Interpolation, FieldNone, mark, start)
	return p.end, true
}

// opened begins a string or path; false when there are too many.
func (p *fast) opened() bool {
	p.levels++
	if p.levels > mostLevels {
		p.fail()
		return false
	}
	return true
}

// closed ends a string or path at the offset, and reads the token after it.
func (p *fast) closed(kind Kind, field Field, mark, start, end int) {
	p.levels--
	p.last = end
	p.close(kind, field, mark, start)
	p.lex(end)
}

func (p *fast) string(field Field) {
	mark, start := p.mark()
	if !p.opened() {
		return
	}
	src := p.src
	i := p.end
	fragment := i
	for i < len(src) {
		switch src[i] {
		default:
			i++
			continue
		case '"':
			p.fragment(fragment, i)
			p.closed(StringExpression, field, mark, start, i+1)
			return
		case '\\':
			p.fragment(fragment, i)
			if i+1 >= len(src) || src[i+1] >= 0x80 {
				p.fail() // how long the character is, is for the generated parser's lexer to say
				return
			}
			p.leaf(EscapeSequence, FieldNone, i, i+2)
			i += 2
		case '$':
			next, begin, ok := p.dollar(fragment, i)
			if !ok {
				return
			}
			i = next
			if begin < 0 {
				continue
			}
		}
		fragment = i
	}
	p.fail()
}

func (p *fast) indentedString() {
	mark, start := p.mark()
	if !p.opened() {
		return
	}
	src := p.src
	i := p.end
	fragment := i
	for i < len(src) {
		switch src[i] {
		default:
			i++
			continue
		case '\'':
			if i+1 >= len(src) || src[i+1] != '\'' {
				i++
				continue
			}
			p.fragment(fragment, i)
			var after byte
			if i+2 < len(src) {
				after = src[i+2]
			}
			switch {
			case after == '$':
				p.leaf(DollarEscape, FieldNone, i, i+3)
				i += 3
			case after == '\'':
				p.leaf(EscapeSequence, FieldNone, i, i+3)
				i += 3
			case after == '\\':
				if i+3 >= len(src) || src[i+3] >= 0x80 {
					p.fail()
					return
				}
				p.leaf(EscapeSequence, FieldNone, i, i+4)
				i += 4
			default:
				p.closed(IndentedStringExpression, FieldNone, mark, start, i+2)
				return
			}
		case '$':
			next, begin, ok := p.dollar(fragment, i)
			if !ok {
				return
			}
			i = next
			if begin < 0 {
				continue
			}
		}
		fragment = i
	}
	p.fail()
}

func (p *fast) fragment(start, end int) {
	if end > start {
		p.leaf(StringFragment, FieldNone, start, end)
	}
}

// dollar reads from a `$` in a string on. begin is where the next fragment begins, negative when the `$` is in the fragment itself.
func (p *fast) dollar(fragment, i int) (next, begin int, ok bool) {
	at := func(i int) byte {
		if i < len(p.src) {
			return p.src[i]
		}
		return 0
	}
	switch {
	case at(i+1) == '{':
		p.fragment(fragment, i)
		next, ok = p.interpolation(i)
		return next, next, ok
	case at(i+1) != '$':
		return i + 1, -1, true
	case at(i+2) != '{':
		return i + 2, -1, true
	}
	p.fragment(fragment, i)
	p.leaf(DollarEscape, FieldNone, i, i+2)
	return i + 2, i + 2, true
}

func (p *fast) path(kind Kind) {
	mark, start := p.mark()
	if !p.opened() {
		return
	}
	src, i := p.src, p.end
	p.leaf(PathFragment, FieldNone, start, i)
	for i+1 < len(src) && src[i] == '$' && src[i+1] == '{' {
		end, ok := p.interpolation(i)
		if !ok {
			return
		}
		i = end
		for i < len(src) && classes[src[i]]&pathText != 0 {
			i++
		}
		if i > end {
			p.leaf(PathFragment, FieldNone, end, i)
		}
	}
	p.closed(kind, FieldNone, mark, start, i)
}
