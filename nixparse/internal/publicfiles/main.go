// Command publicfiles reads every Nix file under the folders it is given with nixparse and with real Nix, and prints where they differ: in
// whether they accept a file, and in how they understand it.
//
//	go run ./nixparse/internal/publicfiles [-nix nix-instantiate] [-damage 20000] FOLDER…
//
// It is meant for clones of public repositories: the more authors, the better. Nix 2.26 is wanted, since other versions print trees in
// another form (then only acceptance is compared); -nix is by default what CARGONIX_NIX226 names, or else nix-instantiate. The exit status is
// 1 when there was a difference.
//
// With -damage it also measures how local errors are: it deletes that many tokens, one at a time, and counts the bindings outside of the
// damaged one that are still found under the same path.
package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cargonix/cargonix/nixparse"
	"github.com/cargonix/cargonix/nixparse/internal/damage"
	"github.com/cargonix/cargonix/nixparse/internal/nixoracle"
)

func main() {
	program := flag.String("nix", cmp.Or(os.Getenv("CARGONIX_NIX226"), "nix-instantiate"), "the nix-instantiate `program` to compare with")
	damages := flag.Int("damage", 0, "also delete this `number` of tokens and count the bindings that are lost")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: publicfiles [flags] FOLDER…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	same, err := run(*program, *damages, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "publicfiles:", err)
		os.Exit(3)
	}
	if !same {
		os.Exit(1)
	}
}

func run(program string, damages int, folders []string) (same bool, err error) {
	files, err := nixFiles(folders)
	if err != nil {
		return false, err
	}
	c, err := newComparison(program)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, c.close()) }()
	start := time.Now()
	if err := c.compare(files); err != nil {
		return false, err
	}
	fmt.Printf("Nix %s: %d different files, %d bytes, in %.0f s\n", c.nix.Version, len(files), c.bytes, time.Since(start).Seconds())
	fmt.Printf("Nix accepts %d and refuses %d (%d for an undefined variable, which are compared again with all defined); it fell over %d\n",
		c.accepted, c.refused, c.undefined, c.crashed)
	if c.versions > 0 {
		fmt.Printf("acceptance of %d more is known to differ between Nix versions\n", c.versions)
	}
	fmt.Printf("acceptance differs in %d, structure in %d of %d compared\n", c.acceptance, c.structure, c.structures)
	if damages > 0 {
		var sources [][]byte
		for _, file := range files {
			sources = append(sources, file.source)
		}
		fmt.Print(damage.Measure(sources, damages, 1))
	}
	return c.acceptance == 0 && c.structure == 0, nil
}

type file struct {
	path   string // absolute, without symbolic links, as Nix takes it for relative paths
	source []byte
}

// nixFiles finds the files that end in .nix, and gives those of the same bytes once.
func nixFiles(folders []string) ([]file, error) {
	var files []file
	seen := map[string]bool{}
	for _, folder := range folders {
		folder, err := filepath.Abs(folder)
		if err != nil {
			return nil, err
		}
		folder, err = filepath.EvalSymlinks(folder)
		if err != nil {
			return nil, err
		}
		err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || !strings.HasSuffix(path, ".nix") {
				return err
			}
			source, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			if !seen[string(source)] {
				seen[string(source)] = true
				files = append(files, file{path, source})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// comparison counts the differences.
type comparison struct {
	nix *nixoracle.Nix
	dir string

	bytes, accepted, refused, undefined, crashed int
	acceptance, structure, structures            int
	versions                                     int // differences in acceptance that are those of Nix versions
}

func newComparison(program string) (*comparison, error) {
	dir, err := os.MkdirTemp("", "publicfiles")
	if err != nil {
		return nil, err
	}
	dir, err = filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	nix, err := nixoracle.Open(program, dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &comparison{nix: nix, dir: dir}, nil
}

func (c *comparison) close() error { return os.RemoveAll(c.dir) }

func (c *comparison) compare(files []file) error {
	answers, err := c.ask(files)
	if err != nil {
		return err
	}
	var again []file
	var names []string
	for i, f := range files {
		c.bytes += len(f.source)
		if answers[i].Undefined() {
			// Under `with` any name may be defined.
			c.undefined++
			defined := slices.Concat([]byte("with {};\n"), f.source)
			path := filepath.Join(c.dir, fmt.Sprintf("%d.nix", i))
			if err := os.WriteFile(path, defined, 0o600); err != nil {
				return err
			}
			again = append(again, file{path, defined})
			names = append(names, f.path)
			continue
		}
		c.judge(f.path, f, answers[i])
	}
	answers, err = c.ask(again)
	if err != nil {
		return err
	}
	for i, file := range again {
		c.judge(names[i], file, answers[i])
	}
	return nil
}

func (c *comparison) ask(files []file) ([]nixoracle.Answer, error) {
	paths := make([]string, len(files))
	for i, file := range files {
		paths[i] = file.path
	}
	return c.nix.Parse(paths)
}

// judge compares one file and prints what differs.
func (c *comparison) judge(name string, file file, answer nixoracle.Answer) {
	if answer.Crashed {
		c.crashed++
		fmt.Printf("%s: Nix fell over: %s\n", name, oneLine(answer.Refusal))
		return
	}
	ours, err := nixparse.Print(nixparse.Parse(file.source), nixparse.Paths{Dir: filepath.Dir(file.path), Home: c.nix.Home})
	if answer.Accepted() {
		c.accepted++
	} else {
		c.refused++
	}
	switch {
	case (err == nil) != answer.Accepted() && c.differsByVersion(file, answer):
		c.versions++
	case err == nil && !answer.Accepted():
		c.acceptance++
		fmt.Printf("%s: Nix refuses it, nixparse does not: %s\n", name, oneLine(answer.Refusal))
	case err != nil && answer.Accepted():
		c.acceptance++
		fmt.Printf("%s: Nix accepts it, nixparse does not: %v\n", name, err)
	case err == nil && c.nix.Prints226():
		c.structures++
		if ours != answer.Tree {
			c.structure++
			fmt.Printf("%s: the trees differ:\n%s\n", name, difference(answer.Tree, ours))
		}
	}
}

// differsByVersion tells whether an older Nix takes another view of the file only for its age: pipe operators came with 2.24, sets under one
// name were joined less deeply, and strings could have NUL bytes. The grammar's README lists what versions differ in.
func (c *comparison) differsByVersion(file file, answer nixoracle.Answer) bool {
	if c.nix.Prints226() {
		return false
	}
	if answer.Accepted() {
		return bytes.IndexByte(file.source, 0) >= 0
	}
	if strings.Contains(answer.Refusal, "already defined") {
		return true
	}
	for n := range nixparse.Parse(file.source).Root().Descendants() {
		if n.Operator() == "|>" || n.Operator() == "<|" {
			return true
		}
	}
	return false
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// difference shows the place where two texts begin to differ.
func difference(theirs, ours string) string {
	at := 0
	for at < len(theirs) && at < len(ours) && theirs[at] == ours[at] {
		at++
	}
	show := func(text string) string {
		return fmt.Sprintf("%q", text[max(0, at-60):min(len(text), at+60)])
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "  Nix:      %s\n  nixparse: %s", show(theirs), show(ours))
	return b.String()
}
