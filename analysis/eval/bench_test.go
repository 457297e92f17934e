package eval_test

import (
	"os"
	"testing"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/nixparse"
)

// BenchmarkFlake evaluates every output of a flake for four systems, from text: to be compared with the 10 ms that a keystroke may take.
func BenchmarkFlake(b *testing.B) {
	source, err := os.ReadFile("testdata/flake.nix")
	if err != nil {
		b.Fatal(err)
	}
	overrides, err := os.ReadFile("testdata/overrides.nix")
	if err != nil {
		b.Fatal(err)
	}
	files := workspace("flake.nix", string(source), "overrides.nix", string(overrides), "Cargo.toml", "[package]\nname = \"app\"\nversion = \"1.0.0\"\n")
	b.ReportAllocs()
	b.SetBytes(int64(len(source) + len(overrides)))
	for b.Loop() {
		e := eval.New(eval.Options{Files: files, System: "x86_64-linux", Select: benchSelect})
		flake, failed := e.Flake("flake.nix", func(name string) eval.Value { return eval.NewOpaque("inputs." + name) })
		if failed != nil {
			b.Fatal(describeValue(e, failed))
		}
		if n := count(e, e.Force(flake.Outputs), 0); n < 100 {
			b.Fatalf("only %d values", n)
		}
	}
}

func benchSelect(e *eval.Evaluator, o *eval.Opaque, name string, _ eval.Origin) (eval.Value, bool) {
	switch o.Root + "." + name {
	case "inputs.flake-utils.lib":
		return e.FlakeUtils("x86_64-linux", "aarch64-linux", "x86_64-darwin", "aarch64-darwin"), true
	case "inputs.nixpkgs.lib":
		return e.Lib(), true
	}
	return nil, false
}

// count evaluates a value and all that is in it, arguments of calls included.
func count(e *eval.Evaluator, v eval.Value, depth int) int {
	n := 1
	if depth > 8 {
		return n
	}
	switch v := v.(type) {
	case *eval.List:
		for _, item := range v.Items {
			if item.Rest == nil {
				n += count(e, e.Force(item.Value), depth+1)
			}
		}
	case *eval.Attrs:
		e.Enumerate(v, func(a *eval.Attr) { n += count(e, e.Force(a.Value), depth+1) })
	case *eval.Opaque:
		_, args := v.Callee()
		for _, arg := range args {
			n += count(e, e.Force(arg), depth+1)
		}
	}
	return n
}

// BenchmarkNew makes an evaluator with lib loaded, which every evaluation pays.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		eval.New(eval.Options{}).Lib()
	}
}

// BenchmarkCalls is the price of a step.
func BenchmarkCalls(b *testing.B) {
	source := []byte(`let f = n: acc: if n == 0 then acc else f (n - 1) (acc + n); in f 10000 0`)
	files := workspace("main.nix", string(source))
	tree := nixparse.Parse(source)
	steps := 0
	for b.Loop() {
		e := eval.New(eval.Options{Files: files, Parse: func(string, []byte) *nixparse.Tree { return tree }})
		e.Import("main.nix")
		steps += e.Steps()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
}
