package builder

import (
	"strings"

	"github.com/cargonix/cargonix/analysis/eval"
)

// platform is what nixpkgs calls hostPlatform and its like.
type platform struct {
	system string // "x86_64-linux"
	config string // "x86_64-unknown-linux-gnu"
	static bool
	// unclear says that the platform's description could not be read.
	unclear bool
	rustc   string // a rustc target that differs from config; empty otherwise
}

func systemPlatform(system string) platform {
	cpu, kernel, _ := strings.Cut(system, "-")
	config := cpu + "-unknown-linux-gnu"
	switch kernel {
	case "linux":
		switch cpu {
		case "armv6l", "armv7l":
			config += "eabihf"
		case "armv5tel":
			config += "eabi"
		}
	case "darwin":
		config = cpu + "-apple-darwin"
		if cpu == "aarch64" {
			config = "arm64-apple-darwin"
		}
	case "windows":
		config = cpu + "-w64-mingw32"
	default:
		config = cpu + "-unknown-" + kernel
	}
	return platform{system: system, config: config}
}

func triplePlatform(triple string) platform {
	p := platform{config: triple}
	cpu, rest, _ := strings.Cut(triple, "-")
	kernel := "none"
	switch {
	case strings.Contains(rest, "linux"):
		kernel = "linux"
	case strings.Contains(rest, "darwin"), strings.Contains(rest, "ios"):
		kernel = "darwin"
	case strings.Contains(rest, "mingw"), strings.Contains(rest, "windows"):
		kernel = "windows"
	case strings.Contains(rest, "freebsd"):
		kernel = "freebsd"
	case strings.Contains(rest, "wasi"):
		kernel = "wasi"
	case strings.HasPrefix(triple, "unknown"):
		p.unclear = true
	}
	if cpu == "arm64" {
		cpu = "aarch64"
	}
	p.system = cpu + "-" + kernel
	return p
}

// crossExamples are the names of pkgsCross: lib.systems.examples of nixpkgs, those for which Rust is built.
var crossExamples = map[string]string{
	"aarch64-multiplatform": "aarch64-unknown-linux-gnu", "aarch64-multiplatform-musl": "aarch64-unknown-linux-musl",
	"armv7l-hf-multiplatform": "armv7l-unknown-linux-gnueabihf", "raspberryPi": "armv6l-unknown-linux-gnueabihf",
	"mingwW64": "x86_64-w64-mingw32", "mingw32": "i686-w64-mingw32", "ucrt64": "x86_64-w64-mingw32", "musl64": "x86_64-unknown-linux-musl",
	"musl32": "i686-unknown-linux-musl", "gnu64": "x86_64-unknown-linux-gnu", "gnu32": "i686-unknown-linux-gnu", "riscv64": "riscv64-unknown-linux-gnu",
	"wasi32": "wasm32-unknown-wasi", "aarch64-darwin": "arm64-apple-darwin", "x86_64-darwin": "x86_64-apple-darwin",
	"aarch64-embedded": "aarch64-none-elf", "arm-embedded": "arm-none-eabi", "armhf-embedded": "arm-none-eabihf",
	"riscv64-embedded": "riscv64-none-elf", "muslpi": "armv6l-unknown-linux-musleabihf", "ppc64": "powerpc64-unknown-linux-gnuabielfv2",
	"powernv": "powerpc64le-unknown-linux-gnu", "s390x": "s390x-unknown-linux-gnu", "x86_64-freebsd": "x86_64-unknown-freebsd",
	"armv7a-android-prebuilt": "armv7a-unknown-linux-androideabi", "aarch64-android": "aarch64-unknown-linux-android",
	"aarch64-android-prebuilt": "aarch64-unknown-linux-android", "loongarch64-linux": "loongarch64-unknown-linux-gnu",
}

func (p platform) musl() platform {
	p.config = strings.Replace(p.config, "-gnu", "-musl", 1)
	return p
}

// platformOf reads what crossSystem and the like are given: a system, a set with `config` or `system`, or a platform.
func (m *model) platformOf(v eval.Value) platform {
	if s, ok := textOf(v); ok {
		if isSystem(s) {
			return systemPlatform(s)
		}
		return triplePlatform(s)
	}
	var p platform
	config, system := m.givenText(v, "config"), m.givenText(v, "system")
	switch {
	case config != "":
		p = triplePlatform(config)
	case system != "":
		p = systemPlatform(system)
	default:
		p = platform{config: "unknown", unclear: true}
	}
	if b, ok := m.given(v, "isStatic").(*eval.Bool); ok {
		p.static = b.Value
	}
	if t := m.givenText(v, "rust", "rustcTarget"); t != "" {
		p.rustc = t
	} else if t := m.givenText(v, "rustc", "config"); t != "" {
		p.rustc = t
	}
	return p
}

func (p platform) cpu() string {
	cpu, _, _ := strings.Cut(p.system, "-")
	return cpu
}

func (p platform) kernel() string {
	_, kernel, _ := strings.Cut(p.system, "-")
	return kernel
}

// rustTriple is the target as rustc calls it.
func (p platform) rustTriple() string {
	if p.rustc != "" {
		return p.rustc
	}
	cpu := p.cpu()
	switch {
	case p.kernel() == "darwin":
		return cpu + "-apple-darwin"
	case strings.Contains(p.config, "mingw32"):
		return cpu + "-pc-windows-gnu"
	case strings.HasPrefix(p.config, "armv7l"):
		return "armv7" + strings.TrimPrefix(p.config, "armv7l")
	case strings.HasPrefix(p.config, "armv6l"):
		return "arm" + strings.TrimPrefix(p.config, "armv6l")
	case strings.HasPrefix(p.config, "riscv64-unknown"):
		return "riscv64gc" + strings.TrimPrefix(p.config, "riscv64")
	case p.kernel() == "wasi":
		return "wasm32-wasip1"
	}
	return p.config
}

// tests are the platform's `isLinux` and so on.
func (p platform) tests() map[string]bool {
	cpu, kernel := p.cpu(), p.kernel()
	musl := strings.Contains(p.config, "-musl")
	arm := strings.HasPrefix(cpu, "arm")
	x86 := cpu == "x86_64" || cpu == "i686"
	return map[string]bool{
		"isLinux": kernel == "linux", "isDarwin": kernel == "darwin", "isMacOS": kernel == "darwin", "isUnix": kernel != "windows" && kernel != "wasi" && kernel != "none",
		"isWindows": kernel == "windows", "isMinGW": strings.Contains(p.config, "mingw32"), "isFreeBSD": kernel == "freebsd", "isBSD": strings.HasSuffix(kernel, "bsd"),
		"isCygwin": kernel == "cygwin", "isWasi": kernel == "wasi", "isWasm": strings.HasPrefix(cpu, "wasm"), "isSunOS": kernel == "solaris",
		"isMusl": musl, "isGnu": kernel == "linux" && strings.Contains(p.config, "-gnu"), "isStatic": p.static, "isAndroid": strings.Contains(p.config, "android"),
		"isx86_64": cpu == "x86_64", "isi686": cpu == "i686", "isx86": x86, "isx86_32": cpu == "i686", "isAarch64": cpu == "aarch64", "isAarch32": arm,
		"isAarch": arm || cpu == "aarch64", "isArmv7": cpu == "armv7l", "isRiscV": strings.HasPrefix(cpu, "riscv"), "isRiscV64": cpu == "riscv64", "isPower": strings.HasPrefix(cpu, "powerpc"),
		"isMips": strings.HasPrefix(cpu, "mips"), "isiOS": false, "isNone": kernel == "none", "is64bit": strings.Contains(cpu, "64") || cpu == "s390x", "is32bit": !strings.Contains(cpu, "64") && cpu != "s390x",
		"isLittleEndian": cpu != "s390x" && cpu != "powerpc64", "isBigEndian": cpu == "s390x" || cpu == "powerpc64", "hasSharedLibraries": !p.static,
	}
}

// platformOpaque is the value of a platform: one for each, since Nix code compares them.
func (m *model) platformOpaque(p platform) *eval.Opaque {
	o := m.platforms[p]
	if o == nil {
		o = newPlatform(p)
		m.platforms[p] = o
	}
	return o
}

func newPlatform(p platform) *eval.Opaque {
	o := &eval.Opaque{Root: "hostPlatform"}
	if p.unclear {
		return o
	}
	attrs := []*eval.Attr{
		attr("system", eval.NewString(p.system)), attr("config", eval.NewString(p.config)),
		attr("rust", &eval.Opaque{Root: "hostPlatform.rust", Known: eval.NewAttrs(
			attr("rustcTarget", eval.NewString(p.rustTriple())), attr("rustcTargetSpec", eval.NewString(p.rustTriple())),
			attr("cargoShortTarget", eval.NewString(p.rustTriple())),
			attr("cargoEnvVarTarget", eval.NewString(strings.ToUpper(strings.ReplaceAll(p.rustTriple(), "-", "_")))))}),
		attr("parsed", &eval.Opaque{Root: "hostPlatform.parsed", Known: eval.NewAttrs(
			attr("cpu", &eval.Opaque{Root: "hostPlatform.parsed.cpu", Known: eval.NewAttrs(attr("name", eval.NewString(p.cpu())))}),
			attr("kernel", &eval.Opaque{Root: "hostPlatform.parsed.kernel", Known: eval.NewAttrs(attr("name", eval.NewString(p.kernel())))}))}),
		attr("qemuArch", eval.NewString(p.cpu())),
	}
	for name, value := range p.tests() {
		attrs = append(attrs, attr(name, eval.NewBool(value)))
	}
	o.Known = eval.NewAttrs(attrs...)
	return o
}

// stdenv gives a standard environment. What is done to one, by adapters, does not change what a build's arguments say.
func (m *model) stdenv(s *packageSet, o *eval.Opaque) eval.Value {
	host := m.platformOpaque(s.host)
	o.Data = stdenvValue{}
	attrs := []*eval.Attr{
		attr("hostPlatform", host), attr("targetPlatform", host), attr("buildPlatform", m.platformOpaque(s.build)),
		attr("mkDerivation", &eval.Opaque{From: o, Attr: "mkDerivation", Data: &maker{pkgs: s, builder: MkDerivation, function: "mkDerivation"}}),
	}
	if !s.host.unclear {
		attrs = append(attrs, attr("system", eval.NewString(s.host.system)))
		for name, value := range s.host.tests() {
			attrs = append(attrs, attr(name, eval.NewBool(value)))
		}
	}
	o.Known = eval.NewAttrs(attrs...)
	return o
}

// stdenvValue is a standard environment: overriding it leaves what builds say of their arguments as it is.
type stdenvValue struct{}

func (stdenvValue) attr(m *model, o *eval.Opaque, name string, _ eval.Origin) eval.Value {
	if name == "override" || name == "overrideDerivation" {
		return fn(name, 1, func(*eval.Call) eval.Value { return o })
	}
	return nil
}

// adapters are functions from a stdenv to one.
type adapters struct{ s *packageSet }

func (a *adapters) attr(m *model, _ *eval.Opaque, name string, _ eval.Origin) eval.Value {
	return m.adapter(a.s, name)
}

func (m *model) adapter(s *packageSet, name string) eval.Value {
	arity, which := 1, 0
	switch name {
	case "overrideCC", "overrideSDK":
		arity = 2
	case "withCFlags", "addAttrsToDerivation", "useLibsFrom":
		arity, which = 2, 1
	}
	return fn(name, arity, func(c *eval.Call) eval.Value { return c.Arg(which) })
}
