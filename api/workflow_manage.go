package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"ucal/desk"
)

type cloneInput struct {
	ByWorkflow
	Body *struct {
		Name *string `json:"name,omitempty" doc:"Default: Copy of …, with a number when it is taken."`
	} `required:"false"`
}

func (s *Server) cloneWorkflow(ctx context.Context, p desk.Principal, in *cloneInput) (*WorkflowFull, error) {
	name := ""
	if in.Body != nil {
		name = textOr(in.Body.Name)
	}
	return fullOf(ctx)(s.desk.CloneWorkflow(ctx, p, in.ID, name))
}

type restoreInput struct {
	ByWorkflow
	Version int64 `path:"version"`
	Body    *struct {
		Revision *int64 `json:"revision,omitempty" doc:"Refuses when the draft has another one by now."`
	} `required:"false"`
}

func (s *Server) restoreVersion(ctx context.Context, p desk.Principal, in *restoreInput) (*WorkflowFull, error) {
	revision := int64(0)
	if in.Body != nil && in.Body.Revision != nil {
		revision = *in.Body.Revision
	}
	return fullOf(ctx)(s.desk.RestoreVersion(ctx, p, in.ID, in.Version, revision))
}

// typeSchema is the media type of a JSON Schema.
const typeSchema = "application/schema+json"

type schemaInput struct{}

func (s *Server) workflowSchema(context.Context, desk.Principal, *schemaInput) (*fileAnswer, error) {
	return &fileAnswer{Type: typeSchema, Body: s.schema}, nil
}

// publicSchema serves the schema to editors, which have no token.
func (s *Server) publicSchema(c *gin.Context) { c.Data(http.StatusOK, typeSchema, s.schema) }

type trialInput struct {
	ByWorkflow
	Body struct {
		Contact   string `json:"contact" doc:"id:1, email:… or phone:…"`
		Variables form   `json:"variables,omitempty" doc:"The trigger's variables, by name without $."`
	}
}

type startedTrial struct {
	RunID int64 `json:"runId"`
}

func (s *Server) testWorkflow(ctx context.Context, p desk.Principal, in *trialInput) (*startedTrial, error) {
	who, err := contactIn("contact", in.Body.Contact)
	if err != nil {
		return nil, err
	}
	v, err := s.desk.TestRun(ctx, p, in.ID, desk.TrialRequest{Contact: who, Variables: in.Body.Variables.texts()})
	if err != nil {
		return nil, err
	}
	return &startedTrial{v.ID}, nil
}

type emptyRun struct {
	ByID
	NoBody
}

func (s *Server) skipWait(ctx context.Context, p desk.Principal, in *emptyRun) (*Run, error) {
	v, err := s.desk.SkipWait(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	out := runOf(v)
	return &out, nil
}
