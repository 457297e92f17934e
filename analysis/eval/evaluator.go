package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/cargonix/cargonix/nixparse"
)

// Options say what the evaluator works on, and what opaque values mean. All hooks may be nil; they may call the evaluator's methods.
type Options struct {
	// Files is the workspace. Nothing else is read.
	Files fs.FS

	// Parse gives the tree of a file's text; nil for nixparse.Parse. It is here so that a host can remember trees.
	Parse func(path string, text []byte) *nixparse.Tree

	// System is builtins.currentSystem; empty for one that is not known.
	System string

	// Select is asked when an attribute that is not in o.Known is selected from o. When ok is false, the result is a longer Opaque.
	Select func(e *Evaluator, o *Opaque, name string, at Origin) (v Value, ok bool)

	// Apply is asked when an Opaque is called: c.Callee is the *Opaque, c.Args the one argument. When ok is false, the result is a longer
	// Opaque. `import`, `fetchTarball`, `path` and other builtins that give something from outside are called by way of it as well; their
	// callee is the attribute of the root `builtins`.
	Apply func(c *Call) (v Value, ok bool)

	// Has is asked whether o has an attribute that is not in o.Known, for `o ? name`, `o.name or …` and variables under `with`. Without it,
	// and unless o is sealed, the answer is Maybe.
	Has func(o *Opaque, name string) Presence

	// Bound is told of the variables of every let and rec that evaluation gets to: those that nothing asks for can be looked at afterwards.
	Bound func(vars []*Attr)

	// Import is asked before a file of the workspace is evaluated. When ok is false, it is evaluated.
	Import func(path string) (v Value, ok bool)

	// SearchPath gives the value of <name>. Without it, it is an Opaque root with that name, brackets included.
	SearchPath func(name string, at Origin) Value
}

// Evaluator evaluates the files of one workspace. It remembers what it computed.
type Evaluator struct {
	options Options
	files   map[string]*Thunk
	globals *scope
	lib     *Opaque
	utils   Value

	depth       int
	steps       int
	totalSteps  int
	speculation int // branches that may not be taken, and that the evaluation is in
	// assumptions counts the times that something unknown was taken to be as it should be: a value that was forced is no error, an
	// assertion holds. tryEval needs to know.
	assumptions int
	cycles      int // times that infinite recursion was found
}

// New makes an evaluator.
func New(options Options) *Evaluator {
	if options.Parse == nil {
		options.Parse = func(_ string, text []byte) *nixparse.Tree { return nixparse.Parse(text) }
	}
	e := &Evaluator{options: options, files: map[string]*Thunk{}}
	e.globals = e.newGlobals()
	return e
}

// Steps tells how much work was done so far, in evaluated expressions.
func (e *Evaluator) Steps() int { return e.totalSteps }

// Speculating tells whether the evaluation is in a branch that may not be taken: a call that Options.Apply sees then is not certain.
func (e *Evaluator) Speculating() bool { return e.speculation > 0 }

// begin refills the steps when the call comes from outside.
func (e *Evaluator) begin() {
	if e.depth == 0 {
		e.steps = 0
	}
}

// Force gives a thunk's value.
func (e *Evaluator) Force(t *Thunk) Value {
	e.begin()
	return e.force(t)
}

// Import gives the value of a file, or of the default.nix of a folder.
func (e *Evaluator) Import(name string) Value {
	e.begin()
	return e.importPath(Origin{}, &Path{Name: path.Clean(name)})
}

// Select gives an attribute of a value, along a path. Where it is missing, the result is an Error.
func (e *Evaluator) Select(v Value, names ...string) Value {
	e.begin()
	for _, name := range names {
		switch v.(type) {
		case *Error:
			return v
		}
		next, ok := e.selectAttr(v, name, Origin{})
		if !ok {
			if _, p := e.find(v, name, Origin{}); p == Absent && !isSet(v) {
				return e.mismatch(v.Origin(), v, "a set")
			}
			return &Error{made: made{v.Origin()}, Message: fmt.Sprintf("attribute '%s' missing", name)}
		}
		v = next
	}
	return v
}

func isSet(v Value) bool {
	switch v.(type) {
	case *Attrs, *Opaque, *Choice, *Unknown:
		return true
	}
	return false
}

// Find looks for an attribute of a value, and does not evaluate it. The thunk is nil when it is absent.
func (e *Evaluator) Find(v Value, name string) (*Thunk, Presence) {
	e.begin()
	return e.find(v, name, Origin{})
}

// Apply calls a function. The site is the Origin of the results that have no other; it may be zero.
func (e *Evaluator) Apply(fn Value, arg *Thunk, site Origin) Value {
	e.begin()
	return e.apply(fn, arg, site)
}

// Enumerate calls f with every attribute of a set that is there for certain, sorted by name. The attributes' values are those that Select gives.
// complete tells whether there can be no others.
func (e *Evaluator) Enumerate(v Value, f func(attr *Attr)) (complete bool) {
	e.begin()
	switch v := v.(type) {
	case *Attrs:
		attrs := make([]*Attr, 0, len(v.layers))
		for attr := range v.All() {
			if t, p := e.find(v, attr.Name, attr.At); p == Present && t != attr.Value {
				attr = &Attr{Name: attr.Name, Value: t, At: attr.At}
			}
			attrs = append(attrs, attr)
		}
		for _, attr := range newAttrs(Origin{}, attrs).sorted() {
			f(attr)
		}
		return v.Complete()
	case *Opaque:
		if v.Known != nil {
			e.Enumerate(v.Known, f)
		}
	}
	return false
}

func (a *Attrs) sorted() []*Attr {
	if len(a.layers) == 0 {
		return nil
	}
	return a.layers[0].attrs
}

// spend takes steps and tells whether there were enough.
func (e *Evaluator) spend(n int) bool {
	e.steps += n
	e.totalSteps += n
	return e.steps <= maxSteps && e.totalSteps <= maxTotalSteps
}

// enter begins an evaluation inside of others. It must be followed by leave when the result is nil.
func (e *Evaluator) enter(at Origin) Value {
	if e.depth >= maxDepth {
		return e.unknown(at, "evaluation is nested too deeply")
	}
	if !e.spend(1) {
		return e.unknown(at, "evaluation takes too many steps")
	}
	e.depth++
	return nil
}

func (e *Evaluator) leave() { e.depth-- }

func (e *Evaluator) unknown(at Origin, reason string) *Unknown {
	e.assumptions++
	return &Unknown{made: made{at}, Reason: reason}
}

// dependsOn is what becomes of an operation on an opaque value that needs to know it.
func (e *Evaluator) dependsOn(at Origin, o *Opaque) *Unknown {
	e.assumptions++
	if at.IsZero() {
		at = o.at
	}
	return &Unknown{made: made{at}, Reason: "depends on " + o.String(), Opaque: o}
}

// because is the reason why a value is not known.
func (e *Evaluator) because(v Value) *Unknown {
	switch v := v.(type) {
	case *Unknown:
		return v
	case *Opaque:
		return e.dependsOn(v.at, v)
	case *Choice:
		return v.Because
	case *List:
		for _, item := range v.Items {
			if item.Rest != nil {
				return e.because(item.Rest)
			}
		}
	case *Attrs:
		for _, l := range v.layers {
			if l.rest != nil {
				return e.because(l.rest)
			}
		}
	case *String:
		for _, part := range v.Parts {
			if part.Hole != nil {
				if p, ok := part.Hole.(*Path); ok {
					return e.unknown(v.at, "depends on where "+brief(p)+" is in the store")
				}
				return e.because(part.Hole)
			}
		}
	}
	return e.unknown(v.Origin(), "not known")
}

// notKnown is the reason as a result, placed where the operation is.
func (e *Evaluator) notKnown(at Origin, v Value) Value {
	u := e.because(v)
	if at.IsZero() || u.at == at {
		return u
	}
	if !u.at.IsZero() {
		at = u.at
	}
	return &Unknown{made: made{at}, Reason: u.Reason, Opaque: u.Opaque}
}

func fail(at Origin, format string, args ...any) *Error {
	return &Error{made: made{at}, Message: fmt.Sprintf(format, args...)}
}

// mismatch is the error of a value of the wrong type; a value that is an error is that error.
func (e *Evaluator) mismatch(at Origin, v Value, want string) *Error {
	if err, ok := v.(*Error); ok {
		return err
	}
	return fail(at, "value is %s while %s was expected", v.TypeName(), want)
}

// importPath evaluates a file of the workspace.
func (e *Evaluator) importPath(at Origin, p *Path) Value {
	if !p.Inside() {
		return e.unknown(at, brief(p)+" is outside of the workspace")
	}
	name := p.Name
	if e.options.Files == nil {
		return e.unknown(at, "there are no files")
	}
	if info, err := fs.Stat(e.options.Files, name); err == nil && info.IsDir() {
		name = path.Join(name, "default.nix")
	}
	if t, ok := e.files[name]; ok {
		return e.force(t)
	}
	if e.options.Import != nil {
		if v, ok := e.options.Import(name); ok {
			e.files[name] = Ready(v)
			return v
		}
	}
	data, err := fs.ReadFile(e.options.Files, name)
	if err != nil {
		return e.readError(at, name, err)
	}
	t := e.fileThunk(&File{Path: name, Tree: e.options.Parse(name, data)})
	e.files[name] = t
	return e.force(t)
}

func (e *Evaluator) fileThunk(file *File) *Thunk {
	root := file.Tree.Root()
	return &Thunk{at: Origin{file, root}, scope: &scope{parent: e.globals, file: file}, node: root}
}

// readError is what reading a file gives that cannot be read: an error when it is not there.
func (e *Evaluator) readError(at Origin, name string, err error) Value {
	if errors.Is(err, fs.ErrNotExist) {
		return fail(at, "getting status of '%s': No such file or directory", name)
	}
	return e.unknown(at, name+" cannot be read")
}

// Update is a // b.
func (e *Evaluator) Update(a, b Value) Value {
	e.begin()
	return e.updateValues(b.Origin(), a, b)
}
