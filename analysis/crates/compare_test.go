package crates

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/analysis/cargo"
)

const (
	oldRev = "1111111111111111111111111111111111111111"
	newRev = "2222222222222222222222222222222222222222"
)

// lockText writes a lock of packages, each "name version" or "name version source", where the source is cratesio (with a checksum),
// git:REV or an address as locks write it.
func lockText(packages ...string) string {
	var b strings.Builder
	b.WriteString("version = 4\n")
	for _, p := range packages {
		words := strings.Fields(p)
		fmt.Fprintf(&b, "\n[[package]]\nname = %q\nversion = %q\n", words[0], words[1])
		if len(words) == 2 {
			continue
		}
		source, checksum := words[2], ""
		switch {
		case source == "cratesio":
			source, checksum = "registry+https://github.com/rust-lang/crates.io-index", strings.Repeat("a", 64)
		case strings.HasPrefix(source, "git:"):
			source = "git+https://example.com/x.git#" + source[len("git:"):]
		}
		fmt.Fprintf(&b, "source = %q\n", source)
		if len(words) > 3 {
			checksum = words[3]
		}
		if checksum != "" {
			fmt.Fprintf(&b, "checksum = %q\n", checksum)
		}
	}
	return b.String()
}

func parseLock(t *testing.T, text string) *cargo.Lock {
	t.Helper()
	lock, err := cargo.ParseLock([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return lock
}

var kindNames = [...]string{"updated", "moved", "source", "added", "removed"}

// brief is a difference in a line for each change.
func brief(d *Difference) []string {
	var lines []string
	for _, c := range d.Changes {
		from, to := "-", "-"
		if c.Crate != nil {
			from = c.Crate.Version
		}
		if c.Package != nil {
			to = c.Package.Version
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s", kindNames[c.Kind], c.Name, from, to))
	}
	for _, m := range d.Checksums {
		lines = append(lines, "checksum "+m.Crate.Name+" "+m.Crate.Version)
	}
	return lines
}

func TestCompare(t *testing.T) {
	lock := func(packages ...string) []string { return packages }
	for _, test := range []struct {
		name     string
		from, to []string
		want     []string
	}{
		{"equal", lock("a 1.0.0", "b 1.0.0 cratesio"), lock("b 1.0.0 cratesio", "a 1.0.0"), nil},
		{"updated", lock("b 1.0.0 cratesio"), lock("b 1.0.1 cratesio"), []string{"updated b 1.0.0 1.0.1"}},
		{"updated across a major version", lock("b 1.0.0 cratesio"), lock("b 2.0.0 cratesio"), []string{"updated b 1.0.0 2.0.0"}},
		{"added and removed", lock("a 1.0.0 cratesio"), lock("b 1.0.0 cratesio"), []string{"removed a 1.0.0 -", "added b - 1.0.0"}},
		{"added stand in the lock's order", lock("a 1.0.0"), lock("z 1.0.0", "a 1.0.0", "b 1.0.0", "b 2.0.0"), []string{"added z - 1.0.0", "added b - 1.0.0", "added b - 2.0.0"}},
		{"one of two versions updated", lock("b 1.0.0 cratesio", "b 2.0.0 cratesio"), lock("b 1.0.5 cratesio", "b 2.0.0 cratesio"), []string{"updated b 1.0.0 1.0.5"}},
		{"both updated", lock("b 0.1.0 cratesio", "b 0.2.0 cratesio"), lock("b 0.1.9 cratesio", "b 0.2.9 cratesio"), []string{"updated b 0.1.0 0.1.9", "updated b 0.2.0 0.2.9"}},
		{"a third version", lock("b 1.0.0 cratesio", "b 2.0.0 cratesio"), lock("b 1.0.0 cratesio", "b 2.0.0 cratesio", "b 3.0.0 cratesio"), []string{"added b - 3.0.0"}},
		{"two become one", lock("b 1.0.0 cratesio", "b 2.0.0 cratesio"), lock("b 2.0.0 cratesio"), []string{"removed b 1.0.0 -"}},
		{"two become another one", lock("b 1.0.0 cratesio", "b 2.0.0 cratesio"), lock("b 3.0.0 cratesio"), []string{"removed b 1.0.0 -", "removed b 2.0.0 -", "added b - 3.0.0"}},
		{"a prerelease", lock("b 0.0.0-alpha cratesio"), lock("b 0.0.0 cratesio"), []string{"updated b 0.0.0-alpha 0.0.0"}},
		{"build metadata is part of the version", lock("b 1.0.0+1 cratesio"), lock("b 1.0.0+2 cratesio"), []string{"updated b 1.0.0+1 1.0.0+2"}},
		{"revision", lock("g 0.1.0 git:" + oldRev), lock("g 0.1.0 git:" + newRev), []string{"moved g 0.1.0 0.1.0"}},
		{"revision and version", lock("g 0.1.0 git:" + oldRev), lock("g 0.2.0 git:" + newRev), []string{"updated g 0.1.0 0.2.0"}},
		{"revisions in upper case", lock("g 0.1.0 git:" + strings.Repeat("A", 40)), lock("g 0.1.0 git:" + strings.Repeat("a", 40)), nil},
		{"another repository", lock("g 0.1.0 git:" + oldRev), lock("g 0.1.0 git+https://example.com/fork#" + oldRev), []string{"source g 0.1.0 0.1.0"}},
		{"the same repository, written otherwise", lock("g 0.1.0 git:" + oldRev), lock("g 0.1.0 git+https://Example.com/x/?branch=main#" + oldRev), nil},
		{"patched to git", lock("g 0.1.0 cratesio"), lock("g 0.1.0 git:" + oldRev), []string{"source g 0.1.0 0.1.0"}},
		{"patched to a path", lock("g 0.1.0 cratesio"), lock("g 0.1.0"), []string{"source g 0.1.0 0.1.0"}},
		{"another registry", lock("g 0.1.0 cratesio"), lock("g 0.1.0 registry+https://example.com/index " + strings.Repeat("a", 64)), []string{"source g 0.1.0 0.1.0"}},
		{"one version from two sources", lock("g 0.1.0 cratesio", "g 0.1.0 git:"+oldRev), lock("g 0.1.0 git:"+newRev, "g 0.1.0 cratesio"), []string{"moved g 0.1.0 0.1.0"}},
		{"one of two sources goes", lock("g 0.1.0 cratesio", "g 0.1.0 git:"+oldRev), lock("g 0.1.0 git:" + oldRev), []string{"removed g 0.1.0 -"}},
		{"one of two sources comes", lock("g 0.1.0 git:" + oldRev), lock("g 0.1.0 cratesio", "g 0.1.0 git:"+oldRev), []string{"added g - 0.1.0"}},
		{"checksum", lock("b 1.0.0 cratesio"), lock("b 1.0.0 cratesio " + strings.Repeat("b", 64)), []string{"checksum b 1.0.0"}},
		{"checksum in upper case", lock("b 1.0.0 cratesio"), lock("b 1.0.0 cratesio " + strings.Repeat("A", 64)), nil},
		{"no checksum", lock("b 1.0.0 cratesio"), lock("b 1.0.0 registry+https://github.com/rust-lang/crates.io-index"), nil},
		{"not a checksum", lock("b 1.0.0 cratesio"), lock("b 1.0.0 cratesio nonsense"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			from, to := parseLock(t, lockText(test.from...)), parseLock(t, lockText(test.to...))
			if diff := cmp.Diff(test.want, brief(Compare(FromLock(from), []*cargo.Lock{to}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompareUnion: a file of several manifests holds what any of their locks holds.
func TestCompareUnion(t *testing.T) {
	first := parseLock(t, lockText("a 1.0.0", "b 1.0.0 cratesio", "g 0.1.0 git:"+oldRev))
	second := parseLock(t, lockText("c 1.0.0", "b 1.0.0 cratesio", "b 2.0.0 cratesio", "g 0.1.0 git:"+newRev))
	file := FromLock(parseLock(t, lockText("a 1.0.0", "b 1.0.0 cratesio", "b 2.0.0 cratesio", "c 1.0.0", "d 1.0.0 cratesio", "g 0.1.0 git:"+oldRev, "g 0.1.0 git:"+newRev)))
	d := Compare(file, []*cargo.Lock{first, second})
	if diff := cmp.Diff([]string{"removed d 1.0.0 -"}, brief(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	d = Compare(FromLock(first), []*cargo.Lock{first, second})
	if diff := cmp.Diff([]string{"added c - 1.0.0", "added b - 2.0.0", "added g - 0.1.0"}, brief(d)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range d.Changes {
		if c.Lock != 1 {
			t.Errorf("%s stands in lock %d, want 1", c.Name, c.Lock)
		}
	}
}

// TestCompareReplaced: cargo keeps a package that [replace] replaced in the lock; the generators do not build it.
func TestCompareReplaced(t *testing.T) {
	text := lockText("b 1.0.0 cratesio", "b 1.0.0 git:"+oldRev)
	text = strings.Replace(text, "checksum", "replace = \"b 1.0.0 (git+https://example.com/x.git#"+oldRev+")\"\nchecksum", 1)
	if d := Compare(FromLock(parseLock(t, lockText("b 1.0.0 git:"+oldRev))), []*cargo.Lock{parseLock(t, text)}); len(d.Changes) > 0 {
		t.Errorf("%v", brief(d))
	}
}

// TestCompareMutations changes one thing in a real lock: exactly that must be found.
func TestCompareMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"cargo2nix-basic", "crate2nix-basic", "mixed-git-path", "drifted", "drifted-crate2nix"} {
		data, err := os.ReadFile("../../testdata/" + name + "/Cargo.lock")
		if err != nil {
			t.Fatal(err)
		}
		lock := parseLock(t, string(data))
		graph := FromLock(lock)
		if d := Compare(graph, []*cargo.Lock{lock}); len(d.Changes)+len(d.Checksums) > 0 {
			t.Errorf("%s differs from itself: %v", name, brief(d))
		}
		for range 50 {
			mutant := parseLock(t, string(data))
			p := &mutant.Packages[random.IntN(len(mutant.Packages))]
			var want string
			switch random.IntN(6) {
			case 0:
				to := bumped(p.Version)
				want = "updated " + p.Name + " " + p.Version + " " + to
				p.Version = to
			case 1:
				want = "removed " + p.Name + " " + p.Version + " -"
				at := indexOf(mutant, p)
				mutant.Packages = append(mutant.Packages[:at:at], mutant.Packages[at+1:]...)
			case 2:
				mutant.Packages = append(mutant.Packages, cargo.Package{Name: "zzz-new", Version: "1.0.0", SourceText: p.SourceText, Source: p.Source})
				want = "added zzz-new - 1.0.0"
			case 3:
				if p.Source.Kind != cargo.Git {
					continue
				}
				p.Source.Precise = newRev
				want = "moved " + p.Name + " " + p.Version + " " + p.Version
			case 4:
				if p.Checksum == "" {
					continue
				}
				p.Checksum = strings.Repeat("0", 64)
				want = "checksum " + p.Name + " " + p.Version
			case 5:
				if p.Source.Kind == cargo.Path {
					continue
				}
				p.Source, p.SourceText, p.Checksum = cargo.Source{}, "", ""
				want = "source " + p.Name + " " + p.Version + " " + p.Version
			}
			if diff := cmp.Diff([]string{want}, brief(Compare(graph, []*cargo.Lock{mutant}))); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

// bumped is the next patch of a version.
func bumped(version string) string {
	core, rest, _ := strings.Cut(version, "-")
	parts := strings.Split(core, ".")
	parts[2] += "9"
	if rest != "" {
		rest = "-" + rest
	}
	return strings.Join(parts, ".") + rest
}

func indexOf(lock *cargo.Lock, p *cargo.Package) int {
	for i := range lock.Packages {
		if &lock.Packages[i] == p {
			return i
		}
	}
	return -1
}

func TestCanonicalURL(t *testing.T) {
	for _, same := range [][]string{
		{"https://github.com/a/B", "https://github.com/a/B.git", "https://GitHub.com/a/B/", "HTTPS://github.com/a/B.git/"},
		{"ssh://git@host/x", "ssh://git@HOST/x.git"},
		{"git@host:x", "git@host:x.git"},
		{"https://host"}, {"https://github.com/a/b"}, {"http://github.com/a/B"}, {""},
	} {
		for _, url := range same {
			if got := CanonicalURL(url); got != CanonicalURL(same[0]) {
				t.Errorf("%s is %s", url, got)
			}
		}
	}
	if CanonicalURL("https://github.com/a/b") == CanonicalURL("https://github.com/a/B") {
		t.Error("the letter case of a path makes no difference")
	}
}
