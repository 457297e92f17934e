package nixparse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
)

// verdict is what Nix says about a text.
type verdict int

const (
	accepts verdict = iota
	rejects
	objects // to something that is no matter of syntax, before it has read the rest
)

// nix runs nix-instantiate on texts.
type nix struct {
	t       *testing.T
	program string
	dir     string
	pipes   bool // knows the pipe operators
}

func newNix(t *testing.T) *nix {
	n := &nix{t: t, program: tooltest.Need(t, "nix-instantiate"), dir: t.TempDir()}
	n.pipes = n.verdicts([]string{"1 |> (x: x)"})[0] == accepts
	return n
}

func (n *nix) run(args ...string) (stdout, stderr string, err error) {
	cmd := exec.Command(n.program, append([]string{"--extra-experimental-features", "pipe-operators"}, args...)...)
	// Nix writes to its store and state directories even to parse.
	cmd.Env = append(os.Environ(), "NIX_REMOTE=", "NIX_STORE_DIR="+n.dir+"/store", "NIX_STATE_DIR="+n.dir+"/state", "NIX_LOG_DIR="+n.dir+"/log",
		"HOME="+n.dir)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

// verdicts asks Nix about every text. A process for each would take long, and Nix stops at the first file it rejects: so the texts that
// Parse accepts are asked for together first.
func (n *nix) verdicts(texts []string) []verdict {
	n.t.Helper()
	files := make([]string, len(texts))
	var likely, alone []int
	for i, text := range texts {
		files[i] = filepath.Join(n.dir, fmt.Sprintf("%d.nix", i))
		if !strings.HasPrefix(text, "\ufeff") {
			text = "with {};\n" + text // makes undefined variables none
		}
		if err := os.WriteFile(files[i], []byte(text), 0o600); err != nil {
			n.t.Fatal(err)
		}
		if Parse([]byte(text)).HasErrors() {
			alone = append(alone, i)
		} else {
			likely = append(likely, i)
		}
	}
	for group := range slices.Chunk(likely, 25) {
		args := []string{"--parse"}
		for _, i := range group {
			args = append(args, files[i])
		}
		if _, _, err := n.run(args...); err != nil {
			alone = append(alone, group...)
		}
	}
	list := make([]verdict, len(texts))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 3)
	for _, i := range alone {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			_, stderr, err := n.run("--parse", files[i])
			switch {
			case err == nil:
				list[i] = accepts
			case strings.Contains(stderr, "already defined"), strings.Contains(stderr, "duplicate formal"):
				list[i] = objects
			case strings.Contains(stderr, "error:"):
				list[i] = rejects
			default:
				n.t.Errorf("nix-instantiate: %v\n%s", err, stderr)
			}
		})
	}
	wait.Wait()
	return list
}

// compare fails the test for every text on which Nix and Parse do not agree.
func (n *nix) compare(texts []string) {
	n.t.Helper()
	counts := map[verdict]int{}
	for i, v := range n.verdicts(texts) {
		counts[v]++
		tree := Parse([]byte(texts[i]))
		if v == objects || tree.HasErrors() == (v == rejects) {
			continue
		}
		if v == accepts {
			e := tree.Errors()[0]
			n.t.Errorf("Nix accepts it, Parse has at %d %s:\n%q", e.Start(), tree.Describe(e), texts[i])
		} else {
			n.t.Errorf("Nix rejects it, Parse gives %s:\n%q", sexpr(tree.Root()), texts[i])
		}
	}
	n.t.Logf("Nix accepts %d, rejects %d, objects to %d for other reasons", counts[accepts], counts[rejects], counts[objects])
}

func TestNixAgreesOnSnippets(t *testing.T) {
	n := newNix(t)
	texts := append([]string(nil), snippets...)
	for _, c := range structures {
		texts = append(texts, c.source)
	}
	for _, c := range recoveries {
		texts = append(texts, c.source)
	}
	if n.pipes {
		texts = append(texts, pipeSnippets...)
	} else {
		texts = deletePipes(texts)
	}
	n.compare(texts)
}

func deletePipes(texts []string) []string {
	var rest []string
	for _, text := range texts {
		if !strings.Contains(text, "|>") && !strings.Contains(text, "<|") {
			rest = append(rest, text)
		}
	}
	return rest
}

var pipeSnippets = []string{
	"a |> b", "a |> b |> c", "a <| b", "a <| b <| c", "a |> b <| c", "a <| b |> c", "(a |> b) <| c", "a |> x: x", "a <| x: x", "a |>", "|> a",
	"a == b |> c || d", "a |> b -> c", "[ a |> b ]", "f a |> g b c", "a|>b", "a<|b", "a< |b", "a -> b |> c", "!a |> b", "a |> (x: x) |> b",
	"if a then b else c |> d", "{ a = b |> c; }", "a |> assert b; c", "with a; b |> c", "a ? b |> c", "a.b or c |> d",
}

// snippets are texts whose reading is easy to get wrong; some are Nix, some are not.
var snippets = []string{
	"", " ", "# only a comment", "/* a */", "/**/1", "/***/1", "/* * / */1", "/* /* */1", "/* a", "/*/", "1 /* a */ + /* b */ 2", "1 # a\r2",
	"1 # a\n", "1 //* a */ 2", "a /**/ b", "a/**/b", "/", "//", "1 / 2", "1/2", "1/ 2", "1 /2", "a/b", "a / b", "a/ b", "a /b", "a /b/c", "a/b/",
	"a/b//c", "a/b//", "a//b", "a //b/c", "a///b", "./.", "./a", "../a", "./a/", "./", "../", "..", ".", ".../a", "/a", "/a/b.c-d_e+f", "~/a", "~/",
	"~a", "~", "~/a/", "~/${a}", "~/a${b}/c", "~/a/${b}/", "<a>", "<a/b>", "<a/b/>", "</a>", "<a//b>", "<>", "< a>", "a<b>c", "a<b", "a <b> c",
	"a < b > c", "<a${b}>", "<a-b.c_d+e>", "./${a}", "./a${b}", "./a/${b}", "./a/${b}/c", "./a/${b}/", "./a/${b}c${d}e/f", "./a${b}.nix",
	"a/${b}", "a /${b}", "/${a}", "${a}", "./${a", "./${a}/${b}", "./${./${a}/b}", "./a$b", "./a/$b", "./a/$", "./a$", "a/$b", "./a${b} c", "./a${b}/ c",
	"./${a}//b", "./a//b", "./${a}/b:c", "./${\"a\"}/b", "./${a}\"b\"", "./a\"b\"", "./a//b//c${d}", "./a//b${d}", "./a///b${d}", "./a//${b}", "./a///${b}", "./a${b}//c//d", "~/a//b", "./a ${b}", "./a.${b}", "~/a ${b}", "./a${b} ${c}", "-a/b", "a -b/c", "a-b/c", "a+b/c", "1.5/2", "_a/b", "a'/b", "a.b/c",
	"a . b/c", "{ a/b = 1; }", "{ inherit a/b; }", "a ? b/c", "a.b or/c",
	"a:b", "a: b", "a :b", "a : b", "a:b:c", "a: b: c", "a:/b", "http://x.y/z", "http://x.y/z?a=b&c#d", "http:", "a+b:c", "a.b:c", "a-b:c", "a_b:c", "_a:b",
	"1a:b", "-a:b", "a':b", "a: \"b\"", "a:\"b\"", "a:''b''", "a:{}", "a:${b}", "a:$b", "a:[]", "a:(b)", "{a}:b", "{a}: b", "{ a }:b", "a@{b}:c",
	"{a}@b:c", "{a} @ b : c", "a @{ b }: c", "a@b: c", "{}@{}: a", "a@{}@b: c", "if:b", "or:b", "or: b", "or@{}: b", "{}@or: b", "{ or }: b",
	"rec:b", "let:b", "x:or", "[a:b]", "[a: b]", "f x: y", "f (x: y)", "f a:b",
	"1", "0", "00", "01", "1.", "1.0", "0.", "0.0", ".5", ".", "..5", "00.5", "01.5", "1.5.x", "1.x", "1..2", "1.5.5", "1e3", "1.e3", "1.0e3", "1.0E-3", "1.0e+3",
	"1.0e", "1.0e+", ".5e3", "0.e3", "1.5e3.a", "a.5", "a.b.5", "-1", "- 1", "--1", "1-1", "1 -1", "1- 1", "a-1", "a -1", "a - 1", "9223372036854775807",
	"9223372036854775808", "00000000000000000000001", "99999999999999999999", "1.0e999", "1.0e-999", "0.0e999", "1.0e308", "2.0e308", "2.3e-308", "2.2e-308",
	"1_000", "1a", "0x1", "1.5a", "1.5-a", "1.5'",
	`""`, `"a"`, `"`, `"a`, `"\"`, `"\""`, `"\\"`, `"\a\n\${b}"`, `"$"`, `"$$"`, `"$$$"`, `"$a"`, `"\$"`, `"$\"`, `"$\""`, `"$\{a}"`, `"${a}"`, `"$${a}"`,
	`"$$${a}"`, `"$$$${a}"`, `"$$$$${"`, `"$${"`, `"${"`, `"${"a"}"`, `"${"${"a"}"}"`, `"${a`, `"${a}`, `"${}"`, `"${a b}"`, `"${{ }}"`, `"${{ a = { }; }.a}"`,
	`"${a: b}"`, `"}"`, `"{"`, `"#"`, `"/* "`, `"''"`, "\"\n\"", "\"\r\n\"", "\"\\\r\n\"", "\"\\\n\"", `"a" "b"`, `"a""b"`, `a"b"`, `a."b"`, `"a".b`, `"a"."b"`,
	`''''`, `''a''`, `''`, `'`, `'a'`, `''a`, `'''`, `'''''`, `''''''`, `'''''''`, `'' ''' ''`, `'' ''$ ''`, `'' ''${a} ''`, `'' ''\a ''`, `'' ''\`, `'' ''\''`, `'' ''\'' ''`,
	`''$''`, `''$$''`, `''$$$''`, `''$'''`, `''$$'''`, `''$''''`, `''$''${a}''`, `''${a}''`, `''$${a}''`, `''$$${a}''`, `''$$$${a}''`, `''''${a}''`, `''''$''`, `'''$''`, `''' ''`,
	`''a'b''`, `''a' ''`, `''a'''`, `''a''''`, `''a'''''`, `''a'$''`, `''a'${b}''`, `''a'$${b}''`, `''a'$b''`, `''"''`, `''\''`, `''\${a}''`, `''\\''`, `''${''a''}''`, `''${''${a}''}''`, `''${a}`,
	"''\n''", "''\n  a\n  b\n''", "''  \n''", "''\r\n''", `''''\n''`, "''''\\\n''", `''${"}"}''`, `''}''`, `'''${a}''`, `'''''${a}''`, `''a''b`,
	"a or b", "a or", "or", "or a", "a.b or c", "a.b or c d", "a.b or c.d", "a.b or c.d or e", "a.b or or", "a.b or c or", "a.b or (c) or d", "f x or y", "f or x or",
	"[ a or b ]", "[ a or or ]", "a.or", "a.or.b", "a.or or b", "a.b or -c", "a.b or x: x", "a.b or \"c\"", "a.b or { }", "a.b or [ ]", "a ? or", "a ? b or c", "{ or = 1; }",
	"{ a.or = 1; }", "{ or.a = 1; }", "{ inherit or; }", "{ inherit (a) or; }", "let or = 1; in 1", "1 or", "a.b.c or d", "(a.b) or c", "a.b or a.b or c", "a .b or c", "a.b.or", "{ } or",
	"{ }", "{ ; }", "{ a }", "{ a; }", "{ a = 1 }", "{ a = 1; }", "{ a = ; }", "{ = 1; }", "{ a.b = 1; a.c = 2; }", "{ a. = 1; }", "{ .a = 1; }", "{ a b = 1; }", "{ a == 1; }",
	`{ "a" = 1; }`, `{ "a".b = 1; }`, `{ "${a}" = 1; }`, "{ ${a} = 1; }", "{ ${a}.b = 1; }", "{ a.${b}.c = 1; }", `{ ${"a"} = 1; }`, "{ ''a'' = 1; }", "{ 1 = 1; }", "{ a-b = 1; }",
	"{ a' = 1; }", "{ a = 1;; }", "{ a = 1, b = 2 }", "{ a = 1; } { }", "{ (a) = 1; }", "{ if = 1; }", "{ rec = 1; }", "{ inherit = 1; }", "{ ${a}${b} = 1; }", `{ "a""b" = 1; }`,
	"{ inherit; }", "{ inherit a; }", "{ inherit a b; }", "{ inherit a, b; }", "{ inherit a }", "{ inherit (a) b; }", "{ inherit (a); }", "{ inherit (a) b c; }", "{ inherit (a.b) c; }",
	"{ inherit a.b; }", `{ inherit "a"; }`, `{ inherit "a b" c; }`, `{ inherit "${a}"; }`, "{ inherit ${a}; }", `{ inherit ${"a"}; }`, `{ inherit ${("a")}; }`, `{ inherit ${''a''}; }`, `{ inherit ${a:b}; }`,
	`{ inherit ${"a" + "b"}; }`, `{ inherit (a) "b" ${"c"}; }`, `{ inherit (a) ${b}; }`, "{ inherit ''a''; }", "{ inherit () a; }", "{ inherit (a) (b) c; }", "{ inherit (a: b) c; }", "inherit a;",
	`{ inherit ${1}; }`, `{ inherit ${"a${b}"}; }`, `{ inherit ${./a}; }`,
	"rec { }", "rec { a = b; b = 1; }", "rec", "rec a", "rec rec { }", "f rec { }", "let { }", "let { body = 1; }", "let { ${a} = 1; }", "let { a = 1; } ", "f let { }", "let { }.a", "let { } in 1",
	"let in 1", "let a = 1; in a", "let a = 1 in a", "let a; in a", "let inherit a; in a", "let inherit (a) b; in b", "let a.b = 1; in a", "let ${a} = 1; in 1", `let ${"a"} = 1; in 1`,
	`let "a" = 1; in 1`, `let "${a}" = 1; in 1`, `let a.${b} = 1; in 1`, "let ${a}.b = 1; in 1", `let inherit ${a}; in 1`, "let a = 1;", "let a = 1; in", "let in let in 1", "let a = let in 1; in a", "in 1",
	`let ${''a''} = 1; in 1`, `let ${("a")} = 1; in 1`, "let a = { ${b} = 1; }; in 1", "let a = let { ${b} = 1; }; in 1",
	"x: x", "x: y: z", "x:", ": x", "x y: z", "{ a }: a", "{ a, }: a", "{ a, b }: a", "{ a b }: a", "{ , }: a", "{ , a }: a", "{ a,, b }: a", "{ ... }: a", "{ a, ... }: a", "{ ..., a }: a", "{ ..., }: a",
	"{ a ... }: a", "{ a, ..., }: a", "{ a ? 1 }: a", "{ a ? 1, b ? 2 }: a", "{ a ? }: a", "{ a ? 1 2 }: a", "{ a ? x: x }: a", "{ a ? if b then c else d, ... }: a", "{ a ? b ? c }: a", "{ a.b }: a",
	`{ "a" }: a`, "{ ${a} }: a", "{ a = 1 }: a", "{ a = 1; }: a", "{ }: a", "{}:a", "{ }:{ }", "{}: {}: a", "args@{ a, ... }: a", "{ a, ... }@args: a", "a@{ }: a", "{ }@a: a", "@a: b", "{ a }@: b", "{a}@b c",
	"{ a } b", "{ a, b }", "({ a }: a) { }", "{ a }: { b }: c", "{ rec }: a", "{ ...}: a", "{...}: a", "{a,...}: a", "{a?1,...}:a", "{ .. }: a", "{ .... }: a", "(x: x) y", "x : x",
	"assert a; b", "assert a b", "assert; a", "assert a;", "with a; b", "with a b", "with a; with b; c", "with a;", "with x: x; b", "if a then b else c", "if a then b", "if a b else c", "if a then b else",
	"if a then if b then c else d else e", "if a then x: x else y", "if (a) then (b) else (c)", "ifa then b else c", "if a then b else c + d", "1 + if a then b else c", "1 + (if a then b else c)", "a + x: x",
	"a + let in b", "a ++ assert b; c", "! if a then b else c", "f if a then b else c", "[ if a then b else c ]", "[ (x: x) ]", "- x: x", "a -> with b; c", "a && let in b",
	"a + b", "a +", "+ a", "a + + b", "a - - b", "a - -b", "a--b", "a - !b", "!a", "!!a", "! a", "!-a", "-!a", "a!", "a ! b", "!a == b", "!a + b", "!a.b", "!a b", "!a ? b", "-a ? b", "-a.b", "-a b", "a * -b",
	"a == b", "a == b == c", "a != b == c", "(a == b) == c", "a == (b == c)", "a == b != c", "a < b < c", "a < b >= c", "a < b == c < d", "a == b < c == d", "a == b && c == d", "a < b || c > d", "a == !b == c", "a < !b < c",
	"a = b", "a === b", "a =! b", "a ! = b", "a ==b", "a==b", "a<b", "a<=b", "a< =b", "a > = b", "a>b", "a >= b", "a && b || c", "a || b && c", "a & b", "a | b", "a -> b -> c", "a - > b", "a->b", "a-> b", "a ->b", "->a",
	"a // b // c", "a / / b", "a ++ b ++ c", "a + + b", "a ++b", "a++b", "a+b", "a +b", "a ? b", "a ? b.c", "a ? b ? c", "a ? \"b\"", "a ? ${b}", "a ? (b)", "a ?", "? a", "a ? b c", "a ? b + c", "a + b ? c", "a ? 1", "a?b", "a ? b == c",
	"a ? b.c.d", "a ? b.${c}.\"d\"", "a ? ''b''", "a ? or.b", "a * b / c", "a / b * c", "a + b - c", "a // b + c", "a + b // c", "a ++ b + c", "!a // b", "a -> b || c", "a -> b == c", "a == -b", "a == b -> c == d",
	"a.b", "a.b.c", "a. b", "a .b", "a . b", "a.", "a..b", ".a", "a.\"b\"", "a.${b}", "a.${b}.c", "a.(b)", "a.[b]", "a.1", "a.b c.d", "f a.b", "(a).b", "{ }.a", "[ ].a", "\"\".a", "./a.b", "1.a", "a.if", "a.rec", "a.''b''", "a.b.${c} or d",
	"f x", "f x y", "f [ ] { }", "f { } { }", "f (x) y", "f -x", "f !x", "f f: f", "f./a", "f ./a", "f/a", "f \"a\" ''b''", "f 1 2.5", "1 2", "f<a>", "f <a>", "f ~/a", "f a:b", "[ ]", "[ 1 2 ]", "[ 1, 2 ]", "[ a.b c ]", "[ (f x) ]", "[ f x ]",
	"[ -1 ]", "[ - 1 ]", "[ !a ]", "[ a + b ]", "[ a ++ b ]", "[ a ? b ]", "[ a -b ]", "[ a-b ]", "[", "]", "[ [ ] ]", "[ { } ]", "[ rec { } ]", "[ let { } ]", "[ ./a ./b ]", "[ <a> ]", "[./a]", "[./a/]", "[1 2]", "[1.2.3]", "[\"a\"\"b\"]",
	"()", "(a)", "((a))", "(a", "a)", "(a b", "( )", "(a; b)", "(a, b)", "( x: x )", "{ a = ( ; }", "(1) (2)", "(a).b or c", "(.)", "__curPos", "__curPos.line", "true", "null", "builtins.map", "a;", "a,b", ";", "{", "}", "{ }}", "${", "$", "$a", "$$",
	"\\", "`a`", "a^b", "a%b", "@", "a @ b", "é", "\"é\"", "# é\n1", "a\u00a0b", "\ufeff1", "1\f2", "1\v2", "\r\n1\r\n", "\t1\t", "\"\xff\"", "''\xff''", "# \xff\n1", "/* \xff */1", "\xff", "a\xff", "# a\x00b\n1", "/* \x00 */1", "./\xff",
	"ifelse", "inn", "in'", "let' a", "if' then", "rec-a", "or-a or b", "a or-b", "with'", "_", "_a", "a'b'c", "a-", "a--", "-", "a_-'", "'a", "a b'", "assert' a", "then", "else", "with", "if", "let", "let a", "let a =", "let a = 1", "rec {", "rec { a",
	"{ a = \"b; c = \"d\"; }", "{ a = ''b; c = ''d''; }", "{ a = [ b; c = d; }", "{ a = ( b; c = d; }", "{ a = b c = d; }", "{ a = b; c d; }", "{ a.b.c }", "{ a = { b = 1; }", "{ a = 1; } }",
}

// A generated program is a list of tokens; what stands between them is chosen later.
type generator struct {
	r     *rand.Rand
	pipes bool
	names int
	out   []string
}

func (g *generator) add(tokens ...string) { g.out = append(g.out, tokens...) }

func (g *generator) oneOf(words string) string {
	list := strings.Split(words, " ")
	return list[g.r.IntN(len(list))]
}

// unique names are for what may not be defined twice.
func (g *generator) unique() string {
	g.names++
	return fmt.Sprintf("%s%d", g.oneOf("a x' foo-bar _b pkgs"), g.names)
}

func (g *generator) attr() {
	switch g.r.IntN(6) {
	case 0:
		g.add(`"` + g.unique() + `"`)
	case 1:
		g.add(`"`+g.unique()+"${", "x", `}"`)
	case 2:
		g.add("${")
		g.expression(1)
		g.add("}")
	default:
		g.add(g.unique())
	}
}

func (g *generator) attrpath() {
	g.attr()
	for g.r.IntN(3) == 0 {
		g.add(".")
		if g.r.IntN(5) == 0 {
			g.add("or")
		} else {
			g.attr()
		}
	}
}

func (g *generator) bindings(depth int) {
	for range g.r.IntN(4) {
		switch g.r.IntN(5) {
		case 0:
			g.add("inherit")
			for range g.r.IntN(3) {
				g.add(g.unique())
			}
		case 1:
			g.add("inherit", "(")
			g.expression(depth - 1)
			g.add(")")
			for range g.r.IntN(3) {
				g.add(g.unique())
			}
		default:
			g.attrpath()
			g.add("=")
			g.expression(depth - 1)
		}
		g.add(";")
	}
}

func (g *generator) formals(depth int) {
	g.add("{")
	n := g.r.IntN(4)
	for i := range n {
		if i > 0 {
			g.add(",")
		}
		g.add(g.unique())
		if g.r.IntN(3) == 0 {
			g.add("?")
			g.expression(depth - 1)
		}
	}
	switch g.r.IntN(3) {
	case 0:
		if n > 0 {
			g.add(",")
		}
		g.add("...")
	case 1:
		if n > 0 {
			g.add(",")
		}
	}
	g.add("}")
}

func (g *generator) expression(depth int) {
	if depth <= 0 {
		g.operation(0)
		return
	}
	switch g.r.IntN(12) {
	case 0:
		switch g.r.IntN(4) {
		case 0:
			g.add(g.unique())
		case 1:
			g.formals(depth)
		case 2:
			g.formals(depth)
			g.add("@", g.unique())
		case 3:
			g.add(g.unique(), "@")
			g.formals(depth)
		}
		g.add(":")
		g.expression(depth - 1)
	case 1:
		g.add(g.oneOf("assert with"))
		g.expression(depth - 1)
		g.add(";")
		g.expression(depth - 1)
	case 2:
		g.add("let")
		g.bindings(depth)
		g.add("in")
		g.expression(depth - 1)
	case 3:
		g.add("if")
		g.expression(depth - 1)
		g.add("then")
		g.expression(depth - 1)
		g.add("else")
		g.expression(depth - 1)
	default:
		g.operation(depth)
	}
}

func (g *generator) operation(depth int) {
	if depth > 0 {
		switch g.r.IntN(5) {
		case 0, 1:
			g.operation(depth - 1)
			operators := "-> || && == != < <= > >= // + - * / ++"
			if g.pipes {
				operators += " |> <|"
			}
			g.add(g.oneOf(operators))
			g.operation(depth - 1)
			return
		case 2:
			g.add(g.oneOf("! -"))
			g.operation(depth - 1)
			return
		case 3:
			g.operation(depth - 1)
			g.add("?")
			g.attrpath()
			return
		}
	}
	g.selection(depth)
	for depth > 0 && g.r.IntN(3) == 0 {
		g.selection(depth - 1)
	}
}

func (g *generator) selection(depth int) {
	g.simple(depth)
	switch g.r.IntN(8) {
	case 0:
		g.add("or")
	case 1, 2:
		g.add(".")
		g.attrpath()
		if g.r.IntN(2) == 0 {
			g.add("or")
			g.selection(depth - 1)
		}
	}
}

func (g *generator) simple(depth int) {
	kind := g.r.IntN(14)
	if depth <= 0 {
		kind = g.r.IntN(8)
	}
	switch kind {
	case 0, 1:
		g.add(g.oneOf("x a-b c' _ __curPos e1 E"))
	case 2:
		g.add(g.oneOf("0 1 42 007 1.5 .5 2. 1.e5 1.0E-3 0.1"))
	case 3:
		g.add(g.oneOf("./a ../b/c a/b /x/y.z ~/q <n> <n/lib> ./. e-1/2 1/x"))
	case 4:
		g.add(g.oneOf("http://x.y/z a:b git+ssh://h/p?q=x"))
	case 5, 6:
		g.text(depth, `"`, []string{"a", " ", "$", "$$", `\n`, `\${`, `\"`, "''", "#", "\n", "'", "{", "é"})
	case 7:
		g.text(depth, "''", []string{"a", " ", "$", "$$", "''$", "'''", `''\n`, `"`, "#", "\n", "'", "{", "$''", "/*"})
	case 8, 9:
		g.add("(")
		g.expression(depth - 1)
		g.add(")")
	case 10:
		g.add(g.oneOf("./a/${ ./${ ~/${ a/${"))
		g.expression(depth - 1)
		g.add("}" + g.oneOf("/b c . /c.d /e//f"))
	case 11:
		g.add("[")
		for range g.r.IntN(4) {
			g.selection(depth - 1)
		}
		g.add("]")
	default:
		switch g.r.IntN(4) {
		case 0:
			g.add("rec")
		case 1:
			g.add("let")
		}
		g.add("{")
		g.bindings(depth)
		g.add("}")
	}
}

// text adds a string; what is inside is one token up to an interpolation.
func (g *generator) text(depth int, quote string, pieces []string) {
	piece := quote
	for range g.r.IntN(5) {
		if depth > 0 && g.r.IntN(4) == 0 {
			g.add(piece + "${")
			g.expression(depth - 1)
			piece = "}"
		} else {
			piece += pieces[g.r.IntN(len(pieces))]
		}
	}
	g.add(piece + quote)
}

// program joins the tokens. With loose, what stands between them may be nothing, which can change how they are read, and one token may be
// left out, doubled or exchanged.
func (g *generator) program(loose bool) string {
	g.out = nil
	g.expression(4)
	if loose {
		i := g.r.IntN(len(g.out))
		switch g.r.IntN(4) {
		case 0:
			g.out = append(g.out[:i:i], g.out[i+1:]...)
		case 1:
			g.out = append(g.out[:i+1:i+1], g.out[i:]...)
		case 2:
			j := g.r.IntN(len(g.out))
			g.out[i], g.out[j] = g.out[j], g.out[i]
		}
	}
	separators := []string{" ", " ", " ", "\n", "\t", "\r\n", "/* c */", " # c\n"}
	if loose {
		separators = append(separators, "", "", "")
	}
	var b strings.Builder
	for _, token := range g.out {
		b.WriteString(token)
		b.WriteString(separators[g.r.IntN(len(separators))])
	}
	return b.String()
}

func TestNixAgreesOnGeneratedPrograms(t *testing.T) {
	n := newNix(t)
	g := &generator{r: rand.New(rand.NewPCG(7, 11)), pipes: n.pipes}
	var texts []string
	for i := range 500 {
		texts = append(texts, g.program(i%2 == 1))
	}
	n.compare(texts)
}

func TestNixAgreesOnStrings(t *testing.T) {
	n := newNix(t)
	r := rand.New(rand.NewPCG(3, 5))
	literals := []string{`""`, `''''`, "''\n''", "''\n  a\n    b\n  c\n  ''", "''  a\n  b''", "''\n\ta\n''", "''\n  a\n \n  b\n''", `"a\r\n\t\\\q\$"`, "\"a\r\nb\rc\"",
		"''\r\n  a\r\n  b''", "''\n    ''\\n  a\n  b''", "''\n   $''\n  '' + ''", "a:b", "http://x.y/%20?z"}
	quoted := []string{"a", " ", "$", "$$", `\n`, `\t`, `\r`, `\\`, `\"`, `\$`, `\{`, "''", "#", "\n", "\r\n", "\r", "'", "{", "é", `\é`}
	indented := []string{"a", "b", " ", "  ", "    ", "\n", "\n  ", "\n    ", "\n", "\r\n", "\t", "$", "$$", "''$", "'''", `''\n`, `''\ `, `''\a`, "''\\\n", `"`, `\`, "'", "{", "$$", "é"}
	for i := range 600 {
		quote, pieces := `"`, quoted
		if i%3 > 0 {
			quote, pieces = "''", indented
		}
		text := quote
		for range r.IntN(12) {
			text += pieces[r.IntN(len(pieces))]
		}
		literals = append(literals, text+quote)
	}
	var values []string
	list := "["
	for _, literal := range literals {
		tree := Parse([]byte(literal))
		value, ok := StringValue(tree.Root().Child(FieldExpression))
		if tree.HasErrors() || !ok {
			// The pieces can make an interpolation or an end of the string together.
			continue
		}
		values = append(values, value)
		list += "\n(" + literal + ")"
	}
	if len(values) < len(literals)/2 {
		t.Fatalf("only %d of %d literals are strings", len(values), len(literals))
	}
	file := filepath.Join(n.dir, "strings.nix")
	if err := os.WriteFile(file, []byte(list+"\n]"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := n.run("--eval", "--strict", "--json", file)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	var want []string
	if err := json.Unmarshal([]byte(stdout), &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(values) {
		t.Fatalf("Nix has %d strings, StringValue %d", len(want), len(values))
	}
	elements := strings.Split(list, "\n(")[1:]
	if len(elements) != len(values) {
		elements = make([]string, len(values)) // a literal with the separator in it
	}
	for i := range values {
		if values[i] != want[i] {
			t.Errorf("%q is %q in Nix, %q here", strings.TrimSuffix(elements[i], ")"), want[i], values[i])
		}
	}
	t.Logf("%d strings compared", len(values))
}
