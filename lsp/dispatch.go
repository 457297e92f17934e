package lsp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// maxConcurrentRequests bounds the requests that compute at the same time. An editor rarely has more than a handful under way, and
// more than this would only take the processor from the one that the user waits for.
const maxConcurrentRequests = 8

// Codes of the protocol that the libraries do not make ready.
const (
	codeRequestCancelled jsonrpc2.Code = -32800
	codeRequestFailed    jsonrpc2.Code = -32803
)

// Commands of the protocol that the dispatcher itself must know.
const (
	methodInitialize = "initialize"
	methodShutdown   = "shutdown"
	methodExit       = "exit"
)

// class says how a method runs.
type class uint8

const (
	// notification runs on the reading goroutine, in the order of arrival. It never waits for the client and does no slow work.
	notification class = iota
	// ordered is a request that runs like a notification.
	ordered
	// concurrent is a request that is pinned to a snapshot in the order of arrival and then runs beside others, within the bound.
	concurrent
	// unbounded is like concurrent, without the bound: for what takes minutes and hardly any processor.
	unbounded
)

// method is an entry of the table: how it runs, and what.
type method struct {
	class class
	run   func(ctx context.Context, s *server, v *view, params []byte) (any, error)
}

// methods is everything that the server understands. Unknown requests are refused and unknown notifications ignored.
var methods = map[string]method{
	methodInitialize: respond(ordered, initialize),
	methodShutdown:   respond(ordered, shutdown),
	methodExit:       notice(exit),
	"initialized":    notice(initialized),

	"$/cancelRequest":                notice(cancelRequest),
	"window/workDoneProgress/cancel": notice(workDoneProgressCancel),

	"textDocument/didOpen":   notice(didOpen),
	"textDocument/didChange": notice(didChange),
	"textDocument/didSave":   notice(didSave),
	"textDocument/didClose":  notice(didClose),

	"workspace/didChangeWatchedFiles":     notice(didChangeWatchedFiles),
	"workspace/didChangeWorkspaceFolders": notice(didChangeWorkspaceFolders),

	"textDocument/hover":       respond(concurrent, hover),
	"textDocument/definition":  respond(concurrent, definition),
	"textDocument/codeAction":  respond(concurrent, codeAction),
	"workspace/executeCommand": respond(unbounded, executeCommand),
}

// notice makes a table entry of a notification's handler.
func notice[P any](run func(*server, *P)) method {
	return method{notification, func(_ context.Context, s *server, _ *view, params []byte) (any, error) {
		p := new(P)
		if err := decode(params, p); err != nil {
			return nil, err
		}
		run(s, p)
		return nil, nil
	}}
}

// respond makes a table entry of a request's handler.
func respond[P, R any](class class, run func(context.Context, *server, *view, *P) (R, error)) method {
	return method{class, func(ctx context.Context, s *server, v *view, params []byte) (any, error) {
		p := new(P)
		if err := decode(params, p); err != nil {
			return nil, err
		}
		return run(ctx, s, v, p)
	}}
}

// States of a session.
const (
	stateNew int32 = iota
	stateRunning
	stateShutDown
)

// handle is called by the connection for every message, on its reading goroutine. The request's own context must not be used after
// Async, nor derived from at all (jsonrpc2 recycles it): everything hangs on the session's.
func (s *server) handle(reqCtx context.Context, req *jsonrpc2.Request) (result any, err error) {
	name, isCall := strings.Clone(req.Method()), req.IsCall()
	defer func() {
		if value := recover(); value != nil {
			s.faults.once(name, value, debug.Stack())
			result, err = nil, jsonrpc2.Errorf(jsonrpc2.InternalError, "%s: internal error: %v", name, value)
		}
		if err == nil {
			return
		}
		if !isCall {
			// An error of a notification would end the connection.
			s.log.Warn("notification dropped", "method", name, "err", err)
			err = nil
			return
		}
		err = wireError(name, err)
	}()

	m, known := methods[name]
	if replaced, ok := s.opts.methods[name]; ok {
		m, known = replaced, true
	}
	if err := s.gate(name, isCall); err != nil || s.ignored(name, isCall) {
		return nil, err
	}
	if s.state.Load() == stateRunning {
		s.begin.Do(func() { go s.worker.run(s) })
	}
	switch {
	case !known && isCall:
		return nil, jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "%s is not supported", name)
	case !known:
		return nil, nil
	case isCall != (m.class != notification):
		return nil, jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s: requests have an id, notifications have none", name)
	case m.class == notification || m.class == ordered:
		return m.run(s.ctx, s, nil, req.Params())
	}

	ctx, done := s.inflight.add(s.ctx, req.ID())
	defer done()
	v := s.store.view()    // in the order of arrival
	jsonrpc2.Async(reqCtx) // from here on the next message is read
	if m.class == concurrent {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	result, err = m.run(ctx, s, v, req.Params())
	if ctx.Err() != nil {
		return nil, ctx.Err() // nobody reads the answer any more
	}
	return result, err
}

// gate lets nothing through that the state of the session forbids.
func (s *server) gate(name string, isCall bool) error {
	state := s.state.Load()
	switch {
	case !isCall || state == stateRunning && name != methodInitialize || state == stateNew && name == methodInitialize:
		return nil
	case state == stateNew:
		return jsonrpc2.NewError(jsonrpc2.ServerNotInitialized, "the server is not initialized")
	}
	return jsonrpc2.Errorf(jsonrpc2.InvalidRequest, "%s is not allowed now", name)
}

// ignored reports whether a notification comes at a time when only exit counts.
func (s *server) ignored(name string, isCall bool) bool {
	return !isCall && name != methodExit && s.state.Load() != stateRunning
}

// wireError gives an error the code it deserves; the library would send 0 for an unknown one.
func wireError(name string, err error) error {
	var coded *jsonrpc2.Error
	switch {
	case errors.Is(err, context.Canceled):
		return jsonrpc2.NewError(codeRequestCancelled, "cancelled")
	case errors.As(err, &coded):
		return coded
	}
	return jsonrpc2.Errorf(jsonrpc2.InternalError, "%s: %v", name, err)
}

// inflight knows the running requests, to cancel them.
type inflight struct {
	mu      sync.Mutex
	running map[jsonrpc2.ID]*context.CancelFunc
}

// add registers a request; done must be called when it is over.
func (f *inflight) add(parent context.Context, id jsonrpc2.ID) (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(parent)
	f.mu.Lock()
	if f.running == nil {
		f.running = map[jsonrpc2.ID]*context.CancelFunc{}
	}
	f.running[id] = &cancel
	f.mu.Unlock()
	return ctx, func() {
		f.mu.Lock()
		if f.running[id] == &cancel { // a client may use an id again too early
			delete(f.running, id)
		}
		f.mu.Unlock()
		cancel()
	}
}

type cancelParams struct {
	ID json.RawMessage `json:"id"`
}

// cancelRequest cancels a request, wherever it is: running or still queued.
func cancelRequest(s *server, p *cancelParams) {
	var id jsonrpc2.ID
	var number int64
	var name string
	switch {
	case json.Unmarshal(p.ID, &name) == nil && len(p.ID) > 0 && p.ID[0] == '"':
		id = jsonrpc2.NewStringID(name)
	case json.Unmarshal(p.ID, &number) == nil && string(p.ID) != "null":
		id = jsonrpc2.NewNumberID(number)
	default:
		return // no request of ours can have this id
	}
	s.inflight.mu.Lock()
	defer s.inflight.mu.Unlock()
	if cancel := s.inflight.running[id]; cancel != nil {
		(*cancel)()
	}
}

// tokenOf is a progress token as the client spelled it.
func tokenOf(raw json.RawMessage) protocol.ProgressToken {
	var number int32
	var name string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case json.Unmarshal(raw, &name) == nil:
		return protocol.String(name)
	case json.Unmarshal(raw, &number) == nil:
		return protocol.Integer(number)
	}
	return nil
}

// decode reads parameters. It is more lenient than protocol's decoder, on purpose: a null where a number is wanted, or an unknown
// value of an enumeration, is the client's habit and no reason to refuse what we do understand.
func decode(params []byte, into any) error {
	if len(params) == 0 {
		params = []byte("{}")
	}
	err := json.Unmarshal(params, into)
	if _, ok := into.(interface{ tolerant() }); ok && params[0] == '{' {
		// The decoder fills everything that fits and reports the rest.
		if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			err = nil
		}
	}
	if checked, ok := into.(interface{ check() error }); ok && err == nil {
		err = checked.check()
	}
	if err != nil {
		return jsonrpc2.NewError(jsonrpc2.InvalidParams, fmt.Sprintf("invalid parameters: %v", err))
	}
	return nil
}
