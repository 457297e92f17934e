package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
)

func TestPublishing(t *testing.T) {
	related := &analysis.Check{Code: "related", Severity: analysis.Warning, Run: func(p *analysis.Pass) {
		if p.Snapshot.File("flake.nix") == nil {
			return
		}
		f := analysis.Finding{
			Severity: analysis.Warning, Message: "two places", Subject: "x",
			Location: analysis.Location{File: "flake.nix", Span: text.Span{Start: 2, End: 4}},
		}
		for i := range 7 {
			f.Related = append(f.Related, analysis.Related{Message: fmt.Sprint("place ", i), Location: analysis.Location{File: "Cargo.lock", Span: text.Span{Start: 2, End: 3}}})
		}
		p.Report(f)
	}}
	files := map[string]string{"flake.nix": "{ x }\n", "Cargo.lock": "1\n2\n", "Cargo.nix": "BAD\n"}

	t.Run("rich client", func(t *testing.T) {
		e := open(t, checks(related, checkWord(nil, "Cargo.nix")), `{"textDocument":{"publishDiagnostics":{"relatedInformation":true,"versionSupport":true,"dataSupport":true}}}`, files)
		p := e.shows("flake.nix", 1)
		d := p.Diagnostics[0]
		if p.Version != nil {
			t.Errorf("a file that is not open has version %d", *p.Version)
		}
		if d.Severity != 2 || d.Code != "related" || d.Source != "cargonix" || d.Message != "two places" || d.Link.Href != related.URL() || string(d.Data) != `{"subject":"x"}` {
			t.Errorf("%+v", d)
		}
		if len(d.Related) != 7 || d.Related[0].Message != "place 0" || d.Related[0].Location.URI != e.uri("Cargo.lock") {
			t.Errorf("%+v", d.Related)
		}
		e.shows("Cargo.nix", 1)
		e.didOpen("Cargo.nix", 7, "BAD BAD")
		if p := e.shows("Cargo.nix", 2); p.Version == nil || *p.Version != 7 {
			t.Errorf("version %v", p.Version)
		}
	})
	t.Run("poor client", func(t *testing.T) {
		e := open(t, checks(related, checkWord(nil, "Cargo.nix")), `{}`, files)
		d := e.shows("flake.nix", 1).Diagnostics[0]
		want := "two places\nCargo.lock:2: place 0\nCargo.lock:2: place 1\nCargo.lock:2: place 2\nCargo.lock:2: place 3\nCargo.lock:2: place 4\n… and 2 more places"
		if d.Message != want || d.Related != nil || d.Data != nil {
			t.Errorf("%+v", d)
		}
		e.didOpen("Cargo.nix", 7, "BAD BAD")
		if p := e.shows("Cargo.nix", 2); p.Version != nil {
			t.Errorf("version %v", *p.Version)
		}
	})
}

func TestPublishingOnlyChanges(t *testing.T) {
	e := open(t, checks(checkWord(nil, "Cargo.nix", "flake.nix")), `{"textDocument":{"publishDiagnostics":{"versionSupport":true}}}`,
		map[string]string{"Cargo.nix": "BAD\n", "flake.nix": "BAD\n", "other.nix": ""})
	e.shows("Cargo.nix", 1)
	e.shows("flake.nix", 1)
	e.didOpen("other.nix", 1, "")
	for i := range 100 {
		e.didChange("other.nix", 2+i, "", fmt.Sprint(i))
	}
	// The end of all that is certain only behind something that is published.
	e.didOpen("flake.nix", 1, "BAD BAD\n")
	e.shows("flake.nix", 2)
	e.mu.Lock()
	if n := len(e.publications("Cargo.nix")); n != 1 {
		t.Errorf("Cargo.nix was published %d times", n)
	}
	if n := len(e.publications("other.nix")); n != 0 {
		t.Errorf("a file without findings was published %d times", n)
	}
	e.mu.Unlock()
	// An open file's last publication names its last version, even if its findings are the same: some clients drop what is older.
	for i := range 1000 {
		e.didChange("flake.nix", 2+i, "", fmt.Sprint("BAD BAD ", i))
	}
	e.eventually("the last version", func() bool {
		all := e.publications("flake.nix")
		last := all[len(all)-1]
		return last.Version != nil && *last.Version == 1001
	})
	e.didChange("flake.nix", 1002, "", "")
	e.shows("flake.nix", 0)
	e.mu.Lock()
	defer e.mu.Unlock()
	last := 0
	for _, p := range e.publications("flake.nix") {
		if p.Version != nil {
			if *p.Version < last {
				t.Errorf("version %d after %d", *p.Version, last)
			}
			last = *p.Version
		}
	}
}

func TestClosedBufferGivesTheDiskItsSay(t *testing.T) {
	e := open(t, checks(checkWord(nil, "Cargo.nix")), `{}`, map[string]string{"Cargo.nix": "BAD"})
	e.shows("Cargo.nix", 1)
	e.didOpen("Cargo.nix", 1, "fine")
	e.shows("Cargo.nix", 0)
	e.notify("textDocument/didClose", fmt.Sprintf(`{"textDocument":{"uri":%q}}`, e.uri("Cargo.nix")))
	e.shows("Cargo.nix", 1)
}

func TestFolders(t *testing.T) {
	e := start(t, checks(checkWord(nil, "Cargo.nix", "inner/Cargo.nix")))
	e.root = tempDir(t)
	e.writeFile("a/Cargo.nix", "BAD\n")
	e.writeFile("a/inner/Cargo.nix", "BAD\n")
	e.writeFile("b/Cargo.nix", "BAD BAD\n")
	e.writeFile("c/flake.nix", "")
	e.writeFile("c/deep/er/default.nix", "")
	e.writeFile("c/Cargo.nix", "BAD\n")
	folder := func(rel string) string { return fmt.Sprintf(`{"uri":%q,"name":"x"}`, e.uri(rel)) }
	e.initialize(fmt.Sprintf(`{"capabilities":{},"rootUri":%q,"workspaceFolders":[%s]}`, e.uri("c"), folder("a")))
	e.shows("a/Cargo.nix", 1)
	e.shows("a/inner/Cargo.nix", 1)
	change := func(added, removed string) {
		e.notify("workspace/didChangeWorkspaceFolders", fmt.Sprintf(`{"event":{"added":[%s],"removed":[%s]}}`, added, removed))
	}

	// An inner folder takes its files over; nothing is said twice.
	change(folder("a/inner"), "")
	change(folder("b"), "")
	e.shows("b/Cargo.nix", 2)
	e.didOpen("a/inner/Cargo.nix", 1, "BAD BAD BAD\n")
	e.shows("a/inner/Cargo.nix", 3)
	change("", folder("a/inner"))
	change("", folder("b"))
	e.shows("b/Cargo.nix", 0)
	e.shows("a/inner/Cargo.nix", 3) // by the outer folder again
	change("", folder("a"))
	e.shows("a/Cargo.nix", 0)
	e.shows("a/inner/Cargo.nix", 0)

	// rootUri does not count beside workspaceFolders; a document outside opens the project that it lies in.
	e.mu.Lock()
	if n := len(e.publications("c/Cargo.nix")); n > 0 {
		t.Errorf("%d publications of a folder that nobody opened", n)
	}
	e.mu.Unlock()
	e.didOpen("c/deep/er/default.nix", 1, "")
	e.shows("c/Cargo.nix", 1)
	e.notify("textDocument/didClose", fmt.Sprintf(`{"textDocument":{"uri":%q}}`, e.uri("c/deep/er/default.nix")))
	e.shows("c/Cargo.nix", 0)

	// A folder that is not there, or is a file, is a line in the log.
	change(folder("missing")+","+folder("c/flake.nix"), "")
	e.eventually("log lines", func() bool { return strings.Count(e.log.String(), "folder not opened") == 2 })
	e.settled()
}

func TestRootPathAndNoRoot(t *testing.T) {
	t.Run("rootPath", func(t *testing.T) {
		e := start(t, checks(checkWord(nil, "Cargo.nix")))
		e.root = tempDir(t)
		e.writeFile("Cargo.nix", "BAD")
		e.initialize(fmt.Sprintf(`{"capabilities":{},"rootPath":%q,"rootUri":null}`, e.root))
		e.shows("Cargo.nix", 1)
	})
	t.Run("none", func(t *testing.T) {
		e := start(t, checks(checkWord(nil, "Cargo.nix")))
		e.root = tempDir(t)
		e.initialize(`{"capabilities":{},"rootUri":null,"workspaceFolders":null}`)
		e.writeFile("Cargo.nix", "BAD")
		e.didOpen("Cargo.nix", 1, "BAD BAD")
		e.shows("Cargo.nix", 2)
	})
}

func TestInside(t *testing.T) {
	for _, test := range []struct {
		dir, path string
		want      bool
	}{{"/a", "/a", true}, {"/a", "/a/b", true}, {"/a", "/ab", false}, {"/", "/a", true}, {"/a/b", "/a", false}} {
		if got := inside(filepath.FromSlash(test.dir), filepath.FromSlash(test.path)); got != test.want {
			t.Errorf("inside(%s, %s) = %v", test.dir, test.path, got)
		}
	}
}

func TestUnreadableFileHasADiagnosticAtItsStart(t *testing.T) {
	e := open(t, checks(checkWord(nil, "Cargo.nix")), `{}`, nil)
	if err := os.Mkdir(e.path("Cargo.nix"), 0o755); err != nil {
		t.Fatal(err)
	}
	if d := e.shows("Cargo.nix", 1).Diagnostics[0]; d.Range != (wireRange{}) || d.Message != "is a directory" {
		t.Errorf("%+v", d)
	}
}
