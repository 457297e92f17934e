package nixparse

import "bytes"

// Edit gives the tree of src, which is equal to that of Parse(src) and is there much sooner when src differs from the text of t in one place.
// It finds the place itself, so the caller need not say what was edited, nor how often. Trees are immutable: t stays as it is. The tree keeps
// src, which must not change.
//
// Only the bindings around the place are parsed. Where they have a syntax error the whole text is, since what an error does to the text around
// it is for the generated parser to say; but the next Edit that mends it starts from the last text without one.
func (t *Tree) Edit(src []byte) *Tree {
	base := t
	if !t.sound {
		base = t.base
	}
	if base == nil {
		return Parse(src)
	}
	if tree := base.splice(src); tree != nil {
		return tree
	}
	tree := Parse(src)
	if !tree.sound {
		tree.base = base
	}
	return tree
}

// splice gives the tree of src when only bindings of t, which is sound, are to be read again and nothing is wrong with them; else nil.
func (t *Tree) splice(src []byte) *Tree {
	if len(src) > maxSource {
		return nil
	}
	start := commonPrefix(t.src, src)
	if start == len(src) && start == len(t.src) {
		return &Tree{src: src, records: t.records, errors: t.errors, sound: true}
	}
	same := commonSuffix(t.src[start:], src[start:])
	first, last, ok := t.bindingsAround(start, len(t.src)-same)
	if !ok {
		return nil
	}
	set := t.records[first].parent
	from := int(first) // indices of the old records that are replaced
	to := int(t.records[last].next)
	textEnd := t.records[last].end         // of the old text
	shift := uint32(len(src) - len(t.src)) // for offsets; wraps around when the text got shorter

	var tree *Tree
	withFast(src, func(p *fast) {
		p.levels = t.levels(set)
		end := int(textEnd + shift)
		p.lex(int(t.records[first].start))
		for p.start < end && p.bindingAhead() {
			p.binding()
		}
		// Here the token after the last semicolon has been read, with the comments before it; both are outside.
		if p.token == tokenNone || p.last != end {
			return
		}
		grow := uint32(len(p.nodes) - (to - from)) // for indices
		tree = &Tree{src: src, records: resized(t.records, len(t.records)-(to-from)+len(p.nodes)), sound: true}
		after := tree.records[from+len(p.nodes):]
		if grow != 0 {
			copy(after, t.records[to:])
		}
		p.place(tree.records, uint32(from), set)
		for i := range after {
			r := &after[i]
			r.start += shift
			r.end += shift
			r.next += grow
			if int(r.parent) >= to {
				r.parent += grow
			}
		}
		for i := set; ; i = tree.records[i].parent {
			tree.records[i].end += shift
			tree.records[i].next += grow
			if i == 0 {
				break
			}
		}
		tree.spliceErrors(t.errors, from, to, grow, len(p.nodes))
	})
	return tree
}

// spliceErrors takes the errors of the old tree over, and finds those among the new records, which are count from index from on.
func (t *Tree) spliceErrors(old []uint32, from, to int, grow uint32, count int) {
	i := 0
	for i < len(old) && int(old[i]) < from {
		i++
	}
	t.errors = append(t.errors, old[:i]...)
	t.errors = t.mark(t.errors, from, from+count)
	for ; i < len(old); i++ {
		if int(old[i]) >= to {
			t.errors = append(t.errors, old[i]+grow)
		}
	}
}

// bindingsAround gives the indices of the first and last of the fewest bindings, of the innermost set, that an edit between two offsets leaves
// a first and last byte of. What is before such bindings is read in the same way whatever is in them, and so is what is after.
func (t *Tree) bindingsAround(start, end int) (first, last uint32, ok bool) {
	for n := t.At(start); !n.IsZero(); n = n.Parent() {
		if n.Kind() != BindingSet || n.Start() >= start || n.End() <= end {
			continue
		}
		found := false
		for c := range n.Children() {
			if c.Kind() == Comment {
				continue
			}
			if c.Start() < start {
				first = c.index
			}
			if c.End() > end {
				last, found = c.index, true
				break
			}
		}
		if found {
			return first, last, true
		}
	}
	return 0, 0, false
}

// levels gives in how many strings and paths the node at the index is, or more.
func (t *Tree) levels(index uint32) int {
	levels := 0
	for ; index != 0; index = t.records[index].parent {
		if t.records[index].kind == Interpolation {
			levels++
		}
	}
	return levels
}

// resized gives a copy of the records of another length, as far as they go.
func resized(records []record, length int) []record {
	if length <= len(records) {
		// What append makes is not cleared first, which is a third of the time that a large file's edit takes.
		return append([]record(nil), records[:length]...)
	}
	longer := make([]record, length)
	copy(longer, records)
	return longer
}

// compareBlock is how many bytes of two texts are compared at once: the runtime is faster at that than a loop.
const compareBlock = 1024

// commonPrefix gives how many bytes at their beginnings two texts have in common.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+compareBlock <= n && bytes.Equal(a[i:i+compareBlock], b[i:i+compareBlock]) {
		i += compareBlock
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

// commonSuffix gives how many bytes at their ends two texts have in common.
func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[len(a)-n:], b[len(b)-n:]
	i := n
	for i >= compareBlock && bytes.Equal(a[i-compareBlock:i], b[i-compareBlock:i]) {
		i -= compareBlock
	}
	for i > 0 && a[i-1] == b[i-1] {
		i--
	}
	return n - i
}
