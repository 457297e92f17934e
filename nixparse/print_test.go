package nixparse

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
	"github.com/cargonix/cargonix/nixparse/internal/nixoracle"
)

var printed = []struct{ source, want string }{
	{`((a))`, `a`},
	{`f x (g y) (-1)`, `(f x (g y) (__sub 0 1))`},
	{`((f x) y) z`, `(f x y z)`},
	{`(a - b) c`, `(__sub a b c)`},
	{`a * b / c`, `(__div (__mul a b) c)`},
	{`a < b || a <= b || a > b || a >= b`,
		`((((__lessThan a b) || (! (__lessThan b a))) || (__lessThan b a)) || (! (__lessThan a b)))`},
	{`!a -> b // c ++ d != e && f == g`, `((! a) -> (((b // (c ++ d)) != e) && (f == g)))`},
	{`a |> f |> g b`, `(g b (f a))`},
	{`f <| g <| a`, `(f (g a))`},
	{`<nixpkgs/lib> x`, `(__findFile __nixPath "nixpkgs/lib" x)`},
	{`(f x) or`, `((f x) or)`},
	{`(map or) x`, `(map or x)`},
	{`a.b."c d".${e}."f${g}" or h`, `(a).b."c d"."${e}"."${("f" + g)}" or (h)`},
	{`a ? b.${"c"}`, `((a) ? b.c)`},
	{`__curPos.line`, `(__curPos).line`},
	{`1.50 + 1000000.0 + .00001 + 007`, `(((1.5 + 1e+06) + 1e-05) + 7)`},
	{`[ a (b c) d.e ]`, `[ (a) ((b c)) ((d).e) ]`},
	{`x: y: x`, `(x: (y: x))`},
	{`{ b, a ? 1, ... }@all: a`, `({ a ? 1, b, ... } @ all: a)`},
	{`all@{ }: { ... }: 1`, `({  } @ all: ({ ... }: 1))`},
	{`assert a; with b; if c then d else e`, `assert a; (with b; (if c then d else e))`},
	{`let { b = a; inherit a; }`, `(rec { inherit a; b = a; }).body`},
	{`let inherit (s) c b; inherit (t); a = 1; in a`, `(let inherit (s) b c; a = 1; in a)`},
	{`{ z = 1; "" = 2; "a b" = 3; "if" = 4; or = 5; ${x} = 6; "é" = 7; ${"y"} = 8; }`,
		`{ "" = 2; "a b" = 3; "if" = 4; or = 5; y = 8; z = 1; "é" = 7; "${x}" = 6; }`},
	{`{ a.b = 1; a.c = 2; a = { d.e = 3; }; }`, `{ a = { b = 1; c = 2; d = { e = 3; }; }; }`},
	{`{ a = { b.c = 1; inherit (s) x; }; a.b = { d = 2; }; }`, `{ a = { inherit (s) x; b = { c = 1; d = 2; }; }; }`},
	{`{ a = { inherit (s) x; }; a = { inherit (t) y; }; }`, `{ a = { inherit (s) x; inherit (t) y; }; }`},
	{`{ a = { b = 1; }; a = rec { c = 1; }; }`, `{ a = { b = 1; c = 1; }; }`},
	{`{ a = ({ b = 1; }); a.${x} = 2; a.${x}.c = 3; }`, `{ a = { b = 1; "${x}" = 2; "${x}" = { c = 3; }; }; }`},
	{`"a\n\t\r\"\\ \${ $$ ${x}"`, `("a\n\t\r\"\\ \${ $$ " + x)`},
	{`"${x}"`, `(x)`},
	{`http://x.y/z`, `"http://x.y/z"`},
	{"''\n  a\n    b $$ '' + ''\n  ${x}\n  c\n ''", `("a\n  b $$ " + (x + "\nc\n"))`},
	{"''\n    a\n  ${x} b\n  ''\\n  c''", `("  a\n" + x + " b\n" + "\n" + "c")`},
	{`''${"a"}''`, `"a"`},
	{`''a$''`, `("a" + "$")`},
	{`./a`, `/dir/sub/a`},
	{`../b/./c/../d`, `/dir/b/d`},
	{`./.`, `/dir/sub`},
	{`/a/b`, `/a/b`},
	{`~/a/../b`, `/home/me/a/../b`},
	{`./${a}/b`, `(/dir/sub/ + a + "/b")`},
	{`./a//${b}//c.d/${e}`, `(/dir/sub/a/ + "/" + b + "/" + "/c.d/" + e)`},
	{`~/${a}`, `(/home/me/ + a)`},
	{`/${a}`, `(/ + a)`},
}

func TestPrint(t *testing.T) {
	for _, c := range printed {
		got, err := Print(Parse([]byte(c.source)), Paths{Dir: "/dir/sub", Home: "/home/me"})
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
		} else if got != c.want {
			t.Errorf("%s is printed\n%s, not\n%s", c.source, got, c.want)
		}
	}
}

func TestPrintRefuses(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{`{ a = 1 }`, `at byte 7: missing ";"`},
		{``, `at byte 0: missing expression`},
		{`{ a = 1; a = 2; }`, `at byte 9: attribute "a" is given twice`},
		{`{ a = 1; a.b = 2; }`, `at byte 9: attribute "a" is given twice`},
		{`{ a.b.c = 1; a.b = { d = 1; c = 2; }; }`, `at byte 28: attribute "c" is given twice`},
		{`{ a = let { b = 1; }; a.c = 2; }`, `at byte 22: attribute "a" is given twice`},
		{`let inherit (s) a; inherit a; in a`, `at byte 27: attribute "a" is given twice`},
		{`{ inherit a; a.b = 1; }`, `at byte 13: attribute "a" is given twice`},
		{`{ inherit ({ a = 1; a = 2; }); }`, `at byte 20: attribute "a" is given twice`},
		{`{ a, b, a }: a`, `at byte 8: formal "a" is given twice`},
		{`{ a }@a: a`, `at byte 2: formal "a" has the name of the whole argument`},
	} {
		tree := Parse([]byte(c.source))
		got, err := Print(tree, Paths{})
		if err == nil {
			t.Errorf("%s is printed %s", c.source, got)
		} else if err.Error() != c.want {
			t.Errorf("%s: %v, not %s", c.source, err, c.want)
		}
		var refusal *PrintError
		if !errors.As(err, &refusal) || refusal.Node.Tree() != tree {
			t.Errorf("%s: the error has no node", c.source)
		}
	}
}

// TestNix226ReadsTheSame compares our trees with those of real Nix, by its printed form.
func TestNix226ReadsTheSame(t *testing.T) {
	texts := slices.Concat(snippets, pipeSnippets, mergeSnippets, nulSnippets)
	for _, c := range slices.Concat(structures, recoveries) {
		texts = append(texts, c.source)
	}
	for _, c := range printed {
		texts = append(texts, c.source)
	}
	for _, text := range sampleFiles(t) {
		texts = append(texts, string(text))
	}
	r := rand.New(rand.NewPCG(13, 17))
	g := &generator{r: r, pipes: true}
	for i := range 600 {
		texts = append(texts, g.program(i%6 == 0))
	}
	for range 250 {
		m := merger{r: r}
		texts = append(texts, m.set(3))
	}
	for range 300 {
		texts = append(texts, indentedString(r, 2))
	}
	compareWithNix226(t, texts)
}

// mergeSnippets define an attribute more than once.
var mergeSnippets = []string{
	"{ a.b = 1; a.c = 2; }", "{ a = { }; a = { }; }", "{ a = { b = 1; }; a.c = 2; }", "{ a.c = 2; a = { b = 1; }; }", "{ a = rec { b = 1; }; a.c = b; }", "{ a.c = 1; a = rec { b = c; }; }",
	"{ a = { b = { c = 1; }; }; a.b.d = 2; a = { b = { e = 3; }; }; }", "{ a = let { b = 1; }; a.c = 1; }", "{ a = ({ b = 1; }); a.c = 1; }", "{ a.b = 1; a.b.c = 2; }", "{ a.b.c = 1; a.b = 2; }",
	"{ inherit a; a.b = 1; }", "{ a.b = 1; inherit a; }", "{ a = { inherit b; }; a.b = 1; }", "{ a = { inherit b; }; a = { inherit b; }; }", "{ a = { inherit (x) b; }; a = { inherit (y) c; }; }",
	"{ a = { inherit (x) b c; }; a.d = 1; }", "{ a.d = 1; a = { inherit (x) b c; inherit (y) e; }; }", "{ a.${x} = 1; a.${x} = 2; }", "{ a.${x}.b = 1; a.${x}.c = 2; }", "{ a = { ${x} = 1; }; a = { ${y} = 2; }; }",
	`{ "a" = 1; a = 2; }`, `{ "a".b = 1; a."c" = 2; ${"a"}.d = 3; }`, `{ "${"a"}" = 1; a = 2; }`, "{ ${''a''} = 1; a = 2; }", "{ ${''a$''} = 1; }", "{ ${''${\"a\"}''} = 1; a = 2; }", "{ ${a:b} = 1; }",
	"let a.b = 1; a.c = 2; in a", "let a = { b = 1; }; a.c = 2; in a", "let { a.b = 1; a.c = 2; }", "rec { a.b = 1; a.c = 2; }", "let a.b = 1; inherit (x) a; in a", "let inherit (x) a; inherit (y) a; in a",
	"a@{ a }: 1", "{ a }@a: 1", "{ a, a }: 1", "{ a ? 1, b, a }: 1", "a@{ b }: 1", "{ a = 1; b = { a = 2; a = 3; }; }", "{ inherit (x) a a; }", "{ inherit a a; }", "{ inherit (x); inherit (y) a; }",
}

// nulSnippets have a NUL byte. Nix 2.8 takes those in strings.
var nulSnippets = []string{
	"1 \x00", "1\x00 (", "(1 \x00)", "{ a = 1; \x00 }", "\x00", "a\x00b", "./a\x00b", "./a${b}\x00c", "./a/\x00", "<a\x00>", "a:b\x00c", "1.5\x00", "# \x00\n1", "/* \x00 */1",
	"\"a\x00b\"", "\"\x00\"", "\"\\\x00\"", "\"$\x00\"", "''a\x00b''", "''''\\\x00''", "\"${a}\x00\"", "\"${a\x00}\"", "{ \"\x00\" = 1; }", "\"\x00", "''\x00", "/*\x00",
}

// merger generates sets in which few names are used often.
type merger struct{ r *rand.Rand }

func (m *merger) set(depth int) string {
	var b strings.Builder
	b.WriteString([]string{"{", "{", "{", "rec {", "({"}[m.r.IntN(5)])
	parenthesis := strings.HasPrefix(b.String(), "(")
	sources := 0
	for range 1 + m.r.IntN(3) {
		name := func() string { return strings.Fields(`a b c d e "f" ${"g"} h i j`)[m.r.IntN(10)] }
		switch m.r.IntN(8) {
		case 0:
			b.WriteString(" inherit " + name() + ";")
		case 1:
			// Nix 2.26 falls over when two sets with sources are joined and the second inherits two names at once.
			sources++
			fmt.Fprintf(&b, " inherit (s%d) %s;", sources, name())
		case 2:
			fmt.Fprintf(&b, " ${x}.%s = %s;", name(), m.value(depth))
		case 3:
			fmt.Fprintf(&b, " %s.${x} = %s;", name(), m.value(depth))
		case 4, 5:
			fmt.Fprintf(&b, " %s.%s = %s;", name(), name(), m.value(depth))
		default:
			fmt.Fprintf(&b, " %s = %s;", name(), m.value(depth))
		}
	}
	b.WriteString(" }")
	if parenthesis {
		b.WriteString(")")
	}
	return b.String()
}

func (m *merger) value(depth int) string {
	if depth == 0 || m.r.IntN(4) == 0 {
		return "1"
	}
	return m.set(depth - 1)
}

// indentedString generates a string of lines, with what ends the indentation in many places.
func indentedString(r *rand.Rand, depth int) string {
	pieces := []string{"a", " ", "  ", "   ", "\n", "\n", "\n  ", "\n    ", "\r\n", "\t", "$", "$$", "''$", "'''", `''\n`, `''\ `, "''\\\n", `"`, `\`, "'", "é"}
	text := "''"
	for range r.IntN(14) {
		if depth > 0 && r.IntN(6) == 0 {
			inner := []string{"x", `"s"`, indentedString(r, depth-1)}[r.IntN(3)]
			text += "${" + inner + "}"
		} else {
			text += pieces[r.IntN(len(pieces))]
		}
	}
	return text + "''"
}

// sampleFiles gives the Nix files of the repository.
func sampleFiles(t *testing.T) (texts [][]byte) {
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".nix") {
			return err
		}
		text, err := os.ReadFile(path)
		texts = append(texts, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(texts) < 5 {
		t.Fatalf("there are only %d Nix files", len(texts))
	}
	return texts
}

// compareWithNix226 fails the test for each text that Nix accepts and we do not, the other way round, or that we read otherwise.
func compareWithNix226(t *testing.T, texts []string) {
	t.Helper()
	program := tooltest.NeedNix226(t)
	dir := t.TempDir()
	nix, err := nixoracle.Open(program, dir)
	if err != nil {
		t.Fatal(err)
	}
	files := make([]string, len(texts))
	for i, text := range texts {
		if !strings.HasPrefix(text, "\ufeff") {
			texts[i] = "with {};\n" + text // makes undefined variables none
		}
		files[i] = filepath.Join(dir, fmt.Sprintf("%d.nix", i))
		if err := os.WriteFile(files[i], []byte(texts[i]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	answers, err := nix.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for i, answer := range answers {
		ours, err := Print(Parse([]byte(texts[i])), Paths{Dir: dir, Home: nix.Home})
		switch {
		case answer.Crashed:
			t.Errorf("Nix fell over: %s\n%q", answer.Refusal, texts[i])
		case err != nil && answer.Accepted():
			t.Errorf("Nix accepts it, we do not: %v\n%q", err, texts[i])
		case err == nil && !answer.Accepted():
			t.Errorf("Nix refuses it, we do not: %s\n%q", answer.Refusal, texts[i])
		case err == nil && ours != answer.Tree:
			t.Errorf("%q is to Nix\n%s, not\n%s", texts[i], answer.Tree, ours)
		}
		if answer.Accepted() {
			accepted++
		}
	}
	t.Logf("Nix accepts %d texts and refuses %d", accepted, len(texts)-accepted)
}
