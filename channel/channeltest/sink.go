package channeltest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"ucal/channel"
)

// Sink is a fake custom-channel integration: it takes POST /message, checks it strictly, records it, and answers with an mId. A repeated
// Idempotency-Key is answered as the first time and counted as a repeat. It is safe for concurrent use.
type Sink struct {
	mu        sync.Mutex
	server    *http.Server
	url       string
	changed   chan struct{} // closed at the next change
	token     string
	trouble   func(Received) Trouble
	byKey     map[string]*Received
	byContact map[string][]*Received
	taken     []Taken
	refused   []string
	repeats   int
}

// Received is one message that the sink took.
type Received struct {
	Key       string
	ChannelID string
	ContactID string
	MID       string // what the sink answered
	Message   channel.Message
	At        time.Time // of the first call with this key
	Repeats   int       // further calls with this key
}

// Trouble is what the sink does instead of simply answering; the zero value is none.
type Trouble struct {
	Delay      time.Duration // before anything else
	Status     int           // answers this instead of 200, and stores nothing
	Reason     string        // in the answer of a Status
	RetryAfter time.Duration // as a header beside a Status, whole seconds
	Hang       bool          // stores the message, then gives no answer until the caller goes away
	Reset      bool          // stores the message, then cuts the connection
	NoID       bool          // answers without mId
}

// NewSink makes a sink. It is a handler; Start makes a server of it.
func NewSink() *Sink {
	return &Sink{changed: make(chan struct{}), byKey: map[string]*Received{}, byContact: map[string][]*Received{}}
}

// StartSink makes a sink and starts it on a free port of loopback.
func StartSink() (*Sink, error) {
	s := NewSink()
	return s, s.Start("127.0.0.1:0")
}

// Start listens on an address of loopback. After Close it may start again, with all that was received.
func (s *Sink) Start(addr string) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("start the sink on %s: %w", addr, err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.server, s.url = server, "http://"+listener.Addr().String()
	s.mu.Unlock()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.refuse("the sink stopped serving: " + err.Error())
		}
	}()
	return nil
}

// URL is the API base URL for the channel's configuration; "" before Start.
func (s *Sink) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Close stops the server and cuts its connections. What was received stays.
func (s *Sink) Close() error {
	s.mu.Lock()
	server := s.server
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Close()
}

// SetToken makes the sink demand the channel's API token; before, any bearer token will do.
func (s *Sink) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// OnCall is asked at every well-formed call, repeats included, what trouble to make; nil = none. At and MID of its argument are those of the first
// call. It must be safe for concurrent use.
func (s *Sink) OnCall(trouble func(Received) Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// Received is what one contact got, in order of arrival, each key once.
func (s *Sink) Received(contactID string) []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return values(s.byContact[contactID])
}

// All is what every contact got.
func (s *Sink) All() map[string][]Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string][]Received, len(s.byContact))
	for contact, list := range s.byContact {
		all[contact] = values(list)
	}
	return all
}

// Count is the number of messages, each key once.
func (s *Sink) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey)
}

// Contacts is the number of contacts who got something.
func (s *Sink) Contacts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byContact)
}

// Repeats is the number of calls whose key had been taken before.
func (s *Sink) Repeats() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repeats
}

// Refused says why calls were not even well-formed: a test that expects none should check that it is empty.
func (s *Sink) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

// Taken is every call that was taken, for the conformance harness.
func (s *Sink) Taken() []Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// WaitFor returns when the condition holds, which it checks at once and after each change, or with the context's error. The condition may call
// the sink's methods.
func (s *Sink) WaitFor(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if cond() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the sink has %d messages for %d contacts, %d repeats, %d calls refused: %w",
				s.Count(), s.Contacts(), s.Repeats(), len(s.Refused()), ctx.Err())
		}
	}
}

// WaitForCount waits until that many messages have come.
func (s *Sink) WaitForCount(ctx context.Context, n int) error {
	return s.WaitFor(ctx, func() bool { return s.Count() >= n })
}

// store records a call and gives the message it is about; the caller holds no lock.
func (s *Sink) store(r Received) Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	first, repeated := s.byKey[r.Key]
	if repeated {
		first.Repeats++
		s.repeats++
	} else {
		r.MID, r.At = "sink-"+strconv.Itoa(len(s.byKey)+1), time.Now()
		first = &r
		s.byKey[r.Key] = first
		s.byContact[r.ContactID] = append(s.byContact[r.ContactID], first)
	}
	s.taken = append(s.taken, Taken{Key: r.Key, To: r.ContactID, ProviderID: first.MID, Message: r.Message})
	s.wake()
	return *first
}

func (s *Sink) refuse(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, why)
	s.wake()
}

// wake tells the waiting ones; the caller holds the lock.
func (s *Sink) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func values(list []*Received) []Received {
	out := make([]Received, len(list))
	for i, r := range list {
		out[i] = *r
	}
	return out
}
