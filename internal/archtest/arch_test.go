// Package archtest holds the rules that ARCHITECTURE.md names and no compiler does.
package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/internal/tooltest"
)

const (
	module = "github.com/cargonix/cargonix"
	top    = "../.."
)

// goList runs go list at the repository's top and gives its lines.
func goList(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command(tooltest.Need(t, "go"), append([]string{"list"}, args...)...)
	cmd.Dir = top
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.String())
	}
	return strings.Fields(string(out))
}

// isIn reports whether a package is one of a folder's, or below it.
func isIn(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func TestDependencies(t *testing.T) {
	for _, pkg := range goList(t, "-deps", "./nixparse/...") {
		if isIn(pkg, module) && !isIn(pkg, module+"/nixparse") {
			t.Errorf("nixparse depends on %s", pkg)
		}
	}
	banned := []string{module + "/lsp", module + "/cmd", "go.lsp.dev"}
	for _, pkg := range goList(t, "-deps", "./analysis/...") {
		if slices.ContainsFunc(banned, func(folder string) bool { return isIn(pkg, folder) }) || pkg == "net" || pkg == "net/http" {
			t.Errorf("analysis depends on %s", pkg)
		}
	}
	for _, line := range goList(t, "-f", `{{$from := .ImportPath}}{{range .Imports}}{{$from}}>{{.}} {{end}}`, "./...") {
		from, to, _ := strings.Cut(line, ">")
		if isIn(to, "go.lsp.dev") && !isIn(from, module+"/lsp") {
			t.Errorf("%s imports %s", from, to)
		}
	}
}

// clock is what reads the wall clock, or waits for it.
var clock = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "Sleep", "NewTimer", "NewTicker"}

// TestNoClock: what analysis says depends on files alone, never on when it is asked.
func TestNoClock(t *testing.T) {
	err := filepath.WalkDir(filepath.Join(top, "analysis"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Errorf("%v", err)
			return nil
		}
		name := ""
		for _, imported := range file.Imports {
			if imported.Path.Value == `"time"` {
				name = "time"
				if imported.Name != nil {
					name = imported.Name.Name
				}
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := selector.X.(*ast.Ident); ok && name != "" && pkg.Name == name && slices.Contains(clock, selector.Sel.Name) {
				t.Errorf("%s: time.%s", files.Position(n.Pos()), selector.Sel.Name)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPublic: the repository stands alone. No file leads to a place on the machines that it was made on.
func TestPublic(t *testing.T) {
	git := tooltest.Need(t, "git")
	cmd := exec.Command(git, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("not a git repository: %v", err)
	}
	// Put together, so that this file has neither.
	places := []string{"/wo" + "rk/", "../sha" + "red"}
	for _, name := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		data, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			continue // deleted, and not yet committed
		}
		for _, place := range places {
			if strings.Contains(string(data), place) {
				t.Errorf("%s names %s", name, place)
			}
		}
	}
}
