package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// tally is a number that grows and can be waited for.
type tally struct {
	mu      sync.Mutex
	n       int
	changed chan struct{} // closed at the next change
}

func newTally() *tally { return &tally{changed: make(chan struct{})} }

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += n
	close(t.changed)
	t.changed = make(chan struct{})
}

// reach returns when the number is at least n, or with the context's error.
func (t *tally) reach(ctx context.Context, n int) error {
	for {
		t.mu.Lock()
		have, changed := t.n, t.changed
		t.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%d of %d are done: %w", have, n, ctx.Err())
		}
	}
}

// cleanup is what must be stopped, in reverse order.
type cleanup []func(context.Context) error

func (c *cleanup) push(stop func(context.Context) error) { *c = append(*c, stop) }

func (c *cleanup) run(ctx context.Context) error {
	var errs []error
	for i := len(*c) - 1; i >= 0; i-- {
		errs = append(errs, (*c)[i](ctx))
	}
	*c = nil
	return errors.Join(errs...)
}
