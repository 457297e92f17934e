package nixparse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
)

// pieces are what edits put in: what opens or shuts something, what glues to its neighbours, and what keeps a text whole.
var pieces = []string{`"`, `''`, "{", "}", "${", "(", ")", "[", "]", ";", "=", "/*", "*/", "#", "\n", "\r\n", "\r", "é", "😀", "\xff", "\x00", "inherit ", "let ", " in ", "rec ",
	" or ", "x", "1", " ", " x ", ".", ":", ",", "@", "?", "/", "//", "a/b", " ./c ", "http://x", "$", `\`, "'", "-", "!", "_", " y = 1; ", " inherit z; ", "/* c */", "# d\n", "with e; ",
	"f: ", "\"g\"", "${h}", "''i''", " { } ", "\ufeff"}

// damage makes one edit somewhere, and says what.
func damage(r *rand.Rand, src []byte) ([]byte, string) {
	start := r.IntN(len(src) + 1)
	end := start
	switch r.IntN(4) {
	case 0, 1:
	case 2:
		end = min(len(src), start+1+r.IntN(3))
	case 3:
		end = min(len(src), start+r.IntN(40))
	}
	insert := ""
	if end == start || r.IntN(2) == 0 {
		insert = pieces[r.IntN(len(pieces))]
	}
	return slices.Concat(src[:start], []byte(insert), src[end:]), fmt.Sprintf("%q at %d replaces %q", insert, start, src[start:end])
}

// improve makes an edit as people make it in a text that stays Nix: a node gives way to another of the same kind, or is doubled or left out.
func improve(r *rand.Rand, tree *Tree) ([]byte, string) {
	n := Node{tree, uint32(r.IntN(len(tree.records)))}
	text := n.Text()
	replacement := text
	switch n.Kind() {
	case BindingNode, Inherit, InheritFrom:
		replacement = [][]byte{nil, slices.Concat(text, []byte("\n# new\n"), text), []byte("k.l = m;")}[r.IntN(3)]
	case Identifier:
		replacement = []byte([]string{"n", "or'", "longer-name", "o_p"}[r.IntN(4)])
	case StringFragment:
		replacement = []byte([]string{"q", "r\ns", "é"}[r.IntN(3)])
	case Comment:
		replacement = []byte([]string{"# t\n", "/* u */", ""}[r.IntN(3)])
	default:
		if n.Field() == FieldExpression {
			replacement = []byte([]string{"(v w)", "{ x = 1; }", "[ ]", `"y"`, "let a = 1; in a"}[r.IntN(5)])
		}
	}
	return slices.Concat(tree.src[:n.Start()], replacement, tree.src[n.End():]), fmt.Sprintf("%q at %d replaces %q", replacement, n.Start(), text)
}

// TestEdit makes long chains of random edits. After each the tree must be what Parse makes of the text.
func TestEdit(t *testing.T) {
	const (
		chains = 150
		steps  = 40
	)
	r := rand.New(rand.NewPCG(5, 8))
	g := &generator{r: r, pipes: true}
	spliced, sound := 0, 0
	for chain := range chains {
		var src []byte
		switch chain % 3 {
		case 0:
			src = crateSet(3)
		case 1:
			src = []byte("{ a = " + g.program(true) + "; b = {\n" + strings.Repeat("c = ''d''; /* e */\n", 5) + "}; }")
		case 2:
			src = []byte(g.program(false))
		}
		tree := Parse(src)
		last := tree
		for range steps {
			var next []byte
			var what string
			switch r.IntN(8) {
			case 0:
				next, what = damage(r, tree.src)
			case 1:
				next, what = last.src, "undo"
			default:
				next, what = improve(r, tree)
			}
			before := slices.Clone(tree.records)
			if base := cmpBase(tree); base != nil && base.splice(next) != nil {
				spliced++
			}
			edited := tree.Edit(next)
			want := Parse(next)
			if !slices.Equal(edited.records, want.records) || !slices.Equal(edited.errors, want.errors) || !bytes.Equal(edited.src, next) {
				t.Fatalf("%s in\n%q:\n%s, not\n%s", what, tree.src, sexpr(edited.Root()), sexpr(want.Root()))
			}
			if edited.base != nil && (edited.sound || !edited.base.sound || edited.base.base != nil) {
				t.Fatal("trees of the past are kept")
			}
			if !slices.Equal(before, tree.records) {
				t.Fatal("the old tree changed")
			}
			if want.sound {
				sound++
				last = edited
			}
			tree = edited
			if len(tree.src) > 1<<14 {
				break
			}
		}
	}
	t.Logf("%d edits, %d leave no syntax error, %d parse bindings only", chains*steps, sound, spliced)
	if spliced < sound/2 {
		t.Error("too few edits parse bindings only")
	}
}

// cmpBase is the tree that Edit starts from.
func cmpBase(t *Tree) *Tree {
	if t.sound {
		return t
	}
	return t.base
}

// TestEditOfLargeFile goes over a generated file with one-character edits, each at another place.
func TestEditOfLargeFile(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 21))
	tree := Parse(crateSet(150))
	for range 60 {
		next, _ := improve(r, tree)
		tree = tree.Edit(next)
		sameTrees(t, tree, Parse(next))
	}
}

func TestEditWithoutChange(t *testing.T) {
	for _, text := range []string{"{ a = 1; }", "{ a = ", ""} {
		tree := Parse([]byte(text))
		sameTrees(t, tree.Edit([]byte(text)), tree)
	}
}

// TestEditsDoNotLeak makes many edits, some of which C parses, and looks at how much memory the process has.
func TestEditsDoNotLeak(t *testing.T) {
	const (
		edits      = 100_000
		breakEvery = 50 // how often the text gets a syntax error
		// mostGrowth is what the heaps may come to besides. A C tree or a record array that is kept is at least 10 kB for each edit.
		mostGrowth = 64 << 20
	)
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("the kernel does not tell")
	}
	texts := [][]byte{crateSet(1)}
	texts = append(texts, bytes.Replace(texts[0], []byte("version"), []byte("versions"), 1), bytes.Replace(texts[0], []byte("{"), nil, 1))
	tree := Parse(texts[0])
	var before int
	for i := range edits {
		if i == edits/10 {
			before = residentBytes(t)
		}
		next := texts[i&1]
		if i%breakEvery == 0 {
			next = texts[2]
		}
		tree = tree.Edit(next)
	}
	after := residentBytes(t)
	runtime.KeepAlive(tree)
	t.Logf("%d MB resident after %d edits, %d MB after %d", before>>20, edits/10, after>>20, edits)
	if after-before > mostGrowth {
		t.Errorf("%d edits grew the process from %d to %d bytes", edits, before, after)
	}
}

// residentBytes is how much memory the process has when all garbage is given back.
func residentBytes(t *testing.T) int {
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}
