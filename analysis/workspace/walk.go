package workspace

import (
	"os"
	"path/filepath"
	"strings"
)

// Limits of the walk, so that a mistaken root ("/", a home folder) ends in an answer.
const (
	// maxFiles is far above any repository (nixpkgs has some 45,000 Nix files) and far below what exhausts memory.
	maxFiles = 400_000
	// maxDepth is far above any source tree; it ends loops that mounts can make.
	maxDepth = 100
)

// wanted reports whether the walk lists a file of that name.
func wanted(name string) bool {
	return strings.HasSuffix(name, ".nix") || wantedThoughIgnored(name) || name == "Cargo.toml" || name == "Cargo.json" ||
		name == "crate-hashes.json" || name == "flake.lock"
}

// wantedThoughIgnored reports whether a file counts although .gitignore names it: GitHub's template for Rust ignores Cargo.lock.
func wantedThoughIgnored(name string) bool { return name == "Cargo.lock" || name == "Cargo.nix" }

// walk lists the files under root that may matter, slash-separated and relative to root, sorted within each folder, and the
// folders that hold them. Links to folders are not followed.
func walk(root string) (files []string, dirs []string) {
	ignores, path := rootIgnores(root)
	w := walker{root: root}
	w.dir(root, "", path, ignores, 0)
	return w.files, w.dirs
}

type walker struct {
	root  string
	files []string
	dirs  []string
}

func (w *walker) dir(abs, rel string, fromTop []string, above *ignores, depth int) {
	if depth > maxDepth || len(w.files) >= maxFiles {
		return
	}
	entries, err := os.ReadDir(abs)
	if err != nil {
		return // a folder that cannot be read has nothing to say
	}
	here := above.with(readIgnores(filepath.Join(abs, ".gitignore"), len(fromTop)))
	w.dirs = append(w.dirs, rel)
	for _, entry := range entries {
		name := entry.Name()
		child := name
		if rel != "" {
			child = rel + "/" + name
		}
		if entry.IsDir() && !wantedThoughIgnored(name) {
			sub := filepath.Join(abs, name)
			if skippedDirs[name] || isResult(sub, name) {
				continue
			}
			at := append(fromTop[:len(fromTop):len(fromTop)], name)
			if here.match(at, true) {
				continue
			}
			w.dir(sub, child, at, here, depth+1)
			continue
		}
		if !wanted(name) {
			continue
		}
		if !wantedThoughIgnored(name) && here.match(append(fromTop[:len(fromTop):len(fromTop)], name), false) {
			continue
		}
		if entry.IsDir() && name == "Cargo.nix" {
			// `import ./Cargo.nix` reads Cargo.nix/default.nix then: a folder like any other.
			w.dir(filepath.Join(abs, name), child, append(fromTop[:len(fromTop):len(fromTop)], name), here, depth+1)
			continue
		}
		w.files = append(w.files, child)
	}
}
