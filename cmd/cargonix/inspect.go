package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cargonix/cargonix/analysis"
	"github.com/cargonix/cargonix/analysis/builder"
	"github.com/cargonix/cargonix/analysis/workspace"
)

// The types of inspect's JSON output, version 1. Ranges are as in check.
type (
	jsonInspection struct {
		Version int         `json:"version"`
		Builds  []jsonBuild `json:"builds"`
		Shells  []jsonShell `json:"shells"`
		Inputs  []jsonInput `json:"inputs"`
		// Unknown are the parts of the repository that could not be looked at.
		Unknown []jsonUnknown `json:"unknown"`
	}
	jsonBuild struct {
		Builder    string            `json:"builder"`
		Function   string            `json:"function"`
		File       string            `json:"file"`
		Range      *jsonRange        `json:"range"`
		Name       *string           `json:"name"`
		Attributes []string          `json:"attributes"`
		Root       *string           `json:"root"`
		Lock       *string           `json:"lock"`
		CargoNix   *string           `json:"cargoNix"`
		Crates     *int              `json:"crates"`
		Toolchain  *jsonToolchain    `json:"toolchain"`
		Inputs     jsonLists         `json:"inputs"`
		Env        []jsonVariable    `json:"env"`
		Overrides  []jsonOverride    `json:"overrides"`
		Hashes     map[string]string `json:"hashes"`
		Features   []string          `json:"features"`
		Systems    []string          `json:"systems"`
		Target     *string           `json:"target"` // of a cross build
		Unknown    []jsonUnknown     `json:"unknown"`
	}
	jsonShell struct {
		Function   string         `json:"function"`
		File       string         `json:"file"`
		Range      *jsonRange     `json:"range"`
		Name       *string        `json:"name"`
		Inputs     jsonLists      `json:"inputs"`
		Env        []jsonVariable `json:"env"`
		InputsFrom []string       `json:"inputsFrom"`
		Unknown    []jsonUnknown  `json:"unknown"`
	}
	jsonLists struct {
		NativeBuildInputs     []jsonElement `json:"nativeBuildInputs"`
		BuildInputs           []jsonElement `json:"buildInputs"`
		PropagatedBuildInputs []jsonElement `json:"propagatedBuildInputs"`
	}
	jsonElement struct {
		Name  string     `json:"name"`
		File  string     `json:"file"`
		Range *jsonRange `json:"range"`
	}
	jsonVariable struct {
		Name  string     `json:"name"`
		Value any        `json:"value"`
		File  string     `json:"file"`
		Range *jsonRange `json:"range"`
	}
	jsonOverride struct {
		Crate      *string    `json:"crate"` // null for every crate
		Key        string     `json:"key"`
		Attributes []string   `json:"attributes"` // null where they are not known
		File       string     `json:"file"`
		Range      *jsonRange `json:"range"`
	}
	jsonToolchain struct {
		From    string  `json:"from"`
		Channel *string `json:"channel"`
		Version *string `json:"version"`
	}
	jsonUnknown struct {
		Field string     `json:"field"`
		Why   string     `json:"why"`
		File  string     `json:"file"`
		Range *jsonRange `json:"range"`
	}
	jsonInput struct {
		Name    string  `json:"name"`
		Project *string `json:"project"`
		Locked  *string `json:"locked"`
	}
)

func inspectCommand() *cobra.Command {
	var format, system string
	cmd := &cobra.Command{
		Use:   "inspect [PATH]",
		Short: "Show how a repository builds Rust, as cargonix understands it",
		Long: `Print the builds and development shells that the outputs of a repository's flakes lead to: builder, sources, lock, inputs,
environment and overrides, with their places; and what stays unknown, and why. Where a check is silent, this says why.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var print func(io.Writer, *inspection) error
			switch format {
			case "text":
				print = func(w io.Writer, in *inspection) error { return printInspection(w, in, hasColour(os.Stdout)) }
			case "json":
				print = printInspectionJSON
			default:
				return fmt.Errorf("--format %s: must be text or json", format)
			}
			path := "."
			if len(args) > 0 {
				path = args[0]
			}
			in, err := inspect(path, system)
			if err != nil {
				return err
			}
			if err := print(cmd.OutOrStdout(), in); err != nil {
				return failure(err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "output `format`: text or json")
	cmd.Flags().StringVar(&system, "system", "x86_64-linux", "the `system` to look at; of a flake that has nothing for it, the first that it has")
	return cmd
}

// inspection is a report with the means to place it.
type inspection struct {
	*builder.Report
	snap *workspace.Snapshot
}

func inspect(path, system string) (*inspection, error) {
	info, err := os.Stat(path)
	if err != nil {
		var pathError *fs.PathError
		if errors.As(err, &pathError) {
			err = pathError.Err
		}
		return nil, &exitError{exitUsage, fmt.Errorf("%s: %w", path, err)}
	}
	if !info.IsDir() {
		path = filepath.Dir(path)
	}
	ws, err := workspace.Open(path)
	if err != nil {
		return nil, failure(err)
	}
	snap := ws.Snapshot()
	return &inspection{builder.Inspect(snap, system), snap}, nil
}

func (in *inspection) located() *located { return &located{snap: in.snap} }

func (in *inspection) jsonRange(p builder.Place) *jsonRange {
	if p.IsZero() {
		return nil
	}
	r := in.located().jsonRange(analysis.Location{File: p.File, Span: p.Span})
	return &r
}

// orNull is what JSON has for a value that is not known.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func printInspectionJSON(out io.Writer, in *inspection) error {
	doc := jsonInspection{Version: 1, Builds: []jsonBuild{}, Shells: []jsonShell{}, Inputs: []jsonInput{}, Unknown: in.jsonUnknown(in.Notes)}
	for _, b := range in.Builds {
		j := jsonBuild{
			Builder: b.Builder, Function: b.Function, File: b.File, Range: in.jsonRange(b.Place), Name: orNull(b.Name), Attributes: []string{},
			Root: orNull(b.Root), Lock: orNull(b.Lock), CargoNix: orNull(b.CargoNix), Crates: orNull(b.Crates),
			Inputs: in.jsonLists(b.NativeBuildInputs, b.BuildInputs, b.PropagatedBuildInputs), Env: in.jsonEnv(b.Env), Overrides: []jsonOverride{},
			Hashes: b.Hashes, Features: b.Features, Systems: []string{b.System}, Target: orNull(b.Target), Unknown: in.jsonUnknown(b.Unknown),
		}
		j.Attributes = append(j.Attributes, b.Attributes...)
		if t := b.Toolchain; t != nil {
			j.Toolchain = &jsonToolchain{t.From, orNull(t.Channel), orNull(t.Version)}
		}
		for _, o := range b.Overrides {
			crate := &o.Crate
			if o.Crate == builder.EveryCrate {
				crate = nil
			}
			j.Overrides = append(j.Overrides, jsonOverride{crate, o.Key, o.Attributes, o.File, in.jsonRange(o.Place)})
		}
		doc.Builds = append(doc.Builds, j)
	}
	for _, s := range in.Shells {
		doc.Shells = append(doc.Shells, jsonShell{
			Function: s.Function, File: s.File, Range: in.jsonRange(s.Place), Name: orNull(s.Name),
			Inputs: in.jsonLists(s.NativeBuildInputs, s.BuildInputs, s.PropagatedBuildInputs), Env: in.jsonEnv(s.Env), InputsFrom: s.InputsFrom,
			Unknown: in.jsonUnknown(s.Unknown),
		})
	}
	for _, i := range in.Inputs {
		doc.Inputs = append(doc.Inputs, jsonInput{i.Name, orNull(i.Project), orNull(i.Locked)})
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(doc)
}

func (in *inspection) jsonLists(native, build, propagated []builder.Element) jsonLists {
	list := func(elements []builder.Element) []jsonElement {
		out := []jsonElement{}
		for _, e := range elements {
			out = append(out, jsonElement{e.Name, e.File, in.jsonRange(e.Place)})
		}
		return out
	}
	return jsonLists{list(native), list(build), list(propagated)}
}

func (in *inspection) jsonEnv(env []builder.Variable) []jsonVariable {
	out := []jsonVariable{}
	for _, v := range env {
		out = append(out, jsonVariable{v.Name, v.Value, v.File, in.jsonRange(v.Place)})
	}
	return out
}

func (in *inspection) jsonUnknown(unknown []builder.Unknown) []jsonUnknown {
	out := []jsonUnknown{}
	for _, u := range unknown {
		out = append(out, jsonUnknown{u.Field, u.Why, u.File, in.jsonRange(u.Place)})
	}
	return out
}

// maxShown is how many elements of a list the text has; --format json has them all.
const maxShown = 12

func printInspection(w io.Writer, in *inspection, colour bool) error {
	out := bufio.NewWriter(w)
	p := inspectionPrinter{out, style{colour}, in}
	for _, b := range in.Builds {
		p.build(b)
	}
	for _, s := range in.Shells {
		p.shell(s)
	}
	if len(in.Inputs) > 0 {
		fmt.Fprintln(out, p.s.paint(bold, "inputs"))
		for _, i := range in.Inputs {
			what := i.Project
			if what == "" {
				what = "unknown to cargonix"
			}
			if i.Locked != "" {
				what += ", locked " + i.Locked
			}
			p.line(i.Name, oneLine(what))
		}
		fmt.Fprintln(out)
	}
	for _, u := range in.Notes {
		p.unknown(u)
	}
	fmt.Fprintf(out, "%s, %s (for %s)\n", plural(len(in.Builds), "build"), plural(len(in.Shells), "shell"), oneLine(in.System))
	return out.Flush()
}

type inspectionPrinter struct {
	out io.Writer
	s   style
	in  *inspection
}

// at is a place as editors and terminals understand it.
func (p *inspectionPrinter) at(place builder.Place) string {
	if place.IsZero() {
		return ""
	}
	line, column := p.in.located().index(place.File).HumanPosition(place.Span.Start)
	return oneLine(fmt.Sprintf("%s:%d:%d", place.File, line, column))
}

func (p *inspectionPrinter) line(name, value string) {
	if value != "" {
		fmt.Fprintf(p.out, "  %-16s %s\n", name, value)
	}
}

func (p *inspectionPrinter) build(b *builder.Build) {
	name := b.Name
	if name == "" {
		name = "(name not known)"
	}
	fmt.Fprintf(p.out, "%s %s %s\n", p.s.paint(bold, oneLine(name)), oneLine(b.Builder+" "+b.Function), p.s.paint(dim, p.at(b.Place)))
	p.line("outputs", p.some(b.Attributes))
	p.line("source", oneLine(b.Root))
	lock := oneLine(b.Lock)
	if b.CargoNix != "" {
		lock = strings.TrimPrefix(lock+", "+oneLine(b.CargoNix), ", ")
	}
	if b.Crates > 0 {
		lock += " (" + plural(b.Crates, "crate") + ")"
	}
	p.line("lock", lock)
	if t := b.Toolchain; t != nil {
		p.line("toolchain", oneLine(strings.Join(slices.DeleteFunc([]string{t.From, t.Channel, t.Version}, func(s string) bool { return s == "" }), " ")))
	}
	p.line("target", oneLine(b.Target))
	p.lists(b.NativeBuildInputs, b.BuildInputs, b.PropagatedBuildInputs)
	p.env(b.Env)
	p.line("features", p.some(b.Features))
	for _, o := range b.Overrides {
		crate := oneLine(o.Crate)
		if o.Crate == builder.EveryCrate {
			crate = "every crate"
		}
		p.line("override", fmt.Sprintf("%s: %s %s", crate, p.some(o.Attributes), p.s.paint(dim, p.at(o.Place))))
	}
	for _, u := range b.Unknown {
		p.unknown(u)
	}
	fmt.Fprintln(p.out)
}

func (p *inspectionPrinter) shell(s *builder.Shell) {
	fmt.Fprintf(p.out, "%s %s %s\n", p.s.paint(bold, oneLine(s.Name)), oneLine(s.Function), p.s.paint(dim, p.at(s.Place)))
	p.lists(s.NativeBuildInputs, s.BuildInputs, s.PropagatedBuildInputs)
	p.env(s.Env)
	p.line("inputs of", p.some(s.InputsFrom))
	for _, u := range s.Unknown {
		p.unknown(u)
	}
	fmt.Fprintln(p.out)
}

func (p *inspectionPrinter) lists(native, build, propagated []builder.Element) {
	for _, list := range []struct {
		name     string
		elements []builder.Element
	}{{"native inputs", native}, {"inputs", build}, {"propagated", propagated}} {
		var names []string
		for _, e := range list.elements {
			names = append(names, e.Name)
		}
		p.line(list.name, p.some(names))
	}
}

func (p *inspectionPrinter) env(env []builder.Variable) {
	for _, v := range env {
		value := "(not known)"
		if v.Value != nil {
			value = fmt.Sprintf("%v", v.Value)
			if s, ok := v.Value.(string); ok {
				value = fmt.Sprintf("%q", s)
			}
		}
		p.line("env", fmt.Sprintf("%s = %s", oneLine(v.Name), oneLine(value)))
	}
}

func (p *inspectionPrinter) unknown(u builder.Unknown) {
	fmt.Fprintf(p.out, "  %s %s\n", p.s.paint(yellow, fmt.Sprintf("%-16s", "unknown")), strings.TrimSpace(fmt.Sprintf("%s: %s %s", oneLine(u.Field), oneLine(u.Why), p.s.paint(dim, p.at(u.Place)))))
}

// some are the first elements of a list in one line.
func (p *inspectionPrinter) some(names []string) string {
	more := ""
	if len(names) > maxShown {
		more = fmt.Sprintf(", … %d more", len(names)-maxShown)
		names = names[:maxShown]
	}
	return oneLine(strings.Join(names, ", ")) + more
}
