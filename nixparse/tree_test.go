package nixparse

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	sitter "github.com/smacker/go-tree-sitter"
)

// check fails the test when the tree is not what the package promises of every tree.
func check(t *testing.T, tree *Tree) {
	t.Helper()
	root := tree.Root()
	if root.Kind() != SourceCode || root.Start() != 0 || root.End() != len(tree.Source()) || !root.Parent().IsZero() || !root.NextSibling().IsZero() {
		t.Fatalf("root is a %s from %d to %d of %d", root.Kind(), root.Start(), root.End(), len(tree.Source()))
	}
	count := 1
	var errors []Node
	if tree.Describe(root) != "" {
		errors = append(errors, root)
	}
	last := 0
	for n := range root.Descendants() {
		count++
		if n.Kind() == KindNone || n.Kind().String() == "" {
			t.Fatalf("node at %d has no kind", n.Start())
		}
		if n.Start() < last || n.End() < n.Start() {
			t.Fatalf("%s from %d to %d after a start at %d", n.Kind(), n.Start(), n.End(), last)
		}
		last = n.Start()
		parent := n.Parent()
		if n.Start() < parent.Start() || n.End() > parent.End() {
			t.Fatalf("%s from %d to %d is in a %s from %d to %d", n.Kind(), n.Start(), n.End(), parent.Kind(), parent.Start(), parent.End())
		}
		if !slices.Contains(slices.Collect(parent.Children()), n) && count < 2000 {
			t.Fatalf("%s at %d is no child of its parent", n.Kind(), n.Start())
		}
		if next := n.NextSibling(); !next.IsZero() && (next.Parent() != parent || next.Start() < n.End()) {
			t.Fatalf("%s from %d to %d is followed by one from %d", n.Kind(), n.Start(), n.End(), next.Start())
		}
		if (n.Kind() == Missing) != (n.Start() == n.End() && n.Kind() == Missing) {
			t.Fatalf("missing token from %d to %d", n.Start(), n.End())
		}
		if tree.Describe(n) != "" {
			errors = append(errors, n)
		}
	}
	if count != len(tree.records) {
		t.Fatalf("%d nodes are reached of %d", count, len(tree.records))
	}
	if !slices.Equal(errors, tree.Errors()) {
		t.Fatalf("Describe knows %d errors, Errors %d", len(errors), len(tree.Errors()))
	}
	if tree.HasErrors() != (len(errors) > 0) || root.HasError() != tree.HasErrors() {
		t.Fatal("HasErrors does not agree with Errors")
	}
	// The typed accessors take any node.
	for n := range root.Descendants() {
		StringValue(n)
		AttrName(n)
		PathValue(n)
		Unparen(n)
		FormalsOf(n)
		for b := range Bindings(n) {
			if b.Node.IsZero() || b.Inherit && len(b.Path) != 1 {
				t.Fatalf("binding at %d without a node or name", n.Start())
			}
		}
	}
	for offset := 0; offset <= len(tree.Source()); offset += 1 + len(tree.Source())/50 {
		if n := tree.At(offset); n.Start() > offset || n.End() < offset {
			t.Fatalf("At(%d) is a %s from %d to %d", offset, n.Kind(), n.Start(), n.End())
		}
	}
}

func TestTreesOfDamagedText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 60 {
		src := crateSet(5)
		for range 1 + r.IntN(8) {
			i := r.IntN(len(src))
			j := min(len(src), i+r.IntN(20))
			src = slices.Concat(src[:i], []byte(strings.Repeat(string(rune(r.IntN(200))), r.IntN(3))), src[j:])
		}
		check(t, Parse(src))
	}
}

// same compares the flat tree with what go-tree-sitter's binding says, which does not share our declarations of the runtime.
func same(t *testing.T, n Node, s *sitter.Node) {
	t.Helper()
	var children []*sitter.Node
	var fields []string
	cursor := sitter.NewTreeCursor(s)
	defer cursor.Close()
	for ok := cursor.GoToFirstChild(); ok; ok = cursor.GoToNextSibling() {
		if c := cursor.CurrentNode(); c.IsNamed() || c.IsMissing() {
			children = append(children, c)
			fields = append(fields, cursor.CurrentFieldName())
		}
	}
	i := 0
	for c := range n.Children() {
		if i == len(children) {
			t.Fatalf("%s at %d has more than %d children", n.Kind(), n.Start(), len(children))
		}
		want := children[i].Type()
		if children[i].IsMissing() {
			want = "MISSING"
		}
		if c.Kind().String() != want || c.Field().String() != fields[i] || c.Start() != int(children[i].StartByte()) || c.End() != int(children[i].EndByte()) {
			t.Fatalf("%s:%s from %d to %d is %s:%s from %d to %d in the binding", c.Field(), c.Kind(), c.Start(), c.End(),
				fields[i], want, children[i].StartByte(), children[i].EndByte())
		}
		same(t, c, children[i])
		i++
	}
	if i != len(children) {
		t.Fatalf("%s at %d has %d children, not %d", n.Kind(), n.Start(), i, len(children))
	}
}

func TestSameAsBinding(t *testing.T) {
	parser := sitter.NewParser()
	defer parser.Close()
	parser.SetLanguage(sitter.NewLanguage(language()))
	sources := []string{string(crateSet(20)), "{ a = 1; b c = 2; }", "{ a = 1 b = ; c = é; }", "f (x"}
	for _, c := range structures {
		sources = append(sources, c.source)
	}
	for _, source := range sources {
		tree, err := parser.ParseCtx(context.Background(), nil, []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		if root := tree.RootNode(); !root.IsError() {
			same(t, Parse([]byte(source)).Root(), root)
		}
	}
}

func TestNamesAreTheGrammars(t *testing.T) {
	kinds, fields := map[Kind]bool{Error: true, Missing: true, KindNone: true}, map[Field]bool{FieldNone: true}
	for _, k := range tables.kinds {
		kinds[Kind(k)] = true
	}
	for _, f := range tables.fields {
		fields[Field(f)] = true
	}
	for k := range kindCount {
		if !kinds[k] {
			t.Errorf("the grammar has no %s", k)
		}
	}
	for f := range fieldCount {
		if !fields[f] {
			t.Errorf("the grammar has no field %s", f)
		}
	}
	for symbol, name := range symbolNames {
		if !strings.HasPrefix(name, "_") && tables.kinds[symbol] == 0 && strings.HasSuffix(name, "_expression") {
			t.Errorf("%s has no kind", name)
		}
	}
}

// parser_unit.c names the sums of the files it includes, because Go's build cache does not look at these.
func TestParserUnitIsCurrent(t *testing.T) {
	unit, err := os.ReadFile("parser_unit.c")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"src/parser.c", "src/scanner.c"} {
		file, err := os.ReadFile("grammar/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if line := fmt.Sprintf("// %s sha256: %x\n", name, sha256.Sum256(file)); !bytes.Contains(unit, []byte(line)) {
			t.Errorf("%s changed since grammar/generate.sh ran", name)
		}
	}
}

func TestDeepNesting(t *testing.T) {
	const depth = 10000
	for _, c := range []struct {
		open, middle, shut string
		ok                 bool
	}{
		{"(", "1", ")", true}, {"(", "", "", false}, {"[", "", "]", true}, {"{ a = ", "1", "; }", true}, {"{ a = ", "", "", false}, {"x: ", "x", "", true},
		{"!", "a", "", true}, {"if a then b else ", "c", "", true}, {"a ++ ", "b", "", true}, {"\"${", "", "", false}, {"''${", "", "", false}, {"f {", "", "", false},
		{"{", "", "}", false}, {")", "", "", false}, {"a.", "a", "", true}, {"/*", "", "", false}, {"<", "", "", false}, {"a b.c.d\"", "\"", "", false},
	} {
		tree := Parse([]byte(strings.Repeat(c.open, depth) + c.middle + strings.Repeat(c.shut, depth)))
		if tree.HasErrors() == c.ok {
			t.Errorf("%q and %q: HasErrors is %v", c.open, c.shut, !c.ok)
		}
	}
	const strings150 = 150 // the scanner keeps track of 200
	if tree := Parse([]byte(strings.Repeat(`"${{ a = ''${./${`, strings150/3) + "x" + strings.Repeat(`}}''; }}"`, strings150/3))); tree.HasErrors() {
		t.Error("nested strings have errors")
	}
}

func TestTooManyTokens(t *testing.T) {
	src := []byte(strings.Repeat("(", 10000))
	tree := parseWithin(1000, src, repairs{})
	check(t, tree)
	if !tree.gaveUp || !tree.broken() {
		t.Error("the parser goes on after the last token")
	}
	if parse(src, repairs{}).gaveUp {
		t.Error("the parser does not begin anew")
	}
}

func TestAt(t *testing.T) {
	tree := Parse([]byte("{ a.b = f x ; }"))
	for offset, want := range []string{"attrset_expression", "attrset_expression", "a", "a", "b", "b", "binding", "binding", "f", "f", "x", "x", "binding", "binding", "attrset_expression", "attrset_expression"} {
		n := tree.At(offset)
		got := n.Kind().String()
		if n.Kind() == Identifier {
			got = string(n.Text())
		}
		if got != want {
			t.Errorf("At(%d) is %s, not %s", offset, got, want)
		}
	}
	if n := tree.At(-1); n != tree.Root() {
		t.Errorf("At(-1) is %s", n.Kind())
	}
	if n := tree.At(99); n != tree.Root() {
		t.Errorf("At(99) is %s", n.Kind())
	}
	if n := Parse([]byte("{ a = b }")).At(7); n.Kind() != Identifier {
		t.Errorf("At before a missing token is %s", n.Kind())
	}
}

func TestZeroNode(t *testing.T) {
	var n Node
	if !n.IsZero() || n.Kind() != KindNone || n.Text() != nil || n.Tree() != nil || !n.Parent().IsZero() || !n.FirstChild().IsZero() || !n.NextSibling().IsZero() ||
		!n.Child(FieldBody).IsZero() || n.Operator() != "" || n.HasError() || n.Start() != 0 || n.End() != 0 || n.Field() != FieldNone {
		t.Error("the zero Node is something")
	}
	for range n.Descendants() {
		t.Error("the zero Node has descendants")
	}
}

func TestBindings(t *testing.T) {
	const source = `{ a = 1; b."c d".${"e"} = 2; inherit f "g"; inherit (h) i; ${j} = 3; k = ; ) l = 4; m = 5 n = 6 }`
	var got []string
	for b := range Bindings(Parse([]byte(source)).Root().Child(FieldExpression)) {
		line := ""
		for _, attr := range b.Path {
			name, ok := AttrName(attr)
			if !ok {
				name = "?"
			}
			line += "." + name
		}
		got = append(got, fmt.Sprintf("%s %s %v %s", line, b.Value.Text(), b.Inherit, b.From.Text()))
	}
	want := []string{".a 1 false ", ".b.c d.e 2 false ", ".f  true ", ".g  true ", ".i  true h", ".? 3 false ", ".k  false ", ".l 4 false ", ".m 5 false ", ".n 6 false "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, not %q", got, want)
	}
	for _, set := range []string{"let a = 1; in a", "rec { a = 1; }", "let { a = 1; }"} {
		count := 0
		for range Bindings(Parse([]byte(set)).Root().Child(FieldExpression)) {
			count++
		}
		if count != 1 {
			t.Errorf("%s has %d bindings", set, count)
		}
	}
}

func TestFormals(t *testing.T) {
	fn := Parse([]byte("args@{ a, b ? 1, ... }: a")).Root().Child(FieldExpression)
	formals, ok := Formals(fn)
	if !ok || formals.Child(FieldEllipses).IsZero() {
		t.Error("no formals or no ellipses")
	}
	list := FormalsOf(fn)
	if len(list) != 2 || list[0].Name != "a" || !list[0].Default.IsZero() || list[1].Name != "b" || string(list[1].Default.Text()) != "1" {
		t.Errorf("formals are %v", list)
	}
	if _, ok := Formals(Parse([]byte("a: a")).Root().Child(FieldExpression)); ok {
		t.Error("a: a has formals")
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		source, value string
		ok            bool
	}{
		{`"a\n\t\r\"\${b}$${c}\z"`, "a\n\t\r\"${b}$${c}z", true}, {`"a${b}"`, "", false}, {`"`, "", false}, {"1", "", false}, {"http://a", "http://a", true},
		{"''\n    a\n      b ''${c} '''\n  ''", "a\n  b ${c} ''\n", true}, {"''a${b}''", "", false}, {"''", "", false}, {`""`, "", true}, {"''''", "", true},
		{"\"a\r\nb\"", "a\nb", true}, {"''  a''", "a", true}, {`''a''\tb''\''`, "a\tb\\", false},
	} {
		value, ok := StringValue(Parse([]byte(c.source)).Root().Child(FieldExpression))
		if value != c.value && c.ok || ok != c.ok {
			t.Errorf("%q is %q, %v", c.source, value, ok)
		}
	}
	if path, ok := PathValue(Parse([]byte("./a/b.nix")).Root().Child(FieldExpression)); path != "./a/b.nix" || !ok {
		t.Errorf("path is %q, %v", path, ok)
	}
	if _, ok := PathValue(Parse([]byte("./a/${b}")).Root().Child(FieldExpression)); ok {
		t.Error("a path with interpolation has a value")
	}
	if n := Unparen(Parse([]byte("((a))")).Root().Child(FieldExpression)); n.Kind() != VariableExpression {
		t.Errorf("in the parentheses is a %s", n.Kind())
	}
}

func TestDescribe(t *testing.T) {
	for source, want := range map[string]string{
		"{ a = 1 }": `missing ";"`, "{ a = ; }": "missing value", "a +": "missing identifier", "(a": `missing ")"`, "1 ) 2": `unexpected ")"`, "": "missing expression",
		"./a/": "path ends with a slash", "a == b == c": `operator "==" needs parentheses to be used twice`, "{ a = 1;\n  b c = 2; }": `unexpected "b"`, "\"a": `missing "\""`,
		"\ufeff1": "byte order mark before the expression",
	} {
		tree := Parse([]byte(source))
		if errors := tree.Errors(); len(errors) != 1 || tree.Describe(errors[0]) != want {
			t.Errorf("%q has %d errors, the first is %q", source, len(errors), tree.Describe(append(errors, Node{})[0]))
		}
	}
}

// How many bindings one missing token costs. Tokens that open or close something cost most, as Nix itself would read on otherwise.
func TestErrorsAreLocal(t *testing.T) {
	src := crateSet(60)
	whole := Parse(src)
	total := countBindings(whole)
	r := rand.New(rand.NewPCG(4, 4))
	tokens := []string{";", "=", "}", "{", ")", "(", "[", "]", "\"", ".", "inherit", "if", "lib"}
	lost := map[string]float64{}
	const tries = 20
	for _, token := range tokens {
		var at []int
		for i := 0; ; {
			j := bytes.Index(src[i:], []byte(token))
			if j < 0 {
				break
			}
			i += j
			at = append(at, i)
			i += len(token)
		}
		for range tries {
			i := at[r.IntN(len(at))]
			damaged := Parse(slices.Concat(src[:i], src[i+len(token):]))
			lost[token] += float64(max(0, total-countBindings(damaged))) / tries
		}
	}
	for _, token := range tokens {
		t.Logf("without one %-8q %6.1f of %d bindings are lost on average", token, lost[token], total)
	}
	// Without its equals sign the first binding of a set makes the set none, and what closes it closes another.
	for token, most := range map[string]float64{";": 1, "=": 25, "{": 40, "}": 3, ")": 2, "(": 2, "[": 2, "]": 2, "\"": 15, ".": 2, "inherit": 2, "if": 2, "lib": 2} {
		if lost[token] > most {
			t.Errorf("without one %q %.1f of %d bindings are lost on average", token, lost[token], total)
		}
	}
}

func countBindings(tree *Tree) int {
	count := 0
	for n := range tree.Root().Descendants() {
		if n.Kind() == BindingNode && !n.Child(FieldExpression).IsZero() {
			count++
		}
	}
	return count
}

func TestParseConcurrently(t *testing.T) {
	want := sexpr(Parse(crateSet(20)).Root())
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 5 {
				runtime.Gosched()
				if sexpr(Parse(crateSet(20)).Root()) != want {
					t.Error("trees differ")
				}
				Parse([]byte("{ a = ("))
			}
		})
	}
	wait.Wait()
}
