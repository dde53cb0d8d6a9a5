// Package templates holds the workflow templates that ship with ucal: one
// folder per template with its flow.yaml, embedded into the binary. A new
// template is a new folder; no code changes.
//
// It imports package flow and nothing else of ours.
package templates

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"ucal/flow"
)

//go:embed */flow.yaml
var files embed.FS

// ErrNotFound means that there is no template with a slug.
var ErrNotFound = errors.New("template not found")

// All returns every template, ordered by slug.
func All() ([]*flow.Template, error) {
	names, err := fs.Glob(files, "*/flow.yaml")
	if err != nil {
		return nil, err
	}
	all := make([]*flow.Template, 0, len(names))
	for _, name := range names {
		t, err := Get(path.Dir(name))
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// Get returns one template; ErrNotFound when there is none with the slug.
func Get(slug string) (*flow.Template, error) {
	if !flow.Slug(slug) {
		return nil, fmt.Errorf("template %q: %w", slug, ErrNotFound)
	}
	data, err := files.ReadFile(path.Join(slug, "flow.yaml"))
	if err != nil {
		return nil, fmt.Errorf("template %q: %w", slug, ErrNotFound)
	}
	t, problems := flow.ReadTemplate(data)
	if len(problems) > 0 {
		p := problems[0]
		return nil, fmt.Errorf("template %q, line %d: %s: %s", slug, p.Line, p.Code, p.Message)
	}
	return t, nil
}
