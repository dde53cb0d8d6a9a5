package devserver

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logBridge passes Temporal's log to slog. Temporal writes for the operators of a cluster: info lines by the hundred, and
// warnings and errors while its own services find each other at start and lose each other at stop. Only what happens
// between the two, as a warning or worse, is worth a developer's eye.
type logBridge struct {
	out   *slog.Logger
	phase *atomic.Int32 // shared by all loggers made with With
}

const (
	phaseStarting int32 = iota
	phaseRunning
	phaseStopping
)

var (
	_ log.Logger     = (*logBridge)(nil)
	_ log.WithLogger = (*logBridge)(nil)
)

func newLogBridge(out *slog.Logger) *logBridge {
	return &logBridge{out: out.With("component", "temporal"), phase: new(atomic.Int32)}
}

func (l *logBridge) started()  { l.phase.Store(phaseRunning) }
func (l *logBridge) stopping() { l.phase.Store(phaseStopping) }

// Debug and Info are dropped.
func (l *logBridge) Debug(string, ...tag.Tag) {}

// Info is dropped.
func (l *logBridge) Info(string, ...tag.Tag) {}

// Warn passes while the server runs.
func (l *logBridge) Warn(msg string, tags ...tag.Tag) { l.write(slog.LevelWarn, msg, tags) }

// Error passes while the server runs.
func (l *logBridge) Error(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

// DPanic is Temporal's word for a broken invariant that production survives; so do we.
func (l *logBridge) DPanic(msg string, tags ...tag.Tag) { l.Error(msg, tags...) }

// Panic panics in every phase, as its caller relies on not going on.
func (l *logBridge) Panic(msg string, tags ...tag.Tag) { l.fail(msg, tags) }

// Fatal panics too: the caller relies on not going on, and os.Exit would skip the deferred clean-up of our process.
func (l *logBridge) Fatal(msg string, tags ...tag.Tag) { l.fail(msg, tags) }

// With returns a logger that adds the tags to every line.
func (l *logBridge) With(tags ...tag.Tag) log.Logger {
	return &logBridge{out: l.out.With(attrs(tags)...), phase: l.phase}
}

func (l *logBridge) write(level slog.Level, msg string, tags []tag.Tag) {
	if l.phase.Load() != phaseRunning || msg == largePage {
		return
	}
	l.out.Log(context.Background(), level, msg, attrs(tags)...)
}

// largePage is Temporal's warning for each run that is opened in its own UI, which asks for the whole history at once.
const largePage = "GetHistory page size is larger than threshold"

func (l *logBridge) fail(msg string, tags []tag.Tag) {
	panic(&fatalError{msg: msg, tags: attrs(tags)})
}

// fatalError is what Temporal cannot go on from.
type fatalError struct {
	msg  string
	tags []any
}

func (e *fatalError) Error() string { return fmt.Sprintf("Temporal server: %s %v", e.msg, e.tags) }

// recoverFatal makes an error of a fatalError that was raised while the server is being put together.
func recoverFatal(err *error) {
	switch p := recover().(type) {
	case nil:
	case *fatalError:
		*err = p
	default:
		panic(p)
	}
}

func attrs(tags []tag.Tag) []any {
	out := make([]any, 0, len(tags))
	for _, t := range tags {
		out = append(out, slog.Any(t.Key(), t.Value()))
	}
	return out
}
