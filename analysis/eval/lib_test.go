package eval_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cargonix/cargonix/analysis/eval"
)

func libExpressions(t testing.TB) (expressions []closed) {
	data, err := os.ReadFile("testdata/lib.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "#") {
			text, fails := strings.CutPrefix(line, "error: ")
			expressions = append(expressions, closed{text: text, fails: fails})
		}
	}
	return expressions
}

func evaluateWithLib(text string) (*eval.Evaluator, any) {
	e := eval.New(eval.Options{Files: fstest.MapFS{expressionFile: {Data: []byte("{ lib }: " + text)}}})
	arguments := eval.NewAttrs(&eval.Attr{Name: "lib", Value: eval.Ready(e.Lib())})
	return e, plain(e, e.Apply(e.Import(expressionFile), eval.Ready(arguments), eval.Origin{}), 0)
}

// Everything that lib.nix defines works; that it is what nixpkgs' lib gives is for TestLibLikeNixpkgs.
func TestLibIsKnown(t *testing.T) {
	for _, c := range libExpressions(t) {
		_, ours := evaluateWithLib(c.text)
		f, failed := ours.(failure)
		if why, ok := hasUnknown(ours); ok {
			t.Errorf("%s is unknown: %s", c.text, why)
		} else if failed != c.fails {
			t.Errorf("%s: %v %s", c.text, ours, f.message)
		}
	}
}

// CARGONIX_NIXPKGS_LIB is the folder `lib` of a nixpkgs.
func TestLibLikeNixpkgs(t *testing.T) {
	dir := os.Getenv("CARGONIX_NIXPKGS_LIB")
	if dir == "" {
		t.Skip("no CARGONIX_NIXPKGS_LIB")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := newNix(t)
	expressions := libExpressions(t)
	texts := make([]string, len(expressions))
	for i, c := range expressions {
		texts[i] = fmt.Sprintf("let lib = import %s; in %s", dir, c.text)
	}
	for i, theirs := range n.answers(texts) {
		e, ours := evaluateWithLib(expressions[i].text)
		check(t, e, expressions[i].text, ours, theirs)
		if expressions[i].fails != (theirs.err != nil) {
			t.Errorf("%s: %v", expressions[i].text, theirs.err)
		}
	}
	t.Logf("%d expressions", len(expressions))
}
