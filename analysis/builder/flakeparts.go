package builder

import (
	"slices"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
)

const (
	// maxModules bounds the modules of one flake, and maxImports how deep they import each other.
	maxModules = 500
	maxImports = 30
)

// systemOutputs are the options of flake-parts' perSystem that become outputs.
var systemOutputs = []string{"packages", "checks", "devShells", "apps", "legacyPackages", "formatter"}

// flakePartsLib is flake-parts.lib.
func (m *model) flakePartsLib(o *eval.Opaque) eval.Value {
	return &eval.Opaque{From: o, Attr: "lib", Known: eval.NewAttrs(
		attr("mkFlake", fn("mkFlake", 2, func(c *eval.Call) eval.Value {
			p := &parts{m: m, args: c.Arg(0), site: c.Site, systems: map[string]*part{}}
			return p.outputs(c.Args[1])
		})),
		attr("mkPerSystemOption", fn("mkPerSystemOption", 1, func(c *eval.Call) eval.Value {
			return eval.NewAttrs(&eval.Attr{Name: "module", Value: c.Args[0]})
		})),
		attr("importApply", fn("importApply", 2, func(c *eval.Call) eval.Value {
			f := m.callee(c.Arg(0))
			if f == nil {
				return eval.NewUnknown("importApply of something that is not known")
			}
			return m.e.Apply(f, c.Args[1], c.Site)
		})),
	)}
}

// parts is one call of mkFlake. Its modules are read as far as their options are those of flake-parts itself; what other modules' options do is
// not known, and their values stay opaque.
type parts struct {
	m       *model
	args    eval.Value // the first argument of mkFlake
	site    eval.Origin
	root    *eval.Thunk
	modules []eval.Value // what the modules define, once they were collected
	options []eval.Value // what they declare
	read    bool
	systems map[string]*part
	// foreign is a module of an input, which may define outputs of its own; nil where there is none.
	foreign eval.Value
	// unread says that a module could not be read, so there may be more outputs.
	unread *eval.Unknown
}

// part is perSystem for one system.
type part struct {
	p       *parts
	system  string
	modules []*eval.Thunk
	merged  map[string]eval.Value
	read    bool
}

// configOf is what a module defines: the module itself, or its `config` where it declares options; nil for one that only declares.
func (m *model) configOf(module eval.Value) eval.Value {
	if _, p := m.e.Find(module, "config"); p == eval.Present {
		return m.given(module, "config")
	}
	if _, p := m.e.Find(module, "options"); p == eval.Present {
		return nil
	}
	return module
}

// defined collects what a module defines for an option, mkIf and mkMerge around it resolved. A condition counts only where what it is about has the
// option, as in the module system: so it may depend on others.
func (m *model) defined(module eval.Value, name string, out *[]eval.Value) {
	switch m.givenText(module, "_type") {
	case "if":
		var inner []eval.Value
		m.defined(m.given(module, "content"), name, &inner)
		if len(inner) == 0 {
			return
		}
		switch c := m.given(module, "condition").(type) {
		case *eval.Bool:
			if c.Value {
				*out = append(*out, inner...)
			}
		case nil:
		default:
			*out = append(*out, eval.NewUnknown("depends on a condition: "+why(c)))
		}
		return
	case "merge":
		for _, content := range m.elements(m.given(module, "contents")) {
			m.defined(content, name, out)
		}
		return
	case "override":
		m.defined(m.given(module, "content"), name, out)
		return
	}
	switch v, certain := m.may(module, name); {
	case v == nil:
	case certain:
		m.definitions(v, out)
	default:
		*out = append(*out, eval.NewUnknown("whether it is defined is not known"))
	}
}

func (p *parts) outputs(root *eval.Thunk) eval.Value {
	p.root = root
	var systems []eval.Value
	for _, module := range p.all() {
		var lists []eval.Value
		p.m.defined(module, "systems", &lists)
		for _, list := range lists {
			systems = append(systems, p.m.elements(list)...)
		}
	}
	var attrs []*eval.Attr
	for _, category := range systemOutputs {
		attrs = append(attrs, lazy(category, func(e *eval.Evaluator) eval.Value {
			var each []*eval.Attr
			for _, s := range systems {
				if system, ok := textOf(s); ok && !slices.ContainsFunc(each, func(a *eval.Attr) bool { return a.Name == system }) {
					each = append(each, lazy(system, func(e *eval.Evaluator) eval.Value { return p.system(system).output(category) }))
				}
			}
			return eval.NewAttrs(each...)
		}))
	}
	v := eval.Value(eval.NewAttrs(attrs...))
	if p.unread != nil {
		v = eval.Under(eval.NewAttrs(attrs...), p.unread)
	}
	for _, module := range p.all() {
		if own := p.m.given(module, "flake"); own != nil {
			if isFunction(own) {
				own = p.m.e.Apply(own, eval.Ready(p.arguments(own, nil)), p.site)
			}
			if config := p.m.given(own, "config"); config != nil {
				own = config
			}
			// The systems of one output come from both.
			v = p.m.e.Apply(p.m.e.Apply(p.m.e.Select(p.m.e.Lib(), "recursiveUpdate"), eval.Ready(v), p.site), eval.Ready(own), p.site)
		}
	}
	return v
}

// all are the modules, imports included.
func (p *parts) all() []eval.Value {
	if !p.read {
		p.read = true
		p.collect(p.m.e.Force(p.root), 0)
	}
	return p.modules
}

func (p *parts) collect(v eval.Value, depth int) {
	if depth > maxImports || len(p.modules) > maxModules {
		return
	}
	m := p.m
	switch v.(type) {
	case *eval.Path, *eval.String:
		path := m.e.PathOf(v)
		if path == nil || !path.Inside() {
			p.miss(v)
			return
		}
		v = m.e.Import(path.Name)
	}
	if isFunction(v) {
		v = m.e.Apply(v, eval.Ready(p.arguments(v, nil)), p.site)
	}
	set, ok := v.(*eval.Attrs)
	if !ok {
		if in := foreignInput(v); in != nil {
			p.foreign = v // a module of an input
			if in.project == flake.RustFlake || in.project == flake.CargoNix {
				p.miss(v) // which is there to build Rust
			}
			return
		}
		p.miss(v)
		return
	}
	if config := m.configOf(set); config != nil {
		p.modules = append(p.modules, config)
	}
	if options := m.given(set, "options"); options != nil {
		p.options = append(p.options, options)
	}
	if imports := m.given(set, "imports"); imports != nil {
		for _, module := range m.elements(imports) {
			p.collect(module, depth+1)
		}
		if l, ok := imports.(*eval.List); !ok || !l.Complete() {
			p.miss(imports)
		}
	}
}

// foreignInput is the input that a value comes from; nil where it comes from none.
func foreignInput(v eval.Value) *input {
	o, ok := v.(*eval.Opaque)
	for ok && o.From != nil {
		o = o.From
	}
	if !ok {
		return nil
	}
	in, _ := o.Data.(*input)
	return in
}

func (p *parts) miss(v eval.Value) {
	if p.unread == nil {
		p.unread = eval.NewUnknown("a module of the flake: " + why(v))
	}
}

// arguments are what a module is called with: the arguments that flake-parts has for it and those that modules define.
func (p *parts) arguments(f eval.Value, s *part) eval.Value {
	m := p.m
	inputs := m.given(p.args, "inputs")
	if inputs == nil {
		inputs = eval.NewUnknown("the inputs given to mkFlake are not known")
	}
	self := m.given(p.args, "self")
	if self == nil {
		self = m.e.Select(inputs, "self")
	}
	known := []*eval.Attr{attr("lib", m.e.Lib()), attr("inputs", inputs), attr("self", self)}
	if special := m.given(p.args, "specialArgs"); special != nil {
		m.e.Enumerate(special, func(a *eval.Attr) { known = append(known, a) })
	}
	if s == nil {
		known = append(known,
			attr("config", &eval.Opaque{Root: "config", Data: p}),
			attr("options", &eval.Opaque{Root: "options"}),
			attr("flake-parts-lib", m.flakePartsLib(&eval.Opaque{Root: "flake-parts"})),
			attr("withSystem", fn("withSystem", 2, func(c *eval.Call) eval.Value {
				system, ok := textOf(c.Arg(0))
				if !ok {
					return eval.NewUnknown("withSystem of a system that is not known")
				}
				return m.e.Apply(c.Arg(1), eval.Ready(p.arguments(c.Arg(1), p.system(system))), c.Site)
			})),
			attr("getSystem", fn("getSystem", 1, func(c *eval.Call) eval.Value {
				system, _ := textOf(c.Arg(0))
				return &eval.Opaque{Root: "config", Data: p.system(system)}
			})),
		)
	} else {
		known = append(known,
			attr("system", eval.NewString(s.system)),
			attr("config", &eval.Opaque{Root: "config", Data: s}),
			attr("options", &eval.Opaque{Root: "options"}),
			attr("self'", &eval.Opaque{Root: "self'", Data: s}),
			attr("inputs'", &eval.Opaque{Root: "inputs'", Data: &systemInputs{inputs, s.system}}),
			lazy("pkgs", func(*eval.Evaluator) eval.Value {
				if v := s.argument("pkgs"); v != nil {
					return v
				}
				return m.packagesFor(s.system)
			}),
		)
	}
	lambda, ok := f.(*eval.Lambda)
	if !ok {
		return eval.NewAttrs(known...)
	}
	formals, ellipsis, ok := lambda.Formals()
	if !ok {
		return eval.Under(eval.NewAttrs(known...), eval.NewUnknown("an argument of modules"))
	}
	var out []*eval.Attr
	for _, formal := range formals {
		name := formal.Name
		if i := slices.IndexFunc(known, func(a *eval.Attr) bool { return a.Name == name }); i >= 0 {
			out = append(out, known[i])
			continue
		}
		if !formal.Default.IsZero() {
			continue
		}
		out = append(out, lazy(name, func(*eval.Evaluator) eval.Value {
			if s != nil {
				if v := s.argument(name); v != nil {
					return v
				}
			}
			if v := m.moduleArgument(p.all(), name); v != nil {
				return v
			}
			return &eval.Opaque{Root: name}
		}))
	}
	if ellipsis {
		for _, a := range known {
			if !slices.ContainsFunc(out, func(have *eval.Attr) bool { return have.Name == a.Name }) {
				out = append(out, a)
			}
		}
	}
	return eval.NewAttrs(out...)
}

func (p *parts) system(system string) *part {
	s := p.systems[system]
	if s == nil {
		s = &part{p: p, system: system, merged: map[string]eval.Value{}}
		p.systems[system] = s
	}
	return s
}

// attr is config of the flake's own modules.
func (p *parts) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "allSystems" {
		return bySystem(o, name, func(_ *model, system string, _ *eval.Opaque) eval.Value {
			return &eval.Opaque{Root: "config", Data: p.system(system)}
		})
	}
	n := &optionNode{defined: p.all(), declared: p.options}
	return n.attr(m, o, name, eval.Origin{})
}

// optionNode is a place in the tree of options: what is defined and declared there.
type optionNode struct{ defined, declared []eval.Value }

func (n *optionNode) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	below := &optionNode{}
	for _, v := range n.defined {
		m.defined(v, name, &below.defined)
	}
	var option eval.Value
	for _, v := range n.declared {
		inner := m.given(v, name)
		if inner == nil {
			continue
		}
		if m.givenText(inner, "_type") == "option" {
			option = inner
		}
		below.declared = append(below.declared, inner)
	}
	if option == nil && len(below.declared) > 0 {
		return &eval.Opaque{From: o, Attr: name, Data: below}
	}
	switch {
	case len(below.defined) == 1:
		if set, ok := below.defined[0].(*eval.Attrs); ok && option == nil {
			// An option of a module that is not here: what it is set to is a part of what it is.
			return &eval.Opaque{From: o, Attr: name, Known: set}
		}
		return below.defined[0]
	case len(below.defined) > 1:
		return nil // how they merge depends on the type
	case option != nil:
		return m.given(option, "default")
	}
	return nil
}

// all are the modules of perSystem, each evaluated when it is asked for.
func (s *part) all() []*eval.Thunk {
	if s.read {
		return s.modules
	}
	s.read = true
	m := s.p.m
	for _, module := range s.p.all() {
		if v := m.given(module, "perSystem"); v != nil {
			s.add(v, 0)
		}
	}
	return s.modules
}

func (s *part) add(v eval.Value, depth int) {
	if depth > maxImports || len(s.modules) > maxModules {
		return
	}
	m := s.p.m
	if p, ok := v.(*eval.Path); ok && p.Inside() {
		v = m.e.Import(p.Name)
	}
	if l, ok := v.(*eval.List); ok {
		for _, element := range m.elements(l) {
			s.add(element, depth+1)
		}
		return
	}
	t := eval.Ready(v)
	if isFunction(v) {
		t = eval.Lazy(func(*eval.Evaluator) eval.Value {
			return m.e.Apply(v, eval.Ready(s.p.arguments(v, s)), s.p.site)
		})
	}
	s.modules = append(s.modules, t)
	// Modules have imports of their own. They cannot depend on what the modules define.
	if imports := m.given(m.e.Force(t), "imports"); imports != nil {
		for _, module := range m.elements(imports) {
			s.add(module, depth+1)
		}
	}
}

// defined is what the modules define.
func (s *part) defined() []eval.Value {
	var out []eval.Value
	for _, t := range s.all() {
		if config := s.p.m.configOf(s.p.m.e.Force(t)); config != nil {
			out = append(out, config)
		}
	}
	return out
}

// declared are the options that modules add to perSystem.
func (s *part) declared() []eval.Value {
	m := s.p.m
	var out []eval.Value
	for _, t := range s.all() {
		if options := m.given(m.e.Force(t), "options"); options != nil {
			out = append(out, options)
		}
	}
	s.p.all()
	for _, options := range s.p.options {
		if module := m.given(options, "perSystem", "module"); module != nil {
			if isFunction(module) {
				module = m.e.Apply(module, eval.Ready(s.p.arguments(module, s)), s.p.site)
			}
			if options := m.given(module, "options"); options != nil {
				out = append(out, options)
			}
		}
	}
	return out
}

// argument is what `_module.args` defines; nil where it does not.
func (s *part) argument(name string) eval.Value {
	return s.p.m.moduleArgument(s.defined(), name)
}

// moduleArgument is what modules define as `_module.args.NAME`; nil where they do not.
func (m *model) moduleArgument(modules []eval.Value, name string) eval.Value {
	var all []eval.Value
	for _, module := range modules {
		var own []eval.Value
		m.defined(module, "_module", &own)
		for _, v := range own {
			var args []eval.Value
			m.defined(v, "args", &args)
			for _, v := range args {
				m.defined(v, name, &all)
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// definitions adds up what modules define: mkIf and mkMerge resolved.
func (m *model) definitions(v eval.Value, out *[]eval.Value) {
	set, ok := v.(*eval.Attrs)
	if ok {
		switch m.givenText(set, "_type") {
		case "if":
			switch c := m.given(set, "condition").(type) {
			case *eval.Bool:
				if c.Value {
					m.definitions(m.given(set, "content"), out)
				}
			default:
				*out = append(*out, eval.NewUnknown("depends on a condition that is not known"))
			}
			return
		case "merge":
			for _, content := range m.elements(m.given(set, "contents")) {
				m.definitions(content, out)
			}
			return
		case "override":
			m.definitions(m.given(set, "content"), out)
			return
		}
	}
	if v != nil {
		*out = append(*out, v)
	}
}

// output is one of perSystem's outputs, merged over the modules.
func (s *part) output(name string) eval.Value {
	if v := s.merged[name]; v != nil {
		return v
	}
	m := s.p.m
	var result eval.Value = eval.NewAttrs()
	for _, module := range s.defined() {
		switch module := module.(type) {
		case *eval.Error:
			return module
		case *eval.Unknown:
			result = m.merge(result, module)
			continue
		}
		var all []eval.Value
		m.defined(module, name, &all)
		for _, v := range all {
			if name == "formatter" {
				return v
			}
			result = m.merge(result, v)
		}
	}
	s.merged[name] = result
	return result
}

func (s *part) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if slices.Contains(systemOutputs, name) {
		v := s.output(name)
		if set, ok := v.(*eval.Attrs); ok && s.p.foreign != nil {
			// Other modules may have put more there.
			return eval.Under(set, eval.NewUnknown(why(s.p.foreign)))
		}
		return v
	}
	if name == "_module" {
		return nil
	}
	n := &optionNode{defined: s.defined(), declared: s.declared()}
	return n.attr(m, o, name, eval.Origin{})
}

// systemInputs is inputs' of flake-parts.
type systemInputs struct {
	inputs eval.Value
	system string
}

func (s *systemInputs) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	return &eval.Opaque{From: o, Attr: name, Data: &systemInput{m.e.Select(s.inputs, name), s.system}}
}

type systemInput struct {
	input  eval.Value
	system string
}

func (s *systemInput) attr(m *model, _ *eval.Opaque, name string, _ eval.Origin) eval.Value {
	return m.e.Select(s.input, name, s.system)
}
