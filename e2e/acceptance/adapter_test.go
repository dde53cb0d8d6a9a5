package acceptance

import (
	"context"
	"encoding/json"

	"ucal/channel"
)

// The sources of the fake channels.
const (
	telegram channel.Source = "telegram"
	whatsapp channel.Source = "whatsapp_cloud"
	sms      channel.Source = "twilio"
	email    channel.Source = "other_email"
)

// adapter is a fake channel with the capabilities of a real one. It is never
// called: the engine is the provider.
type adapter struct {
	source channel.Source
	caps   channel.Capabilities
}

func (a adapter) Source() channel.Source                            { return a.source }
func (a adapter) Capabilities(json.RawMessage) channel.Capabilities { return a.caps }
func (a adapter) CheckConfig(raw json.RawMessage) (json.RawMessage, []channel.Detail) {
	return raw, nil
}
func (a adapter) Send(context.Context, channel.Account, channel.Outgoing) (channel.Sent, error) {
	panic("the engine sends")
}

// adapters are the fake channels (platform specification 10.3).
func adapters() []channel.Adapter {
	text, attachment, reply := channel.TypeText, channel.TypeAttachment, channel.TypeQuickReply
	return []channel.Adapter{
		adapter{telegram, channel.Capabilities{First: channel.FirstNo, ExternalID: channel.IDOwn, IdempotencyKey: true,
			Types: []channel.MessageType{text, attachment, reply, channel.TypeLocation}, Attachments: []channel.AttachmentType{channel.AttachmentImage, channel.AttachmentFile},
			QuickReplies: channel.ReplyLimit{Max: 10, MaxLabel: 64}, TextLimit: channel.TextLimit{Max: 4096}}},
		adapter{whatsapp, channel.Capabilities{First: channel.FirstTemplate, ExternalID: channel.IDPhone, IdempotencyKey: true, WindowDuration: 24 * 3600,
			Types:        []channel.MessageType{text, attachment, reply, channel.TypeLocation, channel.MessageType("whatsapp_template")},
			Attachments:  []channel.AttachmentType{channel.AttachmentImage, channel.AttachmentFile},
			QuickReplies: channel.ReplyLimit{Max: 10, MaxLabel: 20}, TextLimit: channel.TextLimit{Max: 4096}}},
		adapter{sms, channel.Capabilities{First: channel.FirstYes, ExternalID: channel.IDPhone, IdempotencyKey: true,
			Types: []channel.MessageType{text}, TextLimit: channel.TextLimit{Max: 1600}}},
		adapter{email, channel.Capabilities{First: channel.FirstYes, ExternalID: channel.IDEmail, IdempotencyKey: true,
			Types: []channel.MessageType{text, attachment, channel.MessageType("email")}, TextLimit: channel.TextLimit{Max: 100_000}}},
	}
}
