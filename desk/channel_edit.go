package desk

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ucal/channel"
	"ucal/internal/secret"
)

// MaxChannels is how many channels a workspace may have.
const MaxChannels = 100

// tokenGrace is how long a replaced channel token goes on working.
const tokenGrace = 10 * time.Minute

// ChannelInput is a new channel.
type ChannelInput struct {
	Source channel.Source
	Name   string
	Config json.RawMessage
}

// ChannelChange is what is to be changed of a channel; nil leaves a field alone.
type ChannelChange struct {
	Name    *string
	Config  json.RawMessage
	Enabled *bool
}

// ChannelCheck is one thing that a test of a channel looked at.
type ChannelCheck struct {
	Name    string
	OK      bool
	Message string
}

// ChannelList lists the channels.
func (d *Desk) ChannelList(ctx context.Context, p Principal, page Page) (List[Channel], error) {
	var out List[Channel]
	err := d.read(ctx, p, func(t *txn) (err error) {
		out, err = list(t.db.Where("workspace_id = ? AND deleted_at = 0", t.wsID), page, oldestFirst(), func(x *Channel) int64 { return x.ID })
		return err
	})
	return out, err
}

// Channel returns one channel that is not deleted.
func (d *Desk) Channel(ctx context.Context, p Principal, id int64) (*Channel, error) {
	var ch *Channel
	err := d.read(ctx, p, func(t *txn) (err error) {
		ch, err = t.channel(id)
		return err
	})
	return ch, err
}

func (t *txn) channel(id int64) (*Channel, error) {
	ch, err := first[Channel](t.db.Where("workspace_id = ? AND id = ? AND deleted_at = 0", t.wsID, id))
	if err == nil && ch == nil {
		return nil, notFound("channel", id)
	}
	return ch, err
}

// changeChannels runs a change of channels, followed by fresh channels.
func (d *Desk) changeChannels(ctx context.Context, p Principal, fn func(t *txn) error) error {
	defer d.recent.channels.clear()
	return d.write(ctx, p.WorkspaceID, p.Actor(), fn)
}

// CreateChannel connects a channel. The API token is returned once; it is empty
// for sources that have none.
func (d *Desk) CreateChannel(ctx context.Context, p Principal, in ChannelInput) (*Channel, string, error) {
	var f faults
	name := f.text("name", in.Name, 1, 100)
	cfg := d.channelConfig(&f, in.Source, in.Config)
	if err := f.err(); err != nil {
		return nil, "", err
	}
	var ch *Channel
	token := ""
	err := d.changeChannels(ctx, p, func(t *txn) error {
		if err := room(t.db.Model(&Channel{}).Where("workspace_id = ? AND deleted_at = 0", t.wsID), "channels", MaxChannels); err != nil {
			return err
		}
		ch = &Channel{WorkspaceID: t.wsID, PublicID: "ch_" + secret.Key(12), Source: in.Source, Name: name, Config: t.Secrets.Seal(string(cfg)),
			Status: Connected, CreatedAt: t.at}
		if in.Source == channel.SourceCustom {
			token = t.giveToken(ch)
		}
		return t.db.Create(ch).Error
	})
	return ch, token, err
}

// channelConfig is a configuration as the source's adapter wants it stored.
func (d *Desk) channelConfig(f *faults, source channel.Source, raw json.RawMessage) json.RawMessage {
	a, ok := d.Channels.Adapter(source)
	if !ok {
		known := make([]string, 0, 4)
		for _, s := range d.Channels.Sources() {
			known = append(known, string(s))
		}
		f.bad("source", "%q is no source of this ucal; use one of %s", clip(string(source)), strings.Join(known, ", "))
		return nil
	}
	if len(raw) == 0 {
		raw = json.RawMessage("{}")
	}
	cfg, details := a.CheckConfig(raw)
	for _, detail := range details {
		*f = append(*f, detail.Under("config"))
	}
	return cfg
}

func (t *txn) giveToken(ch *Channel) string {
	token := secret.Token("cht_", 32)
	ch.Token, ch.TokenHash = t.Secrets.Seal(token), secret.Hash(token)
	return token
}

// UpdateChannel renames, reconfigures, enables or disables a channel. A new
// configuration connects a disconnected channel again.
func (d *Desk) UpdateChannel(ctx context.Context, p Principal, id int64, in ChannelChange) (*Channel, error) {
	var ch *Channel
	err := d.changeChannels(ctx, p, func(t *txn) error {
		var err error
		if ch, err = t.channel(id); err != nil {
			return err
		}
		var f faults
		f.change("name", &ch.Name, in.Name, 1, 100)
		if in.Config != nil {
			cfg := t.channelConfig(&f, ch.Source, in.Config)
			ch.Config = t.Secrets.Seal(string(cfg))
			if ch.Status == Disconnected {
				ch.connect()
			}
		}
		if err := f.err(); err != nil {
			return err
		}
		switch {
		case in.Enabled == nil:
		case !*in.Enabled:
			ch.Status, ch.StatusReason = DisabledCh, ""
		case ch.Status == DisabledCh:
			ch.connect()
		}
		return t.db.Model(ch).Select("name", "config", "status", "status_reason", "auth_failures").Updates(ch).Error
	})
	return ch, err
}

func (ch *Channel) connect() { ch.Status, ch.StatusReason, ch.AuthFailures = Connected, "", 0 }

// DeleteChannel deletes a channel. Its messages and identities stay as history;
// its unsent messages fail with channel_disconnected.
func (d *Desk) DeleteChannel(ctx context.Context, p Principal, id int64) error {
	return d.changeChannels(ctx, p, func(t *txn) error {
		ch, err := t.channel(id)
		if err != nil {
			return err
		}
		return t.db.Model(ch).UpdateColumns(map[string]any{"deleted_at": t.at, "status": Disconnected, "status_reason": "deleted",
			"config": "", "token": "", "token_hash": "", "old_token_hash": ""}).Error
	})
}

// TestChannel looks whether a channel can work; success connects it again.
func (d *Desk) TestChannel(ctx context.Context, p Principal, id int64) ([]ChannelCheck, error) {
	var checks []ChannelCheck
	err := d.changeChannels(ctx, p, func(t *txn) error {
		ch, err := t.channel(id)
		if err != nil {
			return err
		}
		var ok bool
		if checks, ok = t.checkChannel(ch); !ok || ch.Status == DisabledCh {
			return nil
		}
		ch.connect()
		return t.db.Model(ch).Select("status", "status_reason", "auth_failures").Updates(ch).Error
	})
	return checks, err
}

// checkChannel calls nobody: the configuration is read again by the present
// program under its present policy.
func (t *txn) checkChannel(ch *Channel) ([]ChannelCheck, bool) {
	secrets := ChannelCheck{Name: "secrets", OK: true, Message: "the stored secrets can be read"}
	config := ChannelCheck{Name: "config", OK: true, Message: "the configuration is complete"}
	acc, err := t.Account(ch)
	if err != nil {
		secrets.OK, secrets.Message = false, "the stored secrets cannot be read with the present UCAL_ENCRYPTION_KEY; connect the channel anew"
		config.OK, config.Message = false, "not checked"
		return []ChannelCheck{secrets, config}, false
	}
	var f faults
	t.channelConfig(&f, ch.Source, acc.Config)
	if err := f.err(); err != nil {
		config.OK, config.Message = false, err.Error()
	}
	return []ChannelCheck{secrets, config}, config.OK
}

// RotateChannelToken gives a channel a new API token; the old one works 10 more minutes.
func (d *Desk) RotateChannelToken(ctx context.Context, p Principal, id int64) (string, error) {
	token := ""
	err := d.changeChannels(ctx, p, func(t *txn) error {
		ch, err := t.channel(id)
		if err != nil {
			return err
		}
		if ch.Source != channel.SourceCustom {
			return refuse(Conflict, "invalid_state", "channels of source %s have no API token", ch.Source)
		}
		ch.OldTokenHash, ch.OldTokenUntil = ch.TokenHash, t.at+tokenGrace.Milliseconds()
		token = t.giveToken(ch)
		return t.db.Model(ch).Select("token", "token_hash", "old_token_hash", "old_token_until").Updates(ch).Error
	})
	return token, err
}

// ChannelConfig is a channel's configuration as the API shows it.
func (d *Desk) ChannelConfig(ch *Channel) (json.RawMessage, error) {
	acc, err := d.Account(ch)
	return acc.Config, err
}

// InboundRate is how many webhook calls a second are taken on a channel; 0 = no limit.
func (d *Desk) InboundRate(ch *Channel) float64 { return d.rate(d.Capabilities(ch).InboundRate) }

// ChannelByToken finds the channel of a source whose API token this is. The
// answer may be 3 seconds old.
func (d *Desk) ChannelByToken(ctx context.Context, source channel.Source, token string) (*Channel, error) {
	wrong := refuse(Unauthorized, "unauthorized", "the token is missing or is no channel's; send the channel's API token as Authorization: Bearer <token>")
	if token == "" {
		return nil, wrong
	}
	hash, now := secret.Hash(token), d.millis()
	if ch, ok := d.recent.channels.get(hash, now); ok && ch.Source == source {
		return ch, nil
	}
	ch, err := d.channelByHash(ctx, source, hash, now)
	if err != nil {
		return nil, fmt.Errorf("look up a channel token: %w", err)
	}
	if ch == nil {
		return nil, wrong
	}
	d.recent.channels.put(hash, ch, now)
	return ch, nil
}

func (d *Desk) channelByHash(ctx context.Context, source channel.Source, hash string, now int64) (*Channel, error) {
	q := d.db.Read(ctx).Where("source = ? AND deleted_at = 0", source)
	ch, err := first[Channel](q.Where("token_hash = ?", hash))
	if err != nil {
		return nil, err
	}
	if ch != nil && subtle.ConstantTimeCompare([]byte(ch.TokenHash), []byte(hash)) == 1 {
		return ch, nil
	}
	return first[Channel](d.db.Read(ctx).Where("source = ? AND deleted_at = 0 AND old_token_hash = ? AND old_token_until > ?", source, hash, now))
}
