package lsp

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/internal/tooltest"
)

// replace saves as editors and generators do: beside it, then by a rename.
func (e *editor) replace(rel, content string) {
	e.t.Helper()
	e.writeFile(rel+".tmp~", content)
	e.rename(rel+".tmp~", rel)
}

func (e *editor) rename(from, to string) {
	e.t.Helper()
	if err := os.Rename(e.path(from), e.path(to)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *editor) remove(rel string) {
	e.t.Helper()
	if err := os.RemoveAll(e.path(rel)); err != nil {
		e.t.Fatal(err)
	}
}

func TestWatcherSeesWhatOthersDo(t *testing.T) {
	e := open(t, checks(checkWord(nil, "Cargo.nix", "sub/Cargo.nix", "sub/deep/er/Cargo.nix")), `{}`,
		map[string]string{"Cargo.nix": "BAD\n", "Cargo.lock": "x", "sub/Cargo.nix": "BAD\n", "sub/Cargo.lock": "x"})
	e.shows("Cargo.nix", 1)
	e.shows("sub/Cargo.nix", 1)
	step := func(name string, do func(), rel string, n int) {
		t.Helper()
		if t.Failed() {
			return
		}
		do()
		t.Log(name)
		e.shows(rel, n)
	}
	step("written", func() { e.writeFile("Cargo.nix", "BAD BAD\n") }, "Cargo.nix", 2)
	step("saved by a rename", func() { e.replace("Cargo.nix", "BAD BAD BAD\n") }, "Cargo.nix", 3)
	step("saved by a rename once more", func() { e.replace("Cargo.nix", "fine\n") }, "Cargo.nix", 0)
	step("same size and second", func() { e.replace("Cargo.nix", "BAD!\n") }, "Cargo.nix", 1)
	step("deleted", func() { e.remove("Cargo.nix") }, "Cargo.nix", 0)
	step("made again", func() { e.writeFile("Cargo.nix", "BAD BAD\n") }, "Cargo.nix", 2)
	step("moved away", func() { e.rename("Cargo.nix", "Cargo.nix.orig") }, "Cargo.nix", 0)
	step("moved back", func() { e.rename("Cargo.nix.orig", "Cargo.nix") }, "Cargo.nix", 2)
	step("folder moved away", func() { e.rename("sub", "elsewhere") }, "sub/Cargo.nix", 0)
	step("folder moved back", func() { e.rename("elsewhere", "sub") }, "sub/Cargo.nix", 1)
	step("in a folder that was moved", func() { e.writeFile("sub/Cargo.nix", "BAD BAD\n") }, "sub/Cargo.nix", 2)
	step("folder deleted", func() { e.remove("sub") }, "sub/Cargo.nix", 0)
	step("new folders inside each other", func() { e.writeFile("sub/deep/er/Cargo.nix", "BAD\n") }, "sub/deep/er/Cargo.nix", 1)
	step("in a new folder", func() { e.replace("sub/deep/er/Cargo.nix", "BAD BAD\n") }, "sub/deep/er/Cargo.nix", 2)
	step("folder exchanged", func() {
		e.rename("sub", "old")
		e.writeFile("sub/deep/er/Cargo.nix", "BAD BAD BAD\n")
	}, "sub/deep/er/Cargo.nix", 3)
	step("in the exchanged folder", func() { e.writeFile("sub/deep/er/Cargo.nix", "BAD\n") }, "sub/deep/er/Cargo.nix", 1)
	step("root deleted", func() { e.remove("") }, "Cargo.nix", 0)
	step("root made again", func() { e.writeFile("Cargo.nix", "BAD\n") }, "Cargo.nix", 1)
	step("in the new root", func() { e.replace("Cargo.nix", "BAD BAD\n") }, "Cargo.nix", 2)
	if strings.Contains(e.log.String(), "ERROR") {
		t.Error(e.log)
	}
}

func TestWatcherSeesBranchSwitches(t *testing.T) {
	tooltest.Need(t, "git")
	e := start(t, checks(checkWord(nil, "Cargo.nix")))
	e.root = tempDir(t)
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)...)
		cmd.Dir = e.root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q", "-b", "main")
	e.writeFile("Cargo.nix", "BAD\n")
	git("add", ".")
	git("commit", "-qm", "one")
	git("checkout", "-qb", "other")
	e.writeFile("Cargo.nix", "BAD BAD\n")
	git("commit", "-qam", "two")
	e.initialize(fmt.Sprintf(`{"rootUri":%q,"capabilities":{}}`, e.uri("")))
	e.shows("Cargo.nix", 2)
	git("checkout", "-q", "main")
	e.shows("Cargo.nix", 1)
	git("checkout", "-q", "other")
	e.shows("Cargo.nix", 2)
}

func TestEventsSeenTwiceAnalyseOnce(t *testing.T) {
	var runs atomic.Int32
	counter := &analysis.Check{Code: "counter", Run: func(p *analysis.Pass) { runs.Add(1) }}
	e := open(t, checks(counter, checkWord(nil, "Cargo.nix")), `{"workspace":{"didChangeWatchedFiles":{"dynamicRegistration":true}}}`, map[string]string{"Cargo.nix": "BAD\n"})
	e.shows("Cargo.nix", 1)
	// The folder being watched from now on may have cost a look; what follows costs one run for each change.
	e.writeFile("Cargo.nix", "BAD BAD\n")
	e.shows("Cargo.nix", 2)
	before := runs.Load()
	for range 20 {
		e.notify("workspace/didChangeWatchedFiles", fmt.Sprintf(`{"changes":[{"uri":%q,"type":2},{"uri":"untitled:x","type":1}]}`, e.uri("Cargo.nix")))
	}
	e.writeFile("Cargo.nix", "BAD BAD BAD\n")
	e.notify("workspace/didChangeWatchedFiles", fmt.Sprintf(`{"changes":[{"uri":%q,"type":2}]}`, e.uri("Cargo.nix")))
	e.shows("Cargo.nix", 3)
	e.notify("workspace/didChangeWatchedFiles", fmt.Sprintf(`{"changes":[{"uri":%q,"type":2}]}`, e.uri("Cargo.nix")))
	e.writeFile("Cargo.nix", "BAD BAD BAD BAD\n")
	e.shows("Cargo.nix", 4)
	// A write that truncates first may be seen in its middle, so there may be a run more for each; not one for each event.
	if n := runs.Load() - before; n > 4 {
		t.Errorf("%d runs for 2 changes", n)
	}
}

func TestDynamicRegistration(t *testing.T) {
	t.Run("offered", func(t *testing.T) {
		e := open(t, Options{}, `{"workspace":{"didChangeWatchedFiles":{"dynamicRegistration":true}}}`, nil)
		m := e.receives("client/registerCapability", "workspace/didChangeWatchedFiles")
		for _, glob := range watchedGlobs {
			if !strings.Contains(string(m.Params), quote(glob)) {
				t.Errorf("%s is not in %s", glob, m.Params)
			}
		}
		if !json.Valid(m.Params) {
			t.Errorf("%s", m.Params)
		}
	})
	t.Run("not offered", func(t *testing.T) {
		e := open(t, Options{}, `{"workspace":{"didChangeWatchedFiles":{}}}`, nil)
		e.settled()
		e.mu.Lock()
		defer e.mu.Unlock()
		if n := e.count("client/registerCapability"); n != 0 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("refused", func(t *testing.T) {
		e := start(t, Options{})
		e.mu.Lock()
		e.refuse["client/registerCapability"] = true
		e.mu.Unlock()
		e.initialize(`{"capabilities":{"workspace":{"didChangeWatchedFiles":{"dynamicRegistration":true}}}}`)
		e.eventually("a log line", func() bool { return strings.Contains(e.log.String(), "does not watch files for us") })
		e.settled()
	})
}

func TestWithoutSystemWatches(t *testing.T) {
	log := &logged{}
	s := &server{log: loggerTo(log)}
	w := newWatcher(s)
	defer w.close()
	for range 3 {
		w.degrade(fmt.Errorf("inotify: %w", syscall.ENOSPC))
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d log lines:\n%s", n, log)
	}
	if w.touched("/x"); !w.all {
		t.Error("a save does not make it look at everything")
	}
}
