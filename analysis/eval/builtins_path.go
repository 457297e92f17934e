package eval

import (
	"io/fs"
	"path"
	"strings"
)

var pathBuiltins = []builtin{
	{name: "import", arity: 1, global: true, call: func(c *Call) Value {
		return c.onPath(0, func(p *Path) Value { return c.importPath(c.Site, p) })
	}},
	{name: "pathExists", arity: 1, call: func(c *Call) Value {
		return c.onPath(0, func(p *Path) Value {
			if _, err := fs.Stat(c.options.Files, p.Name); err != nil {
				return c.bool(false)
			}
			return c.bool(true)
		})
	}},
	{name: "readFile", arity: 1, call: func(c *Call) Value {
		return c.onPath(0, func(p *Path) Value {
			text, other := c.readText(p)
			if other != nil {
				return other
			}
			if strings.IndexByte(text, 0) >= 0 {
				return c.fail("the contents of the file '%s' cannot be represented as a Nix string", p.Name)
			}
			return c.text(text)
		})
	}},
	{name: "readDir", arity: 1, call: func(c *Call) Value {
		return c.onPath(0, func(p *Path) Value {
			entries, err := fs.ReadDir(c.options.Files, p.Name)
			if err != nil {
				return c.readError(c.Site, p.Name, err)
			}
			c.spend(len(entries))
			attrs := make([]*Attr, len(entries))
			for i, entry := range entries {
				attrs[i] = &Attr{Name: entry.Name(), Value: Ready(c.text(fileType(entry.Type())))}
			}
			return newAttrs(c.Site, attrs)
		})
	}},
	{name: "readFileType", arity: 1, call: func(c *Call) Value {
		return c.onPath(0, func(p *Path) Value {
			info, err := fs.Stat(c.options.Files, p.Name)
			if err != nil {
				return c.readError(c.Site, p.Name, err)
			}
			return c.text(fileType(info.Mode().Type()))
		})
	}},
	{name: "baseNameOf", arity: 1, global: true, call: func(c *Call) Value {
		return c.each(c.Site, c.Arg(0), func(v Value) Value {
			if p, ok := v.(*Path); ok {
				if p.Name == "." || strings.HasSuffix(p.Name, "..") {
					return c.unknown(c.Site, "depends on how the workspace's folder is called")
				}
				return c.text(path.Base(p.Name))
			}
			return c.onCoerced(0, coercion{}, func(s *String) Value { return c.baseName(s) })
		})
	}},
	{name: "dirOf", arity: 1, global: true, call: func(c *Call) Value {
		return c.each(c.Site, c.Arg(0), func(v Value) Value {
			if p, ok := v.(*Path); ok {
				if !strings.HasPrefix(p.Name, "/") {
					return &Path{made{c.Site}, path.Join(p.Name, "..")}
				}
				return &Path{made{c.Site}, path.Dir(p.Name)}
			}
			return c.onCoerced(0, coercion{}, func(s *String) Value { return c.dirName(s) })
		})
	}},
	{name: "toPath", arity: 1, call: func(c *Call) Value {
		return c.onCoerced(0, coercion{}, func(s *String) Value {
			text, ok := s.Text()
			switch {
			case !ok:
				return s
			case !strings.HasPrefix(text, "/"):
				return c.fail("string %s doesn't represent an absolute path", show(s))
			}
			return c.text(path.Clean(text), s.Context)
		})
	}},
}

// onPath applies f to an argument that is used as a path of the workspace. One that leads elsewhere is a question for the host.
func (c *Call) onPath(i int, f func(*Path) Value) Value {
	return c.each(c.Site, c.Arg(i), func(v Value) Value {
		p, other := c.pathOf(c.Site, v)
		if err, ok := other.(*Error); ok {
			return err
		}
		if p == nil {
			return c.fromOutside()
		}
		if !p.Inside() {
			return c.unknown(c.Site, brief(p)+" is outside of the workspace")
		}
		if c.options.Files == nil {
			return c.unknown(c.Site, "there are no files")
		}
		return f(p)
	})
}

// readText reads a file of the workspace.
func (e *Evaluator) readText(p *Path) (string, Value) {
	data, err := fs.ReadFile(e.options.Files, p.Name)
	if err != nil {
		return "", e.readError(p.at, p.Name, err)
	}
	if len(data) > maxString {
		return "", e.unknown(p.at, p.Name+" is too long")
	}
	e.spend(len(data) / byteStep)
	return string(data), nil
}

func fileType(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "directory"
	case mode&fs.ModeSymlink != 0:
		return "symlink"
	case mode.IsRegular():
		return "regular"
	}
	return "unknown"
}

// baseName is what follows the last slash; one slash at the end does not count.
func (c *Call) baseName(s *String) Value {
	text, known := s.Text()
	if !known {
		text = s.Suffix()
	}
	trimmed := strings.TrimSuffix(text, "/")
	i := strings.LastIndexByte(trimmed, '/')
	if i < 0 && !known {
		return c.obscured(c.Site, s, s.Context)
	}
	return c.text(trimmed[i+1:], s.Context)
}

// dirName is what stands before the last slash.
func (c *Call) dirName(s *String) Value {
	if text, ok := s.Text(); ok {
		switch i := strings.LastIndexByte(text, '/'); i {
		case -1:
			return c.text(".", s.Context)
		case 0:
			return c.text("/", s.Context)
		default:
			return c.text(text[:i], s.Context)
		}
	}
	suffix := s.Suffix()
	i := strings.LastIndexByte(suffix, '/')
	if i < 0 {
		return c.obscured(c.Site, s, s.Context)
	}
	var b textBuilder
	b.add(&String{Parts: s.Parts[:len(s.Parts)-1], Context: s.Context})
	b.addText(suffix[:i])
	return b.result(c.Evaluator, c.Site)
}
