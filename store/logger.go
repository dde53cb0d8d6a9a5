package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// queryLogger reports failed queries to slog: the SQL with its placeholders and
// the database's error code. Values never reach it, and the text of the error,
// in which PostgreSQL may quote a value, is left to the caller who gets the error.
type queryLogger struct {
	log *slog.Logger
}

var (
	_ logger.Interface  = queryLogger{}
	_ gorm.ParamsFilter = queryLogger{}
)

func (l queryLogger) LogMode(logger.LogLevel) logger.Interface { return l }

func (l queryLogger) Info(context.Context, string, ...any)  {}
func (l queryLogger) Warn(context.Context, string, ...any)  {}
func (l queryLogger) Error(context.Context, string, ...any) {}

// Trace is called by GORM after every query.
func (l queryLogger) Trace(ctx context.Context, begin time.Time, query func() (string, int64), err error) {
	if err == nil || isExpected(err) || !l.log.Enabled(ctx, slog.LevelError) {
		return
	}
	text, _ := query()
	attrs := []slog.Attr{slog.String("sql", text), slog.Duration("duration", time.Since(begin))}
	if state := pgState(err); state != "" {
		attrs = append(attrs, slog.String("sqlstate", state))
	}
	if code := sqliteCode(err); code != 0 {
		attrs = append(attrs, slog.Int("sqlite_code", code))
	}
	l.log.LogAttrs(ctx, slog.LevelError, "query failed", attrs...)
}

// ParamsFilter keeps the values out of the SQL given to Trace.
func (l queryLogger) ParamsFilter(_ context.Context, query string, _ ...any) (string, []any) {
	return query, nil
}

// isExpected names the errors that are ordinary answers to the caller.
func isExpected(err error) bool {
	return errors.Is(err, gorm.ErrRecordNotFound) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) || IsDuplicate(err) || isRetryable(err)
}
