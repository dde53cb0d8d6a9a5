package channel

import (
	"context"
	"errors"
	"time"
)

// Outgoing is one message to one contact. Its message has gone through Fit.
type Outgoing struct {
	Key        string // idempotency key, "msg-<messageId>"; the same for every attempt at the same message
	ExternalID string // the contact's id on the channel
	Message    Message
	ReplyTo    string // the provider's id of the message that Message.ReplyToMessageID names; "" = none
}

// Sent is the provider's yes.
type Sent struct {
	ProviderID string // the provider's id of the message; "" if it gave none: then no receipt can be matched
	Warning    string // something for the channel's log, "" mostly; it holds no secrets and no text of the message
}

// Sender hands one message to the provider, once: it does not retry. The error is always a *SendError.
// It honours the context's deadline and is safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, acc Account, out Outgoing) (Sent, error)
}

// SendCode says why a message was not sent. The list is closed: reports, workflows and the API name these codes.
type SendCode string

// The failure codes. The first group is found by ucal before anything is sent, the second comes from the provider or from
// carrying the media; some of the first group may come from the provider too.
const (
	CodeNoLastInteractedChannel SendCode = "no_last_interacted_channel"
	CodeChannelNotFound         SendCode = "channel_not_found"
	CodeContactLacksChannel     SendCode = "contact_lacks_channel"
	CodeContactBlocked          SendCode = "contact_blocked"
	CodeChannelDisconnected     SendCode = "channel_disconnected"
	CodeWindowClosed            SendCode = "window_closed"
	CodeTemplateNotApproved     SendCode = "template_not_approved"
	CodeTemplateInvalid         SendCode = "template_invalid"
	CodeUnsupportedType         SendCode = "unsupported_type"
	CodeTextTooLong             SendCode = "text_too_long"
	CodeTooManyReplies          SendCode = "too_many_replies"

	CodeAttachmentUnreachable SendCode = "attachment_unreachable"
	CodeAttachmentTooLarge    SendCode = "attachment_too_large"
	CodeAttachmentType        SendCode = "attachment_type"
	CodeRecipientUnreachable  SendCode = "recipient_unreachable"
	CodeRecipientOptedOut     SendCode = "recipient_opted_out"
	CodeRateLimited           SendCode = "rate_limited"
	CodeProviderUnavailable   SendCode = "provider_unavailable"
	CodeProviderRejected      SendCode = "provider_rejected"
	CodeOutcomeUnknown        SendCode = "outcome_unknown"
	CodeExpired               SendCode = "expired"
)

// SendCodes lists every code.
func SendCodes() []SendCode {
	return []SendCode{
		CodeNoLastInteractedChannel, CodeChannelNotFound, CodeContactLacksChannel, CodeContactBlocked, CodeChannelDisconnected,
		CodeWindowClosed, CodeTemplateNotApproved, CodeTemplateInvalid, CodeUnsupportedType, CodeTextTooLong, CodeTooManyReplies,
		CodeAttachmentUnreachable, CodeAttachmentTooLarge, CodeAttachmentType, CodeRecipientUnreachable, CodeRecipientOptedOut,
		CodeRateLimited, CodeProviderUnavailable, CodeProviderRejected, CodeOutcomeUnknown, CodeExpired,
	}
}

// Fault says who has to do something about a failure.
type Fault string

// Who is at fault.
const (
	FaultOurs      Fault = "ours"      // the message or its sender
	FaultProvider  Fault = "provider"  // the provider: it may pass by itself
	FaultRecipient Fault = "recipient" // the contact cannot or does not want to be reached
	FaultChannel   Fault = "channel"   // the connection: credentials or address; several in a row disconnect the channel
)

// SendError says why a message was not sent, and what may be done about it.
type SendError struct {
	Code       SendCode
	Message    string        // one sentence for people, with the provider's own words; it holds no secrets
	Retryable  bool          // the same message may succeed later
	RetryAfter time.Duration // how long the provider wants to be left alone; 0 = it did not say
	Unknown    bool          // the request may have gone out and no answer came: the message may have been sent
	Fault      Fault
}

// Error is the code and the sentence.
func (e *SendError) Error() string { return string(e.Code) + ": " + e.Message }

// MayRepeat reports whether the message may be handed to the provider again. After an unknown outcome that is so only where
// the provider recognises a repeated idempotency key (Capabilities.IdempotencyKey).
func (e *SendError) MayRepeat(caps Capabilities) bool {
	return e.Retryable && (!e.Unknown || caps.IdempotencyKey)
}

// AsSendError finds the *SendError in an error. Any other error than nil is a fault of ours whose outcome is unknown.
func AsSendError(err error) *SendError {
	if err == nil {
		return nil
	}
	if se, ok := errors.AsType[*SendError](err); ok {
		return se
	}
	return &SendError{Code: CodeProviderUnavailable, Message: err.Error(), Unknown: true, Retryable: true, Fault: FaultOurs}
}
