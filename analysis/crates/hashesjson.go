package crates

import (
	"net/url"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
)

// HashEntry is one member of crate2nix's crate-hashes.json: the hash of a package that had to be fetched to be known. The
// key is a package id of cargo, in the spelling of the cargo that was used.
type HashEntry struct {
	Key  string
	Hash Hash // not known where the value is no hash
	// Name and Version of the package. Version is empty where the key has none.
	Name, Version string
	Kind          SourceKind
	// URL without the kind before it ("git+"), query and fragment.
	URL string
	// Query is decoded: "branch=fix/x", "tag=v1", "rev=…"; empty where the key has none.
	Query string
	// Commit is the full revision; only the ids of cargo up to 1.76 carry it.
	Commit string
	// KeySpan is the key's text without the quotes, Span the member: key, colon and value.
	KeySpan, Span text.Span
}

// ReadHashes reads a crate-hashes.json. The error is a *SyntaxError.
func ReadHashes(data []byte) ([]HashEntry, error) {
	r := newJSONReader(data)
	entries := []HashEntry{}
	span, ok := r.object(func(name Literal) {
		e := HashEntry{Key: name.Value, KeySpan: name.Span}
		e.parseKey()
		if value, ok := r.str(); ok {
			e.Hash = ParseHash(value.Value, value.Span)
		}
		e.Span = text.Span{Start: name.Span.Start - 1, End: int(r.dec.InputOffset())}
		if r.err == nil {
			entries = append(entries, e)
		}
	})
	if !ok {
		r.fail("crate-hashes.json must be an object of package ids and hashes", span)
	}
	r.end()
	if r.err != nil {
		return nil, r.err
	}
	return entries, nil
}

// parseKey splits a package id of cargo. Up to 1.76 it is `name version (source)`, later the source's URL with the package
// in its fragment: `#name@version`, or `#version` where the name is the URL's last segment.
func (e *HashEntry) parseKey() {
	source := e.Key
	if open := strings.Index(e.Key, " ("); open >= 0 && strings.HasSuffix(e.Key, ")") {
		e.Name, e.Version, _ = strings.Cut(e.Key[:open], " ")
		source, e.Commit = cutFragment(e.Key[open+2 : len(e.Key)-1])
		e.parseSource(source)
		return
	}
	source, fragment := cutFragment(source)
	e.parseSource(source)
	if name, version, ok := strings.Cut(fragment, "@"); ok {
		e.Name, e.Version = name, version
		return
	}
	if fragment != "" && fragment[0] >= '0' && fragment[0] <= '9' {
		// A package's name cannot start with a digit.
		e.Version = fragment
		e.Name = e.URL[strings.LastIndexByte(e.URL, '/')+1:]
		return
	}
	e.Name = fragment
}

// cutFragment cuts at the last "#": the name of a branch may hold one.
func cutFragment(s string) (source, fragment string) {
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func (e *HashEntry) parseSource(source string) {
	address, query, _ := strings.Cut(source, "?")
	e.Kind, e.URL = splitSource(address)
	// Not QueryUnescape: a "+" is part of a branch's name here, cargo writes it as %2B where it encodes at all.
	if decoded, err := url.PathUnescape(query); err == nil {
		query = decoded
	}
	e.Query = query
}

// splitSource takes apart the source of a package as Cargo.lock, cargo's ids and cargo2nix's keys write it, query and
// fragment left out before.
func splitSource(s string) (SourceKind, string) {
	kind, address, ok := strings.Cut(s, "+")
	if !ok {
		return UnknownSource, s
	}
	switch kind {
	case "git":
		return Git, address
	case "registry", "sparse":
		if isCratesIO(address) {
			return CratesIO, address
		}
		return Registry, address
	case "path":
		return Local, address
	}
	return UnknownSource, s
}

// isCratesIO reports whether an index's address, without its kind, is that of crates.io: as git repository or sparse.
func isCratesIO(address string) bool {
	switch strings.TrimSuffix(address, "/") {
	case "https://github.com/rust-lang/crates.io-index", "https://index.crates.io":
		return true
	}
	return false
}

// Removal is a piece of text to delete.
type Removal struct{ Span text.Span }

// RemoveHashes tells what to delete from a crate-hashes.json so that the entries that drop picks are gone and valid JSON in
// the same layout stays. The pieces stand in order and do not overlap. Nil where there is nothing to delete, or no way to
// read the file.
func RemoveHashes(data []byte, drop func(HashEntry) bool) []Removal {
	entries, err := ReadHashes(data)
	if err != nil {
		return nil
	}
	var removals []Removal
	for i := 0; i < len(entries); i++ {
		if !drop(entries[i]) {
			continue
		}
		first := i
		for i+1 < len(entries) && drop(entries[i+1]) {
			i++
		}
		var span text.Span
		switch {
		case i+1 < len(entries):
			// The next entry moves up to where the first dropped one stood: its own indentation goes, the comma too.
			span = text.Span{Start: entries[first].Span.Start, End: entries[i+1].Span.Start}
		case first > 0:
			// The entry before becomes the last: its comma goes, the line break before the brace stays.
			span = text.Span{Start: entries[first-1].Span.End, End: entries[i].Span.End}
		default:
			// Nothing stays: "{}", as crate2nix writes it.
			span = text.Span{Start: entries[first].Span.Start, End: entries[i].Span.End}
			for span.Start > 0 && data[span.Start-1] != '{' {
				span.Start--
			}
			for span.End < len(data) && data[span.End] != '}' {
				span.End++
			}
		}
		removals = append(removals, Removal{Span: span})
	}
	return removals
}
