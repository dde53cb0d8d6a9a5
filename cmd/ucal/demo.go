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
		p, err := a.Desk.Authenticate(ctx, token, "")
		if err == nil {
			err = a.Desk.AdoptToken(ctx, p.WorkspaceID, "given to ucal dev", d.cfg.Token)
		}
		if err != nil {
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

// makeDemo builds the sample workspace through the API, as an admin would. A
// start that was interrupted is gone on with: what exists is taken as it is.
func makeDemo(ctx context.Context, cl *apiClient, base string) (*demo, error) {
	r := &demo{BaseURL: base}
	for _, name := range []string{"Ann Archer", "Ben Baker", "Cem Cook"} {
		firstName, lastName, _ := strings.Cut(name, " ")
		email := strings.ToLower(firstName) + "@ucal.example"
		id, err := ensure(ctx, cl, "/space/user", "email", email, map[string]any{"email": email, "firstName": firstName, "lastName": lastName, "role": "agent"})
		if err != nil {
			return nil, err
		}
		r.UserIDs = append(r.UserIDs, id)
	}
	if _, err := ensure(ctx, cl, "/space/team", "name", "Support", map[string]any{"name": "Support", "userIds": r.UserIDs}); err != nil {
		return nil, err
	}
	ch, err := ensureChannel(ctx, cl, "Demo phone", base)
	if err != nil {
		return nil, err
	}
	r.ChannelID, r.PublicID, r.ChannelToken = ch.ID, ch.ChannelID, ch.APIToken
	switch id, err := find(ctx, cl, "/workflow", "slug", demoTemplate); {
	case err != nil:
		return nil, err
	case id != 0:
		return r, cl.call(ctx, "POST", fmt.Sprintf("/workflow/%d/publish", id), map[string]any{}, nil)
	}
	return r, cl.call(ctx, "POST", "/template/"+demoTemplate+"/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil)
}

// ensure finds an object by one of its fields, or creates it, and returns its id.
func ensure(ctx context.Context, cl *apiClient, path, field, value string, create map[string]any) (int64, error) {
	id, err := find(ctx, cl, path, field, value)
	if err != nil || id != 0 {
		return id, err
	}
	var made struct{ ID int64 }
	err = cl.call(ctx, "POST", path, create, &made)
	return made.ID, err
}

// find looks an object up among the first hundred; 0 when it is not there.
func find(ctx context.Context, cl *apiClient, path, field, value string) (int64, error) {
	var page struct{ Items []map[string]any }
	if err := cl.call(ctx, "GET", path+"?limit=100", nil, &page); err != nil {
		return 0, err
	}
	for _, item := range page.Items {
		if item[field] == value {
			return int64(item["id"].(float64)), nil
		}
	}
	return 0, nil
}

// channelAccess is what an integration needs of a custom channel.
type channelAccess struct {
	ID        int64
	ChannelID string
	APIToken  string
}

// ensureChannel points the custom channel of that name at an address, or makes
// it, and returns a token for it.
func ensureChannel(ctx context.Context, cl *apiClient, name, base string) (channelAccess, error) {
	cfg := map[string]any{"apiBaseUrl": base, "idType": "custom"}
	var ch channelAccess
	id, err := find(ctx, cl, "/space/channel", "name", name)
	if err != nil {
		return ch, err
	}
	if id == 0 {
		err := cl.call(ctx, "POST", "/space/channel", map[string]any{"source": "custom_channel", "name": name, "config": cfg}, &ch)
		return ch, err
	}
	if err := cl.call(ctx, "PUT", fmt.Sprintf("/space/channel/%d", id), map[string]any{"config": cfg}, &ch); err != nil {
		return ch, err
	}
	return ch, cl.call(ctx, "POST", fmt.Sprintf("/space/channel/%d/token", id), map[string]any{}, &ch)
}

// stayOnline keeps the demo's users online while the process runs.
func (r *demo) stayOnline(ctx context.Context, d *desk.Desk, token string, log *slog.Logger) {
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		for _, id := range r.UserIDs {
			p, err := d.Authenticate(ctx, token, "")
			if err == nil {
				_, err = d.Activity(ctx, p, id)
			}
			if err != nil && ctx.Err() == nil && desk.AsError(err) == nil { // a user who was removed is no matter
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
