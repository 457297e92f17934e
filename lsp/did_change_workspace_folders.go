package lsp

type didChangeWorkspaceFoldersParams struct {
	Event struct {
		Added   []wireFolder `json:"added"`
		Removed []wireFolder `json:"removed"`
	} `json:"event"`
}

func didChangeWorkspaceFolders(s *server, p *didChangeWorkspaceFoldersParams) {
	for _, folder := range p.Event.Removed {
		if path, ok := pathOf(folder.URI); ok {
			s.store.removeFolder(path)
		}
	}
	for _, folder := range p.Event.Added {
		if path, ok := pathOf(folder.URI); ok {
			s.store.addFolder(path, false)
		}
	}
}
