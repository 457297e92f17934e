package eval_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/internal/tooltest"
)

// nix runs nix-instantiate.
type nix struct {
	t       testing.TB
	program string
	dir     string
}

func newNix(t testing.TB) *nix {
	return &nix{t, tooltest.Need(t, "nix-instantiate"), t.TempDir()}
}

// run evaluates a file strictly, as JSON.
func (n *nix) run(dir, file string) (string, error) {
	cmd := exec.Command(n.program, "--eval", "--strict", "--json", file)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NIX_REMOTE=", "NIX_STORE_DIR="+n.dir+"/store", "NIX_STATE_DIR="+n.dir+"/state", "NIX_LOG_DIR="+n.dir+"/log", "HOME="+n.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, errs.String())
	}
	return out.String(), nil
}

// answer is what Nix says about an expression.
type answer struct {
	value any
	err   error
}

// answers evaluates expressions, many in one process. Where one fails, halves of the rest are tried.
func (n *nix) answers(expressions []string) []answer {
	n.t.Helper()
	return n.ask(expressions, false)
}

// ask evaluates expressions, each in a process of its own if that is wanted.
func (n *nix) ask(expressions []string, alone bool) []answer {
	n.t.Helper()
	out := make([]answer, len(expressions))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 2)
	var ask func(from, to int)
	ask = func(from, to int) {
		defer wait.Done()
		var b strings.Builder
		b.WriteString("[\n")
		for _, expression := range expressions[from:to] {
			fmt.Fprintf(&b, "(%s\n)\n", expression)
		}
		b.WriteString("]\n")
		slots <- struct{}{}
		file := filepath.Join(n.dir, fmt.Sprintf("%d-%d.nix", from, to))
		if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
			n.t.Error(err)
		}
		text, err := n.run(n.dir, file)
		<-slots
		switch {
		case err == nil:
			var values []any
			if err := decode(text, &values); err != nil || len(values) != to-from {
				n.t.Errorf("%v: %s", err, text)
				return
			}
			for i, v := range values {
				out[from+i].value = v
			}
		case to-from == 1:
			out[from].err = err
		default:
			middle := (from + to) / 2
			wait.Add(2)
			go ask(from, middle)
			go ask(middle, to)
		}
	}
	if !alone {
		wait.Add(1)
		go ask(0, len(expressions))
	}
	for i := range expressions {
		if alone {
			wait.Add(1)
			go ask(i, i+1)
		}
	}
	wait.Wait()
	return out
}

func decode(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// unknown is a value that the evaluator does not know, in what plain gives.
type unknown struct{ reason string }

// float marks numbers that are printed in different ways.
type float float64

// failure is an error.
type failure struct{ message string }

// partial is a list or set of which not everything is known, a string with holes, or a choice: compatible looks into it.
type partial struct{ value eval.Value }

// plain makes a value what JSON makes of it. Lists, sets and strings that are known in part stay values.
func plain(e *eval.Evaluator, v eval.Value, depth int) any {
	if depth > 200 {
		return unknown{"too deep"}
	}
	switch v := v.(type) {
	case *eval.Null:
		return nil
	case *eval.Bool:
		return v.Value
	case *eval.Int:
		return json.Number(fmt.Sprint(v.Value))
	case *eval.Float:
		return float(v.Value)
	case *eval.String:
		text, ok := v.Text()
		if !ok {
			return partial{v}
		}
		return text
	case *eval.List:
		elements, ok := v.Elements()
		if !ok {
			return partial{v}
		}
		list := []any{}
		for _, t := range elements {
			inner := plain(e, e.Force(t), depth+1)
			if f, ok := inner.(failure); ok {
				return f
			}
			list = append(list, inner)
		}
		return list
	case *eval.Attrs:
		if !v.Complete() {
			return partial{v}
		}
		if _, p := e.Find(v, "__toString"); p == eval.Present {
			return plain(e, e.Apply(e.Select(v, "__toString"), eval.Ready(v), eval.Origin{}), depth+1)
		}
		if _, p := e.Find(v, "outPath"); p == eval.Present {
			return plain(e, e.Select(v, "outPath"), depth+1)
		}
		set := map[string]any{}
		for attr := range v.All() {
			inner := plain(e, e.Force(attr.Value), depth+1)
			if f, ok := inner.(failure); ok {
				return f
			}
			set[attr.Name] = inner
		}
		return set
	case *eval.Error:
		return failure{v.Message}
	case *eval.Unknown:
		return unknown{v.Reason}
	case *eval.Opaque:
		return unknown{v.String()}
	case *eval.Choice:
		return partial{v}
	}
	return failure{"cannot convert " + v.TypeName()}
}

// hasUnknown finds something that is not known.
func hasUnknown(v any) (string, bool) {
	switch v := v.(type) {
	case unknown:
		return v.reason, true
	case partial:
		return v.value.TypeName(), true
	case []any:
		for _, inner := range v {
			if reason, ok := hasUnknown(inner); ok {
				return reason, true
			}
		}
	case map[string]any:
		for _, inner := range v {
			if reason, ok := hasUnknown(inner); ok {
				return reason, true
			}
		}
	}
	return "", false
}

// compatible tells whether what the evaluator knows fits Nix's value.
func compatible(e *eval.Evaluator, ours, theirs any) bool {
	switch ours := ours.(type) {
	case unknown:
		return true
	case partial:
		return compatiblePart(e, ours.value, theirs)
	case json.Number:
		n, ok := theirs.(json.Number)
		return ok && n == ours
	case float:
		n, ok := theirs.(json.Number)
		if !ok {
			return theirs == nil && (math.IsNaN(float64(ours)) || math.IsInf(float64(ours), 0))
		}
		f, err := n.Float64()
		return err == nil && math.Abs(f-float64(ours)) <= 1e-5*math.Max(math.Abs(f), 1e-30)
	case []any:
		list, ok := theirs.([]any)
		if !ok || len(list) != len(ours) {
			return false
		}
		for i := range ours {
			if !compatible(e, ours[i], list[i]) {
				return false
			}
		}
		return true
	case string:
		return string([]rune(ours)) == theirs // bytes that are no character become one each, as decode makes them
	case map[string]any:
		set, ok := theirs.(map[string]any)
		if !ok || len(set) != len(ours) {
			return false
		}
		for name := range ours {
			inner, ok := set[name]
			if !ok || !compatible(e, ours[name], inner) {
				return false
			}
		}
		return true
	}
	return ours == theirs
}

func compatiblePart(e *eval.Evaluator, v eval.Value, theirs any) bool {
	switch v := v.(type) {
	case *eval.Choice:
		for _, alternative := range v.Of {
			if compatible(e, plain(e, alternative, 0), theirs) {
				return true
			}
		}
		return false
	case *eval.String:
		s, ok := theirs.(string)
		if !ok || !strings.HasPrefix(s, v.Prefix()) {
			return false
		}
		for _, part := range v.Parts {
			if part.Hole == nil {
				i := strings.Index(s, part.Text)
				if i < 0 {
					return false
				}
				s = s[i+len(part.Text):]
			}
		}
		return strings.HasSuffix(theirs.(string), v.Suffix())
	case *eval.List:
		list, ok := theirs.([]any)
		return ok && compatibleItems(e, v.Items, list)
	case *eval.Attrs:
		set, ok := theirs.(map[string]any)
		if !ok {
			// Something unknown may have an outPath, or __toString.
			_, ok = theirs.(string)
			return ok
		}
		for name, inner := range set {
			t, p := e.Find(v, name)
			if p == eval.Absent || !compatible(e, plain(e, e.Force(t), 0), inner) {
				return false
			}
		}
		for attr := range v.All() {
			if _, ok := set[attr.Name]; !ok {
				if _, p := e.Find(v, attr.Name); p == eval.Present {
					return false
				}
			}
		}
		return true
	}
	return false
}

func compatibleItems(e *eval.Evaluator, items []eval.Item, list []any) bool {
	for i, item := range items {
		if item.Rest != nil {
			if choice, ok := item.Rest.(*eval.Choice); ok {
				for _, alternative := range choice.Of {
					inner, ok := alternative.(*eval.List)
					if !ok {
						inner = &eval.List{Items: []eval.Item{{Rest: eval.NewUnknown("")}}}
					}
					if compatibleItems(e, append(append([]eval.Item{}, inner.Items...), items[i+1:]...), list) {
						return true
					}
				}
				return false
			}
			for skip := 0; skip <= len(list); skip++ {
				if compatibleItems(e, items[i+1:], list[skip:]) {
					return true
				}
			}
			return false
		}
		if len(list) == 0 || !compatible(e, plain(e, e.Force(item.Value), 0), list[0]) {
			return false
		}
		list = list[1:]
	}
	return len(list) == 0
}

// expressionFile is the file that an expression is evaluated as.
const expressionFile = "expression.nix"

// evaluate gives the value of an expression, and what it is as JSON.
func evaluate(e *eval.Evaluator, name string) any {
	return plain(e, e.Import(name), 0)
}

// check compares one expression with Nix and tells whether the answer was unknown.
func check(t *testing.T, e *eval.Evaluator, expression string, ours any, theirs answer) (why string, isUnknown bool) {
	t.Helper()
	why, isUnknown = hasUnknown(ours)
	f, failed := ours.(failure)
	switch {
	case theirs.err != nil && !failed && !isUnknown:
		t.Errorf("%s\ngives %v, but Nix fails: %v", expression, ours, theirs.err)
	case theirs.err != nil:
	case failed:
		t.Errorf("%s\nfails: %s\nbut Nix gives %v", expression, f.message, theirs.value)
	case !compatible(e, ours, theirs.value):
		t.Errorf("%s\ngives %v, but Nix %v", expression, ours, theirs.value)
	}
	return why, isUnknown
}
