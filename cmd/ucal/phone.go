package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// phonePath is where `ucal dev` receives what the demo channel sends.
const phonePath = "/demo/phone/"

// phone is the other side of the demo channel: it speaks the custom channel's
// protocol and prints what contacts get.
type phone struct {
	out io.Writer

	mu   sync.Mutex
	seen map[string]string // idempotency key → message id
	next atomic.Int64
}

type phoneCall struct {
	ContactID string          `json:"contactId"`
	Message   json.RawMessage `json:"message"`
}

func (p *phone) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	var call phoneCall
	if err == nil {
		err = json.Unmarshal(raw, &call)
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"message":"the demo phone takes POST with a JSON body"}}`)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	p.mu.Lock()
	id, again := p.seen[key]
	if !again {
		id = fmt.Sprintf("demo-%s-%d", key, p.next.Add(1))
		if p.seen == nil {
			p.seen = map[string]string{}
		}
		p.seen[key] = id
		fmt.Fprintf(p.out, "→ %s: %s\n", call.ContactID, plain(call.Message))
	}
	p.mu.Unlock()
	_ = json.NewEncoder(w).Encode(map[string]string{"mId": id})
}

// plain shows a message body in a terminal.
func plain(raw json.RawMessage) string {
	var m struct {
		Type, Text, Title, Address string
		Replies                    []string
		Attachment                 *struct{ Type, URL, Description string }
		Latitude, Longitude        float64
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return string(raw)
	}
	switch m.Type {
	case "text":
		return m.Text
	case "quick_reply":
		s := m.Title
		for i, r := range m.Replies {
			s += fmt.Sprintf("\n    %d. %s", i+1, r)
		}
		return s
	case "attachment":
		if m.Attachment != nil {
			return fmt.Sprintf("[%s] %s %s", m.Attachment.Type, m.Attachment.URL, m.Attachment.Description)
		}
	case "location":
		return fmt.Sprintf("[location] %s (%g, %g)", m.Address, m.Latitude, m.Longitude)
	}
	return string(raw)
}
