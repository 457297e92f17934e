package lsp

type didChangeWatchedFilesParams struct {
	Changes []struct {
		URI string `json:"uri"`
	} `json:"changes"`
}

// didChangeWatchedFiles goes the same way as what our own watcher sees; the second to come changes nothing any more.
func didChangeWatchedFiles(s *server, p *didChangeWatchedFilesParams) {
	var paths []string
	for _, change := range p.Changes {
		if path, ok := pathOf(change.URI); ok {
			paths = append(paths, path)
		}
	}
	s.watcher.told(paths)
}
