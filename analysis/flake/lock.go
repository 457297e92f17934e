// Package flake reads flake.lock: which inputs a flake has, and to which revision each is locked.
package flake

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"
)

// Lock is a flake.lock of version 5 to 7. It is immutable.
type Lock struct {
	Version int
	root    string
	nodes   map[string]*Node
}

// Node is one locked input.
type Node struct {
	// Name is the node's name in the lock file, which need not be the input's name.
	Name string
	// Original is what flake.nix asked for, Locked what it was locked to.
	Original, Locked Reference
	// OriginalAttrs is Original with every attribute that the lock has.
	OriginalAttrs Attrs

	inputs map[string]inputRef
}

// Reference is a flake reference in attribute form. Which fields are set depends on Type ("github", "git", "path", "indirect", …).
type Reference struct {
	Type         string `json:"type"`
	Owner        string `json:"owner"`
	Repo         string `json:"repo"`
	Ref          string `json:"ref"`
	Rev          string `json:"rev"`
	URL          string `json:"url"`
	ID           string `json:"id"`
	Host         string `json:"host"`
	Dir          string `json:"dir"`
	LastModified int64  `json:"lastModified"`
}

// Time is the commit date of the locked revision, in UTC; the zero time where the lock does not say.
func (r Reference) Time() time.Time {
	if r.LastModified == 0 {
		return time.Time{}
	}
	return time.Unix(r.LastModified, 0).UTC()
}

// URLString is the reference as a flake URL, at its revision if it has one. It is empty for types that have no such form here.
func (r Reference) URLString() string {
	var url, query string
	switch r.Type {
	case "github", "gitlab", "sourcehut":
		if r.Owner == "" || r.Repo == "" {
			return ""
		}
		// GitLab's groups nest; a flake reference has one part for all of them.
		url = r.Type + ":" + strings.ReplaceAll(r.Owner, "/", "%2F") + "/" + r.Repo
		if at := firstOf(r.Rev, r.Ref); at != "" {
			url += "/" + at
		}
		if r.Host != "" {
			query = "host=" + r.Host
		}
	case "git":
		if r.URL == "" {
			return ""
		}
		url = r.URL
		if !strings.HasPrefix(url, "git+") {
			url = "git+" + url
		}
		// Nix looks for the revision on the default branch unless it is told another.
		if r.Ref != "" {
			query = "ref=" + r.Ref
		}
		if r.Rev != "" {
			query = strings.TrimPrefix(query+"&rev="+r.Rev, "&")
		}
	default:
		return ""
	}
	if r.Dir != "" {
		query = strings.TrimPrefix(query+"&dir="+r.Dir, "&")
	}
	if query == "" {
		return url
	}
	if strings.Contains(url, "?") {
		return url + "&" + query
	}
	return url + "?" + query
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// inputRef is an input in the lock: the name of a node, or (follows) a path of input names from the root.
type inputRef struct {
	node   string
	follow []string
}

func (r *inputRef) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &r.node) == nil {
		return nil
	}
	r.node = ""
	return json.Unmarshal(data, &r.follow)
}

// The versions of flake.lock that this package reads. Version 5 was the first with nodes; 7 is today's.
const (
	oldestVersion = 5
	newestVersion = 7
)

// ReadLock reads a flake.lock.
func ReadLock(data []byte) (*Lock, error) {
	var file struct {
		Version int    `json:"version"`
		Root    string `json:"root"`
		Nodes   map[string]*struct {
			Inputs   map[string]inputRef `json:"inputs"`
			Locked   Reference           `json:"locked"`
			Original json.RawMessage     `json:"original"`
		} `json:"nodes"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if file.Version < oldestVersion || file.Version > newestVersion {
		return nil, fmt.Errorf("flake.lock version %d is not supported", file.Version)
	}
	lock := &Lock{Version: file.Version, root: file.Root, nodes: map[string]*Node{}}
	for name, n := range file.Nodes {
		if n == nil {
			continue
		}
		node := &Node{Name: name, Locked: n.Locked, inputs: n.Inputs}
		if len(n.Original) > 0 {
			if err := json.Unmarshal(n.Original, &node.Original); err != nil {
				return nil, err
			}
			if err := json.Unmarshal(n.Original, &node.OriginalAttrs); err != nil {
				return nil, err
			}
		}
		lock.nodes[name] = node
	}
	if lock.nodes[lock.root] == nil {
		return nil, fmt.Errorf("flake.lock has no node %q", lock.root)
	}
	return lock, nil
}

// maxFollows ends cycles of follows, which Nix refuses but a broken merge can write.
const maxFollows = 32

// Input is the node of an input of the flake itself, follows followed; nil where there is none.
func (l *Lock) Input(name string) *Node { return l.walk([]string{name}, maxFollows) }

func (l *Lock) walk(path []string, left int) *Node {
	node := l.nodes[l.root]
	for _, name := range path {
		ref, ok := node.inputs[name]
		switch {
		case !ok || left == 0:
			return nil
		case ref.node != "":
			node = l.nodes[ref.node]
		case len(ref.follow) == 0:
			return nil // follows = "": the input was taken away
		default:
			node = l.walk(ref.follow, left-1)
		}
		if node == nil {
			return nil
		}
	}
	return node
}

// Inputs are the names of the flake's own inputs, sorted.
func (l *Lock) Inputs() []string {
	var names []string
	for name := range l.nodes[l.root].inputs {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// InputOfProject is the input of the flake itself that is a repository of that name, forks included: the one called like the
// project before others. Nil where there is none.
func (l *Lock) InputOfProject(repo string) *Node {
	names := l.Inputs()
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case a == repo && b != repo:
			return -1
		case b == repo && a != repo:
			return 1
		}
		return 0
	})
	for _, name := range names {
		if node := l.Input(name); node != nil && node.Locked.isRepository(repo) {
			return node
		}
	}
	return nil
}

func (r Reference) isRepository(repo string) bool {
	if r.Repo != "" {
		return strings.EqualFold(r.Repo, repo)
	}
	url, _, _ := strings.Cut(r.URL, "?")
	url = strings.TrimSuffix(strings.TrimRight(url, "/"), ".git")
	return url != "" && strings.EqualFold(url[strings.LastIndex(url, "/")+1:], repo)
}
