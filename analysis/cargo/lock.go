package cargo

import (
	"bytes"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
)

// Lock is a lock file (Cargo.lock).
type Lock struct {
	// Version is the version of the format, 1 to 4, or a later one that the file claims. A file without one is 2 when
	// checksums stand in its packages and 1 otherwise, as cargo has it.
	Version     int
	VersionSpan text.Span // of the number; empty when the file has none
	// Packages are in the order of the file. The [root] of the oldest lock files is one of them.
	Packages []Package
	// UnusedPatches are the packages under [[patch.unused]]: patches that the dependency graph does not use.
	UnusedPatches []Package

	// byName are the indexes of Packages sorted by name; nil when Packages are so sorted themselves.
	byName []int32
}

// Package is an entry of a lock file.
type Package struct {
	Name, Version string
	// Source is where it comes from; the zero value is a path dependency or a workspace member.
	Source Source
	// SourceText is the source as written, "" if none is.
	SourceText string
	// Checksum is the SHA-256 of the .crate file as 64 hexadecimal digits, or "". Lock files of version 1 hold it in
	// [metadata], where "<none>" is "" too.
	Checksum string
	// Dependencies are the dependencies of all kinds and targets that are resolved, as written.
	Dependencies []LockDependency
	// Replace is the package id that a [replace] of the manifest put in this one's place, or "".
	Replace string

	// Span is from the header ("[[package]]") to the end of the last value.
	Span text.Span
	// The spans of strings are those of their contents without the quotes; they are empty at 0 for what is absent. In lock
	// files of version 1, ChecksumSpan is in [metadata].
	NameSpan, VersionSpan, SourceSpan, ChecksumSpan text.Span
}

// ID is the package id as a lock file refers to it: "name version".
func (p *Package) ID() string { return p.Name + " " + p.Version }

// LockDependency is a dependency as a lock file writes it: "name", "name version" or "name version (source)", the shortest
// that is unambiguous in files of version 2 and later.
type LockDependency struct {
	Name, Version, Source string
	Span                  text.Span // of the string's contents, without the quotes
}

// splitDependency takes a dependency apart; false if it is none.
func splitDependency(s string) (d LockDependency, ok bool) {
	name, rest, more := strings.Cut(s, " ")
	d.Name = name
	if !more {
		return d, name != ""
	}
	d.Version, rest, more = strings.Cut(rest, " ")
	if more {
		if len(rest) < 3 || rest[0] != '(' || rest[len(rest)-1] != ')' {
			return d, false
		}
		d.Source = rest[1 : len(rest)-1]
	}
	return d, d.Name != "" && d.Version != ""
}

// Find gives the packages of a name and a version: several if they come from different sources.
func (l *Lock) Find(name, version string) []*Package {
	var found []*Package
	for i := l.searchName(name); i < len(l.Packages); i++ {
		p := l.nth(i)
		if p.Name != name {
			break
		}
		if p.Version == version {
			found = append(found, p)
		}
	}
	return found
}

// Named gives the packages of a name, in the order of the file.
func (l *Lock) Named(name string) []*Package {
	var found []*Package
	for i := l.searchName(name); i < len(l.Packages); i++ {
		p := l.nth(i)
		if p.Name != name {
			break
		}
		found = append(found, p)
	}
	return found
}

// Local gives the path dependencies and workspace members, in the order of the file.
func (l *Lock) Local() []*Package {
	var found []*Package
	for i := range l.Packages {
		if l.Packages[i].SourceText == "" {
			found = append(found, &l.Packages[i])
		}
	}
	return found
}

// Resolve gives the package that a dependency of p means, nil if none or several can be meant. The rules are those of cargo:
// a version may be left out if the name has one version only; where a source is left out a path dependency wins, for it
// has none that could be written.
func (l *Lock) Resolve(p *Package, d LockDependency) *Package {
	var only, onlyPath *Package
	count, paths := 0, 0
	for i := l.searchName(d.Name); i < len(l.Packages); i++ {
		q := l.nth(i)
		if q.Name != d.Name {
			break
		}
		if d.Version == "" {
			if only != nil && only.Version != q.Version {
				return nil
			}
		} else if q.Version != d.Version {
			continue
		}
		if d.Source != "" && withoutFragment(q.SourceText) != withoutFragment(d.Source) {
			continue
		}
		count++
		only = q
		if q.SourceText == "" {
			paths++
			onlyPath = q
		}
	}
	switch {
	case paths == 1 && d.Source == "":
		return onlyPath
	case count == 1:
		return only
	}
	return nil
}

// withoutFragment drops the commit of a git source, which cargo does not write in dependencies.
func withoutFragment(source string) string {
	if i := strings.LastIndexByte(source, '#'); i >= 0 && strings.HasPrefix(source, "git+") {
		return source[:i]
	}
	return source
}

// PackageAt gives the package in whose span byteOffset lies, the end included; nil between packages. Entries under
// [[patch.unused]] are not considered.
func (l *Lock) PackageAt(byteOffset int) *Package {
	i := sort.Search(len(l.Packages), func(i int) bool { return l.Packages[i].Span.Start > byteOffset }) - 1
	if i < 0 || !l.Packages[i].Span.Contains(byteOffset) {
		return nil
	}
	return &l.Packages[i]
}

func (l *Lock) nth(i int) *Package {
	if l.byName != nil {
		return &l.Packages[l.byName[i]]
	}
	return &l.Packages[i]
}

func (l *Lock) searchName(name string) int {
	return sort.Search(len(l.Packages), func(i int) bool { return l.nth(i).Name >= name })
}

// metadataChecksum is an entry of [metadata] of a lock file of version 1.
type metadataChecksum struct {
	id    LockDependency
	value string
	span  text.Span
}

// parseMetadataChecksum reads a key and a value of [metadata]; false for keys that are no checksums.
func parseMetadataChecksum(key, value string, span text.Span) (metadataChecksum, bool) {
	id, ok := strings.CutPrefix(key, "checksum ")
	if !ok {
		return metadataChecksum{}, false
	}
	d, ok := splitDependency(id)
	return metadataChecksum{d, value, span}, ok
}

// finish builds the index and derives what depends on the file as a whole. Both ways of parsing end here.
func (l *Lock) finish(versionGiven bool, checksums []metadataChecksum) {
	byName := func(a, b Package) int { return strings.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(l.Packages, byName) {
		l.byName = make([]int32, len(l.Packages))
		for i := range l.byName {
			l.byName[i] = int32(i)
		}
		slices.SortStableFunc(l.byName, func(a, b int32) int { return byName(l.Packages[a], l.Packages[b]) })
	}
	if !versionGiven {
		l.Version = 1
		for i := range l.Packages {
			if l.Packages[i].ChecksumSpan != (text.Span{}) {
				l.Version = 2
				break
			}
		}
	}
	for _, list := range [][]Package{l.Packages, l.UnusedPatches} {
		for i := range list {
			p := &list[i]
			p.Source, _ = ParseSource(p.SourceText, l.Version)
			if p.Checksum == noChecksum {
				p.Checksum = ""
			}
		}
	}
	for _, c := range checksums {
		for i := l.searchName(c.id.Name); i < len(l.Packages); i++ {
			p := l.nth(i)
			if p.Name != c.id.Name {
				break
			}
			// A checksum of the package itself is the newer one.
			if p.Version != c.id.Version || p.SourceText != c.id.Source || p.ChecksumSpan != (text.Span{}) {
				continue
			}
			p.ChecksumSpan = c.span
			if c.value != noChecksum {
				p.Checksum = c.value
			}
		}
	}
}

// noChecksum is what cargo writes to [metadata] for a package of a source without checksums, such as git.
const noChecksum = "<none>"

// ParseLock reads a lock file. Its error is a *SyntaxError. Versions of the format that cargo does not know yet are no error.
func ParseLock(data []byte) (*Lock, error) {
	if l, ok := scanLock(string(data)); ok {
		if len(l.Packages) == 0 {
			return nil, ErrNoPackages
		}
		return l, nil
	}
	l, err := decodeLock(data)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// lockKey numbers the keys of a package, to refuse those given twice.
type lockKey uint8

const (
	keyName lockKey = 1 << iota
	keyVersion
	keySource
	keyChecksum
	keyDependencies
	keyReplace
)

// The parts of a lock file, in the order in which cargo writes them; the scanner accepts no other.
const (
	partTop = iota
	partRoot
	partPackages
	partUnused
	partMetadata
)

// lockScanner reads the one shape of TOML that cargo writes, in one pass.
type lockScanner struct {
	s    string
	pos  int // where the next line starts
	lock *Lock
	// dependencies is the one array that those of all packages are slices of.
	dependencies []LockDependency
	checksums    []metadataChecksum
}

// line takes the next line, without its end. A "\r" at the end of the file is left on the line: TOML does not allow it.
func (sc *lockScanner) line() (start, end int) {
	start = sc.pos
	n := strings.IndexByte(sc.s[start:], '\n')
	if n < 0 {
		sc.pos = len(sc.s)
		return start, sc.pos
	}
	end = start + n
	sc.pos = end + 1
	if end > start && sc.s[end-1] == '\r' {
		end--
	}
	return start, end
}

// plainByte tells the bytes that may stand in a string and mean themselves: printable ASCII but for the quote and the
// backslash. All else is left to the TOML library.
var plainByte = func() (t [256]bool) {
	for c := ' '; c < 0x7F; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// quoted reads a string that starts at at: the span of its contents.
func (sc *lockScanner) quoted(at, end int) (text.Span, bool) {
	if at >= end || sc.s[at] != '"' {
		return text.Span{}, false
	}
	i := at + 1
	for i < end && plainByte[sc.s[i]] {
		i++
	}
	return text.Span{Start: at + 1, End: i}, i < end && sc.s[i] == '"'
}

// blank reports whether nothing but space and a comment are left of a line.
func (sc *lockScanner) blank(at, end int) bool {
	for at < end && (sc.s[at] == ' ' || sc.s[at] == '\t') {
		at++
	}
	if at == end {
		return true
	}
	if sc.s[at] != '#' {
		return false
	}
	for _, c := range []byte(sc.s[at:end]) {
		if (c < ' ' && c != '\t') || c >= 0x7F {
			return false
		}
	}
	return true
}

// scanLock reads a lock file as cargo writes it. It reports false when it meets anything else, be it wrong or merely unusual.
func scanLock(s string) (*Lock, bool) {
	// Counting costs little and saves growing. An entry takes at least its header and a name, hence the counts are bounded by
	// the size of the file.
	lock := &Lock{Packages: make([]Package, 0, strings.Count(s, "[[package]]")+1)}
	sc := lockScanner{s: s, lock: lock, dependencies: make([]LockDependency, 0, strings.Count(s, "\n \""))}
	if strings.HasPrefix(s, bom) {
		sc.pos = len(bom)
	}
	part := partTop
	var cur *Package
	var seen lockKey
	var lastMetadata string
	versionGiven := false
	// complete reports whether the package that ends here has what it must have.
	complete := func() bool {
		return cur == nil || (cur.Name != "" && cur.Version != "")
	}
	for sc.pos < len(s) {
		start, end := sc.line()
		if start == end {
			continue
		}
		switch s[start] {
		case '#':
			if !sc.blank(start, end) {
				return nil, false
			}
			continue
		case '[':
			closing := strings.IndexByte(s[start:end], ']')
			if closing < 0 || !complete() {
				return nil, false
			}
			headerEnd := start + closing + 1
			if headerEnd < end && s[headerEnd] == ']' {
				headerEnd++
			}
			if !sc.blank(headerEnd, end) {
				return nil, false
			}
			last := part
			list := &lock.Packages
			switch s[start:headerEnd] {
			case "[[package]]":
				part = partPackages
			case "[root]":
				if part != partTop {
					return nil, false
				}
				part = partRoot
			case "[[patch.unused]]":
				part = partUnused
				list = &lock.UnusedPatches
			case "[metadata]":
				if part == partMetadata {
					return nil, false
				}
				part = partMetadata
			default:
				return nil, false
			}
			if part < last {
				return nil, false
			}
			cur, seen = nil, 0
			if part != partMetadata {
				*list = append(*list, Package{Span: text.Span{Start: start, End: headerEnd}})
				cur = &(*list)[len(*list)-1]
			}
			continue
		}
		if part == partMetadata {
			key, ok := sc.quoted(start, end)
			if !ok || key.End+4 > end || s[key.End:key.End+4] != `" = ` {
				return nil, false
			}
			value, ok := sc.quoted(key.End+4, end)
			if !ok || !sc.blank(value.End+1, end) {
				return nil, false
			}
			// cargo sorts the keys: that they ascend shows that none is there twice.
			name := s[key.Start:key.End]
			if name <= lastMetadata {
				return nil, false
			}
			lastMetadata = name
			if c, ok := parseMetadataChecksum(name, s[value.Start:value.End], value); ok {
				sc.checksums = append(sc.checksums, c)
			}
			continue
		}
		space := strings.IndexByte(s[start:end], ' ')
		if space < 0 || !strings.HasPrefix(s[start+space:end], " = ") {
			return nil, false
		}
		key, at := s[start:start+space], start+space+3
		if part == partTop {
			if key != "version" || versionGiven {
				return nil, false
			}
			i, n := at, 0
			// 9 digits fit into an int of 32 bits, with room to spare for versions.
			for ; i < end && i-at < 9 && '0' <= s[i] && s[i] <= '9'; i++ {
				n = n*10 + int(s[i]-'0')
			}
			if n == 0 || s[at] == '0' || !sc.blank(i, end) {
				return nil, false
			}
			versionGiven = true
			lock.Version, lock.VersionSpan = n, text.Span{Start: at, End: i}
			continue
		}
		if key == "dependencies" {
			if seen&keyDependencies != 0 || at >= end || s[at] != '[' {
				return nil, false
			}
			seen |= keyDependencies
			closing, ok := sc.array(cur, at+1, end)
			if !ok {
				return nil, false
			}
			cur.Span.End = closing
			continue
		}
		value, ok := sc.quoted(at, end)
		if !ok || !sc.blank(value.End+1, end) {
			return nil, false
		}
		str := s[value.Start:value.End]
		var this lockKey
		switch key {
		case "name":
			this, cur.Name, cur.NameSpan = keyName, str, value
		case "version":
			this, cur.Version, cur.VersionSpan = keyVersion, str, value
		case "source":
			this, cur.SourceText, cur.SourceSpan = keySource, str, value
		case "checksum":
			this, cur.Checksum, cur.ChecksumSpan = keyChecksum, str, value
		case "replace":
			this, cur.Replace = keyReplace, str
		default:
			return nil, false
		}
		if seen&this != 0 {
			return nil, false
		}
		seen |= this
		cur.Span.End = value.End + 1
	}
	if !complete() {
		return nil, false
	}
	lock.finish(versionGiven, sc.checksums)
	return lock, true
}

// array reads the dependencies of p, whose array opens before at, and gives the offset behind its closing bracket. cargo
// writes each on a line of its own, with a comma behind every one.
func (sc *lockScanner) array(p *Package, at, end int) (closing int, ok bool) {
	if at < end && sc.s[at] == ']' {
		return at + 1, sc.blank(at+1, end)
	}
	if at != end {
		return 0, false
	}
	first := len(sc.dependencies)
	for sc.pos < len(sc.s) {
		start, end := sc.line()
		i := start
		for i < end && sc.s[i] == ' ' {
			i++
		}
		if i < end && sc.s[i] == ']' {
			// An append may have moved the array; those cut earlier keep the old one.
			if n := len(sc.dependencies); n > first {
				p.Dependencies = sc.dependencies[first:n:n]
			}
			return i + 1, sc.blank(i+1, end)
		}
		value, ok := sc.quoted(i, end)
		if !ok || value.End+1 >= end || sc.s[value.End+1] != ',' || !sc.blank(value.End+2, end) {
			return 0, false
		}
		d, ok := splitDependency(sc.s[value.Start:value.End])
		if !ok {
			return 0, false
		}
		d.Span = value
		sc.dependencies = append(sc.dependencies, d)
	}
	return 0, false
}

// decodeLock reads a lock file of any shape: values by the TOML library, spans by the syntax tree.
func decodeLock(data []byte) (*Lock, *SyntaxError) {
	doc, err := parseTOML(data)
	if err != nil {
		return nil, err
	}
	r := reader{data: data}
	lock := &Lock{}
	var versionGiven bool
	if v, ok := doc.get("version"); ok {
		versionGiven = true
		n, isInt := v.data.(int64)
		if !isInt || n < 0 || n > math.MaxInt32 {
			r.fail(v.span(), "version must be a number, the version of the lock file format")
		}
		lock.Version, lock.VersionSpan = int(n), v.span()
	}
	if root, ok := doc.get("root"); ok {
		lock.Packages = append(lock.Packages, r.lockPackage(root))
	}
	for _, v := range r.tables(doc, "package") {
		lock.Packages = append(lock.Packages, r.lockPackage(v))
	}
	if patch, ok := r.table(doc, "patch"); ok {
		for _, v := range r.tables(patch, "unused") {
			lock.UnusedPatches = append(lock.UnusedPatches, r.lockPackage(v))
		}
	}
	var checksums []metadataChecksum
	if metadata, ok := r.table(doc, "metadata"); ok {
		for _, e := range metadata.entries() {
			s := r.asString(e.value, e.name)
			if c, ok := parseMetadataChecksum(e.name, s.Value, s.Span); ok {
				checksums = append(checksums, c)
			}
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(lock.Packages) == 0 {
		return nil, ErrNoPackages
	}
	slices.SortStableFunc(lock.Packages, func(a, b Package) int { return a.Span.Start - b.Span.Start })
	lock.finish(versionGiven, checksums)
	return lock, nil
}

// lockPackage reads a package of a lock file.
func (r *reader) lockPackage(v value) Package {
	if !r.isTable(v, "package") {
		return Package{}
	}
	p := Package{Span: v.full()}
	str := func(key string) (string, text.Span) {
		s := r.str(v, key)
		return s.Value, s.Span
	}
	p.Name, p.NameSpan = str("name")
	p.Version, p.VersionSpan = str("version")
	p.SourceText, p.SourceSpan = str("source")
	p.Checksum, p.ChecksumSpan = str("checksum")
	p.Replace, _ = str("replace")
	switch {
	case r.lacks(v, "name"):
		r.fail(v.span(), "package without name")
	case r.lacks(v, "version"):
		r.fail(v.span(), "package %q without version", p.Name)
	}
	for _, s := range r.strs(v, "dependencies") {
		d, ok := splitDependency(s.Value)
		if !ok {
			r.fail(s.Span, "dependency %q is not of the form %q", s.Value, "name version (source)")
			continue
		}
		d.Span = s.Span
		p.Dependencies = append(p.Dependencies, d)
	}
	return p
}

// markerWidth is the number of characters of a conflict marker, git's default.
const markerWidth = 7

// conflictMarker finds the first line that git left for a merge that nobody has resolved: its span and its number from 1.
func conflictMarker(data []byte) (span text.Span, line int, found bool) {
	for at := 0; at < len(data); line++ {
		end := len(data)
		next := end
		if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
			end, next = at+n, at+n+1
		}
		l := bytes.TrimSuffix(data[at:end], []byte{'\r'})
		if len(l) >= markerWidth && strings.IndexByte("<=>", l[0]) >= 0 &&
			bytes.Count(l[:markerWidth], l[:1]) == markerWidth &&
			(len(l) == markerWidth || (l[markerWidth] == ' ' && l[0] != '=')) {
			return text.Span{Start: at, End: at + len(l)}, line + 1, true
		}
		at = next
	}
	return text.Span{}, 0, false
}
