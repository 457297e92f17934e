package workspace

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// skippedDirs are folders that hold no source of the user's: build output, caches, git itself.
var skippedDirs = map[string]bool{"target": true, ".git": true, "node_modules": true, ".direnv": true}

// isResult reports whether a folder is, by its name, the output of a build that Nix left behind (`result`, `result-man`). A real
// folder whose name only begins so and that has a manifest in it is a crate that happens to be called so.
func isResult(abs, name string) bool {
	if name == "result" {
		return true
	}
	if !strings.HasPrefix(name, "result") {
		return false
	}
	info, err := os.Lstat(filepath.Join(abs, "Cargo.toml"))
	return err != nil || !info.Mode().IsRegular()
}

// ignores are the patterns of the .gitignore files from the repository's top down to one folder. A folder's own patterns come
// last, since in git the last match decides.
type ignores struct{ patterns []ignorePattern }

func (g *ignores) with(more []ignorePattern) *ignores {
	if len(more) == 0 {
		return g
	}
	return &ignores{append(slices.Clip(g.patterns), more...)}
}

// match reports whether git ignores the path, given as its components from the repository's top. As in git, a file in an ignored
// folder is not asked about: the walk does not go there.
func (g *ignores) match(path []string, isDir bool) bool {
	for i := len(g.patterns) - 1; i >= 0; i-- {
		if p := &g.patterns[i]; p.match(path, isDir) {
			return !p.negated
		}
	}
	return false
}

// ignorePattern is a line of a .gitignore file. The libraries that read these differ from git on negated folders (`!keep` takes back
// the file keep/x), anchored names and `**` inside of names.
type ignorePattern struct {
	depth    int      // of the folder that holds the file, from the repository's top
	segments []string // what stands between slashes
	anchored bool     // the pattern is for the whole path below that folder, not for a name anywhere below it
	negated  bool
	dirOnly  bool
}

func parseIgnore(line string, depth int) (p ignorePattern, ok bool) {
	line = trimTrailingSpaces(line)
	if line == "" || line[0] == '#' {
		return p, false
	}
	p.depth = depth
	line, p.negated = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.anchored = strings.Contains(line, "/")
	p.segments = splitSegments(strings.TrimPrefix(line, "/"))
	return p, line != ""
}

// splitSegments splits a pattern at its slashes, but not at those in bracket expressions.
func splitSegments(pattern string) (segments []string) {
	start := 0
	for i := 0; i < len(pattern); {
		switch pattern[i] {
		case '/':
			segments = append(segments, pattern[start:i])
			i++
			start = i
			continue
		case '\\':
			if strings.HasPrefix(pattern[i+1:], "/") { // as good as one without the backslash
				segments = append(segments, pattern[start:i])
				i += 2
				start = i
				continue
			}
			i++
		case '[':
			if end, _ := matchClass(pattern, i+1, 0); end > 0 {
				i = end
				continue
			}
		}
		i++
	}
	return append(segments, pattern[start:])
}

// trimTrailingSpaces takes spaces off the end, but not one behind a backslash.
func trimTrailingSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		if line[i] == ' ' {
			continue
		}
		if line[i] == '\\' && i+1 < len(line) {
			i++
		}
		end = i + 1
	}
	return line[:end]
}

func (p *ignorePattern) match(path []string, isDir bool) bool {
	if p.dirOnly && !isDir || len(path) <= p.depth {
		return false
	}
	if !p.anchored {
		return matchName(p.segments[0], path[len(path)-1])
	}
	return matchPath(p.segments, path[p.depth:])
}

// isAnyDepth reports whether a segment is `**`, which stands for folders at any depth; at the end of a pattern, for all that is in one.
func isAnyDepth(segment string) bool { return len(segment) > 1 && strings.Trim(segment, "*") == "" }

// matchPath matches a pattern's segments with a path's components. Only the last `**` has to be tried again with more components.
func matchPath(segments, path []string) bool {
	s, retrySegment, retryPath := 0, -1, 0
	for i := 0; i < len(path); {
		switch {
		case s < len(segments) && isAnyDepth(segments[s]):
			if s == len(segments)-1 {
				return true
			}
			s++
			retrySegment, retryPath = s, i
		case s < len(segments) && matchName(segments[s], path[i]):
			s++
			i++
		case retrySegment >= 0:
			retryPath++
			s, i = retrySegment, retryPath
		default:
			return false
		}
	}
	return s == len(segments)
}

// matchName matches one segment, byte by byte as git does. Only the last `*` has to be tried again with more bytes.
func matchName(pattern, name string) bool {
	p, retryPattern, retryName := 0, -1, 0
	for i := 0; i < len(name); {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			retryPattern, retryName = p, i
			continue
		}
		if next, ok := matchByte(pattern, p, name[i]); ok {
			p = next
			i++
			continue
		}
		if retryPattern < 0 {
			return false
		}
		retryName++
		p, i = retryPattern, retryName
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches a byte with what stands at p in the pattern, and gives the offset behind that.
func matchByte(pattern string, p int, b byte) (next int, ok bool) {
	if p >= len(pattern) {
		return p, false
	}
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		return matchClass(pattern, p+1, b)
	case '\\':
		p++
		if p == len(pattern) {
			return p, false
		}
	}
	return p + 1, pattern[p] == b
}

// matchClass matches a byte with the bracket expression whose text begins at p, and gives the offset behind it; one that is not
// well-formed matches nothing and has no end.
func matchClass(pattern string, p int, b byte) (next int, ok bool) {
	negated := p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^')
	if negated {
		p++
	}
	found := false
	for first := true; ; first = false {
		if p >= len(pattern) {
			return -1, false
		}
		if pattern[p] == ']' && !first {
			return p + 1, found != negated
		}
		if rest, isClass := strings.CutPrefix(pattern[p:], "[:"); isClass {
			if name, _, closed := strings.Cut(rest, ":]"); closed {
				in := byteClasses[name]
				if in == nil {
					return -1, false
				}
				found = found || in(b)
				p += len("[:") + len(name) + len(":]")
				continue
			}
		}
		low, at := classByte(pattern, p)
		high := low
		if at+1 < len(pattern) && pattern[at] == '-' && pattern[at+1] != ']' {
			high, at = classByte(pattern, at+1)
		}
		found = found || low <= b && b <= high
		p = at
	}
}

// classByte is the byte at p of a bracket expression, which a backslash may precede, and the offset behind it.
func classByte(pattern string, p int) (b byte, next int) {
	if pattern[p] == '\\' && p+1 < len(pattern) {
		p++
	}
	return pattern[p], p + 1
}

func between(low, high byte) func(byte) bool {
	return func(b byte) bool { return low <= b && b <= high }
}

func anyOf(classes ...func(byte) bool) func(byte) bool {
	return func(b byte) bool { return slices.ContainsFunc(classes, func(in func(byte) bool) bool { return in(b) }) }
}

// byteClasses are the named classes of bracket expressions, which git takes from ASCII.
var byteClasses = func() map[string]func(byte) bool {
	digit, lower, upper := between('0', '9'), between('a', 'z'), between('A', 'Z')
	blank := func(b byte) bool { return b == ' ' || b == '\t' }
	alnum := anyOf(digit, lower, upper)
	graph := between('!', '~')
	return map[string]func(byte) bool{
		"digit": digit, "lower": lower, "upper": upper, "alpha": anyOf(lower, upper), "alnum": alnum,
		"xdigit": anyOf(digit, between('a', 'f'), between('A', 'F')),
		"blank":  blank, "space": anyOf(blank, between('\n', '\r')),
		"graph": graph, "print": between(' ', '~'), "punct": func(b byte) bool { return graph(b) && !alnum(b) },
		"cntrl": func(b byte) bool { return b < ' ' || b == 0x7F },
	}
}()

// readIgnores reads one file of patterns; no file, no patterns. The depth is that of the folder that holds it, from the
// repository's top.
func readIgnores(file string, depth int) []ignorePattern {
	data, err := readRegular(file)
	if err != nil {
		return nil
	}
	var patterns []ignorePattern
	for line := range bytes.Lines(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if pattern, ok := parseIgnore(string(line), depth); ok {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// repositoryTop is the folder above (or at) dir that holds .git, and dir itself where there is none.
func repositoryTop(dir string) string {
	for at := dir; ; {
		if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		up := filepath.Dir(at)
		if up == at {
			return dir
		}
		at = up
	}
}

// rootIgnores are the patterns that hold for the root from above it, and the root's path as components from the repository's
// top. A root that is itself ignored was asked for by name, so what ignores it does not count.
func rootIgnores(root string) (*ignores, []string) {
	top := repositoryTop(root)
	rel, err := filepath.Rel(top, root)
	if err != nil {
		return &ignores{}, nil
	}
	g := (&ignores{}).with(readIgnores(filepath.Join(top, ".git", "info", "exclude"), 0))
	if rel == "." {
		return g, nil
	}
	parts := strings.Split(rel, string(filepath.Separator))
	at := top
	for i := range parts {
		g = g.with(readIgnores(filepath.Join(at, ".gitignore"), i))
		if g.match(parts[:i+1], true) {
			return &ignores{}, parts
		}
		at = filepath.Join(at, parts[i])
	}
	return g, parts
}
