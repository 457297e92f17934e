package crates

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// crate2nixBinding reads one binding of the result set, or in a damaged file any binding of the tree.
func (r *reader) crate2nixBinding(b nixparse.Node) {
	var buf [4]Literal
	if !r.broken {
		r.crate2nixEntries(b, buf[:0])
		return
	}
	// What surrounds an entry may be lost, so each binding must speak for itself here.
	if b.Kind() != nixparse.BindingNode {
		return
	}
	names, ok := r.attrs(b.Child(nixparse.FieldAttrpath), buf[:0])
	if !ok || len(names) == 0 {
		return
	}
	value := nixparse.Unparen(b.Child(nixparse.FieldExpression))
	switch last := names[len(names)-1]; {
	case names[0].Value == "rootCrate" || names[0].Value == "workspaceMembers":
		r.crate2nixEntries(b, buf[:0])
	case last.Value == "crates" && isSet(value) && r.g.HolderSpan == (text.Span{}):
		r.sawCrate2nix = true
		r.g.HolderSpan = last.Span
	}
}

// crate2nixOrphan reads an entry of a damaged file: a set that says which crate it is, behind a name and an equals sign.
func (r *reader) crate2nixOrphan(key, set nixparse.Node) {
	if key.IsZero() || r.attr(set, "crateName").IsZero() || strings.TrimSpace(r.src[key.End():set.Start()]) != "=" {
		return
	}
	id, ok := r.attrName(key)
	if !ok {
		return
	}
	r.sawCrate2nix = true
	span := text.Span{Start: key.Start(), End: set.End()}
	if strings.HasPrefix(r.src[span.End:], ";") {
		span.End++
	}
	r.crate2nixCrate(r.span(key), span, id, set)
}

// crate2nixEntries reads a binding that stands under the names of prefix.
func (r *reader) crate2nixEntries(b nixparse.Node, prefix []Literal) {
	if b.Kind() != nixparse.BindingNode {
		if len(prefix) == 2 {
			r.g.Incomplete = true
		}
		return
	}
	value := nixparse.Unparen(b.Child(nixparse.FieldExpression))
	names, ok := r.attrs(b.Child(nixparse.FieldAttrpath), prefix)
	if !ok || len(names) == 0 {
		r.g.Incomplete = true
		return
	}
	into := func() {
		if !isSet(value) {
			r.g.Incomplete = true
			return
		}
		for inner := range bindingsOf(value) {
			r.crate2nixEntries(inner, names)
		}
	}
	last := names[len(names)-1]
	switch names[0].Value {
	case "rootCrate":
		if len(names) == 1 && isSet(value) {
			into()
		} else if len(names) == 2 && last.Value == "packageId" {
			r.g.Root, _ = r.str(value)
		}
	case "workspaceMembers":
		switch {
		case len(names) == 1:
			into()
		case len(names) == 2:
			r.crate2nixMember(b, last, value)
		}
	case "internal":
		switch {
		case len(names) == 1:
			into()
		case names[1].Value != "crates":
		case len(names) == 2:
			r.sawCrate2nix = true
			r.g.HolderSpan = last.Span
			into()
		case len(names) == 3 && isSet(value):
			r.sawCrate2nix = true
			r.crate2nixCrate(r.span(b.Child(nixparse.FieldAttrpath)), r.span(b), last, value)
		default:
			r.g.Incomplete = true
		}
	}
}

func (r *reader) crate2nixMember(b nixparse.Node, name Literal, value nixparse.Node) {
	m := Member{Name: name.Value, Span: r.span(b), NameSpan: name.Span}
	for field := range bindingsOf(value) {
		if only, ok := onlyName(r, field); ok && only == "packageId" {
			id, _ := r.str(field.Child(nixparse.FieldExpression))
			m.PackageID = id.Value
		}
	}
	if m.PackageID == "" {
		r.g.Incomplete = true
		return
	}
	r.g.Members = append(r.g.Members, m)
}

// crate2nixCrate reads an entry of internal.crates.
func (r *reader) crate2nixCrate(key, whole text.Span, id Literal, set nixparse.Node) {
	c := Crate{ID: id.Value, KeySpan: key, Span: whole, Incomplete: r.broken && set.HasError()}
	firstDep, firstFeature := len(r.deps), len(r.features)
	var src, sha256 nixparse.Node
	hasVersion := false
	for field := range bindingsOf(set) {
		name, ok := onlyName(r, field)
		if !ok {
			c.Incomplete = true // an inherit or a path of two names
			continue
		}
		value := nixparse.Unparen(field.Child(nixparse.FieldExpression))
		var s Literal
		switch name {
		case "crateName":
			s, _ = r.str(value)
			c.Name, c.NameSpan = s.Value, s.Span
		case "version":
			s, hasVersion = r.str(value)
			c.Version, c.VersionSpan = s.Value, s.Span
		case "edition":
			s, _ = r.str(value)
			c.Edition = s.Value
		case "links":
			s, _ = r.str(value)
			c.Links = s.Value
		case "libName":
			s, _ = r.str(value)
			c.LibName = s.Value
		case "procMacro":
			c.ProcMacro = r.isVariable(value, "true")
		case "sha256":
			sha256 = value
		case "src":
			src = value
		case "dependencies":
			r.crate2nixDependencies(&c, Normal, value)
		case "buildDependencies":
			r.crate2nixDependencies(&c, Build, value)
		case "devDependencies":
			r.crate2nixDependencies(&c, Dev, value)
		case "features":
			r.crate2nixFeatures(&c, value)
		case "resolvedDefaultFeatures":
			if c.ResolvedDefaultFeatures, ok = r.list(value); !ok {
				c.Incomplete = true
			}
		}
	}
	if c.Name == "" || !hasVersion {
		r.g.Incomplete = true
		r.deps, r.features = r.deps[:firstDep], r.features[:firstFeature]
		return
	}
	if len(r.deps) > firstDep {
		c.Dependencies = r.deps[firstDep:len(r.deps):len(r.deps)]
	}
	if len(r.features) > firstFeature {
		c.Features = r.features[firstFeature:len(r.features):len(r.features)]
	}
	switch {
	case !src.IsZero():
		c.Source, c.Hash = r.crate2nixSource(src, 0)
		c.Source.Span = r.span(src)
	case !sha256.IsZero():
		c.Source.Span = r.span(sha256)
		if hash, ok := r.str(sha256); ok {
			c.Source.Kind, c.Hash = CratesIO, hashOf(hash)
		}
	}
	r.add(c)
}

// crate2nixSource reads `src`. Whatever no release of crate2nix writes stays an unknown source, and so do a `throw` and
// the out-of-tree sources of crate2nix.json.
func (r *reader) crate2nixSource(src nixparse.Node, depth int) (Source, Hash) {
	var unknown Source
	src = nixparse.Unparen(src)
	if src.IsZero() {
		return unknown, Hash{}
	}
	if path, ok := r.path(src); ok {
		return Source{Kind: Local, Path: path}, Hash{}
	}
	if src.Kind() == nixparse.IfExpression && depth == 0 {
		// 0.11 to 0.14.0 leave the filter out for some versions of Nix; the path is the same.
		yes, _ := r.crate2nixSource(src.Child(nixparse.FieldConsequence), 1)
		no, _ := r.crate2nixSource(src.Child(nixparse.FieldAlternative), 1)
		if yes.Kind == Local && no.Kind == Local && yes.Path == no.Path {
			return yes, Hash{}
		}
		return unknown, Hash{}
	}
	fn, argument, count := r.call(src)
	argument = nixparse.Unparen(argument)
	if argument.IsZero() {
		return unknown, Hash{}
	}
	switch {
	case fn == "filterSource" && count == 2, fn == "cleanSource" && count == 1:
		if path, ok := r.path(argument); ok {
			return Source{Kind: Local, Path: path, Fetcher: fn}, Hash{}
		}
	case fn == "cleanSourceWith" && count == 1 && isSet(argument):
		if path, ok := r.path(r.attr(argument, "src")); ok {
			return Source{Kind: Local, Path: path, Fetcher: fn}, Hash{}
		}
	case (fn == "fetchgit" || fn == "fetchGit") && count == 1 && isSet(argument):
		return r.crate2nixGit(fn, argument)
	case fn == "fetchurl" && count == 1 && isSet(argument):
		// Other registries (0.15): the address is computed from the registry's config.json, the hash stands beside it.
		address := nixparse.Unparen(r.attr(argument, "url"))
		if of, registry, n := r.call(address); of == "registryUrl" && n == 1 {
			registry = nixparse.Unparen(registry)
			if url, ok := r.str(r.attr(registry, "url")); ok && isSet(registry) {
				hash, _ := r.str(r.attr(argument, "sha256"))
				s := Source{URL: bareURL(url.Value), Fetcher: fn, Kind: Registry}
				return s, hashOf(hash)
			}
		}
	}
	return unknown, Hash{}
}

func (r *reader) crate2nixGit(fn string, argument nixparse.Node) (Source, Hash) {
	s := Source{Kind: Git, Fetcher: fn}
	var url, hash Literal
	for b := range bindingsOf(argument) {
		name, ok := onlyName(r, b)
		if !ok {
			return Source{}, Hash{}
		}
		value := b.Child(nixparse.FieldExpression)
		switch name {
		case "url":
			if url, ok = r.url(value); !ok {
				return Source{}, Hash{}
			}
			s.URL = bareURL(url.Value)
		case "rev":
			rev, ok := r.str(value)
			if !ok {
				return Source{}, Hash{}
			}
			s.Rev, s.RevSpan = rev.Value, rev.Span
		case "ref":
			ref, _ := r.str(value)
			s.Ref = ref.Value
		case "sha256", "hash":
			hash, _ = r.str(value)
		}
	}
	if s.URL == "" || s.Rev == "" {
		return Source{}, Hash{}
	}
	return s, hashOf(hash)
}

// attr is the value of a set's attribute, the zero node where it has none.
func (r *reader) attr(set nixparse.Node, name string) nixparse.Node {
	if !isSet(set) {
		return nixparse.Node{}
	}
	for b := range bindingsOf(set) {
		if only, ok := onlyName(r, b); ok && only == name {
			return b.Child(nixparse.FieldExpression)
		}
	}
	return nixparse.Node{}
}

func (r *reader) crate2nixDependencies(c *Crate, kind DependencyKind, value nixparse.Node) {
	if value.IsZero() || value.Kind() != nixparse.ListExpression {
		c.Incomplete = true
		return
	}
	for e := range elements(value) {
		set := nixparse.Unparen(e)
		d := Dependency{Kind: kind, UsesDefaultFeatures: true, Span: r.span(e)}
		readable := isSet(set)
		for field := range bindingsOf(set) {
			name, ok := onlyName(r, field)
			if !ok {
				readable = false
				continue
			}
			value := nixparse.Unparen(field.Child(nixparse.FieldExpression))
			var s Literal
			switch name {
			case "name":
				s, ok = r.str(value)
				d.Name = s.Value
			case "packageId":
				s, ok = r.str(value)
				d.PackageID, d.TargetSpan = s.Value, s.Span
			case "rename":
				s, ok = r.str(value)
				d.Rename = s.Value
			case "optional":
				d.Optional = r.isVariable(value, "true")
			case "usesDefaultFeatures":
				d.UsesDefaultFeatures = !r.isVariable(value, "false")
			case "features":
				d.Features, ok = r.list(value)
			case "target":
				d.Condition = r.code(targetBody(value))
			}
			readable = readable && ok
		}
		if d.PackageID == "" || !readable {
			c.Incomplete = true
		}
		if d.PackageID != "" {
			r.deps = append(r.deps, d)
		}
	}
}

// targetBody is the condition itself of `{ target, features }: …`.
func targetBody(n nixparse.Node) nixparse.Node {
	if !n.IsZero() && n.Kind() == nixparse.FunctionExpression {
		return n.Child(nixparse.FieldBody)
	}
	return n
}

func (r *reader) crate2nixFeatures(c *Crate, value nixparse.Node) {
	if !isSet(value) {
		c.Incomplete = true
		return
	}
	for b := range bindingsOf(value) {
		// A feature's name may hold a dot only inside quotes, so each is one name.
		name, ok := onlyName(r, b)
		if !ok {
			c.Incomplete = true
			continue
		}
		f := Feature{Name: name, Span: r.span(b)}
		if f.Enables, ok = r.list(b.Child(nixparse.FieldExpression)); !ok {
			c.Incomplete = true
		}
		r.features = append(r.features, f)
	}
}
