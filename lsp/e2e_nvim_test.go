package lsp

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cargonix/cargonix/internal/tooltest"
)

// editorDeadline covers the start of a real editor and server on a busy machine, several times over.
const editorDeadline = 2 * time.Minute

// TestNeovim runs Debian's Neovim without a configuration on a copy of testdata/drifted. Neovim does not watch files on Linux, so what
// another process does to the lock is seen by the server alone.
func TestNeovim(t *testing.T) {
	nvim := tooltest.Need(t, "nvim")
	dir := tempDir(t)
	binary := filepath.Join(dir, "cargonix")
	if output, err := exec.Command("go", "build", "-o", binary, "../cmd/cargonix").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	project := filepath.Join(dir, "project with spaces")
	if err := os.CopyFS(project, os.DirFS("../testdata/drifted")); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(project, "Cargo.lock")
	drifted, err := os.ReadFile(lock)
	if err != nil {
		t.Fatal(err)
	}
	// drifted is cargo2nix-basic some time later: its Cargo.nix was made from that lock.
	restoredLock, err := filepath.Abs("../testdata/cargo2nix-basic/Cargo.lock")
	if err != nil {
		t.Fatal(err)
	}
	restored, err := os.ReadFile(restoredLock)
	if err != nil {
		t.Fatal(err)
	}

	// The fix runs nix, which would fetch the generator: another program of that name comes first in PATH.
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "nix")); err != nil {
		t.Fatal(err)
	}

	events := filepath.Join(dir, "events")
	cmd := exec.Command(nvim, "--headless", "-u", "NONE", "-i", "NONE", "-c", "luafile testdata/drift.lua")
	cmd.Env = append(os.Environ(), "CARGONIX_BINARY="+binary, "CARGONIX_WORKSPACE="+project, "CARGONIX_OUT="+events,
		"PATH="+dir+string(filepath.ListSeparator)+os.Getenv("PATH"), "CARGONIX_TEST_CALL="+filepath.Join(dir, "call"), "CARGONIX_TEST_LOCK="+restoredLock,
		"XDG_CACHE_HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_STATE_HOME="+dir)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		if t.Failed() {
			log, _ := os.ReadFile(events)
			lspLog, _ := os.ReadFile(filepath.Join(dir, "nvim", "lsp.log"))
			t.Logf("events:\n%s\nlsp.log:\n%s", log, lspLog)
		}
	})

	// expect waits for the next event of the script.
	seen := 0
	expect := func(name string, data any) {
		t.Helper()
		var lines []string
		for end := time.Now().Add(editorDeadline); len(lines) <= seen; time.Sleep(10 * time.Millisecond) {
			content, _ := os.ReadFile(events)
			lines = nil
			for line := range bytes.Lines(content) {
				if bytes.HasSuffix(line, []byte("\n")) {
					lines = append(lines, string(line))
				}
			}
			if time.Now().After(end) {
				t.Fatalf("no event %q", name)
			}
		}
		event := struct {
			Event string
			Data  any
		}{Data: data}
		if err := json.Unmarshal([]byte(lines[seen]), &event); err != nil || event.Event != name {
			t.Fatalf("want event %q, got %s (%v)", name, lines[seen], err)
		}
		seen++
	}
	type diagnostic struct {
		File, Code, Source           string
		Line, Column, Last, Severity int
	}

	var shown []diagnostic
	expect("drift", &shown)
	for _, want := range []diagnostic{
		{File: "Cargo.nix", Code: "lock-hash-drift", Source: "cargonix", Severity: 1},
		{File: "Cargo.nix", Code: "crate-set-drift", Source: "cargonix", Severity: 1},
		{File: "flake.nix", Code: "lock-hash-drift", Source: "cargonix", Severity: 2},
		{File: "flake.nix", Code: "crate-set-drift", Source: "cargonix", Severity: 2},
	} {
		if !slices.ContainsFunc(shown, func(d diagnostic) bool {
			return d.File == want.File && d.Code == want.Code && d.Source == want.Source && d.Severity == want.Severity && d.Last > d.Column
		}) {
			t.Errorf("%+v is not among %+v", want, shown)
		}
	}
	var titles []string
	expect("actions", &titles)
	if !slices.Equal(titles, []string{"Regenerate Cargo.nix with cargo2nix"}) {
		t.Errorf("offered: %q", titles)
	}
	replace := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(lock+".new", content, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(lock+".new", lock); err != nil {
			t.Fatal(err)
		}
	}
	replace(restored)
	expect("restored", new(any))
	if err := os.WriteFile(lock, drifted, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("drifted again", &shown)
	expect("regenerated", new(any))
	expect("stopped", new(any))
	if call, err := os.ReadFile(filepath.Join(dir, "call")); err != nil || !strings.HasPrefix(string(call), project+"\n") || !strings.Contains(string(call), " run github:cargo2nix/cargo2nix/") {
		t.Errorf("the command: %q %v", call, err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("nvim: %v\n%s", err, output.Bytes())
		}
	case <-time.After(editorDeadline):
		t.Error("nvim does not end")
	}
}
