package lsp

import (
	"bytes"

	"github.com/cargonix/cargonix/analysis/text"
)

// document is one version of what an editor has open. It is immutable; an edit makes another one.
type document struct {
	uri     string // as the client spells it, to be spelled the same way to it
	path    string
	version int32
	text    []byte
}

type contentChange struct {
	Range *wireRange `json:"range"`
	Text  string     `json:"text"`
}

// after is the document with changes applied, each to the result of the one before.
func (d *document) after(changes []contentChange, version int32, enc text.Encoding) *document {
	content := d.text
	for _, change := range changes {
		if change.Range == nil {
			content = []byte(change.Text)
			continue
		}
		span := change.Range.span(text.NewIndex(content), enc)
		var next bytes.Buffer
		next.Grow(len(content) - span.Len() + len(change.Text))
		next.Write(content[:span.Start])
		next.WriteString(change.Text)
		next.Write(content[span.End:])
		content = next.Bytes()
	}
	return &document{d.uri, d.path, version, content}
}
