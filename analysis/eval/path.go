package eval

import (
	"path"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/nixparse"
)

// evalPath evaluates a path literal, which may have interpolations.
func (e *Evaluator) evalPath(s *scope, n nixparse.Node, at Origin) Value {
	if s.file.prelude || s.file.Path == "" {
		return e.unknown(at, "a path outside of files")
	}
	var b textBuilder
	for c := range n.Children() {
		switch c.Kind() {
		case nixparse.PathFragment:
			b.addText(string(c.Text()))
		case nixparse.Interpolation:
			v := e.eval(s, c.Child(nixparse.FieldExpression))
			if err := e.coerce(&b, s.origin(c), v, coercion{}); err != nil {
				return err
			}
		}
	}
	joined := b.result(e, at)
	text, ok := joined.(*String)
	if !ok {
		return joined
	}
	name, ok := text.Text()
	if !ok {
		return e.notKnown(at, text)
	}
	return &Path{made{at}, resolve(path.Dir(s.file.Path), name)}
}

// resolve makes the name of a path that is written in a file of the folder.
func resolve(dir, name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	if strings.HasPrefix(name, "~") {
		return "~" + path.Clean("/"+name[1:])
	}
	return path.Join(dir, name)
}

// joinPath is path + right.
func (e *Evaluator) joinPath(at Origin, left *Path, right Value) Value {
	switch right := right.(type) {
	case *Path:
		if strings.HasPrefix(right.Name, "/") {
			return e.appendPath(at, left.Name, right.Name)
		}
		return e.unknown(at, "depends on where the workspace is")
	case *Attrs, *Opaque:
		s := e.toText(at, right, coercion{})
		if text, ok := s.(*String); ok {
			return e.notKnown(at, text)
		}
		return s
	case *String:
		if len(right.Context) > 0 {
			if _, known := right.Text(); known {
				return fail(at, "a string that refers to a store path cannot be appended to a path")
			}
		}
		text, ok := right.Text()
		if !ok {
			return e.notKnown(at, right)
		}
		return e.appendPath(at, left.Name, text)
	}
	return e.mismatch(at, right, "a string")
}

// appendPath joins the texts of a path and a string, as Nix does: without a slash between them.
func (e *Evaluator) appendPath(at Origin, name, text string) Value {
	switch {
	case text == "":
		return &Path{made{at}, name}
	case strings.HasPrefix(text, "/"):
		return &Path{made{at}, path.Join(name, text)}
	case name == "." || name == ".." || strings.HasSuffix(name, "/.."):
		return e.unknown(at, "depends on how the workspace's folder is called")
	}
	return &Path{made{at}, path.Clean(name + text)}
}

// pathOf gives the place in the workspace that a value stands for when it is used as a path: a path, a copy of one, or a string that begins
// with one. The value is the *Error or what is not known otherwise.
func (e *Evaluator) pathOf(at Origin, v Value) (*Path, Value) {
	if u := e.enter(at); u != nil {
		return nil, u
	}
	defer e.leave()
	switch v := v.(type) {
	case *Path:
		return v, nil
	case *Opaque:
		if v.Source != nil {
			return v.Source, nil
		}
		if v.Known != nil {
			if t, p := e.find(v.Known, "outPath", at); p == Present {
				return e.pathOf(at, e.force(t))
			}
		}
		return nil, v
	case *Attrs:
		s, ok := e.toText(at, v, coercion{}).(*String)
		if !ok || slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Hole == Value(v) }) {
			return nil, v
		}
		return e.pathOf(at, s)
	case *String:
		if text, ok := v.Text(); ok {
			if strings.HasPrefix(text, "/") {
				return &Path{made{at}, path.Clean(text)}, nil
			}
			return nil, fail(at, "string %s doesn't represent an absolute path", show(v))
		}
		if v.Parts[0].Hole == nil || len(v.Parts) > 2 {
			return nil, v
		}
		base, other := e.pathOf(at, v.Parts[0].Hole)
		if other != nil || base == nil {
			return nil, v
		}
		if len(v.Parts) == 1 {
			return base, nil
		}
		if v.Parts[1].Hole != nil || !strings.HasPrefix(v.Parts[1].Text, "/") {
			return nil, v
		}
		return &Path{made{at}, path.Join(base.Name, v.Parts[1].Text)}, nil
	case *Error, *Unknown, *Choice:
		return nil, v
	}
	return nil, fail(at, "cannot coerce %s to a path", v.TypeName())
}

// PathOf gives the place in the workspace that a value stands for when it is used as a path or source: a path, a (filtered) copy of one, a
// string that begins with one. It is nil for others.
func (e *Evaluator) PathOf(v Value) *Path {
	e.begin()
	p, _ := e.pathOf(v.Origin(), v)
	return p
}
