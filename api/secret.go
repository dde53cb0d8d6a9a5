package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) secretOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/secret", http.StatusOK, useSecrets(), "Names of the secrets that HTTP Requests may use", s.listSecrets),
		extension(http.MethodPut, "/space/secret/{name}", http.StatusOK, useSecrets(), "Add or replace a secret", s.putSecret),
		extension(http.MethodDelete, "/space/secret/{name}", http.StatusOK, useSecrets(), "Delete a secret", s.deleteSecret),
	}
}

// Secret is the name of a secret; its value is never shown.
type Secret struct {
	Name      string `json:"name"`
	UpdatedAt int64  `json:"updatedAt"`
}

type secretList struct {
	Items []Secret `json:"items"`
}

func (s *Server) listSecrets(ctx context.Context, p desk.Principal, _ *struct{}) (*secretList, error) {
	rows, err := s.desk.WorkspaceSecrets(ctx, p)
	if err != nil {
		return nil, err
	}
	out := &secretList{Items: make([]Secret, len(rows))}
	for i, r := range rows {
		out.Items[i] = Secret{r.Name, r.UpdatedAt}
	}
	return out, nil
}

// SecretName is the path of operations on one secret.
type SecretName struct {
	Name string `path:"name" doc:"The name in $secret.<name>: a to z, 0 to 9 and _, beginning with a letter, at most 50 characters."`
}

type secretInput struct {
	SecretName
	Body struct {
		Value string `json:"value" doc:"At most 10,000 characters; *** keeps the present value."`
	}
}

// secretRef names the secret that was changed.
type secretRef struct {
	Name string `json:"name"`
}

func (s *Server) putSecret(ctx context.Context, p desk.Principal, in *secretInput) (*secretRef, error) {
	return &secretRef{in.Name}, s.desk.PutSecret(ctx, p, in.Name, in.Body.Value)
}

func (s *Server) deleteSecret(ctx context.Context, p desk.Principal, in *SecretName) (*secretRef, error) {
	return &secretRef{in.Name}, s.desk.DeleteSecret(ctx, p, in.Name)
}
