package channel

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Choice is what a contact picked from buttons or a list: the body of an incoming whatsapp_interactive message.
type Choice struct {
	Kind  string `json:"kind"` // button, list
	ID    string `json:"id"`   // of the button or row, as it was sent: see ButtonID
	Title string `json:"title"`
}

// Choice reads an incoming whatsapp_interactive message; it is empty for any other.
func (m Message) Choice() Choice {
	var c Choice
	if m.Type != TypeWhatsAppInteractive || json.Unmarshal(m.Interactive, &c) != nil {
		return Choice{}
	}
	return c
}

// ButtonID is the id under which an adapter sends the nth quick reply (from 1) of the message with the key. It names the message, so
// that a button pressed long after belongs to its own question and to no later one.
func ButtonID(key string, n int) string { return key + "-" + strconv.Itoa(n) }

// ButtonNumber is n of a button of the message with the key; 0 when the button belongs to another message.
func ButtonNumber(key, id string) int {
	rest, ok := strings.CutPrefix(id, key+"-")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || ButtonID(key, n) != id {
		return 0
	}
	return n
}

// CardButton is a button of a card.
type CardButton struct {
	Type  CardButtonType `json:"type"`
	Title string         `json:"title"`
	Value string         `json:"value"` // the address, the payload, the number
}

// CardButtonType says what a button of a card does.
type CardButtonType string

// The types of buttons.
const (
	ButtonURL      CardButtonType = "url"
	ButtonPostback CardButtonType = "postback"
	ButtonPhone    CardButtonType = "phone"
)

// plain is a card as text: its words, its image and where its buttons lead.
func (m Message) plain() string {
	lines := []string{m.Title, m.Subtitle, m.ImageURL}
	for _, b := range m.Buttons {
		if b.Type == ButtonPostback { // a payload is for programs: the contact types the title
			lines = append(lines, b.Title)
			continue
		}
		lines = append(lines, b.Title+": "+b.Value)
	}
	return joinLines(lines...)
}
