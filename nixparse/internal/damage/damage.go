// Package damage measures how local syntax errors stay: it deletes one token of a file and counts the bindings that are still found.
package damage

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/nixparse"
)

// Kinds are the tokens that are deleted, each as often as the others. The last stands for any name.
var Kinds = []string{";", "}", "{", "=", `"`, "identifier"}

// Count is what became of the bindings when tokens of one kind were deleted. The damaged binding is the innermost one that the token is in.
type Count struct {
	Kind      string
	Deletions int
	// Harmless deletions left a file that is still Nix, as when a name of a list is deleted.
	Harmless int
	// Outside are the bindings that are neither the damaged one nor in it. OutsideFound are those that are still found, with the same
	// attribute path at the same place.
	Outside, OutsideFound int
	// OutsideMoved are those of Outside that are found at the same place under another path: in a set whose end is missing, say.
	OutsideMoved int
	// All are those in the damaged one too; only itself is left out.
	All, AllFound int
	// Worst is the least share of Outside that was found after one deletion in a file of at least 20 bindings, and WorstFile the index of that file's source.
	Worst     float64
	WorstFile int
}

func (c Count) String() string {
	return fmt.Sprintf("%-10s %6d deletions: of the bindings outside %6.2f %% are found and %5.2f %% moved; of all others %6.2f %% are found", c.Kind, c.Deletions,
		100*share(c.OutsideFound, c.Outside), 100*share(c.OutsideMoved, c.Outside), 100*share(c.AllFound, c.All))
}

// Share is the part of the bindings outside of the damaged one that was found.
func (c Count) Share() float64 { return share(c.OutsideFound, c.Outside) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Result has the counts by kind of token.
type Result []Count

// Total adds the kinds up.
func (r Result) Total() Count {
	total := Count{Kind: "all", Worst: 1}
	for _, c := range r {
		total.Deletions += c.Deletions
		total.Harmless += c.Harmless
		total.Outside += c.Outside
		total.OutsideFound += c.OutsideFound
		total.OutsideMoved += c.OutsideMoved
		total.All += c.All
		total.AllFound += c.AllFound
		if c.Worst < total.Worst {
			total.Worst, total.WorstFile = c.Worst, c.WorstFile
		}
	}
	return total
}

func (r Result) String() string {
	var b strings.Builder
	for _, c := range append(r, r.Total()) {
		fmt.Fprintln(&b, c)
	}
	return b.String()
}

// Measure deletes n tokens, each from a source chosen by the seed, one at a time. Sources with errors or without bindings are left out.
func Measure(sources [][]byte, n int, seed uint64) Result {
	r := rand.New(rand.NewPCG(seed, 1))
	result := make(Result, len(Kinds))
	for i, kind := range Kinds {
		result[i] = Count{Kind: kind, Worst: 1}
	}
	prepared := make([]*file, len(sources))
	for i := range n {
		count := &result[i%len(Kinds)]
		for range 100 { // tries to find a source that has the token
			at := r.IntN(len(sources))
			if prepared[at] == nil {
				prepared[at] = prepare(sources[at])
			}
			tokens := prepared[at].tokens[i%len(Kinds)]
			if len(prepared[at].bindings) == 0 || len(tokens) == 0 {
				continue
			}
			count.add(prepared[at], at, tokens[r.IntN(len(tokens))])
			break
		}
	}
	return result
}

// span is bytes Start to End of a source.
type span struct{ start, end int }

// file is an undamaged source, with its tokens by kind.
type file struct {
	source   []byte
	bindings []binding
	tokens   [][]span
}

// binding is a name that a set or let defines.
type binding struct {
	path string // the names of all bindings around it, and its own
	at   int    // offset of its name
	span        // of the whole binding
}

func prepare(source []byte) *file {
	tree := nixparse.Parse(source)
	f := &file{source: source, tokens: make([][]span, len(Kinds))}
	if tree.HasErrors() {
		return f
	}
	f.bindings = bindings(tree)
	add := func(kind string, start, end int) {
		i := slices.Index(Kinds, kind)
		f.tokens[i] = append(f.tokens[i], span{start, end})
	}
	// What is in no leaf of the tree is punctuation.
	punctuation := func(start, end int) {
		for i := start; i < end; i++ {
			switch c := source[i]; {
			case c == ';', c == '}', c == '{' && source[max(0, i-1)] != '$':
				add(string(c), i, i+1)
			case c == '=' && i > 0 && !bytes.ContainsRune([]byte("=!<>"), rune(source[i-1])) && i+1 < len(source) && source[i+1] != '=':
				add("=", i, i+1)
			}
		}
	}
	end := 0
	for n := range tree.Root().Descendants() {
		switch {
		case n.Kind() == nixparse.Identifier:
			add("identifier", n.Start(), n.End())
		case n.Kind() == nixparse.StringExpression:
			add(`"`, n.Start(), n.Start()+1)
			add(`"`, n.End()-1, n.End())
		}
		if n.FirstChild().IsZero() && n.Kind() != nixparse.AttrsetExpression && n.Kind() != nixparse.RecAttrsetExpression &&
			n.Kind() != nixparse.LetAttrsetExpression && n.Kind() != nixparse.FormalsNode {
			punctuation(end, n.Start())
			end = n.End()
		}
	}
	punctuation(end, len(source))
	return f
}

// bindings lists what is defined anywhere in the tree, in source order.
func bindings(tree *nixparse.Tree) []binding {
	var list []binding
	// The bindings that the walk is in, innermost last.
	type level struct {
		path string
		end  int
	}
	around := []level{{"", len(tree.Source()) + 1}}
	for n := range tree.Root().Descendants() {
		for n.Start() >= around[len(around)-1].end {
			around = around[:len(around)-1]
		}
		switch n.Kind() {
		case nixparse.BindingNode:
			path := n.Child(nixparse.FieldAttrpath)
			b := binding{around[len(around)-1].path + "/" + string(path.Text()), path.Start(), span{n.Start(), n.End()}}
			list = append(list, b)
			around = append(around, level{b.path, n.End()})
		case nixparse.Inherit, nixparse.InheritFrom:
			for attr := range n.Child(nixparse.FieldAttrs).ChildrenOf(nixparse.FieldAttr) {
				list = append(list, binding{around[len(around)-1].path + "/" + string(attr.Text()), attr.Start(), span{n.Start(), n.End()}})
			}
		}
	}
	return list
}

func (c *Count) add(f *file, index int, token span) {
	damaged := slices.Concat(f.source[:token.start], f.source[token.end:])
	tree := nixparse.Parse(damaged)
	if !tree.HasErrors() {
		c.Harmless++
		return
	}
	c.Deletions++
	found, moved := map[binding]bool{}, map[int]bool{}
	for _, b := range bindings(tree) {
		b.span = span{}
		found[b], moved[b.at] = true, true
	}
	inside := span{len(f.source), 0}
	for _, b := range f.bindings { // outer ones come first
		if b.start <= token.start && token.end <= b.end {
			inside = b.span
		}
	}
	outside, outsideFound := 0, 0
	for _, b := range f.bindings {
		if b.span == inside {
			continue
		}
		isOutside := b.start < inside.start || b.end > inside.end
		if b.at >= token.end {
			b.at -= token.end - token.start
		}
		b.span = span{}
		c.All++
		if isOutside {
			outside++
		}
		switch {
		case found[b]:
			c.AllFound++
			if isOutside {
				outsideFound++
			}
		case isOutside && moved[b.at]:
			c.OutsideMoved++
		}
	}
	c.Outside += outside
	c.OutsideFound += outsideFound
	const few = 20
	s := share(outsideFound, outside)
	if outside >= few && s < c.Worst {
		c.Worst, c.WorstFile = s, index
	}
}
