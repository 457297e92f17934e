package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

var update = flag.Bool("update", false, "write what check prints into testdata")

// TestText is what a person reads of the drifted sample, without a terminal and so without colours.
func TestText(t *testing.T) {
	const golden = "testdata/drifted.golden"
	got := cargonix(t, filepath.Join("..", "..", "testdata", "drifted"), "check")
	if strings.Contains(got.stdout, "\x1b") {
		t.Error("escape codes in a file")
	}
	if *update {
		if err := os.MkdirAll("testdata", 0o777); err != nil {
			t.Fatal(err)
		}
		writeText(t, golden, got.stdout)
	}
	if diff := cmp.Diff(readText(t, golden), got.stdout); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestColour(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if hasColour(null) {
		t.Error("colours where there is no terminal")
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	for _, test := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		if got := hasColour(terminal); got != test.want {
			t.Errorf("NO_COLOR=%s TERM=%s: %v", test.noColor, test.term, got)
		}
	}
}

// TestTerminalInjection: no name of a crate, file or folder reaches the terminal as a command to it, or begins a line of its own.
func TestTerminalInjection(t *testing.T) {
	const evil = "x\x1b[2J\x1b]0;owned\a\u202Ey\u2066\u009b31m\r"
	for _, test := range []map[string]string{
		{"Cargo.lock": "version = 4\n[[package]]\nname = \"" + escaped(evil) + "\"\nversion = \"1.0.0" + escaped(evil) + "\"\n", "Cargo.nix": crate2nixOf("a", "1.0.0"), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"},
		{"Cargo.lock": "version = 4\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n", "Cargo.nix": crate2nixOf("a", "1.0.0"+evil), "Cargo.toml": "[package]\nname = \"a\"\nversion = \"1.0.0\"\n"},
		{evil + "\nCargo.nix:1:1: error: forged [x]/Cargo.nix": crate2nixOf("a", "1.0.0"), evil + "\nCargo.nix:1:1: error: forged [x]/Cargo.lock": "version = 4\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n"},
		{"Cargo.lock": "version = " + evil},
		{"Cargo.lock": evil},
	} {
		dir := tree(t, test)
		got := cargonix(t, dir, "check")
		if got.status != exitFindings {
			t.Errorf("status %d: %s", got.status, got.stdout)
		}
		if strings.ContainsAny(got.stdout, "\x1b\a\r\u202E\u2066\u009b") {
			t.Errorf("gets through: %q", got.stdout)
		}
		for line := range strings.Lines(got.stdout) {
			if strings.HasPrefix(line, "Cargo.nix:1:1: error: forged") {
				t.Errorf("a forged line: %q", line)
			}
		}
		report, _ := checkJSON(t, dir, dir)
		if len(report.Findings) == 0 {
			t.Error("no findings")
		}
	}
}

// escaped is text in a TOML string.
func escaped(s string) string {
	return strings.NewReplacer("\x1b", `\u001b`, "\a", `\u0007`, "\r", `\r`, "\u009b", `\u009b`).Replace(s)
}

func crate2nixOf(name, version string) string {
	return `{ pkgs ? null, defaultCrateOverrides ? null, rootFeatures ? [ ], buildRustCrateForPkgs ? null }:
rec { rootCrate = rec { packageId = "x"; build = internal.buildRustCrateWithFeatures { inherit packageId; }; }; internal = rec { crates = { "x" = rec {
  crateName = "` + name + `"; version = "` + version + `"; edition = "2021"; src = ./.; }; }; }; }
`
}

// TestExcerpt shows spans at each kind of place; the carets stand under what is marked.
func TestExcerpt(t *testing.T) {
	long := strings.Repeat("a", 60) + "MARK" + strings.Repeat("b", 200)
	for _, test := range []struct {
		name, data string
		span       text.Span
		want       string
	}{
		{"inside a line", "one\ntwo three\n", text.Span{Start: 8, End: 13}, "  2 | two three\n    |     ^^^^^\n"},
		{"nothing", "one\n", text.Span{Start: 1, End: 1}, "  1 | one\n    |  ^\n"},
		{"the file as a whole", "one\n", text.Span{}, ""},
		{"over lines", "one\ntwo\n", text.Span{Start: 1, End: 7}, "  1 | one\n    |  ^^\n"},
		{"at the end of the file", "one\n", text.Span{Start: 4, End: 4}, ""},
		{"the line ending", "one\r\ntwo", text.Span{Start: 3, End: 5}, "  1 | one\n    |    ^\n"},
		{"inside the line ending", "one\r\ntwo", text.Span{Start: 4, End: 5}, "  1 | one\n    |    ^\n"},
		{"a byte order mark", "\uFEFFone", text.Span{Start: 3, End: 6}, "  1 | one\n    | ^^^\n"},
		{"invalid bytes", "\xff\xfe x", text.Span{Start: 1, End: 2}, "  1 | \uFFFD\uFFFD x\n    |  ^\n"},
		{"tabs", "\tx", text.Span{Start: 1, End: 2}, "  1 |  x\n    |  ^\n"},
		{"a long line", long, text.Span{Start: 60, End: 64}, "  1 | …" + strings.Repeat("a", 29) + "MARK" + strings.Repeat("b", 65) + "…\n    | " + strings.Repeat(" ", 30) + "^^^^\n"},
		{"a long mark", long, text.Span{Start: 0, End: 264}, "  1 | " + long[:99] + "…\n    | " + strings.Repeat("^", 100) + "\n"},
		{"a long mark far to the right", long, text.Span{Start: 60, End: 264}, "  1 | …" + strings.Repeat("a", 29) + "MARK" + strings.Repeat("b", 65) + "…\n    | " + strings.Repeat(" ", 30) + strings.Repeat("^", 70) + "\n"},
	} {
		dir := tree(t, map[string]string{"Cargo.nix": test.data})
		ws, err := workspace.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		f := &located{Finding: analysis.Finding{Location: analysis.Location{File: "Cargo.nix", Span: test.span}}, snap: ws.Snapshot()}
		var out strings.Builder
		printExcerpt(&out, style{}, f)
		if diff := cmp.Diff(test.want, out.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
