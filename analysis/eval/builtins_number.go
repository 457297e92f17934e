package eval

import "math"

var numberBuiltins = []builtin{
	arithmeticBuiltin("sub", "-"),
	arithmeticBuiltin("mul", "*"),
	arithmeticBuiltin("div", "/"),
	arithmeticBuiltin("add", "+"),
	{name: "lessThan", arity: 2, call: func(c *Call) Value { return c.lessValue(c.Site, c.Arg(0), c.Arg(1)) }},
	bitBuiltin("bitAnd", func(a, b int64) int64 { return a & b }),
	bitBuiltin("bitOr", func(a, b int64) int64 { return a | b }),
	bitBuiltin("bitXor", func(a, b int64) int64 { return a ^ b }),
	roundBuiltin("ceil", math.Ceil),
	roundBuiltin("floor", math.Floor),
}

func arithmeticBuiltin(name, op string) builtin {
	return builtin{name: name, arity: 2, call: func(c *Call) Value { return c.arithmetic(c.Site, op, c.Arg(0), c.Arg(1)) }}
}

func bitBuiltin(name string, op func(a, b int64) int64) builtin {
	return builtin{name: name, arity: 2, call: func(c *Call) Value {
		return c.onInt(0, func(a int64) Value {
			return c.onInt(1, func(b int64) Value { return c.int(op(a, b)) })
		})
	}}
}

func roundBuiltin(name string, round func(float64) float64) builtin {
	return builtin{name: name, arity: 1, call: func(c *Call) Value {
		return c.on(0, func(v Value) Value {
			switch v := v.(type) {
			case *Int:
				if v.Value > 1<<53 || v.Value < -1<<53 {
					return c.unknown(c.Site, "the number is too large to be rounded") // versions of Nix differ
				}
				return v
			case *Float:
				f := round(v.Value)
				if math.IsNaN(f) || f >= math.MaxInt64 || f <= math.MinInt64 {
					return c.unknown(c.Site, "the number is no integer")
				}
				return c.int(int64(f))
			}
			return c.mismatch(c.Site, v, "a float")
		})
	}}
}
