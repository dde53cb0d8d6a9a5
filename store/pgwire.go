package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	pgChannel = "ucal" // one NOTIFY channel for all topics; the payload is "sender topic"

	firstBackoff   = 50 * time.Millisecond
	longestBackoff = 5 * time.Second
	checkEvery     = time.Minute // a silent LISTEN connection is asked whether it lives
	wireTimeout    = 5 * time.Second
)

// pgWire carries wake-ups between processes by LISTEN and NOTIFY.
//
// NOTIFY is sent after the commit, merged, by one goroutine, and not inside the
// transaction: there PostgreSQL would hold a lock across the commit that lets
// only one notifying transaction of the whole server commit at a time, so every
// webhook would wait for the disk alone instead of in a group.
type pgWire struct {
	pool   *sql.DB
	config *pgx.ConnConfig
	hub    *hub
	log    *slog.Logger
	sender string // tells our own notifications, whose listeners are awake already

	ctx         context.Context
	cancel      context.CancelFunc
	running     sync.WaitGroup
	startListen sync.Once
	startSend   sync.Once

	mu     sync.Mutex
	due    map[string]struct{} // topics to send
	hasDue bell
}

func newPGWire(pool *sql.DB, config *pgx.ConnConfig, hub *hub, log *slog.Logger) *pgWire {
	ctx, cancel := context.WithCancel(context.Background())
	return &pgWire{
		pool: pool, config: config, hub: hub, log: log,
		sender: rand.Text(),
		ctx:    ctx, cancel: cancel,
		due: map[string]struct{}{}, hasDue: make(bell, 1),
	}
}

// close sends what is due and ends both goroutines.
func (w *pgWire) close() {
	w.cancel()
	w.running.Wait()
}

// announce hands topics to the sending goroutine.
func (w *pgWire) announce(topics []string) {
	w.mu.Lock()
	for _, topic := range topics {
		w.due[topic] = struct{}{}
	}
	w.mu.Unlock()
	w.hasDue.ring()
	w.startSend.Do(func() { w.running.Go(w.sendLoop) })
}

func (w *pgWire) sendLoop() {
	for {
		select {
		case <-w.ctx.Done():
			if err := w.send(); err != nil {
				w.log.Warn("wake-ups not sent before closing", "error", err)
			}
			return
		case <-w.hasDue:
		}
		if err := w.send(); err != nil {
			w.log.Warn("wake-ups not sent, trying again", "error", err)
			wait(w.ctx, time.Second)
			w.hasDue.ring()
		}
	}
}

// send notifies the other processes of all due topics; on an error they stay due.
func (w *pgWire) send() error {
	w.mu.Lock()
	payloads := make([]string, 0, len(w.due))
	for topic := range w.due {
		payloads = append(payloads, w.sender+" "+topic)
	}
	clear(w.due)
	w.mu.Unlock()
	if len(payloads) == 0 {
		return nil
	}
	// Not bound to w.ctx: closing sends once more.
	ctx, cancel := context.WithTimeout(context.Background(), wireTimeout)
	defer cancel()
	_, err := w.pool.ExecContext(ctx, "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", pgChannel, payloads)
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, payload := range payloads {
			w.due[strings.TrimPrefix(payload, w.sender+" ")] = struct{}{}
		}
	}
	return err
}

// listen starts the one LISTEN connection of this DB.
func (w *pgWire) listen() {
	w.startListen.Do(func() { w.running.Go(w.listenLoop) })
}

func (w *pgWire) listenLoop() {
	backoff := firstBackoff
	for w.ctx.Err() == nil {
		connected, err := w.receive()
		if connected {
			backoff = firstBackoff
		}
		if w.ctx.Err() != nil {
			return
		}
		w.log.Warn("connection for wake-ups lost, connecting again", "error", err, "backoff", backoff)
		wait(w.ctx, backoff)
		backoff = min(2*backoff, longestBackoff)
	}
}

// receive connects and passes wake-ups on until the connection is lost.
func (w *pgWire) receive() (connected bool, err error) {
	conn, err := w.connect()
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), wireTimeout)
		defer cancel()
		_ = conn.Close(ctx) // nothing is lost with it
	}()
	// What happened before LISTEN went unheard, so everybody looks once.
	w.hub.wakeAll()
	for {
		ctx, cancel := context.WithTimeout(w.ctx, checkEvery)
		n, err := conn.WaitForNotification(ctx)
		cancel()
		switch {
		case err == nil:
			if sender, topic, ok := strings.Cut(n.Payload, " "); ok && sender != w.sender {
				w.hub.wake(topic)
			}
		case w.ctx.Err() == nil && pgconn.Timeout(err):
			if err := w.check(conn); err != nil {
				return true, err
			}
		default:
			return true, err
		}
	}
}

func (w *pgWire) connect() (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(w.ctx, wireTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, w.config)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+pgChannel); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// check finds connections that died without a word.
func (w *pgWire) check(conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(w.ctx, wireTimeout)
	defer cancel()
	return conn.Ping(ctx)
}
