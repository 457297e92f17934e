package crates

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cargonix/cargonix/analysis/text"
)

// SyntaxError says where a file is not what its reader expects.
type SyntaxError struct {
	Msg  string
	Span text.Span
}

func (e *SyntaxError) Error() string { return e.Msg }

// jsonReader walks a JSON text and knows the span of each value. After a failure it does nothing more.
type jsonReader struct {
	dec  *jsontext.Decoder
	data []byte
	text string // data once more: strings without escapes are parts of it
	err  error
}

func newJSONReader(data []byte) *jsonReader {
	// Nix and crate2nix take the last of duplicate names, and replace bytes that are not UTF-8; neither keeps a file from being read.
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return &jsonReader{dec: dec, data: data, text: string(data)}
}

func (r *jsonReader) fail(msg string, span text.Span) {
	if r.err == nil {
		r.err = &SyntaxError{Msg: msg, Span: span}
	}
}

// failed turns the decoder's error into one with a position in the file.
func (r *jsonReader) failed(err error) {
	if r.err != nil || err == nil {
		return
	}
	at := len(r.data)
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		at = int(syntax.ByteOffset)
		err = syntax.Err
	}
	msg := err.Error()
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		msg, at = "unexpected end of the file", len(r.data)
	}
	at = min(max(at, 0), len(r.data))
	r.fail(msg, text.Span{Start: at, End: min(at+1, len(r.data))})
}

// value consumes one value whatever it is and gives its span.
func (r *jsonReader) value() (jsontext.Value, text.Span) {
	if r.err != nil {
		return nil, text.Span{}
	}
	v, err := r.dec.ReadValue()
	if err != nil {
		r.failed(err)
		return nil, text.Span{}
	}
	end := int(r.dec.InputOffset())
	return v, text.Span{Start: end - len(v), End: end}
}

// str consumes one value; a string gives its text and the span between its quotes, anything else gives false.
func (r *jsonReader) str() (Literal, bool) {
	v, span := r.value()
	if r.err != nil || v.Kind() != '"' {
		return Literal{}, false
	}
	inner := text.Span{Start: span.Start + 1, End: span.End - 1}
	if s := r.text[inner.Start:inner.End]; bytes.IndexByte(r.data[inner.Start:inner.End], '\\') < 0 {
		return Literal{Value: s, Span: inner}, true
	}
	// ReadValue checked it, so this cannot fail but for bytes that are not UTF-8, which it replaces.
	unquoted, _ := jsontext.AppendUnquote(nil, v)
	return Literal{Value: string(unquoted), Span: inner}, true
}

// object calls member for each name of the object that comes next; member must consume the value. Anything else than an
// object is consumed and gives false. The span is the object's.
func (r *jsonReader) object(member func(name Literal)) (text.Span, bool) {
	return r.container('{', func() {
		if name, ok := r.str(); ok {
			member(name)
		}
	})
}

// array calls element for each element of the array that comes next; element must consume it.
func (r *jsonReader) array(element func()) (text.Span, bool) { return r.container('[', element) }

func (r *jsonReader) container(kind jsontext.Kind, each func()) (text.Span, bool) {
	if r.err != nil {
		return text.Span{}, false
	}
	if r.dec.PeekKind() != kind {
		_, span := r.value()
		return span, false
	}
	if _, err := r.dec.ReadToken(); err != nil {
		r.failed(err)
		return text.Span{}, false
	}
	start := int(r.dec.InputOffset()) - 1
	for r.err == nil {
		switch r.dec.PeekKind() {
		case ']', '}', 0:
			if _, err := r.dec.ReadToken(); err != nil {
				r.failed(err)
				return text.Span{}, false
			}
			return text.Span{Start: start, End: int(r.dec.InputOffset())}, true
		}
		each()
	}
	return text.Span{}, false
}

// end checks that nothing but white space follows.
func (r *jsonReader) end() {
	if r.err != nil {
		return
	}
	if _, err := r.dec.ReadToken(); err == nil {
		at := int(r.dec.InputOffset())
		r.fail("text after the end of the JSON value", text.Span{Start: max(at-1, 0), End: at})
	} else if !errors.Is(err, io.EOF) {
		r.failed(err)
	}
}
