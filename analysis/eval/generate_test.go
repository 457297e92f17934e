package eval_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cargonix/cargonix/analysis/eval"
)

// share divides the number of generated expressions.
var share = 1

// kind is a type of generated expressions.
type kind struct {
	name   string // int, bool, string, list, set, function
	of     *kind  // of a list's elements, a function's result
	from   *kind  // a function's argument
	fields []field
}

type field struct {
	name string
	kind *kind
}

var (
	intKind    = &kind{name: "int"}
	boolKind   = &kind{name: "bool"}
	stringKind = &kind{name: "string"}
)

// generator writes well-typed expressions.
type generator struct {
	*rand.Rand
	fresh int
	vars  []field // what is in scope
	holes []field // variables that stand for something from outside
	most  int     // holes at the most
}

func (g *generator) kind(depth int) *kind {
	switch n := g.IntN(9); {
	case n < 2 || depth <= 0 && n < 4:
		return intKind
	case n < 4:
		return stringKind
	case n < 5 || depth <= 0:
		return boolKind
	case n < 7:
		return &kind{name: "list", of: g.kind(depth - 1)}
	default:
		k := &kind{name: "set"}
		for _, name := range []string{"a", "b", "c", "d e"}[:1+g.IntN(4)] {
			k.fields = append(k.fields, field{name, g.kind(depth - 1)})
		}
		return k
	}
}

func (g *generator) name(prefix string) string {
	g.fresh++
	return fmt.Sprintf("%s%d", prefix, g.fresh)
}

// bound writes an expression in the scope of more variables.
func (g *generator) bound(k *kind, depth int, vars ...field) string {
	before := len(g.vars)
	g.vars = append(g.vars, vars...)
	s := g.expression(k, depth)
	g.vars = g.vars[:before]
	return s
}

func same(a, b *kind) bool {
	if a.name != b.name || len(a.fields) != len(b.fields) {
		return false
	}
	for i := range a.fields {
		if a.fields[i].name != b.fields[i].name || !same(a.fields[i].kind, b.fields[i].kind) {
			return false
		}
	}
	return (a.of == nil || same(a.of, b.of)) && (a.from == nil || same(a.from, b.from))
}

func attr(name string) string {
	if strings.Contains(name, " ") {
		return `"` + name + `"`
	}
	return name
}

// expression writes an expression of a kind, in parentheses where it needs them.
func (g *generator) expression(k *kind, depth int) string {
	if len(g.holes) < g.most && g.IntN(12) == 0 && k.name != "function" {
		name := g.name("hole")
		g.holes = append(g.holes, field{name, k})
		return name
	}
	var fits []string
	for _, v := range g.vars {
		if same(v.kind, k) {
			fits = append(fits, v.name)
		}
		for _, f := range v.kind.fields {
			if v.kind.name == "set" && same(f.kind, k) {
				fits = append(fits, v.name+"."+attr(f.name))
			}
		}
	}
	if len(fits) > 0 && g.IntN(3) == 0 {
		return fits[g.IntN(len(fits))]
	}
	if depth <= 0 {
		return g.literal(k, depth)
	}
	switch g.IntN(14) {
	case 0:
		inner := g.kind(1)
		name := g.name("v")
		return fmt.Sprintf("(let %s = %s; in %s)", name, g.expression(inner, depth-1), g.bound(k, depth-1, field{name, inner}))
	case 1:
		return fmt.Sprintf("(if %s then %s else %s)", g.expression(boolKind, depth-1), g.expression(k, depth-1), g.expression(k, depth-1))
	case 2:
		inner := g.kind(1)
		name := g.name("x")
		return fmt.Sprintf("((%s: %s) %s)", name, g.bound(k, depth-1, field{name, inner}), g.expression(inner, depth-1))
	case 3:
		// Formals, some with defaults that are used.
		a, b := g.kind(1), g.kind(1)
		x, y := g.name("f"), g.name("f")
		given := fmt.Sprintf("%s = %s;", x, g.expression(a, depth-1))
		otherwise := g.bound(b, depth-2, field{x, a})
		if g.IntN(2) == 0 {
			given += fmt.Sprintf(" %s = %s;", y, g.expression(b, depth-1))
		}
		return fmt.Sprintf("(({ %s, %s ? %s, ... }@all: %s) { %s })", x, y, otherwise, g.bound(k, depth-1, field{x, a}, field{y, b}), given)
	case 4:
		name := g.name("w")
		inner := g.kind(1)
		return fmt.Sprintf("(with { %s = %s; }; %s)", name, g.expression(inner, depth-1), g.bound(k, depth-1, field{name, inner}))
	case 5:
		set := &kind{name: "set", fields: []field{{"a", k}, {"z", g.kind(1)}}}
		return g.expression(set, depth-1) + ".a"
	case 6:
		set := &kind{name: "set", fields: []field{{"a", g.kind(1)}}}
		return fmt.Sprintf("(%s.%s or %s)", g.expression(set, depth-1), "nothing", g.expression(k, depth-1))
	case 7:
		list := &kind{name: "list", of: k}
		return fmt.Sprintf("(builtins.head (%s ++ [ %s ]))", g.expression(list, depth-1), g.expression(k, depth-1))
	case 8:
		inner := g.kind(1)
		x, acc := g.name("x"), g.name("acc")
		if k.name == "list" {
			return g.operation(k, depth) // which could square the list's length with every element
		}
		body := g.bound(k, depth-1, field{acc, k}, field{x, inner})
		return fmt.Sprintf("(builtins.foldl' (%s: %s: %s) %s %s)", acc, x, body, g.expression(k, depth-1), g.expression(&kind{name: "list", of: inner}, depth-1))
	case 9:
		return fmt.Sprintf("(let t = builtins.tryEval %s; in if t.success then t.value else %s)", g.risky(k, depth-1), g.expression(k, depth-1))
	case 10:
		name := g.name("r")
		return fmt.Sprintf("(rec { %s = %s; out = %s; }).out", name, g.expression(k, depth-1), g.bound(k, depth-1, field{name, k}))
	}
	return g.operation(k, depth)
}

func (g *generator) risky(k *kind, depth int) string {
	switch g.IntN(4) {
	case 0:
		return `(throw "no")`
	case 1:
		return fmt.Sprintf("(assert %s; %s)", g.expression(boolKind, depth), g.expression(k, depth))
	}
	return g.expression(k, depth)
}

func (g *generator) pick(templates ...string) string { return templates[g.IntN(len(templates))] }

// fill replaces %i, %b, %s, %l, %k (same kind), %L (list of the same kind) by expressions.
func (g *generator) fill(template string, k *kind, depth int) string {
	var b strings.Builder
	for i := 0; i < len(template); i++ {
		if template[i] != '%' {
			b.WriteByte(template[i])
			continue
		}
		i++
		switch template[i] {
		case 'i':
			b.WriteString(g.expression(intKind, depth-1))
		case 'b':
			b.WriteString(g.expression(boolKind, depth-1))
		case 's':
			b.WriteString(g.expression(stringKind, depth-1))
		case 'l':
			b.WriteString(g.expression(&kind{name: "list", of: intKind}, depth-1))
		case 'S':
			b.WriteString(g.expression(&kind{name: "list", of: stringKind}, depth-1))
		case 'k':
			b.WriteString(g.expression(k, depth-1))
		case 'a':
			b.WriteString(g.expression(g.kind(1), depth-1))
		case 'A':
			b.WriteString(g.expression(&kind{name: "list", of: g.kind(0)}, depth-1))
		case 'E':
			b.WriteString(g.expression(&kind{name: "set", fields: []field{{"a", g.kind(0)}, {"b", g.kind(0)}}}, depth-1))
		}
	}
	return b.String()
}

// operation writes what only this kind has.
func (g *generator) operation(k *kind, depth int) string {
	switch k.name {
	case "int":
		return g.fill(g.pick("(%i + %i)", "(%i - %i)", "(%i * 3)", "(%i / 2)", "(- %i)", "(builtins.length %A)", "(builtins.stringLength %s)",
			"(builtins.compareVersions %s %s)", "(builtins.bitAnd %i 255)", "(builtins.length (builtins.attrNames %E))",
			"(builtins.foldl' builtins.add 0 %l)", "(builtins.length (builtins.split \"(a|b)\" %s))"), k, depth)
	case "bool":
		return g.fill(g.pick("(%i < %i)", "(%i == %i)", "(%s == %s)", "(%l == %l)", "(! %b)", "(%b && %b)", "(%b || %b)", "(%b -> %b)", "(%E ? a)",
			"(%E ? a.b)", "(builtins.elem %i %l)", "(builtins.any (y: y > 1) %l)", "(builtins.all (y: y > 1) %l)", "(%s < %s)", "(%l < %l)", "(%a != %a)",
			"(builtins.isString %a)", "(builtins.hasAttr %s %E)", "(builtins.match \"[a-c]*(x?).*\" %s != null)", "(builtins.isAttrs %a)", "(%E == %E)"), k, depth)
	case "string":
		return g.fill(g.pick("(%s + %s)", "\"<${%s}>\"", "\"${%s}${toString %i}\"", "(toString %i)", "(toString %b)", "(toString %l)",
			"(builtins.concatStringsSep \",\" %S)", "(builtins.substring 1 2 %s)", "(builtins.replaceStrings [ \"a\" \"b\" ] [ %s \"\" ] %s)",
			"(builtins.toJSON %l)", "(builtins.hashString \"md5\" %s)", "(builtins.typeOf %a)", "(builtins.toJSON %E)", "''\n    i ${%s}\n   j ''${x}\n  ''",
			"(baseNameOf %s)", "(builtins.concatStringsSep \"\" (builtins.attrNames %E))", "(builtins.head (builtins.split \"-\" %s))",
			"(toString { outPath = %s; x = %a; })", "\"${{ __toString = self: self.v; v = %s; }}\""), k, depth)
	case "list":
		x := g.name("y")
		switch g.IntN(9) {
		case 0:
			inner := g.kind(1)
			return fmt.Sprintf("(map (%s: %s) %s)", x, g.bound(k.of, depth-1, field{x, inner}), g.expression(&kind{name: "list", of: inner}, depth-1))
		case 1:
			return fmt.Sprintf("(builtins.filter (%s: %s) %s)", x, g.bound(boolKind, depth-1, field{x, k.of}), g.expression(k, depth-1))
		case 2:
			return fmt.Sprintf("(builtins.concatLists %s)", g.expression(&kind{name: "list", of: k}, depth-1))
		case 3:
			return fmt.Sprintf("(builtins.concatMap (%s: %s) %s)", x, g.bound(k, depth-1, field{x, k.of}), g.expression(k, depth-1))
		case 4:
			return fmt.Sprintf("(builtins.genList (%s: %s) %d)", x, g.bound(k.of, depth-1, field{x, intKind}), g.IntN(4))
		case 5:
			if k.of.name == "int" || k.of.name == "string" {
				return fmt.Sprintf("(builtins.sort builtins.lessThan %s)", g.expression(k, depth-1))
			}
		case 6:
			return fmt.Sprintf("(builtins.tail (%s ++ %s ++ [ %s ]))", g.expression(k, depth-1), g.expression(k, depth-1), g.expression(k.of, depth-1))
		case 7:
			return fmt.Sprintf("(builtins.attrValues { p = %s; q = %s; })", g.expression(k.of, depth-1), g.expression(k.of, depth-1))
		}
		return g.fill("(%k ++ %k)", k, depth)
	case "set":
		return g.setOperation(k, depth)
	}
	return g.literal(k, depth)
}

func (g *generator) setOperation(k *kind, depth int) string {
	switch g.IntN(7) {
	case 0:
		return g.fill("(%k // %k)", k, depth)
	case 1: // the attributes come from both sides
		half := len(k.fields) / 2
		left, right := &kind{name: "set", fields: k.fields[:half+1]}, &kind{name: "set", fields: k.fields[half:]}
		return fmt.Sprintf("(%s // %s)", g.expression(left, depth-1), g.expression(right, depth-1))
	case 2:
		extra := g.name("extra")
		more := &kind{name: "set", fields: append(append([]field{}, k.fields...), field{extra, g.kind(1)})}
		return fmt.Sprintf("(removeAttrs %s [ %q \"none\" ])", g.expression(more, depth-1), extra)
	case 3:
		return fmt.Sprintf("(builtins.mapAttrs (n: v: v) %s)", g.expression(k, depth-1))
	case 4:
		var b strings.Builder
		for _, f := range k.fields {
			fmt.Fprintf(&b, "{ name = %q; value = %s; } ", f.name, g.expression(f.kind, depth-1))
		}
		return fmt.Sprintf("(builtins.listToAttrs [ %s])", b.String())
	case 5:
		from := &kind{name: "set", fields: k.fields}
		var names strings.Builder
		for _, f := range k.fields {
			names.WriteString(" " + attr(f.name))
		}
		return fmt.Sprintf("(let s = %s; in { inherit (s)%s; })", g.expression(from, depth-1), names.String())
	}
	return g.literal(k, depth)
}

func (g *generator) literal(k *kind, depth int) string {
	switch k.name {
	case "int":
		if n := g.IntN(12) - 2; n >= 0 {
			return fmt.Sprint(n)
		}
		return "(-3)"
	case "bool":
		return g.pick("true", "false")
	case "string":
		return g.pick(`"a"`, `""`, `"b-c"`, `"1.2.3"`, `"x y"`, `"a/b"`, `"z_9"`, `"\n\"$"`)
	case "list":
		var b strings.Builder
		b.WriteString("[ ")
		for range g.IntN(4) {
			b.WriteString(g.expression(k.of, depth-1) + " ")
		}
		return b.String() + "]"
	case "set":
		var b strings.Builder
		b.WriteString("{ ")
		for _, f := range k.fields {
			name := attr(f.name)
			if g.IntN(6) == 0 {
				name = fmt.Sprintf("${%q}", f.name)
			}
			fmt.Fprintf(&b, "%s = %s; ", name, g.expression(f.kind, depth-1))
		}
		return b.String() + "}"
	}
	return "null"
}

// Thousands of generated expressions have the value that Nix gives them, and all are known.
func TestGeneratedLikeNix(t *testing.T) {
	n := newNix(t)
	count := 4000 / share
	g := &generator{Rand: rand.New(rand.NewPCG(1, 2))}
	expressions := make([]string, count)
	for i := range expressions {
		g.fresh, g.vars = 0, nil
		expressions[i] = g.expression(g.kind(2), 2+g.IntN(4))
	}
	theirs := n.answers(expressions)
	unknowns, failures := map[string]int{}, 0
	for i, expression := range expressions {
		e := newEvaluator(expression)
		if why, ok := check(t, e, expression, evaluate(e, expressionFile), theirs[i]); ok {
			unknowns[why]++
			t.Logf("%s: %s", why, expression)
		}
		if theirs[i].err != nil {
			failures++
		}
	}
	t.Logf("%d expressions, of which Nix fails on %d; unknown: %v", count, failures, unknowns)
	if failures*20 > count {
		t.Error("too many expressions fail to be a test")
	}
	for why, times := range unknowns {
		t.Errorf("%d times unknown: %s", times, why)
	}
}

// What is known of an expression with something from outside in it is what Nix gives, whatever that is.
func TestHolesLikeNix(t *testing.T) {
	n := newNix(t)
	count, instances := 1500/share, 3
	g := &generator{Rand: rand.New(rand.NewPCG(3, 4))}
	type test struct {
		expression string
		holes      []field
	}
	var tests []test
	var closed []string
	for len(tests) < count {
		*g = generator{Rand: g.Rand, most: 3}
		expression := g.expression(g.kind(2), 3+g.IntN(3))
		holes := g.holes
		if len(holes) == 0 {
			continue
		}
		var names strings.Builder
		for _, hole := range holes {
			names.WriteString(hole.name + ", ")
		}
		expression = fmt.Sprintf("({ %s... }: %s)", names.String(), expression)
		tests = append(tests, test{expression, holes})
		for range instances {
			*g = generator{Rand: g.Rand}
			var b strings.Builder
			for _, hole := range holes {
				value := g.expression(hole.kind, 1)
				if g.IntN(8) == 0 {
					value = `throw "hole"` // which tryEval catches
				}
				fmt.Fprintf(&b, "%s = %s; ", hole.name, value)
			}
			closed = append(closed, fmt.Sprintf("(%s) { %s}", expression, b.String()))
		}
	}
	// Many instances fail, which must not fail those that are evaluated with them.
	caught := make([]string, len(closed))
	for i, expression := range closed {
		caught[i] = fmt.Sprintf("let r = builtins.tryEval (let v = %s; in builtins.deepSeq v v); in if r.success then [ r.value ] else [ ]", expression)
	}
	theirs := n.answers(caught)
	known, some, unknowns := 0, 0, 0
	for i, test := range tests {
		e := eval.New(eval.Options{Files: fstest.MapFS{expressionFile: {Data: []byte(test.expression)}}})
		var holes []*eval.Attr
		for _, hole := range test.holes {
			holes = append(holes, &eval.Attr{Name: hole.name, Value: eval.Ready(eval.NewOpaque(hole.name))})
		}
		ours := plain(e, e.Apply(e.Import(expressionFile), eval.Ready(eval.NewAttrs(holes...)), eval.Origin{}), 0)
		switch _, isUnknown := ours.(unknown); {
		case isUnknown:
			unknowns++
		default:
			if _, partly := hasUnknown(ours); partly {
				some++
			} else {
				known++
			}
		}
		for k := range instances {
			answer := theirs[i*instances+k]
			values, ok := answer.value.([]any)
			if !ok || len(values) == 0 {
				continue // what is known is so if evaluation succeeds
			}
			answer.value = values[0]
			if f, failed := ours.(failure); failed {
				t.Errorf("%s\nfails: %s, but Nix gives %v for\n%s", test.expression, f.message, answer.value, closed[i*instances+k])
			} else if !compatible(e, ours, answer.value) {
				t.Errorf("%s\ngives %v, but Nix %v for\n%s", test.expression, describe(ours), answer.value, closed[i*instances+k])
			}
		}
	}
	t.Logf("%d expressions with holes, each with %d instances: %d known all the same, %d in part, %d unknown", count, instances, known, some, unknowns)
}

func describe(v any) string {
	if p, ok := v.(partial); ok {
		return fmt.Sprintf("%T", p.value)
	}
	return fmt.Sprint(v)
}
