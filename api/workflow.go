package api

import (
	"context"
	"encoding/json"
	"net/http"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) workflowOperations() []operation {
	ok, made := http.StatusOK, http.StatusCreated
	return []operation{
		extension(http.MethodGet, "/workflow", ok, useWorkflows(), "List workflows", s.listWorkflows),
		extension(http.MethodPost, "/workflow", made, useWorkflows(), "Create a workflow", s.createWorkflow),
		extension(http.MethodGet, "/workflow/{id}", ok, useWorkflows(), "Get a workflow with its draft", s.getWorkflow),
		extension(http.MethodPut, "/workflow/{id}", ok, useWorkflows(), "Change the draft of a workflow", s.updateWorkflow),
		extension(http.MethodDelete, "/workflow/{id}", ok, useWorkflows(), "Delete a workflow", s.deleteWorkflow),
		extension(http.MethodPost, "/workflow/{id}/publish", ok, useWorkflows(), "Publish the draft", s.publishWorkflow),
		extension(http.MethodPost, "/workflow/{id}/stop", ok, useWorkflows(), "Stop a workflow and end its runs", s.stopWorkflow),
		extension(http.MethodPost, "/workflow/{id}/clone", made, useWorkflows(), "Make an independent draft of a workflow", s.cloneWorkflow),
		extension(http.MethodGet, "/workflow/{id}/version", ok, useWorkflows(), "List the versions of a workflow", s.listVersions),
		extension(http.MethodGet, "/workflow/{id}/version/{version}", ok, useWorkflows(), "Get a version", s.getVersion),
		extension(http.MethodPost, "/workflow/{id}/version/{version}/restore", ok, useWorkflows(), "Make a version the draft again", s.restoreVersion),
		file(http.MethodGet, "/workflow/{id}/export", useWorkflows(), "Export a workflow as a file", s.exportWorkflow),
		extension(http.MethodPost, "/workflow/import", made, useWorkflows(), "Import a workflow file", s.importWorkflow),
		extension(http.MethodPost, "/workflow/validate", ok, useWorkflows(), "Check a workflow without saving it", s.validateWorkflow),
		file(http.MethodGet, "/workflow/schema", useWorkflows(), "Get the JSON Schema of workflow files", s.workflowSchema),
		extension(http.MethodPost, "/workflow/{id}/test", http.StatusAccepted, useWorkflows(), "Run the saved draft on one contact", s.testWorkflow),
		extension(http.MethodPost, "/workflow/{id}/run", http.StatusAccepted, useWorkflows(), "Start a run for one contact", s.startRun),
		extension(http.MethodPost, "/workflow/{id}/hook", ok, useWorkflows(), "Give the workflow a new webhook address", s.renewHook),
	}
}

// ByWorkflow is the input of operations on one workflow.
type ByWorkflow struct {
	ID string `path:"id" doc:"The workflow's id or slug."`
}

// Workflow is a workflow without its definition.
type Workflow struct {
	ID                    int64              `json:"id"`
	Slug                  string             `json:"slug"`
	Name                  string             `json:"name"`
	Description           string             `json:"description"`
	State                 desk.WorkflowState `json:"state" enum:"draft,published,stopped"`
	Revision              int64              `json:"revision"`
	TriggerType           flow.TriggerType   `json:"triggerType"`
	StepCount             int                `json:"stepCount"`
	Version               *int64             `json:"version" doc:"The newest published version."`
	HasUnpublishedChanges bool               `json:"hasUnpublishedChanges"`
	LastPublishedAt       *int64             `json:"lastPublishedAt"`
	LastPublishedBy       *actor             `json:"lastPublishedBy"`
	CreatedAt             int64              `json:"createdAt"`
	CreatedBy             actor              `json:"createdBy"`
	UpdatedAt             int64              `json:"updatedAt"`
	Counts                runCounts          `json:"counts"`
	HookURL               *string            `json:"hookUrl,omitempty" doc:"Where outside systems start it: trigger incoming_webhook only."`
	HookSecret            *string            `json:"hookSecret,omitempty" doc:"*** when callers must send X-Hook-Secret."`
	Problems              flow.Problems      `json:"problems" nullable:"false"`
}

type runCounts struct {
	Running int64 `json:"running"`
	Waiting int64 `json:"waiting"`
	Stuck   int64 `json:"stuck"`
}

// WorkflowFull is a workflow with its draft.
type WorkflowFull struct {
	Workflow
	Settings   json.RawMessage `json:"settings"`
	Definition json.RawMessage `json:"definition"`
}

// workflowOf returns how a workflow is shown to the caller of ctx.
func workflowOf(ctx context.Context) func(*desk.WorkflowView) Workflow {
	return func(v *desk.WorkflowView) Workflow {
		out := bareWorkflow(v)
		out.HookURL, out.HookSecret = hookOf(ctx, v)
		return out
	}
}

func bareWorkflow(v *desk.WorkflowView) Workflow {
	return Workflow{ID: v.ID, Slug: v.Slug, Name: v.Name, Description: v.Description, State: v.State, Revision: v.Revision, TriggerType: v.TriggerType,
		StepCount: v.StepCount, Version: idOrNil(v.Version), HasUnpublishedChanges: v.Unpublished(), LastPublishedAt: millisOrNil(v.LastPublishedAt),
		LastPublishedBy: actorOrNil(v.LastPublishedBy), CreatedAt: v.CreatedAt, CreatedBy: actorOf(v.CreatedBy), UpdatedAt: v.UpdatedAt,
		Counts: runCounts(v.Counts), Problems: list(v.Problems)}
}

// fullOf is workflowOf for a workflow with its draft.
func fullOf(ctx context.Context) func(*desk.WorkflowView, error) (*WorkflowFull, error) {
	return func(v *desk.WorkflowView, err error) (*WorkflowFull, error) {
		if err != nil {
			return nil, err
		}
		return &WorkflowFull{workflowOf(ctx)(v), v.Settings, v.Definition}, nil
	}
}

type workflowListInput struct {
	PageQuery
	State       string `query:"state" enum:"draft,published,stopped"`
	TriggerType string `query:"triggerType"`
	Search      string `query:"search" doc:"Part of the name."`
}

func (s *Server) listWorkflows(ctx context.Context, p desk.Principal, in *workflowListInput) (*page[Workflow], error) {
	f := desk.WorkflowFilter{State: desk.WorkflowState(in.State), TriggerType: flow.TriggerType(in.TriggerType), Search: in.Search}
	l, err := s.desk.Workflows(ctx, p, f, in.page())
	return toPage(ctx, l, workflowOf(ctx)), err
}

type newWorkflow struct {
	Body struct {
		Name        string          `json:"name"`
		Slug        *string         `json:"slug,omitempty" doc:"Default: made from the name."`
		Description *string         `json:"description,omitempty"`
		Settings    json.RawMessage `json:"settings,omitempty"`
		Definition  json.RawMessage `json:"definition" doc:"{trigger, steps} with the keys of the file format."`
	}
}

func (s *Server) createWorkflow(ctx context.Context, p desk.Principal, in *newWorkflow) (*WorkflowFull, error) {
	b := in.Body
	return fullOf(ctx)(s.desk.CreateWorkflow(ctx, p, desk.WorkflowInput{Name: &b.Name, Slug: b.Slug, Description: b.Description, Settings: b.Settings, Definition: b.Definition}))
}

func (s *Server) getWorkflow(ctx context.Context, p desk.Principal, in *ByWorkflow) (*WorkflowFull, error) {
	return fullOf(ctx)(s.desk.Workflow(ctx, p, in.ID))
}

type workflowChange struct {
	ByWorkflow
	Body struct {
		Name        *string         `json:"name,omitempty"`
		Description *string         `json:"description,omitempty"`
		Settings    json.RawMessage `json:"settings,omitempty"`
		Definition  json.RawMessage `json:"definition,omitempty"`
		Revision    int64           `json:"revision" doc:"Of the draft that was changed."`
	}
}

func (s *Server) updateWorkflow(ctx context.Context, p desk.Principal, in *workflowChange) (*WorkflowFull, error) {
	b := in.Body
	return fullOf(ctx)(s.desk.UpdateWorkflow(ctx, p, in.ID, desk.WorkflowInput{Name: b.Name, Description: b.Description, Settings: b.Settings,
		Definition: b.Definition, Revision: b.Revision}))
}

type deletedWorkflow struct {
	ID        int64 `json:"id"`
	EndedRuns int   `json:"endedRuns"`
}

func (s *Server) deleteWorkflow(ctx context.Context, p desk.Principal, in *ByWorkflow) (*deletedWorkflow, error) {
	wf, ended, err := s.desk.DeleteWorkflow(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	return &deletedWorkflow{wf.ID, ended}, nil
}

type publishInput struct {
	ByWorkflow
	Body *struct {
		Revision *int64 `json:"revision,omitempty" doc:"Refuses when the draft has another one by now."`
	} `required:"false"`
}

type published struct {
	ID              int64              `json:"id"`
	State           desk.WorkflowState `json:"state"`
	Version         int64              `json:"version"`
	LastPublishedAt int64              `json:"lastPublishedAt"`
}

func (s *Server) publishWorkflow(ctx context.Context, p desk.Principal, in *publishInput) (*published, error) {
	revision := int64(0)
	if in.Body != nil && in.Body.Revision != nil {
		revision = *in.Body.Revision
	}
	wf, err := s.desk.PublishWorkflow(ctx, p, in.ID, revision)
	if err != nil {
		return nil, err
	}
	return &published{wf.ID, wf.State, wf.Version, wf.LastPublishedAt}, nil
}

type emptyWorkflow struct {
	ByWorkflow
	NoBody
}

type stopped struct {
	ID        int64              `json:"id"`
	State     desk.WorkflowState `json:"state"`
	EndedRuns int                `json:"endedRuns"`
}

func (s *Server) stopWorkflow(ctx context.Context, p desk.Principal, in *emptyWorkflow) (*stopped, error) {
	wf, ended, err := s.desk.StopWorkflow(ctx, p, in.ID)
	if err != nil {
		return nil, err
	}
	return &stopped{wf.ID, wf.State, ended}, nil
}
