package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"ucal/desk"
	"ucal/flow"
	"ucal/templates"
)

func (s *Server) templateOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/template", http.StatusOK, useWorkflows(), "List workflow templates", s.listTemplates),
		extension(http.MethodGet, "/template/{slug}", http.StatusOK, useWorkflows(), "Get a workflow template", s.getTemplate),
		extension(http.MethodPost, "/template/{slug}/use", http.StatusCreated, useWorkflows(), "Make a workflow of a template", s.useTemplate),
	}
}

// Template is a workflow template as the catalogue shows it.
type Template struct {
	Slug         string           `json:"slug"`
	Name         string           `json:"name"`
	Category     string           `json:"category"`
	Description  string           `json:"description"`
	TriggerType  flow.TriggerType `json:"triggerType"`
	StepCount    int              `json:"stepCount"`
	Parameters   []parameter      `json:"parameters" nullable:"false"`
	Integrations []string         `json:"integrations" nullable:"false"`
	Related      []string         `json:"related" nullable:"false"`
}

type parameter struct {
	Name     string      `json:"name"`
	Label    string      `json:"label"`
	Help     string      `json:"help"`
	Type     string      `json:"type"`
	Required bool        `json:"required"`
	Default  *flow.Value `json:"default"`
	Options  []string    `json:"options,omitempty"`
	Min      *float64    `json:"min,omitempty"`
	Max      *float64    `json:"max,omitempty"`
}

type templateFull struct {
	Template
	Settings   json.RawMessage `json:"settings"`
	Definition json.RawMessage `json:"definition" doc:"With the defaults filled in; an open parameter shows as ${name}."`
}

func templateOf(t *flow.Template) Template {
	out := Template{Slug: t.Slug, Name: t.Name, Category: t.Category, Description: t.Description, TriggerType: t.Trigger, StepCount: t.StepCount,
		Parameters: make([]parameter, len(t.Parameters)), Integrations: []string{}, Related: []string{}}
	for i, p := range t.Parameters {
		out.Parameters[i] = parameter{p.Name, p.Label, p.Help, p.Type, p.Required, p.Default, p.Options, p.Min, p.Max}
	}
	return out
}

type templateListInput struct {
	Category string `query:"category"`
	Search   string `query:"search" doc:"Part of the name or description."`
}

func (s *Server) listTemplates(_ context.Context, _ desk.Principal, in *templateListInput) (*page[Template], error) {
	all, err := templates.All()
	if err != nil {
		return nil, err
	}
	out := &page[Template]{Items: []Template{}}
	part := strings.ToLower(in.Search)
	for _, t := range all {
		fits := strings.Contains(strings.ToLower(t.Name), part) || strings.Contains(strings.ToLower(t.Description), part)
		if fits && (in.Category == "" || in.Category == t.Category) {
			out.Items = append(out.Items, templateOf(t))
		}
	}
	return out, nil
}

type BySlug struct {
	Slug string `path:"slug"`
}

func (in BySlug) template() (*flow.Template, error) {
	t, err := templates.Get(in.Slug)
	if errors.Is(err, templates.ErrNotFound) {
		return nil, &desk.Error{Code: desk.NotFound, Word: "not_found", Message: "there is no template " + quote(in.Slug) + "; see GET /v2/template"}
	}
	return t, err
}

func (s *Server) getTemplate(_ context.Context, _ desk.Principal, in *BySlug) (*templateFull, error) {
	t, err := in.template()
	if err != nil {
		return nil, err
	}
	def, _ := t.Use(nil) // what is open stays open: nothing to report
	body, err := flow.EncodeBody(def)
	return &templateFull{templateOf(t), flow.EncodeSettings(def), body}, err
}

type useInput struct {
	BySlug
	Body struct {
		Name       *string        `json:"name,omitempty" doc:"Default: the template's name, with a number when it is taken."`
		Parameters map[string]any `json:"parameters,omitempty" doc:"References by name (users by e-mail) or by id."`
		Publish    bool           `json:"publish,omitempty"`
	}
}

type used struct {
	WorkflowFull
	Related []ref `json:"related" nullable:"false"`
}

func (s *Server) useTemplate(ctx context.Context, p desk.Principal, in *useInput) (*used, error) {
	t, err := in.template()
	if err != nil {
		return nil, err
	}
	full, err := fullOf(ctx)(s.desk.UseTemplate(ctx, p, t, desk.TemplateUse{Name: textOr(in.Body.Name), Parameters: in.Body.Parameters, Publish: in.Body.Publish}))
	if err != nil {
		return nil, err
	}
	return &used{*full, []ref{}}, nil
}
