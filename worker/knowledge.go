package worker

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"ucal/desk"
)

// Pages fetches documents of the web, in one attempt. An error may say with
// Retryable() bool that a later attempt could succeed.
type Pages interface {
	Get(ctx context.Context, url string) (mediaType string, body []byte, err error)
}

const (
	pagesEvery = 2 * time.Second
	pagesBatch = 4               // pages that are fetched side by side
	pagesLease = 3 * time.Minute // longer than fetching and reading one page take
)

// knowledge fetches the web pages that are to be known. It is safe to run in
// several processes.
type knowledge struct {
	desk  *desk.Desk
	pages Pages
	log   *slog.Logger
}

func newKnowledge(o Options) *knowledge { return &knowledge{o.Desk, o.Pages, o.Log} }

func (k *knowledge) run(ctx context.Context) {
	if k.pages == nil {
		return
	}
	tick := time.NewTicker(pagesEvery)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			n, err := k.pass(ctx)
			if err != nil && ctx.Err() == nil {
				k.log.Error("fetching knowledge failed", "error", err)
			}
			more = err == nil && n == pagesBatch
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// pass fetches the pages whose time has come, a batch of them, and says how many
// they were.
func (k *knowledge) pass(ctx context.Context) (int, error) {
	fetches, err := k.desk.LeaseKnowledge(ctx, pagesBatch, pagesLease)
	if err != nil {
		return 0, err
	}
	errs := make([]error, len(fetches))
	var all sync.WaitGroup
	for i, f := range fetches {
		all.Go(func() { errs[i] = k.fetch(ctx, f) })
	}
	all.Wait()
	return len(fetches), errors.Join(errs...)
}

func (k *knowledge) fetch(ctx context.Context, f desk.KnowledgeFetch) error {
	mediaType, body, err := k.pages.Get(ctx, f.URL)
	if ctx.Err() != nil {
		return ctx.Err() // the process ends: the lease runs out, and another one fetches it
	}
	if err != nil {
		r, ok := errors.AsType[interface {
			error
			Retryable() bool
		}](err)
		return k.desk.KnowledgeNotFetched(ctx, f, err.Error(), ok && r.Retryable())
	}
	return k.desk.KnowledgeFetched(ctx, f, mediaType, body)
}
