package lsp

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
)

// progress shows that a command runs, in the best way that the client knows.
type progress struct {
	s     *server
	title string
	token protocol.ProgressToken // nil where there are only messages

	mu   sync.Mutex
	last time.Time
}

// beginProgress prefers a progress that the server creates, since only that has a way to be cancelled; then the one that the
// client offered with the request; and then a message.
func (s *server) beginProgress(ctx context.Context, fix *analysis.Fix, offered protocol.ProgressToken, cancel context.CancelFunc) *progress {
	p := &progress{s: s, title: fix.Title, token: offered}
	command := strings.Join(fix.Command, " ")
	if s.features.progress {
		s.commands.mu.Lock()
		s.commands.last++
		token := protocol.String(fmt.Sprintf("cargonix/%d", s.commands.last))
		s.commands.mu.Unlock()
		answer, stop := context.WithTimeout(ctx, clientAnswerTimeout)
		defer stop()
		if err := s.client.WorkDoneProgressCreate(answer, &protocol.WorkDoneProgressCreateParams{Token: token}); err == nil {
			p.token = token
		}
	}
	if p.token == nil {
		s.show(ctx, protocol.MessageTypeInfo, fmt.Sprintf("%s: running %s", p.title, command))
		return p
	}
	s.commands.mu.Lock()
	s.commands.tokens[p.token] = cancel
	s.commands.mu.Unlock()
	p.send(ctx, &protocol.WorkDoneProgressBegin{Kind: "begin", Title: fix.Title, Cancellable: new(true), Message: &command})
	return p
}

// report shows a line of the command's output.
func (p *progress) report(ctx context.Context, line string) {
	if p.token == nil || line == "" {
		return
	}
	p.mu.Lock()
	early := time.Since(p.last) < progressInterval
	if !early {
		p.last = time.Now()
	}
	p.mu.Unlock()
	if early {
		return
	}
	if runes := []rune(line); len(runes) > maxProgressRunes {
		line = string(runes[:maxProgressRunes-1]) + "…"
	}
	p.send(ctx, &protocol.WorkDoneProgressReport{Kind: "report", Message: &line})
}

func (p *progress) end(ctx context.Context, how string) {
	if p.token == nil {
		if how == "done" {
			p.s.show(ctx, protocol.MessageTypeInfo, p.title+": done")
		}
		return
	}
	p.s.commands.mu.Lock()
	delete(p.s.commands.tokens, p.token)
	p.s.commands.mu.Unlock()
	p.send(context.WithoutCancel(ctx), &protocol.WorkDoneProgressEnd{Kind: "end", Message: &how})
}

func (p *progress) send(ctx context.Context, value any) {
	// That the client is gone is no news.
	_ = p.s.client.Progress(ctx, &protocol.ProgressParams{Token: p.token, Value: rawJSON(value)})
}
