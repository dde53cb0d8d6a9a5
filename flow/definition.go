package flow

import "time"

// Format is the only version of the file format that this package reads.
const Format = 1

// End is the reserved step id that ends a run: `next: end`, or an arm that
// leads nowhere.
const End = "end"

// Definition is one workflow or template as written in a file: one trigger,
// settings and a tree of steps. The first step is the start.
type Definition struct {
	Format      int         `json:"format" flow:"format,required"`
	ID          string      `json:"id" flow:"id"`
	Name        string      `json:"name" flow:"name"`
	Description string      `json:"description,omitempty" flow:"description"`
	Category    string      `json:"category,omitempty" flow:"category"`
	Trigger     Trigger     `json:"trigger" flow:"trigger"`
	Settings    Settings    `json:"settings" flow:"settings"`
	Parameters  []Parameter `json:"parameters,omitempty" flow:"parameters"`
	Steps       []Step      `json:"steps" flow:"steps,required"`

	src *source // what the reader knows of the file; nil when built in memory
}

// Settings are the four switches of a workflow; all off by default.
type Settings struct {
	AllowManualStop        bool `json:"allow_manual_stop,omitempty" flow:"allow_manual_stop"`
	ExitOnOutgoingMessage  bool `json:"exit_on_outgoing_message,omitempty" flow:"exit_on_outgoing_message"`
	ExitOnIncomingMessage  bool `json:"exit_on_incoming_message,omitempty" flow:"exit_on_incoming_message"`
	ExitOnManualAssignment bool `json:"exit_on_manual_assignment,omitempty" flow:"exit_on_manual_assignment"`
}

// Trigger says which event starts a run and on which conditions.
type Trigger struct {
	Type           TriggerType   `flow:"type,required"`
	OncePerContact bool          `flow:"once_per_contact"`
	Config         TriggerConfig `flow:"config"` // nil for types without a configuration; else the Go type that belongs to Type
	Match          Match         `flow:"match" enum:"all,any" default:"all"`
	Conditions     []Condition   `flow:"conditions"`
	// Open is Step.Open for the trigger's configuration.
	Open map[string]string
}

// TriggerType is the wire name of a trigger.
type TriggerType string

// The triggers of this release.
const (
	ConversationOpened  TriggerType = "conversation_opened"
	ConversationClosed  TriggerType = "conversation_closed"
	ContactTagUpdated   TriggerType = "contact_tag_updated"
	ContactFieldUpdated TriggerType = "contact_field_updated"
	Shortcut            TriggerType = "shortcut"
	IncomingWebhook     TriggerType = "incoming_webhook"
	ClickToChatAds      TriggerType = "click_to_chat_ads"
	ManualTrigger       TriggerType = "manual_trigger"
	MessageReceived     TriggerType = "message_received"
)

// Match says how several conditions are joined; the zero value means all.
type Match string

// The two ways to join conditions.
const (
	MatchAll Match = "all"
	MatchAny Match = "any"
)

// Parameter is one value that a workspace fills in when it uses a template.
type Parameter struct {
	Name     string   `json:"name"` // the key in the file
	Type     string   `json:"type" flow:"type,required"`
	Label    string   `json:"label,omitempty" flow:"label"`
	Help     string   `json:"help,omitempty" flow:"help"`
	Required bool     `json:"required,omitempty" flow:"required"`
	Default  *Value   `json:"default,omitempty" flow:"default"`
	Options  []string `json:"options,omitempty" flow:"options"`
	Min      *float64 `json:"min,omitempty" flow:"min"`
	Max      *float64 `json:"max,omitempty" flow:"max"`
}

// Step is one node. Config is never nil after reading and has the Go type that
// belongs to Type.
type Step struct {
	ID     string
	Type   StepType
	Name   string // never empty after reading: default is the product name of the type
	Config Config
	Next   string         // step id, End, or "" for none
	Arms   map[Arm]string // arm → step id or End; a key that is present switches an optional arm on
	// Open names the template parameter that a setting which holds no text
	// (a number, a list …) still waits for: path below config → parameter.
	// Texts and references hold ${name} themselves.
	Open map[string]string
}

// StepType is the wire name of a step.
type StepType string

// The steps of this release.
const (
	TypeSendMessage        StepType = "send_message"
	TypeAskQuestion        StepType = "ask_question"
	TypeAssignTo           StepType = "assign_to"
	TypeBranch             StepType = "branch"
	TypeUpdateContactTag   StepType = "update_contact_tag"
	TypeUpdateContactField StepType = "update_contact_field"
	TypeOpenConversation   StepType = "open_conversation"
	TypeCloseConversation  StepType = "close_conversation"
	TypeAddComment         StepType = "add_comment"
	TypeJumpTo             StepType = "jump_to"
	TypeWait               StepType = "wait"
	TypeDateTime           StepType = "date_time"
	TypeHTTPRequest        StepType = "http_request"
	TypeTriggerAnother     StepType = "trigger_another_workflow"
	TypeAddSheetsRow       StepType = "add_google_sheets_row"
	TypeAIAgent            StepType = "ai_agent"
)

// Arm is a named way out of a step; on a Branch it is the branch's name.
type Arm string

// The arms with fixed names. ArmNext is the main way out and is written as
// `next`, never under `arms`.
const (
	ArmNext           Arm = "next"
	ArmSuccess        Arm = "success"
	ArmFailure        Arm = "failure"
	ArmTimeout        Arm = "timeout"
	ArmMessageFailure Arm = "message_failure"
	ArmElse           Arm = "else"
	ArmSpeakToHuman   Arm = "speak_to_human"
	ArmUnableToAnswer Arm = "unable_to_answer"
	ArmIdle           Arm = "idle"
)

// MaxWait is the longest Wait, question timeout and assignment timeout.
const MaxWait = 7 * 24 * time.Hour

// Step returns the step with the given id, or nil.
func (d *Definition) Step(id string) *Step {
	for i := range d.Steps {
		if d.Steps[i].ID == id {
			return &d.Steps[i]
		}
	}
	return nil
}

// On reports whether the arm is switched on: its key is present.
func (s *Step) On(a Arm) bool {
	_, ok := s.Arms[a]
	return ok
}

// After returns the id of the step behind an arm; "" when the run ends there.
func (s *Step) After(a Arm) string {
	next := s.Next
	if a != ArmNext {
		next = s.Arms[a]
	}
	if next == End {
		return ""
	}
	return next
}
