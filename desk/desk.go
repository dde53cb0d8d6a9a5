package desk

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"ucal/channel"
	"ucal/flow"
	"ucal/internal/document"
	"ucal/internal/secret"
	"ucal/store"
)

// Topic is the store's notification that the outbox has new rows.
const Topic = "outbox"

// Options of a Desk.
type Options struct {
	Store    *store.DB
	Channels channel.Catalogue
	Secrets  *secret.Box
	Log      *slog.Logger
	Now      func() time.Time // default time.Now

	PublicURL     string        // without a trailing slash; shown in webhook addresses
	StartsPerHour int           // starts of one workflow for one contact; default 60
	MaxWorkflows  int           // per workspace; default 100
	KeepSteps     time.Duration // how long step logs are kept after the end of their run; default 90 days
	KeepDecisions time.Duration // how long trigger decisions are kept; default 30 days
	ChannelRate   int           // messages a second of one channel and direction: -1 = as the channel says, 0 = no limit
	RetryWindow   time.Duration // how long a refused send is tried again; default 5 minutes
	MessageExpiry time.Duration // how long a message may wait for the limiter; default 24 hours
	AI            AIOptions

	CheckURL func(raw string) error                                                   // says why we may not call an address; nil = we may call every one
	Probes   map[flow.Service]func(ctx context.Context, config json.RawMessage) Probe // harmless calls to the services of integrations

	ReadDocument func(name, mediaType string, content []byte) (string, error) // the text of knowledge; default document.Read, which a hostile PDF can kill
}

// Desk is the one way to change the data of ucal. It is safe for concurrent use.
type Desk struct {
	Options
	db *store.DB

	mu       sync.Mutex
	versions map[int64]*flow.Definition // published versions never change
	plain    opened
	recent   recent
}

// New returns a desk over an open, migrated database.
func New(o Options) *Desk {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.StartsPerHour == 0 {
		o.StartsPerHour = 60
	}
	if o.MaxWorkflows == 0 {
		o.MaxWorkflows = 100
	}
	if o.KeepSteps == 0 {
		o.KeepSteps = keepSteps
	}
	if o.KeepDecisions == 0 {
		o.KeepDecisions = keepDecisions
	}
	if o.RetryWindow == 0 {
		o.RetryWindow = 5 * time.Minute
	}
	if o.MessageExpiry == 0 {
		o.MessageExpiry = 24 * time.Hour
	}
	if o.ReadDocument == nil {
		o.ReadDocument = document.Read
	}
	o.AI = o.AI.withDefaults()
	return &Desk{Options: o, db: o.Store, versions: map[int64]*flow.Definition{}}
}

// Ping reports whether the database answers.
func (d *Desk) Ping(ctx context.Context) error { return d.db.Ping(ctx) }

// CheckSchema reports whether the database is at the version of this program.
func (d *Desk) CheckSchema(ctx context.Context) error { return d.db.CheckSchema(ctx) }

// millis is the present time as it is stored.
func (d *Desk) millis() int64 { return d.Now().UnixMilli() }
