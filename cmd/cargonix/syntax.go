package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

func syntaxCommand() *cobra.Command {
	var onlyErrors, nix bool
	cmd := &cobra.Command{
		Use:   "syntax FILE...",
		Short: "Show how Nix files are read",
		Long: `Show the syntax tree of Nix files: each node on a line, under the one that it is part of, with its role in it, its kind, its bytes
(from 0, the end exclusive) and, where it has no parts, its text. What is not Nix is marked with an exclamation mark. FILE may be - for
standard input.

--errors prints only the syntax errors, as file:line:column: message. --nix prints the form in which ` + "`nix-instantiate --parse`" + ` of
Nix 2.26 prints its own tree, to compare the two.

Exit status: 0, or with --errors and --nix 1 when a file is not Nix; 2 usage, 3 the tool failed.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			s := syntaxPrinter{out: bufio.NewWriter(cmd.OutOrStdout()), err: cmd.ErrOrStderr()}
			print := s.tree
			switch {
			case onlyErrors:
				print = s.errors
			case nix:
				print = s.nix
			case len(files) > 1:
				print = func(f sourceFile) error {
					fmt.Fprintf(s.out, "%s:\n", printable(f.name))
					return s.tree(f)
				}
			}
			for _, name := range files {
				f, err := readSource(name, cmd.InOrStdin())
				if err == nil {
					err = print(f)
				}
				if err != nil {
					return errors.Join(err, s.out.Flush())
				}
			}
			if err := s.out.Flush(); err != nil {
				return failure(err)
			}
			if s.refused {
				return &exitError{status: exitFindings}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&onlyErrors, "errors", false, "print only the syntax errors")
	cmd.Flags().BoolVar(&nix, "nix", false, "print the tree as Nix does")
	cmd.MarkFlagsMutuallyExclusive("errors", "nix")
	return cmd
}

// sourceFile is a file that was read, and where it is.
type sourceFile struct {
	name string // as given
	dir  string // absolute: what its relative paths are relative to
	tree *nixparse.Tree
}

// readSource reads a file, or standard input for "-".
func readSource(name string, stdin io.Reader) (sourceFile, error) {
	var data []byte
	var err error
	path := name
	if name == "-" {
		data, err = io.ReadAll(stdin)
		path = "stdin" // Nix takes the current folder for its place
	} else {
		data, err = os.ReadFile(name)
	}
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return sourceFile{}, &exitError{exitUsage, fmt.Errorf("%s: %w", name, err)}
	}
	dir, err := sourceDir(path)
	if err != nil {
		return sourceFile{}, failure(err)
	}
	return sourceFile{name, dir, nixparse.Parse(data)}, nil
}

// sourceDir is the absolute folder of a file. Like Nix it follows a link that is the file, and no links on the way there.
func sourceDir(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	for range 40 { // links, as many as Linux follows
		target, err := os.Readlink(path)
		if err != nil {
			break // no link
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return filepath.Dir(path), nil
}

type syntaxPrinter struct {
	out     *bufio.Writer
	err     io.Writer
	refused bool // a file is not Nix, and that was asked for
}

func (s *syntaxPrinter) errors(f sourceFile) error {
	index := text.NewIndex(f.tree.Source())
	for _, n := range f.tree.Errors() {
		s.refused = true
		if n.Kind() == nixparse.Error && n.Parent().Kind() == nixparse.Error {
			continue // told with what it is in
		}
		line, column := index.HumanPosition(n.Start())
		fmt.Fprintf(s.out, "%s:%d:%d: %s\n", printable(f.name), line, column, printable(f.tree.Describe(n)))
	}
	return nil
}

func (s *syntaxPrinter) nix(f sourceFile) error {
	// A file without `~` needs no home.
	home, _ := os.UserHomeDir()
	form, err := nixparse.Print(f.tree, nixparse.Paths{Dir: f.dir, Home: home})
	var refusal *nixparse.PrintError
	if errors.As(err, &refusal) {
		s.refused = true
		line, column := text.NewIndex(f.tree.Source()).HumanPosition(refusal.Node.Start())
		_, err = fmt.Fprintf(s.err, "%s:%d:%d: %s\n", printable(f.name), line, column, printable(refusal.Reason))
		return err
	}
	if err != nil {
		return failure(err)
	}
	fmt.Fprintln(s.out, form)
	return nil
}

// tree prints the nodes.
func (s *syntaxPrinter) tree(f sourceFile) error {
	wrong := map[nixparse.Node]string{}
	for _, n := range f.tree.Errors() {
		wrong[n] = f.tree.Describe(n)
	}
	var around []nixparse.Node // the nodes that the current one is in, outermost first
	visit := func(n nixparse.Node) {
		for len(around) > 0 && around[len(around)-1] != n.Parent() {
			around = around[:len(around)-1]
		}
		s.out.WriteString(strings.Repeat("  ", len(around)))
		around = append(around, n)
		if n.Field() != nixparse.FieldNone {
			fmt.Fprintf(s.out, "%s: ", n.Field())
		}
		fmt.Fprintf(s.out, "%s %d..%d", n.Kind(), n.Start(), n.End())
		if n.Operator() != "" {
			fmt.Fprintf(s.out, " %q", n.Operator())
		} else if n.FirstChild().IsZero() && n.Start() < n.End() {
			fmt.Fprintf(s.out, " %s", shortened(n.Text()))
		}
		if message, ok := wrong[n]; ok {
			fmt.Fprintf(s.out, " ! %s", printable(message))
		}
		s.out.WriteByte('\n')
	}
	visit(f.tree.Root())
	for n := range f.tree.Root().Descendants() {
		visit(n)
	}
	return nil
}

// shortened quotes a leaf's text up to what fits on a line.
func shortened(source []byte) string {
	const most = 60
	if len(source) <= most {
		return fmt.Sprintf("%q", source)
	}
	return strings.TrimSuffix(fmt.Sprintf("%q", source[:most]), `"`) + `…"`
}
