// Package nixoracle asks real Nix how it reads files.
package nixoracle

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Nix is a nix-instantiate and the folders it works in.
type Nix struct {
	Version string // like 2.26.3
	Home    string // what `~` is to it
	program string
	env     []string
}

// Open looks at the program. Nix writes to its store and state even to parse: what it writes comes into dir.
func Open(program, dir string) (*Nix, error) {
	n := &Nix{program: program, Home: filepath.Join(dir, "home")}
	n.env = append(os.Environ(), "HOME="+n.Home, "NIX_REMOTE=")
	for _, folder := range []string{"STORE", "STATE", "LOG"} {
		n.env = append(n.env, "NIX_"+folder+"_DIR="+filepath.Join(dir, strings.ToLower(folder)))
	}
	out, err := n.command("--version").Output()
	if err != nil {
		return nil, fmt.Errorf("%s --version: %w", program, err)
	}
	n.Version = regexp.MustCompile(`\d+(\.\d+)+`).FindString(string(out))
	// The first run makes the folders of the state; two at once would be in each other's way.
	if said, err := n.command("--parse", "--expr", "1").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s --parse: %w: %s", program, err, said)
	}
	return n, nil
}

// Prints226 tells whether its form of a tree is that of 2.26, which nixparse.Print writes.
func (n *Nix) Prints226() bool { return strings.HasPrefix(n.Version, "2.26.") }

func (n *Nix) command(args ...string) *exec.Cmd {
	cmd := exec.Command(n.program, args...)
	cmd.Env = n.env
	return cmd
}

// Answer is what Nix makes of one file.
type Answer struct {
	Tree    string // as it prints it, when it accepts the file
	Refusal string // what it says when it does not
	Crashed bool   // it fell over; Refusal has its last words
}

// Accepted tells whether Nix takes the file.
func (a Answer) Accepted() bool { return a.Refusal == "" && !a.Crashed }

// Undefined tells whether Nix stopped at a variable that nothing defines, which is no matter of syntax.
func (a Answer) Undefined() bool { return strings.Contains(a.Refusal, "undefined variable") }

const (
	// batch is how many files one process reads: starting it takes as long as reading many.
	batch = 200
	// workers is how many processes run at once.
	workers = 2
)

// Parse gives the answers for files, which must be named by absolute paths. The error is about Nix itself.
func (n *Nix) Parse(files []string) ([]Answer, error) {
	answers := make([]Answer, len(files))
	var (
		wait  sync.WaitGroup
		mutex sync.Mutex
		errs  []error
		slots = make(chan struct{}, workers)
		at    int
	)
	for group := range slices.Chunk(files, batch) {
		into := answers[at : at+len(group)]
		at += len(group)
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if err := n.parseBatch(group, into); err != nil {
				mutex.Lock()
				errs = append(errs, err)
				mutex.Unlock()
			}
		})
	}
	wait.Wait()
	return answers, errors.Join(errs...)
}

// parseBatch reads on after each file that Nix stops at: it prints one line for each file before.
func (n *Nix) parseBatch(files []string, answers []Answer) error {
	single := false // one file for each process, after a crash: lines that were not written out yet are lost with it
	for len(files) > 0 {
		group := files
		if single {
			group = files[:1]
		}
		cmd := n.command(append([]string{"--extra-experimental-features", "pipe-operators", "--parse"}, group...)...)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return err
		}
		crashed := exit != nil && (exit.ExitCode() < 0 || strings.Contains(said.String(), "stack overflow"))
		if crashed && !single {
			single = true
			continue
		}
		lines := strings.Split(out.String(), "\n")
		done := len(lines) - 1 // the last one is empty, or was not ended
		switch {
		case err == nil && done != len(group), err != nil && done >= len(group):
			return fmt.Errorf("%s printed %d lines for %d files, from %s on: %s", n.program, done, len(group), group[0], said.String())
		}
		for i := range done {
			answers[i].Tree = lines[i]
		}
		if err != nil {
			// A verdict on a file says where in it. Anything else, as a folder that cannot be made, must not pass for one.
			if !crashed && !strings.Contains(said.String(), group[done]+":") {
				return fmt.Errorf("%s --parse %s: %w: %s", n.program, group[done], err, said.String())
			}
			answers[done] = Answer{Refusal: said.String(), Crashed: crashed}
			done++
		}
		files, answers = files[done:], answers[done:]
	}
	return nil
}
