package eval

import (
	"slices"
	"sort"
)

var listBuiltins = []builtin{
	{name: "length", arity: 1, call: func(c *Call) Value {
		return c.elements(c.Site, c.Arg(0), func(x []*Thunk) Value { return c.int(int64(len(x))) })
	}},
	{name: "head", arity: 1, call: func(c *Call) Value {
		return c.elementAt(c.Arg(0), 0, "list is empty")
	}},
	{name: "elemAt", arity: 2, call: func(c *Call) Value {
		return c.onInt(1, func(i int64) Value { return c.elementAt(c.Arg(0), i, "list index is out of bounds") })
	}},
	{name: "tail", arity: 1, call: func(c *Call) Value {
		return c.on(0, func(v Value) Value {
			l, ok := v.(*List)
			switch {
			case !ok:
				return c.mismatch(c.Site, v, "a list")
			case len(l.Items) == 0:
				return c.fail("'tail' called on an empty list")
			case l.Items[0].Rest == nil:
				return &List{made: l.made, Items: l.Items[1:]}
			}
			return c.elements(c.Site, l, func(x []*Thunk) Value {
				if len(x) == 0 {
					return c.fail("'tail' called on an empty list")
				}
				return newList(c.Site, x[1:])
			})
		})
	}},
	{name: "map", arity: 2, global: true, call: func(c *Call) Value {
		return c.mapItems(c.Site, c.Arg(1), func(t *Thunk) Item { return Item{Value: c.later(t.at, c.Args[0], t)} })
	}},
	{name: "filter", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.mapItems(c.Site, c.Arg(1), func(t *Thunk) Item {
			switch keep := c.test(fn, t).(type) {
			case *Bool:
				if keep.Value {
					return Item{Value: t}
				}
				return Item{Rest: &List{}}
			case *Error:
				return Item{Rest: keep}
			default:
				return Item{Rest: c.optional(t, keep)}
			}
		})
	}},
	{name: "concatLists", arity: 1, call: func(c *Call) Value {
		return c.flattenOnce(c.Arg(0), func(t *Thunk) Value { return c.force(t) })
	}},
	{name: "concatMap", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.flattenOnce(c.Arg(1), func(t *Thunk) Value { return c.apply(fn, t, c.Site) })
	}},
	{name: "elem", arity: 2, call: func(c *Call) Value {
		v := c.Arg(0)
		if err, ok := v.(*Error); ok {
			return err
		}
		return c.anyItem(c.Arg(1), false, func(t *Thunk) Value { return c.equalValue(c.Site, v, c.force(t)) })
	}},
	{name: "any", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.anyItem(c.Arg(1), false, func(t *Thunk) Value { return c.test(fn, t) })
	}},
	{name: "all", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.anyItem(c.Arg(1), true, func(t *Thunk) Value { return c.test(fn, t) })
	}},
	{name: "foldl'", arity: 3, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.elements(c.Site, c.Arg(2), func(x []*Thunk) Value {
			if len(x) == 0 {
				return c.Arg(1)
			}
			acc := c.Args[1]
			for _, t := range x {
				v := c.call(fn, acc, t)
				if err, ok := v.(*Error); ok {
					return err
				}
				if !c.spend(1) {
					return c.unknown(c.Site, "evaluation takes too many steps")
				}
				acc = Ready(v)
			}
			return acc.value
		})
	}},
	{name: "genList", arity: 2, call: func(c *Call) Value {
		return c.onInt(1, func(n int64) Value {
			if n < 0 {
				return c.fail("cannot create list of size %d", n)
			}
			if n > maxElements || !c.spend(int(n)) {
				return c.unknown(c.Site, "the list is too long")
			}
			x := make([]*Thunk, n)
			for i := range x {
				x[i] = c.later(c.Site, c.Args[0], Ready(c.int(int64(i))))
			}
			return newList(c.Site, x)
		})
	}},
	{name: "sort", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.elements(c.Site, c.Arg(1), func(x []*Thunk) Value { return c.sorted(fn, x) })
	}},
	{name: "partition", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.elements(c.Site, c.Arg(1), func(x []*Thunk) Value {
			var right, wrong []*Thunk
			for _, t := range x {
				switch v := c.test(fn, t).(type) {
				case *Bool:
					if v.Value {
						right = append(right, t)
					} else {
						wrong = append(wrong, t)
					}
				default:
					if err, ok := v.(*Error); ok {
						return err
					}
					return c.notKnown(c.Site, v)
				}
			}
			return newAttrs(c.Site, []*Attr{
				{Name: "right", Value: Ready(newList(c.Site, right))}, {Name: "wrong", Value: Ready(newList(c.Site, wrong))},
			})
		})
	}},
	{name: "groupBy", arity: 2, call: func(c *Call) Value {
		fn := c.Arg(0)
		return c.elements(c.Site, c.Arg(1), func(x []*Thunk) Value {
			groups := map[string][]*Thunk{}
			for _, t := range x {
				name, other := c.nameOf(c.apply(fn, t, c.Site))
				if other != nil {
					return other
				}
				groups[name] = append(groups[name], t)
			}
			attrs := make([]*Attr, 0, len(groups))
			for name, group := range groups {
				attrs = append(attrs, &Attr{Name: name, Value: Ready(newList(c.Site, group))})
			}
			return newAttrs(c.Site, attrs)
		})
	}},
	{name: "genericClosure", arity: 1, call: func(c *Call) Value { return c.closure() }},
}

// optional is a list of one element, or of none.
func (c *Call) optional(t *Thunk, because Value) Value {
	return c.choose(c.Site, c.because(because), 2, func(i int) Value { return newList(c.Site, []*Thunk{t}[:1-i]) })
}

func (c *Call) elementAt(v Value, i int64, message string) Value {
	return c.each(c.Site, v, func(v Value) Value {
		l, ok := v.(*List)
		if !ok {
			if o, ok := v.(*Opaque); ok {
				return c.dependsOn(c.Site, o)
			}
			return c.mismatch(c.Site, v, "a list")
		}
		for k, item := range l.Items {
			if item.Rest != nil {
				break
			}
			if int64(k) == i {
				return c.force(item.Value)
			}
		}
		return c.elements(c.Site, l, func(x []*Thunk) Value {
			if i < 0 || i >= int64(len(x)) {
				return c.fail("%s", message)
			}
			return c.force(x[i])
		})
	})
}

// flattenOnce joins the lists that f makes of the elements.
func (c *Call) flattenOnce(v Value, f func(*Thunk) Value) Value {
	return c.mapItems(c.Site, v, func(t *Thunk) Item {
		items, err := c.itemsOf(c.Site, f(t))
		if err != nil {
			return Item{Rest: err}
		}
		return Item{Rest: &List{Items: items}}
	})
}

// anyItem tells whether a test holds for any element, or for all.
func (c *Call) anyItem(v Value, all bool, test func(*Thunk) Value) Value {
	return c.each(c.Site, v, func(v Value) Value {
		l, ok := v.(*List)
		if !ok {
			if o, ok := v.(*Opaque); ok {
				return c.dependsOn(c.Site, o)
			}
			return c.mismatch(c.Site, v, "a list")
		}
		var unknown Value
		for _, item := range l.Items {
			result := item.Rest
			if result == nil {
				result = test(item.Value)
			} else {
				result = c.anyItem(result, all, test)
			}
			switch result := result.(type) {
			case *Bool:
				if result.Value != all {
					return c.bool(!all)
				}
			case *Error:
				if unknown != nil {
					return c.notKnown(c.Site, unknown)
				}
				return result
			default:
				if unknown == nil {
					unknown = result
				}
			}
		}
		if unknown != nil {
			return c.notKnown(c.Site, unknown)
		}
		return c.bool(all)
	})
}

func (c *Call) sorted(fn Value, x []*Thunk) Value {
	x = slices.Clone(x)
	var other Value // what went wrong
	less := func(a, b *Thunk) bool {
		if other != nil {
			return false
		}
		v := c.test(fn, a, b)
		result, ok := v.(*Bool)
		if !ok {
			other = v
			return false
		}
		return result.Value
	}
	sort.SliceStable(x, func(i, j int) bool { return less(x[i], x[j]) })
	// A comparison that is no order gives a different result with every way to sort.
	for i := 1; i < len(x) && other == nil; i++ {
		if less(x[i], x[i-1]) {
			return c.unknown(c.Site, "the comparison of 'sort' is no strict order")
		}
	}
	if err, ok := other.(*Error); ok {
		return err
	}
	if other != nil {
		return c.notKnown(c.Site, other)
	}
	return newList(c.Site, x)
}

// nameOf gives the text of a value that must be a string, or what it is instead.
func (e *Evaluator) nameOf(v Value) (string, Value) {
	switch v := v.(type) {
	case *String:
		if text, ok := v.Text(); ok {
			return text, nil
		}
		return "", e.notKnown(v.at, v)
	case *Opaque, *Choice, *Unknown:
		return "", e.notKnown(v.Origin(), v)
	}
	return "", e.mismatch(v.Origin(), v, "a string")
}

// closure is builtins.genericClosure.
func (c *Call) closure() Value {
	arg := c.Arg(0)
	field := func(name string) (Value, Value) {
		v, ok := c.selectAttr(arg, name, c.Site)
		if !ok {
			return nil, c.missing(c.Site, arg, name)
		}
		switch v.(type) {
		case *Error:
			return nil, v
		case *Opaque, *Choice, *Unknown:
			return nil, c.notKnown(c.Site, v)
		}
		return v, nil
	}
	start, other := field("startSet")
	if other != nil {
		return other
	}
	operator, other := field("operator")
	if other != nil {
		return other
	}
	return c.elements(c.Site, start, func(work []*Thunk) Value {
		work = slices.Clone(work)
		var done []*Thunk
		var keys []Value
		for len(work) > 0 {
			t := work[0]
			work = work[1:]
			key, ok := c.selectAttr(c.force(t), "key", c.Site)
			if !ok {
				return c.missing(c.Site, c.force(t), "key")
			}
			known, other := c.hasKey(keys, key)
			if other != nil {
				return other
			}
			if known {
				continue
			}
			keys = append(keys, key)
			done = append(done, t)
			next := c.apply(operator, t, c.Site)
			if err, ok := next.(*Error); ok {
				return err
			}
			l, ok := next.(*List)
			if !ok && settled(next) {
				return c.mismatch(c.Site, next, "a list")
			}
			if !ok || !l.Complete() {
				return c.notKnown(c.Site, next)
			}
			more, _ := l.Elements()
			work = append(work, more...)
			if !c.spend(1+len(more)) || len(done) > maxElements {
				return c.unknown(c.Site, "evaluation takes too many steps")
			}
		}
		return newList(c.Site, done)
	})
}

func (c *Call) hasKey(keys []Value, key Value) (bool, Value) {
	for _, have := range keys {
		if number(have) != number(key) || !number(key) && typeOf(have) != typeOf(key) {
			return false, c.fail("cannot compare %s with %s", key.TypeName(), have.TypeName())
		}
		c.spend(1)
		switch same := c.equalValue(c.Site, have, key).(type) {
		case *Bool:
			if same.Value {
				return true, nil
			}
		case *Error:
			return false, same
		default:
			return false, c.notKnown(c.Site, same)
		}
	}
	switch key.(type) {
	case *Int, *Float, *String, *Path, *List:
		return false, nil
	case *Error:
		return false, key
	case *Opaque, *Choice, *Unknown:
		return false, c.notKnown(c.Site, key)
	}
	return false, c.fail("cannot compare %s with %s", key.TypeName(), key.TypeName())
}
