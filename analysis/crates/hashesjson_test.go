package crates

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cargonix/cargonix/analysis/text"
)

func TestReadHashes(t *testing.T) {
	const commit = "8f3d2a6c1b0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c"
	for _, test := range []HashEntry{
		{Key: "greet 0.1.0 (git+https://example.com/greet.git?branch=a/b#" + commit + ")", Name: "greet", Version: "0.1.0", Kind: Git, URL: "https://example.com/greet.git", Query: "branch=a/b", Commit: commit},
		{Key: "greet 0.1.0 (git+https://example.com/greet.git#" + commit + ")", Name: "greet", Version: "0.1.0", Kind: Git, URL: "https://example.com/greet.git", Commit: commit},
		{Key: "greet 0.1.0 (git+https://example.com/greet?branch=a#b#" + commit + ")", Name: "greet", Version: "0.1.0", Kind: Git, URL: "https://example.com/greet", Query: "branch=a#b", Commit: commit},
		{Key: "x 1.0.0 (registry+https://github.com/rust-lang/crates.io-index)", Name: "x", Version: "1.0.0", Kind: CratesIO, URL: "https://github.com/rust-lang/crates.io-index"},
		{Key: "x 1.0.0 (path+file:///home/x)", Name: "x", Version: "1.0.0", Kind: Local, URL: "file:///home/x"},
		{Key: "git+https://example.com/greet.git?branch=a%2Fb+c#greet@0.1.0", Name: "greet", Version: "0.1.0", Kind: Git, URL: "https://example.com/greet.git", Query: "branch=a/b+c"},
		{Key: "git+https://example.com/greet#0.1.0-alpha.0+b", Name: "greet", Version: "0.1.0-alpha.0+b", Kind: Git, URL: "https://example.com/greet"},
		{Key: "git+https://example.com/greet#sub", Name: "sub", Kind: Git, URL: "https://example.com/greet"},
		{Key: "registry+https://github.com/rust-lang/crates.io-index#x@1.0.0", Name: "x", Version: "1.0.0", Kind: CratesIO, URL: "https://github.com/rust-lang/crates.io-index"},
		{Key: "sparse+https://index.crates.io/#x@1.0.0", Name: "x", Version: "1.0.0", Kind: CratesIO, URL: "https://index.crates.io/"},
		{Key: "sparse+https://crates.example.com/index/#x@1.0.0", Name: "x", Version: "1.0.0", Kind: Registry, URL: "https://crates.example.com/index/"},
		{Key: "nonsense", URL: "nonsense"},
		{Key: ""},
	} {
		quoted, _ := json.Marshal(test.Key)
		src := "{ " + string(quoted) + " : \"" + someHash + "\" }"
		got, err := ReadHashes([]byte(src))
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %v", src, err)
		}
		e := got[0]
		if member := src[e.Span.Start:e.Span.End]; !strings.HasPrefix(member, string(quoted)) || !strings.HasSuffix(member, someHash+`"`) {
			t.Errorf("span shows %q", member)
		}
		if src[e.KeySpan.Start:e.KeySpan.End] != strings.Trim(string(quoted), `"`) || !e.Hash.Known {
			t.Errorf("%s: key or hash", src)
		}
		e.Hash, e.Span, e.KeySpan = Hash{}, text.Span{}, text.Span{}
		if e != test {
			t.Errorf("got  %+v\nwant %+v", e, test)
		}
	}
	for src, start := range map[string]int{"": 0, "[]": 0, "{": 1, `{"a": }`: 6, `{"a" "b"}`: 5, "{} x": 3, `"x"`: 0} {
		_, err := ReadHashes([]byte(src))
		if syntax, ok := err.(*SyntaxError); !ok || syntax.Span.Start != start {
			t.Errorf("%s: got %+v", src, err)
		}
	}
	if got, err := ReadHashes([]byte(`{"a": 1, "b": {"c": [2]}}`)); err != nil || len(got) != 2 || got[1].Span.End != 24 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func apply(src string, removals []Removal) string {
	for i := len(removals) - 1; i >= 0; i-- {
		src = src[:removals[i].Span.Start] + src[removals[i].Span.End:]
	}
	return src
}

func TestRemoveHashes(t *testing.T) {
	keys := []string{"a", "b", "c", "d"}
	layouts := map[string][4]string{ // before the first, between key and value, between entries, after the last
		"lines":    {"{\n  ", ": ", ",\n  ", "\n}\n"},
		"one line": {"{", ":", ",", "}"},
		"spaced":   {"{ ", " : ", " , ", " }"},
		"tabs":     {"{\r\n\t", ": ", ",\r\n\t", "\r\n}"},
	}
	write := func(layout [4]string, keep func(string) bool) string {
		var members []string
		for _, k := range keys {
			if keep(k) {
				members = append(members, `"`+k+`"`+layout[1]+`"`+k+k+`"`)
			}
		}
		if len(members) == 0 {
			return "{}" + strings.TrimPrefix(strings.TrimLeft(layout[3], " \r\n\t"), "}")
		}
		return layout[0] + strings.Join(members, layout[2]) + layout[3]
	}
	for name, layout := range layouts {
		src := write(layout, func(string) bool { return true })
		for drop := range 1 << len(keys) {
			dropped := func(k string) bool { return drop&(1<<(k[0]-'a')) != 0 }
			got := apply(src, RemoveHashes([]byte(src), func(e HashEntry) bool { return dropped(e.Key) }))
			want := write(layout, func(k string) bool { return !dropped(k) })
			if got != want {
				t.Errorf("%s without %04b: got %q, want %q", name, drop, got, want)
			}
		}
	}
	if got := RemoveHashes([]byte("{oops"), func(HashEntry) bool { return true }); got != nil {
		t.Errorf("got %v", got)
	}
	if got := RemoveHashes([]byte("{ }"), func(HashEntry) bool { return true }); got != nil {
		t.Errorf("got %v", got)
	}
}

func FuzzReadHashes(f *testing.F) {
	f.Add([]byte(`{"git+https://example.com/x?branch=a%2Fb#x@1": "` + someHash + `", "b": 1}`))
	f.Add([]byte("{\n  \"x 1 (git+https://e.com/x#abc)\": \"\"\n}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, err := ReadHashes(data)
		if err != nil {
			if s := err.(*SyntaxError).Span; s.Start < 0 || s.End < s.Start || s.End > len(data) {
				t.Fatalf("span %v of %d bytes", s, len(data))
			}
			return
		}
		for mask := range 3 {
			n := 0
			removals := RemoveHashes(data, func(HashEntry) bool { return mask == 2 || strings.HasSuffix(entries[0].Key, "x") == (mask == 0) })
			for i, r := range removals {
				if r.Span.Start < 0 || r.Span.End <= r.Span.Start || r.Span.End > len(data) || i > 0 && r.Span.Start < removals[i-1].Span.End {
					t.Fatalf("removals %v of %d bytes", removals, len(data))
				}
				n++
			}
			if _, err := ReadHashes([]byte(apply(string(data), removals))); err != nil {
				t.Fatalf("%v after removing %v from %q", err, removals, data)
			}
		}
	})
}
