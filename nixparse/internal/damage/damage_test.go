package damage

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/nixparse"
)

// module generates a file as people write them for NixOS: options and settings, nested, with strings of both kinds.
func module(r *rand.Rand) []byte {
	word := func() string {
		return strings.Fields("enable package port user group settings hosts domain openFirewall extraConfig")[r.IntN(10)]
	}
	names := 0
	name := func() string {
		names++
		return fmt.Sprintf("%s%d", word(), names)
	}
	var b strings.Builder
	var value func(indent string, depth int)
	value = func(indent string, depth int) {
		kind := r.IntN(9)
		if depth == 0 {
			kind = 4 + r.IntN(5)
		}
		inner := indent + "  "
		switch kind {
		case 0, 1, 2:
			prefix := []string{"", "", "lib.mkIf cfg.enable ", "lib.mkOption ", "rec "}[r.IntN(5)]
			b.WriteString(prefix + "{\n")
			for range 1 + r.IntN(5) {
				path := name()
				if r.IntN(3) == 0 {
					path = "services." + path + ".\"" + word() + "\""
				}
				b.WriteString(inner + path + " = ")
				value(inner, depth-1)
				b.WriteString(";\n")
			}
			b.WriteString(indent + "}")
		case 3:
			b.WriteString("[\n")
			for range 1 + r.IntN(3) {
				b.WriteString(inner + "(f " + word() + " \"x\")\n")
			}
			b.WriteString(indent + "]")
		case 4:
			b.WriteString("\"" + word() + " ${cfg." + word() + "} text\"")
		case 5:
			b.WriteString("''\n" + inner + "set -eu; echo \"${pkgs." + word() + "}/bin\" = { }\n" + indent + "''")
		case 6:
			b.WriteString("pkgs." + word() + " or null")
		case 7:
			b.WriteString(fmt.Sprint(r.IntN(9999)))
		default:
			b.WriteString("if cfg." + word() + " == null then { a = 1; } else toString (x: x." + word() + ")")
		}
	}
	b.WriteString("{ config, lib, pkgs, ... }:\n\nlet\n  cfg = config.services.example;\n  inherit (lib) mkOption types;\nin\n{\n")
	for range 5 {
		b.WriteString("  " + name() + " = ")
		value("  ", 3)
		b.WriteString(";\n\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// ours are generated modules, and the samples that the repository has of generated files.
func ours(t *testing.T) (sources [][]byte) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 60 {
		source := module(r)
		if tree := nixparse.Parse(source); tree.HasErrors() {
			t.Fatalf("the generated module is wrong: %s\n%s", tree.Describe(tree.Errors()[0]), source)
		}
		sources = append(sources, source)
	}
	err := filepath.WalkDir("../../../testdata", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".nix") {
			return err
		}
		source, err := os.ReadFile(path)
		sources = append(sources, source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// TestErrorsStayLocal states how many bindings are still found when a token is missing somewhere else.
func TestErrorsStayLocal(t *testing.T) {
	result := Measure(ours(t), 1800, 1)
	t.Logf("\n%s", result)
	// A brace that is missing gives what follows to another set; until Nix's own reader would notice, so does ours.
	for kind, least := range map[string]float64{";": 0.98, "}": 0.70, "{": 0.60, "=": 0.80, `"`: 0.80, "identifier": 0.99} {
		for _, c := range result {
			if c.Kind == kind && c.Share() < least {
				t.Errorf("of the bindings outside of a damaged one %.3f are found without one %s, not %.2f", c.Share(), kind, least)
			}
		}
	}
}

func TestMeasure(t *testing.T) {
	f := prepare([]byte(`{ a = "x"; b.c = { inherit d; e = f == g; }; }`))
	var found []string
	for _, b := range f.bindings {
		found = append(found, b.path)
	}
	if got := strings.Join(found, " "); got != "/a /b.c /b.c/d /b.c/e" {
		t.Errorf("the bindings are %s", got)
	}
	for i, want := range []int{4, 2, 2, 3, 2, 7} {
		if got := len(f.tokens[i]); got != want {
			t.Errorf("%d tokens %s, not %d", got, Kinds[i], want)
		}
	}
	// In the inner set the last semicolon is missing: e is damaged, and d is in the set that is damaged with it, but not in e.
	var c Count
	semicolon := strings.Index(string(f.source), "; }; }")
	c.add(f, 0, span{semicolon, semicolon + 1})
	if c.Deletions != 1 || c.Outside != 3 || c.OutsideFound != 3 || c.All != 3 || c.AllFound != 3 {
		t.Errorf("%+v", c)
	}
}
