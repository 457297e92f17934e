package eval

import "github.com/cargonix/cargonix/nixparse"

// Thunk is a value that is computed when it is asked for, once.
type Thunk struct {
	at    Origin
	value Value // when it was computed

	// Until then it is an expression, or what a builtin or the host computes.
	scope *scope
	node  nixparse.Node
	make  func(*Evaluator) Value

	running bool
	// assumed tells that the value holds only if something unknown is as it should be: see Evaluator.assumptions.
	assumed bool
}

// Origin is where the element, attribute or argument stands, which need not be where its value was made.
func (t *Thunk) Origin() Origin { return t.at }

// Node is the expression that the thunk evaluates, or did; the zero Node when it is none of the source.
func (t *Thunk) Node() nixparse.Node { return t.at.Node }

// Ready makes a thunk of a value.
func Ready(v Value) *Thunk { return &Thunk{at: v.Origin(), value: v, assumed: !settled(v)} }

// Lazy makes a thunk of a computation of the host's.
func Lazy(compute func(*Evaluator) Value) *Thunk { return &Thunk{make: compute} }

// settled tells whether a value is known, as far as its head goes.
func settled(v Value) bool {
	switch v := v.(type) {
	case *Opaque, *Choice, *Unknown:
		return false
	case *List:
		return v.Complete()
	case *Attrs:
		return v.Complete()
	case *String:
		_, ok := v.Text()
		return ok
	}
	return true
}

// force gives the thunk's value.
func (e *Evaluator) force(t *Thunk) Value {
	if t.value != nil {
		if t.assumed {
			e.assumptions++
		}
		return t.value
	}
	if t.running {
		e.cycles++
		return &Error{made: made{t.at}, Message: "infinite recursion encountered", cycle: true}
	}
	t.running = true
	assumptions, cycles := e.assumptions, e.cycles
	var v Value
	if t.make != nil {
		if u := e.enter(t.at); u != nil {
			v = u
		} else {
			v = t.make(e)
			e.leave()
		}
	} else {
		v = e.eval(t.scope, t.node)
	}
	t.running = false
	if v == nil {
		v = e.unknown(t.at, "the host gave no value")
	}
	if !settled(v) {
		e.assumptions++
	}
	// In a branch that may not be taken, a cycle may be one only because of the way that led here: nothing to remember.
	if e.cycles != cycles && e.speculation > 0 {
		return v
	}
	t.value = v
	t.assumed = e.assumptions != assumptions
	t.scope, t.node, t.make = nil, nixparse.Node{}, nil
	return v
}
