package api

import (
	"context"
	"encoding/json"
	"strings"

	"ucal/desk"
	"ucal/flow"
)

// Version is a published version without its definition.
type Version struct {
	Version     int64  `json:"version"`
	PublishedAt int64  `json:"publishedAt"`
	PublishedBy actor  `json:"publishedBy"`
	StepCount   int64  `json:"stepCount"`
	LiveRuns    int64  `json:"liveRuns"`
	Checksum    string `json:"checksum"`
}

type versionFull struct {
	Version
	Settings   json.RawMessage `json:"settings"`
	Definition json.RawMessage `json:"definition"`
}

func versionOf(v *desk.VersionView) Version {
	return Version{v.Version, v.PublishedAt, actorOf(v.PublishedBy), v.StepCount, v.LiveRuns, v.Hash}
}

type versionListInput struct {
	ByWorkflow
	PageQuery
}

func (s *Server) listVersions(ctx context.Context, p desk.Principal, in *versionListInput) (*page[Version], error) {
	l, err := s.desk.Versions(ctx, p, in.ID, in.page())
	return toPage(ctx, l, versionOf), err
}

type byVersion struct {
	ByWorkflow
	Version int64 `path:"version"`
}

func (s *Server) getVersion(ctx context.Context, p desk.Principal, in *byVersion) (*versionFull, error) {
	v, err := s.desk.Version(ctx, p, in.ID, in.Version)
	if err != nil {
		return nil, err
	}
	return &versionFull{versionOf(v), v.Settings, v.Definition}, nil
}

// Media types of a workflow file.
const (
	typeYAML = "application/yaml"
	typeJSON = "application/json"
)

type exportInput struct {
	ByWorkflow
	Version int64  `query:"version" minimum:"1" doc:"Default: the draft."`
	Accept  string `header:"Accept" doc:"application/yaml or application/json (default)"`
}

func (s *Server) exportWorkflow(ctx context.Context, p desk.Principal, in *exportInput) (*fileAnswer, error) {
	format, media := flow.JSON, typeJSON
	if strings.Contains(in.Accept, "yaml") {
		format, media = flow.YAML, typeYAML
	}
	name, text, err := s.desk.ExportWorkflow(ctx, p, in.ID, in.Version, format)
	if err != nil {
		return nil, err
	}
	return &fileAnswer{Type: media, Name: name + "." + string(format), Body: text}, nil
}

type importInput struct {
	Replace bool   `query:"replace" doc:"The workflow with the file's id gets the file as its draft."`
	Name    string `query:"name" doc:"Instead of the name in the file."`
	RawBody []byte `contentType:"application/yaml"`
}

func (s *Server) importWorkflow(ctx context.Context, p desk.Principal, in *importInput) (*WorkflowFull, error) {
	return fullOf(ctx)(s.desk.ImportWorkflow(ctx, p, in.RawBody, desk.ImportInput{Name: in.Name, Replace: in.Replace}))
}

type validateInput struct {
	RawBody []byte `contentType:"application/yaml"`
}

type checkedFile struct {
	Valid    bool          `json:"valid"`
	Problems flow.Problems `json:"problems" nullable:"false"`
}

func (s *Server) validateWorkflow(ctx context.Context, p desk.Principal, in *validateInput) (*checkedFile, error) {
	problems, err := s.desk.ValidateWorkflow(ctx, p, in.RawBody)
	return &checkedFile{!problems.Blocking(), list(problems)}, err
}
