package lsp

import (
	"context"
	"time"
)

func shutdown(_ context.Context, s *server, _ *view, _ *none) (any, error) {
	s.state.Store(stateShutDown)
	s.commands.stop()
	return nil, nil
}

// exit ends the session. The connection cannot be closed from inside a handler, so Serve is told.
func exit(s *server, _ *none) {
	select {
	case s.exit <- struct{}{}:
	default:
	}
}

func (s *server) timeout(d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(s.ctx, d)
}
