package lsp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
)

func TestBodiesThatAreNoMessages(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	bodies := []string{
		`not json`, `{"jsonrpc":"2.0","id":`, ``, ` `, "\x00\xff", `42`, `"text"`, `null`, `[]`, `[1]`, `{}`,
		`[{"jsonrpc":"2.0","id":1,"method":"shutdown"}]`,
		`{"method":"textDocument/hover"}`, `{"jsonrpc":"1.0","method":"x"}`, `{"jsonrpc":2.0,"method":"x"}`,
		`{"jsonrpc":"2.0","id":1.5,"method":"shutdown"}`, `{"jsonrpc":"2.0","id":{},"method":"shutdown"}`,
		`{"jsonrpc":"2.0","id":[1],"method":"shutdown"}`, `{"jsonrpc":"2.0","method":7}`, `{"jsonrpc":"2.0"}`, `{"jsonrpc":"2.0","id":9000}`,
		`{"jsonrpc":"2.0","id":9000,"result":1,"error":2}`, `{"jsonrpc":"2.0","id":9000,"error":"text"}`,
		strings.Repeat("[", 100_000), `{"a":` + strings.Repeat(`{"a":`, 50_000),
	}
	for _, body := range bodies {
		e.send(body)
		e.settled()
	}
	if strings.Count(e.log.String(), "message dropped") == 0 {
		t.Error("nothing is logged")
	}
	if n := strings.Count(e.log.String(), "\n"); n > len(bodies) {
		t.Errorf("%d log lines for %d faults", n, len(bodies))
	}
	// Who can be answered is answered.
	e.send(`{"id":"lost","method":"textDocument/hover","params":{}}`)
	if m := e.answer(`"lost"`); m.Error == nil || m.Error.Code != -32600 {
		t.Errorf("%+v", m)
	}
}

func TestOtherHeaders(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	body := `{"jsonrpc":"2.0","id":"h","method":"vendor/x"}`
	e.raw(fmt.Sprintf("Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:%d\r\nX: y\r\n\r\n%s", len(body), body))
	e.answer(`"h"`)
}

func TestBrokenFramingEndsTheSession(t *testing.T) {
	for name, bytes := range map[string]string{
		"no Content-Length":  "Content-Type: x\r\n\r\n{}",
		"bare JSON":          `{"jsonrpc":"2.0","id":1,"method":"initialize"}` + "\n",
		"bare, no newline":   `{"jsonrpc":"2.0","id":1,"method":"initialize"}`,
		"negative":           "Content-Length: -5\r\n\r\n",
		"no number":          "Content-Length: five\r\n\r\n",
		"huge":               "Content-Length: 99999999999999\r\n\r\n",
		"long line":          strings.Repeat("x", 10_000),
		"many lines":         strings.Repeat("X: y\r\n", 1000),
		"empty header":       "\r\n\r\n",
		"ends in the header": "Content-Len",
		"ends in the body":   "Content-Length: 10\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			e := open(t, Options{}, `{}`, nil)
			e.raw(bytes)
			if strings.HasPrefix(name, "ends") {
				e.in.Close()
			}
			e.exits(exitFailed)
			if n := strings.Count(e.log.String(), "\n"); n != 1 {
				t.Errorf("%d log lines:\n%s", n, e.log)
			}
		})
	}
}

// FuzzStream: whatever comes, reading ends, and answers are messages.
func FuzzStream(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}"))
	f.Add([]byte("Content-Length: 46\r\n\r\n" + `{"jsonrpc":"2.0","id":"h","method":"vendor/x"}`))
	f.Add([]byte("Content-Length: 12\r\n\r\n" + `{"id":1,"me`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out bytes.Buffer
		s := newStream(io.NopCloser(bytes.NewReader(data)), nopWriteCloser{&out}, slog.New(slog.DiscardHandler))
		for {
			if _, _, err := s.Read(context.Background()); err != nil {
				break
			}
		}
		answers := newStream(io.NopCloser(&out), nopWriteCloser{io.Discard}, slog.New(slog.DiscardHandler))
		for {
			if _, _, err := answers.Read(context.Background()); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("our own answers cannot be read: %v", err)
			}
		}
	})
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }
