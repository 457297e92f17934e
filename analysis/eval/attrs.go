package eval

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// Attrs is an attribute set. It is made of layers, as `//` puts them on each other; those that are not attributes one by one are values of
// which it is not known which attributes they have.
type Attrs struct {
	made
	layers []layer // a later one hides attributes of those before it
}

// layer is either attributes or, when rest is not nil, a *Choice of sets, an *Opaque, or an *Unknown.
type layer struct {
	attrs []*Attr // sorted by name
	rest  Value
}

// Attr is an attribute of a set.
type Attr struct {
	Name  string
	Value *Thunk // nil: the attribute was removed from the layers below

	// At is the place of the attribute's name: in an attrpath, or in an inherit. Its parents are the binding.
	At Origin
}

// Presence tells whether a set has an attribute.
type Presence uint8

// The three answers.
const (
	Absent Presence = iota
	Maybe
	Present
)

// NewAttrs makes a set of the given attributes, which must have different names.
func NewAttrs(attrs ...*Attr) *Attrs { return newAttrs(Origin{}, attrs) }

func newAttrs(at Origin, attrs []*Attr) *Attrs {
	a := &Attrs{made: made{at}}
	if len(attrs) > 0 {
		if !slices.IsSortedFunc(attrs, compareAttrs) {
			slices.SortFunc(attrs, compareAttrs)
		}
		a.layers = []layer{{attrs: attrs}}
	}
	return a
}

func compareAttrs(a, b *Attr) int { return strings.Compare(a.Name, b.Name) }

func findAttr(attrs []*Attr, name string) *Attr {
	i := sort.Search(len(attrs), func(i int) bool { return attrs[i].Name >= name })
	if i < len(attrs) && attrs[i].Name == name {
		return attrs[i]
	}
	return nil
}

// Complete tells whether it is known which attributes there are.
func (a *Attrs) Complete() bool {
	for _, l := range a.layers {
		if l.rest != nil {
			return false
		}
	}
	return true
}

// All yields the attributes that the set has for certain, sorted by name within each layer; not those of a layer that is not known, nor those that one
// hides for certain.
func (a *Attrs) All() iter.Seq[*Attr] {
	return func(yield func(*Attr) bool) {
		for i, l := range a.layers {
			for _, attr := range l.attrs {
				if attr.Value == nil || a.hidden(i, attr.Name) {
					continue
				}
				if !yield(attr) {
					return
				}
			}
		}
	}
}

func (a *Attrs) hidden(i int, name string) bool {
	for _, above := range a.layers[i+1:] {
		if findAttr(above.attrs, name) != nil {
			return true
		}
	}
	return false
}

// Rests yields the layers of which it is not known which attributes they have, from the lowest to the highest: *Choice of sets, *Opaque, or
// *Unknown.
func (a *Attrs) Rests() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for _, l := range a.layers {
			if l.rest != nil && !yield(l.rest) {
				return
			}
		}
	}
}

// Attr is the attribute of that name, where it stands in the source; nil when the set does not have it for certain, or only in a layer that is
// not known. A layer above may replace its value: see Evaluator.Select for that.
func (a *Attrs) Attr(name string) *Attr {
	for i := len(a.layers) - 1; i >= 0; i-- {
		if attr := findAttr(a.layers[i].attrs, name); attr != nil {
			if attr.Value == nil {
				return nil
			}
			return attr
		}
	}
	return nil
}

// under is the set with a layer of unknown attributes below.
func (a *Attrs) under(rest Value) *Attrs {
	return &Attrs{made: a.made, layers: append([]layer{{rest: rest}}, a.layers...)}
}

// Under is a set with the given attributes and, where it has none of a name, those of rest: an *Opaque, a *Choice of sets, or an *Unknown.
func Under(a *Attrs, rest Value) *Attrs { return a.under(rest) }

// update is a // b.
func (e *Evaluator) update(at Origin, a, b *Attrs) *Attrs {
	switch {
	case len(b.layers) == 0:
		return &Attrs{made: made{at}, layers: a.layers}
	case len(a.layers) == 0:
		return &Attrs{made: made{at}, layers: b.layers}
	}
	layers := slices.Clone(a.layers)
	for _, l := range b.layers {
		top := len(layers) - 1
		if l.rest != nil || top < 0 || layers[top].rest != nil {
			layers = append(layers, l)
			continue
		}
		layers[top] = layer{attrs: e.merge(layers[top].attrs, l.attrs)}
	}
	e.spend(len(layers) / copyStep)
	if len(layers) > maxLayers {
		below := e.unknown(at, "too many sets that are not known are put on each other")
		layers = append([]layer{{rest: below}}, layers[len(layers)-maxLayers+1:]...)
	}
	// What has been removed from nothing need not be remembered.
	if len(layers) == 1 && layers[0].rest == nil {
		layers[0].attrs = withoutRemoved(layers[0].attrs)
	}
	return &Attrs{made: made{at}, layers: layers}
}

func withoutRemoved(attrs []*Attr) []*Attr {
	if !slices.ContainsFunc(attrs, func(a *Attr) bool { return a.Value == nil }) {
		return attrs
	}
	return slices.DeleteFunc(slices.Clone(attrs), func(a *Attr) bool { return a.Value == nil })
}

func (e *Evaluator) merge(a, b []*Attr) []*Attr {
	e.spend((len(a) + len(b)) / copyStep)
	out := make([]*Attr, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch c := strings.Compare(a[0].Name, b[0].Name); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, b[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// find looks an attribute up in a value that may be a set. The thunk is nil when it is absent for certain, or v is no set.
func (e *Evaluator) find(v Value, name string, at Origin) (*Thunk, Presence) {
	switch v := v.(type) {
	case *Attrs:
		return e.findIn(v, len(v.layers), name, at)
	case *Opaque:
		if v.Known != nil {
			if t, p := e.find(v.Known, name, at); p == Present {
				return t, p
			}
		}
		return &Thunk{at: at, make: func(e *Evaluator) Value { return e.selectOpaque(v, name, at) }}, Maybe
	case *Unknown:
		return &Thunk{at: at, value: v, assumed: true}, Maybe
	case *Choice:
		if u := e.enter(at); u != nil {
			return &Thunk{at: at, value: u, assumed: true}, Maybe
		}
		defer e.leave()
		var found []*Thunk
		all, any := true, false
		for _, alternative := range v.Of {
			t, p := e.find(alternative, name, at)
			all = all && p == Present
			any = any || p != Absent
			if t != nil {
				found = append(found, t)
			}
		}
		if !any {
			return nil, Absent
		}
		presence := Maybe
		if all {
			presence = Present
		}
		return e.either(at, v.Because, found), presence
	}
	return nil, Absent
}

// findIn looks in the first n layers.
func (e *Evaluator) findIn(a *Attrs, n int, name string, at Origin) (*Thunk, Presence) {
	var found []*Thunk // in layers that may have it
	var because *Unknown
	for i := n - 1; i >= 0; i-- {
		l := a.layers[i]
		if l.rest == nil {
			attr := findAttr(l.attrs, name)
			if attr == nil {
				continue
			}
			if attr.Value == nil {
				break
			}
			if len(found) == 0 {
				return attr.Value, Present
			}
			return e.either(at, because, append(found, attr.Value)), Present
		}
		t, p := e.find(l.rest, name, at)
		if p == Absent {
			continue
		}
		if because == nil {
			because = e.because(l.rest)
		}
		found = append(found, t)
		if p == Present {
			return e.either(at, because, found), Present
		}
	}
	if len(found) == 0 {
		return nil, Absent
	}
	return e.either(at, because, found), Maybe
}

// either is one of several thunks.
func (e *Evaluator) either(at Origin, because *Unknown, of []*Thunk) *Thunk {
	if len(of) == 1 {
		return of[0]
	}
	return &Thunk{at: of[0].at, make: func(e *Evaluator) Value {
		return e.choose(at, because, len(of), func(i int) Value { return e.force(of[i]) })
	}}
}

// selectAttr gives the value of an attribute. ok is false when there is none for certain, or v is no set.
func (e *Evaluator) selectAttr(v Value, name string, at Origin) (Value, bool) {
	t, p := e.find(v, name, at)
	if p == Absent {
		return nil, false
	}
	return e.force(t), true
}

// selectOpaque selects an attribute that is not among those known.
func (e *Evaluator) selectOpaque(o *Opaque, name string, at Origin) Value {
	if o.Select != nil {
		if v, ok := o.Select(e, name, at); ok {
			return v
		}
	}
	if e.options.Select != nil {
		if v, ok := e.options.Select(e, o, name, at); ok {
			return v
		}
	}
	if name == "outPath" && o.Source != nil {
		return &String{made: made{at}, Parts: []Part{{Hole: o}}, Context: []Value{o}}
	}
	return &Opaque{made: made{at}, From: o, Attr: name}
}

// choose evaluates the alternatives of a choice. Those that fail are left out: where Nix fails there is no value to speak of.
func (e *Evaluator) choose(at Origin, because *Unknown, n int, alternative func(i int) Value) Value {
	e.assumptions++
	if e.speculation >= maxSpeculation {
		return e.unknown(at, "too many conditions that are not known in each other")
	}
	e.speculation++
	defer func() { e.speculation-- }()
	c := &Choice{made: made{at}, Because: because}
	var failed *Error
	for i := range n {
		if !e.spend(1) {
			return e.unknown(at, "evaluation takes too many steps")
		}
		switch v := alternative(i).(type) {
		case *Error:
			failed = v
		case *Choice:
			for _, inner := range v.Of {
				c.add(inner)
			}
		default:
			c.add(v)
		}
		if len(c.Of) > maxAlternatives {
			return e.unknown(at, "more than 16 possible values")
		}
	}
	switch len(c.Of) {
	case 0:
		return failed
	case 1:
		return c.Of[0]
	}
	return c
}

// add adds a value that is not there yet.
func (c *Choice) add(v Value) {
	for _, have := range c.Of {
		if have == v || sameScalar(have, v) {
			return
		}
	}
	c.Of = append(c.Of, v)
}

func sameScalar(a, b Value) bool {
	switch a := a.(type) {
	case *Null:
		_, ok := b.(*Null)
		return ok
	case *Bool:
		b, ok := b.(*Bool)
		return ok && a.Value == b.Value
	case *Int:
		b, ok := b.(*Int)
		return ok && a.Value == b.Value
	case *String:
		b, ok := b.(*String)
		if !ok || len(a.Context)+len(b.Context) > 0 {
			return false
		}
		s, ok1 := a.Text()
		t, ok2 := b.Text()
		return ok1 && ok2 && s == t
	case *Path:
		b, ok := b.(*Path)
		return ok && a.Name == b.Name
	case *List:
		b, ok := b.(*List)
		return ok && len(a.Items) == 0 && len(b.Items) == 0
	case *Attrs:
		b, ok := b.(*Attrs)
		return ok && len(a.layers) == 0 && len(b.layers) == 0
	}
	return false
}

// each applies f to what v may be: to all values of a choice. Errors and unknown values go through as they are.
func (e *Evaluator) each(at Origin, v Value, f func(Value) Value) Value {
	switch v := v.(type) {
	case *Error, *Unknown:
		return v
	case *Choice:
		return e.choose(at, v.Because, len(v.Of), func(i int) Value { return e.each(at, v.Of[i], f) })
	}
	return f(v)
}

// complete calls f with the attributes of a set of which all are known: with those of each possible set when there are several.
func (e *Evaluator) complete(at Origin, v Value, f func([]*Attr) Value) Value {
	return e.each(at, v, func(v Value) Value {
		switch v := v.(type) {
		case *Attrs:
			return e.completeFrom(at, nil, v.layers, f)
		case *Opaque:
			return e.dependsOn(at, v)
		}
		return e.mismatch(at, v, "a set")
	})
}

func (e *Evaluator) completeFrom(at Origin, below []*Attr, layers []layer, f func([]*Attr) Value) Value {
	if !e.spend(len(layers)) {
		return e.unknown(at, "evaluation takes too many steps")
	}
	combinations := 1
	for _, l := range layers {
		if choice, ok := l.rest.(*Choice); ok {
			if combinations *= len(choice.Of); combinations > maxAlternatives {
				return e.notKnown(at, choice)
			}
		}
	}
	for i, l := range layers {
		if l.rest == nil {
			if below == nil {
				below = l.attrs
			} else {
				below = e.merge(below, l.attrs)
			}
			continue
		}
		return e.each(at, l.rest, func(v Value) Value {
			switch v := v.(type) {
			case *Attrs:
				return e.completeFrom(at, below, append(slices.Clone(v.layers), layers[i+1:]...), f)
			case *Opaque:
				return e.dependsOn(at, v)
			}
			return e.mismatch(at, v, "a set")
		})
	}
	return f(withoutRemoved(below))
}
