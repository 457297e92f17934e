package main

import (
	"encoding/json"
	"io"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/text"
)

// The types of check's JSON output, version 1. Lines and columns start at 1, columns count code points (an invalid byte is one),
// offsets count bytes from 0, ends are exclusive.
type (
	jsonReport struct {
		Version  int            `json:"version"`
		Findings []jsonFinding  `json:"findings"`
		Projects []jsonProject  `json:"projects"`
		Summary  map[string]int `json:"summary"`
	}
	jsonFinding struct {
		Code     string        `json:"code"`
		Severity string        `json:"severity"`
		File     string        `json:"file"`
		Range    jsonRange     `json:"range"`
		Message  string        `json:"message"`
		Subject  string        `json:"subject"`
		Related  []jsonRelated `json:"related"`
		Fixes    []jsonFix     `json:"fixes"`
		Href     string        `json:"href"`
	}
	jsonRelated struct {
		File    string    `json:"file"`
		Range   jsonRange `json:"range"`
		Message string    `json:"message"`
	}
	jsonFix struct {
		Title   string     `json:"title"`
		Kind    string     `json:"kind"`
		Edits   []jsonEdit `json:"edits"`
		Command []string   `json:"command"`
		Dir     string     `json:"dir"`
		Stdin   string     `json:"stdin"`
	}
	jsonEdit struct {
		File    string    `json:"file"`
		Range   jsonRange `json:"range"`
		NewText string    `json:"newText"`
	}
	jsonRange struct {
		Start jsonPosition `json:"start"`
		End   jsonPosition `json:"end"`
	}
	jsonPosition struct {
		Line   int `json:"line"`
		Column int `json:"column"`
		Offset int `json:"offset"`
	}
	jsonProject struct {
		Root     string   `json:"root"`
		Builders []string `json:"builders"`
		Crates   int      `json:"crates"`
	}
)

func printJSON(out io.Writer, r *report) error {
	doc := jsonReport{Version: 1, Findings: []jsonFinding{}, Projects: []jsonProject{}, Summary: map[string]int{}}
	for s := analysis.Hint; s <= analysis.Error; s++ {
		doc.Summary[s.String()] = 0
	}
	for i := range r.findings {
		f := &r.findings[i]
		doc.Summary[f.Severity.String()]++
		j := jsonFinding{
			Code: f.Code, Severity: f.Severity.String(), File: f.name(f.File), Range: f.jsonRange(f.Location),
			Message: f.Message, Subject: f.Subject, Related: []jsonRelated{}, Fixes: []jsonFix{}, Href: r.urls[f.Code],
		}
		for _, related := range f.Related {
			j.Related = append(j.Related, jsonRelated{f.name(related.File), f.jsonRange(related.Location), related.Message})
		}
		for _, fix := range f.Fixes {
			k := jsonFix{Title: fix.Title, Kind: string(fix.Kind), Edits: []jsonEdit{}, Command: []string{}, Stdin: fix.Stdin}
			if len(fix.Command) > 0 {
				k.Command, k.Dir = fix.Command, f.name(fix.Dir)
			}
			for _, e := range fix.Edits {
				k.Edits = append(k.Edits, jsonEdit{f.name(e.File), f.jsonRange(e.Location), e.NewText})
			}
			j.Fixes = append(j.Fixes, k)
		}
		doc.Findings = append(doc.Findings, j)
	}
	for _, p := range r.projects {
		builders := p.Builders
		if builders == nil {
			builders = []string{}
		}
		doc.Projects = append(doc.Projects, jsonProject{p.Root, builders, p.Crates})
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(doc)
}

// index finds lines in a file of the finding.
func (l *located) index(file string) *text.Index {
	if f := l.snap.File(file); f != nil {
		return f.Index()
	}
	return text.NewIndex(nil)
}

func (l *located) jsonRange(at analysis.Location) jsonRange {
	index := l.index(at.File)
	position := func(byteOffset int) jsonPosition {
		line, column := index.HumanPosition(byteOffset)
		return jsonPosition{line, column, byteOffset}
	}
	return jsonRange{position(at.Span.Start), position(at.Span.End)}
}
