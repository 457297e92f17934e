package eval

import "strings"

// equalValue is a == b: a *Bool, an *Error or something not known.
func (e *Evaluator) equalValue(at Origin, a, b Value) Value {
	return e.each(at, a, func(a Value) Value {
		return e.each(at, b, func(b Value) Value { return e.equal(at, a, b) })
	})
}

func (e *Evaluator) equal(at Origin, a, b Value) Value {
	if u := e.enter(at); u != nil {
		return u
	}
	defer e.leave()
	if x, ok := a.(*Opaque); ok {
		if y, ok := b.(*Opaque); ok && x.Known != nil && y.Known != nil {
			if x == y {
				return &Bool{made{at}, true}
			}
			if e.differs(at, x.Known, y.Known) {
				return &Bool{made{at}, false}
			}
		}
	}
	for _, pair := range [...][2]Value{{a, b}, {b, a}} {
		if o, ok := pair[0].(*Opaque); ok {
			if o.Known != nil && typeOf(pair[1]) != "set" {
				return &Bool{made{at}, false}
			}
			return e.dependsOn(at, o)
		}
	}
	result := func(b bool) Value { return &Bool{made{at}, b} }
	switch a := a.(type) {
	case *Null:
		_, ok := b.(*Null)
		return result(ok)
	case *Bool:
		b, ok := b.(*Bool)
		return result(ok && a.Value == b.Value)
	case *Int:
		if b, ok := b.(*Int); ok {
			return result(a.Value == b.Value)
		}
		b, ok := b.(*Float)
		return result(ok && float64(a.Value) == b.Value)
	case *Float:
		return result(number(b) && a.Value == asFloat(b))
	case *String:
		b, ok := b.(*String)
		if !ok {
			return result(false)
		}
		return e.equalStrings(at, a, b)
	case *Path:
		b, ok := b.(*Path)
		return result(ok && a.Name == b.Name)
	case *List:
		b, ok := b.(*List)
		if !ok {
			return result(false)
		}
		return e.equalLists(at, a, b)
	case *Attrs:
		b, ok := b.(*Attrs)
		if !ok {
			return result(false)
		}
		return e.complete(at, a, func(x []*Attr) Value {
			return e.complete(at, b, func(y []*Attr) Value { return e.equalAttrs(at, x, y) })
		})
	case *Lambda, *Builtin:
		switch b.(type) {
		case *Lambda, *Builtin:
			// Functions are never equal, except that Nix compares some by identity: elements of the same list, for one.
			return e.unknown(at, "functions cannot be compared")
		}
		return result(false)
	}
	return e.unknown(at, "cannot be compared")
}

// differs tells whether two sets have different values for an attribute that both have for certain.
func (e *Evaluator) differs(at Origin, a, b *Attrs) bool {
	for attr := range a.All() {
		t, p := e.find(b, attr.Name, at)
		if p != Present {
			continue
		}
		if equal, ok := e.equalValue(at, e.force(attr.Value), e.force(t)).(*Bool); ok && !equal.Value {
			return true
		}
	}
	return false
}

func (e *Evaluator) equalStrings(at Origin, a, b *String) Value {
	e.spend(a.size() / byteStep)
	s, ok1 := a.Text()
	t, ok2 := b.Text()
	switch {
	case ok1 && ok2:
		return &Bool{made{at}, s == t}
	case !prefixesFit(a.Prefix(), b.Prefix()), !suffixesFit(a.Suffix(), b.Suffix()),
		ok1 && (len(s) < len(b.Prefix())+len(b.Suffix())), ok2 && (len(t) < len(a.Prefix())+len(a.Suffix())):
		return &Bool{made{at}, false}
	case !ok1:
		return e.notKnown(at, a)
	}
	return e.notKnown(at, b)
}

func prefixesFit(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
func suffixesFit(a, b string) bool { return strings.HasSuffix(a, b) || strings.HasSuffix(b, a) }

// conjunction is the result of comparing element by element: false as soon as one differs, however unknown others are.
func (e *Evaluator) conjunction(at Origin, n int, compare func(i int) Value) Value {
	var unknown Value
	for i := range n {
		switch v := compare(i).(type) {
		case *Bool:
			if !v.Value {
				return v
			}
		case *Error:
			if unknown != nil {
				// Nix gets here only when what is not known was equal.
				return &Bool{made{at}, false}
			}
			return v
		default:
			if unknown == nil {
				unknown = v
			}
		}
	}
	if unknown != nil {
		return e.notKnown(at, unknown)
	}
	return &Bool{made{at}, true}
}

func (e *Evaluator) equalLists(at Origin, a, b *List) Value {
	return e.elements(at, a, func(x []*Thunk) Value {
		return e.elements(at, b, func(y []*Thunk) Value {
			if len(x) != len(y) {
				return &Bool{made{at}, false}
			}
			return e.conjunction(at, len(x), func(i int) Value { return e.equalThunks(at, x[i], y[i]) })
		})
	})
}

func (e *Evaluator) equalThunks(at Origin, a, b *Thunk) Value {
	x := e.force(a)
	if err, ok := x.(*Error); ok {
		return err
	}
	y := e.force(b)
	if err, ok := y.(*Error); ok {
		return err
	}
	if x == y && settled(x) {
		switch x.(type) {
		case *Lambda, *Builtin, *List, *Attrs:
		default:
			return &Bool{made{at}, true}
		}
	}
	return e.equalValue(at, x, y)
}

func (e *Evaluator) equalAttrs(at Origin, a, b []*Attr) Value {
	// Derivations are equal when their outputs are.
	if isDerivation(e, a) && isDerivation(e, b) {
		x, y := findAttr(a, "outPath"), findAttr(b, "outPath")
		if x != nil && y != nil {
			return e.equalThunks(at, x.Value, y.Value)
		}
	}
	if len(a) != len(b) {
		return &Bool{made{at}, false}
	}
	for i := range a {
		if a[i].Name != b[i].Name {
			return &Bool{made{at}, false}
		}
	}
	return e.conjunction(at, len(a), func(i int) Value { return e.equalThunks(at, a[i].Value, b[i].Value) })
}

func isDerivation(e *Evaluator, attrs []*Attr) bool {
	attr := findAttr(attrs, "type")
	if attr == nil {
		return false
	}
	s, ok := e.force(attr.Value).(*String)
	if !ok {
		return false
	}
	text, ok := s.Text()
	return ok && text == "derivation"
}

// lessValue is a < b.
func (e *Evaluator) lessValue(at Origin, a, b Value) Value {
	return e.each(at, a, func(a Value) Value {
		return e.each(at, b, func(b Value) Value { return e.less(at, a, b) })
	})
}

func (e *Evaluator) less(at Origin, a, b Value) Value {
	if u := e.enter(at); u != nil {
		return u
	}
	defer e.leave()
	if o, ok := a.(*Opaque); ok {
		return e.dependsOn(at, o)
	}
	if o, ok := b.(*Opaque); ok {
		return e.dependsOn(at, o)
	}
	switch a := a.(type) {
	case *Int:
		if b, ok := b.(*Int); ok {
			return &Bool{made{at}, a.Value < b.Value}
		}
		if number(b) {
			return &Bool{made{at}, asFloat(a) < asFloat(b)}
		}
	case *Float:
		if number(b) {
			return &Bool{made{at}, a.Value < asFloat(b)}
		}
	case *String:
		if b, ok := b.(*String); ok {
			e.spend(a.size() / byteStep)
			s, ok1 := a.Text()
			t, ok2 := b.Text()
			switch {
			case !ok1:
				return e.notKnown(at, a)
			case !ok2:
				return e.notKnown(at, b)
			}
			return &Bool{made{at}, s < t}
		}
	case *Path:
		if b, ok := b.(*Path); ok {
			if strings.HasPrefix(a.Name, "/") != strings.HasPrefix(b.Name, "/") || a.Inside() != b.Inside() {
				return e.unknown(at, "depends on where the workspace is")
			}
			return &Bool{made{at}, a.Name < b.Name}
		}
	case *List:
		if b, ok := b.(*List); ok {
			return e.elements(at, a, func(x []*Thunk) Value {
				return e.elements(at, b, func(y []*Thunk) Value { return e.lessElements(at, x, y) })
			})
		}
	}
	return fail(at, "cannot compare %s with %s", a.TypeName(), b.TypeName())
}

func (e *Evaluator) lessElements(at Origin, x, y []*Thunk) Value {
	for i := range min(len(x), len(y)) {
		equal := e.equalThunks(at, x[i], y[i])
		same, ok := equal.(*Bool)
		if !ok {
			return equal
		}
		if !same.Value {
			return e.lessValue(at, e.force(x[i]), e.force(y[i]))
		}
	}
	return &Bool{made{at}, len(x) < len(y)}
}
