package channeltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"ucal/channel"
)

// ServeHTTP is the integration's side of the protocol.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	token, trouble := s.token, s.trouble
	s.mu.Unlock()

	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || got == "" || (token != "" && got != token) {
		s.refuse("401: missing or wrong token")
		s.fail(w, http.StatusUnauthorized, "wrong token")
		return
	}
	call, err := readCall(r)
	if err != nil {
		s.refuse("400: " + err.Error())
		s.fail(w, http.StatusBadRequest, err.Error())
		return
	}
	var t Trouble
	if trouble != nil {
		t = trouble(s.known(call))
	}
	if t.Delay > 0 {
		timer := time.NewTimer(t.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if t.Status != 0 {
		if t.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(t.RetryAfter/time.Second)))
		}
		s.fail(w, t.Status, t.Reason)
		return
	}
	stored := s.store(call)
	switch {
	case t.Hang:
		<-r.Context().Done()
	case t.Reset:
		panic(http.ErrAbortHandler)
	case t.NoID:
		answer(w, http.StatusOK, struct{}{})
	default:
		answer(w, http.StatusOK, map[string]string{"mId": stored.MID})
	}
}

// Reject answers as an integration that will not send the message.
func (s *Sink) Reject(w http.ResponseWriter, reason string) { s.fail(w, http.StatusBadRequest, reason) }

// Limit answers as an integration that wants to be left alone.
func (s *Sink) Limit(w http.ResponseWriter, after time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
	s.fail(w, http.StatusTooManyRequests, "too many requests")
}

func (s *Sink) fail(w http.ResponseWriter, status int, reason string) {
	answer(w, status, map[string]any{"error": map[string]string{"message": reason}})
}

func (s *Sink) known(r Received) Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.byKey[r.Key]; ok {
		return *first
	}
	return r
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the caller may be gone; then nobody is left to tell
}

// readCall reads POST /message and refuses whatever the protocol does not have.
func readCall(r *http.Request) (Received, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/message" || r.URL.RawQuery != "" {
		return Received{}, fmt.Errorf("%s %s is not POST /message", r.Method, r.URL.Path)
	}
	if ct := r.Header.Get("Content-Type"); ct != "application/json" {
		return Received{}, fmt.Errorf("content type %q is not application/json", ct)
	}
	key := r.Header.Get("Idempotency-Key")
	if !strings.HasPrefix(key, "msg-") {
		return Received{}, fmt.Errorf("Idempotency-Key %q does not start with msg-", key)
	}
	raw, err := io.ReadAll(io.LimitReader(r.Body, channel.MaxBody))
	if err != nil {
		return Received{}, fmt.Errorf("read the body: %w", err)
	}
	var body struct {
		ChannelID string          `json:"channelId"`
		ContactID string          `json:"contactId"`
		Message   json.RawMessage `json:"message"`
	}
	if err := strict(raw, &body); err != nil {
		return Received{}, err
	}
	if body.ChannelID == "" || body.ContactID == "" {
		return Received{}, errors.New("channelId or contactId is missing")
	}
	m, err := readMessage(body.Message)
	if err != nil {
		return Received{}, fmt.Errorf("message: %w", err)
	}
	return Received{Key: key, ChannelID: body.ChannelID, ContactID: body.ContactID, Message: m}, nil
}

// readMessage allows each type only the fields it has.
func readMessage(raw json.RawMessage) (channel.Message, error) {
	var m channel.Message
	if err := strict(raw, &m); err != nil {
		return m, err
	}
	allowed := map[channel.MessageType][]string{
		channel.TypeText:          {"type", "text"},
		channel.TypeAttachment:    {"type", "attachment"},
		channel.TypeQuickReply:    {"type", "title", "replies"},
		channel.TypeLocation:      {"type", "latitude", "longitude", "address"},
		channel.TypeCustomPayload: {"type", "payload"},
	}[m.Type]
	if allowed == nil {
		return m, fmt.Errorf("type %q is not of the protocol", m.Type)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return m, err
	}
	for _, name := range allowed {
		delete(fields, name)
	}
	if len(fields) > 0 {
		return m, fmt.Errorf("a message of type %q has only the fields %v", m.Type, allowed)
	}
	if a := m.Attachment; a != nil && (a.Ext != "" || a.Mime != "" || a.Size != 0 || a.IsPending) {
		return m, errors.New("an attachment has only type, url, fileName and description")
	}
	for _, d := range channel.Check(m) {
		return m, fmt.Errorf("%s %s", d.Path, d.Message)
	}
	return m, nil
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("not the JSON expected: %w", err)
	}
	return nil
}
