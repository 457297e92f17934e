// Package text places byte offsets in files: spans, and the conversion of byte offsets to lines and columns in the units
// that people (code points), editors (UTF-8, UTF-16 and UTF-32 code units) and machines (bytes) count in.
package text

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Span is a range of bytes of a file: [Start, End), offsets from 0.
type Span struct {
	Start, End int
}

// Len is the number of bytes in the span.
func (s Span) Len() int { return s.End - s.Start }

// Contains reports whether byteOffset lies in the span; the end counts, so that a cursor behind the last character is inside.
func (s Span) Contains(byteOffset int) bool { return s.Start <= byteOffset && byteOffset <= s.End }

// Encoding is the unit in which columns are counted.
type Encoding uint8

// The encodings that the Language Server Protocol knows. UTF32 columns are code points.
const (
	UTF8 Encoding = iota
	UTF16
	UTF32
)

var utf8BOM = []byte{0xEF, 0xBB, 0xBF}

// Index finds lines in one version of a file. Its zero value stands for an empty file. It is immutable and safe for
// concurrent use.
//
// Lines end at "\n" and "\r\n" (and, as in the Language Server Protocol, at a lone "\r").
type Index struct {
	data  []byte
	start []int // byte offset of each line's first byte
	ends  []int // byte offset behind each line's last byte, the line ending left out
}

// NewIndex scans data once. The index keeps data, which must not change.
func NewIndex(data []byte) *Index {
	x := &Index{data: data, start: []int{0}}
	// IndexByte is vectorised: a file without "\r" costs one pass at memory speed.
	hasCR := bytes.IndexByte(data, '\r') >= 0
	if !hasCR {
		x.start = make([]int, 1, 1+bytes.Count(data, []byte{'\n'}))
		x.ends = make([]int, 0, cap(x.start))
		for at := 0; ; {
			n := bytes.IndexByte(data[at:], '\n')
			if n < 0 {
				break
			}
			x.ends = append(x.ends, at+n)
			at += n + 1
			x.start = append(x.start, at)
		}
	} else {
		for i := 0; i < len(data); i++ {
			switch {
			case data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n':
				x.ends = append(x.ends, i)
				i++
				x.start = append(x.start, i+1)
			case data[i] == '\r' || data[i] == '\n':
				x.ends = append(x.ends, i)
				x.start = append(x.start, i+1)
			}
		}
	}
	x.ends = append(x.ends, len(data))
	return x
}

// Data is the text that the index was made of.
func (x *Index) Data() []byte { return x.data }

// Lines is the number of lines; a file that ends in a line break has an empty last one.
func (x *Index) Lines() int { return max(1, len(x.start)) }

// Line is the span of the line (from 0) without its ending. Lines beyond the last are empty at the end of the file.
func (x *Index) Line(line int) Span {
	if line < 0 || line >= len(x.start) {
		return Span{len(x.data), len(x.data)}
	}
	return Span{x.start[line], x.ends[line]}
}

// LineOf is the line (from 0) in which byteOffset lies. Offsets outside the file are moved to its nearest end.
func (x *Index) LineOf(byteOffset int) int {
	if len(x.start) == 0 {
		return 0
	}
	return max(0, sort.Search(len(x.start), func(i int) bool { return x.start[i] > byteOffset })-1)
}

// Position is the line and the column of byteOffset, both from 0, the column in code units of enc. An invalid byte is one
// unit. An offset inside a character counts as that character's start, one inside a line ending as the line's end.
func (x *Index) Position(byteOffset int, enc Encoding) (line, column int) {
	byteOffset = min(max(byteOffset, 0), len(x.data))
	line = x.LineOf(byteOffset)
	span := x.Line(line)
	byteOffset = min(byteOffset, span.End)
	if enc == UTF8 {
		return line, x.runeStart(span, byteOffset) - span.Start
	}
	for at := span.Start; at < byteOffset; {
		r, size := utf8.DecodeRune(x.data[at:span.End])
		if at+size > byteOffset {
			break
		}
		at += size
		column += units(r, enc)
	}
	return line, column
}

// Offset is the byte offset of a line and a column, both from 0, the column in code units of enc. A column behind the
// line's end is its end, one inside a character is that character's start, and a line behind the last is the end of the file.
func (x *Index) Offset(line, column int, enc Encoding) int {
	if line < 0 {
		return 0
	}
	span := x.Line(line)
	if enc == UTF8 {
		return x.runeStart(span, span.Start+min(max(column, 0), span.Len()))
	}
	at := span.Start
	for at < span.End {
		r, size := utf8.DecodeRune(x.data[at:span.End])
		column -= units(r, enc)
		if column < 0 {
			break
		}
		at += size
	}
	return at
}

// runeStart moves an offset inside a well-formed character of a line to that character's start.
func (x *Index) runeStart(line Span, at int) int {
	for i := at; i >= line.Start && at-i < utf8.UTFMax && at < line.End; i-- {
		if utf8.RuneStart(x.data[i]) {
			if _, size := utf8.DecodeRune(x.data[i:line.End]); i+size > at {
				return i
			}
			break
		}
	}
	return at
}

func units(r rune, enc Encoding) int {
	if enc == UTF16 && r > 0xFFFF {
		return 2
	}
	return 1
}

// HumanPosition is the line and the column of byteOffset as people read them: both from 1, the column in code points; a byte
// order mark at the start of the file has no column.
func (x *Index) HumanPosition(byteOffset int) (line, column int) {
	line, column = x.Position(byteOffset, UTF32)
	if line == 0 && column > 0 && bytes.HasPrefix(x.data, utf8BOM) {
		column--
	}
	return line + 1, column + 1
}
