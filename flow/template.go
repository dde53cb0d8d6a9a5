package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Template is a workflow file that a workspace turns into a workflow by
// filling in its parameters. It is not changed by use.
type Template struct {
	Slug        string
	Name        string
	Description string
	Category    string
	Trigger     TriggerType
	StepCount   int
	Parameters  []Parameter

	root *node
}

// ReadTemplate reads a template file. The template is nil only when nothing
// can be made of the file.
func ReadTemplate(data []byte) (*Template, Problems) {
	root, err := parse(data)
	if err == nil {
		err = readable(root)
	}
	if err != nil {
		return nil, refusal(err)
	}
	def, problems := decodeFile(root)
	t := &Template{
		Slug: def.ID, Name: def.Name, Description: def.Description, Category: def.Category,
		Trigger: def.Trigger.Type, StepCount: len(def.Steps), Parameters: def.Parameters, root: root,
	}
	for i := range t.Parameters {
		if key, code, message := t.Parameters[i].check(); code != "" {
			path := join("parameters", t.Parameters[i].Name)
			if key != "" {
				path = join(path, key)
			}
			problems = append(problems, located(def.src, code, path, message))
		}
	}
	problems = append(problems, t.undeclared()...)
	problems.sort()
	return t, problems
}

func located(src *source, code, path, message string) Problem {
	at := src.where(path)
	return Problem{Severity: SeverityError, Code: code, Message: message, Path: path, Line: at.line, Column: at.column}
}

// undeclared reports every ${name} that is no parameter of the template.
func (t *Template) undeclared() (problems Problems) {
	if len(t.Parameters) == 0 {
		return nil
	}
	eachPlace(t.root, func(path string, n *node) *node {
		eachText(path, n, func(path string, n *node) {
			for _, m := range parameterUse.FindAllStringSubmatch(n.text, -1) {
				if slices.ContainsFunc(t.Parameters, func(p Parameter) bool { return p.Name == m[1] }) {
					continue
				}
				problems = append(problems, Problem{
					Severity: SeverityError, Code: "parameter.unknown", Path: path, Line: n.at.line, Column: n.at.column,
					Message: fmt.Sprintf("The template has no parameter %q. Declare it, or correct the name.", m[1]),
				})
			}
		})
		return n
	})
	return problems
}

// Use fills in the parameters and returns an ordinary workflow, whose id is
// the template's. A required parameter that is left open, or whose value does
// not fit, stays in the definition as ${name} and in its Parameters; Check
// reports each step that uses it.
func (t *Template) Use(values map[string]any) (*Definition, Problems) {
	var problems Problems
	filled, open := map[string]*node{}, []Parameter(nil)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(t.Parameters, func(p Parameter) bool { return p.Name == name }) {
			problems = append(problems, located(nil, "parameter.unknown", join("parameters", name), fmt.Sprintf("The template has no parameter %q. It has: %s.", cut(name, 60), t.names())))
		}
	}
	for _, p := range t.Parameters {
		n, err := p.filled(values[p.Name])
		if err != nil {
			problems = append(problems, located(nil, "parameter.type", join("parameters", p.Name), sentence(err)))
		}
		if n == nil {
			open = append(open, p)
			continue
		}
		filled[p.Name] = n
	}
	r := newReader(open)
	def := r.workflow(substitute(t.root, filled))
	def.Category, def.Parameters = "", open
	for path := range def.src.at {
		def.src.at[path] = place{}
	}
	return def, append(problems, def.src.problems...)
}

func (t *Template) names() string {
	names := make([]string, len(t.Parameters))
	for i, p := range t.Parameters {
		names[i] = p.Name
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// filled is the node for a given value or the default; nil when a required
// parameter stays open. An optional one without value leaves its place empty.
func (p *Parameter) filled(value any) (*node, error) {
	if text, ok := value.(string); ok && blankText(text) {
		value = nil
	}
	switch {
	case value != nil:
		return p.fit(value)
	case p.Default != nil && !p.Default.IsZero():
		return p.fit(*p.Default)
	case p.Required:
		return nil, nil
	}
	return &node{kind: isNothing}, nil
}
