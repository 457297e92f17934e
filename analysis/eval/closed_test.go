package eval_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cargonix/cargonix/analysis/eval"
)

// closed is an expression of testdata/closed that needs nothing from outside.
type closed struct {
	text    string
	fails   bool
	unknown bool // for a reason that the comment above says
}

// closedExpressions reads the suite: an expression a line, "␤" for a line break in it; "error:" before those that Nix fails on, "unknown:"
// before those that cargonix does not know.
func closedExpressions(t testing.TB) map[string][]closed {
	files, err := filepath.Glob("testdata/closed/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no suite", err)
	}
	all := map[string][]closed{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || strings.HasPrefix(line, "#") {
				continue
			}
			var c closed
			c.text, c.fails = strings.CutPrefix(line, "error: ")
			c.text, c.unknown = strings.CutPrefix(c.text, "unknown: ")
			c.text = strings.ReplaceAll(c.text, "␤", "\n")
			all[filepath.Base(file)] = append(all[filepath.Base(file)], c)
		}
	}
	return all
}

// newEvaluator evaluates one expression, which is the file expressionFile.
func newEvaluator(expression string) *eval.Evaluator {
	return eval.New(eval.Options{Files: fstest.MapFS{expressionFile: {Data: []byte(expression)}}})
}

func TestClosedLikeNix(t *testing.T) {
	n := newNix(t)
	total := 0
	for file, expressions := range closedExpressions(t) {
		total += len(expressions)
		theirs := make([]answer, len(expressions))
		for _, fails := range []bool{false, true} {
			var texts []string
			for _, c := range expressions {
				if (c.fails || c.unknown) == fails {
					texts = append(texts, c.text)
				}
			}
			answers := n.ask(texts, fails)
			for i, c := range expressions {
				if (c.fails || c.unknown) == fails {
					theirs[i], answers = answers[0], answers[1:]
				}
			}
		}
		t.Run(file, func(t *testing.T) {
			for i, c := range expressions {
				e := newEvaluator(c.text)
				ours := evaluate(e, expressionFile)
				why, isUnknown := check(t, e, c.text, ours, theirs[i])
				_, failed := ours.(failure)
				switch {
				case isUnknown && !c.unknown:
					t.Errorf("%s\nis unknown: %s", c.text, why)
				case c.unknown && !isUnknown:
					t.Errorf("%s\nis known, against what the suite says", c.text)
				case c.fails != (theirs[i].err != nil) && !c.unknown:
					t.Errorf("%s\nNix: %v, against what the suite says", c.text, theirs[i].err)
				case c.fails && !failed:
					t.Errorf("%s\ngives %v", c.text, ours)
				}
			}
		})
	}
	t.Logf("%d expressions", total)
}
