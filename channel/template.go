package channel

import "encoding/json"

// Template is what a whatsapp_template message sends: a template that the provider has approved, and what is put into its placeholders.
type Template struct {
	Name         string      `json:"name"`
	LanguageCode string      `json:"languageCode"` // as the provider writes it: en, pt_BR
	Components   []Component `json:"components,omitempty"`
}

// Component is one part of a template. Parts without placeholders need not be given.
type Component struct {
	Type       string            `json:"type"`             // header, body, footer, buttons
	Format     string            `json:"format,omitempty"` // header: text, image, video, document, location
	Text       string            `json:"text,omitempty"`   // the template's own text, for showing
	Parameters []json.RawMessage `json:"parameters,omitempty"`
	Buttons    []json.RawMessage `json:"buttons,omitempty"`
}

// textParameter fills one placeholder with a text.
type textParameter struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// DefaultLanguage is the language of a template that names none.
const DefaultLanguage = "en"

// WhatsAppTemplate makes a message from an approved template; the parameters fill {{1}}, {{2}} … of its body.
func WhatsAppTemplate(name, language string, parameters ...string) Message {
	t := Template{Name: name, LanguageCode: orDefault(language)}
	if len(parameters) > 0 {
		t.Components = []Component{bodyOf(parameters)}
	}
	return Message{Type: TypeWhatsAppTemplate, Template: mustJSON(t)}
}

// FacebookTemplate makes a message from an approved utility template, in the form in which the Send API takes it
// (https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages, in its state of 13 March 2026).
func FacebookTemplate(name, language string, parameters ...string) Message {
	type code struct {
		Code string `json:"code"`
	}
	t := struct {
		Name       string      `json:"name"`
		Language   code        `json:"language"`
		Components []Component `json:"components"` // it wants the list, even an empty one
	}{name, code{orDefault(language)}, []Component{}}
	if len(parameters) > 0 {
		t.Components = append(t.Components, bodyOf(parameters))
	}
	return Message{Type: TypeFacebookTemplate, Template: mustJSON(t)}
}

func bodyOf(parameters []string) Component {
	body := Component{Type: "body"}
	for _, p := range parameters {
		body.Parameters = append(body.Parameters, mustJSON(textParameter{"text", p}))
	}
	return body
}

func orDefault(language string) string {
	if language == "" {
		return DefaultLanguage
	}
	return language
}

// mustJSON writes a value that holds nothing but text.
func mustJSON(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// template reads a whatsapp_template; what cannot be read is empty.
func (m Message) template() Template {
	var t Template
	if json.Unmarshal(m.Template, &t) != nil {
		return Template{}
	}
	return t
}

// body is the text of the template's body, where it is known.
func (t Template) body() string {
	for _, c := range t.Components {
		if c.Type == "body" {
			return c.Text
		}
	}
	return ""
}

// IsTemplate reports whether the message is made from an approved template: it may be sent outside the window, and first.
func (m Message) IsTemplate() bool {
	return m.Type == TypeWhatsAppTemplate || m.Type == TypeFacebookTemplate
}
