package builder

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
)

// toolchain is one that rust-overlay, fenix or nixpkgs-mozilla make.
type toolchain struct {
	from      flake.Project
	channel   string // "stable", "nightly"; empty where it is not known
	version   string // as written: "1.85.0", "2025-01-01", "latest"
	profile   string
	component string // of one that is only a part
	file      string // the toolchain file that says which
	at        eval.Origin
}

func (t *toolchain) name() string {
	name := string(t.from) + ":" + t.channel
	switch {
	case t.file != "":
		return string(t.from) + ":file"
	case t.component != "":
		return name + "." + t.component
	}
	if t.version != "" {
		name += "-" + t.version
	}
	if t.profile != "" {
		name += "." + t.profile
	}
	return name
}

// toolchainParts are the components that can be selected from a toolchain.
var toolchainParts = map[string]bool{
	"cargo": true, "rustc": true, "rust-std": true, "rust-src": true, "rust-docs": true, "clippy": true, "clippy-preview": true, "rustfmt": true,
	"rustfmt-preview": true, "rust-analyzer": true, "llvm-tools-preview": true, "miri": true, "rust": true,
}

func (t *toolchain) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	same := func(change func(*toolchain)) eval.Value {
		n := *t
		change(&n)
		return &eval.Opaque{From: o, Attr: name, Data: &n}
	}
	switch name {
	case "override", "overrideAttrs", "withComponents":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: t}
		})
	case "toolchain":
		return same(func(*toolchain) {})
	case "minimalToolchain", "defaultToolchain", "completeToolchain":
		return same(func(n *toolchain) { n.profile = strings.TrimSuffix(name, "Toolchain") })
	case "version":
		if isVersion(t.version) {
			return eval.NewString(t.version)
		}
		return nil
	}
	if toolchainParts[name] {
		return same(func(n *toolchain) { n.component = name })
	}
	return nil
}

func isVersion(s string) bool { return strings.Count(s, ".") == 2 && s[0] >= '0' && s[0] <= '9' }

// toolchainSet is a set that toolchains are selected from: rust-bin, fenix' packages, and what stands between.
type toolchainSet struct {
	from     flake.Project
	channel  string
	packages bool // the packages of rust-overlay's flake
}

func (m *model) rustBin() eval.Value {
	return &eval.Opaque{Root: "rust-bin", Data: &toolchainSet{from: flake.RustOverlay}}
}

func (m *model) fenixSet(o *eval.Opaque) eval.Value {
	return &eval.Opaque{Root: "fenix", Data: &toolchainSet{from: flake.Fenix}}
}

func (m *model) rustChannelOf() eval.Value {
	return fn("rustChannelOf", 1, func(c *eval.Call) eval.Value {
		t := &toolchain{from: flake.RustOverlay, channel: m.givenText(c.Arg(0), "channel"), version: m.givenText(c.Arg(0), "date"), at: c.Site}
		return &eval.Opaque{Root: "rustChannelOf", Data: t}
	})
}

func (s *toolchainSet) attr(m *model, o *eval.Opaque, name string, at eval.Origin) eval.Value {
	next := func(data any) eval.Value { return &eval.Opaque{From: o, Attr: name, Data: data} }
	file := func(which func(c *eval.Call) eval.Value) eval.Value {
		return fn(name, 1, func(c *eval.Call) eval.Value {
			t := &toolchain{from: s.from, at: c.Site}
			if p := m.pathOf(which(c)); p != nil && p.Inside() {
				t.file = p.Name
				t.channel, t.version = m.toolchainFile(p.Name)
			} else {
				t.file = "?"
			}
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: t}
		})
	}
	switch name {
	case "fromRustupToolchainFile":
		return file(func(c *eval.Call) eval.Value { return c.Arg(0) })
	case "fromToolchainFile":
		return file(func(c *eval.Call) eval.Value {
			if f := m.given(c.Arg(0), "file"); f != nil {
				return f
			}
			return m.given(c.Arg(0), "dir")
		})
	case "fromRustupToolchain", "toolchainOf", "fromToolchainName":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			t := &toolchain{from: s.from, channel: m.givenText(c.Arg(0), "channel"), version: m.givenText(c.Arg(0), "date"), at: c.Site}
			if name == "fromToolchainName" {
				t.channel = m.givenText(c.Arg(0), "name")
			}
			if isVersion(t.channel+" ") && t.version == "" {
				t.channel, t.version = "stable", t.channel
			}
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: t}
		})
	case "selectLatestNightlyWith":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			latest := &eval.Opaque{Root: "rust-bin.nightly", Data: &toolchain{from: s.from, channel: "nightly", version: "latest", at: c.Site}}
			return m.e.Apply(c.Arg(0), eval.Ready(&eval.Opaque{From: latest, Attr: "latest", Data: &toolchainSet{from: s.from, channel: "nightly-latest"}}), c.Site)
		})
	case "combine":
		return fn(name, 1, func(c *eval.Call) eval.Value {
			t := &toolchain{from: s.from, channel: "combine", at: c.Site}
			// It is what its rustc is.
			for _, part := range m.elements(c.Arg(0)) {
				if p, ok := dataOf[*toolchain](part); ok && (p.component == "rustc" || p.component == "" || t.version == "") {
					t.version = p.version
				}
			}
			return &eval.Opaque{From: &eval.Opaque{From: o, Attr: name}, Arg: c.Args[0], Data: t}
		})
	case "override", "overrideScope":
		return fn(name, 1, func(*eval.Call) eval.Value { return o })
	case "targets":
		return next(&toolchainSet{from: s.from, channel: "targets"})
	case "rust-analyzer", "rust-analyzer-vscode-extension":
		return nil
	}
	if s.packages {
		version := strings.ReplaceAll(strings.TrimPrefix(name, "rust_"), "_", ".")
		switch {
		case name == "rust" || name == "default":
			return next(&toolchain{from: s.from, channel: "stable", version: "latest", at: at})
		case isVersion(version + " "):
			return next(&toolchain{from: s.from, channel: "stable", version: version, at: at})
		}
		return nil
	}
	switch {
	case s.channel == "targets":
		return next(&toolchainSet{from: s.from})
	case s.channel == "" && s.from == flake.Fenix:
		switch name {
		case "stable", "beta", "latest":
			return next(&toolchain{from: s.from, channel: name, at: at})
		case "minimal", "default", "complete":
			return next(&toolchain{from: s.from, channel: "nightly", profile: name, at: at})
		case "rust-std":
			return nil
		}
		return nil
	case s.channel == "":
		switch name {
		case "stable", "beta", "nightly":
			return next(&toolchainSet{from: s.from, channel: name})
		}
		return nil
	case !strings.Contains(s.channel, "-"):
		// A version or date.
		return next(&toolchainSet{from: s.from, channel: s.channel + "-" + name})
	}
	channel, version, _ := strings.Cut(s.channel, "-")
	t := &toolchain{from: s.from, channel: channel, version: version, at: at}
	if toolchainParts[name] && name != "rust" {
		t.component = name
	} else {
		t.profile = name
	}
	return next(t)
}

// dataOf is what an opaque value stands for.
func dataOf[T any](v eval.Value) (data T, ok bool) {
	if o, isOpaque := v.(*eval.Opaque); isOpaque {
		data, ok = o.Data.(T)
	}
	return data, ok
}
