package desk

import (
	"errors"
	"fmt"
	"time"

	"ucal/channel"
	"ucal/flow"
)

// Code is the class of an error; the API maps it to a status.
type Code string

// The codes.
const (
	Invalid      Code = "invalid"      // 400
	Unauthorized Code = "unauthorized" // 401
	Forbidden    Code = "forbidden"    // 403
	NotFound     Code = "not_found"    // 404
	Conflict     Code = "conflict"     // 409
	RateLimited  Code = "rate_limited" // 429
	Unavailable  Code = "unavailable"  // 503

	Unprocessable Code = "unprocessable" // 422: an incoming webhook means a contact that does not exist
)

// Error is a refusal that a caller can mend. Any other error of this package is
// internal: a bug or a broken database.
type Error struct {
	Code       Code
	Word       string // stable word of the API: already_exists, stale_revision …
	Message    string // one sentence for people: the field, the value, the mend
	Details    []channel.Detail
	Problems   flow.Problems
	RetryAfter time.Duration
}

func (e *Error) Error() string { return e.Message }

func refuse(code Code, word, format string, args ...any) *Error {
	return &Error{Code: code, Word: word, Message: fmt.Sprintf(format, args...)}
}

// invalid is a bad value of one field.
func invalid(path, format string, args ...any) *Error {
	msg := fmt.Sprintf(format, args...)
	return &Error{Code: Invalid, Word: "invalid_argument", Message: msg,
		Details: []channel.Detail{{Path: path, Error: channel.DetailInvalid, Message: msg}}}
}

func notFound(what string, id any) *Error {
	return refuse(NotFound, "not_found", "%s %v does not exist in this workspace", what, id)
}

// AsError finds the *Error in an error; nil for internal errors.
func AsError(err error) *Error {
	e, _ := errors.AsType[*Error](err)
	return e
}
