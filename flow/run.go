package flow

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"
)

// RunState is the state of a run.
type RunState string

// The states of a run. A live run is running or waiting.
const (
	RunRunning   RunState = "running"
	RunWaiting   RunState = "waiting"
	RunCompleted RunState = "completed"
	RunExited    RunState = "exited"
	RunFailed    RunState = "failed"
)

// EndReason says why a run ended.
type EndReason string

// The reasons for which a run ends (workflow specification 2.4).
const (
	EndOfPath            EndReason = "end_of_path"
	EndTimeout           EndReason = "timeout"
	EndJumpLimit         EndReason = "jump_limit"
	EndMessageFailed     EndReason = "message_failed"
	EndWorkflowStopped   EndReason = "workflow_stopped"
	EndWorkflowDeleted   EndReason = "workflow_deleted"
	EndStoppedByUser     EndReason = "stopped_by_user"
	EndOutgoingMessage   EndReason = "outgoing_message"
	EndIncomingMessage   EndReason = "incoming_message"
	EndManualAssignment  EndReason = "manual_assignment"
	EndConversationClose EndReason = "conversation_closed"
	EndContactBlocked    EndReason = "contact_blocked"
	EndContactDeleted    EndReason = "contact_deleted"
	EndContactMerged     EndReason = "contact_merged"
	EndParentEnded       EndReason = "parent_ended"
	EndStepLimit         EndReason = "step_limit"
	EndError             EndReason = "error"
)

// Ending is how a run came out.
type Ending struct {
	State  RunState  `json:"state"`
	Reason EndReason `json:"reason"`
}

// MaxSteps is how many steps one run may execute before it fails.
const MaxSteps = 10_000

// State is everything a run remembers between two steps. It is serialisable;
// the zero value with Vars filled is a run that has not begun.
type State struct {
	At      string            `json:"at"`      // id of the step to execute next; "" = the first
	Seq     int               `json:"seq"`     // step executions so far
	Effects int               `json:"effects"` // effect numbers used so far
	Visits  map[string]int    `json:"visits,omitempty"`
	Jumps   map[string]int    `json:"jumps,omitempty"`
	Vars    map[string]string `json:"vars,omitempty"`
	Trail   []Entry           `json:"trail,omitempty"` // step log not handed over yet
	Open    *Entry            `json:"open,omitempty"`  // the step at At is in the middle of its execution: its entry
}

// Execute walks a run from st.At to its end. st is changed in place and is
// consistent whenever the host is called. The error is the host's: internal,
// never caused by user data.
func Execute(def *Definition, st *State, host Host) (Ending, error) {
	x := &Execution{def: def, st: st, host: host}
	if st.At == "" && len(def.Steps) > 0 {
		st.At = def.Steps[0].ID
	}
	x.declare()
	renew, _ := host.(Renewer)
	for begun := false; st.At != ""; begun = true { // an execution gets somewhere before it is renewed
		if renew != nil && begun && renew.Renew() {
			return Ending{}, ErrRenew
		}
		if st.Seq >= MaxSteps {
			return Ending{RunFailed, EndStepLimit}, nil
		}
		next, end, err := x.step()
		if err != nil || end != nil {
			return endOr(end), err
		}
		st.At = next
	}
	return Ending{RunCompleted, EndOfPath}, nil
}

func endOr(e *Ending) Ending {
	if e == nil {
		return Ending{RunFailed, EndError}
	}
	return *e
}

// Execution is one step being executed: what a step's run method works with.
type Execution struct {
	def   *Definition
	st    *State
	host  Host
	cur   *Step
	entry Entry
	ended *EndReason // set by a host result Ended
}

// way is how a step came out: the arm it leaves by, or an exit.
type way struct {
	arm     Arm
	jump    string    // Jump To: goes here instead of along the arm
	exit    EndReason // not empty: the run ends here
	again   bool      // the step's execution goes on with its next turn
	failed  bool
	skipped bool // the step did nothing: it is logged as skipped
	code    string
}

// by leaves through an arm; code is the reason code for the step log, if any.
func by(a Arm, code ...string) way {
	w := way{arm: a}
	if len(code) > 0 && code[0] != "" {
		w.code, w.failed = code[0], true
	}
	return w
}

func exit(r EndReason, code ...string) way {
	w := by("", code...)
	w.exit = r
	return w
}

// step executes the step at st.At and returns the id of the next one.
func (x *Execution) step() (string, *Ending, error) {
	s := x.def.Step(x.st.At)
	if s == nil {
		return "", &Ending{RunFailed, EndError}, nil
	}
	x.begin(s)
	w, err := s.Config.run(x)
	if err != nil {
		return "", nil, err
	}
	if x.ended != nil {
		x.finish(way{code: string(*x.ended), failed: true})
		return "", &Ending{RunExited, *x.ended}, nil
	}
	if w.again {
		x.st.Open = &x.entry
		return s.ID, nil, nil
	}
	x.finish(w)
	switch {
	case w.exit != "":
		return "", &Ending{RunExited, w.exit}, nil
	case w.jump != "":
		return w.jump, nil, nil
	}
	return s.After(w.arm), nil, nil
}

func (x *Execution) begin(s *Step) {
	st := x.st
	if st.Open != nil && st.Open.StepID == s.ID {
		x.cur, x.ended, x.entry, st.Open = s, nil, *st.Open, nil
		return
	}
	if st.Visits == nil {
		st.Visits = map[string]int{}
	}
	st.Seq++
	st.Visits[s.ID]++
	x.cur, x.ended = s, nil
	x.entry = Entry{Seq: st.Seq, StepID: s.ID, Name: s.Name, Type: s.Type, Visit: st.Visits[s.ID], StartedAt: x.host.Now()}
}

func (x *Execution) finish(w way) {
	now := x.host.Now()
	x.entry.EndedAt = &now
	x.entry.Arm, x.entry.Code, x.entry.Outcome = w.arm, w.code, "ok"
	switch {
	case w.failed:
		x.entry.Outcome = "failed"
	case w.skipped:
		x.entry.Outcome = "skipped"
	}
	x.st.Trail = append(x.st.Trail, x.entry)
}

// do carries out one effect under the next effect number.
func (x *Execution) do(e Effect) (Result, int, error) {
	call := x.call()
	r, err := x.host.Do(call, e)
	return x.settle(r, err), call.No, err
}

// await blocks on the wait that effect no opened.
func (x *Execution) await(no int, kind WaitKind, due time.Time) (Result, error) {
	call := x.call()
	r, err := x.host.Await(call, Wait{No: no, Kind: kind, DueAt: due})
	return x.settle(r, err), err
}

func (x *Execution) call() Call {
	x.st.Effects++
	return Call{No: x.st.Effects, Trail: append(x.st.Trail[:len(x.st.Trail):len(x.st.Trail)], x.entry), Vars: x.st.Vars, Jumps: x.st.Jumps}
}

// settle notes what every result means for the run: the trail is handed over,
// warnings are kept, and an end from outside is remembered.
func (x *Execution) settle(r Result, err error) Result {
	if err != nil {
		return r
	}
	x.entry.Warnings = append(x.entry.Warnings, r.Warnings...)
	if r.Outcome == Ended {
		reason := EndReason(r.Code)
		x.ended = &reason
		return r
	}
	x.st.Trail = nil
	return r
}

// declare makes the names known that a step may save into, so that a text which
// uses one too early shows nothing instead of the name.
func (x *Execution) declare() {
	for _, name := range x.def.Variables() {
		if _, ok := x.st.Vars[name]; !ok {
			x.set(name, "")
		}
	}
}

// set stores a workflow variable, cut to what a variable and a run may hold.
func (x *Execution) set(name, value string) {
	if x.st.Vars == nil {
		x.st.Vars = map[string]string{}
	}
	delete(x.st.Vars, name)
	kept := value
	if value != "" {
		kept = cut(cut(value, MaxVariable), room(x.st.Vars))
	}
	if kept != value && x.cur != nil {
		x.entry.Warnings = append(x.entry.Warnings, fmt.Sprintf("the variable %s was cut to %d characters", name, length(kept)))
	}
	x.st.Vars[name] = kept
}

// fill stores several variables, always in the same order.
func (x *Execution) fill(values map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		x.set(name, values[name])
	}
}

const (
	// MaxVariable is how many characters a workflow variable holds; longer values are cut.
	MaxVariable = 10_000
	// maxVars is how many bytes all variables of a run may take, as JSON writes
	// them at the worst: they go with every effect, and Temporal refuses 2 MB.
	maxVars = 1_500_000
	// worst is how many bytes of JSON one character takes at the most.
	worst = 6
)

// room is how many more characters the variables of a run may hold.
//
// The order in which they are counted does not matter.
//
//workflowcheck:ignore
func room(vars map[string]string) int {
	used := 0
	for name, value := range vars {
		used += len(name) + escaped(value)
	}
	return max(0, maxVars-used) / worst
}

// escaped is how many bytes a text takes as JSON.
func escaped(s string) (bytes int) {
	for _, r := range s {
		switch {
		case r < ' ' || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError:
			bytes += worst
		case r == '"' || r == '\\':
			bytes += 2
		default:
			bytes += utf8.RuneLen(r)
		}
	}
	return bytes
}

func cut(s string, n int) string {
	i := 0
	for at := range s {
		if i == n {
			return s[:at]
		}
		i++
	}
	return s
}
