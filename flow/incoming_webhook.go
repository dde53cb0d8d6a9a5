package flow

import "encoding/json"

// What an incoming webhook finds its contact by.
const (
	IdentifyByID    = "contact_id"
	IdentifyByEmail = "email"
	IdentifyByPhone = "phone"
)

// WebhookConfig is the configuration of Incoming Webhook (type
// incoming_webhook): fires when an outside system posts JSON to the workflow's
// address.
type WebhookConfig struct {
	IdentifierType string `json:"identifier_type" flow:"identifier_type,required" enum:"contact_id,email,phone"`
	IdentifierPath string `json:"identifier_path" flow:"identifier_path,required"`
	Variables      Pairs  `json:"variables,omitempty" flow:"variables"` // variable → JSON path
	CreateContact  bool   `json:"create_contact,omitempty" flow:"create_contact"`
}

func (w *WebhookConfig) check(c *checker) {
	w.checkPath(c, "identifier_path", w.IdentifierPath)
	for _, p := range w.Variables {
		at := join("variables", p.Key)
		c.variableName(at, p.Key)
		if blankText(p.Value) {
			c.missing(at)
			continue
		}
		w.checkPath(c, at, p.Value)
	}
	if w.CreateContact && w.IdentifierType == IdentifyByID {
		c.invalid("create_contact", "A contact can be created under its email or phone only. Choose one of them as identifier_type, or remove create_contact.")
	}
}

func (w *WebhookConfig) checkPath(c *checker, key, path string) {
	if blankText(path) {
		return // reported as missing
	}
	if _, err := ParsePath(path); err != nil {
		c.invalid(key, "%s", sentence(err))
	}
}

// accepts: a webhook starts its own workflow, never by an event.
func (w *WebhookConfig) accepts(Happening) bool { return true }

// saves are the variables that the request fills.
func (w *WebhookConfig) saves() (names []string) {
	for _, p := range w.Variables {
		names = append(names, p.Key)
	}
	return names
}

// Extract takes the contact's identifier and the variables out of a document of
// DecodeJSON. The identifier is "" when its path holds neither text nor number;
// a variable without value is "", objects and lists are JSON text.
func (w *WebhookConfig) Extract(doc any) (identifier string, vars map[string]string) {
	switch value := w.find(w.IdentifierPath, doc).(type) {
	case string, json.Number:
		identifier = clean(JSONText(value))
	}
	vars = map[string]string{}
	for _, p := range w.Variables {
		vars[p.Key] = clean(JSONText(w.find(p.Value, doc)))
	}
	return identifier, vars
}

// find is nil for a path without value; a saved workflow has no wrong paths.
func (w *WebhookConfig) find(path string, doc any) any {
	p, err := ParsePath(path)
	if err != nil {
		return nil
	}
	value, _ := p.Find(doc)
	return value
}
