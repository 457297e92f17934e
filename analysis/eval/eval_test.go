package eval_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cargonix/cargonix/analysis/eval"
)

// workspace makes files out of names and texts.
func workspace(files ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fs[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fs
}

// outside evaluates an expression with roots: `pkgs`, `inputs` and `cond` are opaque, `lib` is the library.
func outside(t *testing.T, options eval.Options, text string, more ...string) (*eval.Evaluator, eval.Value) {
	t.Helper()
	options.Files = workspace(append([]string{"main.nix", "{ pkgs, inputs, cond, lib, self }: " + text}, more...)...)
	e := eval.New(options)
	self := eval.NewOpaque("self")
	self.Source = eval.NewPath(".")
	arguments := eval.NewAttrs(
		&eval.Attr{Name: "pkgs", Value: eval.Ready(eval.NewOpaque("pkgs"))},
		&eval.Attr{Name: "inputs", Value: eval.Ready(eval.NewOpaque("inputs"))},
		&eval.Attr{Name: "cond", Value: eval.Ready(eval.NewOpaque("cond"))},
		&eval.Attr{Name: "lib", Value: eval.Ready(e.Lib())},
		&eval.Attr{Name: "self", Value: eval.Ready(self)},
	)
	return e, e.Apply(e.Import("main.nix"), eval.Ready(arguments), eval.Origin{})
}

// describeValue writes a value in one line: `…` and what follows is not known, `|` separates alternatives.
func describeValue(e *eval.Evaluator, v eval.Value) string { return describeDeep(e, v, 0) }

func describeDeep(e *eval.Evaluator, v eval.Value, depth int) string {
	if depth > 8 {
		return "deep"
	}
	describeValue := func(e *eval.Evaluator, v eval.Value) string { return describeDeep(e, v, depth+1) }
	switch v := v.(type) {
	case *eval.Null:
		return "null"
	case *eval.Bool:
		return fmt.Sprint(v.Value)
	case *eval.Int:
		return fmt.Sprint(v.Value)
	case *eval.Float:
		return fmt.Sprint(v.Value)
	case *eval.String:
		var b strings.Builder
		b.WriteByte('"')
		for _, part := range v.Parts {
			b.WriteString(part.Text)
			if part.Hole != nil {
				b.WriteString("${" + describeValue(e, part.Hole) + "}")
			}
		}
		b.WriteByte('"')
		return b.String()
	case *eval.Path:
		return "./" + v.Name
	case *eval.List:
		var parts []string
		for _, item := range v.Items {
			if item.Rest != nil {
				parts = append(parts, "…"+describeValue(e, item.Rest))
			} else {
				parts = append(parts, describeValue(e, e.Force(item.Value)))
			}
		}
		return "[" + strings.Join(parts, " ") + "]"
	case *eval.Attrs:
		var parts []string
		for rest := range v.Rests() {
			parts = append(parts, "…"+describeValue(e, rest))
		}
		e.Enumerate(v, func(a *eval.Attr) { parts = append(parts, a.Name+"="+describeValue(e, e.Force(a.Value))) })
		return "{" + strings.Join(parts, " ") + "}"
	case *eval.Opaque:
		return v.String()
	case *eval.Choice:
		var parts []string
		for _, alternative := range v.Of {
			parts = append(parts, describeValue(e, alternative))
		}
		return "(" + strings.Join(parts, " | ") + ")"
	case *eval.Unknown:
		return "?" + v.Reason
	case *eval.Error:
		return "error: " + v.Message
	}
	return v.TypeName()
}

func TestOutside(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{`pkgs.openssl`, `pkgs.openssl`},
		{`pkgs.openssl.dev`, `pkgs.openssl.dev`},
		{`pkgs."a b"`, `pkgs."a b"`},
		{`inputs.crane.mkLib pkgs`, `inputs.crane.mkLib pkgs`},
		{`(inputs.crane.mkLib pkgs).buildPackage { }`, `(inputs.crane.mkLib pkgs).buildPackage { }`},
		{`with pkgs; [ openssl zlib ]`, `[pkgs.openssl pkgs.zlib]`},
		{`with pkgs; with lib; optional true openssl`, `[pkgs.openssl]`},
		{`with lib; with pkgs; [ (optionals cond [ zlib ]) ]`, `[(pkgs.optionals cond [ … ] | [pkgs.zlib] | [])]`},
		{`let openssl = 1; in with pkgs; openssl`, `1`},
		{`[ pkgs.a ] ++ lib.optional cond pkgs.b`, `[pkgs.a …([pkgs.b] | [])]`},
		{`[ pkgs.a ] ++ lib.optional (cond == 1) pkgs.b ++ [ pkgs.c ]`, `[pkgs.a …([pkgs.b] | []) pkgs.c]`},
		{`[ 1 ] ++ pkgs.list`, `[1 …pkgs.list]`},
		{`map (x: x.dev) ([ pkgs.a ] ++ lib.optionals cond [ pkgs.b pkgs.c ])`, `[pkgs.a.dev …([pkgs.b.dev pkgs.c.dev] | [])]`},
		{`map (n: pkgs.${n}) [ "a" "b" ]`, `[pkgs.a pkgs.b]`},
		{`builtins.filter (x: x != null) [ null pkgs.a 1 ]`, `[…([pkgs.a] | []) 1]`},
		{`builtins.head ([ 1 ] ++ pkgs.list)`, `1`},
		{`builtins.length ([ 1 ] ++ lib.optional cond 2)`, `(2 | 1)`},
		{`builtins.length ([ 1 ] ++ pkgs.list)`, `?depends on pkgs.list`},
		{`builtins.elem 1 ([ 1 ] ++ pkgs.list)`, `true`},
		{`if cond then 1 else 2`, `(1 | 2)`},
		{`if cond then 1 else 1`, `1`},
		{`if cond then throw "x" else 2`, `2`},
		{`assert cond; 2`, `2`},
		{`(if cond then { a = 1; } else { a = 2; b = 3; }).a`, `(1 | 2)`},
		{`(if cond then { a = 1; } else { }).a or 5`, `(1 | 5)`},
		{`(if cond then x: x + 1 else x: x + 2) 1`, `(2 | 3)`},
		{`cond && false`, `false`},
		{`cond || true`, `true`},
		{`false && cond`, `false`},
		{`(cond && true)`, `?depends on cond`},
		{`!cond`, `?depends on cond`},
		{`cond -> true`, `true`},
		{`{ a = 1; } // lib.optionalAttrs cond { b = 2; }`, `{…({b=2} | {}) a=1}`},
		{`({ a = 1; } // lib.optionalAttrs cond { b = 2; }).a`, `1`},
		{`({ a = 1; b = 1; } // lib.optionalAttrs cond { b = 2; }).b`, `(2 | 1)`},
		{`(pkgs.drv // { a = 1; }).a`, `1`},
		{`(pkgs.drv // { a = 1; }).b`, `pkgs.drv.b`},
		{`({ a = 1; } // pkgs.set).a`, `(pkgs.set.a | 1)`},
		{`({ a = 1; } // pkgs.set) ? b`, `?depends on pkgs.set`},
		{`{ a = 1; } ? b`, `false`},
		{`removeAttrs ({ a = 1; } // pkgs.set) [ "a" ] ? a`, `false`},
		{`(old: { x = (old.x or [ ]) ++ [ pkgs.a ]; }) pkgs.old`, `{x=[…(pkgs.old.x | []) pkgs.a]}`},
		{`({ a, b ? 2, ... }: [ a b ]) pkgs`, `[pkgs.a (pkgs.b | 2)]`},
		{`({ a, ... }@args: args // { c = 1; }) pkgs`, `{…pkgs c=1}`},
		{`"${pkgs.a}/lib"`, `"${pkgs.a}/lib"`},
		{`pkgs.a + "/lib"`, `"${pkgs.a}/lib"`},
		{`"x-${cond}" == "y"`, `false`},
		{`"x-${cond}" == "x-y"`, `?depends on cond`},
		{`lib.makeLibraryPath [ pkgs.a pkgs.b ]`, `"${lib.getLib pkgs.a}/lib:${lib.getLib pkgs.b}/lib"`},
		{`lib.makeBinPath (with pkgs; [ a ])`, `"${lib.getBin a}/bin"`},
		{`lib.hasPrefix "ab" "abc${cond}"`, `true`},
		{`lib.hasPrefix "b" "abc${cond}"`, `false`},
		{`lib.hasSuffix "-linux" cond`, `?depends on cond`},
		{`lib.unknownFunction 1`, `lib.unknownFunction 1`},
		{`lib.getExe pkgs.hello`, `lib.getExe pkgs.hello`},
		{`lib.mapAttrs (n: v: v.build) pkgs.set`, `builtins.mapAttrs (…) pkgs.set`},
		{`(lib.mapAttrs (n: v: [ n v.build ]) pkgs.set).x`, `["x" pkgs.set.x.build]`},
		{`lib.mapAttrs (n: v: v + 1) ({ a = 1; } // lib.optionalAttrs cond { b = 2; })`, `{…({b=3} | {}) a=2}`},
		{`lib.genAttrs [ "x" "y" ] (s: pkgs.${s})`, `{x=pkgs.x y=pkgs.y}`},
		{`{ ${cond} = 1; a = 2; }.a`, `2`},
		{`{ ${cond} = 1; a = 2; }.b`, `?depends on cond`},
		{`pkgs.${cond}`, `?depends on cond`},
		{`pkgs.${if cond then "a" else "b"}`, `(pkgs.a | pkgs.b)`},
		{`builtins.tryEval pkgs.a`, `({success=true value=pkgs.a} | {success=false value=false})`},
		{`builtins.isString pkgs.a`, `?depends on pkgs.a`},
		{`builtins.isString "${pkgs.a}"`, `true`},
		{`builtins.isString (pkgs.a + "/x")`, `?depends on pkgs.a`},
		{`pkgs.a == pkgs.a`, `?depends on pkgs.a`},
		{`pkgs.a < 1`, `?depends on pkgs.a`},
		{`1 + pkgs.a`, `?depends on pkgs.a`},
		{`lib.recursiveUpdate { a.b = 1; } { a.c = pkgs.x; }`, `{a={b=1 c=pkgs.x}}`},
		{`lib.filterAttrs (n: v: n != "a") { a = 1; b = pkgs.x; }`, `{b=pkgs.x}`},
		{`builtins.intersectAttrs { a = 0; b = 0; } ({ a = 1; } // pkgs.set)`, `{…({b=pkgs.set.b} | {}) a=(pkgs.set.a | 1)}`},
		{`lib.cleanSource ./src`, `lib.cleanSource ./src`},
		{`builtins.fetchTarball { url = "x"; }`, `builtins.fetchTarball { … }`},
		{`import pkgs.path { }`, `builtins.import pkgs.path { }`},
		{`import <nixpkgs> { }`, `builtins.import <nixpkgs> { }`},
		{`builtins.concatStringsSep " " ([ "a" ] ++ lib.optional cond "b")`, `("a b" | "a")`},
		{`toString [ "a" pkgs.b ]`, `"a ${pkgs.b}"`},
		{`let x = if cond then x else 1; in x`, `1`},
		{`let f = n: if cond then [ ] else [ n ] ++ f (n + 1); in builtins.length (f 0)`, `(0 | 1 | 2 | 3 | ?more than 16 possible values)`},
		{`(lib.makeOverridable ({ a }: { b = a; }) { a = pkgs.x; }).override { a = pkgs.y; }`, `{b=pkgs.y override=a function}`},
		{`let x = if cond then s else 1; s = x + 1; in [ x s ]`, `[1 2]`},
		{`undefined`, `error: undefined variable 'undefined'`},
		{`with pkgs; undefined`, `pkgs.undefined`},
	} {
		e, v := outside(t, eval.Options{}, test.text)
		if got := describeValue(e, v); got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestFiles(t *testing.T) {
	files := []string{
		"nix/default.nix", `{ pkgs }: { x = pkgs.a; y = import ./other.nix; z = ../Cargo.toml; }`,
		"nix/other.nix", `[ ./data.json ../nix ]`,
		"Cargo.toml", "[package]\nname = \"app\"\nversion = \"1.2.0\"\n[workspace]\nmembers = [ \"a\" ]\n",
		"data.json", `{"a":[1,2.5]}`, "text", "abc\n",
		"cycle.nix", `import ./cycle.nix`, "broken.nix", `{ a = 1; b = ; c = [ 1 ) 2 ]; d = 4; }`,
	}
	for _, test := range []struct{ text, want string }{
		{`import ./nix { inherit pkgs; }`, `{x=pkgs.a y=[./nix/data.json ./nix] z=./Cargo.toml}`},
		{`(import (./. + "/nix") { inherit pkgs; }).x`, `pkgs.a`},
		{`(import "${self}/nix" { inherit pkgs; }).x`, `pkgs.a`},
		{`(import (self + "/nix/default.nix") { inherit pkgs; }).x`, `pkgs.a`},
		{`(lib.importTOML ./Cargo.toml).package`, `{name="app" version="1.2.0"}`},
		{`(builtins.fromTOML (builtins.readFile ./Cargo.toml)).workspace.members`, `["a"]`},
		{`(lib.importTOML (lib.cleanSource ./. + "/Cargo.toml")).package.name`, `"app"`},
		{`(lib.importTOML "${lib.fileset.toSource { root = ./.; fileset = ./nix; }}/Cargo.toml").package.name`, `"app"`},
		{`(lib.importTOML (builtins.path { path = ./.; name = "x"; } + "/Cargo.toml")).package.name`, `"app"`},
		{`(lib.importJSON ./data.json).a`, `[1 2.5]`},
		{`builtins.readFile ./text`, "\"abc\n\""},
		{`lib.fileContents ./text`, `"abc"`},
		{`builtins.readFile ./none`, `error: getting status of 'none': No such file or directory`},
		{`builtins.pathExists ./none`, `false`},
		{`builtins.pathExists ./nix`, `true`},
		{`builtins.pathExists ../other`, `?../other is outside of the workspace`},
		{`builtins.readDir ./nix`, `{default.nix="regular" other.nix="regular"}`},
		{`import ./none.nix`, `error: getting status of 'none.nix': No such file or directory`},
		{`import ../x.nix`, `?../x.nix is outside of the workspace`},
		{`import /etc/x.nix`, `?/etc/x.nix is outside of the workspace`},
		{`import ./cycle.nix`, `error: infinite recursion encountered`},
		{`import ./broken.nix`, `{…?syntax error a=1 b=?syntax error c=?syntax error d=4}`},
		{`./nix/${"other.nix"}`, `./nix/other.nix`},
		{`./nix/${cond}`, `?depends on cond`},
		{`./. + "/a/../b"`, `./b`},
		{`./a + "b"`, `./ab`},
		{`"${./a}/b"`, `"${./a}/b"`},
		{`toString ./a`, `"${./a}"`},
		{`baseNameOf ./a/b.nix`, `"b.nix"`},
		{`baseNameOf "${./a}/c"`, `"c"`},
		{`dirOf ./a/b.nix`, `./a`},
		{`./a == ./a`, `true`},
		{`builtins.typeOf ./a`, `"path"`},
		{`builtins.readFile (pkgs.x + "/y")`, `builtins.readFile "…"`},
	} {
		e, v := outside(t, eval.Options{}, test.text, files...)
		got := describeValue(e, v)
		if test.text == "import ./broken.nix" {
			if !strings.Contains(got, "a=1") || !strings.Contains(got, "syntax error") {
				t.Errorf("%s\n got %s", test.text, got)
			}
			continue
		}
		if got != test.want {
			t.Errorf("%s\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

// text is what stands at an origin.
func text(o eval.Origin) string {
	if o.IsZero() {
		return "nowhere"
	}
	return string(o.File.Tree.Source()[o.Span().Start:o.Span().End])
}

// Elements, attributes and values know where they were written, whatever they went through.
func TestOrigins(t *testing.T) {
	e, v := outside(t, eval.Options{}, `
	let
	  common = [ pkgs.a pkgs.b ];
	  args = { x = common; inherit (pkgs) y; z.w = "text"; };
	in {
	  list = map (p: p.dev) (common ++ lib.optionals true (with pkgs; [ c ]) ++ map (n: pkgs.${n}) [ "d" ]);
	  set = args // { x = common ++ [ pkgs.e ]; };
	  same = lib.mapAttrs (n: v: v) args;
	  filtered = builtins.filter (p: true) common;
	  from = lib.optional true pkgs.f;
	}`)
	var got []string
	add := func(format string, args ...any) { got = append(got, fmt.Sprintf(format, args...)) }
	for _, name := range []string{"list", "filtered", "from"} {
		elements, ok := e.Select(v, name).(*eval.List).Elements()
		if !ok {
			t.Fatal(name)
		}
		for _, element := range elements {
			add("%s: %s: %s", name, text(element.Origin()), text(e.Force(element).Origin()))
		}
	}
	for _, name := range []string{"set", "same"} {
		e.Enumerate(e.Select(v, name), func(a *eval.Attr) {
			add("%s.%s: %s: %s: %s", name, a.Name, text(a.At), text(a.Value.Origin()), text(e.Force(a.Value).Origin()))
		})
	}
	want := []string{
		`list: pkgs.a: p.dev`, `list: pkgs.b: p.dev`, `list: c: p.dev`, `list: "d": p.dev`,
		`filtered: pkgs.a: pkgs.a`, `filtered: pkgs.b: pkgs.b`,
		`from: pkgs.f: pkgs.f`,
		`set.x: x: common ++ [ pkgs.e ]: common ++ [ pkgs.e ]`, `set.y: y: y: y`, `set.z: z: z: z`,
		`same.x: x: common: [ pkgs.a pkgs.b ]`, `same.y: y: y: y`, `same.z: z: z: z`,
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got\n%s\nwant\n%s", g, w)
	}
}

// A host makes derivations of calls: their arguments can be read back, they can be overridden, and strings remember them.
func TestHooks(t *testing.T) {
	type build struct{ name string }
	var derivation func(c *eval.Call, arguments eval.Value) eval.Value
	derivation = func(c *eval.Call, arguments eval.Value) eval.Value {
		name := describeValue(c.Evaluator, c.Evaluator.Select(arguments, "pname"))
		o := &eval.Opaque{From: c.Callee.(*eval.Opaque), Arg: eval.Ready(arguments), Data: build{name}}
		known := []*eval.Attr{{Name: "type", Value: eval.Ready(eval.NewString("derivation"))}}
		override := eval.NewBuiltin("overrideAttrs", 1, func(inner *eval.Call) eval.Value {
			changes := inner.Evaluator.Apply(inner.Arg(0), eval.Ready(arguments), inner.Site)
			return derivation(&eval.Call{Evaluator: c.Evaluator, Callee: c.Callee, Site: inner.Site}, inner.Evaluator.Update(arguments, changes))
		})
		known = append(known, &eval.Attr{Name: "overrideAttrs", Value: eval.Ready(override)})
		c.Enumerate(arguments, func(a *eval.Attr) { known = append(known, a) })
		o.Known = eval.NewAttrs(known...)
		return o
	}
	options := eval.Options{
		Apply: func(c *eval.Call) (eval.Value, bool) {
			if c.Callee.(*eval.Opaque).Attr == "buildRustPackage" {
				return derivation(c, c.Arg(0)), true
			}
			return nil, false
		},
		Select: func(e *eval.Evaluator, o *eval.Opaque, name string, at eval.Origin) (eval.Value, bool) {
			if names, ok := o.Names(); ok && names[0] == "pkgs" && name == "system" {
				return eval.NewString("x86_64-linux"), true
			}
			return nil, false
		},
	}
	e, v := outside(t, options, `
	let app = pkgs.rustPlatform.buildRustPackage { pname = "app"; buildInputs = [ pkgs.openssl ]; };
	in rec {
	  inputs = app.buildInputs ++ [ pkgs.z ];
	  other = app.overrideAttrs (old: { pname = old.pname + "-x"; buildInputs = old.buildInputs ++ [ pkgs.y ]; });
	  script = pkgs.writeShellScript "run" "exec ${app}/bin/app ''${other}";
	  mentions = "${other}/bin";
	  isDerivation = lib.isDerivation app;
	  system = pkgs.system + pkgs.stdenv.x.system;
	  wrapped = app // { meta = 1; };
	  name = wrapped.pname;
	  string = "${wrapped}";
	}`)
	for _, test := range [][2]string{
		{"inputs", `[pkgs.openssl pkgs.z]`},
		{"isDerivation", `true`},
		{"name", `"app"`},
	} {
		if got := describeValue(e, e.Select(v, test[0])); got != test[1] {
			t.Errorf("%s: got %s, want %s", test[0], got, test[1])
		}
	}
	other := e.Select(v, "other").(*eval.Opaque)
	if other.Data != (build{`"app-x"`}) {
		t.Errorf("got %v", other.Data)
	}
	if got := describeValue(e, e.Select(other, "buildInputs")); got != `[pkgs.openssl pkgs.y]` {
		t.Error(got)
	}
	for _, name := range []string{"mentions", "string"} {
		found := false
		for _, mentioned := range e.Select(v, name).(*eval.String).Context {
			if o, ok := mentioned.(*eval.Opaque); ok && o.Data != nil {
				found = true
			}
			if set, ok := mentioned.(*eval.Attrs); ok {
				for rest := range set.Rests() {
					found = found || rest.(*eval.Opaque).Data != nil
				}
			}
		}
		if !found {
			t.Errorf("%s does not mention the build", name)
		}
	}
}

// What nothing asks for can be found: unused variables, and calls in branches that may not be taken.
func TestUnreached(t *testing.T) {
	var calls []string
	var bound []*eval.Attr
	options := eval.Options{
		Bound: func(vars []*eval.Attr) { bound = append(bound, vars...) },
		Apply: func(c *eval.Call) (eval.Value, bool) {
			calls = append(calls, fmt.Sprintf("%s certain=%v", text(c.Site), !c.Speculating()))
			return nil, false
		},
	}
	e, v := outside(t, options, `let used = pkgs.f 1; unused = pkgs.f 2; in if cond then pkgs.f 3 else used`)
	describeValue(e, v)
	for _, variable := range bound {
		e.Force(variable.Value)
	}
	want := "pkgs.f 3 certain=false, pkgs.f 1 certain=false, pkgs.f 2 certain=true"
	if got := strings.Join(calls, ", "); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestFlake(t *testing.T) {
	files := workspace("flake.nix", `{
	  inputs.nixpkgs.url = "github:NixOS/nixpkgs";
	  inputs.unused.url = "x";
	  outputs = { self, nixpkgs, flake-utils, ... }@inputs: flake-utils.lib.eachDefaultSystem (system: rec {
	    packages.app = nixpkgs.legacyPackages.${system}.hello;
	    packages.other = self.packages.${system}.app;
	    version = (nixpkgs.lib.importTOML "${self}/Cargo.toml").package.version;
	    revision = self.rev or "dirty";
	    names = builtins.attrNames inputs;
	    clean = self ? rev;
	  });
	}`, "Cargo.toml", "[package]\nversion = \"0.3.0\"\n")
	e := eval.New(eval.Options{Files: files, Select: func(e *eval.Evaluator, o *eval.Opaque, name string, at eval.Origin) (eval.Value, bool) {
		switch o.Root + "." + name {
		case "inputs.flake-utils.lib":
			return e.FlakeUtils("x86_64-linux", "aarch64-darwin"), true
		case "inputs.nixpkgs.lib":
			return e.Lib(), true
		}
		return nil, false
	}})
	flake, err := e.Flake("flake.nix", func(name string) eval.Value { return eval.NewOpaque("inputs." + name) })
	if err != nil {
		t.Fatal(describeValue(e, err))
	}
	for path, want := range map[string]string{
		"packages.x86_64-linux.app":     `inputs.nixpkgs.legacyPackages.x86_64-linux.hello`,
		"packages.aarch64-darwin.other": `inputs.nixpkgs.legacyPackages.aarch64-darwin.hello`,
		"version.x86_64-linux":          `"0.3.0"`,
		"revision.x86_64-linux":         `(self.rev | "dirty")`,
		"names.x86_64-linux":            `["flake-utils" "nixpkgs" "self" "unused"]`,
		"clean.x86_64-linux":            `?depends on the state of the git repository`,
	} {
		if got := describeValue(e, e.Select(e.Force(flake.Outputs), strings.Split(path, ".")...)); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
