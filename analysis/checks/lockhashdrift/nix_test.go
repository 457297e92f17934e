package lockhashdrift

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
	"github.com/cargonix/cargonix/internal/tooltest"
)

// stubs are what a cargo2nix file takes, so far as it looks at it before it compares the hashes. Older formats take fewer.
const stubs = `let
  stubs = {
    rustPackages = { }; buildRustPackages = { }; hostPlatform = { }; mkRustCrate = null; lib = { }; workspaceSrc = null; ignoreLockHash = false;
    rustLib = {
      fetchCratesIo = null; fetchCrateLocal = null; fetchCrateGit = null; fetchCrateAlternativeRegistry = null;
      expandFeatures = _: { }; decideProfile = null; genDrvsByProfile = null;
    };
  };
  file = import ./Cargo.nix;
in (file (builtins.intersectAttrs (builtins.functionArgs file) stubs)).cargo2nixVersion`

// refuses reports whether real Nix takes Cargo.nix to be out of sync.
func refuses(t *testing.T, nix, dir string) bool {
	t.Helper()
	cmd := exec.Command(nix, "--eval", "-E", stubs)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return false
	case strings.Contains(string(out), "is out of sync with Cargo.lock"):
		return true
	}
	t.Fatalf("nix-instantiate: %v\n%s", err, out)
	return false
}

// reports tells whether the check finds drift in Cargo.nix.
func reports(t *testing.T, dir string) bool {
	t.Helper()
	ws, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	snap := ws.Snapshot()
	if g := snap.GeneratedAt("Cargo.nix"); g == nil || g.Graph == nil || len(g.Locks) != 1 {
		t.Fatal("Cargo.nix has no lock")
	}
	result, err := analysis.Run(context.Background(), snap, []*analysis.Check{Check})
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(result.Findings, func(f analysis.Finding) bool { return f.File == "Cargo.nix" })
}

// TestNixAgrees: the check reports exactly where real Nix stops, whatever happens to the lock.
func TestNixAgrees(t *testing.T) {
	nix := tooltest.Need(t, "nix-instantiate")
	const samples = "../../../testdata"
	for _, name := range []string{"cargo2nix-basic", "mixed-git-path", "drifted"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(samples, name))); err != nil {
				t.Fatal(err)
			}
			agree(t, nix, dir, name == "drifted")
		})
	}
}

// TestNixAgreesOnOlderFormats: those without a hash are never refused, those with one like today's.
func TestNixAgreesOnOlderFormats(t *testing.T) {
	nix := tooltest.Need(t, "nix-instantiate")
	files, err := filepath.Glob("../../crates/testdata/cargo2nix-*.nix")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			write(t, dir, "Cargo.nix", string(data))
			write(t, dir, "Cargo.lock", "version = 3\n\n[[package]]\nname = \"app\"\nversion = \"0.3.0\"\n")
			write(t, dir, "Cargo.toml", "[package]\nname = \"app\"\nversion = \"0.3.0\"\n")
			hasHash := strings.Contains(string(data), "nixifiedLockHash")
			if got := refuses(t, nix, dir); got != hasHash {
				t.Errorf("Nix refuses it: %v, want %v", got, hasHash)
			}
			agree(t, nix, dir, hasHash)
		})
	}
}

// agree changes the lock in several ways and asks both each time. drifted says whether the lock is another one to begin with.
func agree(t *testing.T, nix, dir string, drifted bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "Cargo.lock"))
	if err != nil {
		t.Fatal(err)
	}
	lock := string(data)
	for _, variant := range []struct{ name, lock string }{
		{"as it is", lock},
		{"one byte more", lock + "\n"},
		{"one byte less", lock[:len(lock)-1]},
		{"one digit", strings.Replace(lock, "0", "1", 1)},
		{"CRLF", strings.ReplaceAll(lock, "\n", "\r\n")},
		{"a byte order mark", "\uFEFF" + lock},
		{"empty", ""},
		{"not TOML", "<<<<<<< HEAD\n" + lock},
		{"invalid UTF-8", lock + "# \xff\n"},
		{"restored", lock},
	} {
		write(t, dir, "Cargo.lock", variant.lock)
		wantNix, got := refuses(t, nix, dir), reports(t, dir)
		if wantNix != got {
			t.Errorf("%s: Nix refuses it: %v, the check reports it: %v", variant.name, wantNix, got)
		}
		if variant.lock == lock && got != drifted {
			t.Errorf("%s: drift: %v, want %v", variant.name, got, drifted)
		}
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
