package eval

import (
	"slices"
)

var attrsBuiltins = []builtin{
	{name: "attrNames", arity: 1, call: func(c *Call) Value {
		return c.complete(c.Site, c.Arg(0), func(attrs []*Attr) Value {
			x := make([]*Thunk, len(attrs))
			for i, attr := range attrs {
				at := attr.At
				if at.IsZero() {
					at = c.Site
				}
				x[i] = Ready(str(at, attr.Name))
			}
			return newList(c.Site, x)
		})
	}},
	{name: "attrValues", arity: 1, call: func(c *Call) Value {
		return c.complete(c.Site, c.Arg(0), func(attrs []*Attr) Value {
			x := make([]*Thunk, len(attrs))
			for i, attr := range attrs {
				x[i] = attr.Value
			}
			return newList(c.Site, x)
		})
	}},
	{name: "getAttr", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(name string, _ *String) Value {
			v := c.Arg(1)
			if err, ok := v.(*Error); ok {
				return err
			}
			if found, ok := c.selectAttr(v, name, c.Site); ok {
				return found
			}
			return c.missing(c.Site, v, name)
		})
	}},
	{name: "hasAttr", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(name string, _ *String) Value {
			v := c.Arg(1)
			if !isSet(v) {
				return c.mismatch(c.Site, v, "a set")
			}
			_, p := c.find(v, name, c.Site)
			if o, ok := v.(*Opaque); ok && p == Maybe {
				p = c.has(o, name)
			}
			if p == Maybe {
				return c.notKnown(c.Site, v)
			}
			return c.bool(p == Present)
		})
	}},
	{name: "removeAttrs", arity: 2, global: true, call: func(c *Call) Value {
		v := c.Arg(0)
		return c.elements(c.Site, c.Arg(1), func(x []*Thunk) Value {
			removed := make([]*Attr, 0, len(x))
			seen := make(map[string]bool, len(x))
			for _, t := range x {
				name, other := c.nameOf(c.force(t))
				if other != nil {
					return other
				}
				if !seen[name] {
					seen[name] = true
					removed = append(removed, &Attr{Name: name})
				}
			}
			return c.updateValues(c.Site, v, newAttrs(c.Site, removed))
		})
	}},
	{name: "intersectAttrs", arity: 2, call: func(c *Call) Value {
		return c.complete(c.Site, c.Arg(0), func(names []*Attr) Value {
			from := c.Arg(1)
			if !isSet(from) {
				return c.mismatch(c.Site, from, "a set")
			}
			var attrs []*Attr
			set := newAttrs(c.Site, nil)
			for _, attr := range names {
				t, p := c.find(from, attr.Name, c.Site)
				switch p {
				case Absent:
					continue
				case Maybe:
					with := newAttrs(c.Site, []*Attr{{Name: attr.Name, Value: t, At: attr.At}})
					set.layers = append(set.layers, layer{rest: c.choose(c.Site, c.because(from), 2, func(i int) Value {
						return [...]Value{with, newAttrs(c.Site, nil)}[i]
					})})
					continue
				}
				found := &Attr{Name: attr.Name, Value: t}
				if set, ok := from.(*Attrs); ok {
					if original := set.Attr(attr.Name); original != nil {
						found.At = original.At
					}
				}
				attrs = append(attrs, found)
			}
			return c.update(c.Site, set, newAttrs(c.Site, attrs))
		})
	}},
	{name: "catAttrs", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(name string, _ *String) Value {
			return c.mapItems(c.Site, c.Arg(1), func(t *Thunk) Item {
				v := c.force(t)
				if !isSet(v) {
					return Item{Rest: c.mismatch(c.Site, v, "a set")}
				}
				found, p := c.find(v, name, c.Site)
				switch p {
				case Absent:
					return Item{Rest: &List{}}
				case Present:
					return Item{Value: found}
				}
				return Item{Rest: c.optional(found, v)}
			})
		})
	}},
	{name: "mapAttrs", arity: 2, call: func(c *Call) Value { return c.mapAttrs(c.Arg(1)) }},
	{name: "listToAttrs", arity: 1, call: func(c *Call) Value {
		return c.each(c.Site, c.Arg(0), func(v Value) Value {
			l, ok := v.(*List)
			if !ok {
				if o, ok := v.(*Opaque); ok {
					return c.dependsOn(c.Site, o)
				}
				return c.mismatch(c.Site, v, "a list")
			}
			return c.listToAttrs(l)
		})
	}},
	{name: "zipAttrsWith", arity: 2, call: func(c *Call) Value {
		return c.elements(c.Site, c.Arg(1), func(x []*Thunk) Value {
			return c.zip(x, map[string][]*Thunk{})
		})
	}},
}

// mapAttrs maps each layer by itself.
func (c *Call) mapAttrs(v Value) Value {
	return c.each(c.Site, v, func(v Value) Value {
		switch v := v.(type) {
		case *Opaque:
			return c.mapOpaque(v)
		case *Attrs:
			out := &Attrs{made: made{c.Site}, layers: make([]layer, len(v.layers))}
			for i, l := range v.layers {
				if l.rest != nil {
					out.layers[i].rest = c.mapAttrs(l.rest)
					if err, ok := out.layers[i].rest.(*Error); ok {
						return err
					}
					if set, ok := out.layers[i].rest.(*Attrs); ok {
						// One layer became several: put the rest on top of them.
						for _, above := range v.layers[i+1:] {
							mapped := c.mapAttrs(&Attrs{layers: []layer{above}})
							upper, ok := mapped.(*Attrs)
							if !ok {
								return mapped
							}
							set = c.update(c.Site, set, upper)
						}
						return c.update(c.Site, &Attrs{layers: out.layers[:i]}, set)
					}
					continue
				}
				c.spend(len(l.attrs))
				attrs := make([]*Attr, len(l.attrs))
				for k, attr := range l.attrs {
					mapped := *attr
					if attr.Value != nil {
						mapped.Value = c.later(attr.Value.at, c.Args[0], Ready(str(attr.At, attr.Name)), attr.Value)
					}
					attrs[k] = &mapped
				}
				out.layers[i].attrs = attrs
			}
			return out
		}
		return c.mismatch(c.Site, v, "a set")
	})
}

// mapOpaque maps attributes when they are selected.
func (c *Call) mapOpaque(o *Opaque) Value {
	mapped := &Opaque{made: made{c.Site}, From: &Opaque{From: &Opaque{Root: "builtins"}, Attr: "mapAttrs"}, Arg: c.Args[0]}
	mapped = &Opaque{made: made{c.Site}, From: mapped, Arg: Ready(o), Known: newAttrs(c.Site, nil)}
	fn, site := c.Args[0], c.Site
	mapped.Select = func(e *Evaluator, name string, at Origin) (Value, bool) {
		t, p := e.find(o, name, at)
		if p == Absent {
			return e.missing(at, o, name), true
		}
		f := e.apply(e.force(fn), Ready(str(at, name)), site)
		return e.apply(f, t, site), true
	}
	return mapped
}

// listToAttrs makes a set of { name, value } pairs. The first of several with the same name counts.
func (c *Call) listToAttrs(l *List) Value {
	seen := map[string]bool{}
	var attrs, hidden []*Attr // hidden are those that elements before may have defined
	var rests []Value
	for _, item := range l.Items {
		c.spend(1)
		if item.Rest != nil {
			rest := c.each(c.Site, item.Rest, func(v Value) Value {
				switch v := v.(type) {
				case *List:
					return c.listToAttrs(v)
				case *Opaque:
					return c.dependsOn(c.Site, v)
				}
				return c.mismatch(c.Site, v, "a list")
			})
			if err, ok := rest.(*Error); ok {
				return err
			}
			rests = append(rests, rest)
			continue
		}
		v := c.force(item.Value)
		nameValue, ok := c.selectAttr(v, "name", c.Site)
		if !ok {
			return c.missing(c.Site, v, "name")
		}
		name, other := c.nameOf(nameValue)
		if err, ok := other.(*Error); ok {
			return err
		}
		if other != nil {
			rests = append(rests, other)
			continue
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		value, p := c.find(v, "value", c.Site)
		if p == Absent {
			return c.missing(c.Site, v, "value")
		}
		attr := &Attr{Name: name, Value: value, At: nameValue.Origin()}
		if len(rests) == 0 {
			attrs = append(attrs, attr)
		} else {
			hidden = append(hidden, attr)
		}
	}
	// From the last to the first: what comes earlier in the list lies on top.
	set := newAttrs(c.Site, hidden)
	for i := len(rests) - 1; i >= 0; i-- {
		upper, err := c.layersOf(c.Site, rests[i])
		if err != nil {
			return err
		}
		set = c.update(c.Site, set, upper)
	}
	return c.update(c.Site, set, newAttrs(c.Site, attrs))
}

// zip collects the values of each name. Where a set is one of several, each is gone on with by itself.
func (c *Call) zip(sets []*Thunk, values map[string][]*Thunk) Value {
	add := func(attrs []*Attr) {
		c.spend(1 + len(attrs)/copyStep)
		for _, attr := range attrs {
			values[attr.Name] = append(values[attr.Name], attr.Value)
		}
	}
	for i, t := range sets {
		v := c.force(t)
		if set, ok := v.(*Attrs); ok && set.Complete() {
			add(set.sorted())
			continue
		}
		return c.complete(c.Site, v, func(attrs []*Attr) Value {
			before := values
			defer func() { values = before }()
			c.spend(len(before))
			values = make(map[string][]*Thunk, len(before))
			for name, x := range before {
				values[name] = slices.Clip(x)
			}
			add(attrs)
			return c.zip(sets[i+1:], values)
		})
	}
	attrs := make([]*Attr, 0, len(values))
	for name, x := range values {
		attrs = append(attrs, &Attr{Name: name, Value: c.later(c.Site, c.Args[0], Ready(str(c.Site, name)), Ready(newList(c.Site, x)))})
	}
	return newAttrs(c.Site, attrs)
}
