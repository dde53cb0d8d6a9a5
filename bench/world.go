package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/gin-gonic/gin"

	"ucal/internal/devserver"
	"ucal/workflows"
)

// side is one of the two programs that are compared.
type side interface {
	name() string
	// target is where webhooks go, the channel they come from, and the headers they carry.
	target() (url, channelID string, header http.Header)
	// prepare is called before each phase, outside the measured time.
	prepare(ctx context.Context) error
	// settle returns when everything that was accepted is done; total is the number of contacts so far.
	settle(ctx context.Context, total int) error
	// assigned says how long after sending each contact was assigned; nil where nobody is.
	assigned(ctx context.Context, sent map[string]time.Time) ([]time.Duration, error)
	// check demands that everything is as it should be in the end, and says what was checked.
	check(ctx context.Context, contacts []string) (string, error)
}

// world is everything that runs: one Temporal, one sink, both sides.
type world struct {
	sink     *sink
	sides    []side
	database string
	contacts map[string][]string // by side, in the order in which they wrote
	stack    cleanup
}

func newWorld(ctx context.Context, o options, dir string) (_ *world, err error) {
	gin.SetMode(gin.ReleaseMode)
	w := &world{contacts: map[string][]string{}, database: "PostgreSQL"}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.stop())
		}
	}()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	attributes := map[string]devserver.SearchAttributeType{}
	for _, a := range workflows.SearchAttributes() {
		attributes[a] = devserver.Keyword
	}
	temporal, err := devserver.Start(ctx, devserver.Config{DatabaseFile: filepath.Join(dir, "temporal.db"), UIPort: devserver.NoUI, SearchAttributes: attributes})
	if err != nil {
		return nil, err
	}
	w.stack.push(temporal.Stop)
	if w.sink, err = startSink(); err != nil {
		return nil, err
	}
	w.stack.push(w.sink.stop)
	if o.only != plainName {
		db := o.db
		if db == "" {
			db, w.database = "sqlite:"+filepath.Join(dir, "ucal.db"), "an SQLite file"
		}
		u, err := startUcal(ctx, db, temporal.Addr(), w.sink.url, logger)
		if err != nil {
			return nil, fmt.Errorf("start side %s: %w", ucalName, err)
		}
		w.add(u, u.stop)
	}
	if o.only != ucalName {
		p, err := startPlain(temporal.Addr(), w.sink.url, logger)
		if err != nil {
			return nil, fmt.Errorf("start side %s: %w", plainName, err)
		}
		w.add(p, p.stop)
	}
	return w, nil
}

func (w *world) add(s side, stop func(context.Context) error) {
	w.sides = append(w.sides, s)
	w.stack.push(stop)
}

// check verifies both sides and says what it found, a sentence each.
func (w *world) check(ctx context.Context) ([]string, error) {
	var found []string
	for _, s := range w.sides {
		contacts := w.contacts[s.name()]
		repeats, err := w.sink.check(contacts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(), err)
		}
		more, err := s.check(ctx, contacts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.name(), err)
		}
		found = append(found, fmt.Sprintf("%s: %d contacts, each got exactly one welcome (%d repeated under the same key), %s", s.name(), len(contacts), repeats, more))
	}
	return found, nil
}

func (w *world) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return w.stack.run(ctx)
}
