package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ucal/desk"
	"ucal/internal/app"
)

// demo is the sample workspace of `ucal dev`; the data folder keeps this record.
type demo struct {
	WorkspaceID  int64   `json:"workspaceId"`
	UserIDs      []int64 `json:"userIds"`
	ChannelID    int64   `json:"channelId"`
	PublicID     string  `json:"channelPublicId"`
	ChannelToken string  `json:"channelToken"`
	BaseURL      string  `json:"baseUrl"`
}

const demoTemplate = "assignment-round-robin-online-only"

// furnish makes the workspace on the first start, and the demo unless it is not
// wanted. It returns the workspace token.
func (d *devProcess) furnish(ctx context.Context, a *app.App) (*demo, string, error) {
	tokenFile, recordFile := filepath.Join(d.cfg.Data, "token"), filepath.Join(d.cfg.Data, "demo.json")
	token, err := keep(tokenFile, func() (string, error) {
		d.say("making a workspace")
		_, token, err := a.Desk.CreateWorkspace(ctx, "My workspace", "owner@ucal.example")
		return token, err
	})
	if err != nil {
		return nil, "", err
	}
	if d.cfg.Token != "" && d.cfg.Token != token {
		if err := a.Desk.AddToken(ctx, token, d.cfg.Token, "given to ucal dev"); err != nil {
			return nil, "", fmt.Errorf("--token: %w", err)
		}
		token = d.cfg.Token
	}
	record := &demo{}
	raw, err := os.ReadFile(recordFile)
	switch {
	case err == nil:
		if err := json.Unmarshal(raw, record); err != nil {
			return nil, "", fmt.Errorf("%s: %w; delete the file to make a new demo", recordFile, err)
		}
	case !errors.Is(err, os.ErrNotExist):
		return nil, "", err
	case d.cfg.Fresh:
		return nil, token, nil
	}
	cl := newClient("http://"+a.Addr(), token)
	base := d.cfg.PublicURL + strings.TrimSuffix(phonePath, "/")
	if record.ChannelID == 0 {
		d.say("making the demo: team Support, three users, a channel, a published workflow")
		if record, err = makeDemo(ctx, cl, base); err != nil {
			return nil, "", fmt.Errorf("demo workspace: %w; start with --fresh to do without it", err)
		}
	} else if record.BaseURL != base { // the port has changed
		cfg := map[string]any{"config": map[string]any{"apiBaseUrl": base, "idType": "custom"}}
		if err := cl.call(ctx, "PUT", fmt.Sprintf("/space/channel/%d", record.ChannelID), cfg, nil); err != nil && statusOf(err) != 404 {
			return nil, "", err
		}
		record.BaseURL = base
	}
	if raw, err = json.MarshalIndent(record, "", "  "); err != nil {
		return nil, "", err
	}
	return record, token, os.WriteFile(recordFile, append(raw, '\n'), 0o600)
}

// makeDemo builds the sample workspace through the API, as an admin would.
func makeDemo(ctx context.Context, cl *apiClient, base string) (*demo, error) {
	r := &demo{BaseURL: base}
	for _, name := range []string{"Ann Archer", "Ben Baker", "Cem Cook"} {
		firstName, lastName, _ := strings.Cut(name, " ")
		var u struct{ ID int64 }
		err := cl.call(ctx, "POST", "/space/user", map[string]any{"email": strings.ToLower(firstName) + "@ucal.example", "firstName": firstName,
			"lastName": lastName, "role": "agent"}, &u)
		if err != nil {
			return nil, err
		}
		r.UserIDs = append(r.UserIDs, u.ID)
	}
	if err := cl.call(ctx, "POST", "/space/team", map[string]any{"name": "Support", "userIds": r.UserIDs}, nil); err != nil {
		return nil, err
	}
	var ch struct {
		ID        int64
		ChannelID string
		APIToken  string
	}
	err := cl.call(ctx, "POST", "/space/channel", map[string]any{"source": "custom_channel", "name": "Demo phone",
		"config": map[string]any{"apiBaseUrl": base, "idType": "custom"}}, &ch)
	if err != nil {
		return nil, err
	}
	r.ChannelID, r.PublicID, r.ChannelToken = ch.ID, ch.ChannelID, ch.APIToken
	err = cl.call(ctx, "POST", "/template/"+demoTemplate+"/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil)
	return r, err
}

// stayOnline keeps the demo's users online while the process runs.
func (r *demo) stayOnline(ctx context.Context, d *desk.Desk, log *slog.Logger) {
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		for _, id := range r.UserIDs {
			if err := d.Touch(ctx, id); err != nil && ctx.Err() == nil && desk.AsError(err) == nil {
				log.Warn("demo user is not kept online", "user_id", id, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// banner says where everything is and what to try.
func (d *devProcess) banner(ui, token string, r *demo) {
	url := d.cfg.PublicURL
	d.say("ready")
	fmt.Fprintf(d.cmd.out, `
  API          %s/v2      (docs: %s/docs)
  Temporal UI  %s
  Token        %s

`, url, url, ui, token)
	if r == nil {
		fmt.Fprintf(d.cmd.out, "The workspace is empty. README.md has a walk that fills it.\n\n")
		return
	}
	fmt.Fprintf(d.cmd.out, `Write to the desk as a contact (answers show here, and in: ucal chat):

  curl -s %[1]s/custom/channel/webhook -H 'authorization: Bearer %[2]s' -H 'content-type: application/json' \
    -d '{"channelId":"%[3]s","contactId":"ida","contact":{"firstName":"Ida"},"events":[{"type":"message","mId":"m-1","timestamp":'$(date +%%s)'000,"message":{"type":"text","text":"Hello"}}]}'

Look at what happened: the contact and its assignee, the run, the run's steps:

  export UCAL_TOKEN=%[4]s
  curl -s %[1]s/v2/contact/id:1 -H "authorization: Bearer $UCAL_TOKEN"
  curl -s %[1]s/v2/run -H "authorization: Bearer $UCAL_TOKEN"
  curl -s %[1]s/v2/run/1 -H "authorization: Bearer $UCAL_TOKEN"

Stop with Ctrl-C.

`, url, r.ChannelToken, r.PublicID, token)
}
