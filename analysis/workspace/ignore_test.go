package workspace

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cargonix/cargonix/internal/tooltest"
)

// TestIgnoresLikeGit compares the walk with git itself, on trees and patterns that are made up anew each time.
func TestIgnoresLikeGit(t *testing.T) {
	git := tooltest.Need(t, "git")
	words := []string{"a", "b", "ab", "a b", "c!", "#d", "é"}
	pieces := []string{"*", "?", "**", "[ab]", "[!a]", "[^b]", "[a-c]", "[[:alpha:]]", "[", "]", "\\a", "\\!", "\\#", "\\ ", " ", "a", "b", "ab", ".nix", "é", "[]a]", "[a-]", "\\", "***", "#", "!", "[a/b]"}
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	pattern := func() string {
		var b strings.Builder
		if random.IntN(4) == 0 {
			b.WriteByte('!')
		}
		if random.IntN(4) == 0 {
			b.WriteByte('/')
		}
		for i := random.IntN(3); i >= 0; i-- {
			for j := random.IntN(3); j >= 0; j-- {
				b.WriteString(pick(pieces))
			}
			if i > 0 || random.IntN(4) == 0 {
				b.WriteByte('/')
			}
		}
		return line(b.String()) + pick([]string{"\n", "\n", "\n", "\r\n", " \n"})
	}
	for range rounds {
		files := map[string]string{}
		for range 25 {
			dir := ""
			for range random.IntN(4) {
				dir += pick(words) + "/"
			}
			files[dir+pick(words)+".nix"] = ""
			if random.IntN(4) == 0 {
				files[dir+".gitignore"] = pick([]string{"", "", "\uFEFF"}) + pattern() + pattern()
			}
		}
		files[".gitignore"] = pattern() + pattern() + pattern()
		dir := tree(t, files)
		command := func(args ...string) string {
			cmd := exec.Command(git, append([]string{"-C", dir, "-c", "core.excludesFile=", "-c", "core.quotePath=false"}, args...)...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("git %v: %v\n%s", args, err, out)
			}
			return string(out)
		}
		command("init", "-q")
		var want []string
		for _, name := range strings.Split(command("ls-files", "-z", "--others", "--exclude-standard"), "\x00") {
			if strings.HasSuffix(name, ".nix") {
				want = append(want, name)
			}
		}
		slices.Sort(want)
		got, _ := walk(dir)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			var rules strings.Builder
			for name, content := range files {
				if strings.HasSuffix(name, ".gitignore") {
					fmt.Fprintf(&rules, "%s: %q\n", name, content)
				}
			}
			t.Fatalf("seed %d (-git +walk):\n%s%s", seed, diff, rules.String())
		}
	}
}

var starsInName = regexp.MustCompile(`([^/!*])\*\*+|\*\*+([^/*])`)

// line takes out of a pattern what git does not do as it documents: `**` inside of a name, which is not always `*`, and `**\/`.
func line(pattern string) string {
	pattern = strings.ReplaceAll(pattern, "*\\/", "*/")
	return starsInName.ReplaceAllString(pattern, "$1*$2")
}

// TestIgnoreIsLinear: patterns with many stars take no exponential time.
func TestIgnoreIsLinear(t *testing.T) {
	name := strings.Repeat("a", 200)
	path := slices.Repeat([]string{"a"}, maxDepth)
	for _, line := range []string{strings.Repeat("a*", 100) + "b", strings.Repeat("**/a/", 40) + "b"} {
		p, ok := parseIgnore(line, 0)
		if !ok || p.match([]string{name}, false) || p.match(path, false) {
			t.Errorf("%q matches", line)
		}
	}
}
