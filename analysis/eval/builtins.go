package eval

import "strings"

// builtin describes a builtin function.
type builtin struct {
	name   string
	arity  int
	call   func(*Call) Value
	global bool // known without `builtins.` too
}

// builtins are the functions whose meaning is implemented. Others of Nix's are opaque: see outside.
func builtinTable() []builtin {
	var all []builtin
	all = append(all, typeBuiltins...)
	all = append(all, controlBuiltins...)
	all = append(all, numberBuiltins...)
	all = append(all, listBuiltins...)
	all = append(all, attrsBuiltins...)
	all = append(all, stringBuiltins...)
	all = append(all, pathBuiltins...)
	all = append(all, dataBuiltins...)
	return all
}

// outside are builtins that give something from outside of the workspace: what they return is opaque, `builtins.NAME ARGUMENT`, and
// Options.Apply is asked first. The value tells whether they are known without `builtins.` too.
var outside = map[string]bool{
	"addDrvOutputDependencies": false, "break": true, "derivation": true, "derivationStrict": true, "exec": false, "fetchClosure": false,
	"fetchGit": true, "fetchMercurial": true, "fetchTarball": true, "fetchTree": true, "fetchurl": false, "fetchFinalTree": false,
	"filterSource": false, "findFile": false, "flakeRefToString": false, "getEnv": false, "getFlake": false, "hashFile": false,
	"importNative": false, "nixPath": false, "outputOf": false, "parseFlakeRef": false, "path": false, "placeholder": true,
	"scopedImport": true, "storeDir": false, "storePath": false, "toFile": false, "toXML": false, "currentTime": false,
	"unsafeDiscardOutputDependency": false, "unsafeGetAttrPos": false, "appendContext": false, "getContext": false, "hasContext": false,
	"convertHash": false, "nixVersion": false,
}

// newGlobals makes the scope in which files are evaluated.
func (e *Evaluator) newGlobals() *scope {
	root := &Opaque{Root: "builtins", Sealed: true}
	var attrs, globals []*Attr
	add := func(name string, t *Thunk, global bool) {
		attrs = append(attrs, &Attr{Name: name, Value: t})
		if global {
			globals = append(globals, &Attr{Name: name, Value: t})
		} else {
			// The old way to say `builtins.NAME`.
			globals = append(globals, &Attr{Name: "__" + name, Value: t})
		}
	}
	for _, b := range builtinTable() {
		add(b.name, Ready(NewBuiltin(b.name, b.arity, b.call)), b.global)
	}
	for name, global := range outside {
		add(name, Ready(&Opaque{From: root, Attr: name}), global)
	}
	add("true", Ready(NewBool(true)), true)
	add("false", Ready(NewBool(false)), true)
	add("null", Ready(&Null{}), true)
	add("langVersion", Ready(NewInt(6)), false)
	system := Value(&Opaque{From: root, Attr: "currentSystem"})
	if e.options.System != "" {
		system = NewString(e.options.System)
	}
	add("currentSystem", Ready(system), false)
	// The set has itself as an attribute.
	self := &Thunk{}
	attrs = append(attrs, &Attr{Name: "builtins", Value: self})
	globals = append(globals, &Attr{Name: "builtins", Value: self})
	self.value = newAttrs(Origin{}, attrs)
	return &scope{file: &File{}, vars: newAttrs(Origin{}, globals).sorted()}
}

// fromOutside is the result of a builtin on something that only Nix can look at.
func (c *Call) fromOutside() Value {
	fn := &Opaque{From: &Opaque{Root: "builtins"}, Attr: c.Callee.(*Builtin).Name}
	v := c.applyOpaque(fn, c.Args[0], c.Site)
	for _, arg := range c.Args[1:] {
		v = c.apply(v, arg, c.Site)
	}
	return v
}

// on applies f to what argument i may be, as long as it is neither opaque nor unknown.
func (c *Call) on(i int, f func(Value) Value) Value {
	return c.each(c.Site, c.Arg(i), func(v Value) Value {
		if o, ok := v.(*Opaque); ok {
			return c.dependsOn(c.Site, o)
		}
		return f(v)
	})
}

// onString applies f to an argument that must be a string.
func (c *Call) onString(i int, f func(*String) Value) Value {
	return c.each(c.Site, c.Arg(i), func(v Value) Value {
		switch v := v.(type) {
		case *String:
			c.spend(v.size() / byteStep)
			return f(v)
		case *Opaque:
			return c.dependsOn(c.Site, v)
		}
		return c.mismatch(c.Site, v, "a string")
	})
}

// onText applies f to an argument that must be a string with a known text.
func (c *Call) onText(i int, f func(text string, s *String) Value) Value {
	return c.onString(i, func(s *String) Value {
		text, ok := s.Text()
		if !ok {
			return c.notKnown(c.Site, s)
		}
		return f(text, s)
	})
}

// onInt applies f to an argument that must be an integer.
func (c *Call) onInt(i int, f func(int64) Value) Value {
	return c.on(i, func(v Value) Value {
		n, ok := v.(*Int)
		if !ok {
			return c.mismatch(c.Site, v, "an integer")
		}
		return f(n.Value)
	})
}

func (c *Call) bool(b bool) Value { return &Bool{made{c.Site}, b} }
func (c *Call) int(i int64) Value { return &Int{made{c.Site}, i} }

// text is a known string with context.
func (c *Call) text(s string, context ...[]Value) Value {
	var b textBuilder
	b.addText(s)
	for _, values := range context {
		b.addContext(values...)
	}
	return b.result(c.Evaluator, c.Site)
}

func (c *Call) fail(format string, args ...any) Value { return fail(c.Site, format, args...) }

// call calls a function with values.
func (c *Call) call(fn Value, args ...*Thunk) Value {
	for _, arg := range args {
		fn = c.apply(fn, arg, c.Site)
	}
	return fn
}

// later is a call that is made when its result is asked for.
func (c *Call) later(at Origin, fn *Thunk, args ...*Thunk) *Thunk {
	site := c.Site
	return &Thunk{at: at, make: func(e *Evaluator) Value {
		v := e.force(fn)
		for _, arg := range args {
			v = e.apply(v, arg, site)
		}
		return v
	}}
}

// test calls a predicate: a *Bool, an *Error, or something not known.
func (c *Call) test(fn Value, args ...*Thunk) Value {
	v := c.truth(c.Site, c.call(fn, args...))
	if choice, ok := v.(*Choice); ok {
		return c.each(c.Site, choice, func(v Value) Value { return c.truth(c.Site, v) })
	}
	return v
}

var typeBuiltins = []builtin{
	typeTest("isNull", true, func(v Value) bool { _, ok := v.(*Null); return ok }),
	typeTest("isBool", false, func(v Value) bool { _, ok := v.(*Bool); return ok }),
	typeTest("isInt", false, func(v Value) bool { _, ok := v.(*Int); return ok }),
	typeTest("isFloat", false, func(v Value) bool { _, ok := v.(*Float); return ok }),
	typeTest("isString", false, func(v Value) bool { _, ok := v.(*String); return ok }),
	typeTest("isPath", false, func(v Value) bool { _, ok := v.(*Path); return ok }),
	typeTest("isList", false, func(v Value) bool { _, ok := v.(*List); return ok }),
	typeTest("isAttrs", false, func(v Value) bool { _, ok := v.(*Attrs); return ok }),
	typeTest("isFunction", false, isFunction),
	{name: "typeOf", arity: 1, call: func(c *Call) Value {
		return c.each(c.Site, c.Arg(0), func(v Value) Value {
			if o, ok := v.(*Opaque); ok && o.Known == nil {
				return c.dependsOn(c.Site, o)
			}
			if s, ok := v.(*String); ok && s.maybePath {
				return c.notKnown(c.Site, s)
			}
			return c.text(typeOf(v))
		})
	}},
}

func isFunction(v Value) bool {
	switch v.(type) {
	case *Lambda, *Builtin:
		return true
	}
	return false
}

func typeOf(v Value) string {
	switch v.(type) {
	case *Null:
		return "null"
	case *Bool:
		return "bool"
	case *Int:
		return "int"
	case *Float:
		return "float"
	case *String:
		return "string"
	case *Path:
		return "path"
	case *List:
		return "list"
	case *Attrs, *Opaque:
		return "set"
	}
	return "lambda"
}

func typeTest(name string, global bool, is func(Value) bool) builtin {
	return builtin{name: name, arity: 1, global: global, call: func(c *Call) Value {
		return c.each(c.Site, c.Arg(0), func(v Value) Value {
			if o, ok := v.(*Opaque); ok {
				if o.Known == nil {
					return c.dependsOn(c.Site, o)
				}
				v = o.Known
			}
			if s, ok := v.(*String); ok && s.maybePath && (name == "isString" || name == "isPath") {
				return c.notKnown(c.Site, s)
			}
			return c.bool(is(v))
		})
	}}
}

var controlBuiltins = []builtin{
	{name: "throw", arity: 1, global: true, call: func(c *Call) Value {
		err := &Error{made: made{c.Site}, Message: c.message(0), Catchable: true}
		return err
	}},
	{name: "abort", arity: 1, global: true, call: func(c *Call) Value {
		return fail(c.Site, "evaluation aborted with the following error message: '%s'", c.message(0))
	}},
	{name: "addErrorContext", arity: 2, call: func(c *Call) Value { return c.Arg(1) }},
	{name: "trace", arity: 2, call: func(c *Call) Value { return c.afterForcing(0, 1) }},
	{name: "traceVerbose", arity: 2, call: func(c *Call) Value { return c.Arg(1) }},
	{name: "warn", arity: 2, call: func(c *Call) Value { return c.afterForcing(0, 1) }},
	{name: "seq", arity: 2, call: func(c *Call) Value { return c.afterForcing(0, 1) }},
	{name: "deepSeq", arity: 2, call: func(c *Call) Value {
		if err := c.forceDeep(c.Arg(0), map[any]bool{}); err != nil {
			return err
		}
		return c.Arg(1)
	}},
	{name: "tryEval", arity: 1, call: func(c *Call) Value {
		before := c.assumptions
		v := c.Arg(0)
		result := func(success bool, v *Thunk) Value {
			return newAttrs(c.Site, []*Attr{{Name: "success", Value: Ready(c.bool(success))}, {Name: "value", Value: v}})
		}
		if err, ok := v.(*Error); ok {
			if !err.Catchable {
				return err
			}
			return result(false, Ready(NewBool(false)))
		}
		if c.assumptions == before {
			return result(true, Ready(v))
		}
		// What v depends on may fail, and Nix would say so.
		return c.choose(c.Site, c.because(v), 2, func(i int) Value {
			if i == 0 {
				return result(true, Ready(v))
			}
			return result(false, Ready(NewBool(false)))
		})
	}},
	{name: "functionArgs", arity: 1, call: func(c *Call) Value {
		return c.on(0, func(v Value) Value {
			switch v := v.(type) {
			case *Lambda:
				var attrs []*Attr
				for _, formal := range v.fn.formals {
					attrs = append(attrs, &Attr{Name: formal.Name, Value: Ready(NewBool(!formal.Default.IsZero())), At: v.scope.origin(formal.NameNode)})
				}
				return newAttrs(c.Site, attrs)
			case *Builtin:
				return newAttrs(c.Site, nil)
			}
			return c.fail("'functionArgs' requires a function")
		})
	}},
}

// message is the text of an error.
func (c *Call) message(i int) string {
	s, ok := c.toText(c.Site, c.Arg(i), coercion{}).(*String)
	if !ok {
		return ""
	}
	var b strings.Builder
	for _, part := range s.Parts {
		if part.Hole != nil {
			b.WriteString(brief(part.Hole))
		} else {
			b.WriteString(part.Text)
		}
	}
	return b.String()
}

// afterForcing gives an argument after another was evaluated.
func (c *Call) afterForcing(first, then int) Value {
	if err, ok := c.Arg(first).(*Error); ok {
		return err
	}
	return c.Arg(then)
}

func (e *Evaluator) forceDeep(v Value, seen map[any]bool) *Error {
	if e.enter(v.Origin()) != nil {
		return nil
	}
	defer e.leave()
	visit := func(t *Thunk) *Error {
		if seen[t] {
			return nil
		}
		seen[t] = true
		return e.forceDeep(e.force(t), seen)
	}
	switch v := v.(type) {
	case *Error:
		return v
	case *List:
		for _, item := range v.Items {
			if item.Rest != nil {
				continue
			}
			if err := visit(item.Value); err != nil {
				return err
			}
		}
	case *Attrs:
		for i := range v.layers {
			for _, attr := range v.layers[i].attrs {
				if attr.Value == nil || v.hidden(i, attr.Name) {
					continue
				}
				if err := visit(attr.Value); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
