package workspace

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/text"
)

// maxFileSize is thirty times the largest Cargo.nix we know of; a bigger file is a mistake, and would cost minutes and gigabytes.
const maxFileSize = 32 << 20

// File is one version of one file: a buffer, or what was on disk when it was first read. It is immutable.
type File struct {
	path string
	abs  string
	load func() ([]byte, error)
	stat stat
	// peek reads the content without keeping it.
	peek func() ([]byte, error)

	sum    func() [sha256.Size]byte
	index  func() *text.Index
	glance func() glance
}

// glance is what the bytes of a Nix file tell without a parse. It is kept where the bytes are not: of a large repository's thousands of Nix
// files, few have to do with Rust.
type glance struct {
	generated bool // it may be a generated file
	names     bool // it says "Cargo.nix" or "packageFun", so it may lead to one
	err       error
}

// stat is what tells, without reading, that a file on disk is another one now.
type stat struct {
	exists bool
	size   int64
	mtime  time.Time
	mode   fs.FileMode
	inode  uint64
}

func statOf(abs string) stat {
	info, err := os.Stat(abs)
	if err != nil {
		// A dangling link exists, and reading it says why it cannot be read.
		if _, err := os.Lstat(abs); err == nil {
			return stat{exists: true}
		}
		return stat{}
	}
	return stat{exists: true, size: info.Size(), mtime: info.ModTime(), mode: info.Mode(), inode: inode(info)}
}

func newFile(path, abs string, st stat, read func() ([]byte, error)) *File {
	f := &File{path: path, abs: abs, stat: st, peek: read}
	f.load = sync.OnceValues(read)
	f.sum = sync.OnceValue(func() [sha256.Size]byte {
		data, _ := f.load()
		return sha256.Sum256(data)
	})
	f.index = sync.OnceValue(func() *text.Index {
		data, _ := f.load()
		return text.NewIndex(data)
	})
	f.glance = sync.OnceValue(func() glance {
		data, err := f.peek()
		return glance{
			generated: err == nil && crates.Recognise(data) != crates.Unknown,
			names:     bytes.Contains(data, []byte("Cargo.nix")) || bytes.Contains(data, packageFun),
			err:       err,
		}
	})
	return f
}

// packageFun is the argument of cargo2nix' makePackageSet that takes a generated file, of whatever name.
var packageFun = []byte("packageFun")

func diskFile(path, abs string, st stat) *File {
	return newFile(path, abs, st, func() ([]byte, error) { return readRegular(abs) })
}

func bufferFile(path, abs string, content []byte) *File {
	return newFile(path, abs, stat{exists: true}, func() ([]byte, error) { return content, nil })
}

// Path is slash-separated and relative to the snapshot's root.
func (f *File) Path() string { return f.path }

// Data is the file's content, or the reason why it cannot be read, as a phrase without the path ("is a directory").
func (f *File) Data() ([]byte, error) { return f.load() }

// Sum is the SHA-256 of the content; of a file that cannot be read, that of nothing.
func (f *File) Sum() [sha256.Size]byte { return f.sum() }

// Index finds lines and columns in the file; of a file that cannot be read, in an empty one.
func (f *File) Index() *text.Index { return f.index() }

var errIsDirectory = errors.New("is a directory")

// readRegular reads a file that is none of the things on which reading waits or never ends. The error is a phrase without the path.
func readRegular(abs string) ([]byte, error) {
	info, err := os.Stat(abs)
	switch {
	case err != nil:
		return nil, plainError(err)
	case info.IsDir():
		return nil, errIsDirectory
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	case info.Size() > maxFileSize:
		return nil, fmt.Errorf("has %d MB, more than the limit of %d MB", info.Size()>>20, maxFileSize>>20)
	}
	file, err := os.Open(abs)
	if err != nil {
		return nil, plainError(err)
	}
	defer file.Close()
	// One byte more than the file had: a file that grows past the limit while it is read is caught too.
	data := make([]byte, 0, info.Size()+1)
	for {
		n, err := file.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, plainError(err)
		}
		if len(data) > maxFileSize {
			return nil, fmt.Errorf("has more than the limit of %d MB", maxFileSize>>20)
		}
		if len(data) == cap(data) {
			data = append(data, 0)[:len(data)]
		}
	}
}

// plainError takes the path out of an error of the file system.
func plainError(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}
