package eval

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// compileRegex translates a POSIX extended regular expression. It is nil for one of which the meaning is not certain to be the same in Nix,
// which uses that of the C++ library.
func compileRegex(pattern string, whole bool) *regexp.Regexp {
	const longest = 1000 // characters; those of flakes have some twenty
	if len(pattern) > longest {
		return nil
	}
	translated, ok := translateRegex(pattern)
	if !ok {
		return nil
	}
	parsed, err := syntax.Parse(translated, syntax.ClassNL|syntax.DotNL|syntax.OneLine)
	if err != nil || ambiguous(parsed) {
		return nil
	}
	if whole {
		translated = `\A(?:` + translated + `)\z`
	}
	re, err := regexp.Compile("(?s)" + translated)
	if err != nil {
		return nil
	}
	re.Longest()
	return re
}

// translateRegex writes the expression for bytes that were made runes.
func translateRegex(pattern string) (string, bool) {
	var b strings.Builder
	atStart := true // where a repetition would have nothing to repeat
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch c {
		case '[':
			end, ok := translateBracket(&b, pattern[i:])
			if !ok {
				return "", false
			}
			i += end - 1
			atStart = false
			continue
		case '\\':
			i++
			if i == len(pattern) || !strings.ContainsRune(`.[]\()*+?{}|^$/-`, rune(pattern[i])) {
				return "", false
			}
			if pattern[i] == '/' || pattern[i] == '-' || pattern[i] == ']' || pattern[i] == '}' {
				return "", false // not special, so the library rejects it or not
			}
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case '*', '+', '?', '{':
			if atStart {
				return "", false
			}
			// A repetition of a repetition would be a lazy one in Go.
			if i+1 < len(pattern) && strings.IndexByte("*+?{", pattern[i+1]) >= 0 && c != '{' {
				return "", false
			}
			if c == '{' {
				end := strings.IndexByte(pattern[i:], '}')
				if end < 0 || strings.Trim(pattern[i+1:i+end], "0123456789,") != "" || end == 1 || pattern[i+1] == ',' {
					return "", false
				}
				b.WriteString(pattern[i : i+end+1])
				i += end
				if i+1 < len(pattern) && strings.IndexByte("*+?{", pattern[i+1]) >= 0 {
					return "", false
				}
				continue
			}
			b.WriteByte(c)
			continue
		case '(', '|':
			if c == '(' && i+1 < len(pattern) && (pattern[i+1] == '?' || pattern[i+1] == '*') {
				return "", false
			}
			b.WriteByte(c)
			atStart = true
			continue
		case '^', '$':
			b.WriteByte(c)
			atStart = true
			continue
		case '.', ')':
			b.WriteByte(c)
		default:
			writeRune(&b, c)
		}
		atStart = false
	}
	return b.String(), true
}

func writeRune(b *strings.Builder, c byte) {
	if c < 0x80 {
		b.WriteString(regexp.QuoteMeta(string(rune(c))))
	} else {
		b.WriteRune(rune(c))
	}
}

// translateBracket writes a bracket expression, in which a backslash is a character, and gives its length.
func translateBracket(b *strings.Builder, s string) (int, bool) {
	i := 1
	b.WriteByte('[')
	if i < len(s) && s[i] == '^' {
		b.WriteByte('^')
		i++
	}
	for first := true; i < len(s); first = false {
		c := s[i]
		switch {
		case c == ']' && !first:
			b.WriteByte(']')
			return i + 1, true
		case c == ']':
			// Nix's library takes an empty bracket expression for an error, or not, depending on its version.
			b.WriteString(`\]`)
			i++
		case c == '[' && i+1 < len(s) && s[i+1] == ':':
			end := strings.Index(s[i+2:], ":]")
			if end < 0 {
				return 0, false
			}
			switch name := s[i+2 : i+2+end]; name {
			case "alpha", "digit", "alnum", "upper", "lower", "space", "punct", "xdigit", "blank":
				b.WriteString("[:" + name + ":]")
			default:
				return 0, false
			}
			i += end + 4
		case c == '[' && i+1 < len(s) && (s[i+1] == '.' || s[i+1] == '='), c >= 0x80:
			return 0, false
		case c == '-':
			if !first && (i+1 >= len(s) || s[i+1] != ']') {
				return 0, false
			}
			b.WriteString(`\-`)
			i++
		default:
			writeClassByte(b, c)
			i++
			if i+1 < len(s) && s[i] == '-' && s[i+1] != ']' {
				if s[i+1] >= 0x80 || s[i+1] == '[' || s[i+1] < c {
					return 0, false
				}
				b.WriteByte('-')
				writeClassByte(b, s[i+1])
				i += 2
			}
		}
	}
	return 0, false
}

func writeClassByte(b *strings.Builder, c byte) {
	if strings.IndexByte(`\[]^-`, c) >= 0 {
		b.WriteByte('\\')
	}
	b.WriteByte(c)
}

// ambiguous tells whether a part that may be empty is repeated: which groups match then differs between libraries.
func ambiguous(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		if nullable(re.Sub[0]) {
			return true
		}
	}
	for _, sub := range re.Sub {
		if ambiguous(sub) {
			return true
		}
	}
	return false
}

func nullable(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpStar, syntax.OpQuest, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText:
		return true
	case syntax.OpRepeat:
		return re.Min == 0 || nullable(re.Sub[0])
	case syntax.OpCapture, syntax.OpPlus:
		return nullable(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if !nullable(sub) {
				return false
			}
		}
		return true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if nullable(sub) {
				return true
			}
		}
	}
	return false
}

// latin makes each byte a rune, so that expressions work on bytes as in Nix.
func latin(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			runes := make([]rune, len(s))
			for k := range len(s) {
				runes[k] = rune(s[k])
			}
			return string(runes)
		}
	}
	return s
}

// unlatin undoes latin.
func unlatin(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}

// groups gives the matches of an expression's groups, null for one that did not take part.
func (c *Call) groups(text string, match []int) Value {
	var x []*Thunk
	for i := 2; i < len(match); i += 2 {
		if match[i] < 0 {
			x = append(x, Ready(&Null{made{c.Site}}))
		} else {
			x = append(x, Ready(c.text(unlatin(text[match[i]:match[i+1]]))))
		}
	}
	return newList(c.Site, x)
}

func (c *Call) match(pattern, text string) Value {
	re := compileRegex(pattern, true)
	if re == nil {
		return c.unknown(c.Site, "the regular expression may mean something else in Nix")
	}
	if !c.spend(1 + len(text)*len(pattern)/byteStep) {
		return c.unknown(c.Site, "evaluation takes too many steps")
	}
	text = latin(text)
	match := re.FindStringSubmatchIndex(text)
	if match == nil {
		return &Null{made{c.Site}}
	}
	return c.groups(text, match)
}

func (c *Call) split(pattern, text string, context []Value) Value {
	re := compileRegex(pattern, false)
	if re == nil || strings.ContainsAny(pattern, "^$") || re.MatchString("") {
		return c.unknown(c.Site, "the regular expression may mean something else in Nix")
	}
	if !c.spend(1 + len(text)*len(pattern)/byteStep) {
		return c.unknown(c.Site, "evaluation takes too many steps")
	}
	text = latin(text)
	var x []*Thunk
	last := 0
	for _, match := range re.FindAllStringSubmatchIndex(text, -1) {
		x = append(x, Ready(c.text(unlatin(text[last:match[0]]), context)), Ready(c.groups(text, match)))
		last = match[1]
	}
	return newList(c.Site, append(x, Ready(c.text(unlatin(text[last:]), context))))
}
