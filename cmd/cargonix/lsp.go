package main

import (
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/cargonix/cargonix/analysis/checks"
	"github.com/cargonix/cargonix/lsp"
)

func lspCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Run the language server on standard input and output",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			status := lsp.Serve(cmd.Context(), os.Stdin, os.Stdout, lsp.Options{
				Version: version,
				Checks:  checks.All,
				Log:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
			})
			if status != 0 {
				return &exitError{status: status}
			}
			return nil
		},
	}
	// Clients of several editors add it; there is no other transport.
	cmd.Flags().Bool("stdio", true, "use standard input and output")
	_ = cmd.Flags().MarkHidden("stdio")
	return cmd
}
