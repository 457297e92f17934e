package nixparse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

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
		for range r.IntN(6) {
			d := name()
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

// megabyte is about 1 MB of it.
var megabyte = crateSet(1070)

func BenchmarkParse(b *testing.B) {
	b.SetBytes(int64(len(megabyte)))
	b.ReportAllocs()
	for b.Loop() {
		Parse(megabyte)
	}
}

// BenchmarkBareTreeSitterParse is what go-tree-sitter takes for the parse alone.
func BenchmarkBareTreeSitterParse(b *testing.B) {
	parser := sitter.NewParser()
	defer parser.Close()
	parser.SetLanguage(sitter.NewLanguage(language()))
	b.SetBytes(int64(len(megabyte)))
	b.ReportAllocs()
	for b.Loop() {
		tree, err := parser.ParseCtx(context.Background(), nil, megabyte)
		if err != nil {
			b.Fatal(err)
		}
		tree.Close()
	}
}

func TestBenchmarkFileIsNix(t *testing.T) {
	tree := Parse(megabyte)
	t.Logf("%d bytes, %d nodes", len(megabyte), len(tree.records))
	for _, e := range tree.Errors() {
		t.Errorf("%d: %s", e.Start(), tree.Describe(e))
	}
}
