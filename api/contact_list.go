package api

import (
	"context"
	"encoding/json"

	"ucal/desk"
)

// contactFilter is the compatible filter; the operators that this release offers
// are in the desk.
type contactFilter struct {
	Search   string  `json:"search,omitempty" doc:"Part of a name, e-mail or phone, or id:1."`
	Timezone string  `json:"timezone,omitempty"`
	Filter   *filter `json:"filter,omitempty"`
}

type filter struct {
	And []condition `json:"$and,omitempty" doc:"All of these hold."`
	Or  []condition `json:"$or,omitempty" doc:"One of these holds."`
}

type condition struct {
	Category string          `json:"category" doc:"contactField or contactTag"`
	Field    *string         `json:"field,omitempty" doc:"contactField: a standard field, or the slug or name of a custom field."`
	Operator string          `json:"operator"`
	Value    json.RawMessage `json:"value,omitempty"`
}

func (f contactFilter) filter() desk.ContactFilter {
	out := desk.ContactFilter{Search: f.Search}
	if f.Filter != nil {
		out.All, out.Any = conditions(f.Filter.And), conditions(f.Filter.Or)
	}
	return out
}

func conditions(in []condition) []desk.ContactCondition {
	out := make([]desk.ContactCondition, len(in))
	for i, c := range in {
		out[i] = desk.ContactCondition{Category: c.Category, Operator: c.Operator, Value: c.Value}
		if c.Field != nil {
			out[i].Field = *c.Field
		}
	}
	return out
}

type contactListInput struct {
	PageQuery
	Body *contactFilter `required:"false"`
}

func (s *Server) listContacts(ctx context.Context, p desk.Principal, in *contactListInput) (*page[contact], error) {
	f := desk.ContactFilter{}
	if in.Body != nil {
		f = in.Body.filter()
	}
	l, err := s.desk.Contacts(ctx, p, f, in.page())
	return toPage(ctx, l, contactOf), err
}
