package lsp

import (
	"time"

	"go.lsp.dev/protocol"
)

// watchedGlobs is what a client is asked to watch: exact names, since a client that watches whole trees gets slow.
var watchedGlobs = []string{
	"**/Cargo.lock", "**/Cargo.toml", "**/Cargo.nix", "**/Cargo.json", "**/crate-hashes.json", "**/flake.lock", "**/*.nix",
}

// clientAnswerTimeout bounds the wait for an answer that a client gives without asking its user.
const clientAnswerTimeout = 10 * time.Second

func initialized(s *server, _ *none) {
	if s.features.watchedFiles {
		go s.registerWatchers() // it waits for the client, which a notification must not
	}
}

func (s *server) registerWatchers() {
	var options protocol.DidChangeWatchedFilesRegistrationOptions
	for _, glob := range watchedGlobs {
		options.Watchers = append(options.Watchers, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(glob)})
	}
	raw, err := protocol.Marshal(&options)
	if err == nil {
		ctx, cancel := s.timeout(clientAnswerTimeout)
		defer cancel()
		err = s.client.RegisterCapability(ctx, &protocol.RegistrationParams{Registrations: []protocol.Registration{{
			ID: "cargonix-watched-files", Method: "workspace/didChangeWatchedFiles", RegisterOptions: raw,
		}}})
	}
	if err != nil && s.ctx.Err() == nil {
		s.log.Warn("the client does not watch files for us", "err", err)
	}
}
