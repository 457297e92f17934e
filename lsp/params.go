package lsp

import (
	"errors"
	"math"
	"strconv"

	"github.com/cargonix/cargonix/analysis/text"
)

// The parameters that the handlers read: only the members that they use. Sending is done with go.lsp.dev/protocol's types; for
// receiving those are too strict (protocol's decoder refuses a whole initialize for `"trace": null`, and a code action for
// another server's diagnostic with an odd code).

// coordinate is a line or a column. Whatever number comes is moved into the range that a file can have: an edit at a position
// that does not exist is applied at the nearest one that does, since an edit that is left out would spoil the whole document.
type coordinate int

func (c *coordinate) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	number, err := strconv.ParseFloat(string(data), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || data[0] == '"' {
		return errors.New("a position is no number")
	}
	*c = coordinate(min(max(number, 0), math.MaxInt32))
	return nil
}

type wirePosition struct {
	Line      coordinate `json:"line"`
	Character coordinate `json:"character"`
}

// byteOffset is where the position is in a file.
func (p wirePosition) byteOffset(index *text.Index, enc text.Encoding) int {
	return index.Offset(int(p.Line), int(p.Character), enc)
}

type wireRange struct {
	Start wirePosition `json:"start"`
	End   wirePosition `json:"end"`
}

// span is what the range covers in a file; a range that ends before it starts is turned round.
func (r wireRange) span(index *text.Index, enc text.Encoding) text.Span {
	start, end := r.Start.byteOffset(index, enc), r.End.byteOffset(index, enc)
	return text.Span{Start: min(start, end), End: max(start, end)}
}

type documentID struct {
	URI     string `json:"uri"`
	Version int32  `json:"version"`
}

var errNoDocument = errors.New("textDocument.uri is missing")

// documentParams are those of notifications and requests that only name a document.
type documentParams struct {
	TextDocument documentID `json:"textDocument"`
}

func (p *documentParams) check() error {
	if p.TextDocument.URI == "" {
		return errNoDocument
	}
	return nil
}

// positionParams are those of requests about a place.
type positionParams struct {
	TextDocument documentID    `json:"textDocument"`
	Position     *wirePosition `json:"position"`
}

func (p *positionParams) check() error {
	if p.TextDocument.URI == "" {
		return errNoDocument
	}
	if p.Position == nil {
		return errors.New("position is missing")
	}
	return nil
}

// none are the parameters of messages that have none, or none that we read.
type none struct{}

func (*none) UnmarshalJSON([]byte) error { return nil }
