package analysis_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"testing"

	sitter "github.com/smacker/go-tree-sitter"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/checks"
	"github.com/cargonix/cargonix/analysis/workspace"
	"github.com/cargonix/cargonix/nixparse"
)

// large unpacks the large sample (1.1 MB of Cargo.nix by the real generator, 1,024 packages) into a folder of its own.
func large(b *testing.B) (dir string, nix, lock []byte) {
	b.Helper()
	const sample = "../testdata/large"
	dir = b.TempDir()
	unpack := func(name string) []byte {
		file, err := os.Open(filepath.Join(sample, name+".gz"))
		if err != nil {
			b.Fatal(err)
		}
		defer file.Close()
		reader, err := gzip.NewReader(file)
		if err != nil {
			b.Fatal(err)
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			b.Fatal(err)
		}
		return data
	}
	nix, lock = unpack("Cargo.nix"), unpack("Cargo.lock")
	manifest, err := os.ReadFile(filepath.Join(sample, "Cargo.toml"))
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Cargo.toml"), manifest, 0o666); err != nil {
		b.Fatal(err)
	}
	return dir, nix, lock
}

func run(b *testing.B, ws *workspace.Workspace, wantFindings bool) {
	b.Helper()
	result, err := analysis.Run(context.Background(), ws.Snapshot(), checks.All)
	if err != nil {
		b.Fatal(err)
	}
	if got := len(result.Findings) > 0; got != wantFindings {
		b.Fatalf("findings: %v, want %v", got, wantFindings)
	}
}

// BenchmarkCheck is a whole check of a repository that nothing is known of. Its limit is twice BenchmarkCheckLimit.
func BenchmarkCheck(b *testing.B) {
	dir, nix, _ := large(b)
	b.SetBytes(int64(len(nix)))
	b.ReportAllocs()
	for b.Loop() {
		ws, err := workspace.Open(dir)
		if err != nil {
			b.Fatal(err)
		}
		run(b, ws, false)
	}
}

// BenchmarkCheckLimit is the bare tree-sitter parse of the same Cargo.nix.
func BenchmarkCheckLimit(b *testing.B) {
	_, nix, _ := large(b)
	b.SetBytes(int64(len(nix)))
	parser := sitter.NewParser()
	defer parser.Close()
	parser.SetLanguage(sitter.NewLanguage(nixparse.Language()))
	for b.Loop() {
		tree, err := parser.ParseCtx(context.Background(), nil, nix)
		if err != nil {
			b.Fatal(err)
		}
		tree.Close()
	}
}

// BenchmarkUnchanged is another analysis after everything may have changed, and nothing did. Its limit is BenchmarkUnchangedLimit.
func BenchmarkUnchanged(b *testing.B) {
	dir, nix, lock := large(b)
	ws, err := workspace.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	run(b, ws, false)
	nixPath, lockPath := filepath.Join(dir, "Cargo.nix"), filepath.Join(dir, "Cargo.lock")
	for b.Loop() {
		// New bytes of the same content, so that only their hash can tell.
		ws.SetBuffer(nixPath, bytes.Clone(nix))
		ws.SetBuffer(lockPath, bytes.Clone(lock))
		run(b, ws, false)
	}
}

// BenchmarkUnchangedLimit is the hash of the same bytes.
func BenchmarkUnchangedLimit(b *testing.B) {
	_, nix, lock := large(b)
	for b.Loop() {
		sha256.Sum256(bytes.Clone(nix))
		sha256.Sum256(bytes.Clone(lock))
	}
}

// BenchmarkLockChanged is the way from the changed bytes of Cargo.lock to the findings. Cargo.nix is not parsed again. Its limit is 15 ms
// for 240 KB.
func BenchmarkLockChanged(b *testing.B) {
	dir, _, lock := large(b)
	ws, err := workspace.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	run(b, ws, false)
	path := filepath.Join(dir, "Cargo.lock")
	b.SetBytes(int64(len(lock)))
	for i := 0; b.Loop(); i++ {
		changed := bytes.Replace(lock, []byte(`name = "itoa"`), []byte(`name = "itob"`), 1)
		changed = append(changed, []byte("# "+string(rune('a'+i%26))+"\n")...)
		changed = append(changed, bytes.Repeat([]byte{'#'}, i%1000)...)
		ws.SetBuffer(path, changed)
		run(b, ws, true)
	}
}
