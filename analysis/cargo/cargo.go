// Package cargo reads the two files that describe a cargo workspace: the lock file (Cargo.lock) and the manifests
// (Cargo.toml), with the place of everything that a finding may point at.
//
// It takes bytes and gives values: no file system, no network, no clock. Results are immutable and safe for concurrent use.
// Spans are ranges of byte offsets of the bytes given. The span of a string is that of its contents, without the quotes.
package cargo

import (
	"fmt"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
)

// SyntaxError says why a lock file or a manifest cannot be read. Parse functions return no other type of error.
type SyntaxError struct {
	// Msg is one line.
	Msg string
	// Span is the place of the first problem; empty at the start of the file when the file as a whole is meant.
	Span text.Span
}

func (e *SyntaxError) Error() string { return e.Msg }

// ErrNoPackages is what ParseLock returns for a file without packages, an empty one for instance.
var ErrNoPackages = &SyntaxError{Msg: "has no [[package]]"}

// SourceKind says what sort of place a package comes from.
type SourceKind uint8

// The kinds of sources that cargo writes to lock files. Path is a path dependency or a workspace member, for which cargo
// writes no source; UnknownSource is text that cargo itself would refuse, or a kind that did not exist when this was written.
const (
	Path SourceKind = iota
	Registry
	Git
	UnknownSource
)

// String is the kind's name: "path", "registry", "git", "unknown".
func (k SourceKind) String() string {
	switch k {
	case Path:
		return "path"
	case Registry:
		return "registry"
	case Git:
		return "git"
	}
	return "unknown"
}

// Source is where a package comes from, taken apart. The zero value is a path dependency or a workspace member.
type Source struct {
	Kind SourceKind
	// URL has neither the prefix (registry+, sparse+, git+) nor query nor fragment.
	URL string
	// Sparse tells a registry with an HTTP index from one with a git index.
	Sparse bool
	// Branch, Tag, Rev: at most one is set, for git sources. None means the repository's HEAD.
	Branch, Tag, Rev string
	// Precise is the commit that is locked, 40 hexadecimal digits.
	Precise string
}

// The two names of the index of crates.io: cargo always writes the first to lock files, whichever protocol it used; the
// second stands in manifests and configuration.
const (
	cratesIOIndex       = "https://github.com/rust-lang/crates.io-index"
	cratesIOSparseIndex = "https://index.crates.io"
	cratesIOSource      = "registry+" + cratesIOIndex
)

// IsCratesIO reports whether the source is the registry crates.io.
func (s Source) IsCratesIO() bool {
	return s.Kind == Registry && (s.URL == cratesIOIndex || strings.TrimSuffix(s.URL, "/") == cratesIOSparseIndex)
}

// percentEncodingVersion is the lock file version from which on cargo percent-encodes the query of git sources; earlier
// versions hold branches, tags and revisions as they are.
const percentEncodingVersion = 4

// ParseSource takes a source apart as it stands in a lock file of the version given. "" is Path. It reports false, with a
// Source of kind UnknownSource, for what is not a source.
func ParseSource(s string, lockVersion int) (Source, bool) {
	switch s {
	case "":
		return Source{}, true
	case cratesIOSource: // nearly every package of nearly every lock file
		return Source{Kind: Registry, URL: cratesIOIndex}, true
	}
	prefix, rest, ok := strings.Cut(s, "+")
	if !ok || rest == "" {
		return Source{Kind: UnknownSource}, false
	}
	var src Source
	switch prefix {
	case "registry":
		src.Kind = Registry
	case "sparse":
		src.Kind, src.Sparse = Registry, true
	case "git":
		src.Kind = Git
	default:
		return Source{Kind: UnknownSource}, false
	}
	// The last "#": before version 4, the name of a branch may hold one.
	if i := strings.LastIndexByte(rest, '#'); i >= 0 {
		rest, src.Precise = rest[:i], rest[i+1:]
	}
	if src.Kind != Git {
		src.URL = rest
		return src, true
	}
	var query string
	src.URL, query, _ = strings.Cut(rest, "?")
	// cargo writes one parameter only. Before version 4 an "&" may belong to a name, so the text is not split there.
	pairs := []string{query}
	if lockVersion >= percentEncodingVersion {
		pairs = strings.Split(query, "&")
	}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		if lockVersion >= percentEncodingVersion {
			value = formUnescape(value)
		}
		switch name {
		case "branch", "ref": // "ref" is how the oldest cargos wrote a branch
			src.Branch = value
		case "tag":
			src.Tag = value
		case "rev":
			src.Rev = value
		}
	}
	return src, true
}

// formUnescape undoes the encoding of HTML forms. Like the URL library of cargo it keeps a "%" that starts no escape.
func formUnescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// syntaxError makes an error of one line at span.
func syntaxError(span text.Span, format string, args ...any) *SyntaxError {
	return &SyntaxError{Msg: fmt.Sprintf(format, args...), Span: span}
}
