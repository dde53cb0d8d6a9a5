package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLSTATEs of PostgreSQL that we act upon.
const (
	pgUniqueViolation      = "23505"
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
)

// IsDuplicate says whether err, or one it wraps, is a violated unique index or
// primary key.
//
// On PostgreSQL the transaction is spent after it: when fn is to go on, insert
// with ON CONFLICT DO NOTHING and look at the rows affected instead.
func IsDuplicate(err error) bool {
	return errors.Is(err, gorm.ErrDuplicatedKey) ||
		pgState(err) == pgUniqueViolation || isUniqueViolation(sqliteCode(err))
}

// isRetryable says whether the same transaction may well succeed when run again.
func isRetryable(err error) bool {
	switch pgState(err) {
	case pgSerializationFailure, pgDeadlockDetected:
		return true
	}
	return sqliteCode(err)&0xff == sqlite3.SQLITE_BUSY
}

func pgState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// sqliteCode is the extended result code of SQLite, 0 for other errors. The
// primary code is its low byte.
func sqliteCode(err error) int {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code()
	}
	return 0
}

func isUniqueViolation(code int) bool {
	return code == sqlite3.SQLITE_CONSTRAINT_UNIQUE ||
		code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY ||
		code == sqlite3.SQLITE_CONSTRAINT_ROWID
}

// What CheckSchema and Migrate report about a schema of another version; use
// errors.Is. The error itself is a *SchemaError.
var (
	ErrSchemaOlder = errors.New("the database is older than this ucal")
	ErrSchemaNewer = errors.New("the database is newer than this ucal")
)

// SchemaError says that the database has not the schema version of this binary.
// It matches ErrSchemaOlder or ErrSchemaNewer.
type SchemaError struct {
	Have int64 // version of the database; 0 when it is empty
	Want int64 // version of this binary
}

func (e *SchemaError) Error() string {
	if e.Have < e.Want {
		return fmt.Sprintf("%v: its schema has version %d, this ucal needs version %d: run `ucal migrate`",
			ErrSchemaOlder, e.Have, e.Want)
	}
	return fmt.Sprintf("%v: its schema has version %d, this ucal knows versions up to %d: "+
		"use the newer ucal again, or another database or data folder (--data)", ErrSchemaNewer, e.Have, e.Want)
}

// Is matches the sentinel of the direction.
func (e *SchemaError) Is(target error) bool {
	if e.Have < e.Want {
		return target == ErrSchemaOlder
	}
	return target == ErrSchemaNewer
}
