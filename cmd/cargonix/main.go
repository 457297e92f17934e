// Command cargonix is the language server and linter for Rust packaged with Nix.
package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitClean    = 0
	exitFindings = 1 // findings at or above --fail-on
	exitUsage    = 2 // the command line is wrong, or names what does not exist
	exitFailure  = 3 // the tool failed
)

// exitError is an error with the exit status that it brings. Without a message nothing is printed: what there is to say was said.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func failure(err error) error { return &exitError{exitFailure, err} }

func main() { os.Exit(run()) }

func run() int {
	root := &cobra.Command{
		Use:           "cargonix",
		Short:         "Language server and linter for Rust packaged with Nix",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(os.Stderr)
			_ = cmd.Help()
			return &exitError{status: exitUsage}
		},
	}
	root.AddCommand(checkCommand(), inspectCommand(), lspCommand(), syntaxCommand(), versionCommand())
	err := root.Execute()
	if err == nil {
		return exitClean
	}
	status := exitUsage // cobra's own errors are about the command line
	var exit *exitError
	if errors.As(err, &exit) {
		status = exit.status
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "cargonix: "+printable(text))
	}
	return status
}
