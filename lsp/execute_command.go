package lsp

import (
	"context"
	"encoding/json"
	"fmt"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// commandRunFix runs a fix of kind command that a code action offered.
const commandRunFix = "cargonix.runFix"

// fixRef names a fix. The client gets no command line and sends none: what runs is what the analysis finds at that name, now.
type fixRef struct {
	Root    string `json:"root"`
	File    string `json:"file"`
	Code    string `json:"code"`
	Subject string `json:"subject"`
	Fix     int    `json:"fix"` // its place among the finding's fixes
	Title   string `json:"title"`
}

func refOf(snap *workspace.Snapshot, f *analysis.Finding, fix int) fixRef {
	return fixRef{snap.Root(), f.File, f.Code, f.Subject, fix, f.Fixes[fix].Title}
}

type executeCommandParams struct {
	Command       string            `json:"command"`
	Arguments     []json.RawMessage `json:"arguments"`
	WorkDoneToken json.RawMessage   `json:"workDoneToken"`
}

// commandResult is for scripts; what a person must know comes as a message.
type commandResult struct {
	OK      bool   `json:"ok"`
	Message string `json:"message,omitempty"`
}

func executeCommand(ctx context.Context, s *server, v *view, p *executeCommandParams) (*commandResult, error) {
	var ref fixRef
	switch {
	case p.Command != commandRunFix:
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "unknown command %q", p.Command)
	case !s.features.trusted:
		return nil, jsonrpc2.NewError(codeRequestFailed, "cargonix runs no commands in a workspace that is not trusted")
	case len(p.Arguments) != 1 || json.Unmarshal(p.Arguments[0], &ref) != nil:
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "%s wants the one argument that its code action came with", commandRunFix)
	}
	snap, fix, err := s.resolve(ctx, v, ref)
	if err != nil {
		return nil, err
	}
	if fix == nil {
		return s.refuse(ctx, fmt.Sprintf("%q is no longer needed, or no longer possible.", ref.Title)), nil
	}
	return s.runFix(ctx, snap, fix, tokenOf(p.WorkDoneToken))
}

// resolve finds the fix that is meant among the current findings; nil if there is none any more.
func (s *server) resolve(ctx context.Context, v *view, ref fixRef) (*workspace.Snapshot, *analysis.Fix, error) {
	for i := range v.folders {
		folder := &v.folders[i]
		if folder.root != ref.Root {
			continue
		}
		snap, err := folder.snapshot(ctx)
		if snap == nil {
			return nil, nil, err
		}
		findings, err := folder.findings(ctx, s, snap)
		if err != nil {
			return nil, nil, err
		}
		for j := range findings {
			f := &findings[j]
			if f.File == ref.File && f.Code == ref.Code && f.Subject == ref.Subject && ref.Fix >= 0 && ref.Fix < len(f.Fixes) {
				if fix := &f.Fixes[ref.Fix]; fix.Kind == analysis.FixCommand && fix.Title == ref.Title && len(fix.Command) > 0 {
					return snap, fix, nil
				}
			}
		}
	}
	return nil, nil, nil
}

// refuse tells the user why nothing was done.
func (s *server) refuse(ctx context.Context, message string) *commandResult {
	s.show(ctx, protocol.MessageTypeWarning, message)
	return &commandResult{Message: message}
}

// show is a message that the user sees. That the client is gone is no news.
func (s *server) show(ctx context.Context, kind protocol.MessageType, message string) {
	_ = s.client.ShowMessage(context.WithoutCancel(ctx), &protocol.ShowMessageParams{Type: kind, Message: message})
}
