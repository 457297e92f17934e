package builder

import (
	"encoding/json"
	"slices"

	"github.com/cargonix/cargonix/analysis/eval"
	"github.com/cargonix/cargonix/analysis/flake"
)

// pin is an entry of a sources.json, by niv or npins.
type pin struct {
	Owner, Repo, URL string
	Repository       struct{ Owner, Repo, URL string }
	// Name is that of a channel of npins.
	Name string
}

// pinned are the sources that niv or npins keep in a file.
func (m *model) pinned(file string) eval.Value {
	data := m.read(file)
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return eval.NewUnknown(file + " cannot be read")
	}
	if inner := all["pins"]; inner != nil {
		all = nil
		if err := json.Unmarshal(inner, &all); err != nil {
			return eval.NewUnknown(file + " cannot be read")
		}
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	var attrs []*eval.Attr
	for _, name := range names {
		var p pin
		if err := json.Unmarshal(all[name], &p); err != nil {
			continue // niv has other things in its file, too
		}
		in := &input{name: name}
		owner, repo := p.Owner, p.Repo
		if repo == "" {
			owner, repo = p.Repository.Owner, p.Repository.Repo
		}
		in.repo = repo
		reference := flake.Reference{Type: "github", Owner: owner, Repo: repo}
		if repo == "" {
			reference = flake.Reference{Type: "tarball", URL: p.URL}
			if p.Repository.URL != "" {
				reference = flake.Reference{Type: "git", URL: p.Repository.URL}
			}
		}
		in.project, _ = reference.Project()
		if in.project == flake.UnknownProject && (name == "nixpkgs" || p.Name != "") {
			in.project = flake.Nixpkgs
		}
		attrs = append(attrs, attr(name, &eval.Opaque{Root: name, Data: in}))
	}
	set := eval.NewAttrs(attrs...)
	// niv's file is a set that can be called, npins' a function or a set by version.
	return m.merge(set, eval.NewAttrs(attr("__functor", fn("sources", 2, func(*eval.Call) eval.Value { return set }))))
}
