package nixparse

import (
	"slices"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, text := range textsOfAllKinds() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		sameAsGrammar(t, src)
		check(t, Parse(src))
	})
}

// FuzzEdit replaces a part of the text, and puts it back.
func FuzzEdit(f *testing.F) {
	for i, text := range textsOfAllKinds() {
		f.Add([]byte("{ a = 1; b = "+text+"; c = 2; }"), uint16(10+i%7), uint16(i%3), []byte(pieces[i%len(pieces)]))
	}
	f.Fuzz(func(t *testing.T, src []byte, start, size uint16, insert []byte) {
		from := min(int(start), len(src))
		to := min(from+int(size), len(src))
		next := slices.Concat(src[:from], insert, src[to:])
		tree := Parse(src)
		edited := tree.Edit(next)
		sameTrees(t, edited, Parse(next))
		sameTrees(t, edited.Edit(src), tree)
	})
}

// FuzzAccessors calls everything that takes a node on every node.
func FuzzAccessors(f *testing.F) {
	for _, text := range textsOfAllKinds() {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		tree := Parse(src)
		if len(tree.Source()) != len(src) {
			t.Fatal("the source is another")
		}
		for n := range tree.Root().Descendants() {
			if len(n.Text()) != n.End()-n.Start() || n.Tree() != tree || n.IsZero() {
				t.Fatalf("%s from %d to %d is %q", n.Kind(), n.Start(), n.End(), n.Text())
			}
			name, ok := AttrName(n)
			if !ok && name != "" {
				t.Fatalf("%q has no name but %q", n.Text(), name)
			}
			StringValue(n)
			PathValue(n)
			if Unparen(n).Kind() == ParenthesizedExpression {
				t.Fatalf("%q is still in parentheses", n.Text())
			}
			formals, ok := Formals(n)
			if ok == formals.IsZero() {
				t.Fatal("formals without a node")
			}
			for _, formal := range FormalsOf(n) {
				if formal.Node.Parent() != formals || formal.Name != string(formal.NameNode.Text()) {
					t.Fatalf("formal %q is in %q", formal.Name, formal.Node.Parent().Text())
				}
			}
			for b := range Bindings(n) {
				if b.Node.IsZero() || b.Inherit != (b.Node.Kind() != BindingNode) || b.Inherit && (len(b.Path) != 1 || !b.Value.IsZero()) {
					t.Fatalf("binding %q", b.Node.Text())
				}
			}
			if n.HasError() && !tree.HasErrors() {
				t.Fatal("an error that the tree does not have")
			}
			if at := tree.At(n.Start()); at.Start() > n.Start() || at.End() < n.Start() {
				t.Fatalf("At(%d) is from %d to %d", n.Start(), at.Start(), at.End())
			}
			_ = n.Operator()
		}
		for _, e := range tree.Errors() {
			if tree.Describe(e) == "" {
				t.Fatalf("%s from %d to %d has no description", e.Kind(), e.Start(), e.End())
			}
		}
	})
}
