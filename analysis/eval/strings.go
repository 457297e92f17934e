package eval

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cargonix/cargonix/nixparse"
)

// textBuilder joins text and holes to a String.
type textBuilder struct {
	parts   []Part
	text    []byte
	size    int
	context []Value
}

func (b *textBuilder) addText(s string) {
	b.text = append(b.text, s...)
	b.size += len(s)
}

func (b *textBuilder) flush() {
	if len(b.text) > 0 {
		b.parts = append(b.parts, Part{Text: string(b.text)})
		b.text = b.text[:0]
	}
}

func (b *textBuilder) addHole(p Part) {
	b.flush()
	b.parts = append(b.parts, p)
}

func (b *textBuilder) addContext(values ...Value) {
next:
	for _, v := range values {
		if len(b.context) >= maxContext {
			return
		}
		for _, have := range b.context {
			if have == v {
				continue next
			}
		}
		b.context = append(b.context, v)
	}
}

func (b *textBuilder) add(s *String) {
	for _, part := range s.Parts {
		if part.Hole != nil {
			b.addHole(part)
		} else {
			b.addText(part.Text)
		}
	}
	b.addContext(s.Context...)
}

func (b *textBuilder) result(e *Evaluator, at Origin) Value {
	if b.size > maxString {
		return e.unknown(at, "the string is too long")
	}
	e.spend(b.size / byteStep)
	b.flush()
	return &String{made: made{at}, Parts: b.parts, Context: b.context}
}

// obscured is a string of which nothing is known but what it mentions.
func (e *Evaluator) obscured(at Origin, reason Value, context ...[]Value) Value {
	var b textBuilder
	b.addHole(Part{Hole: e.because(reason)})
	for _, c := range context {
		b.addContext(c...)
	}
	return b.result(e, at)
}

// coercion says how values become strings.
type coercion struct {
	more bool // also numbers, booleans, null and lists, as toString does
	copy bool // paths become what they are in the store
}

// coerce adds a value to the string. The error is nil when it can be one.
func (e *Evaluator) coerce(b *textBuilder, at Origin, v Value, how coercion) *Error {
	if e.enter(at) != nil {
		b.addHole(Part{Hole: e.unknown(at, "the value is nested too deeply")})
		return nil
	}
	defer e.leave()
	switch v := v.(type) {
	case *String:
		b.add(v)
		return nil
	case *Path:
		if !how.copy && strings.HasPrefix(v.Name, "/") {
			b.addText(v.Name)
			return nil
		}
		b.addHole(Part{Hole: v, Plain: !how.copy})
		if how.copy {
			b.addContext(v)
		}
		return nil
	case *Opaque:
		b.addHole(Part{Hole: v})
		b.addContext(v)
		return nil
	case *Unknown:
		b.addHole(Part{Hole: v})
		b.addContext(v)
		return nil
	case *Choice:
		return e.coerceChoice(b, at, v, how)
	case *Attrs:
		return e.coerceAttrs(b, at, v, how)
	case *Error:
		return v
	}
	if !how.more {
		return fail(at, "cannot coerce %s to a string", v.TypeName())
	}
	switch v := v.(type) {
	case *Bool:
		if v.Value {
			b.addText("1")
		}
	case *Int:
		b.addText(strconv.FormatInt(v.Value, 10))
	case *Float:
		b.addText(strconv.FormatFloat(v.Value, 'f', 6, 64))
	case *Null:
	case *List:
		return e.coerceList(b, at, v, how)
	default:
		return fail(at, "cannot coerce %s to a string", v.TypeName())
	}
	return nil
}

func (e *Evaluator) coerceChoice(b *textBuilder, at Origin, c *Choice, how coercion) *Error {
	v := e.each(at, c, func(v Value) Value {
		var one textBuilder
		if err := e.coerce(&one, at, v, how); err != nil {
			return err
		}
		return one.result(e, at)
	})
	switch v := v.(type) {
	case *Error:
		return v
	case *String:
		b.add(v)
		return nil
	case *Choice:
		for _, alternative := range v.Of {
			if s, ok := alternative.(*String); ok {
				b.addContext(s.Context...)
			} else {
				b.addContext(alternative)
			}
		}
	}
	b.addHole(Part{Hole: v})
	return nil
}

func (e *Evaluator) coerceAttrs(b *textBuilder, at Origin, v *Attrs, how coercion) *Error {
	hidden := func() *Error {
		b.addHole(Part{Hole: v})
		b.addContext(v)
		return nil
	}
	toString, p := e.find(v, "__toString", at)
	switch p {
	case Maybe:
		if _, p := e.find(v, "outPath", at); p != Present {
			return hidden()
		}
	case Present:
		s := e.apply(e.force(toString), Ready(v), at)
		return e.coerce(b, at, s, how)
	}
	outPath, p := e.find(v, "outPath", at)
	switch p {
	case Absent:
		return fail(at, "cannot coerce a set to a string")
	case Maybe:
		return hidden()
	}
	b.addContext(v)
	return e.coerce(b, at, e.force(outPath), how)
}

func (e *Evaluator) coerceList(b *textBuilder, at Origin, l *List, how coercion) *Error {
	if !l.Complete() {
		joined := e.elements(at, l, func(elements []*Thunk) Value {
			var one textBuilder
			if err := e.coerceList(&one, at, newList(at, elements), how); err != nil {
				return err
			}
			return one.result(e, at)
		})
		switch joined := joined.(type) {
		case *Unknown:
			b.addHole(Part{Hole: joined})
			for _, item := range l.Items {
				if item.Rest == nil {
					var one textBuilder
					if err := e.coerce(&one, at, e.force(item.Value), how); err != nil {
						return err
					}
					b.addContext(one.context...)
				}
			}
			return nil
		default:
			return e.coerce(b, at, joined, coercion{})
		}
	}
	for i, item := range l.Items {
		v := e.force(item.Value)
		if err := e.coerce(b, at, v, how); err != nil {
			return err
		}
		// No space follows an empty list, nor the last element.
		if inner, ok := v.(*List); i < len(l.Items)-1 && (!ok || len(inner.Items) > 0) {
			b.addText(" ")
		}
		if b.size > maxString {
			return nil
		}
	}
	return nil
}

// toText makes a String of a value, or gives the *Error or *Unknown that it is.
func (e *Evaluator) toText(at Origin, v Value, how coercion) Value {
	if s, ok := v.(*String); ok {
		return s
	}
	var b textBuilder
	if err := e.coerce(&b, at, v, how); err != nil {
		return err
	}
	return b.result(e, at)
}

// evalString evaluates a string with or without interpolation.
func (e *Evaluator) evalString(s *scope, n nixparse.Node, at Origin) Value {
	var b textBuilder
	for _, piece := range stringPieces(n) {
		if piece.hole.IsZero() {
			b.addText(piece.text)
			continue
		}
		v := e.eval(s, piece.hole.Child(nixparse.FieldExpression))
		if err := e.coerce(&b, s.origin(piece.hole), v, coercion{copy: true}); err != nil {
			return err
		}
	}
	return b.result(e, at)
}

// stringPiece is text or an interpolation.
type stringPiece struct {
	text string
	hole nixparse.Node
}

// stringPieces cuts a string_expression or indented_string_expression.
func stringPieces(n nixparse.Node) []stringPiece {
	if text, ok := nixparse.StringValue(n); ok {
		if text == "" {
			return nil
		}
		return []stringPiece{{text: text}}
	}
	var holes []nixparse.Node
	for c := range n.Children() {
		if c.Kind() == nixparse.Interpolation {
			holes = append(holes, c)
		}
	}
	source := n.Tree().Source()
	quote := 1
	if n.Kind() == nixparse.IndentedStringExpression {
		quote = 2
	}
	start, end := n.Start()+quote, max(n.Start()+quote, n.End()-quote)
	if quote == 2 {
		return unindent(indentedTokens(source, start, end, holes))
	}
	var pieces []stringPiece
	for _, hole := range holes {
		if hole.Start() > start {
			pieces = append(pieces, stringPiece{text: unescape(source[start:hole.Start()])})
		}
		pieces = append(pieces, stringPiece{hole: hole})
		start = hole.End()
	}
	if end > start {
		pieces = append(pieces, stringPiece{text: unescape(source[start:end])})
	}
	return pieces
}

// unescape reads text of a "…" string.
func unescape(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return string(text)
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			out = append(out, escaped(text[i]))
		case c == '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
		default:
			out = append(out, c)
		}
	}
	return string(out)
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

// indentedToken is a piece of an indented string as Nix's lexer cuts it. Only plain text counts for the indentation.
type indentedToken struct {
	text  string
	plain bool
	hole  nixparse.Node
}

func indentedTokens(text []byte, i, end int, holes []nixparse.Node) []indentedToken {
	// The rest of the opening line does not count when it is blank.
	if rest := bytes.TrimLeft(text[i:end], " "); len(rest) > 0 && rest[0] == '\n' {
		i = end - len(rest) + 1
	}
	at := func(i int) byte {
		if i < end {
			return text[i]
		}
		return 0
	}
	var tokens []indentedToken
	for i < end {
		stop := end
		if len(holes) > 0 {
			if stop = holes[0].Start(); i >= stop {
				tokens = append(tokens, indentedToken{hole: holes[0]})
				i = holes[0].End()
				holes = holes[1:]
				continue
			}
		}
		start := i
		for i < stop {
			if text[i] == '$' || text[i] == '\'' {
				// A $ goes with any character but a brace or quote, a quote with any but a quote or $.
				if i+1 >= end || at(i+1) == '\'' || text[i] == '$' && at(i+1) == '{' || text[i] == '\'' && at(i+1) == '$' {
					break
				}
				i++
			}
			i++
		}
		if i > start {
			tokens = append(tokens, indentedToken{text: string(text[start:i]), plain: true})
			continue
		}
		switch {
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '$':
			tokens = append(tokens, indentedToken{text: "$"})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\'':
			tokens = append(tokens, indentedToken{text: "''"})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\\' && i+3 < end:
			tokens = append(tokens, indentedToken{text: unescape(text[i+2 : i+4])})
			i += 4
		default:
			tokens = append(tokens, indentedToken{text: string(text[i : i+1])})
			i++
		}
	}
	return tokens
}

// unindent takes the indentation away that all lines have in common. Lines of nothing but spaces do not count for it; a last line of nothing
// but spaces is left out.
func unindent(tokens []indentedToken) []stringPiece {
	least, current := math.MaxInt, 0
	atStart := true // of a line: only spaces seen so far
	for _, token := range tokens {
		if !token.plain {
			if atStart {
				atStart = false
				least = min(least, current)
			}
			continue
		}
		for _, c := range []byte(token.text) {
			switch {
			case c == '\n':
				atStart, current = true, 0
			case !atStart:
			case c == ' ':
				current++
			default:
				atStart = false
				least = min(least, current)
			}
		}
	}
	var pieces []stringPiece
	atStart = true
	dropped := 0
	for i, token := range tokens {
		if !token.hole.IsZero() {
			atStart, dropped = false, 0
			pieces = append(pieces, stringPiece{hole: token.hole})
			continue
		}
		out := make([]byte, 0, len(token.text))
		for _, c := range []byte(token.text) {
			switch {
			case c == '\n':
				atStart, dropped = true, 0
			case !atStart:
			case c == ' ':
				if dropped < least {
					dropped++
					continue
				}
			default:
				atStart, dropped = false, 0
			}
			out = append(out, c)
		}
		if i == len(tokens)-1 {
			if line := bytes.LastIndexByte(out, '\n'); line >= 0 && len(bytes.Trim(out[line+1:], " ")) == 0 {
				out = out[:line+1]
			}
		}
		if len(out) > 0 {
			pieces = append(pieces, stringPiece{text: string(out)})
		}
	}
	return pieces
}

// evalSum evaluates `+`, which adds numbers, and joins strings and paths.
func (e *Evaluator) evalSum(s *scope, n nixparse.Node, at Origin) Value {
	left := e.eval(s, n.Child(nixparse.FieldLeft))
	if err, ok := left.(*Error); ok {
		return err
	}
	right := e.eval(s, n.Child(nixparse.FieldRight))
	if err, ok := right.(*Error); ok {
		return err
	}
	return e.sum(at, left, right)
}

func (e *Evaluator) sum(at Origin, left, right Value) Value {
	return e.each(at, left, func(left Value) Value {
		switch left := left.(type) {
		case *Int, *Float:
			return e.arithmetic(at, "+", left, right)
		case *Path:
			return e.each(at, right, func(right Value) Value { return e.joinPath(at, left, right) })
		case *Opaque:
			if left.Known == nil {
				// It may be a number, a path, or something with a string.
				if number(right) {
					return e.dependsOn(at, left)
				}
				switch right := right.(type) {
				case *Unknown:
					return e.dependsOn(at, left)
				case *Opaque:
					if right.Known == nil {
						return e.dependsOn(at, left) // both may be numbers
					}
				}
			}
		}
		if c, ok := right.(*Choice); ok {
			return e.choose(at, c.Because, len(c.Of), func(i int) Value { return e.sum(at, left, c.Of[i]) })
		}
		_, isString := left.(*String)
		how := coercion{copy: isString}
		var b textBuilder
		if err := e.coerce(&b, at, left, how); err != nil {
			return err
		}
		if err := e.coerce(&b, at, right, how); err != nil {
			return err
		}
		v := b.result(e, at)
		if o, ok := left.(*Opaque); ok && o.Known == nil {
			if s, ok := v.(*String); ok {
				s.maybePath = true
			}
		}
		return v
	})
}

// show is a string for messages.
func show(s *String) string {
	if text, ok := s.Text(); ok {
		return fmt.Sprintf("%q", text)
	}
	return brief(s)
}
