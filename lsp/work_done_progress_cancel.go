package lsp

import "encoding/json"

type workDoneProgressCancelParams struct {
	Token json.RawMessage `json:"token"`
}

func workDoneProgressCancel(s *server, p *workDoneProgressCancelParams) {
	s.commands.cancel(tokenOf(p.Token))
}
