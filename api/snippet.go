package api

import (
	"context"
	"net/http"

	"ucal/channel"
	"ucal/desk"
)

func (s *Server) snippetOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/snippet", http.StatusOK, readSnippets(), "Snippets", s.listSnippets),
		extension(http.MethodPost, "/space/snippet", http.StatusCreated, writeSnippets(), "Add a snippet", s.createSnippet),
		extension(http.MethodGet, "/space/snippet/{id}", http.StatusOK, readSnippets(), "Get a snippet", s.getSnippet),
		extension(http.MethodPut, "/space/snippet/{id}", http.StatusOK, writeSnippets(), "Change a snippet", s.updateSnippet),
		extension(http.MethodDelete, "/space/snippet/{id}", http.StatusOK, writeSnippets(), "Delete a snippet", s.deleteSnippet),
	}
}

// Snippet is a ready-made text.
type Snippet struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	Text      string   `json:"text"`
	Topics    []string `json:"topics" nullable:"false"`
	Files     []string `json:"files" nullable:"false" doc:"Empty: there is no file store yet."`
	CreatedAt int64    `json:"createdAt" doc:"Unix milliseconds."`
	UpdatedAt int64    `json:"updatedAt" doc:"Unix milliseconds."`
}

func snippetOf(x *desk.Snippet) Snippet {
	return Snippet{x.ID, x.Name, x.Text, x.Topics, []string{}, x.CreatedAt, x.UpdatedAt}
}

func oneSnippet(x *desk.Snippet, err error) (*Snippet, error) {
	if err != nil {
		return nil, err
	}
	out := snippetOf(x)
	return &out, nil
}

func (s *Server) listSnippets(ctx context.Context, p desk.Principal, in *PageQuery) (*page[Snippet], error) {
	l, err := s.desk.Snippets(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, snippetOf), nil
}

func (s *Server) getSnippet(ctx context.Context, p desk.Principal, in *ByID) (*Snippet, error) {
	return oneSnippet(s.desk.SnippetOf(ctx, p, in.ID))
}

type snippetInput struct {
	Body struct {
		Name    string   `json:"name" doc:"At most 50 characters, unique."`
		Text    string   `json:"text" doc:"At most 2,000 characters, with $ variables."`
		Topics  []string `json:"topics,omitempty" doc:"At most 10 of 50 characters."`
		FileIDs []int64  `json:"fileIds,omitempty" doc:"Refused: there is no file store yet."`
	}
}

func (s *Server) createSnippet(ctx context.Context, p desk.Principal, in *snippetInput) (*Snippet, error) {
	if err := noFiles("fileIds", len(in.Body.FileIDs) > 0); err != nil {
		return nil, err
	}
	return oneSnippet(s.desk.CreateSnippet(ctx, p, desk.SnippetInput{Name: in.Body.Name, Text: in.Body.Text, Topics: in.Body.Topics}))
}

type snippetChange struct {
	ByID
	Body struct {
		Name    *string   `json:"name,omitempty"`
		Text    *string   `json:"text,omitempty"`
		Topics  *[]string `json:"topics,omitempty"`
		FileIDs []int64   `json:"fileIds,omitempty" doc:"Refused: there is no file store yet."`
	}
}

func (s *Server) updateSnippet(ctx context.Context, p desk.Principal, in *snippetChange) (*Snippet, error) {
	if err := noFiles("fileIds", len(in.Body.FileIDs) > 0); err != nil {
		return nil, err
	}
	return oneSnippet(s.desk.UpdateSnippet(ctx, p, in.ID, desk.SnippetChange{Name: in.Body.Name, Text: in.Body.Text, Topics: in.Body.Topics}))
}

func (s *Server) deleteSnippet(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteSnippet(ctx, p, in.ID)
}

// noFiles refuses stored files by name until there is a store for them.
func noFiles(path string, given bool) error {
	if !given {
		return nil
	}
	const why = "stored files are not available in this version"
	return &desk.Error{Code: desk.Invalid, Word: channel.DetailInvalid, Message: path + ": " + why,
		Details: []channel.Detail{{Path: path, Error: channel.DetailInvalid, Message: why + "; leave it out"}}}
}
