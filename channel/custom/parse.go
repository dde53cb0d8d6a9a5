package custom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"ucal/channel"
)

// The types of events.
const (
	eventMessage = "message"
	eventEcho    = "message_echo"
	eventStatus  = "message_status"
)

// Parse reads a webhook call: events of one contact. Anything wrong refuses the whole call, because the integration can mend it and
// send it again; the *channel.ParseError then names every problem. A call for another channel's id is channel.ErrUnauthorized. The caller has
// checked the token.
func (a *Adapter) Parse(acc channel.Account, req channel.Request) ([]channel.Inbound, error) {
	root, err := decode(req.Body)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	body, ok := r.object("", root)
	if !ok {
		return nil, &channel.ParseError{Details: r.details}
	}
	if id := body.id("channelId", "the channel's id, as shown when the channel was connected"); id != "" && id != acc.PublicID {
		return nil, fmt.Errorf("%w: its channelId is not %q", channel.ErrUnauthorized, acc.PublicID)
	}
	idType := read(acc.Config).IDType
	in := channel.Inbound{
		ExternalID: contactID(body, idType),
		Profile:    profile(body),
		Events:     events(body),
	}
	if idType == IDPhone && in.Profile.Phone == "" {
		in.Profile.Phone = in.ExternalID
	}
	if len(r.details) > 0 {
		return nil, &channel.ParseError{Details: r.details}
	}
	return []channel.Inbound{in}, nil
}

func decode(body []byte) (any, error) {
	if len(body) > channel.MaxBody {
		return nil, &channel.ParseError{Details: []channel.Detail{{Error: channel.DetailTooLarge,
			Message: fmt.Sprintf("the body has %d bytes, at most %d are allowed", len(body), channel.MaxBody)}}}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var root any
	err := d.Decode(&root)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return root, nil
		}
		err = errors.New("there is something behind the end of the object")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the body ends too early")
	}
	return nil, &channel.ParseError{Details: []channel.Detail{{Error: channel.DetailJSON,
		Message: fmt.Sprintf("the body is not valid JSON: %v (near byte %d)", err, d.InputOffset())}}}
}

func contactID(body object, idType IDType) string {
	id := body.id("contactId", "the contact's id on the channel")
	switch {
	case id == "":
	case idType == IDPhone:
		phone, err := channel.NormalizePhone(id)
		if err != nil {
			body.r.bad("contactId", "%v; this channel's ids are phone numbers, as +4915112345678", err)
		}
		return phone
	case strings.ContainsFunc(id, notOfID):
		body.r.bad("contactId", "%q holds a character that is not one of A-Z a-z 0-9 _ = + / @", id)
	}
	return id
}

func notOfID(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("_=+/@", r)
}

func profile(body object) channel.Profile {
	if !body.has("contact") {
		return channel.Profile{}
	}
	c, ok := body.r.object("contact", body.fields["contact"])
	if !ok {
		return channel.Profile{}
	}
	if hours, ok := c.fields["timezone"].(json.Number); ok { // both "Europe/Berlin" and hours from UTC are in use
		c.fields["timezone"] = hours.String()
	}
	return channel.Profile{
		FirstName: c.raw("firstName"), LastName: c.raw("lastName"), ProfilePic: c.raw("profilePic"), CountryCode: c.raw("countryCode"),
		Email: c.raw("email"), Phone: c.raw("phone"), Language: c.raw("language"), Locale: c.raw("locale"), Timezone: c.raw("timezone"),
	}.Clean()
}

func events(body object) []channel.Event {
	list, ok := body.fields["events"].([]any)
	switch {
	case !ok:
		body.r.bad("events", "must be a list of 1 to %d events%s", MaxEvents, missing(body.fields["events"]))
		return nil
	case len(list) == 0:
		body.r.bad("events", "is empty; give 1 to %d events", MaxEvents)
	case len(list) > MaxEvents:
		body.r.bad("events", "has %d events, at most %d are allowed in one call", len(list), MaxEvents)
		return nil
	}
	out := make([]channel.Event, 0, len(list))
	for i, v := range list {
		if o, ok := body.r.object(fmt.Sprintf("events[%d]", i), v); ok {
			out = append(out, event(o))
		}
	}
	return out
}

func event(o object) channel.Event {
	e := channel.Event{ProviderID: o.id("mId", "the message's id, unique in the channel"), At: timestamp(o)}
	switch kind := o.raw("type"); kind {
	case eventMessage, eventEcho:
		e.Kind = channel.EventMessage
		if kind == eventEcho {
			e.Kind = channel.EventEcho
		}
		if m, ok := o.r.object(o.at("message"), o.fields["message"]); ok {
			e.Message = message(m)
		}
	case eventStatus:
		e.Kind = channel.EventStatus
		e.Status = status(o)
	default:
		if !o.r.failed(o.at("type")) {
			o.r.bad(o.at("type"), "%.50q is no type of event; use %s, %s or %s", kind, eventMessage, eventEcho, eventStatus)
		}
	}
	return e
}

// timestamp reads Unix milliseconds; a number below 10¹¹ is read as seconds, which is what some integrations send.
func timestamp(o object) time.Time {
	const what = "the time in Unix milliseconds"
	f, ok := o.number("timestamp", what)
	if !ok {
		return time.Time{}
	}
	if f < 1e11 {
		f *= 1000
	}
	if f < 1 || f >= 253402300800000 { // the year 10000
		o.r.bad(o.at("timestamp"), "%v is out of range; it is %s", o.fields["timestamp"], what)
		return time.Time{}
	}
	return time.UnixMilli(int64(f)).UTC()
}

// status reads {"value": …, "message": …} or the flat "status": value with "message" beside it.
func status(o object) *channel.StatusUpdate {
	from, name := o, "status"
	if _, nested := o.fields["status"].(map[string]any); nested {
		from, _ = o.r.object(o.at("status"), o.fields["status"])
		name = "value"
	}
	s := &channel.StatusUpdate{Value: channel.Status(from.raw(name)), Message: from.text("message")}
	switch s.Value {
	case channel.StatusSent, channel.StatusDelivered, channel.StatusRead, channel.StatusFailed:
	default:
		if !o.r.failed(from.at(name)) {
			o.r.bad(from.at(name), "%.50q is no status; use sent, delivered, read or failed", s.Value)
		}
	}
	return s
}
