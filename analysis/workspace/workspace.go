// Package workspace finds the Rust projects of a folder and which generated Nix file belongs to which lock file. It reads
// files through editors' buffers, hands out immutable snapshots, and remembers what it parsed by content.
package workspace

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Workspace is one root folder, its files on disk and the buffers that an editor holds over them. Safe for concurrent use.
type Workspace struct {
	root string
	memo *memo

	changing sync.Mutex // held by the one who looks at the file system anew; before mu

	mu      sync.Mutex
	buffers map[string]*File // by absolute path; replaced, never changed
	disk    *disk
	current *Snapshot // nil when something changed since it was made
}

// disk is what is known of the file system between two changes. Files are read when they are first asked for, and then stay.
type disk struct {
	root  string
	paths []string // of the walk, relative, sorted
	dirs  []string // the folders of the walk, relative

	mu    sync.Mutex
	files map[string]*File // by absolute path; a nil file is one that is not there
}

// Open opens a folder. The path may be relative to the working directory; it must be a directory.
func Open(root string) (*Workspace, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", root, plainError(err))
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s: is not a directory", root)
	}
	w := &Workspace{root: abs, memo: &memo{}, buffers: map[string]*File{}}
	w.disk = scan(abs, nil)
	return w, nil
}

// Root is the absolute path of the folder.
func (w *Workspace) Root() string { return w.root }

// SetBuffer puts content over the file at the absolute path, whether or not it exists on disk. The content must not change.
func (w *Workspace) SetBuffer(path string, content []byte) {
	path = filepath.Clean(path)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buffers = maps.Clone(w.buffers)
	w.buffers[path] = bufferFile(relative(w.root, path), path, content)
	w.current = nil
}

// CloseBuffer takes the buffer away: the file on disk counts again, as it is then.
func (w *Workspace) CloseBuffer(path string) {
	path = filepath.Clean(path)
	w.mu.Lock()
	if _, ok := w.buffers[path]; !ok {
		w.mu.Unlock()
		return
	}
	w.buffers = maps.Clone(w.buffers)
	delete(w.buffers, path)
	w.current = nil
	w.mu.Unlock()
	w.Changed(path)
}

// Changed says that the files or folders at these absolute paths may have changed, appeared or gone on disk. Without
// paths, anything may have. It reports whether anything that counts is really different now, so that a caller can save the
// work when it is told the same thing twice.
func (w *Workspace) Changed(paths ...string) bool {
	w.changing.Lock()
	defer w.changing.Unlock()
	w.mu.Lock()
	old := w.disk
	w.mu.Unlock()
	// A walk takes its time in a large repository; snapshots are to be had meanwhile.
	next, different := old.after(paths)
	if !different {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.disk = next
	w.current = nil
	return true
}

// Snapshot is the state of now. It costs nothing if nothing changed since the last one: then it is the same value.
func (w *Workspace) Snapshot() *Snapshot {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == nil {
		w.current = newSnapshot(w.root, w.disk, w.buffers, w.memo)
	}
	return w.current
}

// WatchDirs lists the folders (absolute, sorted) whose files decide about findings: those that hold one of a project's files, and
// those that were looked in for one. A watcher watches these, not the whole tree.
func (w *Workspace) WatchDirs() []string {
	w.mu.Lock()
	disk := w.disk
	w.mu.Unlock()
	dirs := map[string]bool{w.root: true}
	for _, path := range disk.paths {
		dirs[filepath.Dir(filepath.Join(w.root, filepath.FromSlash(path)))] = true
	}
	disk.mu.Lock()
	lookedFor := slices.Collect(maps.Keys(disk.files))
	disk.mu.Unlock()
	for _, abs := range lookedFor {
		// What is not there may appear, and so may the folder that would hold it.
		dir := filepath.Dir(abs)
		for info, err := os.Stat(dir); (err != nil || !info.IsDir()) && dir != filepath.Dir(dir); info, err = os.Stat(dir) {
			dir = filepath.Dir(dir)
		}
		dirs[dir] = true
	}
	// A new project may appear beside the folders that have one, so the folders above them are watched as well.
	for dir := range maps.Clone(dirs) {
		for up := filepath.Dir(dir); isInside(relative(w.root, up)) && !dirs[up]; up = filepath.Dir(up) {
			dirs[up] = true
		}
	}
	return slices.Sorted(maps.Keys(dirs))
}

// scan walks the root. Files of the old state that are still the same ones keep what was read of them.
func scan(root string, old *disk) *disk {
	paths, dirs := walk(root)
	slices.Sort(paths)
	next := &disk{root: root, paths: paths, dirs: dirs, files: map[string]*File{}}
	if old != nil {
		old.mu.Lock()
		defer old.mu.Unlock()
		for abs, file := range old.files {
			if file != nil && statOf(abs) == file.stat {
				next.files[abs] = file
			}
		}
	}
	return next
}

// after is the state after a change, and whether it differs.
func (d *disk) after(paths []string) (*disk, bool) {
	rescan := len(paths) == 0
	var touched []string
	for _, path := range paths {
		path = filepath.Clean(path)
		rel := relative(d.root, path)
		d.mu.Lock()
		file, known := d.files[path]
		d.mu.Unlock()
		now := statOf(path)
		switch {
		case decidesWhatCounts(path), d.isDir(path), now.mode.IsDir() && isInside(rel):
			rescan = true
		case known && file != nil && now.exists || known && !isInside(rel):
			touched = append(touched, path)
		case isInside(rel) && d.listed(rel) != now.exists && (known || wanted(filepath.Base(path))):
			// It appeared or went: which files there are has to be found out again.
			rescan = true
		case known:
			touched = append(touched, path)
		}
	}
	if rescan {
		next := scan(d.root, d)
		return next, !slices.Equal(next.paths, d.paths) || !sameFiles(next, d)
	}
	changed := false
	d.mu.Lock()
	defer d.mu.Unlock()
	next := &disk{root: d.root, paths: d.paths, dirs: d.dirs, files: maps.Clone(d.files)}
	for _, path := range touched {
		file := d.files[path]
		if now := statOf(path); file == nil && now.exists || file != nil && now != file.stat {
			delete(next.files, path)
			changed = true
		}
	}
	return next, changed
}

// decidesWhatCounts reports whether a file's content says which other files there are, or count: git's rules, and its HEAD, after whose
// change any file may be another one.
func decidesWhatCounts(abs string) bool {
	switch dir, name := filepath.Split(abs); name {
	case ".gitignore", "HEAD":
		return true
	case "exclude":
		return filepath.Base(dir) == "info" && filepath.Base(filepath.Dir(filepath.Clean(dir))) == ".git"
	}
	return false
}

// sameFiles reports whether every file that was looked at in old is still the same one in next.
func sameFiles(next, old *disk) bool {
	old.mu.Lock()
	defer old.mu.Unlock()
	for abs, file := range old.files {
		if file == nil {
			if statOf(abs).exists {
				return false
			}
		} else if next.files[abs] != file {
			return false
		}
	}
	return true
}

func (d *disk) listed(rel string) bool {
	_, ok := slices.BinarySearch(d.paths, rel)
	return ok
}

// isDir reports whether the walk went through the folder at an absolute path.
func (d *disk) isDir(abs string) bool {
	rel := relative(d.root, abs)
	return rel == "." || slices.Contains(d.dirs, rel)
}

// file is the file at an absolute path, or nil where there is none.
func (d *disk) file(rel, abs string) *File {
	d.mu.Lock()
	defer d.mu.Unlock()
	file, known := d.files[abs]
	if !known {
		if st := statOf(abs); st.exists {
			file = diskFile(rel, abs, st)
		}
		d.files[abs] = file
	}
	return file
}

// isInside reports whether a relative path, slash-separated and clean, stays inside the folder that it is relative to.
func isInside(rel string) bool {
	return rel != ".." && !strings.HasPrefix(rel, "../") && !filepath.IsAbs(filepath.FromSlash(rel))
}

// relative is the slash-separated path of abs as seen from root.
func relative(root, abs string) string {
	rel, err := filepath.Rel(root, abs)
	if err != nil {
		return filepath.ToSlash(abs) // another volume
	}
	return filepath.ToSlash(rel)
}
