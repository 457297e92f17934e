package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
)

// helperEnv makes this test binary another program: see TestMain.
const helperEnv = "CARGONIX_TEST_HELPER"

func TestMain(m *testing.M) {
	if helper := os.Getenv(helperEnv); helper != "" {
		os.Exit(runHelper(helper))
	}
	if filepath.Base(os.Args[0]) == "nix" {
		os.Exit(runNix())
	}
	// For the commands that the server starts there is no environment to set, but arguments.
	if len(os.Args) > 2 && os.Args[1] == "helper" {
		os.Exit(runHelper(os.Args[2]))
	}
	os.Exit(m.Run())
}

// runNix stands for the generator that TestNeovim's fix runs: it notes how it was called and ends the drift.
func runNix() int {
	dir, _ := os.Getwd()
	call := fmt.Sprintf("%s\n%s\n", dir, strings.Join(os.Args[1:], " "))
	lock, err := os.ReadFile(os.Getenv("CARGONIX_TEST_LOCK"))
	if err == nil {
		err = os.WriteFile("Cargo.lock", lock, 0o644)
	}
	if err == nil {
		err = os.WriteFile(os.Getenv("CARGONIX_TEST_CALL"), []byte(call), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runHelper(name string) int {
	switch name {
	case "write": // standard input into a file, and the folder it runs in
		content, _ := io.ReadAll(os.Stdin)
		dir, _ := os.Getwd()
		if err := os.WriteFile(os.Args[3], []byte(string(content)+dir), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	case "fail":
		for i := range 100 {
			fmt.Printf("\x1b[31mline %d\x1b[0m\r\n", i)
		}
		fmt.Fprintln(os.Stderr, "error: it is broken")
		return 3
	case "hang": // with a child that hangs as well, and says its process id in a file
		child := exec.Command("/bin/sleep", "1000")
		if err := child.Start(); err != nil {
			return 1
		}
		fmt.Println("hanging")
		os.WriteFile(os.Args[3]+".tmp", []byte(strconv.Itoa(child.Process.Pid)), 0o644)
		os.Rename(os.Args[3]+".tmp", os.Args[3])
		child.Wait()
	case "copy":
		content, err := os.ReadFile(os.Args[3])
		if err != nil {
			return 1
		}
		os.WriteFile(os.Args[4], content, 0o644)
	case "parent":
		return runParent()
	case "server":
		return Serve(context.Background(), os.Stdin, os.Stdout, Options{Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), ParentCheck: 20 * time.Millisecond})
	default:
		fmt.Fprintln(os.Stderr, "no such helper", name)
		return 2
	}
	return 0
}

// self is a command line that runs a helper.
func self(t *testing.T, args ...string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{exe, "helper"}, args...)
}

// commandFix is a check's only fix.
func commandFix(fix analysis.Fix) func(*analysis.Finding) []analysis.Fix {
	fix.Kind = analysis.FixCommand
	return func(*analysis.Finding) []analysis.Fix { return []analysis.Fix{fix} }
}

// runFirst sends the command of the first code action at the start of a file.
func (e *editor) runFirst(rel, more string) (id string) {
	e.t.Helper()
	return e.request("workspace/executeCommand", e.commandParams(rel, more))
}

func (e *editor) commandParams(rel, more string) string {
	e.t.Helper()
	list := e.actions(rel, span(0, 0, 0, 0), `"diagnostics":[]`)
	if len(list) == 0 {
		e.t.Fatal("no code action")
	}
	var command struct {
		Command   string
		Arguments json.RawMessage
	}
	if err := json.Unmarshal(list[0].Command, &command); err != nil {
		e.t.Fatal(err)
	}
	return fmt.Sprintf(`{"command":%q,"arguments":%s%s}`, command.Command, command.Arguments, more)
}

func (e *editor) result(id string) commandResult {
	e.t.Helper()
	m := e.answer(id)
	if m.Error != nil {
		e.t.Fatalf("%+v", *m.Error)
	}
	var r commandResult
	if err := json.Unmarshal(m.Result, &r); err != nil {
		e.t.Fatalf("%s: %v", m.Result, err)
	}
	return r
}

const withProgress = `{"textDocument":{` + literals + `},"window":{"workDoneProgress":true}}`

func TestCommandRuns(t *testing.T) {
	files := map[string]string{"Cargo.nix": "BAD", "sub/x": ""}
	fix := commandFix(analysis.Fix{Title: "Generate", Command: self(t, "write", "../Cargo.nix"), Dir: "sub", Stdin: "y\nfine in "})
	for _, test := range []struct{ name, capabilities, more, method, part string }{
		{"server's progress", withProgress, ``, "$/progress", `{"token":"cargonix/1","value":{"kind":"begin","title":"Generate","cancellable":true`},
		{"client's progress", `{"textDocument":{` + literals + `}}`, `,"workDoneToken":17`, "$/progress", `{"token":17,"value":{"kind":"begin"`},
		{"no progress", `{"textDocument":{` + literals + `}}`, ``, "window/showMessage", "Generate: running "},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, checks(checkWord(fix, "Cargo.nix")), test.capabilities, files)
			e.shows("Cargo.nix", 1)
			if r := e.result(e.runFirst("Cargo.nix", test.more)); !r.OK {
				t.Fatalf("%+v", r)
			}
			e.receives(test.method, test.part)
			if strings.Contains(test.method, "progress") {
				e.receives(test.method, `"kind":"end","message":"done"`)
			} else {
				e.receives(test.method, "Generate: done")
			}
			if content, _ := os.ReadFile(e.path("Cargo.nix")); string(content) != "y\nfine in "+e.path("sub") {
				t.Errorf("%q", content)
			}
			e.shows("Cargo.nix", 0)
			e.mu.Lock()
			defer e.mu.Unlock()
			if n := e.count("window/workDoneProgress/create"); (n == 1) != (test.capabilities == withProgress) {
				t.Errorf("%d progresses created", n)
			}
		})
	}
	t.Run("progress refused", func(t *testing.T) {
		e := open(t, checks(checkWord(fix, "Cargo.nix")), withProgress, files)
		e.mu.Lock()
		e.refuse["window/workDoneProgress/create"] = true
		e.mu.Unlock()
		if r := e.result(e.runFirst("Cargo.nix", "")); !r.OK {
			t.Errorf("%+v", r)
		}
		e.receives("window/showMessage", "Generate: done")
	})
}

func TestCommandFails(t *testing.T) {
	e := open(t, checks(checkWord(commandFix(analysis.Fix{Title: "Generate", Command: self(t, "fail"), Dir: "."}), "Cargo.nix")), withProgress, map[string]string{"Cargo.nix": "BAD"})
	if r := e.result(e.runFirst("Cargo.nix", "")); r.OK || !strings.Contains(r.Message, "exit status 3") {
		t.Errorf("%+v", r)
	}
	m := e.receives("window/showMessage", "exit status 3")
	for part, want := range map[string]bool{`line 99\nerror: it is broken`: true, "line 89": true, "line 88": false, `"type":1`: true, "x1b": false, "u001b": false} {
		if strings.Contains(string(m.Params), part) != want {
			t.Errorf("%q in %s: want %v", part, m.Params, want)
		}
	}
	m = e.receives("window/logMessage", "exit status 3")
	if !strings.Contains(string(m.Params), "line 61") || strings.Contains(string(m.Params), "line 60") {
		t.Errorf("%s", m.Params)
	}
	e.receives("$/progress", `"kind":"end","message":"failed"`)
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := e.count("window/showMessage"); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestCommandMissing(t *testing.T) {
	for name, fix := range map[string]analysis.Fix{
		"is not installed": {Command: []string{"no-such-program-anywhere", "x"}, Dir: "."},
		"is no folder":     {Command: []string{"/bin/cat"}, Dir: "missing"},
		"permission":       {Command: []string{"/etc/passwd"}, Dir: "."},
	} {
		t.Run(name, func(t *testing.T) {
			fix.Title = "Generate"
			e := open(t, checks(checkWord(commandFix(fix), "Cargo.nix")), withProgress, map[string]string{"Cargo.nix": "BAD"})
			if r := e.result(e.runFirst("Cargo.nix", "")); r.OK || !strings.Contains(r.Message, name) {
				t.Errorf("%+v", r)
			}
			e.receives("window/showMessage", name)
		})
	}
}

// childOf waits for the process id that the helper "hang" writes.
func (e *editor) childOf(rel string) int {
	e.t.Helper()
	pid := 0
	e.eventually("the child's process id", func() bool {
		content, _ := os.ReadFile(e.path(rel))
		pid, _ = strconv.Atoi(string(content))
		return pid > 0
	})
	return pid
}

func (e *editor) dies(pid int) {
	e.t.Helper()
	e.eventually(fmt.Sprint("the end of process ", pid), func() bool { return !processAlive(pid) })
}

func hang(t *testing.T) func(*analysis.Finding) []analysis.Fix {
	return commandFix(analysis.Fix{Title: "Generate", Command: self(t, "hang", "pid"), Dir: "."})
}

func TestCommandCancelled(t *testing.T) {
	files := map[string]string{"Cargo.nix": "BAD"}
	t.Run("request", func(t *testing.T) {
		e := open(t, checks(checkWord(hang(t), "Cargo.nix")), withProgress, files)
		id := e.runFirst("Cargo.nix", "")
		child := e.childOf("pid")
		e.receives("$/progress", "hanging")
		e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, id))
		if m := e.answer(id); m.Error == nil || m.Error.Code != -32800 {
			t.Errorf("%+v", m)
		}
		e.dies(child)
		e.receives("$/progress", `"kind":"end","message":"cancelled"`)
	})
	t.Run("progress", func(t *testing.T) {
		e := open(t, checks(checkWord(hang(t), "Cargo.nix")), withProgress, files)
		id := e.runFirst("Cargo.nix", "")
		child := e.childOf("pid")
		e.notify("window/workDoneProgress/cancel", `{"token":"cargonix/1"}`)
		if r := e.result(id); r.OK || r.Message != "cancelled" {
			t.Errorf("%+v", r)
		}
		e.dies(child)
	})
	t.Run("end of the session", func(t *testing.T) {
		e := open(t, checks(checkWord(hang(t), "Cargo.nix")), withProgress, files)
		e.runFirst("Cargo.nix", "")
		child := e.childOf("pid")
		e.in.Close()
		e.exits(exitFailed)
		e.dies(child)
	})
	t.Run("shutdown and exit", func(t *testing.T) {
		e := open(t, checks(checkWord(hang(t), "Cargo.nix")), withProgress, files)
		e.runFirst("Cargo.nix", "")
		child := e.childOf("pid")
		e.call("shutdown", `null`)
		e.notify("exit", `null`)
		e.exits(exitClean)
		e.dies(child)
	})
}

func TestOneCommandAtATime(t *testing.T) {
	e := open(t, Options{Checks: []*analysis.Check{checkWord(hang(t), "Cargo.nix")}, hover: echoHover}, withProgress, map[string]string{"Cargo.nix": "BAD"})
	first := e.runFirst("Cargo.nix", "")
	child := e.childOf("pid")
	// More refused ones than there are slots, and requests still come through.
	for range maxConcurrentRequests + 2 {
		if r := e.result(e.runFirst("Cargo.nix", "")); r.OK || !strings.Contains(r.Message, "still runs") {
			t.Errorf("%+v", r)
		}
	}
	e.receives("window/showMessage", "still runs")
	e.call("textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
	e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, first))
	e.answer(first)
	e.dies(child)
	os.Remove(e.path("pid"))
	again := e.runFirst("Cargo.nix", "")
	e.childOf("pid")
	e.notify("$/cancelRequest", fmt.Sprintf(`{"id":%s}`, again))
	e.answer(again)
}

func TestCommandsDoNotStarveRequests(t *testing.T) {
	const many = maxConcurrentRequests + 4
	check := &analysis.Check{Code: "many", Run: func(p *analysis.Pass) {
		if p.Snapshot.File("Cargo.nix") == nil {
			return
		}
		for i := range many {
			dir := fmt.Sprint("d", i)
			p.Report(analysis.Finding{Message: "x", Subject: dir, Location: analysis.Location{File: "Cargo.nix"}, Fixes: []analysis.Fix{
				{Title: "Generate in " + dir, Kind: analysis.FixCommand, Command: self(t, "hang", "pid"), Dir: dir},
			}})
		}
	}}
	files := map[string]string{"Cargo.nix": ""}
	for i := range many {
		files[fmt.Sprintf("d%d/x", i)] = ""
	}
	e := open(t, Options{Checks: []*analysis.Check{check}, hover: echoHover}, withProgress, files)
	for i := range many {
		e.request("workspace/executeCommand", fmt.Sprintf(`{"command":"cargonix.runFix","arguments":[{"root":%q,"file":"Cargo.nix","code":"many","subject":"d%d","fix":0,"title":"Generate in d%d"}]}`, e.root, i, i))
	}
	for i := range many {
		e.childOf(fmt.Sprintf("d%d/pid", i))
	}
	e.call("textDocument/hover", e.hoverParams("Cargo.nix", 0, 0))
	e.in.Close()
	e.exits(exitFailed)
	for i := range many {
		e.dies(e.childOf(fmt.Sprintf("d%d/pid", i)))
	}
}

func TestCommandsThatAreRefused(t *testing.T) {
	files := map[string]string{"Cargo.nix": "BAD"}
	ran := analysis.Fix{Title: "Generate", Command: self(t, "write", "ran"), Dir: "."}
	t.Run("not trusted", func(t *testing.T) {
		e := start(t, checks(checkWord(commandFix(ran), "Cargo.nix")))
		e.root = tempDir(t)
		e.writeFile("Cargo.nix", "BAD")
		e.initialize(fmt.Sprintf(`{"rootUri":%q,"capabilities":%s,"initializationOptions":{"trusted":false}}`, e.uri(""), withProgress))
		e.shows("Cargo.nix", 1)
		e.fails(-32803, "workspace/executeCommand", fmt.Sprintf(`{"command":"cargonix.runFix","arguments":[{"root":%q,"file":"Cargo.nix","code":"bad-word","subject":"word 3","fix":0,"title":"Generate"}]}`, e.root))
		if _, err := os.Stat(e.path("ran")); err == nil {
			t.Error("it ran")
		}
	})
	t.Run("malformed", func(t *testing.T) {
		e := open(t, checks(checkWord(commandFix(ran), "Cargo.nix")), withProgress, files)
		for _, params := range []string{
			`{"command":"rm"}`, `{"command":"cargonix.runFix"}`, `{"command":"cargonix.runFix","arguments":[]}`, `{"command":"cargonix.runFix","arguments":["x"]}`,
			`{"command":"cargonix.runFix","arguments":[{"fix":"0"}]}`, `{"command":"cargonix.runFix","arguments":{}}`,
		} {
			e.fails(-32602, "workspace/executeCommand", params)
		}
	})
	t.Run("what the analysis does not find", func(t *testing.T) {
		e := open(t, checks(checkWord(commandFix(ran), "Cargo.nix")), withProgress, files)
		good := e.commandParams("Cargo.nix", "")
		for old, changed := range map[string]string{`"fix":0`: `"fix":1`, `word 3`: `word 4`, `"title":"Generate"`: `"title":"Other"`, e.root: "/elsewhere", `"file":"Cargo.nix"`: `"file":"flake.nix"`, `bad-word`: `x`} {
			params := strings.Replace(good, old, changed, 1)
			if params == good {
				t.Fatalf("%s is not in %s", old, good)
			}
			if r := e.result(e.request("workspace/executeCommand", params)); r.OK {
				t.Errorf("%s ran", params)
			}
		}
		e.didOpen("Cargo.nix", 1, "fine")
		if r := e.result(e.request("workspace/executeCommand", good)); r.OK || !strings.Contains(r.Message, "no longer") {
			t.Errorf("%+v", r)
		}
		if _, err := os.Stat(e.path("ran")); err == nil {
			t.Error("it ran")
		}
	})
}

func TestCommandSeesItsEdits(t *testing.T) {
	fix := commandFix(analysis.Fix{
		Title: "Generate", Command: self(t, "copy", "hashes.json", "Cargo.nix"), Dir: ".",
		Edits: []analysis.Edit{
			{Location: analysis.Location{File: "hashes.json", Span: text.Span{Start: 4, End: 5}}, NewText: "d"},
			{Location: analysis.Location{File: "hashes.json", Span: text.Span{Start: 0, End: 2}}, NewText: ""},
		},
	})
	files := map[string]string{"Cargo.nix": "BAD", "hashes.json": "a b c"}
	t.Run("closed", func(t *testing.T) {
		e := open(t, checks(checkWord(fix, "Cargo.nix")), withProgress, files)
		if r := e.result(e.runFirst("Cargo.nix", "")); !r.OK {
			t.Fatalf("%+v", r)
		}
		for _, name := range []string{"Cargo.nix", "hashes.json"} {
			if content, _ := os.ReadFile(e.path(name)); string(content) != "b d" {
				t.Errorf("%s: %q", name, content)
			}
		}
		if left, _ := os.ReadDir(e.root); len(left) != 2 {
			t.Errorf("left behind: %v", left)
		}
	})
	t.Run("open and saved", func(t *testing.T) {
		e := open(t, checks(checkWord(fix, "Cargo.nix")), withProgress, files)
		e.didOpen("hashes.json", 1, "a b c")
		if r := e.result(e.runFirst("Cargo.nix", "")); !r.OK {
			t.Fatalf("%+v", r)
		}
	})
	t.Run("open and not saved", func(t *testing.T) {
		e := open(t, checks(checkWord(fix, "Cargo.nix")), withProgress, files)
		e.didOpen("hashes.json", 1, "a b c d")
		if r := e.result(e.runFirst("Cargo.nix", "")); r.OK || !strings.Contains(r.Message, "hashes.json has changes that are not saved") {
			t.Fatalf("%+v", r)
		}
		if content, _ := os.ReadFile(e.path("Cargo.nix")); string(content) != "BAD" {
			t.Errorf("it ran: %q", content)
		}
	})
	t.Run("link and permissions", func(t *testing.T) {
		dir := tempDir(t)
		os.WriteFile(dir+"/target", []byte("old"), 0o600)
		os.Symlink("target", dir+"/link")
		if err := replaceFile(dir+"/link", []byte("new")); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(dir + "/link")
		if err != nil || info.Mode().Type() != os.ModeSymlink {
			t.Error("the link is gone")
		}
		if info, _ := os.Stat(dir + "/target"); info.Mode().Perm() != 0o600 {
			t.Error(info.Mode())
		}
		if content, _ := os.ReadFile(dir + "/target"); string(content) != "new" {
			t.Errorf("%q", content)
		}
	})
}

func TestOutputTail(t *testing.T) {
	var lines []string
	tail := &outputTail{line: func(line string) { lines = append(lines, line) }}
	for _, part := range []string{"a", "b\nc", "\r", "\x1b]8;;x\x1b\\link\x1b]8;;\x1b\\ \x1b[1;31mred\x1b[0m\n", "\n\n", strings.Repeat("x", 3*maxKeptOutput), "\xff\nend"} {
		tail.Write([]byte(part))
	}
	if want := []string{"ab", "c", "link red"}; len(lines) != 4 || lines[0] != want[0] || lines[1] != want[1] || lines[2] != want[2] {
		t.Errorf("%.200q", lines)
	}
	if got := tail.String(); len(got) > maxKeptOutput+10 || !strings.HasSuffix(got, "xx\uFFFD\nend") {
		t.Errorf("%d bytes, ends in %q", len(got), got[len(got)-10:])
	}
}

// runParent is an editor: it starts a server, tells it its own process id, and hangs. The server's pipes are held open by
// whoever started this, so that only the watch on the process can end the server.
func runParent() int {
	exe, _ := os.Executable()
	server := exec.Command(exe)
	server.Env = append(os.Environ(), helperEnv+"=server")
	server.Stdin, server.Stdout, server.Stderr = os.NewFile(3, "in"), os.NewFile(4, "out"), os.Stderr
	if err := server.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.Process.Pid)
	select {}
}

func TestKilledParent(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	serverIn, ourOut, _ := os.Pipe()
	ourIn, serverOut, _ := os.Pipe()
	parent := exec.Command(exe)
	parent.Env = append(os.Environ(), helperEnv+"=parent")
	parent.ExtraFiles = []*os.File{serverIn, serverOut}
	stderr := &logged{}
	parent.Stderr = stderr
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || pid == 0 {
		t.Fatalf("%q %v", line, err)
	}
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"processId":%d,"capabilities":{}}}`, parent.Process.Pid)
	fmt.Fprintf(ourOut, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if header, err := bufio.NewReader(ourIn).ReadString('\n'); err != nil {
		t.Fatalf("%q %v", header, err)
	}
	if !processAlive(pid) {
		t.Fatal("the server is gone before its parent")
	}
	parent.Process.Signal(syscall.SIGKILL)
	// Nobody waits for the parent yet: it is a zombie now, which is gone enough.
	for end := time.Now().Add(deadline); processAlive(pid); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the server outlives its parent")
		}
	}
	parent.Wait()
	serverIn.Close()
	ourOut.Close()
	if !strings.Contains(stderr.String(), "process is gone") {
		t.Errorf("log: %s", stderr)
	}
}

func TestParentThatCannotBeSeenIsNotWatched(t *testing.T) {
	e := start(t, Options{ParentCheck: time.Millisecond})
	e.initialize(`{"processId":999999999,"capabilities":{}}`)
	time.Sleep(20 * time.Millisecond) // several looks; the assertion below holds at any time
	e.settled()
}
