package eval_test

import (
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/cargonix/cargonix/analysis/eval"
)

// slowest is how long an evaluation may take that runs into its limits, on a busy machine and with the race detector.
const slowest = 30 * time.Second

// evaluateAll evaluates a text as deep as it goes, within limits.
func evaluateAll(t testing.TB, source string) {
	start := time.Now()
	e := eval.New(eval.Options{Files: workspace("main.nix", source, "flake.nix", source, "data.json", "{}")})
	seen := 0
	var visit func(v eval.Value, depth int)
	visit = func(v eval.Value, depth int) {
		if seen++; seen > 2000 || depth > 12 {
			return
		}
		if span := v.Origin().Span(); !v.Origin().IsZero() && (span.Start < 0 || span.End < span.Start || span.End > len(source)) {
			t.Fatalf("span %v of %d bytes", span, len(source))
		}
		switch v := v.(type) {
		case *eval.List:
			for _, item := range v.Items {
				if item.Rest != nil {
					visit(item.Rest, depth+1)
				} else {
					visit(e.Force(item.Value), depth+1)
				}
			}
		case *eval.Attrs:
			e.Enumerate(v, func(a *eval.Attr) { visit(e.Force(a.Value), depth+1) })
			for rest := range v.Rests() {
				visit(rest, depth+1)
			}
		case *eval.Choice:
			for _, alternative := range v.Of {
				visit(alternative, depth+1)
			}
		case *eval.Lambda:
			visit(e.Apply(v, eval.Ready(eval.NewOpaque("argument")), eval.Origin{}), depth+1)
		case *eval.Opaque:
			_ = v.String()
		case *eval.String:
			e.PathOf(v)
		}
	}
	v := e.Import("main.nix")
	visit(v, 0)
	_, _ = e.JSON(v)
	if flake, err := e.Flake("flake.nix", func(name string) eval.Value { return eval.NewOpaque(name) }); err == nil {
		visit(e.Force(flake.Outputs), 0)
	}
	if took := time.Since(start); took > slowest {
		t.Fatalf("took %v", took)
	}
}

func FuzzEval(f *testing.F) {
	for _, expressions := range closedExpressions(f) {
		for _, c := range expressions {
			f.Add(c.text)
		}
	}
	g := &generator{Rand: rand.New(rand.NewPCG(5, 6)), most: 2}
	for range 50 {
		f.Add(g.expression(g.kind(2), 4))
	}
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) > 1<<16 {
			return
		}
		evaluateAll(t, source)
	})
}

// hostile are programs that Nix would never finish, or that fall over when a limit is missing.
var hostile = []string{
	`let f = x: f x; in f 1`,
	`let f = x: 1 + f x; in f 1`,
	`let f = x: f (x + 1) + f (x + 2); in f 1`,
	`let f = x: [ (f x) ]; in f 1`,
	`let f = x: { a = f (x + 1); }; in builtins.deepSeq (f 1) 2`,
	`let f = x: { a = f (x + 1); }; in builtins.toJSON (f 1)`,
	`let f = x: { a = f (x + 1); }; in f 1 == f 1`,
	`let x = { a = x; }; in builtins.toJSON x`,
	`let x = [ x ]; in toString x`,
	`let x = [ x ]; in x == [ x ]`,
	`let s = builtins.foldl' (a: b: a + a) "aaaaaaaaaaaaaaaa" (builtins.genList (x: x) 100); in s`,
	`let s = builtins.foldl' (a: b: a ++ a) [ 1 2 ] (builtins.genList (x: x) 100); in builtins.length s`,
	`builtins.genList (x: x) 9223372036854775807`,
	`builtins.length (builtins.genList (x: x) 1000000000)`,
	`builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }`,
	`builtins.concatStringsSep "" (builtins.genList (x: builtins.concatStringsSep "" (builtins.genList (x: "aaaaaaaaaaaaaaaaaaaa") 1000)) 2000)`,
	`builtins.replaceStrings [ "" ] [ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" ] (builtins.concatStringsSep "" (builtins.genList (x: "aaaaaaaaa") 100000))`,
	`builtins.match "((a*)*)*b" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`,
	`builtins.match "(.*)(.*)(.*)(.*)(.*)(.*)x" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`,
	`builtins.match "(a{1000}){1000}" "a"`,
	`builtins.sort (a: b: throw "x") (builtins.genList (x: x) 100000)`,
	`c: let f = n: if c n then f (n + 1) else f (n + 2); in f 0`,
	`c: let f = n: if c n then [ (f (n + 1)) ] else [ (f (n + 2)) ]; in f 0`,
	`c: builtins.foldl' (a: b: if c then a // { x = b; } else a) { } (builtins.genList (x: x) 1000)`,
	`c: builtins.foldl' (a: b: a ++ (if c then [ b ] else [ ])) [ ] (builtins.genList (x: x) 1000)`,
	`c: builtins.foldl' (a: b: if c.${toString b} then a + b else a) 0 (builtins.genList (x: x) 1000)`,
	`c: builtins.concatStringsSep "," (builtins.filter (x: x == c) (builtins.genList (x: x) 1000))`,
	`c: builtins.foldl' (a: b: a // c) { a = 1; } (builtins.genList (x: x) 3000)`,
	`c: (builtins.foldl' (a: b: a // c) { a = 1; } (builtins.genList (x: x) 3000)).a`,
	`c: builtins.foldl' (a: b: a c) c (builtins.genList (x: x) 10000)`,
	`c: builtins.foldl' (a: b: "${a}${c}") "" (builtins.genList (x: x) 3000)`,
	`c: (builtins.foldl' (a: b: (if c.${toString b} then a else a // { x = b; }) // { y = b; }) { } (builtins.genList (x: x) 1000)).z or 1`,
	`c: builtins.attrNames (builtins.foldl' (a: b: (if c.${toString b} then a else a // { x = b; }) // { y = b; }) { } (builtins.genList (x: x) 1000))`,
	`c: builtins.foldl' (a: b: [ b ] ++ (if c.${toString b} then a else [ 1 ] ++ a)) [ ] (builtins.genList (x: x) 1000)`,
	`builtins.zipAttrsWith (n: v: v) (builtins.genList (x: { a = x; }) 200000)`,
	`builtins.replaceStrings (builtins.genList toString 100000) (builtins.genList toString 100000) "abcdefghijklmnopqrstuvwxyz"`,
	`c: builtins.zipAttrsWith (n: v: v) (builtins.genList (x: if c.${toString x} then { a = x; } else { b = x; }) 20000)`,
	`import ./main.nix`,
	`rec { a = b; b = c; c = a; }.a`,
	`let x = if x then 1 else 2; in x`,
	`with (with x; y); z`,
	`{ outputs = { self, ... }: self.x; }`,
	`{ outputs = { self, ... }: self; }`,
	`{ outputs = { self, ... }: { a = self; b = self.b; }; }`,
	`{ __toString = self: self; } + "a"`,
	`{ __functor = self: self; } 1`,
	`let a = { __functor = self: x: self x; }; in a 1`,
	`"${let s = { outPath = s; }; in s}"`,
	strings.Repeat("(", 50_000) + "1" + strings.Repeat(")", 50_000),
	strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	strings.Repeat("{a=", 10_000) + "1" + strings.Repeat(";}", 10_000),
	strings.Repeat("x: ", 20_000) + "1",
	strings.Repeat("let a = ", 5_000) + "1" + strings.Repeat("; in a", 5_000),
	strings.Repeat("!", 50_000) + "true",
	strings.Repeat("-", 50_000) + "1",
	"1" + strings.Repeat("+1", 50_000),
	"[1]" + strings.Repeat("++[1]", 20_000),
	"{ " + strings.Repeat("a.", 20_000) + "a = 1; }",
	"{}" + strings.Repeat(".a or {}", 5_000),
	"f: f" + strings.Repeat(" f", 20_000),
	`"` + strings.Repeat("${", 5_000) + `"a"` + strings.Repeat("}", 5_000) + `"`,
	"x: " + strings.Repeat("if x then ", 3_000) + "1" + strings.Repeat(" else 2", 3_000),
	strings.Repeat("with x: ", 10) + "a",
	"{ a = " + strings.Repeat("{ a = ", 3000) + "{}" + strings.Repeat("; }", 3000) + "; a = " + strings.Repeat("{ a = ", 3000) + "{}" + strings.Repeat("; }", 3000) + "; }",
}

// Whatever a program does, the stack stays far from where Go gives up.
func TestBounds(t *testing.T) {
	const stack = 256 << 20 // of a billion bytes that Go allows, the race detector's share included
	defer debug.SetMaxStack(debug.SetMaxStack(stack))
	for i, source := range hostile {
		if i%share != 0 {
			continue
		}
		name := source[:min(len(source), 60)]
		t.Run(name, func(t *testing.T) {
			evaluateAll(t, source)
		})
	}
}

func FuzzRegex(f *testing.F) {
	f.Add("a*(b|c)[^d]", "abx")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		e := eval.New(eval.Options{Files: workspace("main.nix", "{ match = builtins.match; split = builtins.split; }")})
		for _, name := range []string{"match", "split"} {
			fn := e.Apply(e.Select(e.Import("main.nix"), name), eval.Ready(eval.NewString(pattern)), eval.Origin{})
			e.Apply(fn, eval.Ready(eval.NewString(text)), eval.Origin{})
		}
	})
}
