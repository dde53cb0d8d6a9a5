package desk

import (
	"context"
	"fmt"
	"time"

	"ucal/channel"
	"ucal/flow"
	"ucal/store"
)

// Delivery is one attempt at handing a message to its channel. Exactly one of
// Ready, Final and Until says what to do.
type Delivery struct {
	MessageID int64
	Ready     bool         // hand Outgoing to the adapter of Source, then call Delivered
	Final     *flow.Result // nothing is left to do
	Until     time.Time    // not now: try again then; Reason says why
	Reason    string

	Source     channel.Source
	Account    channel.Account
	Outgoing   channel.Outgoing
	Idempotent bool // the channel recognises our key: an attempt may be cut short and repeated

	note bool // success has something to note at the channel

	call *flow.Call // the run's effect, nil for messages of users and the API
	ask  *asking
}

// asking is a send that the contact is to answer: a question, or a message of
// an AI Agent. nil is any other one.
type asking struct {
	kind    flow.WaitKind
	timeout time.Duration // 0 = the last message of an AI Agent: nothing is waited for
	turn    int           // of the AI Agent; 0 = a question
}

// waits reports whether the send opens a wait.
func (a *asking) waits() bool { return a != nil && a.timeout > 0 }

// talks reports whether it is an AI Agent's.
func (a *asking) talks() bool { return a != nil && a.turn > 0 }

// look cuts a pause of an AI Agent's message short, so that a person who takes
// the conversation over is noticed in it.
func (a *asking) look(now int64, dl *Delivery) {
	if soon := timeOf(now).Add(talkLook); a.talks() && dl.Until.After(soon) {
		dl.Until = soon
	}
}

const (
	// attemptLease is how long an attempt without answer counts as alive.
	attemptLease = 15 * time.Second
	// orderPause is how often a message looks whether the one before it has left.
	orderPause = 25 * time.Millisecond
	// talkLook is how often a message of an AI Agent that must wait looks whether it is still to be sent.
	talkLook = 2 * time.Second
	// forsaken is when an unsent message that nobody works on stops holding up others.
	forsaken = 10 * time.Minute
	// disconnectAfter is how many refusals of our credentials in a row disconnect a channel.
	disconnectAfter = 3
)

// sendRetries are the pauses between attempts that a provider refused for now.
func sendRetries() []time.Duration {
	return []time.Duration{2 * time.Second, 10 * time.Second, 30 * time.Second, 60 * time.Second, 120 * time.Second}
}

// PrepareSend stores the message of a run's send and claims it for an attempt.
// Called again for the same effect it finds the message it stored.
func (d *Desk) PrepareSend(ctx context.Context, call flow.Call, s flow.Send) (Delivery, error) {
	return d.prepare(ctx, call, nil, func(e *doing) (*Message, *channel.SendError, error) { return e.compose(s) })
}

// PrepareAsk is PrepareSend for a question: the wait for its answer opens in the
// transaction that hands the question to the channel.
func (d *Desk) PrepareAsk(ctx context.Context, call flow.Call, a flow.Ask) (Delivery, error) {
	return d.prepare(ctx, call, &asking{kind: flow.WaitAnswer, timeout: a.Timeout}, func(e *doing) (*Message, *channel.SendError, error) { return e.composeQuestion(a) })
}

func (d *Desk) prepare(ctx context.Context, call flow.Call, ask *asking, compose func(*doing) (*Message, *channel.SendError, error)) (Delivery, error) {
	dl := Delivery{call: &call, ask: ask}
	wsID, contactID, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return dl, err
	}
	err = d.write(ctx, wsID, Actor{}, func(t *txn) error {
		dl = Delivery{call: &call, ask: ask}
		e, stored, err := t.begin(call, contactID, false)
		if err != nil || stored != nil && stored.Outcome != flow.Ended {
			dl.Final = stored
			return err
		}
		key := fmt.Sprintf("run-%d-%d", call.RunID, call.No)
		m, err := first[Message](t.db.Where("send_key = ?", key))
		if err != nil {
			return err
		}
		if stored != nil {
			return t.claimAfterEnd(m, stored, &dl)
		}
		if ask.talks() {
			if dl.Final, err = e.maySay(ask, m); err != nil || dl.Final != nil {
				return err
			}
		}
		if m == nil {
			var bad *channel.SendError
			if m, bad, err = compose(e); err != nil {
				return err
			}
			m.SendKey = &key
			if err := e.queueMessage(e.c, m, bad); err != nil {
				return err
			}
			if ask.talks() {
				if err := e.saidBy(ask.turn, m); err != nil {
					return err
				}
			}
		}
		e.detail["messageId"] = m.ID
		if err := e.claimMessage(e.c, m, &dl); err != nil {
			return err
		}
		ask.look(t.at, &dl)
		if ask.waits() && dl.Ready && (e.run.WaitKind != ask.kind || e.run.WaitNo != call.No) {
			e.run.AskedAt = m.ID
			if err := e.openWait(ask.kind, "", t.at+ask.timeout.Milliseconds()); err != nil {
				return err
			}
			if ask.talks() {
				if err := e.missed(ask.turn); err != nil {
					return err
				}
			}
		}
		if dl.Final != nil {
			return e.settle(m, ask, &dl)
		}
		return e.finish("send", flow.Result{})
	})
	return dl, err
}

// claimAfterEnd claims the message of a run that was ended from outside: a step
// in progress finishes, and no message stays unsent for ever. The run itself
// hears that it has ended; one that has stored no message yet stores none.
func (t *txn) claimAfterEnd(m *Message, end *flow.Result, dl *Delivery) error {
	if m == nil {
		dl.Final = end
		return nil
	}
	t.actor = system()
	if err := t.claimMessage(t.contacts[m.ContactID], m, dl); err != nil {
		return err
	}
	if dl.Final != nil {
		dl.Final = end
	}
	return nil
}

// ClaimMessage claims a message of a user or the API for an attempt. A message
// whose contact was deleted has Ended.
func (d *Desk) ClaimMessage(ctx context.Context, messageID int64) (Delivery, error) {
	dl := Delivery{MessageID: messageID}
	owner, err := first[Message](d.db.Read(ctx).Where("id = ?", messageID))
	if err != nil {
		return dl, fmt.Errorf("message %d: %w", messageID, err)
	}
	if owner == nil {
		dl.Final = erased()
		return dl, nil
	}
	err = d.write(ctx, owner.WorkspaceID, system(), func(t *txn) error {
		dl = Delivery{MessageID: messageID}
		c, m, err := t.lockMessage(owner)
		if err != nil || m == nil {
			dl.Final = erased()
			return err
		}
		return t.claimMessage(c, m, &dl)
	})
	return dl, err
}

// lockMessage locks a message's contact and reads the message again; nil when
// the contact was deleted meanwhile, and its messages with it.
func (t *txn) lockMessage(owner *Message) (*Contact, *Message, error) {
	c, err := t.contact(owner.ContactID)
	if bad := AsError(err); bad != nil && bad.Code == NotFound {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	m, err := first[Message](t.db.Where("id = ?", owner.ID))
	return c, m, err
}

// erased is the result of a message whose contact was deleted.
func erased() *flow.Result {
	return &flow.Result{Outcome: flow.Ended, Code: string(flow.EndContactDeleted)}
}

// claimMessage decides whether the message may be handed over now.
func (t *txn) claimMessage(c *Contact, m *Message, dl *Delivery) error {
	dl.MessageID = m.ID
	if m.Status != channel.StatusPending && m.Status != StatusSending {
		return t.finalOf(m, dl)
	}
	if m.LeaseUntil > t.at { // a refused attempt's pause, or an attempt that may be alive
		dl.Until, dl.Reason = timeOf(m.LeaseUntil), "retry"
		return nil
	}
	ch := &Channel{}
	if err := t.db.Take(ch, m.ChannelID).Error; err != nil {
		return err
	}
	caps := t.Capabilities(ch)
	body, misfit := channel.Fit(m.Body, caps) // it fitted when it was stored; the channel may have changed since
	refusal := t.refusal(c, ch)
	switch {
	case t.at-m.CreatedAt > t.MessageExpiry.Milliseconds():
		refusal = &channel.SendError{Code: channel.CodeExpired, Message: "the message waited longer than " + t.MessageExpiry.String() + " for its channel"}
	case refusal == nil && m.Status == StatusSending && !caps.IdempotencyKey:
		refusal = &channel.SendError{Code: channel.CodeOutcomeUnknown, Message: "an attempt got no answer; the channel may or may not have delivered the message"}
	case refusal == nil:
		refusal = channel.AsSendError(misfit)
	}
	if refusal != nil {
		if err := t.failMessage(c, m, refusal); err != nil {
			return err
		}
		return t.finalOf(m, dl)
	}
	if until, why, err := t.turn(m, caps); err != nil || until > 0 {
		dl.Until, dl.Reason = timeOf(until), why
		return err
	}
	return t.handOver(m, ch, caps, body, dl)
}

// handOver notes the attempt and fills in what the adapter needs.
func (t *txn) handOver(m *Message, ch *Channel, caps channel.Capabilities, body channel.Message, dl *Delivery) error {
	id := &Identity{}
	if err := t.db.Take(id, m.IdentityID).Error; err != nil {
		return err
	}
	acc, err := t.Account(ch)
	if err != nil {
		return err
	}
	replyTo, err := t.providerID(m.Body.ReplyToMessageID, m.ContactID)
	if err != nil {
		return err
	}
	m.SentAs = body.Type
	m.Status, m.LeaseUntil, m.Attempts = StatusSending, t.at+attemptLease.Milliseconds(), m.Attempts+1
	if m.FirstAttemptAt == 0 {
		m.FirstAttemptAt = t.at
	}
	err = t.db.Model(m).Select("sent_as", "status", "lease_until", "attempts", "first_attempt_at").Updates(m).Error
	dl.Ready, dl.Source, dl.Account, dl.Idempotent = true, ch.Source, acc, caps.IdempotencyKey
	dl.note = ch.AuthFailures > 0 || ch.LastOutboundAt < t.at-useEvery
	dl.Outgoing = channel.Outgoing{Key: messageKey(m.ID), ExternalID: id.ExternalID, Message: body, ReplyTo: replyTo}
	return err
}

// messageKey is the key by which channels recognise a message of ours.
func messageKey(id int64) string { return fmt.Sprintf("msg-%d", id) }

// providerID is the channel's id of the message that another one continues; ""
// when there is none.
func (t *txn) providerID(messageID, contactID int64) (string, error) {
	if messageID == 0 {
		return "", nil
	}
	m, err := first[Message](t.db.Select("provider_id").Where("id = ? AND contact_id = ?", messageID, contactID))
	if err != nil || m == nil {
		return "", err
	}
	return m.ProviderID, nil
}

// turn says until when a message must wait: messages to one identity leave in
// the order stored, and a channel's limit is shared by priority.
func (t *txn) turn(m *Message, caps channel.Capabilities) (until int64, why string, err error) {
	alive := t.at - forsaken.Milliseconds()
	older, err := first[Message](t.db.Select("id", "status", "lease_until").
		Where("identity_id = ? AND id < ? AND "+isUnsent+" AND lease_until > ?", m.IdentityID, m.ID, alive))
	if err != nil {
		return 0, "", err
	}
	if older != nil {
		until = t.at + orderPause.Milliseconds()
		if older.Status == channel.StatusPending { // nobody tries it before its own pause is over
			until = max(until, older.LeaseUntil)
		}
		return until, "order", nil
	}
	rate := t.rate(caps.RatePerSecond)
	if rate == 0 {
		return 0, "", nil
	}
	ch := &Channel{}
	if err := store.ForUpdate(t.db).Select("id", "send_slot_at").Take(ch, m.ChannelID).Error; err != nil {
		return 0, "", err
	}
	now, gap := t.at*1000, int64(1e6/rate)
	if ch.SendSlotAt > now {
		return ch.SendSlotAt/1000 + 1, string(channel.CodeRateLimited), nil
	}
	before, err := first[Message](t.db.Select("id").Where("channel_id = ? AND priority < ? AND status = 'pending' AND "+isUnsent+" AND lease_until <= ? AND lease_until > ?",
		m.ChannelID, m.Priority, t.at, t.at-5_000))
	if err != nil {
		return 0, "", err
	}
	if before != nil {
		return t.at + gap/1000 + 1, "priority", nil
	}
	return 0, "", t.db.Model(ch).UpdateColumn("send_slot_at", now+gap).Error
}
