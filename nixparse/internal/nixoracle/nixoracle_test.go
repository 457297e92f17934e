package nixoracle

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestParse runs a program that behaves as nix-instantiate does: it prints a line for each file until it refuses one or falls over, and then
// loses what it had not written out.
func TestParse(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "nix-instantiate")
	const script = `#!/bin/sh
[ "$1" != --version ] || { echo "nix-instantiate (Nix) 2.26.9"; exit; }
[ "$1" != --parse ] || { echo 1; exit; }
[ "$3" = --parse ] || { echo "error: not asked to parse"; exit 2; }
shift 3
out=
for file; do
  case $file in
  *bad*) printf "$out"; echo "error: undefined variable 'x' at $file:1:1" >&2; exit 1 ;;
  *full*) echo "error: no space left on device" >&2; exit 1 ;;
  *crash*) echo "Assertion failed" >&2; kill -SEGV $$ ;;
  *deep*) echo "error: stack overflow" >&2; exit 1 ;;
  esac
  out="$out$file\n"
done
printf "$out"
`
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	nix, err := Open(program, dir)
	if err != nil {
		t.Fatal(err)
	}
	if nix.Version != "2.26.9" || !nix.Prints226() {
		t.Errorf("version %s", nix.Version)
	}
	var files []string
	for i := range 3 * batch {
		name := fmt.Sprintf("/good%d", i)
		switch i % 97 {
		case 0:
			name = fmt.Sprintf("/bad%d", i)
		case 96:
			name = fmt.Sprintf("/%s%d", []string{"crash", "deep"}[i%2], i)
		}
		files = append(files, name)
	}
	answers, err := nix.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range answers {
		bad, crashed := strings.HasPrefix(files[i], "/bad"), strings.HasPrefix(files[i], "/crash") || strings.HasPrefix(files[i], "/deep")
		if answer.Crashed != crashed || answer.Undefined() != bad || answer.Accepted() == (bad || crashed) || answer.Accepted() && answer.Tree != files[i] {
			t.Errorf("%s: %+v", files[i], answer)
		}
	}
	if _, err := nix.Parse([]string{"/good", "/full", "/good"}); err == nil {
		t.Error("a full disk passes for a verdict on a file")
	}
	if _, err := Open(filepath.Join(dir, "none"), dir); err == nil {
		t.Error("a program that is not there is opened")
	}
}
