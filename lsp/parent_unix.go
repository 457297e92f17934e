//go:build unix

package lsp

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// processAlive reports whether a process runs. One that ended, but whose own parent has not asked for its status, does not.
func processAlive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	// Only Linux has this file. The state stands behind the command's name, which may itself hold parentheses.
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, syscall.ESRCH)
	}
	_, state, ok := bytes.Cut(status[bytes.LastIndexByte(status, ')')+1:], []byte{' '})
	return !ok || len(state) == 0 || state[0] != 'Z' && state[0] != 'X'
}
