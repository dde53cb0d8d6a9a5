package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// settlePause lets Temporal finish what it does after a workflow has closed, so that the next phase does not pay for it.
const settlePause = 500 * time.Millisecond

// kind is what the clients of a phase do.
type kind string

const (
	// closedLoop: each client waits for its contact's welcome before it sends for the next contact.
	closedLoop kind = "closed loop"
	// burst: each client sends for the next contact as soon as the last one was accepted.
	burst kind = "burst"
)

// phase is one measurement of one side.
type phase struct {
	side    side
	kind    kind
	clients int
	round   int
}

// outcome is what a phase measured.
type outcome struct {
	contacts  int
	accept    []time.Duration // webhook sent → 200
	welcome   []time.Duration // webhook sent → welcome at the sink
	assigned  []time.Duration // webhook sent → assigned
	accepting time.Duration   // first webhook → last 200
	whole     time.Duration   // first webhook → everything done
	cpu       time.Duration   // of the whole process
}

// measure goes through all phases, the sides taking turns.
func measure(ctx context.Context, o options, w *world, progress io.Writer) (*report, error) {
	r := newReport(o, w.database)
	if err := w.warmUp(ctx, o); err != nil {
		return nil, err
	}
	for round := range o.rounds {
		for _, clients := range o.concurrency {
			for _, k := range o.kinds() {
				for _, s := range w.sides {
					p := phase{s, k, clients, round + 1}
					out, err := w.run(ctx, o, p)
					if err != nil {
						return nil, fmt.Errorf("%s, %d clients, %s, round %d: %w", s.name(), clients, k, p.round, err)
					}
					r.add(p, out)
					fmt.Fprintf(progress, "round %d/%d  %2d clients  %-11s  %-5s  %5d contacts  %6.1f completed/s  welcome p50 %7.1f ms  accept p50 %6.1f ms\n",
						p.round, o.rounds, clients, k, s.name(), out.contacts, perSecond(out.contacts, out.whole), percentile(out.welcome, 50), percentile(out.accept, 50))
				}
			}
		}
	}
	return r, nil
}

func (o options) kinds() []kind {
	var kinds []kind
	if o.loop > 0 {
		kinds = append(kinds, closedLoop)
	}
	if o.burst > 0 {
		kinds = append(kinds, burst)
	}
	return kinds
}

// warmUp lets each side do a little of everything, unmeasured.
func (w *world) warmUp(ctx context.Context, o options) error {
	o.loop, o.burst = time.Second, 0
	for _, s := range w.sides {
		if _, err := w.run(ctx, o, phase{s, closedLoop, 8, 0}); err != nil {
			return fmt.Errorf("%s, warming up: %w", s.name(), err)
		}
	}
	return nil
}

// run measures one phase.
func (w *world) run(ctx context.Context, o options, p phase) (outcome, error) {
	if err := p.side.prepare(ctx); err != nil {
		return outcome{}, err
	}
	runtime.GC()
	time.Sleep(settlePause)
	l := &loader{w: w, p: p, o: o, http: newHTTP()}
	defer l.http.CloseIdleConnections()
	l.url, l.channel, l.header = p.side.target()

	cpu, begun := cpuTime(), time.Now()
	l.deadline = begun.Add(o.loop)
	if err := l.everyone(ctx); err != nil {
		return outcome{}, err
	}
	out := outcome{contacts: len(l.sent), accepting: l.accepted.Sub(begun)}
	waitCtx, cancel := context.WithTimeout(ctx, o.patience)
	defer cancel()
	for _, c := range l.sent {
		if err := c.arrival.wait(waitCtx); err != nil {
			return outcome{}, fmt.Errorf("no welcome for contact %s: %w", c.contact, err)
		}
	}
	for _, c := range l.sent {
		w.contacts[p.side.name()] = append(w.contacts[p.side.name()], c.contact)
	}
	if err := p.side.settle(waitCtx, len(w.contacts[p.side.name()])); err != nil {
		return outcome{}, err
	}
	out.whole, out.cpu = time.Since(begun), cpuTime()-cpu

	times := make(map[string]time.Time, len(l.sent))
	for _, c := range l.sent {
		times[c.contact] = c.at
		out.accept = append(out.accept, c.accepted)
		out.welcome = append(out.welcome, c.arrival.at.Sub(c.at))
	}
	var err error
	out.assigned, err = p.side.assigned(ctx, times)
	return out, err
}

// loader is the clients of one phase.
type loader struct {
	w        *world
	p        phase
	o        options
	http     *http.Client
	url      string
	channel  string
	header   http.Header
	deadline time.Time
	begun    atomic.Int64 // contacts asked for by more
	serial   atomic.Int64 // contacts named by one

	mu       sync.Mutex
	sent     []sent
	accepted time.Time // of the last one
}

// sent is one webhook that was accepted.
type sent struct {
	contact  string
	at       time.Time
	accepted time.Duration
	arrival  *arrival
}

// everyone lets all clients work until each has nothing more to do. The first error ends all.
func (l *loader) everyone(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range l.p.clients {
		wg.Go(func() {
			for l.more() && ctx.Err() == nil {
				if err := l.one(ctx); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// more says whether another contact is to be sent for, and counts it.
func (l *loader) more() bool {
	n := l.begun.Add(1)
	if l.p.kind == burst {
		return n <= int64(l.o.burst)
	}
	return time.Now().Before(l.deadline)
}

// one sends the webhook of a new contact.
func (l *loader) one(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, l.o.patience, errors.New("nothing came in time"))
	defer cancel()
	contact := fmt.Sprintf("%s_%d_%d_%d_%d", l.p.side.name(), l.p.round, l.p.clients, len(l.p.kind), l.serial.Add(1))
	s := sent{contact: contact, arrival: l.w.sink.expect(contact), at: time.Now()}
	if err := post(ctx, l.http, http.MethodPost, l.url, l.header, hello(l.channel, contact), nil); err != nil {
		return err
	}
	now := time.Now()
	s.accepted = now.Sub(s.at)
	l.mu.Lock()
	l.sent, l.accepted = append(l.sent, s), now
	l.mu.Unlock()
	if l.p.kind == burst {
		return nil
	}
	if err := s.arrival.wait(ctx); err != nil {
		return fmt.Errorf("no welcome for contact %s: %w", contact, err)
	}
	return nil
}
