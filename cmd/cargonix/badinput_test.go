package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// damage is a way in which a file can be bad.
type damage struct {
	name string
	do   func(t *testing.T, path string)
}

func rewritten(name string, change func(string) string) damage {
	return damage{name, func(t *testing.T, path string) { writeText(t, path, change(readText(t, path))) }}
}

func replaced(name, content string) damage {
	return rewritten(name, func(string) string { return content })
}

// tooLarge is larger than the limit of a file's size.
const tooLarge = 50 << 20

// damages are all the ways in which any file can be bad.
var damages = []damage{
	rewritten("half written", func(s string) string { return s[:len(s)/2] }),
	rewritten("half a line", func(s string) string { return s[:strings.LastIndex(s, "\"")] }),
	rewritten("merge conflict", func(s string) string {
		half := strings.LastIndex(s[:len(s)/2], "\n") + 1
		return s[:half] + "<<<<<<< HEAD\nversion = 4\n=======\nversion = 3\n>>>>>>> theirs\n" + s[half:]
	}),
	replaced("empty", ""),
	replaced("only blanks", " \n\t\n"),
	replaced("NUL bytes", strings.Repeat("\x00", 4096)),
	rewritten("a NUL byte inside", func(s string) string { return s[:len(s)/2] + "\x00" + s[len(s)/2:] }),
	rewritten("invalid UTF-8", func(s string) string { return s[:len(s)/2] + "\xff\xfe\xc3\x28" + s[len(s)/2:] }),
	replaced("all bytes", func() string {
		var all []byte
		for i := range 256 {
			all = append(all, byte(i))
		}
		return strings.Repeat(string(all), 100)
	}()),
	replaced("UTF-16", "\xff\xfev\x00e\x00r\x00s\x00i\x00o\x00n\x00"),
	replaced("100,000 open brackets", strings.Repeat("[", 100_000)),
	replaced("100,000 open braces", strings.Repeat("{ a = ", 100_000)),
	replaced("100,000 nested parentheses", strings.Repeat("(", 100_000)+"1"+strings.Repeat(")", 100_000)),
	{"a folder", func(t *testing.T, path string) {
		remove(t, path)
		if err := os.Mkdir(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}},
	{"a FIFO", func(t *testing.T, path string) {
		remove(t, path)
		if err := syscall.Mkfifo(path, 0o666); err != nil {
			t.Skip(err)
		}
	}},
	{"a link to nowhere", func(t *testing.T, path string) {
		remove(t, path)
		if err := os.Symlink("nowhere", path); err != nil {
			t.Skip(err)
		}
	}},
	{"a link to itself", func(t *testing.T, path string) {
		remove(t, path)
		if err := os.Symlink(filepath.Base(path), path); err != nil {
			t.Skip(err)
		}
	}},
	{"50 MB", func(t *testing.T, path string) {
		if err := os.Truncate(path, tooLarge); err != nil {
			t.Fatal(err)
		}
	}},
	{"not to be read", func(t *testing.T, path string) {
		if os.Getuid() == 0 {
			t.Skip("root may read all")
		}
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}},
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// TestBadInput: whatever is wrong with a file of a project, check says so, and nothing worse happens.
func TestBadInput(t *testing.T) {
	for _, file := range []struct{ sample, name string }{
		{"cargo2nix-basic", "Cargo.lock"}, {"cargo2nix-basic", "Cargo.nix"}, {"cargo2nix-basic", "Cargo.toml"}, {"cargo2nix-basic", "tally/Cargo.toml"},
		{"mixed-git-path", "crate-hashes.json"}, {"mixed-git-path", "crate2.nix"}, {"drifted-crate2nix", "Cargo.lock"},
	} {
		for _, d := range damages {
			t.Run(file.sample+"/"+file.name+"/"+d.name, func(t *testing.T) {
				t.Parallel()
				dir := sample(t, file.sample)
				d.do(t, filepath.Join(dir, filepath.FromSlash(file.name)))
				report, status := checkJSON(t, dir, dir)
				unreadable := slices.Contains(codes(report), file.name+" unreadable-input")
				if unreadable && status != exitFindings {
					t.Errorf("status %d", status)
				}
				if !unreadable && !harmless(file.name, d.name) {
					t.Errorf("no unreadable-input: %q, status %d", codes(report), status)
				}
				text := cargonix(t, dir, "check")
				if text.status != status || text.stderr != "" || strings.ContainsFunc(text.stdout, func(r rune) bool { return r < ' ' && r != '\n' || r == 0x7F }) {
					t.Errorf("text: status %d, want %d; stderr %s\n%q", text.status, status, text.stderr, text.stdout)
				}
				if len(text.stdout) > 1<<20 {
					t.Errorf("%d bytes of text", len(text.stdout))
				}
			})
		}
	}
}

// harmless reports whether a file that is bad in this way is none of check's business: it is no file of the project any more.
func harmless(file, damage string) bool {
	switch filepath.Base(file) {
	case "Cargo.nix":
		// Nix reads Cargo.nix/default.nix for a folder; the parentheses are Nix that nobody generated; the invalid bytes land in a string, where
		// Nix takes them.
		return damage == "a folder" || damage == "100,000 nested parentheses" || damage == "invalid UTF-8"
	case "crate2.nix":
		// Under a name of the user's choice, only what a generator wrote counts.
		return damage != "half written" && damage != "half a line" && damage != "merge conflict" && damage != "a NUL byte inside" && damage != "invalid UTF-8"
	case "Cargo.toml":
		// An empty manifest is TOML; what cargo lacks in it is cargo's to say.
		return damage == "empty" || damage == "only blanks" || damage == "a folder"
	case "crate-hashes.json":
		return damage == "invalid UTF-8" // it lands in a string, which is read as Nix reads it
	}
	return false
}

// TestLineEndings: a lock with other line endings is another one to Nix, but has the same crates; a byte order mark is no fault.
func TestLineEndings(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"CRLF":            func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
		"byte order mark": func(s string) string { return "\uFEFF" + s },
		"a line more":     func(s string) string { return s + "\n" },
	} {
		dir := sample(t, "cargo2nix-basic")
		lock := filepath.Join(dir, "Cargo.lock")
		writeText(t, lock, change(readText(t, lock)))
		report, status := checkJSON(t, dir, dir)
		if got := codes(report); status != exitFindings || !slices.Equal(got, []string{"Cargo.nix lock-hash-drift", "flake.nix lock-hash-drift"}) {
			t.Errorf("%s: status %d, %q", name, status, got)
		}
	}
}

// TestUnknownGenerator: a Cargo.nix that nobody is known to have written is no finding, and a project without a builder.
func TestUnknownGenerator(t *testing.T) {
	dir := sample(t, "cargo2nix-basic")
	writeText(t, filepath.Join(dir, "Cargo.nix"), "{ pkgs }: pkgs.rustPlatform.buildRustPackage { }\n")
	report, status := checkJSON(t, dir, dir)
	if status != exitClean || len(report.Findings) > 0 || len(report.Projects) != 1 || len(report.Projects[0].Builders) > 0 {
		t.Errorf("status %d: %+v", status, report)
	}
}
