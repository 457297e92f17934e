package lsp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/ide"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

const literals = `"codeAction":{"codeActionLiteralSupport":{"codeActionKind":{"valueSet":["quickfix"]}}}`

type offered struct {
	Title       string `json:"title"`
	Kind        string `json:"kind"`
	IsPreferred bool   `json:"isPreferred"`
	Diagnostics []struct {
		Code string `json:"code"`
	} `json:"diagnostics"`
	Edit    json.RawMessage `json:"edit"`
	Command json.RawMessage `json:"command"`
}

// actions asks for code actions; context is what stands in it beside the diagnostics.
func (e *editor) actions(rel, at, context string) []offered {
	e.t.Helper()
	result := e.call("textDocument/codeAction", fmt.Sprintf(`{"textDocument":{"uri":%q},"range":%s,"context":{%s}}`, e.uri(rel), at, context))
	var list []offered
	if err := json.Unmarshal(result, &list); err != nil {
		e.t.Fatalf("%s: %v", result, err)
	}
	return list
}

func titles(list []offered) []string {
	var all []string
	for _, action := range list {
		all = append(all, action.Title)
	}
	return all
}

// twoFixes are an edit of two files and a command.
func twoFixes(f *analysis.Finding) []analysis.Fix {
	return []analysis.Fix{
		{Title: "Write GOOD", Kind: analysis.FixEdit, Edits: []analysis.Edit{
			{Location: f.Location, NewText: "GOOD"},
			{Location: analysis.Location{File: "other.nix", Span: text.Span{Start: 2, End: 4}}, NewText: "x"},
		}},
		{Title: "Generate", Kind: analysis.FixCommand, Command: []string{"true"}, Dir: "."},
	}
}

func TestCodeActions(t *testing.T) {
	e := open(t, checks(checkWord(twoFixes, "Cargo.nix")), `{"textDocument":{`+literals+`},"workspace":{"workspaceEdit":{"documentChanges":true}}}`,
		map[string]string{"Cargo.nix": "x\n# 𝄞 BAD\nfine\nBAD BAD\n", "other.nix": "𝄞\n"})
	e.didOpen("Cargo.nix", 5, "x\n# 𝄞 BAD\nfine\nBAD BAD\n")
	e.shows("Cargo.nix", 3)
	one := span(1, 6, 1, 6)
	list := e.actions("Cargo.nix", one, `"diagnostics":[]`)
	if diff := cmp.Diff([]string{"Write GOOD", "Generate"}, titles(list)); diff != "" {
		t.Fatal(diff)
	}
	edit, command := list[0], list[1]
	if edit.Kind != "quickfix" || !edit.IsPreferred || len(edit.Diagnostics) != 1 || edit.Diagnostics[0].Code != "bad-word" || command.IsPreferred {
		t.Errorf("%+v", list)
	}
	wantEdit := fmt.Sprintf(`{"documentChanges":[{"textDocument":{"uri":%q,"version":5},"edits":[{"range":%s,"newText":"GOOD"}]},{"textDocument":{"uri":%q,"version":null},"edits":[{"range":%s,"newText":"x"}]}]}`,
		e.uri("Cargo.nix"), span(1, 5, 1, 8), e.uri("other.nix"), span(0, 0, 0, 2))
	if diff := cmp.Diff(decoded(t, wantEdit), decoded(t, string(edit.Edit))); diff != "" {
		t.Errorf("%s", diff)
	}
	wantCommand := fmt.Sprintf(`{"title":"Generate","command":"cargonix.runFix","arguments":[{"root":%q,"file":"Cargo.nix","code":"bad-word","subject":"word 12","fix":1,"title":"Generate"}]}`, e.root)
	if diff := cmp.Diff(decoded(t, wantCommand), decoded(t, string(command.Command))); diff != "" {
		t.Errorf("%s", diff)
	}

	t.Run("place", func(t *testing.T) {
		for at, want := range map[string]int{
			span(0, 0, 0, 1):      0,
			span(1, 5, 1, 5):      2, // the cursor before the word
			span(1, 8, 1, 8):      2, // and behind it
			span(1, 0, 1, 4):      0,
			span(2, 0, 2, 4):      0,
			span(3, 0, 3, 7):      3, // two edits, and the command that both share
			span(3, 2, 3, 2):      2,
			span(0, 0, 1000, 0):   4,
			span(1000, 0, 0, 0):   4, // turned round
			span(5, 99, 1000, 99): 0,
		} {
			if got := e.actions("Cargo.nix", at, `"diagnostics":[]`); len(got) != want {
				t.Errorf("%s: %d actions, want %d: %v", at, len(got), want, titles(got))
			}
		}
		list := e.actions("Cargo.nix", span(3, 0, 3, 7), `"diagnostics":[]`)
		if shared := list[1]; shared.Title != "Generate" || len(shared.Diagnostics) != 2 {
			t.Errorf("%+v", list)
		}
	})
	t.Run("only", func(t *testing.T) {
		for only, want := range map[string]int{
			`[]`: 2, `null`: 2, `["quickfix"]`: 2, `[""]`: 2, `["refactor","quickfix"]`: 2, `[null]`: 2,
			`["quickfix.other"]`: 0, `["quick"]`: 0, `["refactor"]`: 0, `["source.fixAll"]`: 0, `["source"]`: 0,
		} {
			if got := e.actions("Cargo.nix", one, `"diagnostics":[],"only":`+only); len(got) != want {
				t.Errorf("only %s: %d actions", only, len(got))
			}
		}
	})
	t.Run("context of others", func(t *testing.T) {
		// Neovim 0.7 echoes byte columns; other servers have codes and severities of all kinds.
		for _, diagnostics := range []string{
			`[{"range":` + span(1, 8, 1, 11) + `,"message":"BAD is bad","code":"bad-word","source":"cargonix"}]`,
			`[{"range":` + span(1, 5, 1, 8) + `,"message":"x","code":1.5,"severity":null,"source":null}]`,
			`[{"code":99999999999,"message":{"kind":"markdown","value":"x"},"tags":[null]},null,42]`,
			`null`,
		} {
			if got := e.actions("Cargo.nix", one, `"triggerKind":null,"diagnostics":`+diagnostics); len(got) != 2 {
				t.Errorf("%s: %d actions", diagnostics, len(got))
			}
		}
	})
	t.Run("text that changed since it was published", func(t *testing.T) {
		e.didChange("Cargo.nix", 6, span(0, 0, 0, 0), "\n\n")
		if got := e.actions("Cargo.nix", span(3, 6, 3, 6), `"diagnostics":[]`); len(got) != 2 || !strings.Contains(string(got[0].Edit), span(3, 5, 3, 8)) || !strings.Contains(string(got[0].Edit), `"version":6`) {
			t.Errorf("%+v", got)
		}
	})
}

func TestCodeActionsOfPlainClients(t *testing.T) {
	files := map[string]string{"Cargo.nix": "BAD\n", "other.nix": "12345\n"}
	t.Run("no documentChanges", func(t *testing.T) {
		e := open(t, checks(checkWord(twoFixes, "Cargo.nix")), `{"textDocument":{`+literals+`}}`, files)
		list := e.actions("Cargo.nix", span(0, 0, 0, 0), `"diagnostics":[]`)
		want := fmt.Sprintf(`{"changes":{%q:[{"range":%s,"newText":"GOOD"}],%q:[{"range":%s,"newText":"x"}]}}`, e.uri("Cargo.nix"), span(0, 0, 0, 3), e.uri("other.nix"), span(0, 2, 0, 4))
		if diff := cmp.Diff(decoded(t, want), decoded(t, string(list[0].Edit))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("no literals", func(t *testing.T) {
		e := open(t, checks(checkWord(twoFixes, "Cargo.nix")), `{}`, files)
		result := e.call("textDocument/codeAction", fmt.Sprintf(`{"textDocument":{"uri":%q},"range":%s,"context":{"diagnostics":[]}}`, e.uri("Cargo.nix"), span(0, 0, 0, 0)))
		var commands []struct {
			Title, Command string
			Arguments      []fixRef
		}
		if err := json.Unmarshal(result, &commands); err != nil || len(commands) != 1 || commands[0].Command != commandRunFix || commands[0].Arguments[0].Fix != 1 {
			t.Errorf("%s %v", result, err)
		}
	})
	t.Run("not trusted", func(t *testing.T) {
		e := start(t, checks(checkWord(twoFixes, "Cargo.nix")))
		e.root = tempDir(t)
		for name, content := range files {
			e.writeFile(name, content)
		}
		result := e.initialize(fmt.Sprintf(`{"rootUri":%q,"capabilities":{"textDocument":{%s}},"initializationOptions":{"trusted":false,"unknown":[1]}}`, e.uri(""), literals))
		if strings.Contains(string(result), "executeCommandProvider") {
			t.Errorf("%s", result)
		}
		list := e.actions("Cargo.nix", span(0, 0, 0, 0), `"diagnostics":[]`)
		if diff := cmp.Diff([]string{"Write GOOD"}, titles(list)); diff != "" {
			t.Error(diff)
		}
	})
}

func decoded(t *testing.T, raw string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

func TestHoverAndDefinition(t *testing.T) {
	opts := Options{
		hover: func(_ *workspace.Snapshot, file string, byteOffset int) *ide.HoverText {
			if byteOffset > 4 {
				return nil
			}
			return &ide.HoverText{Span: text.Span{Start: 0, End: 4}, Markdown: "## serde\n**1.0** in `" + file + "`\n[docs](https://docs.rs/serde)"}
		},
		definition: func(_ *workspace.Snapshot, _ string, byteOffset int) []ide.Target {
			if byteOffset > 4 {
				return nil
			}
			return []ide.Target{{
				Origin:   text.Span{Start: 0, End: 4},
				Location: analysis.Location{File: "Cargo.lock", Span: text.Span{Start: 0, End: 9}},
				Name:     text.Span{Start: 4, End: 7},
			}}
		},
	}
	files := map[string]string{"Cargo.nix": "𝄞 more\n", "Cargo.lock": "one\ntwo\nthree\n"}
	for _, test := range []struct{ name, capabilities, hover, definition string }{
		{
			"rich", `{"textDocument":{"hover":{"contentFormat":["markdown","plaintext"]},"definition":{"linkSupport":true}}}`,
			`{"contents":{"kind":"markdown","value":"## serde\n**1.0** in ` + "`Cargo.nix`" + `\n[docs](https://docs.rs/serde)"},"range":` + span(0, 0, 0, 2) + `}`,
			`[{"originSelectionRange":` + span(0, 0, 0, 2) + `,"targetUri":"LOCK","targetRange":` + span(0, 0, 2, 1) + `,"targetSelectionRange":` + span(1, 0, 1, 3) + `}]`,
		},
		{
			"poor", `{}`,
			`{"contents":{"kind":"plaintext","value":"serde\n1.0 in Cargo.nix\ndocs (https://docs.rs/serde)"},"range":` + span(0, 0, 0, 2) + `}`,
			`[{"uri":"LOCK","range":` + span(1, 0, 1, 3) + `}]`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, opts, test.capabilities, files)
			for method, want := range map[string]string{"textDocument/hover": test.hover, "textDocument/definition": strings.ReplaceAll(test.definition, "LOCK", e.uri("Cargo.lock"))} {
				if diff := cmp.Diff(decoded(t, want), decoded(t, string(e.call(method, e.hoverParams("Cargo.nix", 0, 1))))); diff != "" {
					t.Errorf("%s: %s", method, diff)
				}
				for _, nothing := range []string{e.hoverParams("Cargo.nix", 0, 5), e.hoverParams("missing.nix", 0, 0)} {
					if got := e.call(method, nothing); string(got) != "null" {
						t.Errorf("%s: %s", method, got)
					}
				}
			}
		})
	}
}
