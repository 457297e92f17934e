//go:build unix

package workspace

import (
	"io/fs"
	"syscall"
)

// inode tells a file from the one that was renamed over it within the clock's resolution.
func inode(info fs.FileInfo) uint64 {
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		return sys.Ino
	}
	return 0
}
