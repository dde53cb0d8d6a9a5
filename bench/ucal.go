package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"ucal/desk"
	"ucal/flow"
	"ucal/internal/app"
	"ucal/internal/config"
)

const (
	ucalName     = "ucal"
	ucalTemplate = "assignment-round-robin-online-only"
	ucalAgents   = 3
	// settlePoll is how often the database is asked whether runs are live: an index of the live ones answers it.
	settlePoll = 10 * time.Millisecond
	// lastRuns are the runs that ended last, for which Temporal too is asked whether they are closed.
	lastRuns = 64
)

// ucal is side (a): the product as `ucal dev` runs it, API and worker in one process, set up through its own API.
type ucal struct {
	app     *app.App
	http    *http.Client
	token   string
	channel struct {
		ID       int64  `json:"id"`
		PublicID string `json:"channelId"`
		Token    string `json:"apiToken"`
	}
	agents    []int64
	lastEvent int64 // the newest event when the phase began
	stack     cleanup
}

func startUcal(ctx context.Context, db, temporal, sinkURL string, logger *slog.Logger) (_ *ucal, err error) {
	u := &ucal{http: newHTTP()}
	defer func() {
		if err != nil {
			err = errors.Join(err, u.stop(context.WithoutCancel(ctx)))
		}
	}()
	cfg := config.Config{DatabaseURL: db, EncryptionKey: strings.Repeat("A", 43) + "=", Listen: "127.0.0.1:0", PublicURL: "http://localhost",
		TemporalAddress: temporal, TemporalNamespace: "default"} // no limits: 0 switches them off
	u.app, err = app.Start(ctx, app.Options{Config: cfg, Log: logger, API: true, Worker: true, Dev: true, Migrate: func(string) {}})
	if err != nil {
		return nil, err
	}
	u.stack.push(u.app.Stop)
	if _, u.token, err = u.app.Desk.CreateWorkspace(ctx, "Bench", "owner@ucal.example"); err != nil {
		return nil, err
	}
	return u, u.furnish(ctx, sinkURL)
}

// furnish makes three agents in team Support, the channel and the published workflow.
func (u *ucal) furnish(ctx context.Context, sinkURL string) error {
	for i := range ucalAgents {
		var user struct {
			ID int64 `json:"id"`
		}
		name := fmt.Sprintf("agent%d", i+1)
		if err := u.call(ctx, "POST", "/space/user", map[string]any{"email": name + "@ucal.example", "firstName": name, "role": "agent"}, &user); err != nil {
			return err
		}
		u.agents = append(u.agents, user.ID)
	}
	return errors.Join(
		u.call(ctx, "POST", "/space/team", map[string]any{"name": "Support", "userIds": u.agents}, nil),
		u.call(ctx, "POST", "/space/channel", map[string]any{"source": "custom_channel", "name": "Shop",
			"config": map[string]any{"apiBaseUrl": sinkURL, "idType": "custom", "rateLimit": 0}}, &u.channel),
		u.call(ctx, "POST", "/template/"+ucalTemplate+"/use", map[string]any{"parameters": map[string]any{"team": "Support"}, "publish": true}, nil),
	)
}

func (u *ucal) call(ctx context.Context, method, path string, in, into any) error {
	return post(ctx, u.http, method, "http://"+u.app.Addr()+"/v2"+path, bearer(u.token), in, into)
}

func (u *ucal) name() string { return ucalName }

func (u *ucal) target() (url, channelID string, header http.Header) {
	return "http://" + u.app.Addr() + "/custom/channel/webhook", u.channel.PublicID, bearer(u.channel.Token)
}

// prepare sets the agents online, who would be away after a quarter of an hour without a sign of life.
func (u *ucal) prepare(ctx context.Context) error {
	for _, id := range u.agents {
		if err := u.call(ctx, "PUT", fmt.Sprintf("/space/user/%d/status", id), map[string]any{"status": "online"}, nil); err != nil {
			return err
		}
	}
	return u.scan(ctx, &u.lastEvent, `SELECT coalesce(max(id), 0) FROM events`)
}

func (u *ucal) scan(ctx context.Context, into any, query string, args ...any) error {
	return u.app.Store.Read(ctx).Raw(query, args...).Scan(into).Error
}

// settle returns when no run is live, that is: each contact that was accepted is assigned and its run completed, and
// Temporal has closed it.
func (u *ucal) settle(ctx context.Context, total int) error {
	tick := time.NewTicker(settlePoll)
	defer tick.Stop()
	for {
		var live int
		if err := u.scan(ctx, &live, `SELECT count(*) FROM runs WHERE state IN ('running', 'waiting')`); err != nil {
			return err
		}
		if live == 0 {
			return u.closed(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d runs are not completed: %w", live, total, ctx.Err())
		}
	}
}

// closed waits until Temporal has closed the runs that ended last: a run's row says completed a moment before.
func (u *ucal) closed(ctx context.Context) error {
	var runs []struct {
		ID, ContactID int64
		Slug          string
	}
	err := u.scan(ctx, &runs, `SELECT r.id, r.contact_id, w.slug FROM runs r JOIN workflows w ON w.id = r.workflow_id ORDER BY r.id DESC LIMIT ?`, lastRuns)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, len(runs))
	for i, r := range runs {
		wg.Go(func() {
			errs[i] = u.app.Temporal.GetWorkflow(ctx, desk.TemporalID(r.Slug, r.ContactID, r.ID), "").Get(ctx, nil)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// assigned reads how long after its webhook each contact of the phase was assigned. Events are dated in milliseconds.
func (u *ucal) assigned(ctx context.Context, sent map[string]time.Time) ([]time.Duration, error) {
	var rows []struct {
		ExternalID string
		At         int64
	}
	err := u.scan(ctx, &rows, `SELECT i.external_id, e.at FROM events e JOIN identities i ON i.contact_id = e.contact_id WHERE e.id > ? AND e.type = ?`,
		u.lastEvent, desk.AssigneeUpdated)
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, 0, len(rows))
	for _, r := range rows {
		if begun, ok := sent[r.ExternalID]; ok {
			took = append(took, max(0, time.UnixMilli(r.At).Sub(begun)))
		}
	}
	return took, nil
}

// check demands of the database that each contact has one completed run and an assignee, and says how even the turns were.
func (u *ucal) check(ctx context.Context, contacts []string) (string, error) {
	var got struct{ Contacts, Assigned, Runs, Completed int }
	err := u.scan(ctx, &got, `SELECT (SELECT count(*) FROM contacts) AS contacts, (SELECT count(*) FROM contacts WHERE assignee_id > 0) AS assigned,
		(SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM runs WHERE state = ?) AS completed`, flow.RunCompleted)
	if err != nil {
		return "", err
	}
	want := got
	want.Contacts, want.Assigned, want.Runs, want.Completed = len(contacts), len(contacts), len(contacts), len(contacts)
	if got != want {
		return "", fmt.Errorf("%d contacts wrote, the database says %+v", len(contacts), got)
	}
	var turns []int
	if err := u.scan(ctx, &turns, `SELECT count(*) FROM contacts GROUP BY assignee_id ORDER BY 1`); err != nil {
		return "", err
	}
	if len(turns) != min(ucalAgents, len(contacts)) || turns[len(turns)-1]-turns[0] > 1 {
		return "", fmt.Errorf("round robin gave the %d agents %v contacts", ucalAgents, turns)
	}
	return fmt.Sprintf("every run completed, every contact assigned, in turn: %v", turns), nil
}

func (u *ucal) stop(ctx context.Context) error { return u.stack.run(ctx) }
