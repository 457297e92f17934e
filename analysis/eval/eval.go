package eval

import (
	"strconv"

	"github.com/cargonix/cargonix/nixparse"
)

// function is what a function_expression says.
type function struct {
	name     string // of the whole argument: `name: …`, or with `@`; empty without
	nameNode nixparse.Node
	isSet    bool // has formals
	formals  []nixparse.Formal
	names    map[string]bool // of the formals
	ellipsis bool
	body     nixparse.Node
	broken   bool
}

func (f *File) functionOf(n nixparse.Node) *function {
	if fn, ok := f.functions[n]; ok {
		return fn
	}
	fn := &function{body: n.Child(nixparse.FieldBody), broken: n.HasError() && brokenChild(n)}
	if fn.nameNode = n.Child(nixparse.FieldUniversal); !fn.nameNode.IsZero() {
		fn.name = string(fn.nameNode.Text())
	}
	if formals, ok := nixparse.Formals(n); ok {
		fn.isSet = true
		fn.formals = nixparse.FormalsOf(n)
		fn.names = make(map[string]bool, len(fn.formals))
		for _, formal := range fn.formals {
			fn.names[formal.Name] = true
		}
		fn.ellipsis = !formals.Child(nixparse.FieldEllipses).IsZero()
		fn.broken = fn.broken || formals.HasError() && brokenChild(formals)
	}
	if f.functions == nil {
		f.functions = map[nixparse.Node]*function{}
	}
	f.functions[n] = fn
	return fn
}

// delay makes a thunk of an expression. A variable is no new value.
func (e *Evaluator) delay(s *scope, n nixparse.Node) *Thunk {
	if n.Kind() == nixparse.VariableExpression {
		if t := s.lexical(string(n.Text())); t != nil {
			return t
		}
	}
	return &Thunk{at: s.origin(n), scope: s, node: n}
}

// eval evaluates an expression. What an expression ends in (the body of a function it calls, a branch) is no deeper than the expression.
func (e *Evaluator) eval(s *scope, n nixparse.Node) Value {
	if u := e.enter(s.origin(n)); u != nil {
		return u
	}
	defer e.leave()
	for {
		if !e.spend(1) {
			return e.unknown(s.origin(n), "evaluation takes too many steps")
		}
		at := s.origin(n)
		kind := n.Kind()
		if n.HasError() && isBroken(n, kind) {
			return e.unknown(at, "syntax error")
		}
		switch kind {
		case nixparse.SourceCode, nixparse.ParenthesizedExpression:
			n = n.Child(nixparse.FieldExpression)
		case nixparse.VariableExpression:
			return e.variable(s, n)
		case nixparse.IntegerExpression:
			i, err := strconv.ParseInt(string(n.Text()), 10, 64)
			if err != nil {
				return fail(at, "invalid integer '%s'", n.Text())
			}
			return &Int{made{at}, i}
		case nixparse.FloatExpression:
			f, err := strconv.ParseFloat(string(n.Text()), 64)
			if err != nil {
				return fail(at, "invalid float '%s'", n.Text())
			}
			return &Float{made{at}, f}
		case nixparse.StringExpression, nixparse.IndentedStringExpression:
			return e.evalString(s, n, at)
		case nixparse.URIExpression:
			return str(at, string(n.Text()))
		case nixparse.PathExpression, nixparse.HpathExpression:
			return e.evalPath(s, n, at)
		case nixparse.SpathExpression:
			name := string(n.Text())
			if e.options.SearchPath != nil {
				return e.options.SearchPath(name[1:len(name)-1], at)
			}
			return &Opaque{made: made{at}, Root: name}
		case nixparse.FunctionExpression:
			fn := s.file.functionOf(n)
			if fn.broken {
				return e.unknown(at, "syntax error")
			}
			return &Lambda{made{at}, s, fn}
		case nixparse.AttrsetExpression, nixparse.RecAttrsetExpression:
			return e.makeSet(s, s.file.planOf(n), at)
		case nixparse.LetExpression:
			_, s = e.attributes(s, s.file.planOf(n))
			n = n.Child(nixparse.FieldBody)
		case nixparse.LetAttrsetExpression:
			set := e.makeSet(s, s.file.planOf(n), at)
			v, ok := e.selectAttr(set, "body", at)
			if !ok {
				return e.missing(at, set, "body")
			}
			return v
		case nixparse.WithExpression:
			set := e.delay(s, n.Child(nixparse.FieldEnvironment))
			s = s.child(nil)
			s.with = set
			n = n.Child(nixparse.FieldBody)
		case nixparse.ListExpression:
			return e.evalList(s, n, at)
		case nixparse.AssertExpression:
			switch c := e.condition(s, n.Child(nixparse.FieldCondition)).(type) {
			case *Bool:
				if !c.Value {
					err := fail(at, "assertion failed")
					err.Catchable = true
					return err
				}
			case *Error:
				return c
			default: // What fails an assertion is no value to speak of.
				e.assumptions++
			}
			n = n.Child(nixparse.FieldBody)
		case nixparse.IfExpression:
			yes, no := n.Child(nixparse.FieldConsequence), n.Child(nixparse.FieldAlternative)
			switch c := e.condition(s, n.Child(nixparse.FieldCondition)).(type) {
			case *Bool:
				n = no
				if c.Value {
					n = yes
				}
			case *Error:
				return c
			default:
				branches := [...]nixparse.Node{yes, no}
				return e.choose(at, e.because(c), len(branches), func(i int) Value { return e.eval(s, branches[i]) })
			}
		case nixparse.UnaryExpression:
			return e.unary(at, n.Operator(), e.eval(s, n.Child(nixparse.FieldArgument)))
		case nixparse.BinaryExpression:
			switch op := n.Operator(); op {
			case "|>":
				return e.apply(e.eval(s, n.Child(nixparse.FieldRight)), e.delay(s, n.Child(nixparse.FieldLeft)), at)
			case "<|":
				return e.apply(e.eval(s, n.Child(nixparse.FieldLeft)), e.delay(s, n.Child(nixparse.FieldRight)), at)
			default:
				return e.binary(s, n, op, at)
			}
		case nixparse.HasAttrExpression:
			v := e.eval(s, n.Child(nixparse.FieldExpression))
			var names []nixparse.Node
			for attr := range n.Child(nixparse.FieldAttrpath).ChildrenOf(nixparse.FieldAttr) {
				names = append(names, attr)
			}
			return e.hasAttr(s, v, names, at)
		case nixparse.SelectExpression:
			return e.selectPath(s, n, at)
		case nixparse.ApplyExpression:
			fn := e.eval(s, n.Child(nixparse.FieldFunction))
			arg := e.delay(s, n.Child(nixparse.FieldArgument))
			lambda, ok := fn.(*Lambda)
			if !ok {
				return e.apply(fn, arg, at)
			}
			inner, err := e.bind(lambda, arg, at)
			if err != nil {
				return err
			}
			s, n = inner, lambda.fn.body
		default:
			return e.unknown(at, "syntax error")
		}
	}
}

// isBroken tells whether the parser had to guess what the expression is. Sets, lists and let keep what could be read, and say so.
func isBroken(n nixparse.Node, kind nixparse.Kind) bool {
	switch kind {
	case nixparse.AttrsetExpression, nixparse.RecAttrsetExpression, nixparse.LetExpression, nixparse.LetAttrsetExpression,
		nixparse.ListExpression, nixparse.FunctionExpression:
		return false
	}
	return brokenChild(n)
}

// condition evaluates an expression to a *Bool, an *Error, or something not known.
func (e *Evaluator) condition(s *scope, n nixparse.Node) Value {
	return e.truth(s.origin(n), e.eval(s, n))
}

func (e *Evaluator) truth(at Origin, v Value) Value {
	switch v.(type) {
	case *Bool, *Error, *Opaque, *Choice, *Unknown:
		return v
	}
	return e.mismatch(at, v, "a Boolean")
}

func (e *Evaluator) evalList(s *scope, n nixparse.Node, at Origin) Value {
	l := &List{made: made{at}}
	defer func() { e.spend(len(l.Items) / copyStep) }()
	for c := range n.Children() {
		switch {
		case c.Field() == nixparse.FieldElement:
			if s.file.prelude {
				l.Items = append(l.Items, Item{Value: e.delay(s, c)})
			} else {
				l.Items = append(l.Items, Item{Value: &Thunk{at: s.origin(c), scope: s, node: c}})
			}
		case c.Kind() == nixparse.Error || c.Kind() == nixparse.Missing:
			l.Items = append(l.Items, Item{Rest: e.unknown(s.origin(c), "syntax error")})
		}
	}
	return l
}

// selectPath evaluates a select_expression.
func (e *Evaluator) selectPath(s *scope, n nixparse.Node, at Origin) Value {
	v := e.eval(s, n.Child(nixparse.FieldExpression))
	if err, ok := v.(*Error); ok {
		return err
	}
	var names []nixparse.Node
	for attr := range n.Child(nixparse.FieldAttrpath).ChildrenOf(nixparse.FieldAttr) {
		names = append(names, attr)
	}
	return e.selectNames(s, v, names, n.Child(nixparse.FieldDefault), at)
}

func (e *Evaluator) selectNames(s *scope, v Value, names []nixparse.Node, otherwise nixparse.Node, at Origin) Value {
	for i, n := range names {
		if err, ok := v.(*Error); ok {
			return err
		}
		name, unknown := e.staticName(s, n)
		if unknown != nil {
			if c, ok := unknown.(*Choice); ok {
				return e.choose(at, c.Because, len(c.Of), func(k int) Value {
					name, ok := c.Of[k].(*String)
					if !ok {
						return e.notKnown(at, c.Of[k])
					}
					text, ok := name.Text()
					if !ok {
						return e.notKnown(at, name)
					}
					return e.selectName(s, v, text, names[i+1:], otherwise, at)
				})
			}
			if _, ok := unknown.(*Error); ok {
				return unknown
			}
			return e.notKnown(at, unknown)
		}
		t, p := e.find(v, name, at)
		if o, ok := v.(*Opaque); ok && p == Maybe {
			p = e.has(o, name)
		}
		switch {
		case p == Absent && !otherwise.IsZero():
			return e.eval(s, otherwise)
		case t == nil:
			return e.missing(at, v, name)
		case p != Present && !otherwise.IsZero():
			return e.selectName(s, v, name, names[i+1:], otherwise, at)
		}
		v = e.force(t)
	}
	return v
}

// selectName goes on with an attribute that there may be.
func (e *Evaluator) selectName(s *scope, v Value, name string, names []nixparse.Node, otherwise nixparse.Node, at Origin) Value {
	t, p := e.find(v, name, at)
	switch {
	case p == Absent && !otherwise.IsZero():
		return e.eval(s, otherwise)
	case p == Absent:
		return e.missing(at, v, name)
	case p == Present || otherwise.IsZero():
		return e.selectNames(s, e.force(t), names, otherwise, at)
	}
	return e.choose(at, e.because(v), 2, func(i int) Value {
		if i == 0 {
			return e.selectNames(s, e.force(t), names, otherwise, at)
		}
		return e.eval(s, otherwise)
	})
}

// staticName gives the name of an attribute, or the value that it is when that is no known string.
func (e *Evaluator) staticName(s *scope, n nixparse.Node) (string, Value) {
	if n.Kind() == nixparse.Identifier {
		return string(n.Text()), nil
	}
	v := e.attrName(s, n)
	switch v := v.(type) {
	case *String:
		if text, ok := v.Text(); ok {
			return text, nil
		}
		return "", v
	case *Error, *Opaque, *Choice, *Unknown:
		return "", v
	}
	return "", e.mismatch(s.origin(n), v, "a string")
}

func (e *Evaluator) hasAttr(s *scope, v Value, names []nixparse.Node, at Origin) Value {
	certain := true // all before are there
	for i, n := range names {
		if err, ok := v.(*Error); ok {
			return err
		}
		name, unknown := e.staticName(s, n)
		if unknown != nil {
			if err, ok := unknown.(*Error); ok {
				return err
			}
			return e.notKnown(at, unknown)
		}
		t, p := e.find(v, name, at)
		if o, ok := v.(*Opaque); ok && p == Maybe {
			p = e.has(o, name)
		}
		switch {
		case p == Absent:
			return &Bool{made{at}, false}
		case i == len(names)-1:
			if p == Present && certain {
				return &Bool{made{at}, true}
			}
			return e.notKnown(at, e.because(v))
		case p == Maybe:
			certain = false
		}
		v = e.force(t)
	}
	return e.unknown(at, "syntax error")
}

// apply calls a function.
func (e *Evaluator) apply(fn Value, arg *Thunk, site Origin) Value {
	if u := e.enter(site); u != nil {
		return u
	}
	defer e.leave()
	return e.each(site, fn, func(fn Value) Value {
		switch fn := fn.(type) {
		case *Lambda:
			s, err := e.bind(fn, arg, site)
			if err != nil {
				return err
			}
			return e.eval(s, fn.fn.body)
		case *Builtin:
			args := make([]*Thunk, len(fn.Args)+1)
			copy(args, fn.Args)
			args[len(fn.Args)] = arg
			if len(args) < fn.Arity {
				partial := *fn
				partial.Args = args
				return &partial
			}
			if v := fn.Call(&Call{Evaluator: e, Callee: fn, Args: args, Site: site}); v != nil {
				return v
			}
			return e.unknown(site, fn.Name+" gave no value")
		case *Attrs:
			functor, p := e.find(fn, "__functor", site)
			switch p {
			case Absent:
				return fail(site, "attempt to call something which is not a function but a set")
			case Maybe:
				return e.notKnown(site, fn)
			}
			bound := e.apply(e.force(functor), Ready(fn), site)
			return e.apply(bound, arg, site)
		case *Opaque:
			return e.applyOpaque(fn, arg, site)
		}
		return fail(site, "attempt to call something which is not a function but %s", fn.TypeName())
	})
}

func (e *Evaluator) applyOpaque(fn *Opaque, arg *Thunk, site Origin) Value {
	if fn.Known != nil {
		if functor, p := e.find(fn.Known, "__functor", site); p == Present {
			return e.apply(e.apply(e.force(functor), Ready(fn), site), arg, site)
		}
	}
	if e.options.Apply != nil {
		if v, ok := e.options.Apply(&Call{Evaluator: e, Callee: fn, Args: []*Thunk{arg}, Site: site}); ok {
			return v
		}
	}
	e.assumptions++
	o := &Opaque{made: made{site}, From: fn, Arg: arg}
	o.Source = e.sourceOf(o)
	return o
}

// bind makes the scope of a call. The error is nil or an *Error or *Unknown.
func (e *Evaluator) bind(l *Lambda, arg *Thunk, site Origin) (*scope, Value) {
	fn := l.fn
	s := l.scope.child(nil)
	if s.file.prelude && !site.IsZero() {
		s.site = site
	}
	if !fn.isSet {
		s.vars = []*Attr{{Name: fn.name, Value: arg, At: s.origin(fn.nameNode)}}
		return s, nil
	}
	given := e.force(arg)
	switch v := given.(type) {
	case *Error:
		return nil, v
	case *Attrs, *Opaque, *Choice, *Unknown:
	default:
		return nil, e.mismatch(site, v, "a set")
	}
	e.spend(len(fn.formals) / copyStep)
	vars := make([]*Attr, 0, len(fn.formals)+1)
	if fn.name != "" {
		vars = append(vars, &Attr{Name: fn.name, Value: arg, At: s.origin(fn.nameNode)})
	}
	for _, formal := range fn.formals {
		t, err := e.bindFormal(s, given, formal, site)
		if err != nil {
			return nil, err
		}
		vars = append(vars, &Attr{Name: formal.Name, Value: t, At: s.origin(formal.NameNode)})
	}
	if set, ok := given.(*Attrs); ok && !fn.ellipsis {
		if err := unexpected(set, fn, site); err != nil {
			return nil, err
		}
	}
	newAttrs(Origin{}, vars) // sorts
	s.vars = vars
	return s, nil
}

func (e *Evaluator) bindFormal(s *scope, given Value, formal nixparse.Formal, site Origin) (*Thunk, Value) {
	at := s.origin(formal.NameNode)
	t, p := e.find(given, formal.Name, at)
	if o, ok := given.(*Opaque); ok && p == Maybe {
		p = e.has(o, formal.Name)
	}
	switch {
	case p == Present:
		return t, nil
	case formal.Default.IsZero() && t == nil:
		return nil, fail(site, "function at %s called without required argument '%s'", s.file.Path, formal.Name)
	case formal.Default.IsZero():
		return t, nil
	}
	otherwise := &Thunk{at: s.origin(formal.Default), scope: s, node: formal.Default}
	if p == Absent {
		return otherwise, nil
	}
	return e.either(at, e.because(given), []*Thunk{t, otherwise}), nil
}

// unexpected is the error of an argument that the function has no formal for.
func unexpected(set *Attrs, fn *function, site Origin) Value {
	for _, l := range set.layers {
		for _, attr := range l.attrs {
			if attr.Value == nil {
				continue
			}
			if !fn.names[attr.Name] && set.Attr(attr.Name) != nil {
				return fail(site, "function called with unexpected argument '%s'", attr.Name)
			}
		}
	}
	return nil
}
