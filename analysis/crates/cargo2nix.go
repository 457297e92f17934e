package crates

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// cargo2nixBinding reads one binding of the result set, or the lock's hash from the let before it.
func (r *reader) cargo2nixBinding(b nixparse.Node) {
	var buf [4]Literal
	r.cargo2nixEntries(b, buf[:0])
}

// cargo2nixEntries reads a binding that stands under the names of prefix. An entry is named by three names, registry, name
// and version, which formatters and people write in one path or in nested sets.
func (r *reader) cargo2nixEntries(b nixparse.Node, prefix []Literal) {
	if b.Kind() != nixparse.BindingNode {
		// The sets that hold entries have no inherit unless somebody put it there.
		if len(prefix) > 0 {
			r.g.Incomplete = true
		}
		return
	}
	path, value := b.Child(nixparse.FieldAttrpath), nixparse.Unparen(b.Child(nixparse.FieldExpression))
	names, ok := r.attrs(path, prefix)
	if !ok || len(names) == 0 {
		r.g.Incomplete = true
		return
	}
	switch first := names[0].Value; {
	case len(prefix) == 0 && first == "cargo2nixVersion":
		if s, ok := r.str(value); ok && len(names) == 1 {
			r.g.Version = s.Value
			r.sawCargo2nix = true
		}
	case len(prefix) == 0 && first == "nixifiedLockHash":
		if s, ok := r.str(value); ok && len(names) == 1 {
			r.g.LockHash = s
		}
	case first == "workspace":
		r.cargo2nixMembers(b, names, value)
	case len(names) == 3 && (isRegistryKey(first) || r.isEntry(value)):
		r.sawCargo2nix = true
		r.cargo2nixCrate(b, names, value)
	case isRegistryKey(first):
		if len(names) > 3 || !isSet(value) {
			r.g.Incomplete = true
			return
		}
		for inner := range bindingsOf(value) {
			r.cargo2nixEntries(inner, names)
		}
	}
}

// isRegistryKey reports whether an attribute of the result holds the crates of a source.
func isRegistryKey(name string) bool {
	return name == "unknown" || strings.HasPrefix(name, "registry+") || strings.HasPrefix(name, "sparse+") || strings.HasPrefix(name, "git+")
}

// makesEntry is the function that every entry is an application of.
const makesEntry = "overridableMkRustCrate"

func (r *reader) isEntry(value nixparse.Node) bool {
	fn, _, _ := r.call(value)
	return fn == makesEntry
}

// cargo2nixMembers reads `workspace = { NAME = rustPackages.unknown.NAME."VERSION"; … }`.
func (r *reader) cargo2nixMembers(b nixparse.Node, names []Literal, value nixparse.Node) {
	if len(names) == 1 {
		if r.g.HolderSpan == (text.Span{}) {
			r.g.HolderSpan = r.span(b.Child(nixparse.FieldAttrpath))
		}
		if !isSet(value) {
			r.g.Incomplete = true
			return
		}
		for inner := range bindingsOf(value) {
			if inner.Kind() != nixparse.BindingNode {
				r.g.Incomplete = true
				continue
			}
			r.cargo2nixEntries(inner, names)
		}
		return
	}
	set, target, _ := r.packageOf(value)
	if len(names) != 2 || set == "" {
		r.g.Incomplete = true
		return
	}
	r.g.Members = append(r.g.Members, Member{
		Name: names[1].Value, Version: target[2].Value, Span: r.span(b), NameSpan: names[1].Span,
	})
}

// cargo2nixCrate reads an entry: overridableMkRustCrate (profileName: rec { … }).
func (r *reader) cargo2nixCrate(b nixparse.Node, names []Literal, value nixparse.Node) {
	registry, name, version := names[0], names[1], names[2]
	c := Crate{
		ID:          name.Value + " " + version.Value,
		Name:        name.Value,
		Version:     version.Value,
		RegistryKey: registry.Value,
		KeySpan:     r.span(b.Child(nixparse.FieldAttrpath)),
		Span:        r.span(b),
		NameSpan:    name.Span,
		VersionSpan: version.Span,
	}
	fn, argument, count := r.call(value)
	if r.broken {
		// Without its semicolon an entry is applied to the next one.
		for count > 1 {
			value = nixparse.Unparen(value.Child(nixparse.FieldFunction))
			fn, argument, count = r.call(value)
		}
	}
	set := nixparse.Node{}
	if fn == makesEntry && count == 1 {
		set = functionBody(argument)
	}
	r.cargo2nixFields(c, set)
}

// functionBody is the body of a function in parentheses, the zero node for anything else.
func functionBody(n nixparse.Node) nixparse.Node {
	if n = nixparse.Unparen(n); n.Kind() == nixparse.FunctionExpression {
		return nixparse.Unparen(n.Child(nixparse.FieldBody))
	}
	return nixparse.Node{}
}

// cargo2nixOrphan reads an entry of a damaged file whose binding is lost: a function to a set that says which crate it is.
func (r *reader) cargo2nixOrphan(fn nixparse.Node) {
	set := functionBody(fn)
	if !isSet(set) || set.Start() <= r.lastSet {
		return
	}
	registry, ok1 := r.str(r.attr(set, "registry"))
	name, ok2 := r.str(r.attr(set, "name"))
	version, ok3 := r.str(r.attr(set, "version"))
	if !ok1 || !ok2 || !ok3 || !isRegistryKey(registry.Value) {
		return
	}
	r.sawCargo2nix = true
	r.cargo2nixFields(Crate{
		ID: name.Value + " " + version.Value, Name: name.Value, Version: version.Value, RegistryKey: registry.Value,
		KeySpan: name.Span, Span: r.span(set), NameSpan: name.Span, VersionSpan: version.Span,
	}, set)
}

// cargo2nixFields completes an entry by its fields and adds it to the graph.
func (r *reader) cargo2nixFields(c Crate, set nixparse.Node) {
	if !isSet(set) {
		c.Incomplete = true
		r.add(c)
		return
	}
	r.lastSet = set.Start()
	c.Incomplete = r.broken && set.HasError()
	firstDep, firstFeature := len(r.deps), len(r.features)
	var src nixparse.Node
	// The key is how other entries name the crate, the fields are what is fetched: if they differ somebody edited one of them.
	sound := true
	for field := range bindingsOf(set) {
		var buf [4]Literal
		if field.Kind() != nixparse.BindingNode {
			c.Incomplete = true
			continue
		}
		path, value := field.Child(nixparse.FieldAttrpath), field.Child(nixparse.FieldExpression)
		if first := firstAttr(path); !first.IsZero() {
			// `dependencies.${ if … } = …`: the first name decides what it is, the rest may be computed.
			if kind, ok := cargo2nixKinds[r.text(first)]; ok {
				if second := nextAttr(first); !second.IsZero() {
					r.cargo2nixDependency(&c, kind, field, second, value)
				} else {
					r.cargo2nixDependencies(&c, kind, value)
				}
				continue
			}
		}
		fieldNames, ok := r.attrs(path, buf[:0])
		if !ok || len(fieldNames) != 1 {
			c.Incomplete = true
			continue
		}
		switch fieldNames[0].Value {
		case "name":
			s, ok := r.str(value)
			sound = sound && ok && s.Value == c.Name
		case "version":
			s, ok := r.str(value)
			sound = sound && ok && s.Value == c.Version
		case "registry":
			s, ok := r.str(value)
			sound = sound && ok && s.Value == c.RegistryKey
		case "src":
			src = nixparse.Unparen(value)
		case "features":
			r.cargo2nixFeatures(&c, value)
		}
	}
	if len(r.deps) > firstDep {
		c.Dependencies = r.deps[firstDep:len(r.deps):len(r.deps)]
	}
	if len(r.features) > firstFeature {
		c.Features = r.features[firstFeature:len(r.features):len(r.features)]
	}
	if !src.IsZero() {
		c.Source.Span = r.span(src)
		if sound {
			r.cargo2nixSource(&c, src)
		}
	}
	r.add(c)
}

var cargo2nixKinds = map[string]DependencyKind{
	"dependencies": Normal, "devDependencies": Dev, "buildDependencies": Build,
}

func firstAttr(path nixparse.Node) nixparse.Node {
	if path.IsZero() {
		return path
	}
	n := path.FirstChild()
	for !n.IsZero() && !isAttr(n) {
		n = n.NextSibling()
	}
	return n
}

func nextAttr(n nixparse.Node) nixparse.Node {
	n = n.NextSibling()
	for !n.IsZero() && !isAttr(n) {
		n = n.NextSibling()
	}
	return n
}

// cargo2nixSource reads `src`. Whatever differs from what some release of cargo2nix wrote stays an unknown source.
func (r *reader) cargo2nixSource(c *Crate, src nixparse.Node) {
	s := Source{Span: c.Source.Span}
	if src.Kind() == nixparse.BinaryExpression {
		// 0.9 forgot the brackets in `fetchCrateLocal workspaceSrc + "/sub"`.
		left := nixparse.Unparen(src.Child(nixparse.FieldLeft))
		fn, argument, count := r.call(left)
		if sub, ok := r.subPath(src); ok && fn == "fetchCrateLocal" && count == 1 && r.isVariable(argument, "workspaceSrc") {
			s.Kind, s.Path, s.Fetcher = Local, sub, fn
			c.Source = s
		}
		return
	}
	fn, argument, count := r.call(src)
	argument = nixparse.Unparen(argument)
	if count != 1 || argument.IsZero() {
		return
	}
	s.Fetcher = fn
	if fn == "fetchCrateLocal" {
		switch {
		case r.isVariable(argument, "workspaceSrc"):
			s.Kind = Local
		case argument.Kind() == nixparse.BinaryExpression:
			if sub, ok := r.subPath(argument); ok && r.isVariable(argument.Child(nixparse.FieldLeft), "workspaceSrc") {
				s.Kind, s.Path = Local, sub
			}
		default:
			if path, ok := r.path(argument); ok {
				s.Kind, s.Path = Local, path
			}
		}
		c.Source = s
		return
	}
	if !isSet(argument) {
		return
	}
	var url, rev, ref, hash Literal
	for b := range bindingsOf(argument) {
		if b.Kind() == nixparse.Inherit {
			continue // name and version, of the entry's own rec
		}
		name, ok := onlyName(r, b)
		if !ok {
			return
		}
		value := b.Child(nixparse.FieldExpression)
		switch name {
		case "url", "index":
			url, ok = r.url(value)
		case "rev":
			rev, ok = r.str(value)
		case "ref":
			ref, ok = r.str(value)
		case "sha256":
			hash, ok = r.str(value)
		case "name":
			var s Literal
			s, ok = r.str(value)
			// builtins.fetchGit names the store path so.
			ok = ok && (s.Value == c.Name || fn == "fetchGit")
		case "version":
			var s Literal
			s, ok = r.str(value)
			ok = ok && s.Value == c.Version
		case "submodules", "shallow", "allRefs":
			ok = fn == "fetchGit"
		default:
			ok = false
		}
		if !ok {
			return
		}
	}
	switch fn {
	case "fetchCratesIo":
		s.Kind, s.URL = splitSource(c.RegistryKey)
		if s.Kind != CratesIO && s.Kind != Registry {
			return
		}
		if s.Kind == CratesIO {
			s.URL = ""
		}
		c.Hash = hashOf(hash)
	case "fetchCrateAlternativeRegistry":
		if url.IsZero() {
			return
		}
		s.Kind, s.URL = Registry, bareURL(url.Value)
		c.Hash = hashOf(hash)
	case "fetchCrateGit", "fetchGit":
		// The sha256 that 0.8 wrote here was never read by anything, so it says nothing.
		if url.IsZero() || rev.IsZero() {
			return
		}
		s.Kind, s.URL = Git, bareURL(url.Value)
		s.Rev, s.RevSpan, s.Ref = rev.Value, rev.Span, ref.Value
	default:
		return
	}
	c.Source = s
}

func hashOf(l Literal) Hash {
	if l.IsZero() {
		return Hash{}
	}
	return ParseHash(l.Value, l.Span)
}

// subPath reads the right side of `… + "/sub"` or `… + /sub`.
func (r *reader) subPath(sum nixparse.Node) (string, bool) {
	if sum.Operator() != "+" {
		return "", false
	}
	right := sum.Child(nixparse.FieldRight)
	if s, ok := r.str(right); ok {
		return s.Value, strings.HasPrefix(s.Value, "/")
	}
	path, ok := r.path(right)
	return path, ok && strings.HasPrefix(path, "/")
}

func (r *reader) isVariable(n nixparse.Node, name string) bool {
	n = nixparse.Unparen(n)
	return !n.IsZero() && n.Kind() == nixparse.VariableExpression && r.text(n) == name
}

// cargo2nixFeatures reads `builtins.concatLists [ [ "f" ] (lib.optional (COND) "g") ]`.
func (r *reader) cargo2nixFeatures(c *Crate, value nixparse.Node) {
	value = nixparse.Unparen(value)
	fn, argument, count := r.call(value)
	if fn == "concatLists" && count == 1 {
		value = nixparse.Unparen(argument)
		if value.IsZero() || value.Kind() != nixparse.ListExpression {
			c.Incomplete = true
			return
		}
		for e := range elements(value) {
			r.cargo2nixFeature(c, nixparse.Unparen(e), "", 0)
		}
		return
	}
	r.cargo2nixFeature(c, value, "", 0)
}

// cargo2nixFeature reads a list of features, or one that a condition guards. No release nests deeper than two.
func (r *reader) cargo2nixFeature(c *Crate, n nixparse.Node, condition string, depth int) {
	if n.IsZero() || depth > 2 {
		c.Incomplete = true
		return
	}
	switch n.Kind() {
	case nixparse.ListExpression:
		for e := range elements(n) {
			r.cargo2nixFeature(c, nixparse.Unparen(e), condition, depth+1)
		}
		return
	case nixparse.StringExpression, nixparse.IndentedStringExpression:
		if s, ok := r.str(n); ok {
			r.features = append(r.features, Feature{Name: s.Value, Condition: condition, Span: r.span(n)})
			return
		}
	case nixparse.ApplyExpression:
		fn, argument, count := r.call(n)
		if (fn == "optional" || fn == "optionals") && count == 2 && condition == "" {
			test := nixparse.Unparen(n.Child(nixparse.FieldFunction)).Child(nixparse.FieldArgument)
			r.cargo2nixFeature(c, nixparse.Unparen(argument), r.code(test), depth+1)
			return
		}
	}
	c.Incomplete = true
}

func (r *reader) cargo2nixDependencies(c *Crate, kind DependencyKind, value nixparse.Node) {
	value = nixparse.Unparen(value)
	if !isSet(value) {
		c.Incomplete = true
		return
	}
	for b := range bindingsOf(value) {
		if b.Kind() != nixparse.BindingNode {
			c.Incomplete = true
			continue
		}
		attr := firstAttr(b.Child(nixparse.FieldAttrpath))
		r.cargo2nixDependency(c, kind, b, attr, b.Child(nixparse.FieldExpression))
	}
}

// cargo2nixDependency reads one edge: `extern = (rustPackages."REG".NAME."VER" { … }).out`, where the name may be
// `${ if COND then "extern" else null }`.
func (r *reader) cargo2nixDependency(c *Crate, kind DependencyKind, b, attr, value nixparse.Node) {
	if attr.IsZero() || !nextAttr(attr).IsZero() {
		c.Incomplete = true
		return
	}
	d := Dependency{Kind: kind, UsesDefaultFeatures: true, Span: r.span(b)}
	if name, ok := r.attrName(attr); ok {
		d.Extern = name.Value
	} else {
		test := nixparse.Unparen(attr.Child(nixparse.FieldExpression))
		if test.IsZero() || test.Kind() != nixparse.IfExpression || !r.isVariable(test.Child(nixparse.FieldAlternative), "null") {
			c.Incomplete = true
			return
		}
		name, ok := r.str(test.Child(nixparse.FieldConsequence))
		if !ok {
			c.Incomplete = true
			return
		}
		d.Extern = name.Value
		d.Condition = r.code(test.Child(nixparse.FieldCondition))
	}
	set, target, span := r.packageOf(value)
	if set == "" {
		c.Incomplete = true
		return
	}
	d.RegistryKey, d.Name, d.Version = target[0].Value, target[1].Value, target[2].Value
	d.built = set == "buildRustPackages"
	d.TargetSpan = span
	r.deps = append(r.deps, d)
}

// packageOf reads a reference to an entry: rustPackages or buildRustPackages, its three names, perhaps applied to an
// argument, perhaps with `.out` (0.11 and later) behind it. The set's name is empty for anything else.
func (r *reader) packageOf(n nixparse.Node) (set string, target [3]Literal, span text.Span) {
	n = nixparse.Unparen(n)
	var buf [4]Literal
	if n.IsZero() {
		return "", target, span
	}
	if n.Kind() == nixparse.SelectExpression {
		base := nixparse.Unparen(n.Child(nixparse.FieldExpression))
		if names, ok := r.attrs(n.Child(nixparse.FieldAttrpath), buf[:0]); ok && len(names) == 1 && names[0].Value == "out" {
			n = base
		}
	}
	if !n.IsZero() && n.Kind() == nixparse.ApplyExpression {
		n = nixparse.Unparen(n.Child(nixparse.FieldFunction))
	}
	if n.IsZero() || n.Kind() != nixparse.SelectExpression || !n.Child(nixparse.FieldDefault).IsZero() {
		return "", target, span
	}
	path := n.Child(nixparse.FieldAttrpath)
	base := nixparse.Unparen(n.Child(nixparse.FieldExpression))
	names, ok := r.attrs(path, buf[:0])
	if !ok || len(names) != 3 || base.IsZero() || base.Kind() != nixparse.VariableExpression {
		return "", target, span
	}
	switch set = r.text(base); set {
	case "rustPackages", "buildRustPackages":
		copy(target[:], names)
		return set, target, r.span(path)
	}
	return "", target, span
}
