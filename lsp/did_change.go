package lsp

type didChangeParams struct {
	documentParams
	ContentChanges []contentChange `json:"contentChanges"`
}

func didChange(s *server, p *didChangeParams) {
	if path, ok := pathOf(p.TextDocument.URI); ok {
		s.store.change(path, p.ContentChanges, p.TextDocument.Version)
	}
}
