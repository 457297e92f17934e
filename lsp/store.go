package lsp

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// store is the state that notifications change: the open documents and the folders they live in.
type store struct {
	server *server

	mu         sync.Mutex
	generation uint64               // grows with every change of what findings are made of
	docs       map[string]*document // by path; replaced, never changed
	folders    []*folder            // the deepest first, so that the first that holds a file owns it; replaced, never changed
}

// folder is one workspace.
type folder struct {
	root     string
	implicit bool          // opened for a document outside of all folders; guarded by the store's mutex
	ready    chan struct{} // closed when it is open or cannot be opened

	ws *workspace.Workspace // set before ready is closed; nil if it cannot be opened

	mu     sync.Mutex
	latest *analysisRun
}

// view is the state at one moment. It is immutable.
type view struct {
	generation uint64
	docs       map[string]*document
	folders    []viewFolder
}

type viewFolder struct {
	*folder
	snap *workspace.Snapshot // nil while the folder is being opened
}

// rootMarkers are what tells that a project starts in a folder.
var rootMarkers = []string{".git", "flake.nix", "Cargo.nix", "Cargo.lock"}

// view is the state of now. Snapshots cost nothing if nothing changed.
func (s *store) view() *view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := &view{generation: s.generation, docs: s.docs, folders: make([]viewFolder, 0, len(s.folders))}
	for _, f := range s.folders {
		vf := viewFolder{folder: f}
		select {
		case <-f.ready:
			if f.ws == nil {
				continue
			}
			vf.snap = f.ws.Snapshot()
		default:
		}
		v.folders = append(v.folders, vf)
	}
	return v
}

// current reports whether nothing changed since the view was made.
func (s *store) current(v *view) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation == v.generation
}

// changed says that findings may be different now. The store must be locked.
func (s *store) changed() {
	s.generation++
	s.server.worker.poke()
}

// diskChanged is for who learns that a workspace's files changed.
func (s *store) diskChanged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed()
}

// open takes a document over the file on disk, in every folder: what lies outside of one may still be read from there.
func (s *store) open(doc *document) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(doc)
	if s.owner(doc.path) == nil {
		if root := projectRoot(doc.path); root != "" {
			s.add(root, true)
		}
	}
	s.changed()
}

// change edits an open document; others are none of ours.
func (s *store) change(path string, changes []contentChange, version int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if doc := s.docs[path]; doc != nil {
		s.set(doc.after(changes, version, s.server.features.encoding))
		s.changed()
	}
}

func (s *store) set(doc *document) {
	s.docs = maps.Clone(s.docs)
	if s.docs == nil {
		s.docs = map[string]*document{}
	}
	s.docs[doc.path] = doc
	for _, f := range s.folders {
		if ws := f.opened(); ws != nil {
			ws.SetBuffer(doc.path, doc.text)
		}
	}
}

// close lets the disk count again.
func (s *store) close(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.docs[path] == nil {
		return
	}
	s.docs = maps.Clone(s.docs)
	delete(s.docs, path)
	for _, f := range s.folders {
		if ws := f.opened(); ws != nil {
			ws.CloseBuffer(path)
		}
	}
	s.dropUnused()
	s.changed()
}

// addFolder opens a folder, in the background, for its size is unknown.
func (s *store) addFolder(root string, implicit bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(root, implicit)
	s.dropUnused() // what was opened for a document in this folder
	s.changed()
}

func (s *store) add(root string, implicit bool) {
	for _, f := range s.folders {
		if f.root == root {
			f.implicit = f.implicit && implicit
			return
		}
	}
	f := &folder{root: root, implicit: implicit, ready: make(chan struct{})}
	s.folders = append(slices.Clone(s.folders), f)
	slices.SortStableFunc(s.folders, func(a, b *folder) int { return len(b.root) - len(a.root) })
	go s.load(f)
}

// load opens the workspace and gives it the buffers of that moment.
func (s *store) load(f *folder) {
	ws, err := workspace.Open(f.root)
	if err != nil {
		s.server.log.Warn("folder not opened", "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		for _, doc := range s.docs {
			ws.SetBuffer(doc.path, doc.text)
		}
		f.ws = ws
	}
	close(f.ready)
	s.changed()
	s.server.watcher.resync()
}

func (s *store) removeFolder(root string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.folders = slices.DeleteFunc(slices.Clone(s.folders), func(f *folder) bool { return f.root == root })
	s.changed()
}

// dropUnused closes the folders that were opened for documents that are closed now, or that another folder holds.
func (s *store) dropUnused() {
	s.folders = slices.DeleteFunc(slices.Clone(s.folders), func(f *folder) bool {
		if !f.implicit {
			return false
		}
		for _, other := range s.folders {
			if other != f && !other.implicit && inside(other.root, f.root) {
				return true
			}
		}
		for path := range s.docs {
			if inside(f.root, path) {
				return false
			}
		}
		return true
	})
}

func (s *store) owner(path string) *folder {
	for _, f := range s.folders {
		if inside(f.root, path) {
			return f
		}
	}
	return nil
}

// opened is the workspace, if it is open by now.
func (f *folder) opened() *workspace.Workspace {
	select {
	case <-f.ready:
		return f.ws
	default:
		return nil
	}
}

// workspaces lists the open ones.
func (s *store) workspaces() []*workspace.Workspace {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*workspace.Workspace
	for _, f := range s.folders {
		if ws := f.opened(); ws != nil {
			all = append(all, ws)
		}
	}
	return all
}

// owner is the folder that answers for a file: the deepest that holds it.
func (v *view) owner(path string) *viewFolder {
	for i := range v.folders {
		if inside(v.folders[i].root, path) {
			return &v.folders[i]
		}
	}
	return nil
}

// at is a file that a request asks about, in the snapshot that the request is pinned to.
type at struct {
	folder *folder
	snap   *workspace.Snapshot
	rel    string
	index  *text.Index
}

// locate finds a request's file; nil if it is none of ours.
func (v *view) locate(ctx context.Context, uri string) (*at, error) {
	path, ok := pathOf(uri)
	if !ok {
		return nil, nil
	}
	f := v.owner(path)
	if f == nil {
		return nil, nil
	}
	snap, err := f.snapshot(ctx)
	if snap == nil {
		return nil, err
	}
	rel := snap.Rel(path)
	file := snap.File(rel)
	if file == nil {
		return nil, nil
	}
	return &at{f.folder, snap, rel, file.Index()}, nil
}

// snapshot is the one that was pinned. Where the folder was still being opened then, it is the first there is.
func (f *viewFolder) snapshot(ctx context.Context) (*workspace.Snapshot, error) {
	if f.snap != nil {
		return f.snap, nil
	}
	select {
	case <-f.ready:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if f.ws == nil {
		return nil, nil
	}
	return f.ws.Snapshot(), nil
}

// projectRoot is the nearest folder above a file in which a project starts, or "".
func projectRoot(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		for _, marker := range rootMarkers {
			if _, err := os.Stat(filepath.Join(dir, marker)); err == nil {
				return dir
			}
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// inside reports whether path is dir or lies in it. Both are clean and absolute.
func inside(dir, path string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == filepath.Separator || strings.HasSuffix(dir, string(filepath.Separator)))
}
