package api

import (
	"context"
	"encoding/json"
	"net/http"

	"ucal/desk"
	"ucal/flow"
)

func (s *Server) integrationOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/integration", http.StatusOK, editIntegrations(), "Every integration, those that are off too; secrets show as ***", s.listIntegrations),
		extension(http.MethodPut, "/space/integration/{kind}", http.StatusOK, editIntegrations(), "Connect a service or replace its configuration; *** keeps a stored secret", s.putIntegration),
		extension(http.MethodPost, "/space/integration/{kind}/test", http.StatusOK, editIntegrations(), "Make one harmless call with the stored credentials", s.testIntegration),
		extension(http.MethodDelete, "/space/integration/{kind}", http.StatusOK, deleteIntegrations(), "Disconnect a service and forget its credentials", s.deleteIntegration),
	}
}

// Integration is the workspace's connection to an outside service.
type Integration struct {
	Kind         flow.Service           `json:"kind"`
	Status       desk.IntegrationStatus `json:"status" enum:"connected,error,off"`
	StatusReason *string                `json:"statusReason" doc:"Why the status is error."`
	Config       json.RawMessage        `json:"config" doc:"Secrets show as ***. null while it is off."`
	Account      *string                `json:"account" doc:"google_sheets with a service account: share spreadsheets with this address."`
	UpdatedAt    *int64                 `json:"updatedAt"`
}

func integrationOf(v *desk.IntegrationView) *Integration {
	out := &Integration{v.Kind, v.Status, orNil(v.StatusReason), v.Config, orNil(v.Account), millisOrNil(v.UpdatedAt)}
	if out.Config == nil {
		out.Config = json.RawMessage("null")
	}
	return out
}

type integrations struct {
	Items []*Integration `json:"items" nullable:"false"`
}

func (s *Server) listIntegrations(ctx context.Context, p desk.Principal, _ *struct{}) (*integrations, error) {
	views, err := s.desk.Integrations(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &integrations{}
	for i := range views {
		out.Items = append(out.Items, integrationOf(&views[i]))
	}
	return out, nil
}

// ByKind names an integration.
type ByKind struct {
	Kind flow.Service `path:"kind" doc:"google_sheets or llm."`
}

type integrationInput struct {
	ByKind
	Body struct {
		Config json.RawMessage `json:"config" doc:"google_sheets: {serviceAccountJson} or {clientId, clientSecret, refreshToken}, endpoint?, tokenUrl?. llm: {provider, baseUrl?, apiKey, model, maxTokensPerDay?, maxOutputTokens?}."`
	}
}

func (s *Server) putIntegration(ctx context.Context, p desk.Principal, in *integrationInput) (*Integration, error) {
	v, err := s.desk.PutIntegration(ctx, p, in.Kind, in.Body.Config)
	if err != nil {
		return nil, err
	}
	return integrationOf(v), nil
}

type onIntegration struct {
	ByKind
	NoBody
}

type integrationTest struct {
	OK      bool   `json:"ok"`
	Message string `json:"message" doc:"What was found, with the mend."`
}

func (s *Server) testIntegration(ctx context.Context, p desk.Principal, in *onIntegration) (*integrationTest, error) {
	found, err := s.desk.TestIntegration(ctx, p, in.Kind)
	if err != nil {
		return nil, err
	}
	return &integrationTest{found.OK, found.Message}, nil
}

type integrationDeleted struct {
	Kind flow.Service `json:"kind"`
}

func (s *Server) deleteIntegration(ctx context.Context, p desk.Principal, in *ByKind) (*integrationDeleted, error) {
	return &integrationDeleted{in.Kind}, s.desk.DeleteIntegration(ctx, p, in.Kind)
}
