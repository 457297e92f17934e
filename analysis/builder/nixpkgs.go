package builder

import (
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
	"github.com/cargonix/cargonix/nixparse"
)

// packageSet is nixpkgs for one platform, with overlays. Its attributes are, unless an overlay or nixpkgs' own functions are asked for, packages that
// are known by their path.
type packageSet struct {
	build, host platform
	prefix      string // where a cross set stands in the one it came from: "pkgsStatic."
	overlays    []eval.Value
	results     []*eval.Thunk // what each overlay gives
	level       int           // the overlays from here on are not there: `prev`
	final       *eval.Opaque
	parts       map[string]eval.Value // nixpkgs' own attributes that were made
	crossed     map[string]*eval.Opaque
	whole       *packageSet // the set that level belongs to
	unread      string      // why not all overlays are known; empty where they are
}

// packagesFor is nixpkgs without overlays.
func (m *model) packagesFor(system string) *eval.Opaque {
	if o := m.packages[system]; o != nil {
		return o
	}
	p := systemPlatform(system)
	o := m.newPackages(&packageSet{build: p, host: p}, "pkgs")
	m.packages[system] = o
	return o
}

func (m *model) newPackages(s *packageSet, name string) *eval.Opaque {
	s.whole = s
	s.parts = map[string]eval.Value{}
	s.level = len(s.overlays)
	s.final = &eval.Opaque{Root: name, Data: s}
	for i, overlay := range s.overlays {
		prev := *s
		prev.level = i
		before := &eval.Opaque{Root: name, Data: &prev}
		s.results = append(s.results, eval.Lazy(func(e *eval.Evaluator) eval.Value {
			return e.Apply(e.Apply(overlay, eval.Ready(s.final), eval.Origin{}), eval.Ready(before), eval.Origin{})
		}))
	}
	return s.final
}

// importNixpkgs is `import nixpkgs { … }`.
func (m *model) importNixpkgs(args eval.Value) eval.Value {
	s := &packageSet{build: systemPlatform(m.system)}
	local, _ := m.may(args, "localSystem")
	if local == nil {
		local, _ = m.may(args, "system")
	}
	if local != nil {
		s.build = m.platformOf(local)
	}
	s.host = s.build
	if cross, _ := m.may(args, "crossSystem"); cross != nil {
		if _, none := cross.(*eval.Null); !none {
			s.host = m.platformOf(cross)
		}
	}
	overlays, certain := m.may(args, "overlays")
	if overlays != nil {
		s.overlays = m.elements(overlays)
		if l, ok := overlays.(*eval.List); !ok || !l.Complete() || !certain {
			s.unread = "not all overlays of nixpkgs are known"
		}
	}
	if len(s.overlays) == 0 && s.unread == "" && s.host == s.build && !s.build.unclear {
		return m.packagesFor(s.build.system)
	}
	return m.newPackages(s, "pkgs")
}

// replaces tells whether an overlay that is not known may have replaced packages, and why.
func (s *packageSet) replaces(m *model) string {
	own := s.whole
	if own.unread != "" {
		return own.unread
	}
	for _, result := range own.results {
		set, ok := m.e.Force(result).(*eval.Attrs)
		if !ok {
			return "an overlay of nixpkgs is not known: " + why(m.e.Force(result))
		}
		if !set.Complete() && !onlyChoices(set) {
			return "an overlay of nixpkgs is not known in whole"
		}
	}
	return ""
}

// elements are the elements of a list that are known.
func (m *model) elements(v eval.Value) []eval.Value {
	l, ok := v.(*eval.List)
	if !ok {
		return nil
	}
	var out []eval.Value
	for _, item := range l.Items {
		if item.Rest == nil {
			out = append(out, m.e.Force(item.Value))
		}
	}
	return out
}

func (s *packageSet) overlaid(m *model, name string) (*eval.Thunk, eval.Presence) {
	for i := s.level - 1; i >= 0; i-- {
		result := m.e.Force(s.whole.results[i])
		set, ok := result.(*eval.Attrs)
		if !ok {
			continue // an overlay of which nothing is known adds names, and changes what they stand for, but not the names
		}
		t, p := m.e.Find(set, name)
		if p == eval.Present {
			return t, p
		}
		// Layers of it that come from outside do not count either; a choice of known sets does.
		if p == eval.Maybe && onlyChoices(set) {
			return t, p
		}
	}
	return nil, eval.Absent
}

func onlyChoices(set *eval.Attrs) bool {
	for rest := range set.Rests() {
		if _, ok := rest.(*eval.Choice); !ok {
			return false
		}
	}
	return true
}

func (s *packageSet) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	if t, p := s.overlaid(m, name); p == eval.Present {
		return m.e.Force(t)
	}
	own := s.whole
	if v, ok := own.parts[name]; ok {
		return v // nil for a plain package
	}
	v := own.part(m, name)
	own.parts[name] = v
	return v
}

func (s *packageSet) has(m *model, name string) eval.Presence {
	if _, p := s.overlaid(m, name); p == eval.Present {
		return p
	}
	if slices.Contains(certainPackages, name) || s.whole.parts[name] != nil {
		return eval.Present
	}
	return eval.Maybe
}

// certainPackages are attributes that every nixpkgs of the last years has, and that functions of package files have defaults for.
var certainPackages = []string{
	"lib", "pkgs", "stdenv", "rustPlatform", "callPackage", "system", "mkShell", "pkg-config", "openssl", "cargo", "rustc", "clippy", "rustfmt", "darwin",
	"runCommand", "writeShellScriptBin", "writeText", "buildPackages", "makeRustPlatform", "fetchFromGitHub", "defaultCrateOverrides", "buildRustCrate",
	"git", "cmake", "zlib", "sqlite", "fetchurl", "makeWrapper", "hello", "python3", "python3Packages", "llvmPackages", "xorg", "gst_all_1",
}

// part makes an attribute of nixpkgs that is no plain package; nil for one that is.
func (s *packageSet) part(m *model, name string) eval.Value {
	o := s.final
	self := func() *eval.Opaque { return &eval.Opaque{From: o, Attr: name} }
	with := func(data any) *eval.Opaque { v := self(); v.Data = data; return v }
	switch name {
	case "lib":
		return m.e.Lib()
	case "pkgs", "__splicedPackages", "pkgsHostTarget", "targetPackages", "pkgsTargetTarget", "pkgsHostHost":
		return o
	case "system":
		return eval.NewString(s.host.system)
	case "stdenv", "stdenvNoCC", "clangStdenv", "gccStdenv", "libcxxStdenv", "fastStdenv", "multiStdenv", "stdenvAdapters":
		if name == "stdenvAdapters" {
			return with(&adapters{s})
		}
		return m.stdenv(s, self())
	case "overrideCC", "overrideSDK", "useMoldLinker", "keepDebugInfo", "withCFlags", "addAttrsToDerivation", "overrideLibcxx":
		return m.adapter(s, name)
	case "hostPlatform", "targetPlatform":
		return m.platformOpaque(s.host)
	case "buildPlatform":
		return m.platformOpaque(s.build)
	case "callPackage", "callPackages":
		return m.callPackage(o)
	case "newScope":
		return fn("newScope", 1, func(c *eval.Call) eval.Value { return m.callPackageIn(o, c.Arg(0)) })
	case "extend":
		return fn("extend", 1, func(c *eval.Call) eval.Value { return m.extend(s, c.Arg(0)) })
	case "appendOverlays":
		return fn("appendOverlays", 1, func(c *eval.Call) eval.Value { return m.extend(s, m.elements(c.Arg(0))...) })
	case "makeOverridable", "recurseIntoAttrs", "dontRecurseIntoAttrs", "makeScope", "callPackageWith":
		return m.e.Select(m.e.Lib(), name)
	case "buildPackages", "pkgsBuildHost", "pkgsBuildBuild", "pkgsBuildTarget":
		if s.host.config == s.build.config {
			return o
		}
		return s.variant(m, "buildPackages", s.build)
	case "pkgsStatic":
		p := s.host.musl()
		p.static = true
		return s.variant(m, name, p)
	case "pkgsMusl":
		return s.variant(m, name, s.host.musl())
	case "pkgsi686Linux":
		return s.variant(m, name, systemPlatform("i686-linux"))
	case "pkgsLLVM", "pkgsHardening":
		return o
	case "pkgsCross":
		return with(&crossSets{s})
	case "rustPlatform":
		return with(&rustPlatform{pkgs: s})
	case "makeRustPlatform":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			v := &eval.Opaque{From: o, Attr: "rustPlatform"}
			v.Data = &rustPlatform{pkgs: s, toolchain: c.Arg(0)}
			return v
		})
	case "buildRustPackage":
		return m.e.Select(m.e.Select(o, "rustPlatform"), name)
	// What no nixpkgs has, and only one project's overlay adds: that overlay was applied somewhere that we do not see.
	case "rust-bin":
		return m.rustBin()
	case "rustChannelOf":
		return m.rustChannelOf()
	case "fenix":
		return m.fenixSet(self())
	case "rustBuilder":
		return m.rustBuilder(o)
	case "naersk":
		return m.naerskLib(o, nil)
	case "buildRustCrate":
		return with(&buildRustCrate{pkgs: s})
	case "defaultCrateOverrides":
		return with(defaultOverrides{})
	case "mkShell", "mkShellNoCC":
		return with(&maker{pkgs: s, function: name, shell: true})
	case "python3Packages", "python3", "python":
		return with(&python{s})
	case "nix-gitignore":
		return with(gitignore{})
	}
	if strings.HasPrefix(name, "python3") {
		return with(&python{s})
	}
	if strings.HasPrefix(name, "rustPackages") {
		return with(&rustPackages{s})
	}
	if strings.HasPrefix(name, "llvmPackages") {
		return with(&llvm{s})
	}
	if name == "rust" || strings.HasPrefix(name, "rust_1_") {
		return with(&rustSet{s})
	}
	return nil
}

// variant is the package set for another platform, under its name in this one.
func (s *packageSet) variant(m *model, name string, host platform) eval.Value {
	own := s.whole
	if o := own.crossed[name]; o != nil {
		return o
	}
	o := m.newPackages(&packageSet{build: s.build, host: host, prefix: s.prefix + name + ".", overlays: own.overlays, unread: own.unread}, s.prefix+name)
	if own.crossed == nil {
		own.crossed = map[string]*eval.Opaque{}
	}
	own.crossed[name] = o
	return o
}

func (m *model) extend(s *packageSet, overlays ...eval.Value) eval.Value {
	own := s.whole
	return m.newPackages(&packageSet{build: s.build, host: s.host, prefix: s.prefix, overlays: slices.Concat(own.overlays, overlays), unread: own.unread}, "pkgs")
}

// crossSets is pkgsCross.
type crossSets struct{ s *packageSet }

func (x *crossSets) attr(m *model, _ *eval.Opaque, name string, _ eval.Origin) eval.Value {
	p, ok := crossExamples[name]
	if !ok {
		p = "unknown-" + name
	}
	return x.s.variant(m, "pkgsCross."+name, triplePlatform(p))
}

// llvm is llvmPackages: a set of packages with a stdenv.
type llvm struct{ s *packageSet }

func (l *llvm) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "stdenv" || name == "libcxxStdenv" {
		return m.stdenv(l.s, &eval.Opaque{From: o, Attr: name})
	}
	return nil
}

// python is python3 or python3Packages.
type python struct{ s *packageSet }

func (p *python) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	v := &eval.Opaque{From: o, Attr: name}
	switch name {
	case "pkgs":
		v.Data = p
	case "buildPythonPackage", "buildPythonApplication":
		v.Data = &maker{pkgs: p.s, builder: MkDerivation, function: name}
	case "callPackage":
		return m.callPackageIn(p.s.final, o)
	default:
		return nil
	}
	return v
}

// rustSet is pkgs.rust, rustPackages those of one version.
type rustSet struct{ s *packageSet }

func (r *rustSet) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	switch name {
	case "packages":
		return &eval.Opaque{From: o, Attr: name, Data: r}
	case "stable", "prebuilt":
		return &eval.Opaque{From: o, Attr: name, Data: &rustPackages{r.s}}
	case "toRustTarget", "toRustTargetSpec":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			if t := m.given(c.Arg(0), "rust", "rustcTarget"); t != nil {
				return t
			}
			return eval.NewUnknown("depends on a platform that is not known")
		})
	case "envVars":
		return nil
	}
	return (&rustPackages{r.s}).attr(m, o, name, eval.Origin{})
}

type rustPackages struct{ s *packageSet }

func (r *rustPackages) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "rustPlatform" {
		return &eval.Opaque{From: o, Attr: name, Data: &rustPlatform{pkgs: r.s}}
	}
	return nil
}

// callPackage is pkgs.callPackage: it gives the function the arguments that the set has.
func (m *model) callPackage(pkgs *eval.Opaque) eval.Value {
	return fn("callPackage", 2, func(c *eval.Call) eval.Value { return m.callWith(pkgs, nil, c) })
}

func (m *model) callPackageIn(pkgs *eval.Opaque, extra eval.Value) eval.Value {
	return fn("callPackage", 2, func(c *eval.Call) eval.Value { return m.callWith(pkgs, extra, c) })
}

func (m *model) callWith(pkgs *eval.Opaque, extra eval.Value, c *eval.Call) eval.Value {
	callee := m.callee(c.Arg(0))
	if callee == nil {
		return eval.NewUnknown("callPackage of something that is not known")
	}
	return m.overridable(callee, pkgs, extra, c.Arg(1), c.Site)
}

// callee is the function that callPackage calls: itself, or what a path or input gives when it is imported.
func (m *model) callee(v eval.Value) eval.Value {
	switch v := v.(type) {
	case *eval.Path:
		if v.Inside() {
			return m.e.Import(v.Name)
		}
		return nil
	case *eval.Opaque:
		if _, ok := v.Data.(*generatedFile); ok {
			return v
		}
		if d, ok := v.Data.(*input); ok {
			if f := m.imported(v, d); f != nil {
				return f
			}
		}
		if v.Data == nil {
			if p := m.e.PathOf(v); p != nil && p.Inside() {
				return m.e.Import(p.Name)
			}
		}
		return v
	case *eval.String:
		if p := m.e.PathOf(v); p != nil && p.Inside() {
			return m.e.Import(p.Name)
		}
		return nil
	}
	return v
}

// overridable calls a function with what the package set has of its formals and the given arguments, and gives its result `override`.
func (m *model) overridable(callee eval.Value, pkgs *eval.Opaque, extra, args eval.Value, site eval.Origin) eval.Value {
	var given eval.Value = args
	if lambda, ok := callee.(*eval.Lambda); ok {
		if formals, _, ok := lambda.Formals(); ok {
			var auto []*eval.Attr
			var maybe []string // that nixpkgs may have, and that have a default
			for _, formal := range formals {
				if _, p := m.e.Find(args, formal.Name); p == eval.Present {
					continue
				}
				if extra != nil {
					t, p := m.e.Find(extra, formal.Name)
					if o, ok := extra.(*eval.Opaque); ok && p == eval.Maybe {
						p = m.has(o, formal.Name)
					}
					if p == eval.Present && (formal.Default.IsZero() || !isOption(formal.Default)) {
						auto = append(auto, &eval.Attr{Name: formal.Name, Value: t})
						continue
					}
				}
				if !formal.Default.IsZero() && m.has(pkgs, formal.Name) != eval.Present && isOption(formal.Default) {
					continue
				}
				name := formal.Name
				if !formal.Default.IsZero() && m.has(pkgs, name) != eval.Present && !isPackage(formal.Default, name) {
					maybe = append(maybe, name)
					continue
				}
				auto = append(auto, lazy(name, func(e *eval.Evaluator) eval.Value { return e.Select(pkgs, name) }))
			}
			known := eval.NewAttrs(auto...)
			if len(maybe) > 0 {
				known = eval.Under(known, &eval.Opaque{Root: "whether nixpkgs has the argument", Data: &fallback{pkgs, maybe}})
			}
			given = m.merge(known, args)
		}
	} else if pkgs != nil {
		// A function that takes its argument whole, or one of the host's: the arguments as they are, and pkgs for the generated files.
		if g, ok := callee.(*eval.Opaque); ok {
			if _, ok := g.Data.(*generatedFile); ok {
				given = m.merge(eval.NewAttrs(attr("pkgs", pkgs)), args)
			}
		} else if _, ok := callee.(*eval.Builtin); ok {
			given = m.merge(eval.NewAttrs(attr("pkgs", pkgs)), args)
		}
	}
	result := m.e.Apply(callee, eval.Ready(given), site)
	return m.withOverride(result, func(c *eval.Call) eval.Value {
		change := c.Arg(0)
		if isFunction(change) {
			change = m.e.Apply(change, eval.Ready(given), c.Site)
		}
		return m.overridable(callee, pkgs, extra, m.merge(args, change), c.Site)
	})
}

// fallback is what a package set may have of some names.
type fallback struct {
	pkgs  *eval.Opaque
	names []string
}

func (f *fallback) attr(m *model, _ *eval.Opaque, name string, _ eval.Origin) eval.Value {
	return m.e.Select(f.pkgs, name)
}

func (f *fallback) has(_ *model, name string) eval.Presence {
	if slices.Contains(f.names, name) {
		return eval.Maybe
	}
	return eval.Absent
}

// isPackage tells whether a formal with that default is a package for certain: `openssl ? pkgs.openssl`, where either is the same, and
// `nix-output-monitor ? null`, for nobody calls a setting so.
func isPackage(n nixparse.Node, name string) bool {
	switch n = nixparse.Unparen(n); n.Kind() {
	case nixparse.SelectExpression:
		return string(n.Text()) == "pkgs."+name
	case nixparse.VariableExpression:
		return string(n.Text()) == "null" && strings.Contains(name, "-")
	}
	return false
}

// isOption tells whether the default of a formal makes it a setting and no package: `withGui ? true`.
func isOption(n nixparse.Node) bool {
	switch nixparse.Unparen(n).Kind() {
	case nixparse.StringExpression, nixparse.IndentedStringExpression, nixparse.IntegerExpression, nixparse.ListExpression,
		nixparse.AttrsetExpression, nixparse.PathExpression, nixparse.FunctionExpression:
		return true
	case nixparse.VariableExpression:
		name := string(nixparse.Unparen(n).Text())
		return name == "true" || name == "false"
	}
	return false
}

// withOverride gives a result an `override` that makes it anew.
func (m *model) withOverride(v eval.Value, override func(*eval.Call) eval.Value) eval.Value {
	f := fn("override", 1, override)
	switch v := v.(type) {
	case *eval.Attrs:
		return m.merge(v, eval.NewAttrs(attr("override", f)))
	case *eval.Opaque:
		if d, ok := v.Data.(*derivation); ok {
			copied := *d
			copied.override = f
			o := *v
			o.Data = &copied
			return &o
		}
	}
	return v
}

func isFunction(v eval.Value) bool {
	switch v.(type) {
	case *eval.Lambda, *eval.Builtin:
		return true
	}
	return false
}

// merge is a // b.
func (m *model) merge(a, b eval.Value) eval.Value {
	update := mergeFunction(m.e)
	return m.e.Apply(m.e.Apply(update, eval.Ready(a), eval.Origin{}), eval.Ready(b), eval.Origin{})
}

// without is a set less some attributes.
func (m *model) without(set eval.Value, names ...string) eval.Value {
	removed := make([]*eval.Attr, len(names))
	for i, name := range names {
		removed[i] = &eval.Attr{Name: name} // an attribute without a value takes away what lies below
	}
	return m.merge(set, eval.NewAttrs(removed...))
}

func mergeFunction(e *eval.Evaluator) eval.Value { return e.Select(e.Lib(), "mergeAttrs") }

// overlays

// overlaySet is the attribute `overlays` or `overlay` of a project's flake: every overlay in it is the one.
type overlaySet struct{ project flake.Project }

func (s *overlaySet) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "default" || name == string(s.project) || isSystem(name) || name == "combined" || name == "rust-overlay" || name == "rust" {
		return m.overlay(s.project)
	}
	return nil
}

func (s *overlaySet) call(m *model, _ *eval.Opaque, c *eval.Call) eval.Value {
	return m.e.Apply(m.overlay(s.project), c.Args[0], c.Site)
}

// overlay is what a project's overlay adds to nixpkgs.
func (m *model) overlay(project flake.Project) eval.Value {
	return fn("overlay of "+string(project), 2, func(c *eval.Call) eval.Value {
		final := c.Arg(0)
		switch project {
		case flake.RustOverlay, flake.Mozilla:
			return eval.NewAttrs(attr("rust-bin", m.rustBin()), attr("rustChannelOf", m.rustChannelOf()), attr("latest", &eval.Opaque{Root: "latest"}))
		case flake.Cargo2nix:
			return eval.NewAttrs(attr("rust-bin", m.rustBin()), attr("rustBuilder", m.rustBuilder(final)))
		case flake.Fenix:
			return eval.NewAttrs(attr("fenix", m.fenixSet(&eval.Opaque{Root: "fenix"})))
		case flake.Naersk:
			return eval.NewAttrs(lazy("naersk", func(*eval.Evaluator) eval.Value { return m.naerskLib(final, nil) }))
		}
		return eval.NewAttrs()
	})
}

// sources

// sourceFunctions are functions outside of nixpkgs' lib that give a copy of a folder, perhaps without some of its files, by the last part of their
// name; the folder is an argument, or an attribute of it.
var sourceFunctions = []string{
	"gitignoreSource", "gitignoreFilterSource", "gitignoreSourcePure", "gitignoreRecursiveSource", "cleanCargoSource", "cleanSource", "cleanSourceWith",
	"nix-filter",
}

// sourceCopy is the result of a call that copies a folder; nil for others.
func (m *model) sourceCopy(o *eval.Opaque, c *eval.Call) eval.Value {
	callee, args := o.Callee()
	names, ok := callee.Names()
	if !ok || !slices.Contains(sourceFunctions, names[len(names)-1]) || len(args) > 1 {
		return nil
	}
	return m.copyOf(o, c, c.Arg(0))
}

// copyOf is a copy of the folder that a value names.
func (m *model) copyOf(o *eval.Opaque, c *eval.Call, v eval.Value) eval.Value {
	p := m.pathOf(v)
	if p == nil {
		return nil
	}
	return &eval.Opaque{From: o, Arg: c.Args[0], Source: p}
}

// pathOf is the folder or file of the workspace that a value stands for, or names by `src`, `root` or `path`; nil for others.
func (m *model) pathOf(v eval.Value) *eval.Path {
	if v == nil {
		return nil
	}
	if set, ok := v.(*eval.Attrs); ok {
		for _, name := range []string{"src", "root", "path"} {
			if inner := m.given(set, name); inner != nil {
				return m.pathOf(inner)
			}
		}
		if _, p := m.e.Find(set, "outPath"); p != eval.Present {
			return nil
		}
	}
	return m.e.PathOf(v)
}

// gitignore is pkgs.nix-gitignore, whose functions take patterns first.
type gitignore struct{}

func (gitignore) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if !strings.Contains(name, "Source") {
		return nil
	}
	return fn(name, 2, func(c *eval.Call) eval.Value {
		return &eval.Opaque{From: o, Attr: name, Source: m.pathOf(c.Arg(1))}
	})
}

// names

// derivationName is the attribute path of a value that comes from nixpkgs, or its path in the flake that it comes from. ok is false where it is
// not known to be one.
func (m *model) derivationName(v eval.Value) (string, bool) {
	o, ok := v.(*eval.Opaque)
	if !ok {
		return "", false
	}
	var names []string
	for {
		switch d := o.Data.(type) {
		case *packageSet:
			if len(names) == 0 {
				return "", false
			}
			slices.Reverse(names)
			return d.prefix + strings.Join(withoutOutput(names), "."), true
		case *derivation:
			return d.displayName(m), true
		case *toolchain:
			return d.name(), true
		}
		switch {
		case o.Arg != nil:
			// Overriding does not change which package it is; a function's result is none that nixpkgs has a name for.
			switch o.From.Attr {
			case "override", "overrideAttrs", "overrideDerivation", "overridePythonAttrs":
				o = o.From.From
			case "withPackages", "withExtensions", "withPlugins", "wrap":
				o = o.From
			default:
				return "", false
			}
			if o == nil {
				return "", false
			}
		case o.From != nil:
			names = append(names, o.Attr)
			o = o.From
		default:
			slices.Reverse(names)
			names = withoutOutput(withoutSystems(names))
			if in, ok := o.Data.(*input); ok {
				// A package of another flake goes by its name there; the default one by that of the flake.
				if len(names) > 0 && slices.Contains([]string{"packages", "legacyPackages", "defaultPackage"}, names[0]) {
					names = names[1:]
				}
				if len(names) == 0 || len(names) == 1 && names[0] == "default" {
					names = []string{in.name}
				}
				return strings.Join(names, "."), true
			}
			return "", false
		}
	}
}

// outputs are the outputs that multiple-output packages have: `openssl.dev` is of the derivation openssl.
var outputs = []string{"out", "dev", "lib", "bin", "man", "doc", "info", "static", "devdoc", "debug"}

func withoutOutput(names []string) []string {
	for len(names) > 1 && slices.Contains(outputs, names[len(names)-1]) {
		names = names[:len(names)-1]
	}
	return names
}

func withoutSystems(names []string) []string {
	return slices.DeleteFunc(names, isSystem)
}
