package worker

import (
	"context"
	"time"
)

// sweeps are what only time changes. Each is safe to run in several processes.
type sweeps struct{ o Options }

func newSweeps(o Options) *sweeps { return &sweeps{o} }

const (
	presenceEvery = 2 * time.Second  // a user goes offline by idleness, exact to 5 s
	queueEvery    = 30 * time.Second // safety net: it should never find anything
	closeEvery    = 5 * time.Second  // conversations whose auto-close timer has run out
	tidyEvery     = time.Hour        // records past their retention
)

func (s *sweeps) run(ctx context.Context) {
	presence, queues, tidy := time.NewTicker(presenceEvery), time.NewTicker(queueEvery), time.NewTicker(tidyEvery)
	closes := time.NewTicker(closeEvery)
	defer closes.Stop()
	defer presence.Stop()
	defer queues.Stop()
	defer tidy.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-presence.C:
			if _, err := s.o.Desk.SweepPresence(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.Error("presence sweep failed", "error", err)
			}
		case <-closes.C:
			if _, err := s.o.Desk.SweepAutoClose(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.Error("auto-close sweep failed", "error", err)
			}
		case <-queues.C:
			found, err := s.o.Desk.SweepQueues(ctx)
			if err != nil && ctx.Err() == nil {
				s.o.Log.Error("queue sweep failed", "error", err)
			}
			if found > 0 {
				s.o.Log.Error("queue sweep assigned contacts that a drain had missed: please report this", "count", found)
			}
		case <-tidy.C:
			if err := s.o.Desk.Tidy(ctx); err != nil && ctx.Err() == nil {
				s.o.Log.Error("tidying up failed", "error", err)
			}
		}
	}
}
