package eval

import (
	"fmt"
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
	for _, piece := range nixparse.StringPieces(n) {
		if piece.Hole.IsZero() {
			b.addText(piece.Text)
			continue
		}
		v := e.eval(s, piece.Hole.Child(nixparse.FieldExpression))
		if err := e.coerce(&b, s.origin(piece.Hole), v, coercion{copy: true}); err != nil {
			return err
		}
	}
	return b.result(e, at)
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
