package lsp

import (
	"slices"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis/text"
)

// clientCapabilities are the ones that change what we do. Absent, null and false are the same.
type clientCapabilities struct {
	General struct {
		PositionEncodings []string `json:"positionEncodings"`
	} `json:"general"`
	Window struct {
		WorkDoneProgress bool `json:"workDoneProgress"`
	} `json:"window"`
	Workspace struct {
		WorkspaceEdit struct {
			DocumentChanges bool `json:"documentChanges"`
		} `json:"workspaceEdit"`
		DidChangeWatchedFiles struct {
			DynamicRegistration bool `json:"dynamicRegistration"`
		} `json:"didChangeWatchedFiles"`
	} `json:"workspace"`
	TextDocument struct {
		PublishDiagnostics struct {
			RelatedInformation bool `json:"relatedInformation"`
			VersionSupport     bool `json:"versionSupport"`
			DataSupport        bool `json:"dataSupport"`
		} `json:"publishDiagnostics"`
		CodeAction struct {
			CodeActionLiteralSupport *struct{} `json:"codeActionLiteralSupport"`
		} `json:"codeAction"`
		Hover struct {
			ContentFormat []string `json:"contentFormat"`
		} `json:"hover"`
		Definition struct {
			LinkSupport bool `json:"linkSupport"`
		} `json:"definition"`
	} `json:"textDocument"`
}

// features is what was agreed with the client.
type features struct {
	encoding     text.Encoding
	encodingName protocol.PositionEncodingKind

	relatedInformation bool // else the first related places go into the message
	diagnosticVersion  bool
	diagnosticData     bool
	actionLiterals     bool // else code actions are bare commands
	documentChanges    bool // else plain changes: Neovim 0.7 and Kakoune know no other
	markdown           bool
	links              bool
	progress           bool
	watchedFiles       bool // else only our own watcher sees changes (Neovim on Linux: neovim#23291)
	trusted            bool // else no command is offered or run
}

// negotiate decides everything that depends on the client, in one place.
func negotiate(c *clientCapabilities, options *initializationOptions) features {
	f := features{
		relatedInformation: c.TextDocument.PublishDiagnostics.RelatedInformation,
		diagnosticVersion:  c.TextDocument.PublishDiagnostics.VersionSupport,
		diagnosticData:     c.TextDocument.PublishDiagnostics.DataSupport,
		actionLiterals:     c.TextDocument.CodeAction.CodeActionLiteralSupport != nil,
		documentChanges:    c.Workspace.WorkspaceEdit.DocumentChanges,
		links:              c.TextDocument.Definition.LinkSupport,
		progress:           c.Window.WorkDoneProgress,
		watchedFiles:       c.Workspace.DidChangeWatchedFiles.DynamicRegistration,
		trusted:            options.Trusted == nil || *options.Trusted,
	}
	// Clients list their favourite format first. One that lists none gets plain text, as before there was a choice.
	if formats := c.TextDocument.Hover.ContentFormat; len(formats) > 0 {
		f.markdown = slices.Contains(formats, string(protocol.MarkupKindMarkdown))
	}
	// UTF-8 columns are byte offsets and cost nothing. UTF-16 must be understood by everyone and is what a client means that says
	// nothing. (lsp-mode 8 says nothing and counts code points; behind a character above U+FFFF its columns are wrong for every server.)
	offered := c.General.PositionEncodings
	switch {
	case slices.Contains(offered, string(protocol.PositionEncodingKindUTF8)):
		f.encoding, f.encodingName = text.UTF8, protocol.PositionEncodingKindUTF8
	case slices.Contains(offered, string(protocol.PositionEncodingKindUTF32)) && !slices.Contains(offered, string(protocol.PositionEncodingKindUTF16)):
		f.encoding, f.encodingName = text.UTF32, protocol.PositionEncodingKindUTF32
	default:
		f.encoding, f.encodingName = text.UTF16, protocol.PositionEncodingKindUTF16
	}
	return f
}

// serverCapabilities is what we announce. Diagnostics are pushed, never pulled: doing both shows them twice, and only pushing
// reaches files that are not open. Fixes come with their edits (Eglot 1.9 cannot resolve), so nothing is announced for that.
func (f *features) serverCapabilities() protocol.ServerCapabilities {
	caps := protocol.ServerCapabilities{
		PositionEncoding: f.encodingName,
		TextDocumentSync: &protocol.TextDocumentSyncOptions{
			OpenClose: new(true),
			Change:    new(protocol.TextDocumentSyncKindIncremental),
			Save:      protocol.Boolean(true),
		},
		HoverProvider:      protocol.Boolean(true),
		DefinitionProvider: protocol.Boolean(true),
		CodeActionProvider: &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}},
		Workspace: &protocol.WorkspaceOptions{WorkspaceFolders: &protocol.WorkspaceFoldersServerCapabilities{
			Supported:           new(true),
			ChangeNotifications: protocol.Boolean(true),
		}},
	}
	if f.trusted {
		caps.ExecuteCommandProvider = protocol.ExecuteCommandOptions{
			WorkDoneProgressOptions: protocol.WorkDoneProgressOptions{WorkDoneProgress: new(true)},
			Commands:                []string{commandRunFix},
		}
	}
	return caps
}
