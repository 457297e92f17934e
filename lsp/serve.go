// Package lsp is the language server: it keeps what an editor has open, pins every request to a snapshot, and turns
// findings and answers of the analysis into the Language Server Protocol. It decides nothing about Rust or Nix itself.
//
// The connection of go.lsp.dev/jsonrpc2 is wired by hand, because the server that go.lsp.dev/protocol offers handles messages
// out of order and ends the session at the first odd one: see dispatch.go and stream.go.
package lsp

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/ide"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// Exit codes of a session, as the protocol wants them.
const (
	exitClean  = 0 // the client said shutdown first
	exitFailed = 1
)

// defaultParentCheck is how long an orphaned server may live on. Usually stdin ends first; this is for editors that are killed
// while something else still holds the pipe open.
const defaultParentCheck = 2 * time.Second

// commandGrace is how long Serve waits at the end for commands that it killed: long enough for nix to remove its locks.
const commandGrace = 3 * time.Second

// Options are what the command line decides.
type Options struct {
	Version string
	Checks  []*analysis.Check
	// Log gets the server's own troubles, never the user's.
	Log *slog.Logger
	// ParentCheck is how often to look whether the editor still lives; 0 stands for a sensible interval.
	ParentCheck time.Duration

	// Tests put other answers and methods here.
	hover      func(snap *workspace.Snapshot, file string, byteOffset int) *ide.HoverText
	definition func(snap *workspace.Snapshot, file string, byteOffset int) []ide.Target
	methods    map[string]method
}

// server is one session with one client.
type server struct {
	opts     Options
	log      *slog.Logger
	faults   faults
	ctx      context.Context // ends with the session; what outlives a message hangs on it
	client   protocol.Client
	features features // set by initialize, before anything that reads it starts
	state    atomic.Int32
	begin    sync.Once // the worker
	inflight inflight
	slots    chan struct{}
	store    store
	worker   worker
	watcher  *watcher
	commands commands
	exit     chan struct{}
	parent   chan struct{}
}

// Serve talks to one client until it is done, and returns the exit status for the process: 0 after shutdown, 1 otherwise. The
// reading of in may still be blocked then, since nothing can interrupt a read from a terminal or an open pipe; so the process
// should end.
func Serve(ctx context.Context, in io.ReadCloser, out io.WriteCloser, opts Options) int {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.ParentCheck <= 0 {
		opts.ParentCheck = defaultParentCheck
	}
	if opts.hover == nil {
		opts.hover = ide.Hover
	}
	if opts.definition == nil {
		opts.definition = ide.Definition
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	stream := newStream(in, out, opts.Log)
	conn := jsonrpc2.NewConn(stream, jsonrpc2.WithCodec(codec{}))
	s := &server{
		opts:   opts,
		log:    opts.Log,
		faults: faults{log: opts.Log},
		ctx:    ctx,
		client: protocol.ClientDispatcher(conn), // before the first message is read
		slots:  make(chan struct{}, maxConcurrentRequests),
		exit:   make(chan struct{}, 1),
		parent: make(chan struct{}, 1),
	}
	s.store.server = s
	s.worker.wake = make(chan struct{}, 1)
	s.worker.published = map[string]publication{}
	s.watcher = newWatcher(s)
	conn.Go(ctx, s.handle)

	// conn.Done would wait for every running request, and so for a command that runs for minutes: the stream knows sooner.
	select {
	case <-s.exit:
	case <-stream.ended:
		if err := stream.err(); err != nil {
			s.log.Error("connection lost", "err", err)
		}
	case <-conn.Done():
		if err := conn.Err(); err != nil {
			s.log.Error("connection failed", "err", err)
		}
	case <-s.parent:
		s.log.Warn("the editor's process is gone")
	case <-ctx.Done():
	}
	cancel()
	s.commands.wait(commandGrace + time.Second) // what does not end by itself is killed after the grace
	s.watcher.close()
	go in.Close() // may block as long as a read does
	out.Close()
	if s.state.Load() == stateShutDown {
		return exitClean
	}
	return exitFailed
}

// codec encodes with protocol's encoder, which knows the unions of the protocol. Raw messages pass through.
type codec struct{}

func (codec) Marshal(v any) ([]byte, error) {
	if raw, ok := v.(jsonrpc2.RawMessage); ok && raw != nil {
		return raw, nil
	}
	return protocol.Marshal(v)
}

func (codec) Unmarshal(data []byte, v any) error {
	if raw, ok := v.(*jsonrpc2.RawMessage); ok {
		*raw = append(jsonrpc2.RawMessage(nil), data...)
		return nil
	}
	return protocol.Unmarshal(data, v)
}

var errFramingLost = errors.New("the message framing is lost")
