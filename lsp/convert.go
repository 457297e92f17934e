package lsp

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/ide"
	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// Everything that turns the analysis's types into the protocol's and back stands in this file.

const (
	// source is what editors show beside a diagnostic, and how they tell ours from those of nil, nixd and rust-analyzer.
	source = "cargonix"
	// maxRelated bounds what one diagnostic carries: a lock that was made anew can differ in every one of a thousand crates.
	maxRelated = 1000
	// foldedRelated is how many related places a message names for a client that shows only the message.
	foldedRelated = 5
)

// pathOf is the path that a file URI names; not ok for everything else (untitled:, vscode-vfs:, git: …).
func pathOf(raw string) (path string, ok bool) {
	parsed, err := uri.Parse(raw)
	if err != nil || !strings.HasPrefix(strings.ToLower(raw), "file:") || !parsed.IsFile() {
		return "", false
	}
	path = parsed.FsPath()
	if !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
		return "", false
	}
	return filepath.Clean(path), true
}

// uriOf is the URI of a path; for an open document, in the client's own spelling, since some clients compare text.
func uriOf(v *view, path string) string {
	if doc := v.docs[path]; doc != nil {
		return doc.uri
	}
	return string(uri.File(path))
}

func uriFrom(raw string) uri.URI { return uri.URI(raw) }

func rangeOf(index *text.Index, span text.Span, enc text.Encoding) protocol.Range {
	return protocol.Range{Start: positionOf(index, span.Start, enc), End: positionOf(index, span.End, enc)}
}

func positionOf(index *text.Index, byteOffset int, enc text.Encoding) protocol.Position {
	line, column := index.Position(byteOffset, enc)
	return protocol.Position{Line: uint32(line), Character: uint32(column)}
}

// indexOf finds lines in a file of the snapshot; in one that is gone there are none.
func indexOf(snap *workspace.Snapshot, rel string) *text.Index {
	if file := snap.File(rel); file != nil {
		return file.Index()
	}
	return &text.Index{}
}

func (s *server) locationOf(v *view, snap *workspace.Snapshot, loc analysis.Location) protocol.Location {
	return protocol.Location{
		URI:   uriFrom(uriOf(v, snap.Abs(loc.File))),
		Range: rangeOf(indexOf(snap, loc.File), loc.Span, s.features.encoding),
	}
}

func severityOf(severity analysis.Severity) protocol.DiagnosticSeverity {
	switch severity {
	case analysis.Error:
		return protocol.DiagnosticSeverityError
	case analysis.Warning:
		return protocol.DiagnosticSeverityWarning
	case analysis.Info:
		return protocol.DiagnosticSeverityInformation
	}
	return protocol.DiagnosticSeverityHint
}

// diagnosticData is what a diagnostic tells apart from others of the same code.
type diagnosticData struct {
	Subject string `json:"subject"`
}

func (s *server) diagnosticOf(v *view, snap *workspace.Snapshot, f *analysis.Finding) protocol.Diagnostic {
	d := protocol.Diagnostic{
		Range:    rangeOf(indexOf(snap, f.File), f.Span, s.features.encoding),
		Severity: severityOf(f.Severity),
		Code:     protocol.String(f.Code),
		Source:   protocol.NewOptional(source),
	}
	for _, check := range s.opts.Checks {
		if check.Code == f.Code {
			d.CodeDescription.Href = uriFrom(check.URL())
		}
	}
	if s.features.diagnosticData {
		d.Data = rawJSON(diagnosticData{f.Subject})
	}
	message := f.Message
	if s.features.relatedInformation {
		for _, related := range f.Related[:min(len(f.Related), maxRelated)] {
			d.RelatedInformation = append(d.RelatedInformation, protocol.DiagnosticRelatedInformation{
				Location: s.locationOf(v, snap, related.Location), Message: related.Message,
			})
		}
	} else {
		message += foldRelated(snap, f.Related)
	}
	d.Message = protocol.String(message)
	return d
}

// foldRelated writes the first related places as lines of a message.
func foldRelated(snap *workspace.Snapshot, related []analysis.Related) string {
	var b strings.Builder
	for _, r := range related[:min(len(related), foldedRelated)] {
		line, _ := indexOf(snap, r.File).HumanPosition(r.Span.Start)
		fmt.Fprintf(&b, "\n%s:%d: %s", r.File, line, r.Message)
	}
	if more := len(related) - foldedRelated; more > 0 {
		fmt.Fprintf(&b, "\n… and %d more places", more)
	}
	return b.String()
}

// workspaceEditOf is an edit of files as they are in the snapshot. Versions let the client refuse it when they are others by now.
func (s *server) workspaceEditOf(v *view, snap *workspace.Snapshot, edits []analysis.Edit) *protocol.WorkspaceEdit {
	byFile := map[string][]analysis.Edit{}
	var files []string
	for _, edit := range edits {
		if byFile[edit.File] == nil {
			files = append(files, edit.File)
		}
		byFile[edit.File] = append(byFile[edit.File], edit)
	}
	slices.Sort(files)
	result := &protocol.WorkspaceEdit{}
	for _, file := range files {
		path, index := snap.Abs(file), indexOf(snap, file)
		slices.SortStableFunc(byFile[file], func(a, b analysis.Edit) int { return cmp.Compare(a.Span.Start, b.Span.Start) })
		var plain []protocol.TextEdit
		var elements []protocol.TextDocumentEditElement
		for _, edit := range byFile[file] {
			plain = append(plain, protocol.TextEdit{Range: rangeOf(index, edit.Span, s.features.encoding), NewText: edit.NewText})
			elements = append(elements, &plain[len(plain)-1])
		}
		if !s.features.documentChanges {
			if result.Changes == nil {
				result.Changes = map[uri.URI][]protocol.TextEdit{}
			}
			result.Changes[uriFrom(uriOf(v, path))] = plain
			continue
		}
		id := protocol.OptionalVersionedTextDocumentIdentifier{TextDocumentIdentifier: protocol.TextDocumentIdentifier{URI: uriFrom(uriOf(v, path))}}
		if doc := v.docs[path]; doc != nil {
			id.Version = new(doc.version)
		}
		result.DocumentChanges = append(result.DocumentChanges, &protocol.TextDocumentEdit{TextDocument: id, Edits: elements})
	}
	return result
}

// codeActionOf is a fix as an editor offers it.
func (s *server) codeActionOf(v *view, snap *workspace.Snapshot, ref fixRef, f *analysis.Finding, fix *analysis.Fix) *protocol.CodeAction {
	action := &protocol.CodeAction{
		Title:       fix.Title,
		Kind:        new(protocol.CodeActionKindQuickFix),
		Diagnostics: []protocol.Diagnostic{s.diagnosticOf(v, snap, f)},
	}
	if ref.Fix == 0 {
		action.IsPreferred = new(true)
	}
	if fix.Kind == analysis.FixCommand {
		action.Command = protocol.Command{Title: fix.Title, Command: commandRunFix, Arguments: []protocol.LSPAny{rawJSON(ref)}}
	} else {
		action.Edit = s.workspaceEditOf(v, snap, fix.Edits)
	}
	return action
}

// rawJSON encodes what we built ourselves and what therefore can be encoded.
func rawJSON(v any) protocol.LSPAny {
	raw, err := protocol.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

func (s *server) hoverOf(at *at, hover *ide.HoverText) *protocol.Hover {
	if hover == nil {
		return nil
	}
	content := &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: hover.Markdown}
	if !s.features.markdown {
		content = &protocol.MarkupContent{Kind: protocol.MarkupKindPlainText, Value: plainText(hover.Markdown)}
	}
	return &protocol.Hover{Contents: content, Range: new(rangeOf(at.index, hover.Span, s.features.encoding))}
}

var (
	markdownLink   = regexp.MustCompile(`\[([^\]]+)\]\(([^)\s]+)\)`)
	markdownStrong = regexp.MustCompile("\\*\\*([^*\n]+)\\*\\*|`([^`\n]+)`")
	markdownHead   = regexp.MustCompile(`(?m)^#+ +`)
)

// plainText takes the marks out of the Markdown that our hovers are written in.
func plainText(markdown string) string {
	plain := markdownLink.ReplaceAllString(markdown, "$1 ($2)")
	plain = markdownStrong.ReplaceAllString(plain, "$1$2")
	return markdownHead.ReplaceAllString(plain, "")
}

// targetsOf are the places of a definition, as links where the client knows these; nil for none.
func (s *server) targetsOf(v *view, at *at, targets []ide.Target) any {
	if len(targets) == 0 {
		return nil
	}
	if !s.features.links {
		locations := make(protocol.LocationSlice, 0, len(targets))
		for _, t := range targets {
			locations = append(locations, s.locationOf(v, at.snap, analysis.Location{File: t.Location.File, Span: t.Name}))
		}
		return locations
	}
	links := make([]protocol.LocationLink, 0, len(targets))
	for _, t := range targets {
		whole := s.locationOf(v, at.snap, t.Location)
		links = append(links, protocol.LocationLink{
			OriginSelectionRange: new(rangeOf(at.index, t.Origin, s.features.encoding)),
			TargetURI:            whole.URI,
			TargetRange:          whole.Range,
			TargetSelectionRange: rangeOf(indexOf(at.snap, t.Location.File), t.Name, s.features.encoding),
		})
	}
	return links
}
