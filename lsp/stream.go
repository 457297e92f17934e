package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"go.lsp.dev/jsonrpc2"
)

const (
	// maxBodyBytes bounds one message: the largest file that the engine reads (32 MB) with every byte escaped ("\u0000").
	maxBodyBytes = 256 << 20
	// maxHeaderLineBytes and maxHeaderLines bound a header; real ones have one or two short lines.
	maxHeaderLineBytes = 4 << 10
	maxHeaderLines     = 32
	// firstReadBytes is what is allocated for a body before any of it has come, so that a header alone cannot cost memory.
	firstReadBytes = 1 << 20
)

// stream frames messages with Content-Length headers. Unlike the library's stream it survives a body that is no JSON-RPC message:
// that one is answered, logged and skipped, where the library would end the session. Only a broken header ends it, for behind
// one nobody knows where the next message starts.
type stream struct {
	in  *bufio.Reader
	raw io.Closer
	log *slog.Logger

	write sync.Mutex
	out   io.WriteCloser

	once  sync.Once
	ended chan struct{} // closed when nothing more can be read or written
	cause error
}

func newStream(in io.ReadCloser, out io.WriteCloser, log *slog.Logger) *stream {
	return &stream{in: bufio.NewReaderSize(in, maxHeaderLineBytes), raw: in, out: out, log: log, ended: make(chan struct{})}
}

// err says why the stream ended; nil for a plain end of input. To be asked after ended is closed.
func (s *stream) err() error { return s.cause }

func (s *stream) end(cause error) {
	s.once.Do(func() {
		if !errors.Is(cause, io.EOF) {
			s.cause = cause
		}
		close(s.ended)
	})
}

// Read returns the next message that is one.
func (s *stream) Read(ctx context.Context) (jsonrpc2.Message, int64, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, 0, err
		}
		body, err := s.frame()
		if err != nil {
			s.end(err)
			return nil, 0, err
		}
		msg, err := jsonrpc2.DecodeMessage(body)
		if err == nil {
			return msg, int64(len(body)), nil
		}
		s.log.Warn("message dropped", "err", err, "bytes", len(body))
		if err := s.refuse(body); err != nil {
			return nil, 0, err
		}
	}
}

// refuse answers a body that is no message, so that a caller whose request it was does not wait for ever.
func (s *stream) refuse(body []byte) error {
	var lost struct {
		ID     json.RawMessage `json:"id"`
		Method *string         `json:"method"`
		Result json.RawMessage `json:"result"`
		Error  json.RawMessage `json:"error"`
	}
	code, text, id := jsonrpc2.ParseError, "the message is not JSON", "null"
	switch {
	case json.Unmarshal(body, &lost) == nil:
		if lost.Method == nil && (lost.Result != nil || lost.Error != nil) {
			return nil // a broken answer: an answer to it would be noise
		}
		if lost.Method != nil && lost.ID == nil {
			return nil // a broken notification has nobody who waits
		}
		code, text = jsonrpc2.InvalidRequest, `not a JSON-RPC 2.0 message`
		if len(lost.ID) > 0 && lost.ID[0] != '{' && lost.ID[0] != '[' {
			id = string(lost.ID)
		}
	case json.Valid(body):
		code, text = jsonrpc2.InvalidRequest, "not a JSON-RPC 2.0 message; batches are no part of the Language Server Protocol"
	}
	_, err := s.send(fmt.Appendf(nil, `{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":%q}}`, id, code, text))
	return err
}

// frame reads one header and its body.
func (s *stream) frame() ([]byte, error) {
	length := -1
	for lines := 0; ; lines++ {
		// A client that sends bare JSON would otherwise wait for us while we wait for the end of its "header".
		if first, err := s.in.Peek(1); err == nil && !headerStart(first[0]) {
			return nil, fmt.Errorf("%w: a header starts with %q", errFramingLost, first)
		}
		line, err := s.in.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 && lines == 0 {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("%w: header line %q: %w", errFramingLost, clip(line), noEOF(err))
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, ok := strings.Cut(string(line), ":")
		if !ok || lines >= maxHeaderLines {
			return nil, fmt.Errorf("%w: header line %q", errFramingLost, clip(line))
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 63)
			if err != nil || n > maxBodyBytes {
				return nil, fmt.Errorf("%w: Content-Length %q", errFramingLost, clip([]byte(value)))
			}
			length = int(n)
		}
	}
	if length < 0 {
		return nil, fmt.Errorf("%w: a header without Content-Length", errFramingLost)
	}
	// Every body gets memory of its own: what the decoder borrows from it then lives as long as it is used.
	body := bytes.NewBuffer(make([]byte, 0, min(length, firstReadBytes)))
	if _, err := io.CopyN(body, s.in, int64(length)); err != nil {
		return nil, fmt.Errorf("%w: a body of %d bytes ended after %d: %w", errFramingLost, length, body.Len(), noEOF(err))
	}
	return body.Bytes(), nil
}

// Write sends a message in one piece.
func (s *stream) Write(ctx context.Context, msg jsonrpc2.Message) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	body, err := jsonrpc2.EncodeMessage(msg)
	if err != nil {
		return 0, err
	}
	return s.send(body)
}

func (s *stream) send(body []byte) (int64, error) {
	framed := make([]byte, 0, len(body)+32)
	framed = fmt.Appendf(framed, "Content-Length: %d\r\n\r\n", len(body))
	framed = append(framed, body...)
	s.write.Lock()
	defer s.write.Unlock()
	n, err := s.out.Write(framed)
	if err != nil {
		s.end(fmt.Errorf("writing to the client: %w", err))
	}
	return int64(n), err
}

// Close implements jsonrpc2.Stream. The reader is closed by Serve, which knows that this may block.
func (s *stream) Close() error {
	s.end(io.EOF)
	return nil
}

// headerStart reports whether a header line, or the empty one behind the header, may start with c.
func headerStart(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || c == '\r' || c == '\n'
}

// noEOF makes the end of input inside a message an error that cannot be taken for a plain end.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// clip keeps a log line short, whatever came in.
func clip(b []byte) []byte { return b[:min(len(b), 80)] }
