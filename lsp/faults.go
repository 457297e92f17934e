package lsp

import (
	"fmt"
	"log/slog"
	"sync"
)

// faults logs each fault of ours once: an editor asks for hovers all day, and the hundredth same stack helps nobody.
type faults struct {
	log  *slog.Logger
	mu   sync.Mutex
	seen map[string]bool
}

// maxFaults bounds what is remembered; so many different faults are no news any more.
const maxFaults = 1000

// once logs what went wrong in where, with the stack, unless the same was logged before.
func (f *faults) once(where string, value any, stack []byte) {
	key := fmt.Sprint(where, "\x00", value)
	f.mu.Lock()
	known := f.seen[key] || len(f.seen) >= maxFaults
	if !known {
		if f.seen == nil {
			f.seen = map[string]bool{}
		}
		f.seen[key] = true
	}
	f.mu.Unlock()
	if !known {
		f.log.Error("internal error", "in", where, "panic", fmt.Sprint(value), "stack", string(stack))
	}
}
