package api

import (
	"context"
	"net/http"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) shortcutOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/contact/{identifier}/shortcut", http.StatusOK, useShortcuts(), "List the shortcuts for a contact", s.listShortcuts),
		extension(http.MethodPost, "/contact/{identifier}/shortcut/{workflowId}", http.StatusAccepted, useShortcuts(), "Start a shortcut for a contact", s.startShortcut),
	}
}

type shortcuts struct {
	Items []shortcut `json:"items" nullable:"false"`
}

// shortcut is a workflow that a user picks in the inbox.
type shortcut struct {
	WorkflowID     int64       `json:"workflowId"`
	Name           string      `json:"name"`
	Icon           string      `json:"icon"`
	Description    string      `json:"description"`
	Form           []formField `json:"form" nullable:"false"`
	Enabled        bool        `json:"enabled"`
	DisabledReason *string     `json:"disabledReason" enum:"contact_blocked,once_per_contact,already_enrolled,throttled" doc:"Why it would not start now."`
}

type formField struct {
	Label    string         `json:"label"`
	Type     flow.FieldType `json:"type" enum:"text,list,checkbox,number,date,time,phone,email,url"`
	Variable string         `json:"variable"`
	Required bool           `json:"required"`
	Options  []string       `json:"options" nullable:"false" doc:"Of a list."`
}

func shortcutOf(v desk.ShortcutView) shortcut {
	out := shortcut{WorkflowID: v.WorkflowID, Name: v.Name, Icon: v.Icon, Description: v.Description, Form: make([]formField, len(v.Form)),
		Enabled: v.DisabledReason == "", DisabledReason: orNil(v.DisabledReason)}
	for i, f := range v.Form {
		out.Form[i] = formField{f.Label, f.Type, f.Variable, f.Required, list(f.Options)}
	}
	return out
}

// form holds the answers to a shortcut's form: texts, numbers and true or false, by variable.
type form map[string]scalar

// texts are the answers as text; null is no answer.
func (f form) texts() desk.Form {
	out := desk.Form{}
	for name, answer := range f {
		out[name] = textOr(answer.text)
	}
	return out
}

func (s *Server) listShortcuts(ctx context.Context, p desk.Principal, in *ByContact) (*shortcuts, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	views, err := s.desk.Shortcuts(ctx, p, who)
	out := &shortcuts{Items: make([]shortcut, len(views))}
	for i, v := range views {
		out.Items[i] = shortcutOf(v)
	}
	return out, err
}

type startShortcutInput struct {
	ByContact
	WorkflowID int64 `path:"workflowId"`
	Body       *struct {
		Form form `json:"form,omitempty" doc:"Answers to the form, by variable."`
	} `required:"false"`
}

type startedShortcut struct {
	RunID int64 `json:"runId"`
}

func (s *Server) startShortcut(ctx context.Context, p desk.Principal, in *startShortcutInput) (*startedShortcut, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	var answers desk.Form
	if in.Body != nil {
		answers = in.Body.Form.texts()
	}
	run, err := s.desk.StartShortcut(ctx, p, who, in.WorkflowID, answers)
	if err != nil {
		return nil, err
	}
	return &startedShortcut{run.ID}, nil
}
