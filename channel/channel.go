// Package channel is the contract between the desk and the channels on which contacts write.
//
// It holds the messages in their wire form, what an adapter can do (Capabilities), what it is asked to do (Sender, Parser),
// how sending fails (SendError, a closed list) and how a message is made to fit a channel (Fit). One folder below it per
// provider implements Adapter; the caller puts the list of adapters together with New. Start reading at Adapter.
//
// The package imports nothing of ucal, no database and no Temporal. Only the adapters talk to the outside.
package channel

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// Source is the kind of a channel, as the API spells it.
type Source string

// The sources that have an adapter.
const (
	SourceCustom Source = "custom_channel"
)

// Account is what an adapter may know of one connected channel. Its secrets never show when it is printed or logged.
type Account struct {
	ID       int64           // our number of the channel
	PublicID string          // the id that the outside knows, "ch_…"
	Name     string          // as the admin called it
	Config   json.RawMessage // as CheckConfig normalised it; may hold secrets
	Token    string          // the channel's own API token, decrypted; "" where the source has none
}

// String names the account without its secrets.
func (a Account) String() string { return fmt.Sprintf("channel %s (%d)", a.PublicID, a.ID) }

// GoString is String, so that %#v shows no secrets either.
func (a Account) GoString() string { return a.String() }

// LogValue is what slog shows of an account.
func (a Account) LogValue() slog.Value {
	return slog.GroupValue(slog.Int64("id", a.ID), slog.String("public_id", a.PublicID))
}

// MarshalJSON leaves the configuration and the token out.
func (a Account) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID       int64  `json:"id"`
		PublicID string `json:"channelId"`
		Name     string `json:"name"`
	}{a.ID, a.PublicID, a.Name})
}
