package eval

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

var stringBuiltins = []builtin{
	{name: "toString", arity: 1, global: true, call: func(c *Call) Value {
		return c.toText(c.Site, c.Arg(0), coercion{more: true})
	}},
	{name: "stringLength", arity: 1, call: func(c *Call) Value {
		return c.onCoerced(0, coercion{copy: true}, func(s *String) Value {
			text, ok := s.Text()
			if !ok {
				return c.notKnown(c.Site, s)
			}
			return c.int(int64(len(text)))
		})
	}},
	{name: "substring", arity: 3, call: func(c *Call) Value {
		return c.onInt(0, func(start int64) Value {
			return c.onInt(1, func(n int64) Value {
				return c.onCoerced(2, coercion{copy: true}, func(s *String) Value { return c.substring(start, n, s) })
			})
		})
	}},
	{name: "concatStringsSep", arity: 2, call: func(c *Call) Value {
		return c.onString(0, func(separator *String) Value {
			v := c.Arg(1)
			joined := c.elements(c.Site, v, func(x []*Thunk) Value {
				var b textBuilder
				b.addContext(separator.Context...)
				for i, t := range x {
					if i > 0 {
						b.add(separator)
					}
					if err := c.coerce(&b, c.Site, c.force(t), coercion{copy: true}); err != nil {
						return err
					}
					if b.size > maxString {
						break
					}
				}
				return b.result(c.Evaluator, c.Site)
			})
			l, ok := v.(*List)
			if unknown, isUnknown := joined.(*Unknown); ok && isUnknown {
				return c.mention(unknown, l)
			}
			return joined
		})
	}},
	{name: "replaceStrings", arity: 3, call: func(c *Call) Value {
		return c.elements(c.Site, c.Arg(0), func(from []*Thunk) Value {
			return c.elements(c.Site, c.Arg(1), func(to []*Thunk) Value {
				return c.onString(2, func(s *String) Value { return c.replace(from, to, s) })
			})
		})
	}},
	{name: "hashString", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(algorithm string, _ *String) Value {
			return c.onText(1, func(text string, _ *String) Value {
				var sum []byte
				switch algorithm {
				case "md5":
					s := md5.Sum([]byte(text))
					sum = s[:]
				case "sha1":
					s := sha1.Sum([]byte(text))
					sum = s[:]
				case "sha256":
					s := sha256.Sum256([]byte(text))
					sum = s[:]
				case "sha512":
					s := sha512.Sum512([]byte(text))
					sum = s[:]
				default:
					return c.fail("unknown hash algorithm '%s'", algorithm)
				}
				return c.text(hex.EncodeToString(sum))
			})
		})
	}},
	{name: "unsafeDiscardStringContext", arity: 1, call: func(c *Call) Value {
		return c.onCoerced(0, coercion{copy: true}, func(s *String) Value { return &String{made: made{c.Site}, Parts: s.Parts} })
	}},
	{name: "match", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(pattern string, _ *String) Value {
			return c.onText(1, func(text string, _ *String) Value { return c.match(pattern, text) })
		})
	}},
	{name: "split", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(pattern string, _ *String) Value {
			return c.onText(1, func(text string, s *String) Value { return c.split(pattern, text, s.Context) })
		})
	}},
	{name: "splitVersion", arity: 1, call: func(c *Call) Value {
		return c.onText(0, func(text string, _ *String) Value {
			var x []*Thunk
			for part, rest := versionPart(text); part != ""; part, rest = versionPart(rest) {
				x = append(x, Ready(c.text(part)))
			}
			return newList(c.Site, x)
		})
	}},
	{name: "compareVersions", arity: 2, call: func(c *Call) Value {
		return c.onText(0, func(a string, _ *String) Value {
			return c.onText(1, func(b string, _ *String) Value { return c.int(int64(compareVersions(a, b))) })
		})
	}},
	{name: "parseDrvName", arity: 1, call: func(c *Call) Value {
		return c.onText(0, func(text string, _ *String) Value {
			name, version := text, ""
			for i := 0; i+1 < len(text); i++ {
				if next := text[i+1]; text[i] == '-' && !('a' <= next && next <= 'z' || 'A' <= next && next <= 'Z') {
					name, version = text[:i], text[i+1:]
					break
				}
			}
			return newAttrs(c.Site, []*Attr{{Name: "name", Value: Ready(c.text(name))}, {Name: "version", Value: Ready(c.text(version))}})
		})
	}},
}

// onCoerced applies f to an argument made a string.
func (c *Call) onCoerced(i int, how coercion, f func(*String) Value) Value {
	return c.each(c.Site, c.Arg(i), func(v Value) Value {
		s := c.toText(c.Site, v, how)
		if s, ok := s.(*String); ok {
			c.spend(s.size() / byteStep)
			return f(s)
		}
		return s
	})
}

// mention is a string that is not known, but mentions what the elements do.
func (c *Call) mention(reason Value, l *List) Value {
	var b textBuilder
	for _, item := range l.Items {
		v := item.Rest
		if v == nil {
			v = c.force(item.Value)
		}
		if choice, ok := v.(*Choice); ok {
			for _, alternative := range choice.Of {
				if inner, ok := alternative.(*List); ok {
					if s, ok := c.mention(reason, inner).(*String); ok {
						b.addContext(s.Context...)
					}
				}
			}
			continue
		}
		if item.Rest != nil {
			b.addContext(v)
			continue
		}
		if err := c.coerce(&b, c.Site, v, coercion{copy: true}); err != nil {
			return err
		}
	}
	return c.obscured(c.Site, reason, b.context)
}

func (c *Call) substring(start, n int64, s *String) Value {
	if start < 0 {
		return c.fail("negative start position in 'substring'")
	}
	if text, ok := s.Text(); ok {
		size := int64(len(text))
		if start >= size {
			return c.text("", s.Context)
		}
		if n < 0 || n > size-start {
			n = size - start
		}
		return c.text(text[start:start+n], s.Context)
	}
	if n >= 0 && n <= int64(len(s.Prefix()))-start {
		return c.text(s.Prefix()[start:start+n], s.Context)
	}
	// From inside the known text to the end.
	if prefix := s.Prefix(); n < 0 && start <= int64(len(prefix)) {
		var b textBuilder
		b.addText(prefix[start:])
		rest := *s
		if prefix != "" {
			rest.Parts = s.Parts[1:]
		}
		b.add(&rest)
		return b.result(c.Evaluator, c.Site)
	}
	return c.obscured(c.Site, s, s.Context)
}

// replace is builtins.replaceStrings. At each position the first string of the list that fits is replaced.
func (c *Call) replace(from, to []*Thunk, s *String) Value {
	if len(from) != len(to) {
		return c.fail("'from' and 'to' arguments passed to builtins.replaceStrings have different lengths")
	}
	patterns := make([]string, len(from))
	for i, t := range from {
		name, other := c.nameOf(c.force(t))
		if other != nil {
			if err, ok := other.(*Error); ok {
				return err
			}
			return c.obscured(c.Site, other, s.Context)
		}
		patterns[i] = name
	}
	text, ok := s.Text()
	if !ok {
		return c.obscured(c.Site, s, s.Context)
	}
	var b textBuilder
	b.addContext(s.Context...)
	for i := 0; i <= len(text); {
		if !c.spend(1 + len(patterns)/copyStep) {
			return c.unknown(c.Site, "evaluation takes too many steps")
		}
		found := -1
		for k, pattern := range patterns {
			if strings.HasPrefix(text[i:], pattern) {
				found = k
				break
			}
		}
		if found < 0 {
			if i < len(text) {
				b.addText(text[i : i+1])
			}
			i++
			continue
		}
		switch replacement := c.force(to[found]).(type) {
		case *String:
			b.add(replacement)
		case *Opaque, *Choice, *Unknown:
			b.addHole(Part{Hole: replacement})
			b.addContext(replacement)
		default:
			return c.mismatch(c.Site, replacement, "a string")
		}
		if patterns[found] == "" {
			// The empty string fits everywhere, also at the end.
			if i < len(text) {
				b.addText(text[i : i+1])
			}
			i++
		} else {
			i += len(patterns[found])
		}
		if b.size > maxString {
			break
		}
	}
	return b.result(c.Evaluator, c.Site)
}

// versionPart takes the next component of a version: a run of digits, or of other characters up to a dot or dash.
func versionPart(s string) (part, rest string) {
	s = strings.TrimLeft(s, ".-")
	if s == "" {
		return "", ""
	}
	i := 0
	if isDigit(s[0]) {
		for i < len(s) && isDigit(s[i]) {
			i++
		}
	} else {
		for i < len(s) && !isDigit(s[i]) && s[i] != '.' && s[i] != '-' {
			i++
		}
	}
	return s[:i], s[i:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// compareVersions orders versions as Nix does: -1, 0 or 1.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a = versionPart(a)
		y, b = versionPart(b)
		switch {
		case versionPartLess(x, y):
			return -1
		case versionPartLess(y, x):
			return 1
		}
	}
	return 0
}

func versionPartLess(a, b string) bool {
	x, isNumber := versionNumber(a)
	y, isNumber2 := versionNumber(b)
	switch {
	case isNumber && isNumber2:
		return x < y
	case a == "" && isNumber2:
		return true
	case a == "pre" && b != "pre":
		return true
	case b == "pre":
		return false
	case isNumber2: // words come before numbers
		return true
	case isNumber:
		return false
	}
	return a < b
}

// versionNumber reads a component as a number, which Nix keeps in 32 bits.
func versionNumber(s string) (int64, bool) {
	const most = 1<<31 - 1
	if s == "" {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		if n = n*10 + int64(s[i]-'0'); n > most {
			return 0, false
		}
	}
	return n, true
}
