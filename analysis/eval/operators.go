package eval

import (
	"math"

	"github.com/cargonix/cargonix/nixparse"
)

func (e *Evaluator) unary(at Origin, op string, v Value) Value {
	return e.each(at, v, func(v Value) Value {
		switch v := v.(type) {
		case *Bool:
			if op == "!" {
				return &Bool{made{at}, !v.Value}
			}
		case *Int:
			if op == "-" {
				return e.arithmetic(at, "-", &Int{Value: 0}, v)
			}
		case *Float:
			if op == "-" {
				// Nix subtracts from zero too: there is no negative zero.
				return &Float{made{at}, 0 - v.Value}
			}
		case *Opaque:
			return e.dependsOn(at, v)
		}
		if op == "!" {
			return e.mismatch(at, v, "a Boolean")
		}
		return e.mismatch(at, v, "an integer")
	})
}

func (e *Evaluator) binary(s *scope, n nixparse.Node, op string, at Origin) Value {
	leftNode, rightNode := n.Child(nixparse.FieldLeft), n.Child(nixparse.FieldRight)
	switch op {
	case "&&":
		return e.logic(s, leftNode, rightNode, at, false, false)
	case "||":
		return e.logic(s, leftNode, rightNode, at, true, false)
	case "->":
		return e.logic(s, leftNode, rightNode, at, true, true)
	case "+":
		return e.evalSum(s, n, at)
	case "++":
		return e.evalConcat(s, n, at)
	}
	left := e.eval(s, leftNode)
	if err, ok := left.(*Error); ok {
		return err
	}
	right := e.eval(s, rightNode)
	if err, ok := right.(*Error); ok {
		return err
	}
	switch op {
	case "==":
		return e.equalValue(at, left, right)
	case "!=":
		return e.unary(at, "!", e.equalValue(at, left, right))
	case "<":
		return e.lessValue(at, left, right)
	case ">":
		return e.lessValue(at, right, left)
	case "<=":
		return e.unary(at, "!", e.lessValue(at, right, left))
	case ">=":
		return e.unary(at, "!", e.lessValue(at, left, right))
	case "//":
		return e.updateValues(at, left, right)
	case "-", "*", "/":
		return e.arithmetic(at, op, left, right)
	}
	return e.unknown(at, "syntax error")
}

// evalConcat joins all lists of a chain of `++` at once, which associates to the right.
func (e *Evaluator) evalConcat(s *scope, n nixparse.Node, at Origin) Value {
	var operands []nixparse.Node
	for n.Kind() == nixparse.BinaryExpression && n.Operator() == "++" && !(n.HasError() && brokenChild(n)) {
		operands = append(operands, n.Child(nixparse.FieldLeft))
		n = n.Child(nixparse.FieldRight)
	}
	operands = append(operands, n)
	return e.concat(at, len(operands), func(i int) Value { return e.eval(s, operands[i]) })
}

// logic evaluates && (stop is false), || (stop is true) and -> (which is || with the left side negated).
func (e *Evaluator) logic(s *scope, leftNode, rightNode nixparse.Node, at Origin, stop, negate bool) Value {
	left := e.condition(s, leftNode)
	if negate {
		left = e.unary(at, "!", left)
	}
	switch left := left.(type) {
	case *Error:
		return left
	case *Bool:
		if left.Value == stop {
			return &Bool{made{at}, stop}
		}
		return e.condition(s, rightNode)
	}
	// The left side is not known. The right side tells all the same when it is the one that decides.
	e.assumptions++
	e.speculation++
	var right Value
	if e.speculation > maxSpeculation {
		right = e.unknown(at, "too many conditions that are not known in each other")
	} else {
		right = e.condition(s, rightNode)
	}
	e.speculation--
	if right, ok := right.(*Bool); ok && right.Value == stop {
		return right
	}
	if _, ok := right.(*Error); ok {
		// Nix gets here only when the left side does not decide.
		return &Bool{made{at}, stop}
	}
	return e.notKnown(at, left)
}

// updateValues is a // b.
func (e *Evaluator) updateValues(at Origin, a, b Value) Value {
	left, err := e.layersOf(at, a)
	if err != nil {
		return err
	}
	right, err := e.layersOf(at, b)
	if err != nil {
		return err
	}
	return e.update(at, left, right)
}

// layersOf gives a value that must be a set as one.
func (e *Evaluator) layersOf(at Origin, v Value) (*Attrs, *Error) {
	switch v := v.(type) {
	case *Attrs:
		return v, nil
	case *Opaque, *Unknown:
		return &Attrs{layers: []layer{{rest: v}}}, nil
	case *Choice:
		sets := e.each(at, v, func(v Value) Value {
			switch v.(type) {
			case *Attrs, *Opaque:
				return v
			}
			return e.mismatch(at, v, "a set")
		})
		if _, ok := sets.(*Choice); ok {
			return &Attrs{layers: []layer{{rest: sets}}}, nil
		}
		return e.layersOf(at, sets)
	}
	return nil, e.mismatch(at, v, "a set")
}

func number(v Value) bool {
	switch v.(type) {
	case *Int, *Float:
		return true
	}
	return false
}

func asFloat(v Value) float64 {
	switch v := v.(type) {
	case *Int:
		return float64(v.Value)
	case *Float:
		return v.Value
	}
	return math.NaN()
}

func (e *Evaluator) arithmetic(at Origin, op string, left, right Value) Value {
	return e.each(at, left, func(left Value) Value {
		if o, ok := left.(*Opaque); ok {
			return e.dependsOn(at, o)
		}
		if !number(left) {
			return e.mismatch(at, left, "an integer")
		}
		return e.each(at, right, func(right Value) Value {
			if o, ok := right.(*Opaque); ok {
				return e.dependsOn(at, o)
			}
			if !number(right) {
				return e.mismatch(at, right, "an integer")
			}
			return e.calculate(at, op, left, right)
		})
	})
}

func (e *Evaluator) calculate(at Origin, op string, left, right Value) Value {
	a, ok1 := left.(*Int)
	b, ok2 := right.(*Int)
	if !ok1 || !ok2 {
		x, y := asFloat(left), asFloat(right)
		switch op {
		case "+":
			x += y
		case "-":
			x -= y
		case "*":
			x *= y
		case "/":
			if y == 0 {
				return fail(at, "division by zero")
			}
			x /= y
		}
		return &Float{made{at}, x}
	}
	x, y := a.Value, b.Value
	var result int64
	overflow := false
	switch op {
	case "+":
		result = x + y
		overflow = (result > x) != (y > 0) && y != 0
	case "-":
		result = x - y
		overflow = (result < x) != (y > 0) && y != 0
	case "*":
		result = x * y
		overflow = x != 0 && (result/x != y || x == -1 && y == math.MinInt64)
	case "/":
		if y == 0 {
			return fail(at, "division by zero")
		}
		if x == math.MinInt64 && y == -1 {
			return fail(at, "overflow in integer division")
		}
		result = x / y
	}
	if overflow {
		// Nix wraps around before 2.25, and fails since.
		return e.unknown(at, "integer overflow")
	}
	return &Int{made{at}, result}
}
