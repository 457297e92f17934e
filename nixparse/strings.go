package nixparse

import (
	"bytes"
	"strings"
)

// StringPiece is a part of a string: its value's text, or an interpolation.
type StringPiece struct {
	Text string
	Hole Node // the interpolation; zero for text
}

// StringPieces cuts a string_expression or indented_string_expression into the pieces that Nix makes of it, escapes and indentation handled as
// Nix does. None of the text is empty.
func StringPieces(n Node) []StringPiece {
	quotes := 1
	if n.Kind() == IndentedStringExpression {
		quotes = 2
	}
	var list []StringPiece
	var indentation []indentedPiece
	text := func(start, end int) {
		source := n.tree.src[start:end]
		switch {
		case n.Kind() == IndentedStringExpression:
			if len(indentation) == 0 {
				source = withoutOpeningLine(source)
			}
			for _, token := range indentedTokens(source) {
				indentation = append(indentation, indentedPiece{token: token})
			}
		case len(source) > 0:
			list = append(list, StringPiece{Text: unescape(source)})
		}
	}
	start := n.Start() + quotes
	for c := range n.Children() {
		if c.Kind() != Interpolation {
			continue
		}
		text(start, c.Start())
		start = c.End()
		list = append(list, StringPiece{Hole: c})
		indentation = append(indentation, indentedPiece{hole: c})
	}
	text(start, max(start, n.End()-quotes)) // a string that does not end has no closing quotes
	if n.Kind() == IndentedStringExpression {
		return unindentPieces(indentation)
	}
	return list
}

// withoutOpeningLine leaves out what follows the opening quotes on their line when it is blank.
func withoutOpeningLine(text []byte) []byte {
	if rest := bytes.TrimLeft(text, " "); len(rest) > 0 && rest[0] == '\n' {
		return rest[1:]
	}
	return text
}

// indentedPiece is a token of an indented string's text, or an interpolation.
type indentedPiece struct {
	token indentedToken
	hole  Node
}

// unindentPieces takes the indentation that all lines have in common from the text. An interpolation ends a line's indentation, as an escape
// does. Each token of text stays a piece of its own.
func unindentPieces(pieces []indentedPiece) []StringPiece {
	const none = 1_000_000 // no line has that much, says Nix
	least, current := none, 0
	atStart := true // of a line: only spaces so far
	endIndentation := func() {
		if atStart {
			atStart = false
			least = min(least, current)
		}
	}
	for _, piece := range pieces {
		if !piece.hole.IsZero() || !piece.token.plain {
			endIndentation()
			continue
		}
		for _, c := range []byte(piece.token.text) {
			switch {
			case c == '\n':
				atStart, current = true, 0
			case c == ' ' && atStart:
				current++
			default:
				endIndentation()
			}
		}
	}
	var list []StringPiece
	atStart = true
	dropped := 0
	for i, from := range pieces {
		if !from.hole.IsZero() {
			atStart, dropped = false, 0
			list = append(list, StringPiece{Hole: from.hole})
			continue
		}
		var text []byte
		for _, c := range []byte(from.token.text) {
			switch {
			case c == '\n':
				atStart, dropped = true, 0
			case !atStart:
			case c == ' ' && dropped < least:
				dropped++
				continue
			case c != ' ':
				atStart = false
			}
			text = append(text, c)
		}
		if i == len(pieces)-1 {
			// A last line of only spaces is there for the closing quotes.
			if line := bytes.LastIndexByte(text, '\n'); line >= 0 && len(bytes.Trim(text[line+1:], " ")) == 0 {
				text = text[:line+1]
			}
		}
		if len(text) > 0 {
			list = append(list, StringPiece{Text: string(text)})
		}
	}
	return list
}

// unescape reads the inside of a "…" string: backslash escapes, and line ends of any form as one \n.
func unescape(text []byte) string {
	if bytes.IndexByte(text, '\\') < 0 && bytes.IndexByte(text, '\r') < 0 {
		return string(text)
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(escaped(text[i]))
		case c == '\r':
			if i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			b.WriteByte('\n')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// indentedToken is a piece of an indented string as Nix's lexer cuts it. Only plain text counts for the indentation; escapes, and the
// characters $ and ' where they stand for themselves before something else, end it.
type indentedToken struct {
	text  string
	plain bool
}

// indentedTokens cuts text of an indented string: what is between the quotes and interpolations.
func indentedTokens(text []byte) []indentedToken {
	at := func(i int) byte {
		if i < len(text) {
			return text[i]
		}
		return 0
	}
	var tokens []indentedToken
	for i := 0; i < len(text); {
		start := i
		for i < len(text) {
			if text[i] == '$' || text[i] == '\'' {
				// A $ goes with any character but a brace or quote, a quote with any but a quote or $.
				if i+1 == len(text) || at(i+1) == '\'' || text[i] == '$' && at(i+1) == '{' || text[i] == '\'' && at(i+1) == '$' {
					break
				}
				i++
			}
			i++
		}
		if i > start {
			tokens = append(tokens, indentedToken{string(text[start:i]), true})
			continue
		}
		switch {
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '$':
			tokens = append(tokens, indentedToken{"$", false})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\'':
			tokens = append(tokens, indentedToken{"''", false})
			i += 3
		case text[i] == '\'' && at(i+1) == '\'' && at(i+2) == '\\' && i+3 < len(text):
			// Nix reads the escaped character as it reads one in a "…" string.
			tokens = append(tokens, indentedToken{unescape(text[i+2 : i+4]), false})
			i += 4
		default:
			tokens = append(tokens, indentedToken{string(text[i : i+1]), false})
			i++
		}
	}
	return tokens
}
