package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
)

func TestUsage(t *testing.T) {
	dir := tree(t, map[string]string{"file": ""})
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{"check", "--nonsense"}, "unknown flag: --nonsense"},
		{[]string{"check", "-x"}, "unknown shorthand flag: 'x' in -x"},
		{[]string{"check", "--format"}, "flag needs an argument: --format"},
		{[]string{"check", "--format", "xml"}, "--format xml: must be text or json"},
		{[]string{"check", "--format", "sarif"}, "--format sarif is not available yet"},
		{[]string{"check", "--format", "github"}, "--format github is not available yet"},
		{[]string{"check", "--fail-on", "hint"}, "--fail-on hint: must be error, warning, info or never"},
		{[]string{"check", "--fail-on="}, "--fail-on : must be error, warning, info or never"},
		{[]string{"check", "--fix"}, "--fix and --diff are not available yet"},
		{[]string{"check", "--diff"}, "--fix and --diff are not available yet"},
		{[]string{"check", "nowhere"}, "nowhere: no such file or directory"},
		{[]string{"check", ".", "nowhere/deep"}, "nowhere/deep: no such file or directory"},
		{[]string{"check", "file/x"}, "file/x: not a directory"},
		{[]string{"check", ""}, ": no such file or directory"},
		{[]string{"check", "bell\a\x1b[31m"}, "bell\uFFFD\uFFFD[31m: no such file or directory"},
		{[]string{"nonsense"}, `unknown command "nonsense" for "cargonix"`},
		{[]string{"version", "more"}, `unknown command "more" for "cargonix version"`},
		{[]string{"lsp", "more"}, `unknown command "more" for "cargonix lsp"`},
	} {
		got := cargonix(t, dir, test.args...)
		if got.status != exitUsage || got.stdout != "" || got.stderr != "cargonix: "+test.says+"\n" {
			t.Errorf("%q: status %d\nstdout %q\nstderr %q, want %q", test.args, got.status, got.stdout, got.stderr, test.says)
		}
	}
	if got := cargonix(t, dir); got.status != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, "cargonix check") && !strings.Contains(got.stderr, "check ") {
		t.Errorf("without arguments: %+v", got)
	}
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"version"}} {
		if got := cargonix(t, dir, args...); got.status != exitClean || got.stdout == "" || got.stderr != "" {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// TestStatus: an error, a warning, an info and nothing, against each --fail-on.
func TestStatus(t *testing.T) {
	drifted := sample(t, "drifted")
	clean := sample(t, "cargo2nix-basic")
	dead := sample(t, "drifted-crate2nix")
	// The lock that the file was made from, but a key too many.
	lock := readText(t, filepath.Join(dead, "Cargo.lock"))
	writeText(t, filepath.Join(dead, "Cargo.lock"), strings.ReplaceAll(lock, "df4cd272e8c2243921a4c89260e146cdfed29ae7", "6723e04d65a48207a4356977c7bffb7d0d11c64f"))
	hashes := readText(t, filepath.Join(dead, "crate-hashes.json"))
	writeText(t, filepath.Join(dead, "crate-hashes.json"), strings.Replace(hashes, "{", `{ "git+https://example.com/gone.git#gone@0.1.0": "0000000000000000000000000000000000000000000000000000",`, 1))
	for _, test := range []struct {
		name, dir string
		status    map[string]int
	}{
		{"error", drifted, map[string]int{"": 1, "error": 1, "warning": 1, "info": 1, "never": 0}},
		{"info", dead, map[string]int{"": 0, "error": 0, "warning": 0, "info": 1, "never": 0}},
		{"clean", clean, map[string]int{"": 0, "error": 0, "warning": 0, "info": 0, "never": 0}},
	} {
		for failOn, want := range test.status {
			for _, format := range []string{"text", "json"} {
				args := []string{"check", "--format", format}
				if failOn != "" {
					args = append(args, "--fail-on", failOn)
				}
				if got := cargonix(t, test.dir, args...); got.status != want || got.stderr != "" || got.stdout == "" {
					t.Errorf("%s %q: status %d, want %d\n%s%s", test.name, args, got.status, want, got.stdout, got.stderr)
				}
			}
		}
	}
}

// TestFullDisk: a report that could not be written is no clean one.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	for _, format := range []string{"text", "json"} {
		cmd := program(t, sample(t, "cargo2nix-basic"), "check", "--format", format)
		cmd.Stdout = full
		if got := outcomeOf(t, cmd); got.status != exitFailure || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, "no space left on device") {
			t.Errorf("%s: %+v", format, got)
		}
	}
}

// TestClosedOutput: neither a reader that went away nor a standard output that never was makes it crash or hang.
func TestClosedOutput(t *testing.T) {
	sh := tooltest.Need(t, "sh")
	for _, redirect := range []string{" | true", " >&-", " >&- 2>&-"} {
		cmd := program(t, sample(t, "drifted"))
		cmd.Path, cmd.Args = sh, []string{"sh", "-c", fmt.Sprintf("'%s' check%s", built, redirect)}
		got := outcomeOf(t, cmd)
		if strings.Contains(got.stderr, "panic") {
			t.Errorf("%s: %+v", redirect, got)
		}
	}
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeText(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestVersion prints one line that begins as every release's does.
func TestVersion(t *testing.T) {
	got := cargonix(t, t.TempDir(), "version")
	if !strings.HasPrefix(got.stdout, "cargonix "+version+" ") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("%q", got.stdout)
	}
}
