package eval

import (
	"slices"

	"github.com/cargonix/cargonix/nixparse"
)

// scope is what names mean.
type scope struct {
	parent *scope
	file   *File
	vars   []*Attr // sorted by name
	depth  int     // how many scopes are around
	with   *Thunk  // the set of a `with`; vars is empty then

	// site is where a function of the prelude was called by a file of the workspace: the origin of what it makes.
	site Origin
}

// origin is the origin of what an expression makes.
func (s *scope) origin(n nixparse.Node) Origin {
	if s.file.prelude {
		return s.site
	}
	return Origin{s.file, n}
}

// child is a scope inside of s.
func (s *scope) child(vars []*Attr) *scope {
	return &scope{parent: s, file: s.file, vars: vars, site: s.site, depth: s.depth + 1}
}

// lexical gives the variable that let, rec or a function binds; nil if none does.
func (s *scope) lexical(name string) *Thunk {
	for ; s != nil; s = s.parent {
		if len(s.vars) > 0 {
			if a := findAttr(s.vars, name); a != nil {
				return a.Value
			}
		}
	}
	return nil
}

// variable evaluates a variable.
func (e *Evaluator) variable(s *scope, n nixparse.Node) Value {
	name := n.Text()
	e.spend(s.depth / copyStep)
	if t := s.lexical(string(name)); t != nil {
		return e.force(t)
	}
	return e.withVariable(s, string(name), s.origin(n))
}

// withVariable looks a variable up in the sets of `with`, the innermost first.
func (e *Evaluator) withVariable(s *scope, name string, at Origin) Value {
	var found []*Thunk
	var because *Unknown
	for ; s != nil; s = s.parent {
		if s.with == nil {
			continue
		}
		set := e.force(s.with)
		if err, ok := set.(*Error); ok {
			return err
		}
		t, p := e.findWith(set, name, at)
		if p == Absent {
			continue
		}
		found = append(found, t)
		if p == Present {
			break
		}
		if because == nil {
			because = e.because(set)
		}
	}
	switch len(found) {
	case 0:
		return fail(at, "undefined variable '%s'", name)
	case 1:
		return e.force(found[0])
	}
	return e.force(e.either(at, because, found))
}

func (e *Evaluator) findWith(set Value, name string, at Origin) (*Thunk, Presence) {
	t, p := e.find(set, name, at)
	if o, ok := set.(*Opaque); ok && p == Maybe {
		p = e.has(o, name)
		if p == Maybe && o.Sealed {
			return nil, Absent
		}
	}
	return t, p
}

// has tells whether an opaque value has an attribute that is not among the known ones.
func (e *Evaluator) has(o *Opaque, name string) Presence {
	if e.options.Has != nil {
		return e.options.Has(o, name)
	}
	return Maybe
}

// plan is what the bindings of a set or let are, attrpaths merged.
type plan struct {
	rec     bool
	entries []*entry          // sorted by name
	dynamic []*entry          // with names that must be evaluated
	index   map[string]*entry // of entries, when there are many
	broken  bool              // something among the bindings could not be read
}

type entry struct {
	name      string
	at        nixparse.Node // the name
	value     nixparse.Node // the expression; zero for an inherit or an entry with a sub
	inherit   bool
	from      nixparse.Node // the expression of `inherit (from) …`
	sub       *plan         // set made of attrpaths
	duplicate bool
}

// planOf gives the plan of a set or let.
func (f *File) planOf(n nixparse.Node) *plan {
	if p, ok := f.plans[n]; ok {
		return p
	}
	p := newPlan(n, 0)
	p.sort()
	if f.plans == nil {
		f.plans = map[nixparse.Node]*plan{}
	}
	f.plans[n] = p
	return p
}

func newPlan(n nixparse.Node, depth int) *plan {
	p := &plan{rec: n.Kind() != nixparse.AttrsetExpression}
	p.addAll(n, depth)
	return p
}

func (p *plan) addAll(n nixparse.Node, depth int) {
	if n.HasError() {
		p.broken = p.broken || brokenChild(n)
		for c := range n.Children() {
			p.broken = p.broken || c.Kind() == nixparse.BindingSet && brokenChild(c)
		}
	}
	for b := range nixparse.Bindings(n) {
		if len(b.Path) == 0 {
			p.broken = true
			continue
		}
		if b.Inherit {
			name, ok := nixparse.AttrName(b.Path[0])
			if !ok {
				p.broken = true
				continue
			}
			p.put(&entry{name: name, at: b.Path[0], inherit: true, from: b.From})
			continue
		}
		p.addPath(b.Path, b.Value, depth)
	}
}

// brokenChild tells whether a child of the node is an error.
func brokenChild(n nixparse.Node) bool {
	for c := range n.Children() {
		if c.Kind() == nixparse.Error || c.Kind() == nixparse.Missing {
			return true
		}
	}
	return false
}

func (p *plan) get(name string) *entry {
	const many = 16
	if p.index == nil && len(p.entries) > many {
		p.index = make(map[string]*entry, 2*len(p.entries))
		for _, e := range p.entries {
			p.index[e.name] = e
		}
	}
	if p.index != nil {
		return p.index[name]
	}
	for _, e := range p.entries {
		if e.name == name {
			return e
		}
	}
	return nil
}

func (p *plan) put(e *entry) {
	p.entries = append(p.entries, e)
	if p.index != nil {
		p.index[e.name] = e
	}
}

// addPath adds the attribute of an attrpath. The depth is how many sets are being merged around it.
func (p *plan) addPath(names []nixparse.Node, value nixparse.Node, depth int) {
	if depth > maxNesting {
		p.broken = true
		return
	}
	name, static := nixparse.AttrName(names[0])
	if !static {
		e := &entry{at: names[0], value: value}
		if len(names) > 1 {
			e.value, e.sub = nixparse.Node{}, &plan{}
			e.sub.addPath(names[1:], value, depth+1)
		}
		p.dynamic = append(p.dynamic, e)
		return
	}
	literal := nixparse.Unparen(value)
	isSet := literal.Kind() == nixparse.AttrsetExpression || literal.Kind() == nixparse.RecAttrsetExpression
	if len(names) == 1 && !isSet {
		// The common case: what it collides with is found when the plan is sorted.
		p.put(&entry{name: name, at: names[0], value: value})
		return
	}
	have := p.get(name)
	switch {
	case have == nil && len(names) == 1:
		p.put(&entry{name: name, at: names[0], value: value})
		return
	case have == nil:
		have = &entry{name: name, at: names[0], sub: &plan{}}
		p.put(have)
	case have.sub == nil:
		// A set that was written whole gets more attributes: Nix merges them, as long as it is a literal.
		literal := nixparse.Unparen(have.value)
		if literal.Kind() != nixparse.AttrsetExpression && literal.Kind() != nixparse.RecAttrsetExpression {
			have.duplicate = true
			return
		}
		have.value, have.sub = nixparse.Node{}, newPlan(literal, depth+1)
	}
	if len(names) > 1 {
		have.sub.addPath(names[1:], value, depth+1)
	} else {
		have.sub.addAll(literal, depth+1)
	}
}

// sort brings the entries in order and finds attributes that are defined twice.
func (p *plan) sort() {
	slices.SortStableFunc(p.entries, func(a, b *entry) int {
		switch {
		case a.name < b.name:
			return -1
		case a.name > b.name:
			return 1
		}
		return 0
	})
	for i := 1; i < len(p.entries); i++ {
		if p.entries[i].name == p.entries[i-1].name {
			p.entries[i-1].duplicate = true
		}
	}
	p.entries = slices.CompactFunc(p.entries, func(a, b *entry) bool { return a.name == b.name })
	for _, e := range p.entries {
		if e.sub != nil {
			e.sub.sort()
		}
	}
	for _, e := range p.dynamic {
		if e.sub != nil {
			e.sub.sort()
		}
	}
}

// attributes makes the attributes that a plan names, and the scope in which their values are evaluated.
func (e *Evaluator) attributes(outer *scope, p *plan) ([]*Attr, *scope) {
	inner := outer
	if p.rec {
		inner = outer.child(nil)
	}
	e.spend(len(p.entries) / copyStep)
	attrs := make([]*Attr, len(p.entries))
	cells := make([]Attr, len(p.entries))
	var from map[nixparse.Node]*Thunk
	for i, entry := range p.entries {
		a := &cells[i]
		a.Name, a.At = entry.name, inner.origin(entry.at)
		attrs[i] = a
		switch {
		case entry.duplicate:
			a.Value = &Thunk{at: a.At, make: func(e *Evaluator) Value {
				if entry.at.Tree().HasErrors() {
					return e.unknown(a.At, "syntax error")
				}
				return fail(a.At, "attribute '%s' already defined", a.Name)
			}}
		case entry.inherit && entry.from.IsZero():
			a.Value = e.inherited(outer, entry)
		case entry.inherit:
			set := from[entry.from]
			if set == nil {
				if from == nil {
					from = map[nixparse.Node]*Thunk{}
				}
				set = e.delay(inner, entry.from)
				from[entry.from] = set
			}
			a.Value = &Thunk{at: a.At, make: func(e *Evaluator) Value {
				v := e.force(set)
				if found, ok := e.selectAttr(v, entry.name, a.At); ok {
					return found
				}
				return e.missing(a.At, v, entry.name)
			}}
		default:
			a.Value = e.entryValue(inner, entry)
		}
	}
	if p.rec {
		inner.vars = attrs
		if e.options.Bound != nil && !inner.file.prelude {
			e.options.Bound(attrs)
		}
	}
	return attrs, inner
}

func (e *Evaluator) inherited(outer *scope, entry *entry) *Thunk {
	if t := outer.lexical(entry.name); t != nil {
		return t
	}
	at := outer.origin(entry.at)
	return &Thunk{at: at, make: func(e *Evaluator) Value { return e.withVariable(outer, entry.name, at) }}
}

func (e *Evaluator) entryValue(inner *scope, entry *entry) *Thunk {
	if entry.sub != nil {
		at := inner.origin(entry.at)
		return &Thunk{at: at, make: func(e *Evaluator) Value { return e.makeSet(inner, entry.sub, at) }}
	}
	if inner.file.prelude {
		return e.delay(inner, entry.value)
	}
	return &Thunk{at: inner.origin(entry.value), scope: inner, node: entry.value}
}

// missing is the error of an attribute that v does not have.
func (e *Evaluator) missing(at Origin, v Value, name string) Value {
	if !isSet(v) {
		return e.mismatch(at, v, "a set")
	}
	return fail(at, "attribute '%s' missing", name)
}

// makeSet evaluates an attribute set.
func (e *Evaluator) makeSet(outer *scope, p *plan, at Origin) Value {
	static, inner := e.attributes(outer, p)
	if !p.broken && len(p.dynamic) == 0 {
		return newAttrs(at, static)
	}
	set := newAttrs(at, nil)
	attrs := slices.Clone(static)
	if p.broken {
		set = set.under(e.unknown(at, "syntax error"))
	}
	for _, entry := range p.dynamic {
		name := e.attrName(inner, entry.at)
		switch name := name.(type) {
		case *Error:
			return name
		case *Null:
			continue
		case *String:
			if text, ok := name.Text(); ok {
				if slices.ContainsFunc(attrs, func(a *Attr) bool { return a.Name == text }) {
					return fail(inner.origin(entry.at), "dynamic attribute '%s' already defined", text)
				}
				attrs = append(attrs, &Attr{Name: text, At: inner.origin(entry.at), Value: e.entryValue(inner, entry)})
				continue
			}
		case *Opaque, *Choice, *Unknown:
		default:
			return e.mismatch(inner.origin(entry.at), name, "a string")
		}
		set = set.under(e.notKnown(inner.origin(entry.at), name))
	}
	return e.update(at, set, newAttrs(at, attrs))
}

// attrName evaluates the name of an attribute: a *String, or what an interpolation gives.
func (e *Evaluator) attrName(s *scope, n nixparse.Node) Value {
	if name, ok := nixparse.AttrName(n); ok {
		return str(s.origin(n), name)
	}
	if n.Kind() == nixparse.Interpolation {
		n = n.Child(nixparse.FieldExpression)
	}
	return e.eval(s, n)
}
