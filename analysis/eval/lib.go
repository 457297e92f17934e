package eval

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/nixparse"
)

// The parts of nixpkgs' lib that flakes use, written in Nix: so what is not known in their arguments is handled as everywhere.
//
//go:embed lib.nix
var libSource []byte

// libNames are the names that lib has in nixpkgs, one a line. Functions that lib.nix does not have are opaque; other names are not lib's.
//
//go:embed lib_names.txt
var libNames string

var libTree = nixparse.Parse(libSource)

// Lib is the library of nixpkgs, an Opaque root named `lib`: functions of which the meaning is known are among its known attributes, the
// others are opaque.
func (e *Evaluator) Lib() *Opaque {
	if e.lib == nil {
		e.loadPrelude()
	}
	return e.lib
}

// FlakeUtils is the attribute `lib` of the flake flake-utils. The systems are those of eachDefaultSystem.
func (e *Evaluator) FlakeUtils(systems ...string) Value {
	e.begin()
	e.Lib()
	names := make([]Value, len(systems))
	for i, system := range systems {
		names[i] = NewString(system)
	}
	return e.apply(e.utils, Ready(NewList(names...)), Origin{})
}

func (e *Evaluator) loadPrelude() {
	e.lib = &Opaque{Root: "lib", Sealed: true}
	outside := newAttrs(Origin{}, []*Attr{
		{Name: "opaque", Value: Ready(&Opaque{Root: "lib"})},
		{Name: "isKnownNull", Value: Ready(NewBuiltin("isKnownNull", 1, isKnownNull))},
	})
	prelude := e.fileThunk(&File{Tree: libTree, prelude: true})
	v := e.apply(e.force(prelude), Ready(outside), Origin{})
	known, _ := e.selectAttr(v, "lib", Origin{})
	e.utils, _ = e.selectAttr(v, "utils", Origin{})
	set, ok := known.(*Attrs)
	if !ok {
		set = newAttrs(Origin{}, nil) // a mistake of ours, which the tests of lib.nix find
	}
	var others []*Attr
	for line := range strings.Lines(libNames) {
		name := strings.TrimSpace(line)
		if set.Attr(name) == nil {
			others = append(others, &Attr{Name: name, Value: Ready(&Opaque{From: e.lib, Attr: name})})
		}
	}
	e.lib.Known = e.update(Origin{}, set, newAttrs(Origin{}, others))
}

// isKnownNull tells null from packages. A package from outside may be null as well, but then nobody lists it.
func isKnownNull(c *Call) Value {
	v := c.Arg(0)
	if err, ok := v.(*Error); ok {
		return err
	}
	_, null := v.(*Null)
	return c.bool(null)
}

// sources are functions outside that give a copy of a folder, perhaps without some files: which argument is the folder (from 0), and under which
// attribute of it.
var sources = map[string]struct {
	arg  int
	attr string
}{
	"lib.cleanSource":                   {0, ""},
	"lib.cleanSourceWith":               {0, "src"},
	"lib.sourceByRegex":                 {0, ""},
	"lib.sourceFilesBySuffices":         {0, ""},
	"lib.fileset.toSource":              {0, "root"},
	"lib.sources.cleanSource":           {0, ""},
	"lib.sources.cleanSourceWith":       {0, "src"},
	"lib.sources.sourceByRegex":         {0, ""},
	"lib.sources.sourceFilesBySuffices": {0, ""},
	"builtins.path":                     {0, "path"},
	"builtins.filterSource":             {1, ""},
}

// sourceOf gives the folder that the result of a call is a copy of; nil when it is none.
func (e *Evaluator) sourceOf(o *Opaque) *Path {
	const mostArgs, mostNames = 2, 3 // of the table above
	var args []*Thunk
	for ; o.Arg != nil; o = o.From {
		if args = append(args, o.Arg); len(args) > mostArgs {
			return nil
		}
	}
	slices.Reverse(args)
	name := ""
	for n := 0; o.From != nil; o = o.From {
		if n++; n > mostNames || o.Arg != nil {
			return nil
		}
		name = "." + o.Attr + name
	}
	which, ok := sources[o.Root+name]
	if !ok || len(args) <= which.arg {
		return nil
	}
	v := e.force(args[which.arg])
	if which.attr != "" {
		if v, ok = e.selectAttr(v, which.attr, Origin{}); !ok {
			return nil
		}
	}
	p, _ := e.pathOf(Origin{}, v)
	return p
}
