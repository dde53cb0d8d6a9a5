package flow

import (
	"cmp"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Read reads a workflow file, YAML or JSON. The definition is nil only when
// nothing can be made of the file: wrong syntax, too large, another format.
//
// The problems are those that a Definition cannot hold: unknown keys, wrong
// types, unknown step types. A definition that has them must not be stored.
// Check reports them again together with everything else, so a caller needs
// the problems of Read only when it does not call Check.
func Read(data []byte) (*Definition, Problems) {
	root, err := parse(data)
	if err == nil {
		err = readable(root)
	}
	if err != nil {
		return nil, refusal(err)
	}
	return decodeFile(root)
}

// readable looks at what decides whether the file can be read at all.
func readable(root *node) error {
	if root.kind != isObject {
		return syntaxError(root.at, "A workflow file is an object with the keys format, id, name, trigger and steps, not %s.", root.kind)
	}
	format := root.get("format")
	switch {
	case format == nil:
		return &unreadable{"file.format.unsupported", root.at, "The key format is missing. Begin with `format: 1`."}
	case format.kind != isNumber || format.text != strconv.Itoa(Format):
		return &unreadable{"file.format.unsupported", format.at, "This format is not supported. Write `format: 1`."}
	}
	return nil
}

func refusal(err error) Problems {
	u, ok := errors.AsType[*unreadable](err)
	if !ok {
		u = &unreadable{code: "file.syntax", message: err.Error()}
	}
	path := ""
	if u.code == "file.format.unsupported" {
		path = "format"
	}
	return Problems{{Severity: SeverityError, Code: u.code, Message: u.message, Path: path, Line: u.at.line, Column: u.at.column}}
}

func decodeFile(root *node) (*Definition, Problems) {
	r := newReader(nil)
	if params := root.get("parameters"); params != nil && params.kind == isObject {
		for _, m := range params.members {
			r.open[m.key] = true
		}
	}
	def := r.workflow(root)
	return def, def.src.problems
}

// workflow decodes a whole file.
func (r *reader) workflow(root *node) *Definition {
	def := &Definition{}
	r.src.at[""] = root.at // of what is missing altogether
	r.fields(root, reflect.ValueOf(def).Elem(), "", fileCodes)
	if def.ID == "" && !r.src.covers("id") {
		r.problem("workflow.id.invalid", "id", root.at, "The key id is missing. Write a short name such as `id: welcome-message`.")
	}
	def.src = r.src
	r.src.problems.sort()
	return def
}

// ReadBody reads the trigger and the steps from the API's `definition` into a
// definition, whose open template parameters may still be used. When the JSON
// cannot be read at all the definition stays as it was. Problems carry no
// lines. See Read for what the problems are.
func ReadBody(raw []byte, into *Definition) Problems {
	var body struct {
		Trigger Trigger `flow:"trigger"`
		Steps   []Step  `flow:"steps"`
	}
	problems, ok := readPart(raw, into, reflect.ValueOf(&body).Elem(), "", "trigger", "steps")
	if ok {
		into.Trigger, into.Steps = body.Trigger, body.Steps
	}
	return problems
}

// ReadSettings reads the API's `settings`, as ReadBody does.
func ReadSettings(raw []byte, into *Definition) Problems {
	var settings Settings
	problems, ok := readPart(raw, into, reflect.ValueOf(&settings).Elem(), "settings", "settings")
	if ok {
		into.Settings = settings
	}
	return problems
}

func readPart(raw []byte, into *Definition, v reflect.Value, path string, parts ...string) (Problems, bool) {
	root, err := parse(raw)
	if err == nil && root.kind != isObject {
		err = syntaxError(root.at, "Send an object, not %s.", root.kind)
	}
	if err != nil {
		return refusal(err), false
	}
	r := newReader(into.Parameters)
	r.fields(root, v, path, fileCodes)
	for p := range r.src.at {
		r.src.at[p] = place{}
	}
	for i := range r.src.problems {
		r.src.problems[i].Line, r.src.problems[i].Column = 0, 0
	}
	r.src.problems.sort()
	into.src = into.src.replace(r.src, parts)
	return r.src.problems, true
}

// replace returns the knowledge of a file after some of its parts were read anew.
func (s *source) replace(fresh *source, parts []string) *source {
	if s == nil {
		return fresh
	}
	gone := func(path string) bool {
		top, _, _ := strings.Cut(strings.ReplaceAll(path, "[", "."), ".")
		return slices.Contains(parts, top)
	}
	merged := &source{at: map[string]place{}, problems: slices.Clone(fresh.problems)}
	for _, p := range s.problems {
		if !gone(p.Path) {
			merged.problems = append(merged.problems, p)
		}
	}
	for path, at := range s.at {
		if !gone(path) {
			merged.at[path] = at
		}
	}
	for path, at := range fresh.at {
		merged.at[path] = at
	}
	return merged
}

// has reports whether a path was written in the file.
func (s *source) has(path string) bool {
	if s == nil {
		return false
	}
	_, ok := s.at[path]
	return ok
}

// where returns the place of a path, or of the nearest value around it.
func (s *source) where(path string) place {
	for s != nil {
		if at, ok := s.at[path]; ok {
			return at
		}
		if path == "" {
			break
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return place{}
}

// covers reports whether the reader has refused a value at or around a path,
// so that a further problem there would only repeat it.
func (s *source) covers(path string) bool {
	if s == nil {
		return false
	}
	return slices.ContainsFunc(s.problems, func(p Problem) bool {
		return p.Path == path || strings.HasPrefix(path, p.Path+".") || strings.HasPrefix(path, p.Path+"[")
	})
}

// sort orders problems by step; those of the workflow itself come first.
func (p Problems) sort() {
	slices.SortStableFunc(p, func(a, b Problem) int { return cmp.Compare(stepIndex(a.Path), stepIndex(b.Path)) })
}

// stepIndex is the index of the step that a path leads into, or -1.
func stepIndex(path string) int {
	rest, ok := strings.CutPrefix(path, "steps[")
	if !ok {
		return -1
	}
	digits, _, _ := strings.Cut(rest, "]")
	i, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return i
}
