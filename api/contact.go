package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) contactOperations() []operation {
	return []operation{
		compatible(http.MethodGet, "/contact/{identifier}", readContacts(), "Get a contact", s.getContact),
		compatible(http.MethodPost, "/contact/{identifier}", createContacts(), "Create a contact", s.createContact),
		compatible(http.MethodPut, "/contact/{identifier}", updateContacts(), "Update a contact", s.updateContact),
		compatible(http.MethodDelete, "/contact/{identifier}", deleteContacts(), "Delete a contact for ever", s.deleteContact),
		compatible(http.MethodPost, "/contact/create_or_update/{identifier}", createContacts(), "Create or update a contact", s.saveContact),
		compatible(http.MethodPost, "/contact/list", readContacts(), "List contacts", s.listContacts),
		compatible(http.MethodPost, "/contact/{identifier}/tag", updateContacts(), "Add tags to a contact", s.addTags),
		compatible(http.MethodDelete, "/contact/{identifier}/tag", updateContacts(), "Remove tags from a contact", s.removeTags),
		compatible(http.MethodGet, "/contact/{identifier}/channels", readContacts(), "List the channels of a contact", s.contactChannels),
		extension(http.MethodPost, "/contact/{identifier}/block", http.StatusOK, updateContacts(), "Block a contact", s.blockContact),
		extension(http.MethodPost, "/contact/{identifier}/unblock", http.StatusOK, updateContacts(), "Unblock a contact", s.unblockContact),
	}
}

// ByContact is the input of operations on one contact.
type ByContact struct {
	Identifier string `path:"identifier" doc:"id:1, email:ann@example.com or phone:+60123456789" example:"id:1"`
}

func (b ByContact) who() (desk.Identifier, error) { return desk.ParseIdentifier(b.Identifier) }

// contactIn reads the identifier in another field of a request.
func contactIn(field, s string) (desk.Identifier, error) {
	who, err := desk.ParseIdentifier(s)
	if e := desk.AsError(err); e != nil {
		for i := range e.Details {
			e.Details[i].Path = field
		}
	}
	return who, err
}

// contactID is the answer of most changes of a contact.
type contactID struct {
	ContactID int64 `json:"contactId"`
}

// contact is the compatible shape of a contact.
type contact struct {
	ID           int64        `json:"id"`
	FirstName    *string      `json:"firstName"`
	LastName     *string      `json:"lastName"`
	Phone        *string      `json:"phone"`
	Email        *string      `json:"email"`
	Language     *string      `json:"language"`
	ProfilePic   *string      `json:"profilePic"`
	CountryCode  *string      `json:"countryCode"`
	Locale       *string      `json:"locale"`
	Status       string       `json:"status" enum:"open,close"`
	IsBlocked    bool         `json:"isBlocked"`
	Assignee     *userRef     `json:"assignee"`
	Lifecycle    *string      `json:"lifecycle"`
	Tags         []string     `json:"tags" nullable:"false"`
	CustomFields []fieldValue `json:"custom_fields" nullable:"false"`
	CreatedAt    int64        `json:"created_at" doc:"Unix seconds."`
}

type fieldValue struct {
	Name  string `json:"name"`
	Value any    `json:"value" doc:"Text, number or true/false by the field's type; null when empty."`
}

func contactOf(v *desk.ContactView) contact {
	c := contact{ID: v.ID, FirstName: orNil(v.FirstName), LastName: orNil(v.LastName), Phone: orNil(v.Phone), Email: orNil(v.Email),
		Language: orNil(v.Language), ProfilePic: orNil(v.ProfilePic), CountryCode: orNil(v.CountryCode), Locale: orNil(v.Locale),
		Status: v.Status(), IsBlocked: v.IsBlocked, Tags: list(v.Tags), CustomFields: make([]fieldValue, len(v.Fields)), CreatedAt: seconds(v.CreatedAt)}
	if v.Assignee != nil {
		ref := refOf(v.Assignee)
		c.Assignee = &ref
	}
	for i, f := range v.Fields {
		c.CustomFields[i] = fieldValue{f.Name, typedValue(f)}
	}
	return c
}

// typedValue gives a stored text the JSON type of its field.
func typedValue(f desk.FieldValue) any {
	switch {
	case f.Value == nil:
		return nil
	case f.Type == flow.FieldNumber:
		return json.Number(*f.Value)
	case f.Type == flow.FieldCheckbox:
		return *f.Value == "true"
	}
	return *f.Value
}

// contactFields is what a caller may set.
type contactFields struct {
	FirstName    maybe[string] `json:"firstName,omitempty"`
	LastName     maybe[string] `json:"lastName,omitempty"`
	Phone        maybe[string] `json:"phone,omitempty"`
	Email        maybe[string] `json:"email,omitempty"`
	Language     maybe[string] `json:"language,omitempty"`
	ProfilePic   maybe[string] `json:"profilePic,omitempty"`
	CountryCode  maybe[string] `json:"countryCode,omitempty"`
	CustomFields []customValue `json:"custom_fields,omitempty" doc:"Only the listed ones change; null clears."`
}

type customValue struct {
	Name  string `json:"name" doc:"The field's name or slug."`
	Value scalar `json:"value"`
}

// scalar is a text, number, boolean or null, kept as text; nil for null.
type scalar struct{ text *string }

// UnmarshalJSON keeps numbers as they are written.
func (s *scalar) UnmarshalJSON(raw []byte) error {
	var v any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		return err
	}
	s.text = nil
	if v != nil {
		text := fmt.Sprint(v)
		s.text = &text
	}
	return nil
}

// Schema names the four types.
func (scalar) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{{Type: huma.TypeString, Nullable: true}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}}}
}

func (f contactFields) fields() desk.ContactFields {
	out := desk.ContactFields{FirstName: f.FirstName.pointer(), LastName: f.LastName.pointer(), Phone: f.Phone.pointer(), Email: f.Email.pointer(),
		Language: f.Language.pointer(), ProfilePic: f.ProfilePic.pointer(), CountryCode: f.CountryCode.pointer()}
	for _, c := range f.CustomFields {
		out.Custom = append(out.Custom, desk.CustomValue{Name: c.Name, Value: c.Value.text})
	}
	return out
}

type contactInput struct {
	ByContact
	Body contactFields
}

// created is the answer to a create.
type createdContact struct {
	Code      int    `json:"code"`
	Message   string `json:"message"`
	ContactID int64  `json:"contactId"`
}

func (s *Server) getContact(ctx context.Context, p desk.Principal, in *ByContact) (*contact, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	v, err := s.desk.Contact(ctx, p, who)
	if err != nil {
		return nil, err
	}
	c := contactOf(v)
	return &c, nil
}

func (s *Server) createContact(ctx context.Context, p desk.Principal, in *contactInput) (*createdContact, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	id, err := s.desk.CreateContact(ctx, p, who, in.Body.fields())
	return &createdContact{http.StatusOK, "Contact created", id}, err
}

func (s *Server) saveContact(ctx context.Context, p desk.Principal, in *contactInput) (*createdContact, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	id, created, err := s.desk.SaveContact(ctx, p, who, in.Body.fields())
	word := "Contact updated"
	if created {
		word = "Contact created"
	}
	return &createdContact{http.StatusOK, word, id}, err
}

func (s *Server) updateContact(ctx context.Context, p desk.Principal, in *contactInput) (*contactID, error) {
	return change(in.ByContact, func(who desk.Identifier) (int64, error) { return s.desk.UpdateContact(ctx, p, who, in.Body.fields()) })
}

func (s *Server) deleteContact(ctx context.Context, p desk.Principal, in *ByContact) (*contactID, error) {
	return change(*in, func(who desk.Identifier) (int64, error) { return s.desk.DeleteContact(ctx, p, who) })
}

type tagsInput struct {
	ByContact
	Body []string `doc:"1 to 10 tag names." nullable:"false"`
}

func (s *Server) addTags(ctx context.Context, p desk.Principal, in *tagsInput) (*contactID, error) {
	return change(in.ByContact, func(who desk.Identifier) (int64, error) { return s.desk.TagContact(ctx, p, who, in.Body) })
}

func (s *Server) removeTags(ctx context.Context, p desk.Principal, in *tagsInput) (*contactID, error) {
	return change(in.ByContact, func(who desk.Identifier) (int64, error) { return s.desk.UntagContact(ctx, p, who, in.Body) })
}

// change carries out a change of one contact and answers with its id.
func change(in ByContact, do func(desk.Identifier) (int64, error)) (*contactID, error) {
	who, err := in.who()
	if err != nil {
		return nil, err
	}
	id, err := do(who)
	return &contactID{id}, err
}
