package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
)

// deadline is how long a test waits for what must happen: far more than it takes on a busy machine.
const deadline = 20 * time.Second

// message is whatever the server sends.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// editor is a client that can also send what no library would: it speaks raw frames over pipes to a server in this process.
type editor struct {
	t    *testing.T
	root string
	log  *logged
	in   *io.PipeWriter
	exit chan int

	write sync.Mutex

	mu       sync.Mutex
	arrived  chan struct{} // closed and replaced when something arrives
	answers  map[string]message
	received []message // notifications and requests of the server
	refuse   map[string]bool
	lastID   int
}

// logged is the server's log.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func loggerTo(log *logged) *slog.Logger { return slog.New(slog.NewTextHandler(log, nil)) }

// start runs a server; the session ends with the test.
func start(t *testing.T, opts Options) *editor {
	t.Helper()
	log := &logged{}
	opts.Log = loggerTo(log)
	serverIn, editorOut := io.Pipe()
	editorIn, serverOut := io.Pipe()
	e := &editor{
		t: t, log: log, in: editorOut, exit: make(chan int, 1),
		arrived: make(chan struct{}), answers: map[string]message{}, refuse: map[string]bool{},
	}
	var both sync.WaitGroup
	both.Go(func() { e.exit <- Serve(context.Background(), serverIn, serverOut, opts) })
	both.Go(func() { e.read(bufio.NewReader(editorIn)) })
	t.Cleanup(func() {
		editorOut.Close()
		both.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", log)
		}
	})
	return e
}

// open starts a session in a folder with these files.
func open(t *testing.T, opts Options, capabilities string, files map[string]string) *editor {
	t.Helper()
	e := start(t, opts)
	e.root = tempDir(t)
	for name, content := range files {
		e.writeFile(name, content)
	}
	e.initialize(fmt.Sprintf(`{"processId":null,"rootUri":%q,"capabilities":%s}`, e.uri(""), capabilities))
	return e
}

func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func (e *editor) initialize(params string) json.RawMessage {
	e.t.Helper()
	result := e.call("initialize", params)
	e.notify("initialized", `{}`)
	return result
}

func (e *editor) path(rel string) string { return filepath.Join(e.root, filepath.FromSlash(rel)) }

func (e *editor) uri(rel string) string { return "file://" + e.path(rel) }

func (e *editor) writeFile(rel, content string) {
	e.t.Helper()
	if err := os.MkdirAll(filepath.Dir(e.path(rel)), 0o755); err != nil {
		e.t.Fatal(err)
	}
	if err := os.WriteFile(e.path(rel), []byte(content), 0o644); err != nil {
		e.t.Fatal(err)
	}
}

// read takes everything that comes and answers the server's requests.
func (e *editor) read(in *bufio.Reader) {
	for {
		header, err := in.ReadString('\n')
		if err != nil {
			return
		}
		length, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(header, "Content-Length:")))
		if err != nil {
			e.t.Errorf("the server sent the header %q", header)
			return
		}
		in.Discard(len("\r\n"))
		body := make([]byte, length)
		if _, err := io.ReadFull(in, body); err != nil {
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			e.t.Errorf("the server sent %q: %v", body, err)
			return
		}
		e.mu.Lock()
		if m.Method == "" {
			if _, twice := e.answers[string(m.ID)]; twice && string(m.ID) != "null" {
				e.t.Errorf("a second answer to %s", m.ID)
			}
			e.answers[string(m.ID)] = m
		} else {
			if len(e.answers) == 0 {
				e.t.Errorf("%s comes before any answer", m.Method)
			}
			e.received = append(e.received, m)
		}
		refused := e.refuse[m.Method]
		close(e.arrived)
		e.arrived = make(chan struct{})
		e.mu.Unlock()
		if m.Method != "" && m.ID != nil {
			reply := `"result":null`
			if refused {
				reply = `"error":{"code":-32601,"message":"no"}`
			}
			go e.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,%s}`, m.ID, reply)) // never wait for the server to read
		}
	}
}

// raw writes bytes as they are.
func (e *editor) raw(s string) {
	e.write.Lock()
	defer e.write.Unlock()
	io.WriteString(e.in, s) // the server may be gone, which the test sees in other ways
}

func (e *editor) send(body string) {
	e.raw(fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
}

func (e *editor) notify(method, params string) {
	e.send(fmt.Sprintf(`{"jsonrpc":"2.0","method":%q,"params":%s}`, method, params))
}

// request sends a request and returns its id.
func (e *editor) request(method, params string) string {
	e.mu.Lock()
	e.lastID++
	id := strconv.Itoa(e.lastID)
	e.mu.Unlock()
	e.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":%s}`, id, method, params))
	return id
}

// answer waits for the answer to a request.
func (e *editor) answer(id string) message {
	e.t.Helper()
	var m message
	e.eventually("an answer to request "+id, func() (ok bool) {
		m, ok = e.answers[id]
		return ok
	})
	return m
}

// call sends a request that must succeed.
func (e *editor) call(method, params string) json.RawMessage {
	e.t.Helper()
	m := e.answer(e.request(method, params))
	if m.Error != nil {
		e.t.Fatalf("%s: %+v", method, *m.Error)
	}
	return m.Result
}

// fails sends a request that must fail with a code.
func (e *editor) fails(code int, method, params string) {
	e.t.Helper()
	m := e.answer(e.request(method, params))
	if m.Error == nil || m.Error.Code != code {
		e.t.Errorf("%s %s: want error %d, got %+v %s", method, params, code, m.Error, m.Result)
	}
}

// eventually waits until the condition holds. It is asked with e.mu locked, whenever something arrived and now and then besides.
func (e *editor) eventually(what string, condition func() bool) {
	e.t.Helper()
	end := time.After(deadline)
	for {
		e.mu.Lock()
		ok, arrived := condition(), e.arrived
		e.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-arrived:
		case <-time.After(5 * time.Millisecond):
		case <-end:
			e.t.Fatalf("waited in vain for %s; the server's log:\n%s", what, e.log)
		}
	}
}

// settled waits until everything that was sent has been read, and the session still stands.
func (e *editor) settled() {
	e.t.Helper()
	e.call("textDocument/hover", fmt.Sprintf(`{"textDocument":{"uri":%q},"position":{"line":0,"character":0}}`, "untitled:x"))
}

// exits waits for the end of the session.
func (e *editor) exits(want int) {
	e.t.Helper()
	select {
	case code := <-e.exit:
		if code != want {
			e.t.Errorf("exit status %d, want %d", code, want)
		}
		e.exit <- code
	case <-time.After(deadline):
		e.t.Fatal("the server does not end")
	}
}

type published struct {
	URI         string `json:"uri"`
	Version     *int   `json:"version"`
	Diagnostics []struct {
		Range    wireRange `json:"range"`
		Severity int       `json:"severity"`
		Code     string    `json:"code"`
		Source   string    `json:"source"`
		Message  string    `json:"message"`
		Data     json.RawMessage
		Link     struct {
			Href string `json:"href"`
		} `json:"codeDescription"`
		Related []struct {
			Message  string `json:"message"`
			Location struct {
				URI string `json:"uri"`
			} `json:"location"`
		} `json:"relatedInformation"`
	} `json:"diagnostics"`
}

// publications lists what was published for a file, e.mu locked.
func (e *editor) publications(rel string) []published {
	var all []published
	for _, m := range e.received {
		if m.Method != "textDocument/publishDiagnostics" {
			continue
		}
		var p published
		if err := json.Unmarshal(m.Params, &p); err != nil {
			e.t.Errorf("%s: %v", m.Params, err)
		}
		if p.URI == e.uri(rel) {
			all = append(all, p)
		}
	}
	return all
}

// shows waits until the last publication for a file has n diagnostics, and returns it.
func (e *editor) shows(rel string, n int) published {
	e.t.Helper()
	var last published
	e.eventually(fmt.Sprintf("%d diagnostics on %s", n, rel), func() bool {
		all := e.publications(rel)
		if len(all) == 0 {
			return false
		}
		last = all[len(all)-1]
		return len(last.Diagnostics) == n
	})
	return last
}

// count is how often the server sent a method.
func (e *editor) count(method string) int {
	n := 0
	for _, m := range e.received {
		if m.Method == method {
			n++
		}
	}
	return n
}

// receives waits for a message of the server with this text in it.
func (e *editor) receives(method, part string) message {
	e.t.Helper()
	var found message
	e.eventually(method+" with "+part, func() bool {
		for _, m := range e.received {
			if m.Method == method && strings.Contains(string(m.Params), part) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func (e *editor) didOpen(rel string, version int, content string) {
	e.notify("textDocument/didOpen", fmt.Sprintf(`{"textDocument":{"uri":%q,"languageId":"","version":%d,"text":%s}}`, e.uri(rel), version, quote(content)))
}

// didChange sends one change; an empty range replaces everything.
func (e *editor) didChange(rel string, version int, at, content string) {
	if at != "" {
		at = `"range":` + at + `,`
	}
	e.notify("textDocument/didChange", fmt.Sprintf(`{"textDocument":{"uri":%q,"version":%d},"contentChanges":[{%s"text":%s}]}`, e.uri(rel), version, at, quote(content)))
}

func (e *editor) hoverParams(rel string, line, character int) string {
	return fmt.Sprintf(`{"textDocument":{"uri":%q},"position":%s}`, e.uri(rel), pos(line, character))
}

func pos(line, character int) string {
	return fmt.Sprintf(`{"line":%d,"character":%d}`, line, character)
}

func span(fromLine, from, toLine, to int) string {
	return fmt.Sprintf(`{"start":%s,"end":%s}`, pos(fromLine, from), pos(toLine, to))
}

// quote is JSON, which %q is not.
func quote(s string) string {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// checkWord is a check that finds every BAD in the named files.
func checkWord(fixes func(f *analysis.Finding) []analysis.Fix, files ...string) *analysis.Check {
	return &analysis.Check{Code: "bad-word", Title: "bad word", Severity: analysis.Error, Run: func(p *analysis.Pass) {
		for _, rel := range files {
			file := p.Snapshot.File(rel)
			if file == nil {
				continue
			}
			data, err := file.Data()
			if err != nil {
				p.Report(analysis.Finding{Severity: analysis.Warning, Location: analysis.Location{File: rel}, Message: err.Error()})
				continue
			}
			for from := 0; ; {
				at := bytes.Index(data[from:], []byte("BAD"))
				if at < 0 {
					break
				}
				from += at + len("BAD")
				f := analysis.Finding{
					Severity: analysis.Error, Message: "BAD is bad", Subject: fmt.Sprint("word ", from),
					Location: analysis.Location{File: rel, Span: text.Span{Start: from - len("BAD"), End: from}},
				}
				if fixes != nil {
					f.Fixes = fixes(&f)
				}
				p.Report(f)
			}
		}
	}}
}

func checks(list ...*analysis.Check) Options { return Options{Version: "test", Checks: list} }
