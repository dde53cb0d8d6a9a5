package app

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"ucal/activities"
	"ucal/connect/page"
	"ucal/connect/sheets"
	"ucal/connect/web"
	"ucal/desk"
	"ucal/flow"
	"ucal/worker"
)

// probeTimeout is how long the test of an integration may take.
const probeTimeout = 15 * time.Second

// connect makes the clients of outside systems that are no channels: a new one is
// one line here, and one in probes if it is an integration.
func (a *App) connect() activities.Services {
	requests := web.New(a.policy)
	a.push(func(context.Context) error { requests.Close(); return nil })
	return activities.Services{
		Web:    requests,
		Sheets: sheets.New(sheets.Options{HTTP: a.guarded, Endpoint: a.o.Config.GoogleSheetsEndpoint}),
		Models: a.models(a.policy),
	}
}

// pages fetches the web pages of knowledge sources.
func (a *App) pages() worker.Pages {
	pages := page.New(a.policy)
	a.push(func(context.Context) error { pages.Close(); return nil })
	return pages
}

// probes make one harmless call to the services of integrations.
func probes(s activities.Services) map[flow.Service]func(context.Context, json.RawMessage) desk.Probe {
	return map[flow.Service]func(context.Context, json.RawMessage) desk.Probe{
		flow.ServiceSheets: func(ctx context.Context, config json.RawMessage) desk.Probe {
			return probeSheets(ctx, s.Sheets, config)
		},
		flow.ServiceModel: func(ctx context.Context, config json.RawMessage) desk.Probe { return probeModel(ctx, s.Models, config) },
	}
}

// probeSheets asks for an access token.
func probeSheets(ctx context.Context, client *sheets.Client, config json.RawMessage) desk.Probe {
	var c desk.SheetsConfig
	if json.Unmarshal(config, &c) != nil { // the cause would show it
		return desk.Probe{Refused: true, Message: "The stored configuration cannot be read. Connect Google Sheets anew."}
	}
	acc, err := activities.SheetsAccount(c)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, probeTimeout)
		defer cancel()
		err = client.Check(ctx, acc)
	}
	if e, ok := errors.AsType[*sheets.Error](err); ok {
		return desk.Probe{Refused: e.Class == sheets.Credentials, Message: e.Message}
	}
	if acc.Email == "" {
		return desk.Probe{OK: true, Message: "Google accepts the account. Spreadsheets that it may edit can be written to."}
	}
	return desk.Probe{OK: true, Message: "Google accepts the account. Share your spreadsheets with " + acc.Email + " as an editor."}
}
