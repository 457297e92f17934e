// Package mention shows a finding about a generated file also where people look: nobody opens Cargo.nix.
package mention

import (
	"path"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// Report reports a finding about a generated file, and a milder one with a link to it at each literal path that leads to the file. The
// summary is what is wrong as a clause whose subject is the file's name.
func Report(pass *analysis.Pass, g *workspace.Generated, f analysis.Finding, summary string) {
	pass.Report(f)
	for _, at := range pass.Snapshot.Mentions(g) {
		pass.Report(analysis.Finding{
			Severity: min(f.Severity, analysis.Warning),
			Location: analysis.Location{File: at.File.Path(), Span: at.Span},
			Message:  path.Base(g.Path()) + " " + summary,
			Subject:  f.Subject,
			Related:  []analysis.Related{{Location: f.Location, Message: "the file that is out of date"}},
			Fixes:    f.Fixes,
		})
	}
}
