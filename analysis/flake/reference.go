package flake

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Attrs is a flake reference in attribute form, as `original` in flake.lock has it. Values are strings, booleans and int64 numbers.
type Attrs map[string]any

// The parts of flake URLs, as Nix' grammar has them.
var (
	// idPattern is `nixpkgs`, `nixpkgs/nixos-25.05`, `nixpkgs/nixos-25.05/<commit>`: an entry of the flake registry.
	idPattern = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9_-]*)(?:/([^/?#]+))?(?:/([0-9a-fA-F]{40}))?$`)
	// schemePattern is what comes before the colon of a URL.
	schemePattern = regexp.MustCompile(`^([a-zA-Z][a-zA-Z0-9+.-]*):`)
	revPattern    = regexp.MustCompile(`^[0-9a-fA-F]{40}$`)
)

// tarballSuffixes are the names of archives that Nix unpacks.
var tarballSuffixes = []string{".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2", ".tar.zst"}

// gitFlags are the parameters of git URLs that are booleans.
var gitFlags = map[string]bool{"shallow": true, "submodules": true, "lfs": true, "exportIgnore": true, "allRefs": true, "verifyCommit": true}

// ParseURL takes a flake URL apart as Nix does. An input that is no flake (flake = false) reads plain https URLs as files, not as archives.
func ParseURL(s string, isFlake bool) (Attrs, error) {
	if strings.Contains(s, "#") {
		return nil, fmt.Errorf("unexpected fragment in flake reference '%s'", s)
	}
	if m := idPattern.FindStringSubmatch(s); m != nil {
		return indirect(m), nil
	}
	m := schemePattern.FindStringSubmatch(s)
	if m == nil {
		return parsePath(s)
	}
	scheme, rest := m[1], s[len(m[0]):]
	body, query, err := splitQuery(rest)
	if err != nil {
		return nil, err
	}
	transport, application, ok := strings.Cut(scheme, "+")
	if !ok {
		transport, application = "", scheme
	}
	switch {
	case scheme == "flake":
		m := idPattern.FindStringSubmatch(body)
		if m == nil {
			return nil, fmt.Errorf("'%s' is not a valid flake id", body)
		}
		return withDir(indirect(m), query), nil
	case scheme == "github" || scheme == "gitlab" || scheme == "sourcehut":
		return parseForge(scheme, body, query)
	case scheme == "path":
		a := Attrs{"type": "path", "path": unescape(body)}
		for name, value := range query {
			if name != "dir" && !lockedAttribute(name) {
				return nil, fmt.Errorf("path URL '%s' has unsupported parameter '%s'", s, name)
			}
			a.set(name, value)
		}
		return a, nil
	case application == "git" || transport == "git":
		return parseGit(scheme, body, query), nil
	case transport == "hg":
		a := Attrs{"type": "hg", "url": application + ":" + body}
		for name, value := range query {
			a.set(name, value)
		}
		return a, nil
	case transport == "" || transport == "tarball" || transport == "file":
		switch application {
		case "http", "https", "file":
			return parseArchive(transport, application, body, query, isFlake), nil
		}
	}
	return nil, fmt.Errorf("input '%s' is unsupported", s)
}

func indirect(m []string) Attrs {
	a := Attrs{"type": "indirect", "id": m[1]}
	switch {
	case m[3] != "":
		a["ref"], a["rev"] = m[2], m[3]
	case revPattern.MatchString(m[2]):
		a["rev"] = m[2]
	case m[2] != "":
		a["ref"] = m[2]
	}
	return a
}

func parsePath(s string) (Attrs, error) {
	if !strings.HasPrefix(s, ".") && !strings.HasPrefix(s, "/") {
		return nil, fmt.Errorf("'%s' is not a valid URL", s)
	}
	body, query, err := splitQuery(s)
	if err != nil {
		return nil, err
	}
	return withDir(Attrs{"type": "path", "path": unescape(body)}, query), nil
}

func parseForge(scheme, body string, query map[string]string) (Attrs, error) {
	var parts []string
	for _, part := range strings.Split(body, "/") {
		if part != "" {
			parts = append(parts, unescape(part))
		}
	}
	if len(parts) < 2 {
		return nil, fmt.Errorf("URL '%s:%s' is invalid", scheme, body)
	}
	a := Attrs{"type": scheme, "owner": parts[0], "repo": parts[1]}
	if len(parts) == 3 && revPattern.MatchString(parts[2]) {
		a["rev"] = parts[2]
	} else if len(parts) > 2 {
		a["ref"] = strings.Join(parts[2:], "/")
	}
	for name, value := range query {
		switch name {
		case "ref", "rev":
			if a["ref"] != nil || a["rev"] != nil {
				return nil, fmt.Errorf("URL '%s:%s' contains multiple branches, tags or commit hashes", scheme, body)
			}
			a[name] = value
		case "host", "dir", "narHash":
			a[name] = value
		}
	}
	return a, nil
}

func parseGit(scheme, body string, query map[string]string) Attrs {
	a := Attrs{"type": "git"}
	left := map[string]string{}
	for name, value := range query {
		switch {
		case gitFlags[name]:
			a[name] = value == "1"
		case name == "ref" || name == "rev" || name == "dir" || lockedAttribute(name):
			a.set(name, value)
		default:
			left[name] = value
		}
	}
	a["url"] = strings.TrimPrefix(scheme, "git+") + ":" + body + encodeQuery(left)
	return a
}

func parseArchive(transport, scheme, body string, query map[string]string, isFlake bool) Attrs {
	kind := transport
	if kind == "" {
		kind = "file"
		if isFlake {
			kind = "tarball"
		}
		for _, suffix := range tarballSuffixes {
			if strings.HasSuffix(body, suffix) {
				kind = "tarball"
			}
		}
	}
	a := Attrs{"type": kind}
	left := map[string]string{}
	for name, value := range query {
		switch {
		case name == "dir" || lockedAttribute(name):
			a.set(name, value)
		case name == "name" || name == "unpack" || name == "type" || name == "url":
			// Nix takes what is an attribute's name out of the URL, and forgets it.
		default:
			left[name] = value
		}
	}
	a["url"] = scheme + ":" + body + encodeQuery(left)
	return a
}

// encodeQuery writes parameters as Nix does: sorted, everything but plain characters percent-encoded.
func encodeQuery(query map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		pairs = append(pairs, queryEscaper.Replace(url.QueryEscape(name))+"="+queryEscaper.Replace(url.QueryEscape(query[name])))
	}
	if len(pairs) == 0 {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

// queryEscaper takes back what net/url escapes and Nix does not, and spells a space as Nix does.
var queryEscaper = strings.NewReplacer("%2F", "/", "%3A", ":", "%40", "@", "+", "%20")

// lockedAttribute reports whether a parameter says what an input is locked to.
func lockedAttribute(name string) bool {
	switch name {
	case "narHash", "rev", "revCount", "lastModified":
		return true
	}
	return false
}

func (a Attrs) set(name, value string) {
	if name == "revCount" || name == "lastModified" {
		if n, err := strconv.ParseInt(value, 10, 64); err == nil {
			a[name] = n
			return
		}
	}
	a[name] = value
}

func withDir(a Attrs, query map[string]string) Attrs {
	for name, value := range query {
		if name == "dir" || lockedAttribute(name) {
			a.set(name, value)
		}
	}
	return a
}

// splitQuery takes the parameters off a URL's end. Of a parameter given twice the last counts.
func splitQuery(s string) (body string, query map[string]string, err error) {
	body, text, _ := strings.Cut(s, "?")
	query = map[string]string{}
	for _, pair := range strings.Split(text, "&") {
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return "", nil, fmt.Errorf("URL parameter '%s' has no value", pair)
		}
		query[name] = unescape(value)
	}
	return body, query, nil
}

// unescape undoes percent-encoding; what is no escape stays as it is.
func unescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}

// Equal reports whether two references ask for the same thing: Nix' own spelling of one differs between its versions (percent-encoding, a
// false flag or none, the folder inside the URL or beside it).
func (a Attrs) Equal(b Attrs) bool { return maps.Equal(a.canonical(), b.canonical()) }

func (a Attrs) canonical() map[string]any {
	c := map[string]any{}
	for name, value := range a {
		switch v := value.(type) {
		case bool:
			if v {
				c[name] = true
			}
		case string:
			if name == "url" {
				body, query, err := splitQuery(v)
				if err == nil {
					if query["dir"] != "" && query["dir"] == a["dir"] {
						delete(query, "dir")
					}
					for parameter, value := range query {
						c["url?"+parameter] = value
					}
					v = body
				}
			}
			c[name] = unescape(v)
		case json.Number:
			if n, err := v.Int64(); err == nil {
				c[name] = n
			}
		case float64:
			c[name] = int64(v)
		default:
			c[name] = v
		}
	}
	return c
}

// text is a string attribute, or "".
func (a Attrs) text(name string) string {
	s, _ := a[name].(string)
	return s
}

// Reference is the typed view of the attributes.
func (a Attrs) Reference() Reference {
	r := Reference{
		Type: a.text("type"), Owner: a.text("owner"), Repo: a.text("repo"), Ref: a.text("ref"), Rev: a.text("rev"),
		URL: a.text("url"), ID: a.text("id"), Host: a.text("host"), Dir: a.text("dir"),
	}
	r.LastModified, _ = a["lastModified"].(int64)
	return r
}
