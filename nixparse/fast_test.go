package nixparse

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sameTrees fails the test when two trees of one text differ in anything.
func sameTrees(t *testing.T, got, want *Tree) {
	t.Helper()
	if !bytes.Equal(got.src, want.src) {
		t.Fatalf("texts differ:\n%q\n%q", got.src, want.src)
	}
	if !slices.Equal(got.records, want.records) || !slices.Equal(got.errors, want.errors) {
		t.Fatalf("trees of\n%q\ndiffer:\n%s, not\n%s", got.src, sexpr(got.Root()), sexpr(want.Root()))
	}
}

// sameAsGrammar fails the test when the fast parser reads what the generated parser reads otherwise, or leaves to it what it should not.
func sameAsGrammar(t *testing.T, src []byte) {
	t.Helper()
	want := parse(src, repairs{})
	if !want.broken() {
		sameTrees(t, Parse(src), want) // also when it has holes
	}
	records, _ := parseFast(src, false)
	if records == nil {
		if !want.broken() && !leftToGrammar(want) {
			t.Fatalf("the fast parser does not read\n%q", src)
		}
		return
	}
	got := &Tree{src: src, records: records}
	got.errors = got.mark(nil, 0, len(records))
	sameTrees(t, got, want)
}

// leftToGrammar tells whether the tree has what the fast parser leaves to the generated one although it is no syntax error there.
func leftToGrammar(tree *Tree) bool {
	depth := 0
	for n := range tree.Root().Descendants() {
		text := n.Text()
		switch n.Kind() {
		case Comment:
			if text[0] == '/' && tree.Describe(n) != "" || text[0] == 0 {
				return true // does not end, or is what follows a NUL
			}
		case EscapeSequence:
			if text[len(text)-1] >= 0x80 {
				return true
			}
		}
		depth = max(depth, tree.levels(n.index))
	}
	return bytes.HasPrefix(tree.src, byteOrderMark) || tree.Root().Child(FieldExpression).IsZero() || depth > mostLevels
}

// textsOfAllKinds are small texts with every construct of the language, and many that are not Nix.
func textsOfAllKinds() (texts []string) {
	for _, list := range [][]structure{structures, recoveries} {
		for _, c := range list {
			texts = append(texts, c.source)
		}
	}
	texts = append(texts, snippets...)
	texts = append(texts, pipeSnippets...)
	return append(texts, "a |> b |> c", "a <| b <| c", "a |> b <| c", "a <| b |> c", "a.b or c or d or e", "f or g or", "[ a or b.c or d or ]", "!a ? b", "-a ? b",
		"a + !b + c", "! -a == b", "- !a", "{ a ... }: a", "{ a, ... , }: a", "{ or }: a", "let { a = 1; }.a b", "f let { } { }", "x: y: z @ a", "x@{ y }: z",
		"a /* b */ : c", "a # b\n@ { } : c", "{ /* a */ b /* c */ . /* d */ c /* e */ = /* f */ d /* g */ ; /* h */ }", "/* a */ ( /* b */ c /* d */ ) /* e */",
		"a /* b */ c /* d */ e /* f */ + /* g */ h", "\"${/* a */ b /* c */}\"", "./a/${ /* b */ c # d\n}/e", "1.a.2", "0.5 00.5 .5 5. 5.e3 0. 1e5", "...", "a...b",
		"a/*b", "a//*b*/c", "a:''b''", "a''b''", "<a/b> <a <b>", "a<b>c", "<a|b", "a<|b", "++/a", "--a/b", "+a/+", "~/a ~ ~a", "a/$ b", "a/$x", "/$", "./a//b/${c}//d",
		"_a:b a_b:c", "a.b:c a+b:c", "''$${a}$''${b}''${'''''\\n", "\"$$${a}$${b}$\"", "\"\\é\"", "a\x00b", "\"\x00\"", "a ? ${b}.c.\"d\"", "inherit a;", "{ inherit (a)b or\"c\"${d}; }",
		"{ inherit(a); }", "assert a; with b; if c then d else e", "a -> b -> c || d && e == f != g", "a // b // c ++ d ++ e - f - g * h / i", "\ufeff1", "1\ufeff", "é", "a é b", "\f1",
		strings.Repeat("a.", 2000)+"b", strings.Repeat("a+", 700)+"/b", strings.Repeat("a.", 300)+":b")
}

func TestFastIsTheGrammar(t *testing.T) {
	for _, text := range textsOfAllKinds() {
		sameAsGrammar(t, []byte(text))
	}
	r := rand.New(rand.NewPCG(2, 3))
	g := &generator{r: r, pipes: true}
	for i := range 1500 {
		text := []byte(g.program(i%2 == 1))
		sameAsGrammar(t, text)
		// Most programs with a little damage are not Nix; those that are must be read like any other.
		for range 3 {
			text, _ = damage(r, text)
			sameAsGrammar(t, text)
		}
	}
	sameAsGrammar(t, crateSet(200))
}

func TestFastReadsGeneratedFiles(t *testing.T) {
	if tree := Parse(crateSet(20)); !tree.sound {
		t.Error("the fast parser does not read a generated file")
	}
	for _, depth := range []int{1000, 10 * mostDepth} {
		for _, c := range []struct{ open, middle, shut string }{
			{"(", "1", ")"}, {"[", "", "]"}, {"{ a = ", "1", "; }"}, {"x: ", "x", ""}, {"!", "a", ""}, {"a ++ ", "b", ""}, {"a <| ", "b", ""}, {"a.b or ", "c", ""},
		} {
			sameAsGrammarAtDepth(t, strings.Repeat(c.open, depth)+c.middle+strings.Repeat(c.shut, depth))
		}
	}
}

// sameAsGrammarAtDepth is sameAsGrammar without its messages, which recursion writes.
func sameAsGrammarAtDepth(t *testing.T, text string) {
	src := []byte(text)
	if records, _ := parseFast(src, false); records != nil && !slices.Equal(records, parse(src, repairs{}).records) {
		t.Errorf("%.20q… is read otherwise", text)
	}
}
