package flow

import (
	"errors"
	"time"
)

// Host is the world as a run sees it. Temporal implements it in package
// workflows; tests and the simulator implement it in memory.
type Host interface {
	// Do carries out an effect exactly once per Call.No and returns its result.
	// An error is internal (never caused by user data) and fails the run.
	Do(call Call, e Effect) (Result, error)
	// Await blocks until the wait is over: Answered, Done (assigned, timer),
	// TimedOut, Failed or Ended. It opens nothing: the effect with number
	// Wait.No has opened it.
	Await(call Call, w Wait) (Result, error)
	// Now is the present time, the same in every replay.
	Now() time.Time
}

// Renewer is an optional power of a Host: it wants a long run to go on in a
// fresh execution. Execute then stops with ErrRenew at the next boundary, where
// State is all that a run remembers.
type Renewer interface{ Renew() bool }

// ErrRenew is what Execute returns when a Renewer wants a fresh execution: call
// Execute again with the same state.
var ErrRenew = errors.New("the run goes on in a fresh execution")

// WaitKind says what a run waits for.
type WaitKind string

// The kinds of waits.
const (
	WaitAnswer     WaitKind = "answer"
	WaitTimer      WaitKind = "timer"
	WaitAssignment WaitKind = "assignment"
	WaitRetry      WaitKind = "retry"
	WaitChild      WaitKind = "child"
	WaitAI         WaitKind = "ai"
)

// Wait names an open wait. DueAt is its deadline; only a wait for a child may
// have none (zero).
type Wait struct {
	No    int       `json:"no"` // number of the effect that opened it
	Kind  WaitKind  `json:"kind"`
	DueAt time.Time `json:"due_at"`
}
