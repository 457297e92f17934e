package lsp

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/cargonix/cargonix/analysis/workspace"
)

const (
	// watchQuiet is how long nothing must happen before changes are looked at: a save by rename is three events, `cargo update`
	// a dozen, and looking in between would see half of it.
	watchQuiet = 50 * time.Millisecond
	// watchPatience ends that wait where events never stop, as during a checkout of a large branch.
	watchPatience = 500 * time.Millisecond
	// maxPendingPaths is where single paths stop to be cheaper than looking at everything.
	maxPendingPaths = 4096
)

// watcher learns which files changed on disk, from the system and from the client, and tells the workspaces. Both are told of
// the same changes; a workspace notices that the second time nothing is different.
type watcher struct {
	s      *server
	system *fsnotify.Watcher // nil where the system gives none

	mu       sync.Mutex
	queued   map[string]bool // paths that somebody else saw change
	all      bool            // anything may have changed
	resyncs  bool            // other folders may have to be watched now
	degraded bool            // some folder is not watched
	kick     chan struct{}

	// Only the watcher's own goroutine uses these.
	scopes []scope
	only   map[string]map[string]bool // folders that are watched for some names only
	folder map[string]bool            // folders that are watched for everything
}

// scope is a workspace and the folders that count for it.
type scope struct {
	ws   *workspace.Workspace
	dirs map[string]bool
}

func newWatcher(s *server) *watcher {
	w := &watcher{s: s, queued: map[string]bool{}, kick: make(chan struct{}, 1)}
	system, err := fsnotify.NewWatcher()
	if err != nil {
		w.degrade(err)
	}
	w.system = system
	return w
}

func (w *watcher) close() {
	if w.system != nil {
		w.system.Close()
	}
}

// told queues paths that the client saw change.
func (w *watcher) told(paths []string) {
	w.mu.Lock()
	for _, path := range paths {
		w.queued[path] = true
	}
	w.mu.Unlock()
	w.poke()
}

// touched queues a path that the user just opened or saved. Where not everything is watched, it is the occasion to look at it all.
func (w *watcher) touched(path string) {
	w.mu.Lock()
	w.queued[path] = true
	w.all = w.all || w.degraded
	w.mu.Unlock()
	w.poke()
}

// recheck looks at everything.
func (w *watcher) recheck() {
	w.mu.Lock()
	w.all = true
	w.mu.Unlock()
	w.poke()
}

// resync asks to watch the folders that count now.
func (w *watcher) resync() {
	w.mu.Lock()
	w.resyncs = true
	w.mu.Unlock()
	w.poke()
}

func (w *watcher) poke() {
	select {
	case w.kick <- struct{}{}:
	default:
	}
}

// degrade notes that not every folder can be watched (fs.inotify.max_user_watches is used up, say) and goes on without.
func (w *watcher) degrade(err error) {
	w.mu.Lock()
	first := !w.degraded
	w.degraded = true
	w.mu.Unlock()
	if first {
		w.s.log.Warn("not all folders can be watched for changes; saving a file in the editor looks at everything", "err", err)
	}
}

// run is the watcher's goroutine.
func (w *watcher) run() {
	var events chan fsnotify.Event
	var errs chan error
	if w.system != nil {
		events, errs = w.system.Events, w.system.Errors
	}
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	var since time.Time // of the first change that waits
	wait := func() {
		if since.IsZero() {
			since = time.Now()
		}
		quiet.Reset(min(watchQuiet, max(0, watchPatience-time.Since(since))))
	}
	for {
		select {
		case <-w.s.ctx.Done():
			return
		case event, ok := <-events:
			if !ok {
				return
			}
			if w.counts(event) {
				w.queue(event.Name)
				wait()
			}
		case err, ok := <-errs:
			switch {
			case !ok:
				return
			case errors.Is(err, fsnotify.ErrEventOverflow):
				w.recheck()
			default:
				w.degrade(err)
			}
		case <-w.kick:
			w.mu.Lock()
			resync, changes := w.resyncs, w.all || len(w.queued) > 0
			w.resyncs = false
			w.mu.Unlock()
			if resync && w.sync() || changes {
				wait()
			}
		case <-quiet.C:
			since = time.Time{}
			if w.flush() {
				wait()
			}
		}
	}
}

func (w *watcher) queue(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queued) >= maxPendingPaths {
		w.all = true
		return
	}
	w.queued[path] = true
}

// counts reports whether an event may matter.
func (w *watcher) counts(event fsnotify.Event) bool {
	if names := w.only[filepath.Dir(event.Name)]; names != nil && !names[filepath.Base(event.Name)] && !w.folder[event.Name] {
		return false
	}
	if w.folder[event.Name] && (event.Has(fsnotify.Rename) || event.Has(fsnotify.Remove)) {
		// The system goes on watching folders inside one that was moved away, under their old names. Should such a name come
		// back, it would seem to be watched.
		for _, path := range w.system.WatchList() {
			if inside(event.Name, path) {
				w.system.Remove(path) // an error says that it is gone already
			}
		}
	}
	return true
}

// flush tells the workspaces what waits, and then watches what counts now. It reports whether more is to be told.
func (w *watcher) flush() bool {
	defer func() {
		if value := recover(); value != nil {
			w.s.faults.once("watching files", value, debug.Stack())
		}
	}()
	w.mu.Lock()
	paths, all := slices.Sorted(maps.Keys(w.queued)), w.all
	w.queued, w.all = map[string]bool{}, false
	w.mu.Unlock()
	different := false
	if all {
		for _, ws := range w.s.store.workspaces() {
			different = ws.Changed() || different
		}
	} else {
		for _, scope := range w.scopes {
			var mine []string
			for _, path := range paths {
				if scope.holds(path) {
					mine = append(mine, path)
				}
			}
			// Without paths, Changed would look at everything.
			if len(mine) > 0 {
				different = scope.ws.Changed(mine...) || different
			}
		}
	}
	if different {
		w.s.store.diskChanged()
	}
	return w.sync()
}

func (s *scope) holds(path string) bool {
	return inside(s.ws.Root(), path) || s.dirs[path] || s.dirs[filepath.Dir(path)]
}

// sync watches the folders that count now, and no others. What is watched for the first time may have changed between its
// being read and its being watched, so it is queued; sync reports whether there is such a thing.
func (w *watcher) sync() bool {
	w.scopes, w.folder, w.only = nil, map[string]bool{}, map[string]map[string]bool{}
	name := func(path string) {
		dir := filepath.Dir(path)
		if w.only[dir] == nil {
			w.only[dir] = map[string]bool{}
		}
		w.only[dir][filepath.Base(path)] = true
	}
	for _, ws := range w.s.store.workspaces() {
		scope := scope{ws, map[string]bool{}}
		for _, dir := range ws.WatchDirs() {
			w.folder[dir], scope.dirs[dir] = true, true
		}
		name(ws.Root()) // the root itself may go and come back
		if git := gitDir(ws.Root()); git != "" {
			// A switch of branches may change files without our seeing each; HEAD tells of it.
			name(filepath.Join(git, "HEAD"))
			scope.dirs[git] = true
		}
		w.scopes = append(w.scopes, scope)
	}
	for dir := range w.folder {
		delete(w.only, dir)
	}
	if w.system == nil {
		return false
	}
	watched := map[string]bool{}
	for _, dir := range w.system.WatchList() {
		watched[dir] = true
		if !w.folder[dir] && w.only[dir] == nil {
			w.system.Remove(dir) // an error says that it is gone already
		}
	}
	added := false
	add := func(dir string, paths ...string) {
		if watched[dir] {
			return
		}
		if err := w.system.Add(dir); err != nil {
			// A folder that is gone, or that we may not read, has nothing to say.
			if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fsnotify.ErrClosed) {
				w.degrade(err)
			}
			return
		}
		added = true
		for _, path := range paths {
			w.queue(path)
		}
	}
	for dir := range w.folder {
		add(dir, dir)
	}
	for dir, names := range w.only {
		for name := range names {
			add(dir, filepath.Join(dir, name))
		}
		watched[dir] = true
	}
	return added
}

// gitDir is where git keeps HEAD for the working tree that root lies in, or "". In a linked working tree .git is a file.
func gitDir(root string) string {
	for dir := root; ; dir = filepath.Dir(dir) {
		dotGit := filepath.Join(dir, ".git")
		if info, err := os.Stat(dotGit); err == nil {
			if info.IsDir() {
				return dotGit
			}
			content, err := os.ReadFile(dotGit)
			target, ok := strings.CutPrefix(strings.TrimSpace(string(content)), "gitdir: ")
			if err != nil || !ok {
				return ""
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(dir, target)
			}
			return filepath.Clean(target)
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
