// Package checktest runs checks on small workspaces that stand in txtar archives.
//
// An archive begins with prose that says what is shown. Its files are the workspace, but for `want`, which lists the findings of the
// check under test (run with -update to write it):
//
//	Cargo.nix:5:23-87 error nixifiedLockHash
//	  message, line by line
//	  > Cargo.lock:1:1-1 related place
//	  fix: title
//	       edit Cargo.lock:3:1-4:1 "new text"
//	       run in . (reads "yes\n"): command line
//
// In files, @sha256(PATH)@ stands for the SHA-256 of another file of the archive.
//
// Every fix that only edits is applied: the finding must be gone then, and no other may have come.
package checktest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/regenerate"
	"github.com/cargonix/cargonix/analysis/workspace"
)

var update = flag.Bool("update", false, "write what the checks find into the archives")

// want is the archive's file that lists the findings.
const want = "want"

// Run tests a check on every archive in testdata.
func Run(t *testing.T, check *analysis.Check) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives in testdata (%v)", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) { runArchive(t, check, name) })
	}
}

func runArchive(t *testing.T, check *analysis.Check, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	var expected string
	at := -1
	for i, f := range archive.Files {
		if f.Name == want {
			expected, at = string(f.Data), i
			continue
		}
		files[f.Name] = string(f.Data)
	}
	dir := t.TempDir()
	write(t, dir, substitute(t, files))
	findings, snap := find(t, dir, check)
	got := render(snap, findings)
	if *update {
		section := txtar.File{Name: want, Data: []byte(got)}
		if at < 0 {
			archive.Files = append(archive.Files, section)
		} else {
			archive.Files[at] = section
		}
		if err := os.WriteFile(name, txtar.Format(archive), 0o666); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(expected, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, f := range findings {
		for _, fix := range f.Fixes {
			if fix.Kind == analysis.FixEdit {
				applied(t, check, snap, findings, f, fix)
			}
		}
	}
}

// applied checks what a fix does: the finding goes, and none comes.
func applied(t *testing.T, check *analysis.Check, snap *workspace.Snapshot, before []analysis.Finding, f analysis.Finding, fix analysis.Fix) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(snap.Root())); err != nil {
		t.Fatal(err)
	}
	Apply(t, dir, fix)
	after, _ := find(t, dir, check)
	key := func(f analysis.Finding) string { return f.File + "\x00" + f.Code + "\x00" + f.Subject }
	for _, g := range after {
		if key(g) == key(f) {
			t.Errorf("fix %q leaves the finding %s", fix.Title, f.Subject)
		}
		if !slices.ContainsFunc(before, func(b analysis.Finding) bool { return key(b) == key(g) }) {
			t.Errorf("fix %q brings a finding: %s", fix.Title, g.Message)
		}
	}
}

// Apply makes a fix's edits in a folder.
func Apply(t *testing.T, dir string, fix analysis.Fix) {
	t.Helper()
	edits := slices.Clone(fix.Edits)
	slices.SortFunc(edits, func(a, b analysis.Edit) int { return b.Span.Start - a.Span.Start })
	for _, e := range edits {
		path := filepath.Join(dir, filepath.FromSlash(e.File))
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = slices.Concat(data[:e.Span.Start], []byte(e.NewText), data[e.Span.End:])
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func find(t *testing.T, dir string, check *analysis.Check) ([]analysis.Finding, *workspace.Snapshot) {
	t.Helper()
	ws, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	snap := ws.Snapshot()
	result, err := analysis.Run(context.Background(), snap, []*analysis.Check{check})
	if err != nil {
		t.Fatal(err)
	}
	return result.Findings, snap
}

var reference = regexp.MustCompile(`@sha256\(([^)]*)\)@`)

func substitute(t *testing.T, files map[string]string) map[string]string {
	done := map[string]string{}
	for name, content := range files {
		done[name] = reference.ReplaceAllStringFunc(content, func(s string) string {
			other, ok := files[reference.FindStringSubmatch(s)[1]]
			if !ok {
				t.Fatalf("%s: no such file: %s", name, s)
			}
			sum := sha256.Sum256([]byte(other))
			return hex.EncodeToString(sum[:])
		})
	}
	return done
}

func write(t *testing.T, dir string, files map[string]string) {
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func render(snap *workspace.Snapshot, findings []analysis.Finding) string {
	var b strings.Builder
	place := func(l analysis.Location) string {
		index := snap.File(l.File).Index()
		startLine, startColumn := index.HumanPosition(l.Span.Start)
		endLine, endColumn := index.HumanPosition(l.Span.End)
		if startLine == endLine {
			return fmt.Sprintf("%s:%d:%d-%d", l.File, startLine, startColumn, endColumn)
		}
		return fmt.Sprintf("%s:%d:%d-%d:%d", l.File, startLine, startColumn, endLine, endColumn)
	}
	for _, f := range findings {
		fmt.Fprintf(&b, "%s %s %s\n", place(f.Location), f.Severity, f.Subject)
		for _, line := range strings.Split(f.Message, "\n") {
			fmt.Fprintf(&b, "  %s\n", line)
		}
		for _, r := range f.Related {
			fmt.Fprintf(&b, "  > %s %s\n", place(r.Location), r.Message)
		}
		for _, fix := range f.Fixes {
			fmt.Fprintf(&b, "  fix: %s\n", fix.Title)
			for _, e := range fix.Edits {
				fmt.Fprintf(&b, "       edit %s %q\n", place(e.Location), e.NewText)
			}
			if len(fix.Command) > 0 {
				fmt.Fprintf(&b, "       run in %s", fix.Dir)
				if fix.Stdin != "" {
					fmt.Fprintf(&b, " (reads %q)", fix.Stdin)
				}
				fix.Dir, fix.Stdin = "", ""
				fmt.Fprintf(&b, ": %s\n", regenerate.Shell(&fix))
			}
		}
	}
	return b.String()
}
