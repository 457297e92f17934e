package nixparse

import "bytes"

// The classes of characters that src/scanner.c has, by byte.
const (
	classLetter = 1 << iota
	classDigit
	classWord // may continue an identifier
	classPath // may be in a path, the slash aside; in a URI's scheme too, the underscore aside
	classURI  // may follow the colon of a URI
	classSlash

	pathText = classPath | classSlash
)

var classes = func() (classes [256]uint8) {
	add := func(characters string, class uint8) {
		for _, c := range []byte(characters) {
			classes[c] |= class
		}
	}
	const (
		letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		digits  = "0123456789"
	)
	add(letters, classLetter)
	add(digits, classDigit)
	add(letters+digits+"'-_", classWord)
	add(letters+digits+"+.-_", classPath)
	add(letters+digits+"!$%&*,/:=?@~'+.-_", classURI)
	add("/", classSlash)
	return classes
}()

// longestPathStart is the scanner's LONGEST_PATH_START.
const longestPathStart = 256

// lex reads the token at or after the offset, and the comments before it.
func (p *fast) lex(i int) {
	src := p.src
	for i < len(src) {
		c := src[i]
		switch c {
		case ' ', '\n', '\t', '\r':
			i++
			continue
		case '#':
			start := i
			for i < len(src) && src[i] != '\n' && src[i] != '\r' {
				i++
			}
			p.comments = append(p.comments, span{start, i})
			continue
		case '/':
			if i+1 < len(src) && src[i+1] == '*' {
				end := blockCommentEnd(src, i)
				if end < 0 {
					p.token, p.start, p.end = tokenNone, i, i
					return
				}
				p.comments = append(p.comments, span{i, end})
				i = end
				continue
			}
		}
		p.start = i
		switch class := classes[c]; {
		case class&classLetter != 0 || c == '_':
			p.token, p.end = p.word(i)
		case class&classDigit != 0 || c == '.':
			p.token, p.end = p.number(i)
		default:
			p.token, p.end = p.punctuation(i)
		}
		return
	}
	p.token, p.start, p.end = tokenEnd, i, i
}

// blockCommentEnd gives the offset after the comment that begins at i; negative when it does not end.
func blockCommentEnd(src []byte, i int) int {
	for i += len("/*"); i+1 < len(src); i++ {
		if src[i] == '*' && src[i+1] == '/' {
			return i + len("*/")
		}
	}
	return -1
}

// pathRun gives the offset after what may be the beginning of a path that goes on at i.
func (p *fast) pathRun(i int) int {
	if i >= len(p.src) || classes[p.src[i]]&classPath == 0 {
		return i
	}
	// Every word of `a.a.a…` looks to the end of all of it.
	if i < p.runStart || i >= p.runEnd {
		p.runStart, p.runEnd = i, i+1
		for p.runEnd < len(p.src) && classes[p.src[p.runEnd]]&classPath != 0 {
			p.runEnd++
		}
	}
	return min(p.runEnd, i+longestPathStart)
}

// pathAfter gives the end of the path that goes on with a slash at i.
func pathAfter(src []byte, i int) (end int, ok bool) {
	if i >= len(src) || src[i] != '/' {
		return 0, false
	}
	i++
	if i >= len(src) || classes[src[i]]&classPath == 0 && src[i] != '$' {
		return 0, false
	}
	for i < len(src) && classes[src[i]]&pathText != 0 {
		i++
	}
	return i, true
}

// word reads what begins with a letter or an underscore: an identifier or keyword, a path or a URI, whichever is longest.
func (p *fast) word(start int) (token, int) {
	src := p.src
	i := start
	scheme, quoted := true, false
	for ; i < len(src) && classes[src[i]]&classWord != 0; i++ {
		switch src[i] {
		case '_':
			scheme = false
		case '\'':
			quoted = true
		}
	}
	end := i
	if !quoted {
		i = p.pathRun(i)
		if i < len(src) {
			switch src[i] {
			case ':':
				if scheme && bytes.IndexByte(src[end:i], '_') < 0 && i+1 < len(src) && classes[src[i+1]]&classURI != 0 {
					for i++; i < len(src) && classes[src[i]]&classURI != 0; i++ {
					}
					return tokenURI, i
				}
			case '/':
				if path, ok := pathAfter(src, i); ok {
					return tokenPath, path
				}
			}
		}
	}
	return keyword(src[start:end]), end
}

func keyword(word []byte) token {
	switch string(word) {
	case "if":
		return tokenIf
	case "then":
		return tokenThen
	case "else":
		return tokenElse
	case "assert":
		return tokenAssert
	case "with":
		return tokenWith
	case "let":
		return tokenLet
	case "in":
		return tokenIn
	case "rec":
		return tokenRec
	case "inherit":
		return tokenInherit
	case "or":
		return tokenOr
	}
	return tokenIdentifier
}

// number reads what begins with a digit or a dot: a number, a path, a dot or an ellipsis.
func (p *fast) number(start int) (token, int) {
	src := p.src
	at := func(i int) byte {
		if i < len(src) {
			return src[i]
		}
		return 0
	}
	isDigit := func(i int) bool { return classes[at(i)]&classDigit != 0 }
	found, end := tokenNone, start
	i := start
	for isDigit(i) {
		i++
	}
	// Of the integer part a float takes none, a single 0, or digits that do not begin with 0; and after 0 the dot needs a digit.
	digits, zero := i-start, at(start) == '0'
	if digits > 0 {
		found, end = tokenInteger, i
	}
	if at(i) == '.' && (!zero || digits == 1) {
		i++
		if isDigit(i) || digits > 0 && !zero {
			for isDigit(i) {
				i++
			}
			found, end = tokenFloat, i
			if at(i) == 'e' || at(i) == 'E' {
				i++
				if at(i) == '+' || at(i) == '-' {
					i++
				}
				if isDigit(i) {
					for isDigit(i) {
						i++
					}
					found, end = tokenFloat, i
				}
			}
		}
	}
	i = p.pathRun(i)
	if path, ok := pathAfter(src, i); ok {
		return tokenPath, path
	}
	switch {
	case found != tokenNone:
		return found, end
	case at(start+1) == '.' && at(start+2) == '.':
		return tokenEllipses, start + 3
	}
	return tokenDot, start + 1
}

// searchPath gives the end of a path like <nixpkgs/lib>.
func searchPath(src []byte, i int) (end int, ok bool) {
	for {
		i++
		part := i
		for i < len(src) && classes[src[i]]&classPath != 0 {
			i++
		}
		if i == part || i >= len(src) {
			return 0, false
		}
		if src[i] != '/' {
			return i + 1, src[i] == '>'
		}
	}
}

// punctuation reads every other token.
func (p *fast) punctuation(i int) (token, int) {
	src := p.src
	var second byte
	if i+1 < len(src) {
		second = src[i+1]
	}
	// either is t, or the longer token when the second character is c.
	either := func(t token, c byte, longer token) (token, int) {
		if second == c {
			return longer, i + 2
		}
		if t == tokenNone {
			return t, i
		}
		return t, i + 1
	}
	switch src[i] {
	case '"':
		return tokenString, i + 1
	case '\'':
		return either(tokenNone, '\'', tokenIndentedString)
	case '{':
		return tokenBrace, i + 1
	case '}':
		return tokenBraceEnd, i + 1
	case '(':
		return tokenParenthesis, i + 1
	case ')':
		return tokenParenthesisEnd, i + 1
	case '[':
		return tokenBracket, i + 1
	case ']':
		return tokenBracketEnd, i + 1
	case ';':
		return tokenSemicolon, i + 1
	case ':':
		return tokenColon, i + 1
	case ',':
		return tokenComma, i + 1
	case '@':
		return tokenAt, i + 1
	case '?':
		return tokenQuestion, i + 1
	case '*':
		return tokenTimes, i + 1
	case '=':
		return either(tokenEquals, '=', tokenEqual)
	case '!':
		return either(tokenNot, '=', tokenNotEqual)
	case '>':
		return either(tokenGreater, '=', tokenGreaterEqual)
	case '&':
		return either(tokenNone, '&', tokenAndAnd)
	case '$':
		return either(tokenNone, '{', tokenInterpolation)
	case '|':
		if second == '>' {
			return tokenPipeInto, i + 2
		}
		return either(tokenNone, '|', tokenOrOr)
	case '<':
		if end, ok := searchPath(src, i); ok {
			return tokenSearchPath, end
		}
		if second == '|' {
			return tokenPipeFrom, i + 2
		}
		return either(tokenLess, '=', tokenLessEqual)
	case '~':
		if path, ok := pathAfter(src, i+1); ok {
			return tokenHomePath, path
		}
	case '/':
		if path, ok := pathAfter(src, i); ok {
			return tokenPath, path
		}
		return either(tokenDivide, '/', tokenUpdate)
	case '+', '-':
		if path, ok := pathAfter(src, p.pathRun(i)); ok {
			return tokenPath, path
		}
		if src[i] == '+' {
			return either(tokenPlus, '+', tokenConcat)
		}
		return either(tokenMinus, '>', tokenImplication)
	}
	return tokenNone, i
}
