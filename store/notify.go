package store

import (
	"context"
	"errors"
	"slices"
	"sync"

	"gorm.io/gorm"
)

// Notify wakes the listeners of topic, in this process and on PostgreSQL in all
// others, once the transaction of tx has committed; never when it is rolled
// back. Several calls in one transaction make one wake-up.
//
// A wake-up is a hint to look now and carries no data. When the process dies
// between its commit and the wake-up, or the network between, it is lost: have
// a slow poll beside it.
func Notify(tx *gorm.DB, topic string) error {
	conn, ok := tx.Statement.ConnPool.(*txConn)
	if !ok {
		return errors.New("store: Notify needs the tx of DB.Write")
	}
	if !slices.Contains(conn.topics, topic) {
		conn.topics = append(conn.topics, topic)
	}
	return nil
}

// Listen returns a channel that gets a value when a transaction has notified
// topic. Wake-ups that nobody took yet merge into one. The first comes by itself
// as soon as the listening has begun, and another after each lost connection, so
// whoever looks for work at each wake-up misses nothing.
//
// Listening ends with ctx; the channel is never closed.
func (db *DB) Listen(ctx context.Context, topic string) (<-chan struct{}, error) {
	wakeups, err := db.hub.add(ctx, topic)
	if err != nil {
		return nil, err
	}
	// Until PostgreSQL is listening its first wake-up says nothing yet, but
	// costs only a look.
	wakeups.ring()
	if db.postgres != nil {
		db.postgres.listen()
	}
	return wakeups, nil
}

// announce wakes the listeners of topics after a commit.
func (db *DB) announce(topics []string) {
	if len(topics) == 0 {
		return
	}
	db.hub.wake(topics...)
	if db.postgres != nil {
		db.postgres.announce(topics)
	}
}

// bell is a channel of capacity 1: ringing it twice is ringing it once.
type bell chan struct{}

func (b bell) ring() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// hub knows the listeners of this process.
type hub struct {
	mu        sync.Mutex
	closed    bool
	listeners map[string]map[bell]struct{} // by topic
}

func newHub() *hub {
	return &hub{listeners: map[string]map[bell]struct{}{}}
}

// add registers a listener until ctx ends.
func (h *hub) add(ctx context.Context, topic string) (bell, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errors.New("listen: the database is closed")
	}
	b := make(bell, 1)
	if h.listeners[topic] == nil {
		h.listeners[topic] = map[bell]struct{}{}
	}
	h.listeners[topic][b] = struct{}{}
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.listeners[topic], b)
	})
	return b, nil
}

// wake rings the listeners of the topics.
func (h *hub) wake(topics ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, topic := range topics {
		for b := range h.listeners[topic] {
			b.ring()
		}
	}
}

// wakeAll rings every listener.
func (h *hub) wakeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, bells := range h.listeners {
		for b := range bells {
			b.ring()
		}
	}
}

// close silences all listeners.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	clear(h.listeners)
}
