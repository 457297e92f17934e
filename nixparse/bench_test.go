package nixparse

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	sitter "github.com/smacker/go-tree-sitter"
)

// crateSet writes a file shaped like those that Cargo's dependency graph is turned into: a set with one function application for every crate.
func crateSet(crates int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		const parts = "serde tokio hyper regex syn quote libc rand log time futures bytes http tower axum clap toml json sha ring"
		words := strings.Fields(parts)
		return words[r.IntN(len(words))] + "-" + words[r.IntN(len(words))]
	}
	const registry = "registry+https://github.com/rust-lang/crates.io-index"
	var b strings.Builder
	b.WriteString("# Made for a test.\nargs@{ release ? true, rootFeatures ? [ \"app/default\" ], rustPackages, mkRustCrate, hostPlatform, lib, ... }:\nlet\n" +
		"  inherit (lib) optional optionals;\n  profileName = if release then \"release\" else \"dev\";\nin\n{\n  version = \"0.11.0\";\n")
	for i := range crates {
		n, v := name(), fmt.Sprintf("%d.%d.%d", r.IntN(3), r.IntN(30), i)
		fmt.Fprintf(&b, "\n  %q.%s.%q = overridableMkRustCrate (profileName: rec {\n    name = %q;\n    version = %q;\n    registry = %q;\n",
			registry, n, v, n, v, registry)
		fmt.Fprintf(&b, "    src = fetchCratesIo { inherit name version; sha256 = \"%016x%016x%016x%016x\"; };\n", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
		b.WriteString("    features = builtins.concatLists [\n")
		for range r.IntN(4) {
			fmt.Fprintf(&b, "      (lib.optional (rootFeatures' ? \"app/default\" || rootFeatures' ? \"app/%s\") \"std\")\n", name())
		}
		b.WriteString("    ];\n    dependencies = {\n")
		for k := range r.IntN(6) {
			d := fmt.Sprintf("%s-%d", name(), k)
			condition := ""
			if r.IntN(4) == 0 {
				condition = "${ if hostPlatform.parsed.kernel.name == \"linux\" then \"" + d + "\" else null }"
			} else {
				condition = d
			}
			fmt.Fprintf(&b, "      %s = (rustPackages.%q.%s.\"1.%d.0\" { inherit profileName; }).out;\n", condition, registry, d, r.IntN(99))
		}
		b.WriteString("    };\n  });\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// benchmarkSizes runs a benchmark on generated files from 100 KB to 1.5 MB.
func benchmarkSizes(b *testing.B, f func(b *testing.B, src []byte)) {
	for _, c := range []struct {
		name   string
		crates int
	}{{"100KB", 107}, {"400KB", 428}, {"1MB", 1070}, {"1.5MB", 1605}} {
		src := crateSet(c.crates)
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			f(b, src)
		})
	}
}

// perByte reports a number of bytes for every byte of source.
func perByte(b *testing.B, bytes int, src []byte, unit string) {
	b.ReportMetric(float64(bytes)/float64(len(src)), unit)
}

func BenchmarkParse(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		peak := peakOf(func() { Parse(src) })
		for b.Loop() {
			Parse(src)
		}
		perByte(b, len(Parse(src).records)*int(unsafe.Sizeof(record{})), src, "tree-B/B")
		perByte(b, peak, src, "peak-B/B")
	})
}

// BenchmarkParseBroken is of a file in which one brace in the middle is missing.
func BenchmarkParseBroken(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		i := middle(src, "{")
		broken := slices.Delete(slices.Clone(src), i, i+1)
		peak := peakOf(func() { Parse(broken) })
		for b.Loop() {
			Parse(broken)
		}
		perByte(b, peak, src, "peak-B/B")
	})
}

// BenchmarkEdit puts a character into the middle of a file, and takes it out.
func BenchmarkEdit(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		i := middle(src, "linux")
		longer := slices.Insert(slices.Clone(src), i, 'x')
		tree := Parse(src)
		for i := 0; b.Loop(); i++ {
			if i%2 == 0 {
				tree = tree.Edit(longer)
			} else {
				tree = tree.Edit(src)
			}
		}
	})
}

// BenchmarkEditBreaks takes a character out of the middle of a file, which is then not Nix.
func BenchmarkEditBreaks(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		i := middle(src, "= \"linux")
		broken := slices.Delete(slices.Clone(src), i, i+1)
		tree := Parse(src)
		for b.Loop() {
			tree.Edit(broken)
		}
	})
}

// BenchmarkEditMends makes it Nix again, with another character.
func BenchmarkEditMends(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		i := middle(src, "= \"linux")
		tree := Parse(src).Edit(slices.Delete(slices.Clone(src), i, i+1))
		mended := slices.Clone(src)
		mended[i+len("= \"")] = 'x'
		for b.Loop() {
			tree.Edit(mended)
		}
	})
}

// BenchmarkGrammar is the limit: what the parser that tree-sitter generates takes for the parse alone, on one core.
func BenchmarkGrammar(b *testing.B) {
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		parser := sitter.NewParser()
		defer parser.Close()
		parser.SetLanguage(sitter.NewLanguage(language()))
		bare := func() {
			tree, err := parser.ParseCtx(context.Background(), nil, src)
			if err != nil {
				b.Fatal(err)
			}
			tree.Close()
		}
		peak := peakOf(bare)
		for b.Loop() {
			bare()
		}
		perByte(b, peak, src, "peak-B/B")
	})
}

// BenchmarkNixInstantiate is the peer: the whole process that prints what it parsed.
func BenchmarkNixInstantiate(b *testing.B) {
	program, err := exec.LookPath("nix-instantiate")
	if err != nil {
		b.Skip("nix-instantiate is not installed")
	}
	benchmarkSizes(b, func(b *testing.B, src []byte) {
		dir := b.TempDir()
		file := filepath.Join(dir, "Cargo.nix")
		// With anything in scope no variable is undefined.
		if err := os.WriteFile(file, slices.Concat([]byte("with {};\n"), src), 0o600); err != nil {
			b.Fatal(err)
		}
		env := append(os.Environ(), "NIX_REMOTE=", "NIX_STORE_DIR="+dir+"/store", "NIX_STATE_DIR="+dir+"/state", "NIX_LOG_DIR="+dir+"/log", "HOME="+dir)
		for b.Loop() {
			cmd := exec.Command(program, "--parse", file)
			cmd.Env = env
			if out, err := cmd.Output(); err != nil {
				b.Fatalf("%v\n%.1000s", err, out)
			}
		}
	})
}

// middle is the offset of the first text behind the middle of the source.
func middle(src []byte, text string) int {
	return len(src)/2 + bytes.Index(src[len(src)/2:], []byte(text))
}

// peakOf is by how much f makes the process grow, garbage and C included; 0 where the kernel does not tell.
func peakOf(f func()) int {
	runtime.GC()
	// Writing 5 makes the kernel forget the last peak.
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		return 0
	}
	before := processBytes("VmRSS:")
	f()
	return processBytes("VmHWM:") - before
}

// processBytes is a line of the process's status, which is in KiB.
func processBytes(line string) int {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(text), line)
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib << 10
}

func TestBenchmarkFileIsNix(t *testing.T) {
	src := crateSet(100)
	tree := Parse(src)
	t.Logf("%d bytes, %d nodes", len(src), len(tree.records))
	for _, e := range tree.Errors() {
		t.Errorf("%d: %s", e.Start(), tree.Describe(e))
	}
}
