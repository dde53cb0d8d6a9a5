package api

import (
	"context"
	"net/http"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) fieldOperations() []operation {
	return []operation{
		compatible(http.MethodGet, "/space/custom_field", readSpace(), "Custom fields", s.listFields),
		compatible(http.MethodPost, "/space/custom_field", writeDefinitions(), "Add a custom field", s.createField),
		compatible(http.MethodGet, "/space/custom_field/{id}", readSpace(), "One custom field", s.getField),
		extension(http.MethodPut, "/space/custom_field/{id}", http.StatusOK, writeDefinitions(), "Rename a custom field or change its allowed values", s.updateField),
		extension(http.MethodDelete, "/space/custom_field/{id}", http.StatusOK, deleteFields(), "Delete a custom field and erase its values", s.deleteField),
	}
}

// customField is a typed field of contacts.
type customField struct {
	ID            int64          `json:"id"`
	Name          string         `json:"name"`
	Slug          string         `json:"slug"`
	Description   *string        `json:"description"`
	DataType      flow.FieldType `json:"dataType"`
	AllowedValues []string       `json:"allowedValues" doc:"Of a list; null else."`
}

func fieldOf(f *desk.CustomField) customField {
	out := customField{ID: f.ID, Name: f.Name, Slug: f.Slug, Description: orNil(f.Description), DataType: f.DataType}
	if f.DataType == flow.FieldList {
		out.AllowedValues = list(f.AllowedValues)
	}
	return out
}

func oneField(f *desk.CustomField, err error) (*customField, error) {
	if err != nil {
		return nil, err
	}
	out := fieldOf(f)
	return &out, nil
}

func (s *Server) listFields(ctx context.Context, p desk.Principal, in *PageQuery) (*page[customField], error) {
	l, err := s.desk.CustomFields(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, fieldOf), nil
}

func (s *Server) getField(ctx context.Context, p desk.Principal, in *ByID) (*customField, error) {
	return oneField(s.desk.CustomField(ctx, p, in.ID))
}

type fieldInput struct {
	Body struct {
		Name          string         `json:"name"`
		Slug          string         `json:"slug,omitempty"`
		Description   string         `json:"description,omitempty"`
		DataType      flow.FieldType `json:"dataType"`
		AllowedValues []string       `json:"allowedValues,omitempty"`
	}
}

func (s *Server) createField(ctx context.Context, p desk.Principal, in *fieldInput) (*customField, error) {
	b := in.Body
	return oneField(s.desk.CreateCustomField(ctx, p, desk.CustomFieldInput{Name: b.Name, Slug: b.Slug, Description: b.Description, DataType: b.DataType,
		AllowedValues: b.AllowedValues}))
}

type fieldChange struct {
	ByID
	Body struct {
		Name          *string   `json:"name,omitempty"`
		Description   *string   `json:"description,omitempty"`
		AllowedValues *[]string `json:"allowedValues,omitempty"`
	}
}

func (s *Server) updateField(ctx context.Context, p desk.Principal, in *fieldChange) (*customField, error) {
	b := in.Body
	return oneField(s.desk.UpdateCustomField(ctx, p, in.ID, desk.CustomFieldChange{Name: b.Name, Description: b.Description, AllowedValues: b.AllowedValues}))
}

func (s *Server) deleteField(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteCustomField(ctx, p, in.ID)
}
