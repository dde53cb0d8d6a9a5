package flow

import (
	"encoding/json"
	"fmt"
)

// Config is the configuration of one step type: what is written under `config`,
// how it is checked and how it runs.
type Config interface {
	// check reports everything wrong with the configuration.
	check(c *checker)
	// run executes the step and says which way to go on. It leaves at once
	// when x.ended is set.
	run(x *Execution) (way, error)
}

// saver is a configuration, of a step or a trigger, that gives workflow
// variables a value. Empty names are ignored.
type saver interface{ saves() []string }

// Kind describes a step type: the catalogue's row.
type Kind struct {
	Type     StepType
	Title    string // product name, the default of Step.Name
	Next     bool   // has the main way out `next`
	Arms     []Arm  // arms that always exist
	Optional []Arm  // arms that are on when their key is present
	New      func() Config
}

// Kinds is the catalogue of step types. A step that is not listed does not exist.
func Kinds() []Kind {
	return []Kind{
		{TypeSendMessage, "Send a Message", true, nil, []Arm{ArmMessageFailure}, func() Config { return &SendMessage{} }},
		{TypeAskQuestion, "Ask a Question", false, []Arm{ArmSuccess, ArmFailure}, []Arm{ArmTimeout, ArmMessageFailure}, func() Config { return &AskQuestion{} }},
		{TypeAssignTo, "Assign To", true, nil, []Arm{ArmTimeout, ArmFailure}, func() Config { return &AssignTo{} }},
		{TypeBranch, "Branch", false, []Arm{ArmElse}, nil, func() Config { return &Branch{} }},
		{TypeUpdateContactTag, "Update Contact Tag", true, nil, nil, func() Config { return &UpdateContactTag{} }},
		{TypeUpdateContactField, "Update Contact Field", true, nil, []Arm{ArmFailure}, func() Config { return &UpdateContactField{} }},
		{TypeOpenConversation, "Open Conversation", true, nil, []Arm{ArmFailure}, func() Config { return &OpenConversation{} }},
		{TypeCloseConversation, "Close Conversation", true, nil, []Arm{ArmFailure}, func() Config { return &CloseConversation{} }},
		{TypeAddComment, "Add Comment", true, nil, nil, func() Config { return &AddComment{} }},
		{TypeJumpTo, "Jump To", true, nil, nil, func() Config { return &JumpTo{} }},
		{TypeWait, "Wait", true, nil, nil, func() Config { return &WaitStep{} }},
		{TypeDateTime, "Date & Time", false, []Arm{ArmSuccess, ArmFailure}, nil, func() Config { return &DateTime{} }},
		{TypeHTTPRequest, "HTTP Request", true, nil, []Arm{ArmFailure}, func() Config { return &HTTPRequest{} }},
		{TypeTriggerAnother, "Trigger Another Workflow", true, nil, []Arm{ArmFailure, ArmTimeout}, func() Config { return &TriggerAnother{Wait: true} }},
		{TypeAddSheetsRow, "Add Google Sheets Row", true, nil, []Arm{ArmFailure}, func() Config { return &AddSheetsRow{} }},
		{TypeAIAgent, "AI Agent", false, []Arm{ArmSuccess, ArmFailure}, []Arm{ArmSpeakToHuman, ArmUnableToAnswer, ArmIdle}, func() Config { return &AIAgent{} }},
	}
}

// KindOf returns the catalogue row of a type; ok is false for an unknown one.
func KindOf(t StepType) (Kind, bool) {
	for _, k := range Kinds() {
		if k.Type == t {
			return k, true
		}
	}
	return Kind{}, false
}

// storedStep is the stored form of a Step: references keep their ids.
type storedStep struct {
	ID     string          `json:"id"`
	Type   StepType        `json:"type"`
	Name   string          `json:"name"`
	Config json.RawMessage `json:"config"`
	Next   string          `json:"next,omitempty"`
	Arms   map[Arm]string  `json:"arms,omitempty"`

	Open map[string]string `json:"open,omitempty"`
}

// MarshalJSON writes the stored form, which keeps resolved references. The
// file form is written by Encode.
func (s Step) MarshalJSON() ([]byte, error) {
	raw, err := json.Marshal(s.Config)
	if err != nil {
		return nil, fmt.Errorf("step %s: %w", s.ID, err)
	}
	return json.Marshal(storedStep{s.ID, s.Type, s.Name, raw, s.Next, s.Arms, s.Open})
}

// UnmarshalJSON reads the stored form.
func (s *Step) UnmarshalJSON(b []byte) error {
	var st storedStep
	if err := json.Unmarshal(b, &st); err != nil {
		return err
	}
	k, ok := KindOf(st.Type)
	if !ok {
		return fmt.Errorf("step %s: unknown type %q", st.ID, st.Type)
	}
	cfg := k.New()
	if len(st.Config) > 0 {
		if err := json.Unmarshal(st.Config, cfg); err != nil {
			return fmt.Errorf("step %s: %w", st.ID, err)
		}
	}
	*s = Step{ID: st.ID, Type: st.Type, Name: st.Name, Config: cfg, Next: st.Next, Arms: st.Arms, Open: st.Open}
	return nil
}
