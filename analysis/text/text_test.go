package text

import (
	"math"
	"testing"
	"unicode/utf8"
)

var encodings = []Encoding{UTF8, UTF16, UTF32}

// samples have every kind of line ending, characters of each length, a byte order mark and bytes that are no UTF-8.
var samples = []string{
	"",
	"\n",
	"\r",
	"\r\n",
	"plain",
	"a\nb\n",
	"a\r\nb\rc\n\r\r\n\nd",
	"é€𝔫🦀\n𝔫x🦀",
	"\uFEFFfirst\nsecond",
	"\uFEFF\uFEFFtwo",
	"bad \xff\xfe\x80 bytes\n\xf0\x9f\xa6 cut crab\r\n\xed\xa0\x80 surrogate\n",
	"\xf0\x9f\xa6",
	"tab\there\x00nul\u2028not a line",
}

func TestPosition(t *testing.T) {
	const crab = "x🦀\u00e9y"
	for _, test := range []struct {
		data         string
		offset       int
		enc          Encoding
		line, column int
	}{
		{crab, 1, UTF8, 0, 1}, {crab, 5, UTF8, 0, 5}, {crab, 7, UTF8, 0, 7},
		{crab, 1, UTF16, 0, 1}, {crab, 5, UTF16, 0, 3}, {crab, 7, UTF16, 0, 4},
		{crab, 1, UTF32, 0, 1}, {crab, 5, UTF32, 0, 2}, {crab, 7, UTF32, 0, 3},
		// Inside a character is its start.
		{crab, 3, UTF8, 0, 1}, {crab, 3, UTF16, 0, 1}, {crab, 3, UTF32, 0, 1},
		// Inside a line ending is the line's end; a lone "\r" ends a line.
		{"a\r\nb", 2, UTF16, 0, 1}, {"a\rb", 2, UTF16, 1, 0}, {"a\n", 2, UTF16, 1, 0},
		// An invalid byte is one unit in each encoding.
		{"\xff\xffa", 2, UTF8, 0, 2}, {"\xff\xffa", 2, UTF16, 0, 2}, {"\xff\xffa", 2, UTF32, 0, 2},
		// Outside of the file is its nearest end.
		{"ab\nc", -1, UTF16, 0, 0}, {"ab\nc", 99, UTF16, 1, 1}, {"", math.MaxInt, UTF8, 0, 0}, {"ab", math.MinInt, UTF8, 0, 0},
	} {
		line, column := NewIndex([]byte(test.data)).Position(test.offset, test.enc)
		if line != test.line || column != test.column {
			t.Errorf("Position(%q, %d, %d) = %d:%d, want %d:%d", test.data, test.offset, test.enc, line, column, test.line, test.column)
		}
	}
}

func TestOffset(t *testing.T) {
	const crab = "ab\nx🦀y"
	for _, test := range []struct {
		line, column int
		enc          Encoding
		want         int
	}{
		{1, 1, UTF16, 4}, {1, 2, UTF16, 4}, {1, 3, UTF16, 8},
		{1, 1, UTF32, 4}, {1, 2, UTF32, 8},
		{1, 2, UTF8, 4}, {1, 4, UTF8, 4}, {1, 5, UTF8, 8},
		{0, 99, UTF16, 2}, {0, math.MaxInt, UTF8, 2}, {0, math.MaxInt, UTF16, 2}, {1, math.MaxInt, UTF8, 9},
		{0, -1, UTF8, 0}, {1, -1, UTF16, 3}, {1, math.MinInt, UTF8, 3},
		{-1, 5, UTF8, 0}, {9, 0, UTF16, 9}, {math.MaxInt, math.MaxInt, UTF32, 9},
	} {
		if got := NewIndex([]byte(crab)).Offset(test.line, test.column, test.enc); got != test.want {
			t.Errorf("Offset(%d, %d, %d) = %d, want %d", test.line, test.column, test.enc, got, test.want)
		}
	}
}

// TestHumanPosition: both from 1, code points, and the byte order mark at the file's start has no column.
func TestHumanPosition(t *testing.T) {
	for _, test := range []struct {
		data         string
		offset       int
		line, column int
	}{
		{"ab", 0, 1, 1}, {"ab", 1, 1, 2}, {"", 0, 1, 1}, {"a\n", 2, 2, 1},
		{"🦀é!", 6, 1, 3},
		{"\xff\xff!", 2, 1, 3},
		{"\uFEFFab", 0, 1, 1}, {"\uFEFFab", 1, 1, 1}, {"\uFEFFab", 3, 1, 1}, {"\uFEFFab", 4, 1, 2},
		{"\uFEFFa\nbc", 6, 2, 2},
		// Elsewhere it is a character.
		{"a\uFEFFb", 4, 1, 3}, {"a\n\uFEFFb", 5, 2, 2},
	} {
		line, column := NewIndex([]byte(test.data)).HumanPosition(test.offset)
		if line != test.line || column != test.column {
			t.Errorf("HumanPosition(%q, %d) = %d:%d, want %d:%d", test.data, test.offset, line, column, test.line, test.column)
		}
	}
}

func TestZeroIndex(t *testing.T) {
	var x Index
	if line, column := x.Position(5, UTF16); line != 0 || column != 0 || x.Lines() != 1 || x.Line(0) != (Span{}) || x.Offset(3, 4, UTF8) != 0 || x.LineOf(7) != 0 {
		t.Error("the zero index is not an empty file")
	}
}

func TestProperties(t *testing.T) {
	for _, data := range samples {
		checkProperties(t, []byte(data))
	}
}

func FuzzIndex(f *testing.F) {
	for _, data := range samples {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkProperties(t, data) })
}

func checkProperties(t *testing.T, data []byte) {
	t.Helper()
	x := NewIndex(data)
	lines := referenceLines(data)
	if len(lines) != x.Lines() {
		t.Fatalf("%q: %d lines, want %d", data, x.Lines(), len(lines))
	}
	for i, want := range lines {
		if got := x.Line(i); got != want {
			t.Fatalf("%q: line %d is %v, want %v", data, i, got, want)
		}
	}
	starts := characterStarts(data)
	for _, enc := range encodings {
		lastLine, lastColumn := 0, 0
		for offset := -1; offset <= len(data)+1; offset++ {
			line, column := x.Position(offset, enc)
			if line < lastLine || line == lastLine && column < lastColumn {
				t.Fatalf("%q: position of %d in encoding %d goes back", data, offset, enc)
			}
			lastLine, lastColumn = line, column
			back := x.Offset(line, column, enc)
			want := min(max(offset, 0), len(data))
			if line := lines[line]; want > line.End {
				want = line.End
			}
			for !starts[want] {
				want--
			}
			if back != want {
				t.Fatalf("%q: %d is %d:%d in encoding %d, which is %d, want %d", data, offset, line, column, enc, back, want)
			}
		}
		for line := -1; line <= len(lines)+1; line++ {
			for column := -1; column < 12; column++ {
				offset := x.Offset(line, column, enc)
				if offset < 0 || offset > len(data) || !starts[offset] {
					t.Fatalf("%q: Offset(%d, %d, %d) = %d lies in no place for a cursor", data, line, column, enc, offset)
				}
				if atLine, atColumn := x.Position(offset, enc); line >= 0 && line < len(lines) && (atLine != line || atColumn > max(column, 0)) {
					t.Fatalf("%q: Offset(%d, %d, %d) = %d, which is %d:%d", data, line, column, enc, offset, atLine, atColumn)
				}
			}
		}
	}
}

// referenceLines is the definition of lines, byte by byte.
func referenceLines(data []byte) []Span {
	var lines []Span
	start := 0
	for i := 0; i < len(data); i++ {
		if data[i] != '\n' && data[i] != '\r' {
			continue
		}
		lines = append(lines, Span{start, i})
		if data[i] == '\r' && i+1 < len(data) && data[i+1] == '\n' {
			i++
		}
		start = i + 1
	}
	return append(lines, Span{start, len(data)})
}

// characterStarts marks the offsets at which a character starts; the file's end is one.
func characterStarts(data []byte) []bool {
	starts := make([]bool, len(data)+1)
	for at := 0; at <= len(data); {
		starts[at] = true
		_, size := utf8.DecodeRune(data[at:])
		at += max(size, 1)
	}
	return starts
}
