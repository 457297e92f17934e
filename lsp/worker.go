package lsp

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"path/filepath"
	"runtime/debug"
	"slices"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// maxDiagnosticsPerFile is more than anyone reads, and less than what makes an editor slow.
const maxDiagnosticsPerFile = 1000

// worker analyses and publishes, alone: a client that does not read holds up nothing but this.
type worker struct {
	wake      chan struct{}
	published map[string]publication // by path; only the worker's goroutine touches it
}

// publication is what the client was last told about a file.
type publication struct {
	uri     string
	sum     [sha256.Size]byte
	count   int
	open    bool
	version int32
}

// poke says that there may be something new. It never waits.
func (w *worker) poke() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already, and will look again
	}
}

func (w *worker) run(s *server) {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-w.wake:
			w.pass(s)
		}
	}
}

// pass analyses the state of now and publishes, unless the state changed meanwhile: then the change has woken us again.
func (w *worker) pass(s *server) {
	defer func() {
		if value := recover(); value != nil {
			s.faults.once("publishing", value, debug.Stack())
		}
	}()
	v := s.store.view()
	found := map[string]*fileFindings{}
	for i := range v.folders {
		f := &v.folders[i]
		if f.snap == nil {
			continue
		}
		findings, err := f.findings(s.ctx, s, f.snap)
		if err != nil {
			return
		}
		for j := range findings {
			path := f.snap.Abs(findings[j].File)
			// A folder speaks for the files of another only where nobody else does.
			if owner := v.owner(path); owner != nil && owner.folder != f.folder {
				continue
			}
			if found[path] == nil {
				found[path] = &fileFindings{snap: f.snap}
			}
			if found[path].snap == f.snap {
				found[path].list = append(found[path].list, &findings[j])
			}
		}
		if !s.store.current(v) {
			return
		}
	}
	w.publish(s, v, found)
	s.watcher.resync()
}

// fileFindings are the findings on one file.
type fileFindings struct {
	snap *workspace.Snapshot
	list []*analysis.Finding
}

// publish tells the client about every file whose findings are not what it was told last.
func (w *worker) publish(s *server, v *view, found map[string]*fileFindings) {
	paths := map[string]bool{}
	for path := range found {
		paths[path] = true
	}
	for path := range w.published {
		paths[path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		params := &protocol.PublishDiagnosticsParams{Diagnostics: []protocol.Diagnostic{}}
		if f := found[path]; f != nil {
			for _, finding := range f.list[:min(len(f.list), maxDiagnosticsPerFile)] {
				params.Diagnostics = append(params.Diagnostics, s.diagnosticOf(v, f.snap, finding))
			}
		}
		encoded, err := protocol.Marshal(params.Diagnostics)
		if err != nil {
			s.faults.once("publishing", err, nil)
			continue
		}
		doc := v.docs[path]
		last, known := w.published[path]
		now := publication{uri: uriOf(v, path), sum: sha256.Sum256(encoded), count: len(params.Diagnostics), open: doc != nil}
		if doc != nil {
			now.version = doc.version
		}
		if known && now.unneeded(last, s.features.diagnosticVersion) {
			continue
		}
		params.URI = uriFrom(now.uri)
		if doc != nil && s.features.diagnosticVersion {
			params.Version = protocol.NewOptional(doc.version)
		}
		if err := s.client.PublishDiagnostics(s.ctx, params); err != nil {
			return // the connection is gone
		}
		w.published[path] = now
		if now.count == 0 && doc == nil {
			delete(w.published, path) // nothing to take back later
		}
	}
}

// unneeded reports whether the client already shows this. The same set for a later version of an open file is sent again: the
// client has moved the old ranges along with the edits, and one that checks versions may have thrown the last set away.
func (now publication) unneeded(last publication, versioned bool) bool {
	if now.sum != last.sum || now.uri != last.uri {
		return false
	}
	if now.open == last.open && now.version == last.version {
		return true
	}
	return now.count == 0 && !(versioned && now.open)
}

// analysisRun is one run of the checks, shared by all who want it.
type analysisRun struct {
	snap     *workspace.Snapshot
	done     chan struct{}
	findings []analysis.Finding
}

// findings are those of a snapshot. The last run is remembered, so that a code action asks for nothing that is not known.
func (f *folder) findings(ctx context.Context, s *server, snap *workspace.Snapshot) ([]analysis.Finding, error) {
	f.mu.Lock()
	run := f.latest
	if run == nil || run.snap != snap {
		run = &analysisRun{snap: snap, done: make(chan struct{})}
		f.latest = run
		go run.compute(s, filepath.Base(f.root))
	}
	f.mu.Unlock()
	select {
	case <-run.done:
		return run.findings, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// compute runs to the end even if who asked is gone: somebody else may be waiting.
func (r *analysisRun) compute(s *server, name string) {
	defer close(r.done)
	defer func() {
		if value := recover(); value != nil {
			s.faults.once("analysis of "+name, value, debug.Stack())
		}
	}()
	result, err := analysis.Run(s.ctx, r.snap, s.opts.Checks)
	if result != nil {
		r.findings = result.Findings
	}
	for _, err := range unjoin(err) {
		var panicked *analysis.PanicError
		switch {
		case errors.As(err, &panicked):
			s.faults.once("check "+panicked.Code, panicked.Value, panicked.Stack)
		case s.ctx.Err() == nil:
			s.log.Error("analysis failed", "err", err)
		}
	}
}

// unjoin lists the errors that errors.Join put together.
func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
