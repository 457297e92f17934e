package tooltest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// NeedNix226 is the path of a nix-instantiate of Nix 2.26, whose form of printed trees and whose syntax the tests know: what
// CARGONIX_NIX226 names (.ci/newer-nix unpacks one), or else the one on the PATH. Where both are missing or of another version, the
// test is skipped, or fails where tools are required.
func NeedNix226(t testing.TB) string {
	t.Helper()
	program, named := os.LookupEnv("CARGONIX_NIX226")
	if !named {
		program = Need(t, "nix-instantiate")
	}
	out, err := exec.Command(program, "--version").CombinedOutput()
	switch {
	case err == nil && strings.Contains(string(out), " 2.26."):
	case named || os.Getenv(require) == "1":
		t.Fatalf("CARGONIX_NIX226 must name a nix-instantiate of Nix 2.26, as .ci/newer-nix unpacks one; %s --version: %v %s", program, err, out)
	default:
		t.Skipf("%s is not of Nix 2.26, and CARGONIX_NIX226 names no other", program)
	}
	return program
}
