package lsp

// didSave says that the disk changed. The buffer is what counts while the file is open, but others read the disk, git's index too.
func didSave(s *server, p *documentParams) {
	if path, ok := pathOf(p.TextDocument.URI); ok {
		s.watcher.touched(path)
	}
}
