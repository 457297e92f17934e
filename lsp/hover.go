package lsp

import (
	"context"

	"go.lsp.dev/protocol"
)

func hover(ctx context.Context, s *server, v *view, p *positionParams) (*protocol.Hover, error) {
	at, err := v.locate(ctx, p.TextDocument.URI)
	if at == nil {
		return nil, err
	}
	byteOffset := p.Position.byteOffset(at.index, s.features.encoding)
	return s.hoverOf(at, s.opts.hover(at.snap, at.rel, byteOffset)), nil
}
