package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
)

func TestSyntaxTree(t *testing.T) {
	dir := tree(t, map[string]string{"a.nix": "{ a = f 1 + x.y; # c\n}\n", "b.nix": "{ a = ; }", "long.nix": `"` + strings.Repeat("é", 100) + `"`})
	got := cargonix(t, dir, "syntax", "a.nix", "b.nix", "long.nix")
	want := `a.nix:
source_code 0..23
  expression: attrset_expression 0..22
    binding_set 2..16
      binding: binding 2..16
        attrpath: attrpath 2..3
          attr: identifier 2..3 "a"
        expression: binary_expression 6..15 "+"
          left: apply_expression 6..9
            function: variable_expression 6..7
              name: identifier 6..7 "f"
            argument: integer_expression 8..9 "1"
          right: select_expression 12..15
            expression: variable_expression 12..13
              name: identifier 12..13 "x"
            attrpath: attrpath 14..15
              attr: identifier 14..15 "y"
    comment 17..20 "# c"
b.nix:
source_code 0..9
  expression: attrset_expression 0..9
    binding_set 2..7
      binding: binding 2..7 ! missing value
        attrpath: attrpath 2..3
          attr: identifier 2..3 "a"
long.nix:
source_code 0..202
  expression: string_expression 0..202
    string_fragment 1..201 "` + strings.Repeat("é", 30) + `…"
`
	if got.status != exitClean || got.stdout != want || got.stderr != "" {
		t.Errorf("status %d\n%s%s", got.status, got.stdout, got.stderr)
	}
}

func TestSyntaxErrors(t *testing.T) {
	dir := tree(t, map[string]string{
		"good.nix": "{ }",
		// Columns count characters, and neither the byte order mark nor a line's end.
		"bad.nix":    "\ufeff{ \"é😀\" = ./a/;\r\n  b = 1 }\n",
		"bell\a.nix": "a b\x1b[31m",
	})
	got := cargonix(t, dir, "syntax", "--errors", "good.nix", "bad.nix", "bell\a.nix")
	want := "bad.nix:1:1: byte order mark before the expression\nbad.nix:1:10: path ends with a slash\nbad.nix:2:8: missing \";\"\n" +
		"bell\uFFFD.nix:1:4: unexpected \"\\x1b\"\n" + "bell\uFFFD.nix:1:9: missing \"]\"\n"
	if got.status != exitFindings || got.stdout != want || got.stderr != "" {
		t.Errorf("status %d\n%q\n%s", got.status, got.stdout, got.stderr)
	}
	if got := cargonix(t, dir, "syntax", "--errors", "good.nix"); got != (outcome{}) {
		t.Errorf("%+v", got)
	}
}

func TestSyntaxAsNix(t *testing.T) {
	dir := tree(t, map[string]string{"sub/a.nix": "{ b.c = ./x; b.d = ~/y; }", "bad.nix": "{ a = 1;\n a = 2; }", "worse.nix": "{"})
	if err := os.Symlink("sub/a.nix", filepath.Join(dir, "link.nix")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("sub", filepath.Join(dir, "folder")); err != nil {
		t.Fatal(err)
	}
	run := func(stdin string, args ...string) outcome {
		cmd := program(t, dir, append([]string{"syntax", "--nix"}, args...)...)
		cmd.Env = append(cmd.Env, "HOME=/home/me")
		cmd.Stdin = strings.NewReader(stdin)
		return outcomeOf(t, cmd)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	in := func(folder string) string {
		return "{ b = { c = " + filepath.Join(real, folder) + "/x; d = /home/me/y; }; }\n"
	}
	want := outcome{stdout: in("sub") + in("sub") + in("folder") + real + "/z\n"}
	if got := run("./z", "sub/a.nix", "link.nix", "folder/a.nix", "-"); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	want = outcome{in("sub"), "bad.nix:2:2: attribute \"a\" is given twice\nworse.nix:1:2: missing \"}\"\n", exitFindings}
	if got := run("", "bad.nix", "sub/a.nix", "worse.nix"); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}

	// Nix finds the same paths.
	nix := exec.Command(tooltest.NeedNix226(t), "--parse", "sub/a.nix", "link.nix", "folder/a.nix")
	nix.Dir = dir
	nix.Env = append(os.Environ(), "HOME=/home/me", "NIX_REMOTE=", "NIX_STORE_DIR="+dir+"/store", "NIX_STATE_DIR="+dir+"/state", "NIX_LOG_DIR="+dir+"/log")
	theirs, err := nix.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := run("", "sub/a.nix", "link.nix", "folder/a.nix"); got.stdout != string(theirs) {
		t.Errorf("Nix prints\n%s, not\n%s", theirs, got.stdout)
	}
}

func TestSyntaxUsage(t *testing.T) {
	dir := tree(t, map[string]string{"a.nix": "1"})
	for _, test := range []struct {
		args []string
		says string
	}{
		{nil, "requires at least 1 arg(s), only received 0"},
		{[]string{"nowhere.nix"}, "nowhere.nix: no such file or directory"},
		{[]string{"--errors", "a.nix", "nowhere.nix"}, "nowhere.nix: no such file or directory"},
		{[]string{"."}, ".: is a directory"},
		{[]string{"--nix", "--errors", "a.nix"}, "if any flags in the group [errors nix] are set none of the others can be; [errors nix] were all set"},
	} {
		got := cargonix(t, dir, append([]string{"syntax"}, test.args...)...)
		if got != (outcome{"", "cargonix: " + test.says + "\n", exitUsage}) {
			t.Errorf("%q: %+v", test.args, got)
		}
	}
}
