package lsp

import (
	"context"
	"encoding/json"
	"path/filepath"

	"go.lsp.dev/protocol"
)

type initializeParams struct {
	ProcessID             int                `json:"processId"`
	RootURI               string             `json:"rootUri"`
	RootPath              string             `json:"rootPath"`
	WorkspaceFolders      []wireFolder       `json:"workspaceFolders"`
	Capabilities          clientCapabilities `json:"capabilities"`
	InitializationOptions json.RawMessage    `json:"initializationOptions"`
}

// tolerant: a capability of an unexpected type counts as absent. A server that refuses initialize is of no use to anyone.
func (*initializeParams) tolerant() {}

type wireFolder struct {
	URI string `json:"uri"`
}

type initializationOptions struct {
	// Trusted false forbids running commands; an editor that knows no trust leaves it out.
	Trusted *bool `json:"trusted"`
}

func initialize(_ context.Context, s *server, _ *view, p *initializeParams) (*protocol.InitializeResult, error) {
	var options initializationOptions
	// Options that are no object, or of another type, are as good as none; but a "trusted" that cannot be read is not trust.
	if json.Unmarshal(p.InitializationOptions, &options) != nil && len(p.InitializationOptions) > 0 {
		options.Trusted = new(false)
		s.log.Warn("initializationOptions cannot be read: commands are switched off")
	}
	s.features = negotiate(&p.Capabilities, &options)
	for _, root := range p.roots() {
		s.store.addFolder(root, false)
	}
	// What the watcher finds waits for the worker, which begins with the next message: nothing may be sent before this is answered.
	go s.watcher.run()
	watchParent(s, p.ProcessID)
	s.state.Store(stateRunning)
	result := &protocol.InitializeResult{Capabilities: s.features.serverCapabilities(), ServerInfo: protocol.ServerInfo{Name: "cargonix"}}
	if s.opts.Version != "" {
		result.ServerInfo.Version = protocol.NewOptional(s.opts.Version)
	}
	return result, nil
}

// roots lists the folders to work on; the older ways to say it count only where the newer is missing.
func (p *initializeParams) roots() []string {
	var roots []string
	for _, folder := range p.WorkspaceFolders {
		if path, ok := pathOf(folder.URI); ok {
			roots = append(roots, path)
		}
	}
	if len(roots) > 0 {
		return roots
	}
	if path, ok := pathOf(p.RootURI); ok {
		return []string{path}
	}
	if filepath.IsAbs(p.RootPath) {
		return []string{filepath.Clean(p.RootPath)}
	}
	return nil
}
