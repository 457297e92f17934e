package nixparse

import (
	"fmt"
	"strings"
)

// sexpr writes a node as the tests have it: (kind field:(kind …) …), leaves with their text, operators with theirs.
func sexpr(n Node) string {
	var b strings.Builder
	writeSexpr(&b, n)
	return b.String()
}

func writeSexpr(b *strings.Builder, n Node) {
	if n.Field() != FieldNone {
		fmt.Fprintf(b, "%s:", n.Field())
	}
	switch {
	case n.Kind() == Missing:
		fmt.Fprintf(b, "<%s>", n.Tree().Describe(n))
		return
	case n.Kind() == Identifier:
		b.Write(n.Text())
		return
	}
	fmt.Fprintf(b, "(%s", n.Kind())
	if n.Operator() != "" {
		fmt.Fprintf(b, " %q", n.Operator())
	}
	if d := n.Tree().Describe(n); d != "" && n.Kind() != Error {
		fmt.Fprintf(b, " !")
	}
	if n.FirstChild().IsZero() {
		switch n.Kind() {
		case AttrsetExpression, RecAttrsetExpression, LetAttrsetExpression, ListExpression, StringExpression, IndentedStringExpression, FormalsNode, Ellipses, SourceCode:
		default:
			fmt.Fprintf(b, " %q", n.Text())
		}
	}
	for c := range n.Children() {
		b.WriteByte(' ')
		writeSexpr(b, c)
	}
	b.WriteByte(')')
}
