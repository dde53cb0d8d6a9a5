package channel

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MaxBody is the size of the largest webhook call that is read, in bytes.
const MaxBody = 1 << 20

// Request is a webhook call of a provider, its body read and within the size limit.
type Request struct {
	Header http.Header
	Body   []byte
}

// Inbound is what one contact's webhook events say, in the order in which they arrived.
type Inbound struct {
	ExternalID string // the contact's id on the channel, normalised
	Profile    Profile
	Events     []Event
}

// EventKind says what an inbound event is.
type EventKind string

// The kinds of inbound events.
const (
	EventMessage EventKind = "message" // the contact wrote
	EventEcho    EventKind = "echo"    // our side wrote in the provider's own application
	EventStatus  EventKind = "status"  // a receipt for a message of ours

	EventReferral EventKind = "referral" // the contact clicked an ad that opens the chat, and has not written yet
)

// Event is one thing that happened on the channel. (channel, ProviderID, Kind) is what makes a redelivery recognisable;
// for receipts the status value belongs to it too.
type Event struct {
	Kind       EventKind
	ProviderID string        // the provider's id of the message; for a status: of the message meant; for a referral it may be ""
	At         time.Time     // as the provider says, UTC; the desk decides whether to believe it
	Message    *Message      // message, echo
	Status     *StatusUpdate // status
	Ad         *Referral     // referral; message: the ad that led the contact to write it, nil if none did
}

// Referral is a click on an ad that opens a chat. What the provider does not tell is "".
type Referral struct {
	Account     string `json:"account,omitempty"` // the ad account's id
	AdID        string `json:"adId"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`      // of the ad
	ImageURL    string `json:"imageUrl,omitempty"` // its picture
	Source      string `json:"source,omitempty"`   // what was clicked, in the provider's word: ad, post …
	// ClickID is the provider's id of the click: the same for the click and for the first message after it. Where there is
	// none, each event counts as a click of its own, known by its ProviderID, or by its time.
	ClickID string `json:"clickId,omitempty"`
}

// Status is how far an outgoing message has come.
type Status string

// The values of a status, in the order pending < sent < failed < delivered < read.
const (
	StatusPending   Status = "pending"
	StatusSent      Status = "sent"
	StatusFailed    Status = "failed"
	StatusDelivered Status = "delivered"
	StatusRead      Status = "read"
)

// StatusUpdate is a receipt.
type StatusUpdate struct {
	Value   Status   // sent, delivered, read or failed
	Message string   // the provider's words, mostly on failed
	Code    SendCode // on failed: our code for it; "" means provider_rejected
}

// Parser reads webhook calls. It is an optional power of an Adapter: sources that are polled have none.
//
// Where the provider signs its calls, Parse checks the signature and returns an error that is ErrUnauthorized. A call that it
// cannot read gives a *ParseError; events returned beside that error are good and are to be stored. Whether the whole call
// is refused because of one bad event is the adapter's decision, by what its provider can mend.
type Parser interface {
	Parse(acc Account, r Request) ([]Inbound, error)
}

// ErrUnauthorized says that a webhook call does not come from the account's provider: bad signature, or another channel's token.
var ErrUnauthorized = errors.New("the call does not belong to this channel")

// Detail is one problem in a request or a configuration, in the API's form.
type Detail struct {
	Path    string `json:"path"`    // "events[0].mId"; "" = the whole body
	Error   string `json:"error"`   // a Detail… code or a SendCode
	Message string `json:"message"` // what is wrong and how to mend it
}

// Codes of details.
const (
	DetailInvalid      = "invalid_argument"
	DetailJSON         = "invalid_json"
	DetailUnknownField = "unknown_field"
	DetailTooLarge     = "too_large"
)

// Under returns the detail with its path put below another one.
func (d Detail) Under(path string) Detail {
	switch {
	case d.Path == "":
		d.Path = path
	case path != "":
		d.Path = path + "." + d.Path
	}
	return d
}

// ParseError says everything that is wrong with a webhook call.
type ParseError struct {
	Details []Detail // at least one
}

// Error lists the problems.
func (e *ParseError) Error() string {
	lines := make([]string, len(e.Details))
	for i, d := range e.Details {
		lines[i] = d.Message
		if d.Path != "" {
			lines[i] = d.Path + ": " + d.Message
		}
	}
	return fmt.Sprintf("cannot read the call: %s", strings.Join(lines, "; "))
}
