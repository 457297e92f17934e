package checks_test

import (
	"os/exec"
	"testing"
)

// TestGenerated fails when a check, its page or the README's table is newer than what was generated from it.
func TestGenerated(t *testing.T) {
	if out, err := exec.Command("go", "run", "./internal/gen", "-check").CombinedOutput(); err != nil {
		t.Errorf("%s%v", out, err)
	}
}
