package lsp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.lsp.dev/protocol"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/workspace"
)

const (
	// maxKeptOutput holds the end of a command's output: many screens, and little beside what nix can print.
	maxKeptOutput = 64 << 10
	// loggedLines of a failed command's output go to the client's log, where there is room, shownLines into the message, where
	// there is little; nix and cargo say last what is wrong.
	loggedLines = 40
	shownLines  = 12
	// progressInterval keeps a chatty command from flooding the client.
	progressInterval = 200 * time.Millisecond
	// maxProgressRunes is what editors have room for in a status line.
	maxProgressRunes = 100
)

// commands are the fixes that run now.
type commands struct {
	mu      sync.Mutex
	stopped bool
	dirs    map[string]string                             // what runs in a folder
	tokens  map[protocol.ProgressToken]context.CancelFunc // by the progress that stands for it
	last    int                                           // number of the last progress token
	running sync.WaitGroup
}

// begin reserves a folder. Two generators at work on the same files would spoil them, so the second is refused: then it returns
// what runs there.
func (c *commands) begin(dir, title string) (other string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return "", false
	}
	if other, busy := c.dirs[dir]; busy {
		return other, false
	}
	if c.dirs == nil {
		c.dirs, c.tokens = map[string]string{}, map[protocol.ProgressToken]context.CancelFunc{}
	}
	c.dirs[dir] = title
	c.running.Add(1)
	return "", true
}

func (c *commands) end(dir string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.dirs, dir)
	c.running.Done()
}

// cancel stops the command whose progress the user closed.
func (c *commands) cancel(token protocol.ProgressToken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel := c.tokens[token]; cancel != nil {
		cancel()
	}
}

// stop lets no further command begin.
func (c *commands) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
}

// wait waits until the commands, which were cancelled, are gone.
func (c *commands) wait(atMost time.Duration) {
	c.stop()
	done := make(chan struct{})
	go func() {
		c.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(atMost):
	}
}

// runFix makes a fix's edits and then runs its command.
func (s *server) runFix(ctx context.Context, snap *workspace.Snapshot, fix *analysis.Fix, token protocol.ProgressToken) (*commandResult, error) {
	dir := snap.Abs(fix.Dir)
	if other, ok := s.commands.begin(dir, fix.Title); !ok {
		if other == "" {
			return nil, context.Canceled // the session ends
		}
		return s.refuse(ctx, fmt.Sprintf("%q still runs in %s. Wait for it, or cancel it, and try again.", other, dir)), nil
	}
	defer s.commands.end(dir)
	if err := writeEdits(snap, fix.Edits); err != nil {
		return s.refuse(ctx, err.Error()), nil
	}
	// Whatever happens from here on, files may be others afterwards.
	defer s.watcher.recheck()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := s.beginProgress(ctx, fix, token, cancel)
	output, err := run(ctx, dir, fix.Command, fix.Stdin, progress.report)
	if ctx.Err() != nil {
		progress.end(ctx, "cancelled")
		return &commandResult{Message: "cancelled"}, nil
	}
	if err != nil {
		progress.end(ctx, "failed")
		return s.failed(ctx, fix, dir, err, output), nil
	}
	progress.end(ctx, "done")
	return &commandResult{OK: true}, nil
}

// failed shows the end of what the command said: the most telling lines as a message, more of it in the log.
func (s *server) failed(ctx context.Context, fix *analysis.Fix, dir string, err error, output string) *commandResult {
	command := strings.Join(fix.Command, " ")
	var message string
	switch {
	case errors.Is(err, exec.ErrNotFound):
		message = fmt.Sprintf("%s: %q is not installed, or not in the PATH that the editor was started with. To do it by hand, run in %s: %s",
			fix.Title, fix.Command[0], dir, command)
	case output == "":
		message = fmt.Sprintf("%s: %s: %v, without any output", fix.Title, command, err)
	default:
		message = fmt.Sprintf("%s: %s: %v:\n%s", fix.Title, command, err, lastLines(output, shownLines))
		_ = s.client.LogMessage(ctx, &protocol.LogMessageParams{
			Type: protocol.MessageTypeError, Message: fmt.Sprintf("in %s: %s: %v:\n%s", dir, command, err, lastLines(output, loggedLines)),
		})
	}
	s.show(ctx, protocol.MessageTypeError, message)
	return &commandResult{Message: message}
}

// run runs a command without a shell. The output that it returns is the end of both streams as they came; report gets each line.
func run(ctx context.Context, dir string, argv []string, stdin string, report func(context.Context, string)) (string, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("%s is no folder", dir)
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	out := &outputTail{line: func(line string) { report(ctx, line) }}
	cmd.Stdout, cmd.Stderr = out, out
	// What it started must go with it, and what does not go must not keep us waiting.
	ownGroup(cmd)
	cmd.Cancel = func() error { return terminateGroup(cmd.Process) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		killGroup(cmd.Process)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; something that it left behind holds its output open
	}
	return out.String(), err
}

// writeEdits changes files on disk, all or none as far as one can know beforehand. Not through the editor: it would leave the
// change unsaved in a buffer (Neovim and Emacs do), where the command that follows does not see it.
func writeEdits(snap *workspace.Snapshot, edits []analysis.Edit) error {
	byFile := map[string][]analysis.Edit{}
	for _, edit := range edits {
		byFile[edit.File] = append(byFile[edit.File], edit)
	}
	contents := map[string][]byte{}
	for rel, edits := range byFile {
		abs := snap.Abs(rel)
		var believed []byte
		if file := snap.File(rel); file != nil {
			data, err := file.Data()
			if err != nil {
				return fmt.Errorf("%s %w", rel, err)
			}
			believed = data
		}
		onDisk, err := os.ReadFile(abs)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if !bytes.Equal(onDisk, believed) {
			return fmt.Errorf("%s has changes that are not saved: save it and try again", rel)
		}
		contents[abs] = applyEdits(believed, edits)
	}
	for abs, content := range contents {
		if err := replaceFile(abs, content); err != nil {
			return err
		}
	}
	return nil
}

// applyEdits applies edits whose spans do not overlap.
func applyEdits(content []byte, edits []analysis.Edit) []byte {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b analysis.Edit) int { return a.Span.Start - b.Span.Start })
	var b bytes.Buffer
	at := 0
	for _, edit := range edits {
		b.Write(content[at:max(at, edit.Span.Start)])
		b.WriteString(edit.NewText)
		at = max(at, edit.Span.End)
	}
	b.Write(content[at:])
	return b.Bytes()
}

// replaceFile writes a file in one step, so that nobody reads half of it. Links and permissions stay.
func replaceFile(path string, content []byte) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".cargonix-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // it is gone if all went well
	_, err = file.Write(content)
	err = errors.Join(err, file.Chmod(mode), file.Close())
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// escapes are what terminals take for colours and cursor movements.
var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[ -/]*[@-~]|\x1b\\][^\a\x1b]*(\a|\x1b\\\\)|\x1b[@-_]|[\x00-\x08\x0b\x0c\x0e-\x1f]")

// outputTail keeps the end of what is written to it and reports every line.
type outputTail struct {
	mu   sync.Mutex
	kept []byte
	rest []byte // of a line that has not ended
	line func(string)
}

var _ io.Writer = (*outputTail)(nil)

func (t *outputTail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - maxKeptOutput; over > 0 {
		t.kept = append([]byte(nil), t.kept[over:]...)
	}
	t.rest = append(t.rest, p...)
	// Progress bars end their lines with carriage returns.
	if end := bytes.LastIndexAny(t.rest, "\r\n"); end >= 0 {
		lines := strings.FieldsFunc(clean(t.rest[:end]), func(r rune) bool { return r == '\r' || r == '\n' })
		if len(lines) > 0 {
			t.line(strings.TrimSpace(lines[len(lines)-1]))
		}
		t.rest = append([]byte(nil), t.rest[end+1:]...)
	}
	if over := len(t.rest) - maxKeptOutput; over > 0 {
		t.rest = append([]byte(nil), t.rest[over:]...)
	}
	return len(p), nil
}

func (t *outputTail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(clean(t.kept))
}

func clean(output []byte) string {
	return escapes.ReplaceAllString(strings.ToValidUTF8(string(output), "\uFFFD"), "")
}

func lastLines(output string, n int) string {
	lines := strings.Split(strings.ReplaceAll(output, "\r\n", "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
