package workflows

import (
	"go.temporal.io/sdk/temporal"

	"ucal/flow"
)

// Task queues.
const (
	TaskQueue = "ucal" // runs and their local activities
	SendQueue = "send" // sends that their channel did not take at once
	CallQueue = "call" // calls to outside systems: HTTP requests, sheets, language models
)

// Workflow types, as the Temporal UI shows them.
const (
	TypeRun     = "Run"
	TypeDeliver = "Deliver"
)

// SignalWake tells a run to look who won its wait. The database decides; the
// signal only wakes, so a lost or repeated one does no harm.
const SignalWake = "wake"

// Activities, as the Temporal UI shows them.
const (
	LoadRun            = "LoadRun"
	EndRun             = "EndRun"
	EndWait            = "EndWait"
	SendMessage        = "SendMessage"
	AskQuestion        = "AskQuestion"
	SaveAnswer         = "SaveAnswer"
	AssignTo           = "AssignTo"
	Branch             = "Branch"
	UpdateContactTag   = "UpdateContactTag"
	UpdateContactField = "UpdateContactField"
	OpenConversation   = "OpenConversation"
	CloseConversation  = "CloseConversation"
	AddComment         = "AddComment"
	StartWait          = "StartWait"
	CheckDateTime      = "CheckDateTime"
	TriggerWorkflow    = "TriggerAnotherWorkflow"
	HTTPRequest        = "HTTPRequest"
	AddSheetsRow       = "AddGoogleSheetsRow"
	AIThink            = "AIThink"
	AISay              = "AISay"
	DeliverMessage     = "DeliverMessage"
)

// Search attributes of runs; all are keywords.
const (
	AttrWorkspace = "UcalWorkspace"
	AttrContact   = "UcalContact"
	AttrWorkflow  = "UcalWorkflow"
	AttrWaiting   = "UcalWaiting" // answer, timer, assignment, child, ai, retry; unset while the run does not wait
)

// SearchAttributes lists the search attributes that the namespace must know.
func SearchAttributes() []string {
	return []string{AttrWorkspace, AttrContact, AttrWorkflow, AttrWaiting}
}

func waitingKey() temporal.SearchAttributeKeyKeyword {
	return temporal.NewSearchAttributeKeyKeyword(AttrWaiting)
}

// Wake is the payload of SignalWake; people read it in the history.
type Wake struct {
	Event string `json:"event,omitempty"` // id of the event that woke the run
	Why   string `json:"why"`
}

// RunInput starts a run: references only, the definition is loaded once.
type RunInput struct {
	RunID      int64  `json:"run_id"`
	ContactID  int64  `json:"contact_id"`
	WorkflowID int64  `json:"workflow_id"`
	Workflow   string `json:"workflow"` // slug
	Version    int64  `json:"version"`
	Hash       string `json:"hash"` // of the version's definition

	State *flow.State  `json:"state,omitempty"` // of a run that goes on in a fresh execution; nil = it begins
	Path  []flow.Entry `json:"path,omitempty"`  // with State: the steps before, for people
}

// DeliverInput starts the delivery of one message.
type DeliverInput struct {
	MessageID int64 `json:"message_id"`
}
