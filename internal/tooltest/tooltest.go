// Package tooltest finds the real tools that tests compare with.
package tooltest

import (
	"os"
	"os/exec"
	"testing"
)

// require is the environment variable that makes a missing tool a failure, as in CI, where nothing may be skipped unnoticed.
const require = "CARGONIX_REQUIRE_TOOLS"

// Need is the path of a program. Without it the test is skipped, or fails where tools are required.
func Need(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return path
	case os.Getenv(require) == "1":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
	return ""
}
