package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// sink is the channel endpoint of both sides: it takes POST /message, notes when the contact's message came, and answers
// with an mId. It does as little as possible, for it runs on the cores that are measured.
type sink struct {
	server *http.Server
	url    string

	mu        sync.Mutex
	arrivals  map[string]*arrival // by contact
	answered  int
	strangers int // messages to contacts that nobody announced
}

// arrival is what came for one contact.
type arrival struct {
	came    chan struct{} // closed when the first message is here
	at      time.Time     // of the first message, once came is closed
	key     string        // idempotency key of the first message
	others  int           // further messages, under another key: each is a mistake
	repeats int           // the first message again
}

func startSink() (*sink, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the sink: %w", err)
	}
	s := &sink{url: "http://" + ln.Addr().String(), arrivals: map[string]*arrival{}}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.server.Serve(ln) }() // a sink that ends shows as welcomes that do not come
	return s, nil
}

func (s *sink) stop(context.Context) error { return s.server.Close() }

// expect announces a contact, before its webhook is sent.
func (s *sink) expect(contact string) *arrival {
	a := &arrival{came: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals[contact] = a
	return a
}

// wait returns when the contact's message is here, or with the context's error.
func (a *arrival) wait(ctx context.Context) error {
	select {
	case <-a.came:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	at := time.Now()
	var m outbound
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/message" || json.Unmarshal(raw, &m) != nil || m.Message.Text == "" {
		http.Error(w, "not a text message of the protocol", http.StatusBadRequest)
		return
	}
	mID := s.take(m.ContactID, r.Header.Get("Idempotency-Key"), at)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"mId":"sink-`+strconv.Itoa(mID)+`"}`) // the caller may be gone
}

func (s *sink) take(contact, key string, at time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answered++
	a := s.arrivals[contact]
	switch {
	case a == nil:
		s.strangers++
	case a.at.IsZero():
		a.at, a.key = at, key
		close(a.came)
	case a.key == key:
		a.repeats++
	default:
		a.others++
	}
	return s.answered
}

// check demands that each of a side's contacts got exactly one message.
func (s *sink) check(contacts []string) (repeats int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	if s.strangers > 0 {
		errs = append(errs, fmt.Errorf("%d messages to contacts that never wrote", s.strangers))
	}
	for _, c := range contacts {
		a := s.arrivals[c]
		switch {
		case a == nil || a.at.IsZero():
			errs = append(errs, fmt.Errorf("contact %s got no message", c))
		case a.others > 0:
			errs = append(errs, fmt.Errorf("contact %s got %d messages instead of one", c, 1+a.others))
		default:
			repeats += a.repeats
		}
	}
	return repeats, errors.Join(errs...)
}
