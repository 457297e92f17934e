package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
)

func TestComparison(t *testing.T) {
	program := tooltest.NeedNix226(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good.nix": "{ a.b = ./x; a.c = ''\n  y\n''; }", "same.nix": "{ a.b = ./x; a.c = ''\n  y\n''; }", "sub/undefined.nix": "x: y", "bad.nix": "{ a = ; }",
		"twice.nix": "{ a = 1; a = 2; }", "other.txt": "{",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := nixFiles([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("%d different files", len(files))
	}
	c, err := newComparison(program)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	}()
	if err := c.compare(files); err != nil {
		t.Fatal(err)
	}
	if c.accepted != 2 || c.refused != 2 || c.undefined != 1 || c.structures != 2 || c.acceptance+c.structure+c.crashed+c.versions != 0 {
		t.Errorf("%+v", c)
	}
}

func TestDifference(t *testing.T) {
	long := strings.Repeat("x", 200)
	got := difference(long+"a", long+"b")
	want := "  Nix:      \"" + long[:60] + "a\"\n  nixparse: \"" + long[:60] + "b\""
	if got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
