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
	"ucal/internal/config"
)

// demo is the sample workspace of `ucal dev`; the data folder keeps this record.
type demo struct {
	None         bool    `json:"none,omitempty"` // the workspace was begun with --fresh and stays without a demo
	UserIDs      []int64 `json:"userIds,omitempty"`
	ChannelID    int64   `json:"channelId,omitempty"`
	PublicID     string  `json:"channelPublicId,omitempty"`
	ChannelToken string  `json:"channelToken,omitempty"`
	BaseURL      string  `json:"baseUrl,omitempty"`
}

const (
	demoTemplate = "assignment-round-robin-online-only"
	demoRecord   = "demo.json"
)

// made says whether there is a demo; a nil record is that of a new folder.
func (r *demo) made() bool { return r != nil && !r.None }

// readDemo returns nil when the folder has no record yet.
func readDemo(data string) (*demo, error) {
	file := filepath.Join(data, demoRecord)
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	r := &demo{}
	if err == nil {
		err = json.Unmarshal(raw, r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; delete the file to make a new demo", file, err)
	}
	return r, nil
}

func (r *demo) write(data string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(data, demoRecord), append(raw, '\n'), 0o600)
}

// furnish makes the workspace on the first start, and the demo unless it is not
// wanted. It returns the demo's record, nil when there is none, and the
// workspace token.
func (d *devProcess) furnish(ctx context.Context, a *app.App) (*demo, string, error) {
	token, err := d.token(ctx, a)
	if err != nil {
		return nil, "", err
	}
	record, err := readDemo(d.cfg.Data)
	switch {
	case err != nil:
		return nil, "", err
	case record == nil && d.cfg.Fresh:
		return nil, token, (&demo{None: true}).write(d.cfg.Data)
	case record != nil && record.None:
		return nil, token, nil
	}
	cl := newClient("http://"+a.Addr(), token)
	base := d.cfg.PublicURL + strings.TrimSuffix(phonePath, "/")
	if record == nil {
		d.say("making the demo: team Support, three users, a channel, a published workflow")
		if record, err = makeDemo(ctx, cl, base); err != nil {
			return nil, "", fmt.Errorf("demo workspace: %w; start with --fresh to do without it", err)
		}
	} else if record.BaseURL != base { // the port has changed
		cfg := map[string]any{"config": map[string]any{"apiBaseUrl": base, "idType": "custom"}}
		if err := cl.call(ctx, "PUT", fmt.Sprintf("/space/channel/%d", record.ChannelID), cfg, nil); err != nil && statusOf(err) != 404 {
			return nil, "", fmt.Errorf("point the demo's channel at %s: %w", base, err)
		}
		record.BaseURL = base
	}
	return record, token, record.write(d.cfg.Data)
}

// token makes the workspace on the first start and returns its token: the one
// that was asked for, or the one that the data folder keeps.
func (d *devProcess) token(ctx context.Context, a *app.App) (string, error) {
	file := filepath.Join(d.cfg.Data, "token")
	token, err := keep(file, func() (string, error) {
		d.say("making a workspace")
		_, token, err := a.Desk.CreateWorkspace(ctx, "My workspace", "owner@ucal.example")
		return token, err
	})
	if err != nil {
		return "", err
	}
	p, err := a.Desk.Authenticate(ctx, token, "")
	if err != nil {
		return "", fmt.Errorf("the database does not know the workspace token in %s: %w; was the database replaced or the token revoked? "+
			"choose another data folder with --data or UCAL_DATA, or delete that file and %s to begin a new workspace", file, err, demoRecord)
	}
	if d.cfg.Token == "" || d.cfg.Token == token {
		return token, nil
	}
	if err := a.Desk.AdoptToken(ctx, p.WorkspaceID, "given to ucal dev", d.cfg.Token); err != nil {
		return "", usageError{fmt.Errorf("--token or UCAL_TOKEN: %w", err)}
	}
	return d.cfg.Token, nil
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
	// The template is used and published in one transaction.
	if id, err := find(ctx, cl, "/workflow", "slug", demoTemplate); err != nil || id != 0 {
		return r, err
	}
	return r, cl.call(ctx, "POST", "/template/"+demoTemplate+"/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil)
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
		fmt.Fprintf(d.cmd.out, "No demo: the workspace was begun with --fresh. README.md has a walk that fills it.\n\nStop with Ctrl-C.\n\n")
		return
	}
	fmt.Fprintf(d.cmd.out, `Play a contact, in a second terminal:

  %[5]s

Or write by hand; the answer shows up here:

  curl -sS -w '\n' %[1]s/custom/channel/webhook -H 'authorization: Bearer %[2]s' -H 'content-type: application/json' \
    -d '{"channelId":"%[3]s","contactId":"ida","contact":{"firstName":"Ida"},"events":[{"type":"message","mId":"'$(date +%%s)'","timestamp":'$(date +%%s)'000,"message":{"type":"text","text":"Hello"}}]}'

Look at what happened: the contact and its assignee, the run, the run's steps:

  export UCAL_TOKEN=%[4]s
  curl -sS -w '\n' %[1]s/v2/contact/id:1 -H "authorization: Bearer $UCAL_TOKEN"
  curl -sS -w '\n' %[1]s/v2/run -H "authorization: Bearer $UCAL_TOKEN"
  curl -sS -w '\n' %[1]s/v2/run/1 -H "authorization: Bearer $UCAL_TOKEN"

Stop with Ctrl-C.

`, url, r.ChannelToken, r.PublicID, token, d.chatCommand())
}

// chatCommand is `ucal chat` as it has to be typed beside this process.
func (d *devProcess) chatCommand() string {
	words := os.Args[0] + " chat"
	if d.cfg.PublicURL != defaultOf("UCAL_URL") {
		words += " --url " + d.cfg.PublicURL
	}
	if filepath.Clean(d.cfg.Data) != filepath.Clean(defaultOf("UCAL_DATA")) {
		words += " --data " + d.cfg.Data
	}
	return words
}

func defaultOf(setting string) string {
	for _, s := range config.Settings() {
		if s.Name == setting {
			return s.Default
		}
	}
	return ""
}
