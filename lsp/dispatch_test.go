package lsp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/ide"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// echoHover answers with the text of the whole file, as the snapshot has it.
func echoHover(snap *workspace.Snapshot, file string, byteOffset int) *ide.HoverText {
	data, err := snap.File(file).Data()
	if err != nil {
		return nil
	}
	return &ide.HoverText{Markdown: string(data), Span: text.Span{Start: byteOffset, End: byteOffset}}
}

func TestThreeThousandEditsKeepTheirOrder(t *testing.T) {
	const edits = 3000
	// Every version that the analysis sees is a prefix of the numbers.
	var versions sync.Map
	watch := &analysis.Check{Code: "watch", Run: func(p *analysis.Pass) {
		if file := p.Snapshot.File("Cargo.nix"); file != nil {
			data, _ := file.Data()
			versions.Store(string(data), true)
		}
	}}
	e := open(t, Options{Checks: []*analysis.Check{watch}, hover: echoHover}, `{"general":{"positionEncodings":["utf-8"]}}`, nil)
	e.didOpen("Cargo.nix", 0, "")
	want := ""
	middle, half := "", ""
	for i := 1; i <= edits; i++ {
		// Each edit appends: one out of order would show for ever.
		word := fmt.Sprintf("%d ", i)
		e.didChange("Cargo.nix", i, span(0, len(want), 0, len(want)), word)
		want += word
		if i == edits/2 {
			half = want
			middle = e.request("textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
		}
	}
	last := e.call("textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
	if !strings.Contains(string(last), quote(want)) {
		t.Errorf("the last text is wrong: …%s", last[max(0, len(last)-100):])
	}
	if pinned := e.answer(middle); !strings.Contains(string(pinned.Result), quote(half)) {
		t.Errorf("the hover in the middle saw another text: %.200s", pinned.Result)
	}
	inversions := 0
	versions.Range(func(key, _ any) bool {
		if !strings.HasPrefix(want, key.(string)) {
			inversions++
		}
		return true
	})
	if inversions > 0 {
		t.Errorf("%d analysed texts never existed", inversions)
	}
}

// blocking is a method that waits for its cancellation, or for release.
func blocking(started *atomic.Int32, peak *atomic.Int32, release chan struct{}) map[string]method {
	var running atomic.Int32
	return map[string]method{"test/block": {concurrent, func(ctx context.Context, _ *server, _ *view, _ []byte) (any, error) {
		now := running.Add(1)
		defer running.Add(-1)
		for old := peak.Load(); now > old && !peak.CompareAndSwap(old, now); old = peak.Load() {
		}
		started.Add(1)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-release:
			return "done", nil
		}
	}}}
}

func TestCancel(t *testing.T) {
	var started, peak atomic.Int32
	release := make(chan struct{})
	e := open(t, Options{methods: blocking(&started, &peak, release)}, `{}`, nil)
	cancelled := func(id string) {
		t.Helper()
		if m := e.answer(id); m.Error == nil || m.Error.Code != -32800 {
			t.Errorf("request %s: %+v %s", id, m.Error, m.Result)
		}
	}

	t.Run("running", func(t *testing.T) {
		id := e.request("test/block", `{}`)
		e.eventually("the start", func() bool { return started.Load() == 1 })
		e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, id))
		cancelled(id)
	})
	t.Run("string id", func(t *testing.T) {
		e.send(`{"jsonrpc":"2.0","id":"a\"b","method":"test/block","params":{}}`)
		e.notify("$/cancelRequest", `{"id":"a\"b"}`)
		cancelled(`"a\"b"`)
	})
	t.Run("all at once", func(t *testing.T) {
		var ids []string
		for range 1000 {
			id := e.request("test/block", `{}`)
			e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, id))
			ids = append(ids, id)
		}
		for _, id := range ids {
			cancelled(id)
		}
	})
	t.Run("queued", func(t *testing.T) {
		before := started.Load()
		var ids []string
		for range maxConcurrentRequests + 5 {
			ids = append(ids, e.request("test/block", `{}`))
		}
		e.eventually("full slots", func() bool { return started.Load() == before+maxConcurrentRequests })
		// One after the other, so that it does not matter which of them are queued; every second waits for its answer.
		for _, id := range ids {
			e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, id))
			cancelled(id)
		}
	})
	t.Run("bound", func(t *testing.T) {
		var ids []string
		for range 50 {
			ids = append(ids, e.request("test/block", `{}`))
		}
		close(release)
		for _, id := range ids {
			if m := e.answer(id); string(m.Result) != `"done"` {
				t.Errorf("%+v", m)
			}
		}
		if peak.Load() > maxConcurrentRequests {
			t.Errorf("%d requests ran at the same time", peak.Load())
		}
	})
	t.Run("ids that cannot be", func(t *testing.T) {
		for _, id := range []string{`null`, `{}`, `[]`, `1.5`, `99999999999999999999`, `true`, `-1`, `"unknown"`, `3000000000`} {
			e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, id))
		}
		e.notify("$/cancelRequest", `{}`)
		e.settled()
	})
}

func TestLifecycle(t *testing.T) {
	e := start(t, Options{})
	e.root = tempDir(t)
	e.fails(-32002, "textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
	e.fails(-32002, "shutdown", `null`)
	e.notify("textDocument/didOpen", `{}`) // too early, and malformed besides
	e.notify("initialized", `{}`)
	e.fails(-32602, "initialize", `[]`)
	e.initialize(`{"capabilities":{}}`)
	e.fails(-32600, "initialize", `{"capabilities":{}}`)
	e.settled()
	e.call("shutdown", `null`)
	e.fails(-32600, "textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
	e.fails(-32600, "shutdown", `null`)
	e.fails(-32600, "initialize", `{"capabilities":{}}`)
	e.notify("exit", `null`)
	e.exits(exitClean)
}

func TestExitWithoutShutdownFails(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	e.send(`{"jsonrpc":"2.0","method":"exit"}`)
	e.exits(exitFailed)
}

func TestExitBeforeInitialize(t *testing.T) {
	e := start(t, Options{})
	e.notify("exit", `null`)
	e.exits(exitFailed)
}

func TestEndOfInputEnds(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	e.settled()
	e.in.Close()
	e.exits(exitFailed)
	if strings.Contains(e.log.String(), "ERROR") {
		t.Errorf("a plain end is no error: %s", e.log)
	}
}

func TestEndOfInputAfterShutdownIsClean(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	e.call("shutdown", `null`)
	e.in.Close()
	e.exits(exitClean)
}

func TestEndOfInputDuringRequests(t *testing.T) {
	var started, peak atomic.Int32
	e := open(t, Options{methods: blocking(&started, &peak, nil)}, `{}`, nil)
	e.request("test/block", `{}`)
	e.eventually("the start", func() bool { return started.Load() == 1 })
	e.in.Close()
	e.exits(exitFailed)
}

func TestUnknownMessages(t *testing.T) {
	e := open(t, Options{}, `{}`, nil)
	for _, method := range []string{"$/setTrace", "$/anything", "vendor/thing", "workspace/didChangeConfiguration", "textDocument/willSave", "notebookDocument/didOpen", ""} {
		for _, params := range []string{`null`, `{}`, `[]`, `{"x":[1,null]}`} {
			e.notify(method, params)
		}
		e.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q}`, method))
	}
	for _, method := range []string{"$/ask", "vendor/thing", "textDocument/completion", "workspace/symbol"} {
		e.fails(-32601, method, `{}`)
	}
	e.send(`{"jsonrpc":"2.0","id":"no params","method":"vendor/thing"}`)
	if m := e.answer(`"no params"`); m.Error == nil || m.Error.Code != -32601 {
		t.Errorf("%+v", m)
	}
	// A response that nobody waits for.
	e.send(`{"jsonrpc":"2.0","id":12345,"result":null}`)
	e.send(`{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"no"}}`)
	// A notification with an id, and a request without one.
	e.fails(-32600, "textDocument/didSave", `{}`)
	e.notify("textDocument/hover", `{}`)
	e.settled()
}

func TestMalformedParameters(t *testing.T) {
	e := open(t, Options{hover: echoHover}, `{}`, map[string]string{"Cargo.nix": "x"})
	for _, method := range []string{"textDocument/hover", "textDocument/definition", "textDocument/codeAction", "workspace/executeCommand"} {
		for _, params := range []string{`null`, `[]`, `{}`, `{"textDocument":null}`, `{"textDocument":{"uri":42},"position":{"line":0,"character":0}}`} {
			e.fails(-32602, method, params)
		}
	}
	for _, position := range []string{`"x"`, `[]`, `{"line":"1","character":0}`, `{"line":[],"character":0}`, `null`} {
		e.fails(-32602, "textDocument/hover", fmt.Sprintf(`{"textDocument":{"uri":%q},"position":%s}`, e.uri("Cargo.nix"), position))
	}
	for _, method := range []string{
		"initialized", "textDocument/didOpen", "textDocument/didChange", "textDocument/didSave", "textDocument/didClose",
		"workspace/didChangeWatchedFiles", "workspace/didChangeWorkspaceFolders", "$/cancelRequest", "window/workDoneProgress/cancel",
	} {
		for _, params := range []string{
			`null`, `[]`, `{}`, `{"textDocument":42}`, `{"textDocument":{"uri":42}}`, `{"textDocument":{"uri":null,"version":"x","text":7}}`,
			`{"contentChanges":{}}`, `{"changes":[null,{"uri":3}]}`, `{"event":[]}`, `{"event":{"added":[null,{"uri":"no uri"}]}}`, `{"token":{}}`,
		} {
			e.notify(method, params)
		}
		e.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q}`, method))
	}
	// Positions that no file has are moved to the nearest that it has.
	for _, position := range []string{`{"line":-1,"character":-1}`, `{"line":1.0,"character":1e99}`, `{"line":4294967296,"character":2147483647}`, `{"line":null,"character":null}`, `{}`} {
		e.call("textDocument/hover", fmt.Sprintf(`{"textDocument":{"uri":%q},"position":%s}`, e.uri("Cargo.nix"), position))
	}
}

func TestInitializeIsTolerant(t *testing.T) {
	for _, params := range []string{
		`{"capabilities":{},"trace":null,"processId":null,"rootUri":null,"rootPath":null,"workspaceFolders":null,"clientInfo":null,"locale":null}`,
		`{"capabilities":null,"trace":"loud"}`,
		`{"capabilities":{"general":{"positionEncodings":[null,"ebcdic",3]},"workspace":null,"textDocument":{"hover":true,"codeAction":{"codeActionLiteralSupport":false}}}}`,
		`{"capabilities":{},"processId":"x","workspaceFolders":{"a":1},"rootUri":42,"initializationOptions":[1]}`,
		`{}`,
	} {
		e := start(t, Options{})
		if result := e.initialize(params); !strings.Contains(string(result), `"positionEncoding":"utf-16"`) {
			t.Errorf("%s: %s", params, result)
		}
		e.settled()
	}
}

func TestPanicsAreAnsweredAndLoggedOnce(t *testing.T) {
	e := open(t, Options{methods: map[string]method{
		"test/panic":  {concurrent, func(context.Context, *server, *view, []byte) (any, error) { panic("kaboom") }},
		"test/inline": {ordered, func(context.Context, *server, *view, []byte) (any, error) { panic("kaboom inline") }},
		"test/notice": {notification, func(context.Context, *server, *view, []byte) (any, error) { panic("kaboom notice") }},
		"test/plain":  {concurrent, func(context.Context, *server, *view, []byte) (any, error) { return nil, errors.New("plain") }},
	}}, `{}`, nil)
	for range 3 {
		e.fails(-32603, "test/panic", `{}`)
		e.fails(-32603, "test/inline", `{}`)
		e.fails(-32603, "test/plain", `{}`)
		e.notify("test/notice", `{}`)
	}
	e.settled()
	for _, what := range []string{`panic=kaboom `, `panic="kaboom inline"`, `panic="kaboom notice"`} {
		if n := strings.Count(e.log.String(), what); n != 1 {
			t.Errorf("%s is logged %d times", what, n)
		}
	}
	if !strings.Contains(e.log.String(), "dispatch_test.go") {
		t.Error("the log has no stack")
	}
}

func TestPanickingCheckLeavesTheOthers(t *testing.T) {
	broken := &analysis.Check{Code: "broken", Run: func(*analysis.Pass) { panic("check kaboom") }}
	e := open(t, checks(broken, checkWord(nil, "Cargo.nix")), `{}`, map[string]string{"Cargo.nix": "BAD\n"})
	e.shows("Cargo.nix", 1)
	e.didOpen("Cargo.nix", 1, "BAD BAD\n")
	e.shows("Cargo.nix", 2)
	if n := strings.Count(e.log.String(), "check kaboom"); n != 1 {
		t.Errorf("logged %d times:\n%s", n, e.log)
	}
}
