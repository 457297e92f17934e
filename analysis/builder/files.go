package builder

import (
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"github.com/cargonix/cargonix/analysis/workspace"
	"github.com/cargonix/cargonix/nixparse"
)

// files is the snapshot's content as the evaluator reads it: buffers over disk. Trees are kept, for one file is evaluated for several systems.
type files struct {
	snap *workspace.Snapshot

	mu    sync.Mutex
	trees map[string]*nixparse.Tree
}

func newFiles(snap *workspace.Snapshot) *files {
	return &files{snap: snap, trees: map[string]*nixparse.Tree{}}
}

func (f *files) parse(name string, content []byte) *nixparse.Tree {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.trees[name]
	if t == nil {
		t = nixparse.Parse(content)
		f.trees[name] = t
	}
	return t
}

// evaluated tells whether a file was read.
func (f *files) evaluated(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trees[name] != nil
}

func (f *files) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	return os.Open(f.snap.Abs(name))
}

func (f *files) ReadFile(name string) ([]byte, error) {
	file := f.snap.File(name)
	if file == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return file.Data()
}

func (f *files) Stat(name string) (fs.FileInfo, error) {
	info, err := os.Stat(f.snap.Abs(name))
	if err != nil && f.snap.File(name) != nil {
		return bufferInfo(path.Base(name)), nil // a buffer that is on no disk yet
	}
	return info, err
}

func (f *files) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(f.snap.Abs(name)) }

// bufferInfo is what there is to know about a file that only an editor has: its name.
type bufferInfo string

func (b bufferInfo) Name() string     { return string(b) }
func (bufferInfo) Size() int64        { return 0 }
func (bufferInfo) Mode() fs.FileMode  { return 0o644 }
func (bufferInfo) ModTime() time.Time { return time.Time{} }
func (bufferInfo) IsDir() bool        { return false }
func (bufferInfo) Sys() any           { return nil }
