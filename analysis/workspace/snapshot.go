package workspace

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Snapshot is the state of a workspace at one moment. It is immutable and safe for concurrent use. Files are read when they are
// first asked for, and stay as they were read.
type Snapshot struct {
	root    string
	disk    *disk
	buffers map[string]*File
	memo    *memo
	model   func() *model
	top     func() string // the top of the git repository around the root
}

func newSnapshot(root string, disk *disk, buffers map[string]*File, memo *memo) *Snapshot {
	s := &Snapshot{root: root, disk: disk, buffers: buffers, memo: memo}
	s.model = sync.OnceValue(func() *model { return buildModel(s) })
	s.top = sync.OnceValue(func() string { return repositoryTop(root) })
	return s
}

// Root is the absolute path of the workspace's folder.
func (s *Snapshot) Root() string { return s.root }

// Rel is the slash-separated path of an absolute one, relative to the root ("../x" outside of it).
func (s *Snapshot) Rel(abs string) string { return relative(s.root, filepath.Clean(abs)) }

// InRepository reports whether a path relative to the root belongs to the git repository around the root; where there is none, to the root.
func (s *Snapshot) InRepository(rel string) bool { return s.insideRepository(s.Abs(rel)) }

// Abs is the absolute path of one that is relative to the root.
func (s *Snapshot) Abs(rel string) string {
	if filepath.IsAbs(rel) {
		return filepath.Clean(rel)
	}
	return filepath.Join(s.root, filepath.FromSlash(rel))
}

// File is the file at a path relative to the root, buffers over disk; nil where there is none.
func (s *Snapshot) File(rel string) *File {
	abs := s.Abs(rel)
	if file, ok := s.buffers[abs]; ok {
		return file
	}
	return s.disk.file(path.Clean(rel), abs)
}

// paths lists the walk's files, and the open buffers of names that the walk lists, in folders that it may enter; relative to the root,
// sorted.
func (s *Snapshot) paths() []string {
	all := s.disk.paths
	for _, file := range s.buffers {
		if !isInside(file.path) || !wanted(path.Base(file.path)) || s.disk.listed(file.path) {
			continue
		}
		dirs := strings.Split(path.Dir(file.path), "/")
		if !slices.ContainsFunc(dirs, func(name string) bool { return skippedDirs[name] }) {
			all = append(slices.Clip(all), file.path)
		}
	}
	if len(all) > len(s.disk.paths) {
		slices.Sort(all)
	}
	return all
}
