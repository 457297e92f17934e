package analysis

import "github.com/cargonix/cargonix/analysis/text"

// Severity says how bad a finding is. Error: the build or the evaluation must fail, or a generated file contradicts its lock.
// Warning: it builds something other than the user wrote, or fails under conditions that we can name. Info: works today,
// breaks at a known later step. Hint: could be simpler.
type Severity uint8

// From the mildest to the worst, so that severities compare with <.
const (
	Hint Severity = iota
	Info
	Warning
	Error
)

var severityNames = [...]string{"hint", "info", "warning", "error"}

// String is the name used in text and JSON: "error", "warning", "info", "hint".
func (s Severity) String() string { return severityNames[s] }

// Location is a span of bytes of a file of the snapshot. File is slash-separated and relative to the snapshot's root; it
// starts with "../" where a project inside the root names a file outside it.
type Location struct {
	File string
	Span text.Span
}

// Related is another place that a finding speaks of, with what stands there.
type Related struct {
	Location
	Message string
}

// Finding is one thing that is wrong, at one place.
type Finding struct {
	Code     string
	Severity Severity
	Location
	// Message says what is wrong and what the user would see from Nix, cargo or rustc. Plain text; the first line stands alone.
	Message string
	// Subject is the one stable name that the finding is about, alone: a crate as "name version", a flag, an input, a path.
	Subject string
	Related []Related
	Fixes   []Fix
}

// Edit replaces a span of a file by NewText.
type Edit struct {
	Location
	NewText string
}

// FixKind says what applying a fix does.
type FixKind string

// A fix of kind edit changes files and nothing else. One of kind command runs a program, after its edits, if it has any.
const (
	FixEdit    FixKind = "edit"
	FixCommand FixKind = "command"
)

// Fix is a remedy that the user may pick.
type Fix struct {
	Title string
	Kind  FixKind
	Edits []Edit
	// Command is an argument vector, run without a shell.
	Command []string
	// Dir is where Command runs: slash-separated, relative to the snapshot's root.
	Dir string
	// Stdin is what Command reads on its standard input.
	Stdin string
}
