package api

import (
	"context"
	"net/http"

	"ucal/desk"
)

func (s *Server) settingOperations() []operation {
	return []operation{
		extension(http.MethodGet, "/space/setting", http.StatusOK, manageSettings(), "The workspace's settings", s.getSettings),
		extension(http.MethodPut, "/space/setting", http.StatusOK, manageSettings(), "Change settings", s.putSettings),
	}
}

// settings are the workspace's settings.
type settings struct {
	ID                               int64  `json:"id"`
	Revision                         int64  `json:"revision"`
	Name                             string `json:"name"`
	Timezone                         string `json:"timezone"`
	UserInactivityTimeout            int64  `json:"userInactivityTimeout" doc:"Minutes."`
	AllChannelEventsOpenConversation bool   `json:"allChannelEventsOpenConversation"`
	UnassignOnClose                  bool   `json:"unassignOnClose"`
	ClosingNoteMode                  string `json:"closingNoteMode"`
	StrictEmptyVariables             bool   `json:"strictEmptyVariables"`

	AutoClose autoClose `json:"autoClose"`
}

type autoClose struct {
	Enabled      bool  `json:"enabled"`
	AfterMinutes int64 `json:"afterMinutes" doc:"Minutes after the latest message of a user."`
	AISummary    bool  `json:"aiSummary" doc:"Not available yet: always false."`
}

type autoCloseChange struct {
	Enabled      *bool  `json:"enabled,omitempty"`
	AfterMinutes *int64 `json:"afterMinutes,omitempty" doc:"30 to 20,160 (14 days)."`
}

func settingsOf(w *desk.Workspace) *settings {
	return &settings{w.ID, w.Revision, w.Name, w.Timezone, w.UserInactivityTimeout, w.AllChannelEventsOpenConversation, w.UnassignOnClose,
		w.ClosingNoteMode, w.StrictEmptyVariables, autoClose{Enabled: w.AutoClose, AfterMinutes: w.AutoCloseMinutes}}
}

type settingsInput struct {
	Body settingsChange
}

type settingsChange struct {
	Revision                         int64   `json:"revision" doc:"The revision that was read."`
	Name                             *string `json:"name,omitempty"`
	Timezone                         *string `json:"timezone,omitempty" doc:"IANA name."`
	UserInactivityTimeout            *int64  `json:"userInactivityTimeout,omitempty" doc:"Minutes, 1 to 60."`
	AllChannelEventsOpenConversation *bool   `json:"allChannelEventsOpenConversation,omitempty"`
	UnassignOnClose                  *bool   `json:"unassignOnClose,omitempty"`
	ClosingNoteMode                  *string `json:"closingNoteMode,omitempty"`
	StrictEmptyVariables             *bool   `json:"strictEmptyVariables,omitempty"`

	AutoClose autoCloseChange `json:"autoClose,omitempty"`
}

func (s *Server) getSettings(ctx context.Context, p desk.Principal, _ *struct{}) (*settings, error) {
	w, err := s.desk.Settings(ctx, p)
	if err != nil {
		return nil, err
	}
	return settingsOf(w), nil
}

func (s *Server) putSettings(ctx context.Context, p desk.Principal, in *settingsInput) (*settings, error) {
	b := in.Body
	w, err := s.desk.UpdateSettings(ctx, p, desk.SettingChange{Revision: b.Revision, Name: b.Name, Timezone: b.Timezone, ClosingNoteMode: b.ClosingNoteMode,
		UserInactivityTimeout: b.UserInactivityTimeout, AllChannelEventsOpenConversation: b.AllChannelEventsOpenConversation,
		UnassignOnClose: b.UnassignOnClose, StrictEmptyVariables: b.StrictEmptyVariables, AutoClose: b.AutoClose.Enabled, AutoCloseMinutes: b.AutoClose.AfterMinutes})
	if err != nil {
		return nil, err
	}
	return settingsOf(w), nil
}
