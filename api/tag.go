package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) tagOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/tag", http.StatusOK, readSpace(), "Tags with the number of their contacts", s.listTags),
		compatible(http.MethodPost, "/space/tag", writeDefinitions(), "Add a tag", s.createTag),
		compatible(http.MethodPut, "/space/tag", writeDefinitions(), "Change the tag currentName", s.updateTag),
		compatible(http.MethodDelete, "/space/tag", writeDefinitions(), "Delete a tag and take it off all contacts", s.deleteTag),
	}
}

// Tag is a label on contacts.
type Tag struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	ColorCode   *string `json:"colorCode"`
	Emoji       *string `json:"emoji"`
}

type countedTag struct {
	Tag
	ContactCount int64 `json:"contactCount"`
}

// createdTag holds the tag twice: some official clients read it in message.
type createdTag struct {
	Tag
	Code    int `json:"code"`
	Message Tag `json:"message"`
}

func tagOf(t *desk.Tag) Tag {
	return Tag{t.ID, t.Name, orNil(t.Description), orNil(t.ColorCode), orNil(t.Emoji)}
}

type tagQuery struct {
	PageQuery
	Search string `query:"search" doc:"Part of the name."`
}

func (s *Server) listTags(ctx context.Context, p desk.Principal, in *tagQuery) (*page[countedTag], error) {
	l, err := s.desk.Tags(ctx, p, in.Search, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, func(v *desk.TagView) countedTag { return countedTag{tagOf(&v.Tag), v.Contacts} }), nil
}

type tagInput struct {
	Body struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
		ColorCode   string `json:"colorCode,omitempty"`
		Emoji       string `json:"emoji,omitempty"`
	}
}

func (s *Server) createTag(ctx context.Context, p desk.Principal, in *tagInput) (*createdTag, error) {
	t, err := s.desk.CreateTag(ctx, p, desk.TagInput(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdTag{tagOf(t), http.StatusOK, tagOf(t)}, nil
}

type tagChange struct {
	Body struct {
		CurrentName string  `json:"currentName"`
		Name        *string `json:"name,omitempty"`
		Description *string `json:"description,omitempty"`
		ColorCode   *string `json:"colorCode,omitempty"`
		Emoji       *string `json:"emoji,omitempty"`
	}
}

func (s *Server) updateTag(ctx context.Context, p desk.Principal, in *tagChange) (*Tag, error) {
	b := in.Body
	t, err := s.desk.UpdateTagOf(ctx, p, b.CurrentName, desk.TagChange{Name: b.Name, Description: b.Description, ColorCode: b.ColorCode, Emoji: b.Emoji})
	if err != nil {
		return nil, err
	}
	out := tagOf(t)
	return &out, nil
}

type tagName struct {
	Body struct {
		Name string `json:"name"`
	}
}

type tagDeleted struct {
	Message string `json:"message"`
}

func (s *Server) deleteTag(ctx context.Context, p desk.Principal, in *tagName) (*tagDeleted, error) {
	return &tagDeleted{"Tag deleted"}, s.desk.DeleteTag(ctx, p, in.Body.Name)
}
