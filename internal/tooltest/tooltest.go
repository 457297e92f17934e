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

// newerNix is the environment variable that names the nix-instantiate of a Nix 2.26, which Debian 12 does not have; .ci/newer-nix unpacks one.
const newerNix = "CARGONIX_NIX226"

// NeedNewerNix is the path of the nix-instantiate of a Nix 2.26. Without it the test is skipped, or fails where tools are required.
func NeedNewerNix(t testing.TB) string {
	t.Helper()
	path := os.Getenv(newerNix)
	switch {
	case path != "":
		return path
	case os.Getenv(require) == "1":
		t.Fatal(newerNix + " is not set")
	default:
		t.Skip(newerNix + " is not set")
	}
	return ""
}
