package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) presenceOperations() []operation {
	logout := extension(http.MethodDelete, "/space/user/{id}/activity", http.StatusOK, ownPresence(), "Log a user out: offline at once", s.logout)
	logout.idle = true
	return []operation{
		extension(http.MethodGet, "/space/user/{id}/status", http.StatusOK, readSpace(), "A user's presence", s.getPresence),
		extension(http.MethodPut, "/space/user/{id}/status", http.StatusOK, ownPresence(), "Choose online or busy", s.setStatus),
		extension(http.MethodPost, "/space/user/{id}/activity", http.StatusOK, ownPresence(), "Note a user's activity", s.activity),
		logout,
	}
}

// presence is what is known of a user's presence.
type presence struct {
	UserID         int64         `json:"userId"`
	Chosen         desk.Presence `json:"chosen"`
	Effective      desk.Presence `json:"effective"`
	LastActivityAt *int64        `json:"lastActivityAt"`
	OfflineAt      *int64        `json:"offlineAt"`
	OpenContacts   int64         `json:"openContacts"`
}

func onePresence(v *desk.PresenceView, err error) (*presence, error) {
	if err != nil {
		return nil, err
	}
	return &presence{v.UserID, v.Chosen, v.Effective, millisOrNil(v.LastActivityAt), millisOrNil(v.OfflineAt), v.OpenContacts}, nil
}

func (s *Server) getPresence(ctx context.Context, p desk.Principal, in *ByID) (*presence, error) {
	return onePresence(s.desk.Presence(ctx, p, in.ID))
}

type presenceInput struct {
	ByID
	Body struct {
		Status desk.Presence `json:"status" doc:"online or busy"`
	}
}

func (s *Server) setStatus(ctx context.Context, p desk.Principal, in *presenceInput) (*presence, error) {
	return onePresence(s.desk.SetStatus(ctx, p, in.ID, in.Body.Status))
}

type touchInput struct {
	ByID
	NoBody
}

func (s *Server) activity(ctx context.Context, p desk.Principal, in *touchInput) (*presence, error) {
	return onePresence(s.desk.Activity(ctx, p, in.ID))
}

func (s *Server) logout(ctx context.Context, p desk.Principal, in *ByID) (*presence, error) {
	return onePresence(s.desk.Logout(ctx, p, in.ID))
}
