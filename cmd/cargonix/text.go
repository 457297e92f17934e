package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-isatty"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/regenerate"
)

const (
	// maxRelated is how many places a finding's text lists; --format json has them all.
	maxRelated = 8
	// excerptWidth is how many characters of a source line are shown: generated files have lines of thousands.
	excerptWidth = 100
	// excerptBefore is how many of them stand before the finding where the line is cut.
	excerptBefore = 30
)

// hasColour reports whether output to a file should be coloured: on a terminal, unless the user said no (no-color.org).
func hasColour(out *os.File) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(out.Fd())
}

// style paints text for a terminal, or leaves it as it is.
type style struct{ colour bool }

const (
	bold   = "1"
	dim    = "2"
	red    = "1;31"
	yellow = "1;33"
	blue   = "1;34"
	cyan   = "36"
)

var severityColours = map[analysis.Severity]string{analysis.Error: red, analysis.Warning: yellow, analysis.Info: blue, analysis.Hint: cyan}

func (s style) paint(code, text string) string {
	if !s.colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// printable makes text safe for a terminal: control characters, and those that turn the direction of writing, become visible.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == utf8.RuneError:
			return '\uFFFD'
		}
		return r
	}, text)
}

// oneLine is printable text that cannot begin another line, as the name of a file or a crate could.
func oneLine(text string) string { return printable(strings.ReplaceAll(text, "\n", "\uFFFD")) }

func printText(w io.Writer, r *report, colour bool) error {
	out := bufio.NewWriter(w)
	s := style{colour}
	// The same command often mends several findings; it is long, so it is shown once.
	shown := map[string]bool{}
	for i := range r.findings {
		printFinding(out, s, &r.findings[i], shown)
	}
	printSummary(out, s, r)
	return out.Flush()
}

func printFinding(out io.Writer, s style, f *located, shown map[string]bool) {
	line, column := f.index(f.File).HumanPosition(f.Span.Start)
	head, rest, _ := strings.Cut(printable(f.Message), "\n")
	fmt.Fprintf(out, "%s: %s: %s %s\n",
		s.paint(bold, oneLine(fmt.Sprintf("%s:%d:%d", f.name(f.File), line, column))),
		s.paint(severityColours[f.Severity], f.Severity.String()), head, s.paint(dim, "["+f.Code+"]"))
	printExcerpt(out, s, f)
	if rest != "" {
		for _, more := range strings.Split(rest, "\n") {
			fmt.Fprintf(out, "  %s\n", more)
		}
	}
	for i, related := range f.Related {
		if i == maxRelated {
			fmt.Fprintf(out, "  %s\n", s.paint(dim, fmt.Sprintf("… and %d more places", len(f.Related)-i)))
			break
		}
		line, column := f.index(related.File).HumanPosition(related.Span.Start)
		fmt.Fprintf(out, "  %s %s\n", s.paint(dim, oneLine(fmt.Sprintf("%s:%d:%d:", f.name(related.File), line, column))), oneLine(related.Message))
	}
	for _, fix := range f.Fixes {
		var steps strings.Builder
		if len(fix.Command) > 0 {
			// Whoever pastes the command has to make its edits first.
			for _, edit := range fix.Edits {
				fmt.Fprintf(&steps, "       %s\n", f.describeEdit(edit))
			}
			fix.Dir = f.name(fix.Dir)
			fmt.Fprintf(&steps, "       %s\n", oneLine(regenerate.Shell(&fix)))
		}
		if shown[steps.String()] {
			fmt.Fprintf(out, "  %s %s %s\n", s.paint(cyan, "fix:"), oneLine(fix.Title), s.paint(dim, "(as above)"))
			continue
		}
		fmt.Fprintf(out, "  %s %s\n%s", s.paint(cyan, "fix:"), oneLine(fix.Title), steps.String())
		shown[steps.String()] = steps.Len() > 0
	}
	fmt.Fprintln(out)
}

// maxEditText is how many characters of an edit's text are shown.
const maxEditText = 80

// describeEdit says in a line what an edit that comes before a command does.
func (l *located) describeEdit(edit analysis.Edit) string {
	index := l.index(edit.File)
	line, column := index.HumanPosition(edit.Span.Start)
	what, content := "write", edit.NewText
	if content == "" {
		what, content = "remove", string(index.Data()[edit.Span.Start:edit.Span.End])
	}
	runes := []rune(printable(strings.Join(strings.Fields(content), " ")))
	if len(runes) > maxEditText {
		runes = append(runes[:maxEditText-1:maxEditText-1], '…')
	}
	return fmt.Sprintf("first, at %s:%d:%d, %s: %s", oneLine(l.name(edit.File)), line, column, what, string(runes))
}

// printExcerpt shows the line where the finding starts, with carets under it.
func printExcerpt(out io.Writer, s style, f *located) {
	index := f.index(f.File)
	lineNumber := index.LineOf(f.Span.Start)
	line := index.Line(lineNumber)
	if line.Len() == 0 || f.Span.End == 0 {
		return
	}
	data := index.Data()
	start := min(f.Span.Start, line.End) // one that starts inside a line ending stands at the line's end
	end := max(start, min(f.Span.End, line.End))
	before := []rune(printable(strings.TrimPrefix(string(data[line.Start:start]), "\uFEFF")))
	marked := []rune(printable(string(data[start:end])))
	after := []rune(printable(string(data[end:line.End])))
	if len(before)+len(marked)+len(after) > excerptWidth {
		if len(before) > excerptBefore {
			before = append([]rune("…"), before[len(before)-excerptBefore+1:]...)
		}
		if room := excerptWidth - len(before); len(marked) > room {
			marked = append(marked[:room-1:room-1], '…')
		}
		if room := excerptWidth - len(before) - len(marked); len(after) > room {
			after = append(after[:max(room-1, 0):max(room-1, 0)], '…')
		}
	}
	number := fmt.Sprint(lineNumber + 1)
	gutter := strings.Repeat(" ", len(number))
	fmt.Fprintf(out, "  %s %s%s%s\n", s.paint(dim, number+" |"), string(before), s.paint(severityColours[f.Severity], string(marked)), string(after))
	fmt.Fprintf(out, "  %s %s%s\n", s.paint(dim, gutter+" |"), strings.Repeat(" ", len(before)), s.paint(severityColours[f.Severity], strings.Repeat("^", max(1, len(marked)))))
}

func printSummary(out io.Writer, s style, r *report) {
	counts := map[analysis.Severity]int{}
	for _, f := range r.findings {
		counts[f.Severity]++
	}
	crates := 0
	for _, p := range r.projects {
		crates += p.Crates
	}
	checked := fmt.Sprintf("%s, %s", plural(len(r.projects), "project"), plural(crates, "crate"))
	if len(r.findings) == 0 {
		fmt.Fprintf(out, "no findings (%s checked)\n", checked)
		return
	}
	var parts []string
	for _, severity := range []analysis.Severity{analysis.Error, analysis.Warning, analysis.Info, analysis.Hint} {
		if n := counts[severity]; n > 0 {
			parts = append(parts, s.paint(severityColours[severity], plural(n, severity.String())))
		}
	}
	fmt.Fprintf(out, "%s (%s checked)\n", strings.Join(parts, ", "), checked)
}

func plural(n int, word string) string {
	if n == 1 {
		return fmt.Sprint(n, " ", word)
	}
	return fmt.Sprint(n, " ", word, "s")
}
