package lsp

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis/text"
)

// hovered is the text of a document as the server has it, and where it placed the hover.
func (e *editor) hovered(rel string, line, character int) (content string, at wireRange) {
	e.t.Helper()
	var hover struct {
		Contents struct{ Value string }
		Range    wireRange
	}
	if err := json.Unmarshal(e.call("textDocument/hover", e.hoverParams(rel, line, character)), &hover); err != nil {
		e.t.Fatal(err)
	}
	return hover.Contents.Value, hover.Range
}

func TestPositionEncodings(t *testing.T) {
	// é is 2 bytes and 1 unit, 𝄞 is 4 bytes, 2 units of UTF-16 and 1 code point.
	const line = "# é𝄞 BAD here\r\n"
	for _, test := range []struct {
		offered, chosen string
		column          int
	}{
		{`["utf-16","utf-8"]`, "utf-8", 9},
		{`["utf-32","utf-8","utf-16"]`, "utf-8", 9},
		{`["utf-16"]`, "utf-16", 6},
		{`["utf-32","utf-16"]`, "utf-16", 6},
		{`["utf-32"]`, "utf-32", 5},
		{`[]`, "utf-16", 6},
		{`null`, "utf-16", 6},
	} {
		t.Run(test.offered, func(t *testing.T) {
			e := start(t, Options{Checks: checks(checkWord(nil, "Cargo.nix")).Checks, hover: echoHover})
			e.root = tempDir(t)
			result := e.initialize(fmt.Sprintf(`{"rootUri":%q,"capabilities":{"general":{"positionEncodings":%s},"textDocument":{"hover":{"contentFormat":["plaintext","markdown"]}}}}`, e.uri(""), test.offered))
			if !strings.Contains(string(result), fmt.Sprintf(`"positionEncoding":%q`, test.chosen)) {
				t.Errorf("%s", result)
			}
			e.didOpen("Cargo.nix", 1, "first\r\n"+line)
			d := e.shows("Cargo.nix", 1).Diagnostics[0]
			want := wireRange{wirePosition{1, coordinate(test.column)}, wirePosition{1, coordinate(test.column + 3)}}
			if d.Range != want {
				t.Errorf("published at %+v, want %+v", d.Range, want)
			}
			// Back: the server finds the byte and says the same column again.
			if _, at := e.hovered("Cargo.nix", 1, test.column); at.Start != want.Start {
				t.Errorf("hover at %+v, want %+v", at.Start, want.Start)
			}
			// An edit in these units, and one from behind the line's end to behind the file's.
			e.didChange("Cargo.nix", 2, span(1, test.column, 1, test.column+3), "GOOD")
			if got, _ := e.hovered("Cargo.nix", 0, 0); got != "first\r\n"+strings.Replace(line, "BAD", "GOOD", 1) {
				t.Errorf("%q", got)
			}
			e.shows("Cargo.nix", 0)
			e.didChange("Cargo.nix", 3, span(0, 1000, 99, 1000), "!")
			if got, _ := e.hovered("Cargo.nix", 0, 0); got != "first!" {
				t.Errorf("%q", got)
			}
			e.didChange("Cargo.nix", 4, "", "all new\n")
			if got, _ := e.hovered("Cargo.nix", 0, 0); got != "all new\n" {
				t.Errorf("%q", got)
			}
			// Turned round, and several changes in one message, each on the result of the one before.
			e.notify("textDocument/didChange", fmt.Sprintf(`{"textDocument":{"uri":%q,"version":5},"contentChanges":[{"range":%s,"text":"ALL"},{"range":%s,"text":"\n"},{"text":null,"range":%s}]}`,
				e.uri("Cargo.nix"), span(0, 3, 0, 0), span(0, 3, 0, 4), span(1, 0, 1, 1)))
			if got, _ := e.hovered("Cargo.nix", 0, 0); got != "ALL\new\n" {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestRandomEdits compares with an editor that holds its text as lines of code units, as VS Code does.
func TestRandomEdits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{"a", "é", "𝄞", "\n", "\r\n", "{", "日", " "}
	word := func() string {
		var b strings.Builder
		for range random.IntN(6) {
			b.WriteString(alphabet[random.IntN(len(alphabet))])
		}
		return b.String()
	}
	for _, enc := range []text.Encoding{text.UTF8, text.UTF16, text.UTF32} {
		doc := &document{}
		for step := range 2000 {
			old := string(doc.text)
			// Two places between characters; "\r\n" is one.
			places := []int{len(old)}
			for i := range old {
				if i == 0 || old[i-1:i] != "\r" {
					places = append(places, i)
				}
			}
			from, to := places[random.IntN(len(places))], places[random.IntN(len(places))]
			from, to = min(from, to), max(from, to)
			if to-from > 40 {
				from = to // keep it growing
			}
			insert := word()
			doc = doc.after([]contentChange{{Range: &wireRange{place(old, from, enc), place(old, to, enc)}, Text: insert}}, int32(step), enc)
			if want := old[:from] + insert + old[to:]; string(doc.text) != want {
				t.Fatalf("encoding %d: %q with %q for %d-%d is %q", enc, old, insert, from, to, doc.text)
			}
			if len(doc.text) > 400 {
				doc = &document{}
			}
		}
	}
}

// place counts lines and columns in another way than the server does.
func place(content string, byteOffset int, enc text.Encoding) wirePosition {
	before := content[:byteOffset]
	lines := strings.Split(strings.ReplaceAll(strings.ReplaceAll(before, "\r\n", "\n"), "\r", "\n"), "\n")
	column := lines[len(lines)-1]
	n := map[text.Encoding]int{text.UTF8: len(column), text.UTF16: len(utf16.Encode([]rune(column))), text.UTF32: utf8.RuneCountInString(column)}[enc]
	return wirePosition{coordinate(len(lines) - 1), coordinate(n)}
}

func TestDocumentsThatAreNotOurs(t *testing.T) {
	e := open(t, Options{Checks: checks(checkWord(nil, "Cargo.nix")).Checks, hover: echoHover}, `{}`, map[string]string{"Cargo.nix": "BAD"})
	e.shows("Cargo.nix", 1)
	for _, uri := range []string{"untitled:Untitled-1", "vscode-vfs://github/x/Cargo.nix", "git:/x/Cargo.nix?{}", "http://example.org/Cargo.nix", "Cargo.nix", "file:Cargo.nix", "%", "file://", "file:///%00"} {
		e.notify("textDocument/didOpen", fmt.Sprintf(`{"textDocument":{"uri":%q,"version":1,"text":"BAD"}}`, uri))
		e.notify("textDocument/didChange", fmt.Sprintf(`{"textDocument":{"uri":%q,"version":2},"contentChanges":[{"text":"BAD BAD"}]}`, uri))
		for _, method := range []string{"textDocument/hover", "textDocument/definition", "textDocument/codeAction"} {
			result := e.call(method, fmt.Sprintf(`{"textDocument":{"uri":%q},"position":{"line":0,"character":0},"range":%s,"context":{"diagnostics":[]}}`, uri, span(0, 0, 0, 3)))
			if string(result) != "null" {
				t.Errorf("%s on %s: %s", method, uri, result)
			}
		}
		e.notify("textDocument/didSave", fmt.Sprintf(`{"textDocument":{"uri":%q}}`, uri))
		e.notify("textDocument/didClose", fmt.Sprintf(`{"textDocument":{"uri":%q}}`, uri))
	}
	// A change of what was never opened, and a close.
	e.didChange("Cargo.nix", 7, "", "BAD BAD BAD")
	e.notify("textDocument/didClose", fmt.Sprintf(`{"textDocument":{"uri":%q}}`, e.uri("Cargo.nix")))
	if got, _ := e.hovered("Cargo.nix", 0, 0); got != "BAD" {
		t.Errorf("%q", got)
	}
}

func TestURISpellings(t *testing.T) {
	for _, raw := range []string{"file:///a/é +@/Cargo.nix", "file:///a/%C3%A9%20%2B%40/Cargo.nix", "file:///a/%c3%a9%20+@/./Cargo.nix", "file:///a//é%20%2b%40/Cargo.nix"} {
		if path, ok := pathOf(raw); !ok || path != "/a/é +@/Cargo.nix" {
			t.Errorf("%s is %q", raw, path)
		}
	}
	v := &view{docs: map[string]*document{"/a b": {uri: "file:///a%20b"}}}
	if uri := uriOf(v, "/a b"); uri != "file:///a%20b" {
		t.Error(uri)
	}
	if uri := uriOf(v, "/a @"); uri != "file:///a%20%40" {
		t.Error(uri)
	}
	// What a client spelled in its own way goes back unchanged.
	raw, err := protocol.Marshal(&protocol.PublishDiagnosticsParams{URI: uriFrom("file:///a @")})
	if err != nil || !strings.Contains(string(raw), `"file:///a @"`) {
		t.Errorf("%s %v", raw, err)
	}
}
