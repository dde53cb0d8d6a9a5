package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) knowledgeOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/ai/knowledge", http.StatusOK, readSnippets(), "Texts from which AI Agents may answer", s.listKnowledge),
		extension(http.MethodPost, "/ai/knowledge", http.StatusCreated, writeSnippets(), "Add a text, a file or a web page from which AI Agents may answer", s.createKnowledge),
		extension(http.MethodDelete, "/ai/knowledge/{id}", http.StatusOK, writeSnippets(), "Delete a knowledge source; workflows that use it go on without", s.deleteKnowledge),
	}
}

// KnowledgeSource is a text from which AI Agents may answer.
type KnowledgeSource struct {
	ID          int64               `json:"id"`
	Name        string              `json:"name"`
	Kind        desk.KnowledgeKind  `json:"kind" enum:"file,url,text"`
	State       desk.KnowledgeState `json:"state" enum:"pending,ready,failed" doc:"A web page is pending until it is fetched; ready can be searched."`
	StateReason *string             `json:"stateReason" doc:"Why it failed, or why the last attempt to fetch it did."`
	URL         *string             `json:"url"`
	FileName    *string             `json:"fileName"`
	UpdatedAt   int64               `json:"updatedAt" doc:"Unix milliseconds."`
}

func knowledgeOf(x *desk.KnowledgeSource) KnowledgeSource {
	return KnowledgeSource{x.ID, x.Name, x.Kind, x.State, orNil(x.StateReason), orNil(x.URL), orNil(x.FileName), x.UpdatedAt}
}

func (s *Server) listKnowledge(ctx context.Context, p desk.Principal, in *PageQuery) (*page[KnowledgeSource], error) {
	l, err := s.desk.KnowledgeSources(ctx, p, in.page())
	if err != nil {
		return nil, err
	}
	return toPage(ctx, l, knowledgeOf), nil
}

type knowledgeInput struct {
	Body struct {
		Name     string             `json:"name" doc:"At most 100 characters, unique."`
		Kind     desk.KnowledgeKind `json:"kind" doc:"file, url or text."`
		URL      string             `json:"url,omitempty" doc:"Kind url: a page that the public can reach; at most 5 MiB."`
		Text     string             `json:"text,omitempty" doc:"Kind text: plain text or Markdown."`
		FileName string             `json:"fileName,omitempty" doc:"Kind file: the name of the file, such as help.md."`
		Content  string             `json:"content,omitempty" doc:"Kind file: text, Markdown, HTML or PDF of at most 700 KiB, as base64."`
		FileID   int64              `json:"fileId,omitempty" doc:"Refused: there is no file store yet; send fileName and content."`
	}
}

func (s *Server) createKnowledge(ctx context.Context, p desk.Principal, in *knowledgeInput) (*KnowledgeSource, error) {
	b := in.Body
	if err := noFiles("fileId", b.FileID != 0); err != nil {
		return nil, err
	}
	x, err := s.desk.CreateKnowledge(ctx, p, desk.KnowledgeInput{Kind: b.Kind, Name: b.Name, URL: b.URL, Text: b.Text, FileName: b.FileName, Content: b.Content})
	if err != nil {
		return nil, err
	}
	out := knowledgeOf(x)
	return &out, nil
}

func (s *Server) deleteKnowledge(ctx context.Context, p desk.Principal, in *ByID) (*deleted, error) {
	return &deleted{in.ID}, s.desk.DeleteKnowledge(ctx, p, in.ID)
}
