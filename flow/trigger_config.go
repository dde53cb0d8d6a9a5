package flow

import (
	"encoding/json"
	"fmt"
)

// TriggerConfig is the configuration of a trigger type: what is written under
// `config`, how it is checked and which events it accepts.
type TriggerConfig interface {
	// check reports everything wrong with the configuration.
	check(c *checker)
	// accepts reports whether an event of the trigger's type is meant.
	accepts(h Happening) bool
}

// TriggerKind describes a trigger type: the catalogue's row.
type TriggerKind struct {
	Type  TriggerType
	Title string               // product name
	New   func() TriggerConfig // nil: no configuration
}

// TriggerKinds is the catalogue of trigger types. A trigger that is not listed
// does not exist.
func TriggerKinds() []TriggerKind {
	return []TriggerKind{
		{ConversationOpened, "Conversation Opened", nil},
		{ConversationClosed, "Conversation Closed", nil},
		{ContactTagUpdated, "Contact Tag Updated", func() TriggerConfig { return &TagUpdated{} }},
		{ContactFieldUpdated, "Contact Field Updated", func() TriggerConfig { return &FieldUpdated{} }},
		{Shortcut, "Shortcut", func() TriggerConfig { return &ShortcutConfig{} }},
		{IncomingWebhook, "Incoming Webhook", func() TriggerConfig { return &WebhookConfig{} }},
		{ClickToChatAds, "Click-to-Chat Ads", func() TriggerConfig { return &AdsConfig{} }},
		{ManualTrigger, "Manual Trigger", nil},
		{MessageReceived, "Message Received", nil},
	}
}

// TriggerTypes lists the triggers of this release.
func TriggerTypes() []TriggerType {
	var types []TriggerType
	for _, k := range TriggerKinds() {
		types = append(types, k.Type)
	}
	return types
}

// newTriggerConfig is an empty configuration; nil for a type without one.
func newTriggerConfig(t TriggerType) TriggerConfig {
	for _, k := range TriggerKinds() {
		if k.Type == t && k.New != nil {
			return k.New()
		}
	}
	return nil
}

// storedTrigger is the stored form of a Trigger: references keep their ids.
type storedTrigger struct {
	Type           TriggerType     `json:"type"`
	OncePerContact bool            `json:"once_per_contact,omitempty"`
	Config         json.RawMessage `json:"config,omitempty"`
	Match          Match           `json:"match,omitempty"`
	Conditions     []Condition     `json:"conditions,omitempty"`

	Open map[string]string `json:"open,omitempty"`
}

// MarshalJSON writes the stored form, which keeps resolved references. The
// file form is written by Encode.
func (t Trigger) MarshalJSON() ([]byte, error) {
	st := storedTrigger{t.Type, t.OncePerContact, nil, t.Match, t.Conditions, t.Open}
	if t.Config != nil {
		raw, err := json.Marshal(t.Config)
		if err != nil {
			return nil, fmt.Errorf("trigger %s: %w", t.Type, err)
		}
		st.Config = raw
	}
	return json.Marshal(st)
}

// UnmarshalJSON reads the stored form.
func (t *Trigger) UnmarshalJSON(b []byte) error {
	var st storedTrigger
	if err := json.Unmarshal(b, &st); err != nil {
		return err
	}
	cfg := newTriggerConfig(st.Type)
	if cfg != nil && len(st.Config) > 0 {
		if err := json.Unmarshal(st.Config, cfg); err != nil {
			return fmt.Errorf("trigger %s: %w", st.Type, err)
		}
	}
	*t = Trigger{Type: st.Type, OncePerContact: st.OncePerContact, Config: cfg, Match: st.Match, Conditions: st.Conditions, Open: st.Open}
	return nil
}
