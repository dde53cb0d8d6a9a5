package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) closingNoteOperations() []operation {
	return []operation{
		compatible(http.MethodGet, "/space/closing_notes", readSpace(), "Closing notes", s.listClosingNotes),
		extension(http.MethodGet, "/space/closing_note", http.StatusOK, readSpace(), "Closing notes", s.listClosingNotes),
		extension(http.MethodPost, "/space/closing_note", http.StatusCreated, writeDefinitions(), "Add a closing note", s.createClosingNote),
		extension(http.MethodPut, "/space/closing_note/{id}", http.StatusOK, writeDefinitions(), "Change a closing note", s.updateClosingNote),
		extension(http.MethodDelete, "/space/closing_note/{id}", http.StatusOK, writeDefinitions(), "Delete a closing note; closed conversations keep its name", s.deleteClosingNote),
	}
}

// closingNote is a reason for closing conversations.
type closingNote struct {
	ID          int64   `json:"id"`
	Category    string  `json:"category"`
	Description *string `json:"description"`
}

func closingNoteOf(c *desk.ClosingCategory) closingNote {
	return closingNote{c.ID, c.Category, orNil(c.Description)}
}

func oneClosingNote(c *desk.ClosingCategory, err error) (*closingNote, error) {
	if err != nil {
		return nil, err
	}
	out := closingNoteOf(c)
	return &out, nil
}

func (s *Server) listClosingNotes(ctx context.Context, p desk.Principal, in *PageQuery) (*page[closingNote], error) {
	l, err := s.desk.ClosingCategories(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, closingNoteOf), nil
}

type closingNoteInput struct {
	Body struct {
		Category    string `json:"category"`
		Description string `json:"description,omitempty"`
	}
}

func (s *Server) createClosingNote(ctx context.Context, p desk.Principal, in *closingNoteInput) (*closingNote, error) {
	return oneClosingNote(s.desk.CreateCategory(ctx, p, desk.CategoryInput(in.Body)))
}

type closingNoteChange struct {
	ByID
	Body struct {
		Category    *string `json:"category,omitempty"`
		Description *string `json:"description,omitempty"`
	}
}

func (s *Server) updateClosingNote(ctx context.Context, p desk.Principal, in *closingNoteChange) (*closingNote, error) {
	return oneClosingNote(s.desk.UpdateCategory(ctx, p, in.ID, desk.CategoryChange(in.Body)))
}

func (s *Server) deleteClosingNote(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteCategory(ctx, p, in.ID)
}
