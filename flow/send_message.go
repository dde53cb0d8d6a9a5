package flow

// SendMessage sends one message on a channel (type send_message).
//
// The run goes on when the message is sent or has failed. A failure takes the
// arm message_failure when it is on; else the message is marked failed with its
// reason and the run continues.
type SendMessage struct {
	Channel   ChannelChoice     `json:"channel" flow:"channel,required" ref:"channel"`
	Message   Message           `json:"message" flow:"message,required"`
	Responses []ChannelResponse `json:"channel_responses,omitempty" flow:"channel_responses"`
}

// ChannelChoice is `last_interacted` or one connected channel, by name.
type ChannelChoice struct {
	Ref
}

// LastInteracted is the spelling of the choice that follows the contact.
const LastInteracted = "last_interacted"

// Last reports whether the channel of the latest message is meant.
func (c ChannelChoice) Last() bool { return c.ID == 0 && c.Name == LastInteracted }

// Message is what a workflow sends. Which fields count depends on Type.
type Message struct {
	Type        string   `json:"type" flow:"type,required" enum:"text,media,email,quick_reply,whatsapp_template,facebook_template,custom_payload"`
	Subject     string   `json:"subject,omitempty" flow:"subject,vars"` // email; may be blank
	Text        string   `json:"text,omitempty" flow:"text,vars"`
	MessageTag  string   `json:"message_tag,omitempty" flow:"message_tag" enum:"ACCOUNT_UPDATE,POST_PURCHASE_UPDATE,CONFIRMED_EVENT_UPDATE"` // text, where the channel has tags
	File        string   `json:"file,omitempty" flow:"file,vars"`                                                                            // media: https address
	Caption     string   `json:"caption,omitempty" flow:"caption,vars"`                                                                      // media
	Attachments []string `json:"attachments,omitempty" flow:"attachments,vars"`                                                              // email: https addresses, at most 5
	Replies     []string `json:"replies,omitempty" flow:"replies,vars"`                                                                      // quick_reply: at most 10
	Template    string   `json:"template,omitempty" flow:"template"`                                                                         // whatsapp_template, facebook_template: its name at the provider
	Language    string   `json:"language,omitempty" flow:"language"`                                                                         // template: language code, such as en or pt_BR
	Parameters  []string `json:"parameters,omitempty" flow:"parameters,vars"`                                                                // template: values of {{1}}, {{2}} …
	Payload     string   `json:"payload,omitempty" flow:"payload,vars"`                                                                      // custom_payload: JSON text
}

// ChannelResponse is the message used instead of the default on one channel.
type ChannelResponse struct {
	Channel Ref     `json:"channel" flow:"channel,required" ref:"channel"`
	Message Message `json:"message" flow:"message,required"`
}

// On is the message for a channel: the response for it, else the default.
func (s Send) On(channelID int64) Message {
	for _, r := range s.Responses {
		if channelID != 0 && r.Channel.ID == channelID {
			return r.Message
		}
	}
	return s.Message
}

func (s *SendMessage) run(x *Execution) (way, error) {
	r, _, err := x.do(Send{Channel: s.Channel, Message: s.Message, Responses: s.Responses})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	if r.Outcome == Failed && x.cur.On(ArmMessageFailure) {
		return by(ArmMessageFailure, r.Code), nil
	}
	return by(ArmNext, r.Code), nil
}
