package nixparse

/*
#cgo CFLAGS: -std=c11 -O2 -I${SRCDIR}/grammar/src
// The runtime comes from go-tree-sitter and is there only when the whole program is linked; cgo also links each package alone.
#cgo linux LDFLAGS: -Wl,--unresolved-symbols=ignore-all
#cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
#include <stdlib.h>
#include "flatten.h"
*/
import "C"

import (
	"math"
	"runtime"
	"strings"
	"unsafe"

	_ "github.com/smacker/go-tree-sitter" // compiles tree-sitter's runtime into the program
)

//go:generate grammar/generate.sh

// record is one node. It has the layout of nixparse_record in flatten.h.
type record struct {
	kind   Kind
	field  Field
	token  uint8 // symbol of the operator or missing token
	flags  uint8
	start  uint32
	end    uint32
	next   uint32 // index after the last descendant
	parent uint32
}

// flagInvalid marks a node that the grammar accepts and Nix does not.
const flagInvalid = 1

// A mismatch of the two layouts does not compile.
var (
	_ [unsafe.Sizeof(record{}) - C.sizeof_nixparse_record]struct{}
	_ [C.sizeof_nixparse_record - unsafe.Sizeof(record{})]struct{}
)

var (
	tables      = newTables()
	symbolNames = newSymbolNames()
)

// newTables says by which numbers the generated parser knows kinds and fields. The numbers change with every change of the grammar.
func newTables() *C.nixparse_tables {
	kinds := make(map[string]Kind, kindCount)
	for k, name := range kindNames {
		kinds[name] = Kind(k)
	}
	fields := make(map[string]Field, fieldCount)
	for f, name := range fieldNames {
		fields[name] = Field(f)
	}
	t := &C.nixparse_tables{source_code: C.uint8_t(SourceCode), error: C.uint8_t(Error), missing: C.uint8_t(Missing)}
	for s := range C.nixparse_symbol_count() {
		name := C.GoString(C.nixparse_symbol_name(s))
		if C.nixparse_symbol_is_named(s) != 0 {
			t.kinds[s] = C.uint8_t(kinds[name])
		} else if strings.Contains(" -> || && == != < <= > >= // + - * / ++ ! ? |> <| ", " "+name+" ") {
			t.operators[s] = 1
		}
		switch Kind(t.kinds[s]) {
		case Comment, Identifier, IntegerExpression, FloatExpression, SpathExpression, PathFragment, URIExpression, StringFragment,
			EscapeSequence, DollarEscape, Ellipses:
			t.leaves[s] = 1
		}
	}
	for f := C.uint32_t(1); f <= C.nixparse_field_count(); f++ {
		name := C.GoString(C.nixparse_field_name(f))
		t.fields[f] = C.uint8_t(fields[name])
		if name == "operator" {
			t.operator_field = C.uint8_t(f)
		}
	}
	return t
}

func newSymbolNames() []string {
	names := make([]string, C.nixparse_symbol_count())
	for s := range names {
		names[s] = C.GoString(C.nixparse_symbol_name(C.uint32_t(s)))
	}
	return names
}

// language is the generated parser, a *TSLanguage in C.
func language() unsafe.Pointer {
	return unsafe.Pointer(C.nixparse_language())
}

// repairs are ways to read text that is not Nix. What they make up becomes Missing nodes.
type repairs struct {
	stringsAreLines bool // a "…" string that is open at the end of its line ends there
	closeAtEnd      bool // all that is open at the end of the text ends there
}

// maxSource is how many bytes of text the parsers take: what tree-sitter's offsets can tell.
const maxSource = math.MaxInt32

// mostTokens is how often the generated parser may ask for a token. Nix has one for six bytes, so this is for a broken file of 10 MB. Text
// like `((((…` takes the parser up to 4 µs and 500 bytes of memory for each.
const mostTokens = 2 << 20

// Parse reads src as one Nix file. It never fails: what is not Nix becomes error nodes. The tree keeps src, which must not change.
func Parse(src []byte) *Tree {
	if records, sound := parseFast(src, true); records != nil {
		t := &Tree{src: src, records: records, sound: sound}
		t.errors = t.mark(nil, 0, len(records))
		return t
	}
	return parseBroken(src)
}

// parseBroken is Parse for what the fast parser does not take.
func parseBroken(src []byte) *Tree {
	t := parse(src, repairs{})
	if !t.broken() || t.gaveUp {
		return t
	}
	var r repairs
	if hasOddLine(src) {
		// A quote that is missing or too many turns all strings after it inside out, and with them what is code. Most strings are of one line.
		if again := parse(src, repairs{stringsAreLines: true}); again.values() > t.values() {
			t, r.stringsAreLines = again, true
		}
	}
	if t.Root().Child(FieldExpression).IsZero() {
		r.closeAtEnd = true
		if again := parse(src, r); !again.Root().Child(FieldExpression).IsZero() {
			t = again
		}
	}
	return t
}

// parse reads src with the generated parser.
func parse(src []byte, r repairs) *Tree { return parseWithin(mostTokens, src, r) }

func parseWithin(tokens uint32, src []byte, r repairs) *Tree {
	t := &Tree{src: src, records: flatten(src, r, tokens)}
	if t.records == nil {
		// More than the parser takes: all of it is an error.
		t.gaveUp = true
		size := uint32(min(uint64(len(src)), math.MaxUint32))
		t.records = []record{{kind: SourceCode, end: size, next: 2}, {kind: Error, end: size, next: 2}}
	}
	t.errors = t.mark(nil, 0, len(t.records))
	return t
}

// broken tells whether the parser had to make something up or leave something out.
func (t *Tree) broken() bool {
	for _, i := range t.errors {
		if kind := t.records[i].kind; kind == Error || kind == Missing {
			return true
		}
	}
	return false
}

func flatten(src []byte, r repairs, mostTokens uint32) []record {
	if len(src) > maxSource {
		return nil
	}
	result := C.nixparse_parse((*C.char)(unsafe.Pointer(unsafe.SliceData(src))), C.uint32_t(len(src)), tables,
		C.bool(r.stringsAreLines), C.bool(r.closeAtEnd), C.uint32_t(mostTokens))
	runtime.KeepAlive(src)
	if result.records == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(result.records))
	records := make([]record, result.count)
	copy(records, unsafe.Slice((*record)(unsafe.Pointer(result.records)), len(records)))
	return records
}
