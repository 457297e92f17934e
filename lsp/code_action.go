package lsp

import (
	"context"
	"fmt"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
)

// codeActionParams leaves context.diagnostics unread: Neovim 0.7 sends them back with columns in other units, and other servers'
// diagnostics among them. What there is to fix, the analysis knows.
type codeActionParams struct {
	TextDocument documentID `json:"textDocument"`
	Range        wireRange  `json:"range"`
	Context      struct {
		Only []string `json:"only"`
	} `json:"context"`
}

func (p *codeActionParams) check() error {
	if p.TextDocument.URI == "" {
		return errNoDocument
	}
	return nil
}

func codeAction(ctx context.Context, s *server, v *view, p *codeActionParams) (any, error) {
	if !quickFixWanted(p.Context.Only) {
		return nil, nil
	}
	at, err := v.locate(ctx, p.TextDocument.URI)
	if at == nil {
		return nil, err
	}
	findings, err := at.folder.findings(ctx, s, at.snap)
	if err != nil {
		return nil, err
	}
	return s.actions(v, at, findings, p.Range.span(at.index, s.features.encoding)), nil
}

// quickFixWanted reports whether the client asks for a kind that quick fixes are of. "quickfix" is asked for by its own name and by
// every prefix of it; a client that asks for "quickfix.something" wants less than we can promise.
func quickFixWanted(only []string) bool {
	return len(only) == 0 || slices.ContainsFunc(only, func(kind string) bool {
		return kind == "" || kind == string(protocol.CodeActionKindQuickFix)
	})
}

// actions are the fixes of the findings that touch the span. One fix that several findings share (the command that generates
// Cargo.nix anew mends all that is wrong with it) is offered once.
func (s *server) actions(v *view, at *at, findings []analysis.Finding, span text.Span) any {
	var list []*protocol.CodeAction
	known := map[string]*protocol.CodeAction{}
	for i := range findings {
		f := &findings[i]
		if at.snap.Abs(f.File) != at.snap.Abs(at.rel) || f.Span.Start > span.End || span.Start > f.Span.End {
			continue
		}
		for n := range f.Fixes {
			fix := &f.Fixes[n]
			if fix.Kind == analysis.FixCommand && !s.features.trusted {
				continue
			}
			action := s.codeActionOf(v, at.snap, refOf(at.snap, f, n), f, fix)
			key := fmt.Sprintf("%#v", *fix) // all of it, edits and command
			if same := known[key]; same != nil {
				same.Diagnostics = append(same.Diagnostics, action.Diagnostics...)
				if action.IsPreferred != nil {
					same.IsPreferred = action.IsPreferred
				}
				continue
			}
			known[key] = action
			list = append(list, action)
		}
	}
	if s.features.actionLiterals {
		return list
	}
	// Before code action literals there were only commands; edits have none of ours.
	commands := []protocol.Command{}
	for _, action := range list {
		if action.Edit == nil {
			commands = append(commands, action.Command)
		}
	}
	return commands
}
