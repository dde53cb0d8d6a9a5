package desk

import (
	"encoding/json"
	"fmt"
	"sync"

	"ucal/channel"
)

// Channel is one connected messaging account.
type Channel struct {
	ID             int64
	WorkspaceID    int64
	PublicID       string // ch_…
	Source         channel.Source
	Name           string
	Config         string // sealed JSON, as CheckConfig normalised it
	Token          string // sealed
	TokenHash      string
	OldTokenHash   string // still accepted until OldTokenUntil
	OldTokenUntil  int64
	Status         ChannelStatus
	StatusReason   string
	AuthFailures   int // refusals of our credentials in a row
	WarnedNoID     bool
	SendSlotAt     int64 // Unix microseconds: when the limiter's next place is free
	LastInboundAt  int64
	LastOutboundAt int64
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
	DeletedAt      int64
}

// ChannelStatus is whether a channel can be used.
type ChannelStatus string

// The statuses of a channel.
const (
	Connected    ChannelStatus = "connected"
	Disconnected ChannelStatus = "disconnected"
	DisabledCh   ChannelStatus = "disabled"
)

// opened caches what Secrets.Open found: sealed text → plain text.
type opened struct{ m sync.Map }

func (d *Desk) open(sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	if v, ok := d.plain.m.Load(sealed); ok {
		return v.(string), nil
	}
	plain, err := d.Secrets.Open(sealed)
	if err != nil {
		return "", err
	}
	d.plain.m.Store(sealed, plain)
	return plain, nil
}

// Account is what the channel's adapter may know of it.
func (d *Desk) Account(ch *Channel) (channel.Account, error) {
	cfg, err := d.open(ch.Config)
	if err != nil {
		return channel.Account{}, fmt.Errorf("channel %d: %w", ch.ID, err)
	}
	token, err := d.open(ch.Token)
	if err != nil {
		return channel.Account{}, fmt.Errorf("channel %d: %w", ch.ID, err)
	}
	return channel.Account{ID: ch.ID, PublicID: ch.PublicID, Name: ch.Name, Config: json.RawMessage(cfg), Token: token}, nil
}

// Capabilities of a channel; the zero value when its adapter is gone.
func (d *Desk) Capabilities(ch *Channel) channel.Capabilities {
	a, ok := d.Channels.Adapter(ch.Source)
	if !ok {
		return channel.Capabilities{}
	}
	acc, err := d.Account(ch)
	if err != nil {
		return channel.Capabilities{}
	}
	return a.Capabilities(acc.Config)
}

// rate is how many messages a second a channel takes in one direction, by its
// own word or the deployment's; 0 = no limit.
func (d *Desk) rate(own float64) float64 {
	if d.ChannelRate >= 0 {
		return float64(d.ChannelRate)
	}
	return own
}
