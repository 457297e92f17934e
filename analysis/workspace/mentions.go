package workspace

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/cargonix/cargonix/analysis/text"
	"github.com/cargonix/cargonix/nixparse"
)

// callSite is where a hand-written file hands a generated one to its builder.
type callSite struct {
	file         string // relative to the snapshot's root
	workspaceSrc srcState
	srcPath      string // for srcLiteral: relative to file's folder
}

// srcState says what a call gives as cargo2nix's workspaceSrc.
type srcState uint8

const (
	srcAbsent  srcState = iota // not given: the generated file's own folder
	srcLiteral                 // a literal path
	srcUnknown                 // an expression that only an evaluator could read
)

// literalPath is one path in a Nix file, with what the call around it says.
type literalPath struct {
	value        string
	span         text.Span
	packageFun   bool
	workspaceSrc srcState
	srcPath      string
}

// findMentions looks for literal paths to the generated files in the other Nix files, and takes in generated files whose names do not end in .nix
// and which only such a path leads to. Files that cannot name one are not parsed.
func (m *model) findMentions(s *Snapshot, others []string) map[string][]callSite {
	// A glance knows the usual name. For others the bytes have to be read once more.
	var unusual [][]byte
	for rel := range m.generated {
		switch base, dir := path.Base(rel), path.Base(path.Dir(rel)); {
		case base != "default.nix":
			if base != "Cargo.nix" {
				unusual = append(unusual, []byte(base))
			}
		case dir != ".":
			unusual = append(unusual, []byte(dir))
		default:
			unusual = append(unusual, []byte("./."))
		}
	}
	mayName := func(file *File) bool {
		if file.glance().names {
			return true
		}
		if len(unusual) == 0 || file.glance().err != nil {
			return false
		}
		data, err := file.peek()
		return err == nil && slices.ContainsFunc(unusual, func(name []byte) bool { return bytes.Contains(data, name) })
	}
	sites := map[string][]callSite{}
	for _, rel := range others {
		file := s.File(rel)
		if file == nil || !mayName(file) {
			continue
		}
		data, err := file.Data()
		if err != nil {
			continue
		}
		paths := memoised(s.memo, pathsKey{file.Sum()}, func() []literalPath { return literalPaths(nixparse.Parse(data)) })
		for _, p := range paths {
			target := path.Join(path.Dir(rel), p.value)
			if path.IsAbs(p.value) {
				continue
			}
			if m.generated[target] == nil && m.generated[path.Join(target, "default.nix")] != nil {
				target = path.Join(target, "default.nix")
			}
			if m.generated[target] == nil && p.packageFun && !strings.HasSuffix(target, ".nix") {
				// Known only by the path that leads to it ("cargo2nix.gen").
				if g := s.readGenerated(target); g != nil {
					m.generated[target] = g
				}
			}
			if m.generated[target] == nil || target == rel {
				continue
			}
			m.mentions[target] = append(m.mentions[target], Mention{file, p.span})
			if p.packageFun {
				sites[target] = append(sites[target], callSite{rel, p.workspaceSrc, p.srcPath})
			}
		}
	}
	return sites
}

// literalPaths lists the paths without interpolation in a file.
func literalPaths(tree *nixparse.Tree) []literalPath {
	var found []literalPath
	var visit func(nixparse.Node)
	visit = func(n nixparse.Node) {
		if n.Kind() == nixparse.PathExpression {
			if value, ok := nixparse.PathValue(n); ok {
				p := literalPath{value: value, span: text.Span{Start: n.Start(), End: n.End()}}
				p.readCall(n)
				found = append(found, p)
			}
			return
		}
		for child := range n.Children() {
			visit(child)
		}
	}
	visit(tree.Root())
	return found
}

// readCall looks for `packageFun = … PATH …;` around a path, and for the workspaceSrc beside it.
func (p *literalPath) readCall(n nixparse.Node) {
	for up := n.Parent(); !up.IsZero(); up = up.Parent() {
		if up.Kind() != nixparse.BindingNode || attributeName(up) != "packageFun" {
			continue
		}
		p.packageFun = true
		set := up.Parent()
		if set.Kind() == nixparse.BindingSet {
			set = set.Parent()
		}
		for b := range nixparse.Bindings(set) {
			if len(b.Path) != 1 {
				continue
			}
			if name, _ := nixparse.AttrName(b.Path[0]); name != "workspaceSrc" {
				continue
			}
			p.workspaceSrc = srcUnknown
			if b.Inherit {
				return
			}
			if value, ok := nixparse.PathValue(nixparse.Unparen(b.Value)); ok {
				p.workspaceSrc, p.srcPath = srcLiteral, value
			}
			return
		}
		// `common // { packageFun = …; }`: what else is given stands somewhere else.
		outer := set.Parent()
		for outer.Kind() == nixparse.ParenthesizedExpression {
			outer = outer.Parent()
		}
		if outer.Kind() == nixparse.BinaryExpression {
			p.workspaceSrc = srcUnknown
		}
		return
	}
}

// attributeName is the name that a binding of one attribute binds; empty for others.
func attributeName(binding nixparse.Node) string {
	attrpath := binding.Child(nixparse.FieldAttrpath)
	first := attrpath.FirstChild()
	if first.IsZero() || !first.NextSibling().IsZero() {
		return ""
	}
	name, _ := nixparse.AttrName(first)
	return name
}
