package main

import (
	"context"
	"log/slog"
)

// quiet is a log handler that drops everything once a context has ended. When
// `ucal dev` stops, its parts report every call to each other that is cut off;
// what did not stop is told by their Stop.
type quiet struct {
	slog.Handler
	after context.Context
}

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return q.after.Err() == nil && q.Handler.Enabled(ctx, level)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if q.after.Err() != nil {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler {
	return quiet{q.Handler.WithAttrs(attrs), q.after}
}

func (q quiet) WithGroup(name string) slog.Handler {
	return quiet{q.Handler.WithGroup(name), q.after}
}
