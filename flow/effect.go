package flow

import "time"

// Effect is something a step wants done to the world, exactly once. The key of
// an effect is (run, Call.No).
type Effect interface{ effect() }

// Call is the head that goes with every effect.
type Call struct {
	RunID int64             `json:"run_id"` // filled in by the host
	No    int               `json:"no"`     // effect number within the run, from 1
	Trail []Entry           `json:"trail"`  // step log: entries finished since the last effect, then the present step
	Vars  map[string]string `json:"vars,omitempty"`
	Jumps map[string]int    `json:"jumps,omitempty"`
}

// Step returns the entry of the step that makes the call.
func (c Call) Step() Entry { return c.Trail[len(c.Trail)-1] }

// Entry is one line of the step log: one execution of one step.
type Entry struct {
	Seq       int        `json:"seq"` // step execution within the run, from 1
	StepID    string     `json:"step_id"`
	Name      string     `json:"name"`
	Type      StepType   `json:"type"`
	Visit     int        `json:"visit"` // how often this step was executed, from 1
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"` // nil = unfinished
	Outcome   string     `json:"outcome,omitempty"`  // "ok", "failed", "skipped"; "" = unfinished
	Arm       Arm        `json:"arm,omitempty"`
	Code      string     `json:"code,omitempty"`
	Warnings  []string   `json:"warnings,omitempty"`
}

// Outcome is how an effect or a wait came out.
type Outcome string

// The outcomes. Failed is soft: the world said no, Code tells why; the step
// decides which arm to take. Ended means that the run was ended from outside;
// Code is the exit reason and no further step may start.
const (
	Done     Outcome = "done"
	Failed   Outcome = "failed"
	Waiting  Outcome = "waiting"  // Assign: queued. Others: a wait is open. Await follows
	Retry    Outcome = "retry"    // sends only, never seen by a step: the host goes on with an ordinary activity
	Answered Outcome = "answered" // Await: a message claimed the question
	TimedOut Outcome = "timed_out"
	Ended    Outcome = "ended"
)

// Result is the answer to an effect or a wait.
type Result struct {
	Outcome  Outcome   `json:"outcome"`
	Code     string    `json:"code,omitempty"`
	Detail   string    `json:"detail,omitempty"` // a sentence for people: pick reason, refusal of a provider …
	Warnings []string  `json:"warnings,omitempty"`
	Arm      Arm       `json:"arm,omitempty"`     // Evaluate, CheckTime, Think: the arm to leave by
	DueAt    time.Time `json:"due_at,omitzero"`   // when the wait that this effect opened times out; zero = never
	Answer   *Answer   `json:"answer,omitempty"`  // Await: what the contact wrote
	Options  []string  `json:"options,omitempty"` // Ask: the labels as sent, variables put in
	Buttons  bool      `json:"buttons,omitempty"` // Ask: the labels went as buttons or a list, not as numbered text: a number is no answer

	Set  map[string]string `json:"set,omitempty"`  // Request, Think: workflow variables and their values; "" = no value
	Turn int               `json:"turn,omitempty"` // Think: the turn whose reply is to be said; 0 = nothing to say
}

// Answer is an inbound message taken by a question.
type Answer struct {
	MessageID int64    `json:"message_id"`
	Type      string   `json:"type"` // text, attachment, location …
	Text      string   `json:"text,omitempty"`
	Option    int      `json:"option,omitempty"` // the question's own button that was pressed, from 1; 0 = none
	Year      int      `json:"year,omitempty"`   // the year in the workspace's timezone when it came; 0 = the host's
	Latitude  *float64 `json:"latitude,omitempty"`
	Longitude *float64 `json:"longitude,omitempty"`
}

// Send asks for one message to the contact. Texts hold variables; they are put
// in where the message is stored, from the contact as it is then.
type Send struct {
	Channel   ChannelChoice     `json:"channel"`
	Message   Message           `json:"message"`
	Responses []ChannelResponse `json:"responses,omitempty"`
}

// Ask sends a question on the last interacted channel and opens the wait for
// its answer at the moment the question is handed to the channel.
type Ask struct {
	Question string        `json:"question"`
	Type     QuestionType  `json:"type"`
	Options  []string      `json:"options,omitempty"`
	Timeout  time.Duration `json:"timeout"`
}

// SaveAnswer writes a valid answer to a contact field and as a tag.
type SaveAnswer struct {
	Field Ref    `json:"field,omitzero"`
	Value string `json:"value"`
	Tag   bool   `json:"tag,omitempty"`
}

// Assign chooses an assignee, or opens a place in the pool's queue.
type Assign struct {
	AssignTo
	WorkflowStep string `json:"workflow_step"` // step id; with the workflow id it names the cursor
}

// Evaluate decides a Branch from the contact as it is now.
type Evaluate struct {
	Branches []BranchArm `json:"branches"`
}

// UpdateTag adds or removes tags.
type UpdateTag struct {
	Remove bool  `json:"remove,omitempty"`
	Tags   []Ref `json:"tags"`
}

// UpdateField sets or clears one contact field.
type UpdateField struct {
	Field Ref    `json:"field"`
	Value string `json:"value,omitempty"`
	Clear bool   `json:"clear,omitempty"`
}

// Open opens the conversation with source workflow.
type Open struct{}

// Close closes the conversation with source workflow.
type Close struct {
	Category Ref    `json:"category,omitzero"`
	Summary  string `json:"summary,omitempty"`
}

// Comment writes an internal note.
type Comment struct {
	Text string `json:"text"`
}

// Sleep opens a wait that only time ends.
type Sleep struct {
	For time.Duration `json:"for"`
}

// CheckTime decides a Date & Time step at the present moment: ArmSuccess inside,
// ArmFailure outside.
type CheckTime struct {
	DateTime
}

// Request calls an outside system over HTTP. Failed: there was no usable answer,
// or one with a status of 400 and above; Set holds what could be read all the same.
type Request struct {
	HTTPRequest
}

// StartChild starts another workflow for the same contact. Done: it runs, or
// ended already; Waiting: it runs and the caller waits for its end until DueAt
// (zero = however long it takes); Failed: it cannot start, Code says why.
type StartChild struct {
	Target    Ref           `json:"target"`
	StartFrom string        `json:"start_from,omitempty"` // "" = the first step
	Wait      bool          `json:"wait,omitempty"`
	Timeout   time.Duration `json:"timeout,omitempty"` // 0 = the caller waits until the child ended
}

// AppendRow appends one row to a sheet.
type AppendRow struct {
	AddSheetsRow
}

// Think is one turn of the AI Agent step that makes the call: its configuration
// is read from the version, so that the history holds it once. Waiting: the talk
// goes on, and Turn is to be said; Done: the talk is over by Arm, and Turn, if
// not 0, is said as its last message; Failed: Code tells why.
type Think struct{}

// Say sends what a turn of an AI Agent wants to say. With Wait it opens the wait
// for the contact at the moment the message is handed to the channel. Answered:
// the contact wrote meanwhile, so the turn is stale and nothing was sent.
type Say struct {
	Turn int           `json:"turn"`
	Wait time.Duration `json:"wait,omitempty"` // 0 = the last message: nothing is waited for
}

func (Send) effect()        {}
func (Ask) effect()         {}
func (SaveAnswer) effect()  {}
func (Assign) effect()      {}
func (Evaluate) effect()    {}
func (UpdateTag) effect()   {}
func (UpdateField) effect() {}
func (Open) effect()        {}
func (Close) effect()       {}
func (Comment) effect()     {}
func (Sleep) effect()       {}
func (CheckTime) effect()   {}
func (Request) effect()     {}
func (StartChild) effect()  {}
func (AppendRow) effect()   {}
func (Think) effect()       {}
func (Say) effect()         {}
