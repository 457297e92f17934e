package lsp

import "context"

func definition(ctx context.Context, s *server, v *view, p *positionParams) (any, error) {
	at, err := v.locate(ctx, p.TextDocument.URI)
	if at == nil {
		return nil, err
	}
	byteOffset := p.Position.byteOffset(at.index, s.features.encoding)
	return s.targetsOf(v, at, s.opts.definition(at.snap, at.rel, byteOffset)), nil
}
