package workspace

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/cargonix/cargonix/analysis/cargo"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
)

// problemOf places an error of the TOML and the JSON readers.
func problemOf(err error) *Problem {
	var toml *cargo.SyntaxError
	var json *crates.SyntaxError
	switch {
	case errors.As(err, &toml):
		return &Problem{toml.Msg, toml.Span}
	case errors.As(err, &json):
		return &Problem{json.Msg, json.Span}
	}
	return &Problem{Message: err.Error()}
}

// conflict finds an unfinished merge: the three markers that git puts at the starts of lines. Nix' own errors about them would not say so.
func conflict(data []byte) (Problem, bool) {
	open := lineStart(data, []byte("<<<<<<< "))
	if open < 0 || lineStart(data, []byte("=======\n")) < 0 && lineStart(data, []byte("=======\r\n")) < 0 || lineStart(data, []byte(">>>>>>> ")) < 0 {
		return Problem{}, false
	}
	end := open + bytes.IndexByte(append(data[open:len(data):len(data)], '\n'), '\n')
	line := bytes.Count(data[:open], []byte{'\n'}) + 1
	return Problem{fmt.Sprintf("merge conflict markers at line %d", line), text.Span{Start: open, End: end}}, true
}

// lineStart is the byte offset of the first line that begins with prefix, or -1.
func lineStart(data, prefix []byte) int {
	if bytes.HasPrefix(data, prefix) {
		return 0
	}
	if at := bytes.Index(data, append([]byte{'\n'}, prefix...)); at >= 0 {
		return at + 1
	}
	return -1
}
