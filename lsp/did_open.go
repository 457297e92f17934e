package lsp

type didOpenParams struct {
	TextDocument struct {
		documentID
		Text string `json:"text"`
	} `json:"textDocument"`
}

func (p *didOpenParams) check() error {
	if p.TextDocument.URI == "" {
		return errNoDocument
	}
	return nil
}

// didOpen takes any file: what it is, its name decides, for language ids are not to be relied on (Neovim without filetypes sends
// none, Helix calls Cargo.lock toml and flake.lock json).
func didOpen(s *server, p *didOpenParams) {
	path, ok := pathOf(p.TextDocument.URI)
	if !ok {
		return // an untitled buffer, or a file of another machine
	}
	s.store.open(&document{p.TextDocument.URI, path, p.TextDocument.Version, []byte(p.TextDocument.Text)})
	s.watcher.touched(path)
}
