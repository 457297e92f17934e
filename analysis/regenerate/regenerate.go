// Package regenerate knows the command that writes a generated file anew: with the generator that the project pins, in the form
// that this generator's version understands, in the folder where it belongs.
package regenerate

import (
	"path"
	"strings"
	"time"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/crates"
	"github.com/cargonix/cargonix/analysis/flake"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// Fix is the fix that runs the generator, nil where no command is known. Edits come before the command.
func Fix(snap *workspace.Snapshot, g *workspace.Generated, edits []analysis.Edit) *analysis.Fix {
	if g.Graph == nil || len(g.Locks) == 0 {
		return nil
	}
	fix := &analysis.Fix{Kind: analysis.FixCommand, Dir: g.RunDir, Edits: edits}
	lock := flakeLock(snap, g)
	switch g.Graph.Generator {
	case crates.Cargo2nix:
		cargo2nix(fix, g, lock)
	default:
		crate2nix(fix, g, lock)
	}
	fix.Title = "Regenerate " + path.Base(g.Path()) + " with " + g.Graph.Generator.String()
	if len(edits) > 0 {
		fix.Title += ", without the old hashes in " + path.Base(edits[0].File)
	}
	return fix
}

// flakeLock is the nearest flake.lock at or above the generated file in its repository, nil where there is none or it cannot be read.
func flakeLock(snap *workspace.Snapshot, g *workspace.Generated) *flake.Lock {
	for dir := path.Dir(g.Path()); snap.InRepository(dir); dir = above(dir) {
		file := snap.File(path.Join(dir, "flake.lock"))
		if file == nil {
			if snap.Abs(dir) == snap.Abs(above(dir)) {
				break
			}
			continue
		}
		data, err := file.Data()
		if err != nil {
			return nil
		}
		lock, err := flake.ReadLock(data)
		if err != nil {
			return nil
		}
		return lock
	}
	return nil
}

// above is the folder above one, both relative to the snapshot's root.
func above(dir string) string { return path.Join(dir, "..") }

// nix begins a command of the new command line, whether or not the user's configuration has it switched on.
func nix(words ...string) []string {
	return append([]string{"nix", "--extra-experimental-features", "nix-command flakes"}, words...)
}

// newCommandLineSince is when cargo2nix' command line became what it is today: that of 8492965, the first such commit. Only the branch
// release-0.11.0 has commits between it and 2024-04-02, when main got the same; the branch unstable ended before.
var newCommandLineSince = time.Unix(1697383714, 0)

// appSince is when cargo2nix' flake got an app that `nix run` accepts; 0.10.0 of 2021-11-14 has a package only.
var appSince = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)

// commandLine is a generation of cargo2nix' command line.
type commandLine uint8

const (
	// askingForm is `-f FILE`: it asks before it writes over a file, and never touches the lock.
	askingForm commandLine = iota
	// overwriteForm is `--overwrite --locked [--file FILE]`. Without --locked it would resolve anew and write Cargo.lock too.
	overwriteForm
)

func cargo2nix(fix *analysis.Fix, g *workspace.Generated, lock *flake.Lock) {
	file := g.OutputPath
	url, form, hasApp := "", askingForm, true
	if lock != nil {
		if node := lock.InputOfProject("cargo2nix"); node != nil && !node.Locked.Time().IsZero() {
			url = node.Locked.URLString()
			hasApp = node.Locked.Time().After(appSince)
			if !node.Locked.Time().Before(newCommandLineSince) {
				form = overwriteForm
			}
		}
	}
	if url == "" {
		url, form, hasApp = byFormat(g.Graph)
	}
	var arguments []string
	switch form {
	case overwriteForm:
		arguments = []string{"--overwrite", "--locked"}
		if file != "Cargo.nix" {
			arguments = append(arguments, "--file", file)
		}
	case askingForm:
		arguments = []string{"-f", file}
		fix.Stdin = "yes\n"
	}
	switch {
	case url == "":
		// Older than its flake: only an installed cargo2nix can be meant.
		fix.Command = append([]string{"cargo2nix"}, arguments...)
	case hasApp:
		fix.Command = append(nix("run", url, "--"), arguments...)
	default:
		fix.Command = append(nix("shell", url, "--command", "cargo2nix"), arguments...)
	}
}

// byFormat is the release that writes the format the file has, by its formal arguments: the overlay in use takes those and no
// others. The version alone does not tell, since "0.11.0" stands in five formats.
func byFormat(graph *crates.Graph) (url string, form commandLine, hasApp bool) {
	const repository = "github:cargo2nix/cargo2nix/"
	switch n := len(graph.Formals); {
	case n >= 19:
		return repository + "release-0.12", overwriteForm, true
	case n >= 16:
		return repository + "release-0.11.0", overwriteForm, true
	case n == 14:
		return repository + "v0.11.0", askingForm, true
	case n == 13:
		return repository + "v0.10.0", askingForm, false
	}
	return "", askingForm, false
}

func crate2nix(fix *analysis.Fix, g *workspace.Generated, lock *flake.Lock) {
	program := "nixpkgs#crate2nix"
	if lock != nil {
		if node := lock.InputOfProject("crate2nix"); node != nil && node.Locked.URLString() != "" {
			program = node.Locked.URLString()
		}
	}
	fix.Command = append(nix("run", program, "--"), g.Command()...)
}

// DropHashes are the edits that remove the hashes of a git repository from the crate-hashes.json that the generator reads. It would
// take the hash of the old revision for the new one otherwise, since its keys do not tell revisions apart.
func DropHashes(g *workspace.Generated, drop func(crates.HashEntry) bool) []analysis.Edit {
	if g.Hashes == nil || g.Hashes.Entries == nil {
		return nil
	}
	data, err := g.Hashes.Data()
	if err != nil {
		return nil
	}
	var edits []analysis.Edit
	for _, removal := range crates.RemoveHashes(data, drop) {
		edits = append(edits, analysis.Edit{Location: analysis.Location{File: g.Hashes.Path(), Span: removal.Span}})
	}
	return edits
}

// Shell is a command line that a person can paste: the command in its folder, with its answers on standard input.
func Shell(fix *analysis.Fix) string {
	var words []string
	for _, word := range fix.Command {
		words = append(words, quote(word))
	}
	line := strings.Join(words, " ")
	if fix.Stdin != "" {
		line = "echo " + quote(strings.TrimSuffix(fix.Stdin, "\n")) + " | " + line
	}
	if fix.Dir != "." && fix.Dir != "" {
		dir := fix.Dir
		if strings.HasPrefix(dir, "-") {
			dir = "./" + dir // cd would take it for an option
		}
		line = "(cd " + quote(dir) + " && " + line + ")"
	}
	return line
}

// quote is a word as a POSIX shell reads it back.
func quote(word string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_#"
	// At its start "#" begins a comment.
	if word != "" && word[0] != '#' && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
