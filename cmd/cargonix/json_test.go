package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// checkJSON runs check in a folder and holds what it prints against docs/json.md. Files are looked up from base, the folder that they are
// relative to.
func checkJSON(t *testing.T, dir, base string, args ...string) (jsonReport, int) {
	t.Helper()
	got := cargonix(t, dir, append([]string{"check", "--format", "json"}, args...)...)
	if got.stderr != "" {
		t.Errorf("stderr: %s", got.stderr)
	}
	return contract(t, base, got.stdout), got.status
}

func contract(t *testing.T, base, output string) jsonReport {
	t.Helper()
	if !utf8.ValidString(output) || strings.Count(output, "\n") != 1 || !strings.HasSuffix(output, "\n") {
		t.Errorf("not one line of UTF-8: %q", output)
	}
	if strings.Contains(output, "null") && !strings.Contains(output, `null"`) {
		t.Errorf("null: %s", output)
	}
	var report jsonReport
	decoder := json.NewDecoder(strings.NewReader(output))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&report); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if report.Version != 1 {
		t.Errorf("version %d", report.Version)
	}
	place := func(what, file string, r jsonRange) {
		t.Helper()
		if strings.Contains(file, `\`) || path.Clean(file) != file {
			t.Errorf("%s: file %q", what, file)
		}
		// What cannot be read has only a beginning.
		var data []byte
		if name := filepath.Join(base, filepath.FromSlash(file)); isOrdinary(name) {
			data, _ = os.ReadFile(name)
		}
		if r.Start.Offset > r.End.Offset {
			t.Errorf("%s: %s: the range ends before it starts: %+v", what, file, r)
		}
		for _, p := range []jsonPosition{r.Start, r.End} {
			if p.Offset < 0 || p.Offset > len(data) {
				t.Errorf("%s: %s: offset %d of %d", what, file, p.Offset, len(data))
				continue
			}
			if line, column := lineAndColumn(data, p.Offset); line != p.Line || column != p.Column {
				t.Errorf("%s: %s: offset %d is %d:%d, not %d:%d", what, file, p.Offset, line, column, p.Line, p.Column)
			}
		}
	}
	counts := map[string]int{"error": 0, "warning": 0, "info": 0, "hint": 0}
	for _, f := range report.Findings {
		place(f.Code, f.File, f.Range)
		counts[f.Severity]++
		if f.Message == "" || f.Subject == "" || !strings.HasSuffix(f.Href, "/docs/checks/"+f.Code+".md") {
			t.Errorf("%+v", f)
		}
		if _, err := os.Stat(filepath.Join("..", "..", "docs", "checks", f.Code+".md")); err != nil {
			t.Error(err)
		}
		for _, related := range f.Related {
			place(f.Code+" related", related.File, related.Range)
		}
		for _, fix := range f.Fixes {
			switch fix.Kind {
			case "edit":
				if len(fix.Edits) == 0 || len(fix.Command) > 0 {
					t.Errorf("%+v", fix)
				}
			case "command":
				info, err := os.Stat(filepath.Join(base, filepath.FromSlash(fix.Dir)))
				if len(fix.Command) == 0 || fix.Dir == "" || err != nil || !info.IsDir() {
					t.Errorf("%+v: %v", fix, err)
				}
			default:
				t.Errorf("kind %q", fix.Kind)
			}
			for _, edit := range fix.Edits {
				place(fix.Title, edit.File, edit.Range)
			}
		}
	}
	if diff := cmp.Diff(counts, report.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	inOrder := slices.IsSortedFunc(report.Findings, func(a, b jsonFinding) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Range.Start.Offset != b.Range.Start.Offset {
			return a.Range.Start.Offset - b.Range.Start.Offset
		}
		return strings.Compare(a.Code, b.Code)
	})
	if !inOrder {
		t.Error("the findings are not in order")
	}
	return report
}

// isOrdinary reports whether reading a file neither waits nor takes long.
func isOrdinary(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular() && info.Size() < tooLarge
}

// lineAndColumn is the contract's own words: from 1, code points, an invalid byte is one, and a byte order mark at the start has no column.
func lineAndColumn(data []byte, offset int) (line, column int) {
	before := data[:offset]
	line, start := 1, 0
	for i := 0; i < len(before); i++ {
		if before[i] == '\n' || before[i] == '\r' && (i+1 == len(data) || data[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	text := before[start:]
	if start == 0 {
		text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	}
	return line, utf8.RuneCount(text) + 1
}

// codes lists findings as "file code", each once.
func codes(report jsonReport) []string {
	var list []string
	for _, f := range report.Findings {
		list = append(list, f.File+" "+f.Code)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestJSONOfSamples(t *testing.T) {
	for name, want := range map[string][]string{
		"cargo2nix-basic":   nil,
		"crate2nix-basic":   nil,
		"mixed-git-path":    nil,
		"drifted":           {"Cargo.nix crate-set-drift", "Cargo.nix lock-hash-drift", "flake.nix crate-set-drift", "flake.nix lock-hash-drift"},
		"drifted-crate2nix": {"Cargo.nix crate-set-drift", "default.nix crate-set-drift"},
	} {
		dir := filepath.Join("..", "..", "testdata", name)
		report, status := checkJSON(t, dir, dir)
		if diff := cmp.Diff(want, codes(report)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if (status == exitFindings) != (want != nil) || len(report.Projects) != 1 || report.Projects[0].Root != "." || report.Projects[0].Crates == 0 {
			t.Errorf("%s: status %d, projects %+v", name, status, report.Projects)
		}
	}
}

func TestJSONOfNothing(t *testing.T) {
	got := cargonix(t, t.TempDir(), "check", "--format", "json")
	if want := `{"version":1,"findings":[],"projects":[],"summary":{"error":0,"hint":0,"info":0,"warning":0}}` + "\n"; got.stdout != want || got.status != 0 {
		t.Errorf("%+v", got)
	}
	dir := tree(t, map[string]string{"Cargo.nix": "{ }", "sub/Cargo.lock": "version = 4\n[[package]]\nname = \"a\"\nversion = \"0.1.0\"\n"})
	report, _ := checkJSON(t, dir, dir)
	if diff := cmp.Diff([]jsonProject{{".", []string{}, 0}, {"sub", []string{}, 1}}, report.Projects); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFileArgument(t *testing.T) {
	dir := sample(t, "drifted")
	nix := []string{"Cargo.nix crate-set-drift", "Cargo.nix lock-hash-drift", "flake.nix crate-set-drift", "flake.nix lock-hash-drift"}
	for file, want := range map[string][]string{
		"Cargo.nix": nix, "Cargo.lock": nix[:2], "flake.nix": nix[2:], "tally/Cargo.toml": nil,
	} {
		report, status := checkJSON(t, dir, filepath.Join(dir, path.Dir(file)), file)
		if diff := cmp.Diff(want, codes(report)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		wantStatus := exitFindings
		if file == "flake.nix" || want == nil { // mentions are warnings
			wantStatus = exitClean
		}
		if status != wantStatus {
			t.Errorf("%s: status %d, want %d", file, status, wantStatus)
		}
		if want != nil && len(report.Projects) != 1 {
			t.Errorf("%s: projects %+v", file, report.Projects)
		}
	}
	// From elsewhere, files are named from the argument's folder.
	report, _ := checkJSON(t, filepath.Dir(dir), dir, filepath.Join(filepath.Base(dir), "Cargo.nix"))
	if len(report.Findings) == 0 || report.Findings[0].File != "Cargo.nix" || report.Findings[0].Fixes[0].Dir != "." {
		t.Errorf("%+v", report.Findings)
	}
}

func TestSeveralArguments(t *testing.T) {
	dir := t.TempDir()
	for name, from := range map[string]string{"a": "drifted", "b/c": "drifted-crate2nix"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", "..", "testdata", from))); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{
		"a/Cargo.nix crate-set-drift", "a/Cargo.nix lock-hash-drift", "a/flake.nix crate-set-drift", "a/flake.nix lock-hash-drift",
		"b/c/Cargo.nix crate-set-drift", "b/c/default.nix crate-set-drift",
	}
	whole, _ := checkJSON(t, dir, dir, ".")
	if diff := cmp.Diff(all, codes(whole)); diff != "" {
		t.Errorf("the folder above (-want +got):\n%s", diff)
	}
	for _, args := range [][]string{
		{"a", "b"}, {"a", "b/c"}, {"b/c", "a"}, {".", "a"}, {"a", "."}, {"a", "a", "b/c/", "./b"}, {"a/Cargo.nix", "a/flake.nix", "b/../b/c/Cargo.nix"},
		{filepath.Join(dir, "a"), "b"}, {"a", "a/Cargo.lock", "b"}, {"../" + filepath.Base(dir) + "/a", "b"},
	} {
		report, status := checkJSON(t, dir, dir, args...)
		if diff := cmp.Diff(all, codes(report)); diff != "" || status != exitFindings || len(report.Findings) != len(whole.Findings) {
			t.Errorf("%q: status %d, %d findings, want %d (-want +got):\n%s", args, status, len(report.Findings), len(whole.Findings), diff)
		}
		if len(report.Projects) != 2 {
			t.Errorf("%q: projects %+v", args, report.Projects)
		}
		for _, p := range report.Projects {
			if p.Root != "a" && p.Root != "b/c" {
				t.Errorf("%q: project %s", args, p.Root)
			}
		}
	}
	// From a folder beside them.
	report, _ := checkJSON(t, filepath.Join(dir, "a"), filepath.Join(dir, "a"), ".", "../b")
	if got := codes(report); got[0] != "../b/c/Cargo.nix crate-set-drift" || got[len(got)-1] != "flake.nix lock-hash-drift" {
		t.Errorf("%q", got)
	}
}

// TestJSONOfOddBytes: positions and text hold where files have byte order marks, other line endings and bytes that are no UTF-8.
func TestJSONOfOddBytes(t *testing.T) {
	dir := sample(t, "drifted")
	nix := readText(t, filepath.Join(dir, "Cargo.nix"))
	for name, change := range map[string]func(string) string{
		"byte order mark": func(s string) string { return "\uFEFF" + s },
		"CRLF":            func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"wide characters": func(s string) string { return strings.ReplaceAll(s, "  nixified", "/* 𝔫é\xff\xfe */ nixified") },
		"one line": func(s string) string {
			return "# é\r" + strings.ReplaceAll(s[strings.Index(s, "args@"):], "\n", " /* 🦀 */ ")
		},
	} {
		writeText(t, filepath.Join(dir, "Cargo.nix"), change(nix))
		report, status := checkJSON(t, dir, dir)
		if status != exitFindings || !slices.Contains(codes(report), "Cargo.nix lock-hash-drift") || !slices.Contains(codes(report), "Cargo.nix crate-set-drift") {
			t.Errorf("%s: status %d: %q", name, status, codes(report))
		}
		if got := cargonix(t, dir, "check"); !utf8.ValidString(got.stdout) || got.status != exitFindings {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
