package flow

import "time"

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

// WaitKind says what a run waits for.
type WaitKind string

// The kinds of waits.
const (
	WaitAnswer     WaitKind = "answer"
	WaitTimer      WaitKind = "timer"
	WaitAssignment WaitKind = "assignment"
	WaitRetry      WaitKind = "retry"
)

// Wait names an open wait. DueAt is its deadline; it is never zero.
type Wait struct {
	No    int       `json:"no"` // number of the effect that opened it
	Kind  WaitKind  `json:"kind"`
	DueAt time.Time `json:"due_at"`
}
