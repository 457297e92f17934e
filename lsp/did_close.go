package lsp

func didClose(s *server, p *documentParams) {
	if path, ok := pathOf(p.TextDocument.URI); ok {
		s.store.close(path)
	}
}
