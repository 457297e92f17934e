package nixparse

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	sitter "github.com/smacker/go-tree-sitter"
)

// capture is a text that a query gave a name, or, in injections, a language.
type capture struct{ name, text string }

// runQuery gives what a query of ours finds in a text, in the order of the query's matches. The predicates are evaluated.
func runQuery(t *testing.T, file, source string) []capture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("grammar", "queries", file))
	if err != nil {
		t.Fatal(err)
	}
	language := sitter.NewLanguage(Language())
	query, err := sitter.NewQuery(text, language)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	tree, err := sitter.ParseCtx(context.Background(), []byte(source), language)
	if err != nil {
		t.Fatal(err)
	}
	cursor := sitter.NewQueryCursor()
	cursor.Exec(query, tree)
	var list []capture
	for {
		match, ok := cursor.NextMatch()
		if !ok {
			return list
		}
		language := ""
		for _, predicate := range query.PredicatesForPattern(uint32(match.PatternIndex)) {
			if len(predicate) == 4 && query.StringValueForId(predicate[0].ValueId) == "set!" && query.StringValueForId(predicate[1].ValueId) == "injection.language" {
				language = query.StringValueForId(predicate[2].ValueId)
			}
		}
		for _, c := range cursor.FilterPredicates(match, []byte(source)).Captures {
			name := query.CaptureNameForId(c.Index)
			if name == "injection.content" {
				name = language
			}
			if !strings.HasPrefix(name, "_") {
				list = append(list, capture{name, c.Node.Content([]byte(source))})
			}
		}
	}
}

func TestHighlights(t *testing.T) {
	const source = `# c
{ lib, x ? 1.5, ... }@args:
let inherit (lib) id; f = y: y; in
rec {
  a."b" = "s\n${f 2}" + ./p + <n> + http://x.y;
  c = if true then null else a.b or (lib.g (map f [ ])) != builtins.x && !(a ? b);
}`
	got := runQuery(t, "highlights.scm", source)
	for _, want := range []capture{
		{"comment", "# c"}, {"variable.parameter", "lib"}, {"variable.parameter", "x"}, {"variable.parameter", "args"}, {"variable.parameter.builtin", "..."},
		{"number.float", "1.5"}, {"keyword", "let"}, {"keyword", "inherit"}, {"variable.member", "id"}, {"function", "f"}, {"variable.parameter", "y"}, {"keyword", "in"},
		{"keyword", "rec"}, {"variable.member", "a"}, {"string", `"b"`}, {"string.escape", `\n`}, {"punctuation.special", "${"}, {"function.call", "f"}, {"number", "2"},
		{"operator", "+"}, {"string.special.path", "./p"}, {"string.special.path", "<n>"}, {"string.special.url", "http://x.y"}, {"keyword.conditional", "if"},
		{"boolean", "true"}, {"constant.builtin", "null"}, {"keyword.operator", "or"}, {"function.call", "g"}, {"function.builtin", "map"}, {"operator", "!="},
		{"module.builtin", "builtins"}, {"operator", "!"}, {"operator", "?"}, {"punctuation.delimiter", ";"}, {"punctuation.bracket", "["}, {"operator", "="}, {"operator", "@"},
	} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is not %s", want.text, want.name)
		}
	}
	for _, wrong := range []capture{{"variable", "true"}, {"variable", "map"}, {"function.call", "map"}, {"variable", "builtins"}} {
		if slices.Contains(got, wrong) {
			t.Errorf("%q is %s", wrong.text, wrong.name)
		}
	}
}

func TestFolds(t *testing.T) {
	got := runQuery(t, "folds.scm", "/* c */ { a ? 1 }: let b = [ (x) ]; in { c = ''t''; d = rec { }; e = let { }; f = \"s\"; }")
	want := []string{"/* c */", "{ a ? 1 }", "let b = [ (x) ]; in { c = ''t''; d = rec { }; e = let { }; f = \"s\"; }", "[ (x) ]", "(x)",
		"{ c = ''t''; d = rec { }; e = let { }; f = \"s\"; }", "''t''", "rec { }", "let { }"}
	var folds []string
	for _, c := range got {
		folds = append(folds, c.text)
	}
	if !slices.Equal(folds, want) {
		t.Errorf("%q, not %q", folds, want)
	}
}

func TestInjections(t *testing.T) {
	const source = `{
  buildPhase = ''build ${x} more'';
  meta.preInstall = ''pre'';
  postHook = lib.optionalString y ''hook'';
  installPhase = ''first'' + ''second'';
  script = "not a ''…'' string";
  description = ''text'';
  a = pkgs.writeShellScriptBin "n" ''written'';
  b = runCommand "n" { } ''run'';
  c = writeText "n" ''not run'';
  d = /* python */ ''import os'';
  e = f /* lua */ "return 1" # json
    ''{}'';
  g = /* see python */ ''not python'';
}`
	got := runQuery(t, "injections.scm", source)
	got = slices.DeleteFunc(got, func(c capture) bool { return c.name == "comment" })
	slices.SortFunc(got, func(a, b capture) int { return strings.Index(source, a.text) - strings.Index(source, b.text) })
	want := []capture{{"bash", "build "}, {"bash", " more"}, {"bash", "pre"}, {"bash", "hook"}, {"bash", "first"}, {"bash", "second"}, {"bash", "written"}, {"bash", "run"},
		{"python", "import os"}, {"lua", "return 1"}, {"json", "{}"}}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// TestGrammarReadme: people look nodes up there.
func TestGrammarReadme(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("grammar", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(kindNames[SourceCode:], fieldNames[FieldNone+1:]) {
		if name != "ERROR" && name != "MISSING" && !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("grammar/README.md does not tell of %s", name)
		}
	}
}
