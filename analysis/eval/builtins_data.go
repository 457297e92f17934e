package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

var dataBuiltins = []builtin{
	{name: "toJSON", arity: 1, call: func(c *Call) Value {
		var b textBuilder
		if err := c.writeJSON(&b, c.Site, c.Arg(0)); err != nil {
			return err
		}
		return b.result(c.Evaluator, c.Site)
	}},
	{name: "fromJSON", arity: 1, call: func(c *Call) Value {
		return c.onText(0, func(text string, _ *String) Value { return c.parseJSON(text) })
	}},
	{name: "fromTOML", arity: 1, global: true, call: func(c *Call) Value {
		return c.onText(0, func(text string, _ *String) Value { return c.parseTOML(text) })
	}},
}

// JSON is a value as `nix-instantiate --eval --strict --json` prints it. The error is the *Error or *Unknown, of whatever part, that keeps it
// from being known.
func (e *Evaluator) JSON(v Value) (string, Value) {
	e.begin()
	var b textBuilder
	if err := e.writeJSON(&b, Origin{}, v); err != nil {
		return "", err
	}
	s, ok := b.result(e, Origin{}).(*String)
	if !ok {
		return "", e.unknown(Origin{}, "the text is too long")
	}
	text, ok := s.Text()
	if !ok {
		return "", e.because(s)
	}
	return text, nil
}

// writeJSON adds a value to the text. What is not known leaves a hole.
func (e *Evaluator) writeJSON(b *textBuilder, at Origin, v Value) Value {
	if u := e.enter(at); u != nil {
		b.addHole(Part{Hole: u})
		return nil
	}
	defer e.leave()
	if b.size > maxString {
		return nil
	}
	switch v := v.(type) {
	case *Null:
		b.addText("null")
	case *Bool:
		b.addText(strconv.FormatBool(v.Value))
	case *Int:
		b.addText(strconv.FormatInt(v.Value, 10))
	case *Float:
		e.writeJSONFloat(b, at, v.Value)
	case *String:
		b.addText(`"`)
		for _, part := range v.Parts {
			if part.Hole != nil {
				b.addHole(part)
			} else {
				e.writeJSONText(b, at, part.Text)
			}
		}
		b.addText(`"`)
		b.addContext(v.Context...)
	case *Path:
		b.addText(`"`)
		if err := e.coerce(b, at, v, coercion{copy: true}); err != nil {
			return err
		}
		b.addText(`"`)
	case *List:
		return e.writeJSONList(b, at, v)
	case *Attrs:
		return e.writeJSONAttrs(b, at, v)
	case *Opaque, *Choice, *Unknown:
		b.addHole(Part{Hole: v})
		b.addContext(v)
	case *Error:
		return v
	default:
		return fail(at, "cannot convert %s to JSON", v.TypeName())
	}
	return nil
}

func (e *Evaluator) writeJSONFloat(b *textBuilder, at Origin, f float64) {
	// Nix has printed six digits, then as many as are needed: where these are the same, the number is short.
	short := strconv.FormatFloat(f, 'g', 6, 64)
	if exact := strconv.FormatFloat(f, 'g', -1, 64); short != exact || math.IsInf(f, 0) || math.IsNaN(f) || f == math.Trunc(f) || strings.Contains(exact, "e") {
		b.addHole(Part{Hole: e.unknown(at, "versions of Nix print the number differently")})
		return
	}
	b.addText(short)
}

func (e *Evaluator) writeJSONText(b *textBuilder, at Origin, text string) {
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\b\f") {
		b.addHole(Part{Hole: e.unknown(at, "versions of Nix print the character differently")})
		return
	}
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.text = append(b.text, '\\', c)
		case c == '\n':
			b.text = append(b.text, `\n`...)
		case c == '\r':
			b.text = append(b.text, `\r`...)
		case c == '\t':
			b.text = append(b.text, `\t`...)
		case c < 0x20:
			b.text = fmt.Appendf(b.text, `\u%04x`, c)
		default:
			b.text = append(b.text, c)
		}
	}
	b.size += len(text)
}

func (e *Evaluator) writeJSONList(b *textBuilder, at Origin, l *List) Value {
	if !l.Complete() {
		// What is not known may be empty, so the commas around it are not known either.
		b.addHole(Part{Hole: e.because(l)})
		for _, item := range l.Items {
			if item.Rest == nil {
				var one textBuilder
				if err := e.writeJSON(&one, at, e.force(item.Value)); err != nil {
					return err
				}
				b.addContext(one.context...)
			}
		}
		return nil
	}
	b.addText("[")
	for i, item := range l.Items {
		if i > 0 {
			b.addText(",")
		}
		if err := e.writeJSON(b, at, e.force(item.Value)); err != nil {
			return err
		}
	}
	b.addText("]")
	return nil
}

func (e *Evaluator) writeJSONAttrs(b *textBuilder, at Origin, v *Attrs) Value {
	if !v.Complete() {
		b.addHole(Part{Hole: v})
		b.addContext(v)
		return nil
	}
	if toString, p := e.find(v, "__toString", at); p == Present {
		s := e.toText(at, e.apply(e.force(toString), Ready(v), at), coercion{})
		return e.writeJSON(b, at, s)
	}
	if outPath, p := e.find(v, "outPath", at); p == Present {
		b.addContext(v)
		return e.writeJSON(b, at, e.force(outPath))
	}
	b.addText("{")
	first := true
	for attr := range v.All() {
		if !first {
			b.addText(",")
		}
		first = false
		b.addText(`"`)
		e.writeJSONText(b, at, attr.Name)
		b.addText(`":`)
		if err := e.writeJSON(b, at, e.force(attr.Value)); err != nil {
			return err
		}
	}
	b.addText("}")
	return nil
}

func (c *Call) parseJSON(text string) Value {
	if !utf8.ValidString(text) {
		return c.fail("not valid JSON: invalid UTF-8")
	}
	if !json.Valid([]byte(text)) {
		return c.fail("not valid JSON")
	}
	if strings.Contains(text, `\u0000`) || strings.Contains(text, `\ud`) || strings.Contains(text, `\uD`) {
		return c.unknown(c.Site, "characters that Nix may not take")
	}
	c.spend(len(text) / 64)
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	return c.jsonValue(decoder, 0)
}

func (c *Call) jsonValue(d *json.Decoder, depth int) Value {
	if depth > maxNesting || !c.spend(1) {
		return c.unknown(c.Site, "the JSON is nested too deeply")
	}
	token, err := d.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return c.fail("not valid JSON")
	}
	switch token := token.(type) {
	case nil:
		return &Null{made{c.Site}}
	case bool:
		return c.bool(token)
	case string:
		return c.text(token)
	case json.Number:
		if i, err := strconv.ParseInt(string(token), 10, 64); err == nil {
			return c.int(i)
		}
		f, err := strconv.ParseFloat(string(token), 64)
		if err != nil || !strings.ContainsAny(string(token), ".eE") {
			return c.unknown(c.Site, "the number is too large")
		}
		return &Float{made{c.Site}, f}
	case json.Delim:
		if token == '[' {
			var x []*Thunk
			for d.More() {
				v := c.jsonValue(d, depth+1)
				if !data(v) {
					return v
				}
				x = append(x, Ready(v))
			}
			_, _ = d.Token() // the bracket; the text is valid
			return newList(c.Site, x)
		}
		attrs := map[string]*Attr{}
		for d.More() {
			key, _ := d.Token()
			name, _ := key.(string)
			v := c.jsonValue(d, depth+1)
			if !data(v) {
				return v
			}
			attrs[name] = &Attr{Name: name, Value: Ready(v)}
		}
		_, _ = d.Token()
		return attrsOf(c.Site, attrs)
	}
	return c.fail("not valid JSON")
}

// data tells whether a value could be read.
func data(v Value) bool {
	switch v.(type) {
	case *Error, *Unknown:
		return false
	}
	return true
}

func attrsOf(at Origin, attrs map[string]*Attr) *Attrs {
	list := make([]*Attr, 0, len(attrs))
	for _, attr := range attrs {
		list = append(list, attr)
	}
	return newAttrs(at, list)
}

func (c *Call) parseTOML(text string) Value {
	c.spend(len(text) / 64)
	var decoded map[string]any
	if _, err := toml.Decode(text, &decoded); err != nil {
		// Nix's own reader is more lenient here and there.
		return c.unknown(c.Site, "not valid TOML")
	}
	return c.tomlValue(decoded, 0)
}

func (c *Call) tomlValue(v any, depth int) Value {
	if depth > maxNesting || !c.spend(1) {
		return c.unknown(c.Site, "the TOML is nested too deeply")
	}
	list := func(n int, element func(i int) any) Value {
		x := make([]*Thunk, n)
		for i := range x {
			v := c.tomlValue(element(i), depth+1)
			if !data(v) {
				return v
			}
			x[i] = Ready(v)
		}
		return newList(c.Site, x)
	}
	switch v := v.(type) {
	case bool:
		return c.bool(v)
	case int64:
		return c.int(v)
	case float64:
		return &Float{made{c.Site}, v}
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return c.unknown(c.Site, "characters that Nix may not take")
		}
		return c.text(v)
	case []any:
		return list(len(v), func(i int) any { return v[i] })
	case []map[string]any:
		return list(len(v), func(i int) any { return v[i] })
	case map[string]any:
		attrs := make(map[string]*Attr, len(v))
		for name, inner := range v {
			value := c.tomlValue(inner, depth+1)
			if !data(value) {
				return value
			}
			attrs[name] = &Attr{Name: name, Value: Ready(value)}
		}
		return attrsOf(c.Site, attrs)
	case time.Time:
		return c.fail("dates and times are not supported")
	}
	return c.unknown(c.Site, "not valid TOML")
}
