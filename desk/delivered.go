package desk

import (
	"context"
	"fmt"

	"ucal/channel"
	"ucal/flow"
	"ucal/store"
)

// Delivered records how an attempt came out: the message's status, and for a
// run the result of its effect. The returned delivery is Final or has Until.
func (d *Desk) Delivered(ctx context.Context, dl Delivery, sent channel.Sent, failure *channel.SendError) (Delivery, error) {
	out := Delivery{MessageID: dl.MessageID, call: dl.call, ask: dl.ask}
	owner, err := first[Message](d.db.Read(ctx).Select("id", "workspace_id", "contact_id").Where("id = ?", dl.MessageID))
	if err != nil {
		return out, fmt.Errorf("message %d: %w", dl.MessageID, err)
	}
	if owner == nil {
		out.Final = erased()
		return out, nil
	}
	err = d.write(ctx, owner.WorkspaceID, system(), func(t *txn) error {
		out = Delivery{MessageID: dl.MessageID, call: dl.call, ask: dl.ask}
		c, m, err := t.lockMessage(owner)
		if err != nil || m == nil {
			out.Final = erased()
			return err
		}
		var e *doing
		var stored *flow.Result
		if dl.call != nil {
			if e, stored, err = t.begin(*dl.call, m.ContactID, false); err != nil {
				return err
			}
			if stored != nil && stored.Outcome != flow.Ended {
				out.Final = stored // another attempt was faster
				return t.late(c, m, sent, failure)
			}
		}
		switch err = t.late(c, m, sent, failure); {
		case err != nil:
		case m.Status == StatusSending:
			err = t.record(c, m, sent, failure, dl, &out)
		case m.Status == channel.StatusPending: // a later attempt was refused for now
			out.Until, out.Reason = timeOf(m.LeaseUntil), "retry"
		default:
			err = t.finalOf(m, &out)
		}
		switch {
		case err != nil:
			return err
		case e != nil:
			return e.settle(m, dl.ask, &out)
		case stored != nil && out.Final != nil:
			out.Final = stored // the message is done, and the run was ended meanwhile
		}
		return nil
	})
	return out, err
}

// late notes a yes that came after its attempt counted as dead: the message was
// sent after all.
func (t *txn) late(c *Contact, m *Message, sent channel.Sent, failure *channel.SendError) error {
	if failure != nil || m.Status != channel.StatusPending && m.Status != channel.StatusFailed {
		return nil
	}
	return t.markSent(c, m, sent)
}

// record writes the outcome of an attempt into the message.
func (t *txn) record(c *Contact, m *Message, sent channel.Sent, failure *channel.SendError, dl Delivery, out *Delivery) error {
	switch {
	case failure == nil:
		if err := t.markSent(c, m, sent); err != nil {
			return err
		}
		if dl.note {
			if err := t.noteUse(m.ChannelID); err != nil {
				return err
			}
		}
	case failure.Unknown && !dl.Idempotent:
		failure.Code = channel.CodeOutcomeUnknown
		if err := t.failMessage(c, m, failure); err != nil {
			return err
		}
	case failure.Retryable && t.later(m, failure) > 0:
		m.Status, m.LeaseUntil = channel.StatusPending, t.later(m, failure)
		out.Until, out.Reason = timeOf(m.LeaseUntil), string(failure.Code)
		return t.db.Model(m).Select("status", "lease_until").Updates(m).Error
	default:
		if err := t.failMessage(c, m, failure); err != nil {
			return err
		}
		if err := t.noteRefusal(m.ChannelID, failure); err != nil {
			return err
		}
	}
	if out.Final != nil {
		return nil
	}
	return t.finalOf(m, out)
}

// later is when a refused message is tried again; 0 = no more.
func (t *txn) later(m *Message, failure *channel.SendError) int64 {
	pauses := sendRetries()
	if m.Attempts > len(pauses) {
		return 0
	}
	pause := pauses[m.Attempts-1]
	end := m.FirstAttemptAt + t.RetryWindow.Milliseconds()
	if failure.RetryAfter > 0 && t.at+failure.RetryAfter.Milliseconds() <= end {
		pause = failure.RetryAfter
	}
	if at := t.at + pause.Milliseconds(); at <= end {
		return at
	}
	return 0
}

func (t *txn) markSent(c *Contact, m *Message, sent channel.Sent) error {
	if sent.ProviderID != "" { // an echo of our own message that came before this answer
		err := t.db.Where("channel_id = ? AND provider_id = ? AND sender_source = 'echo'", m.ChannelID, sent.ProviderID).Delete(&Message{}).Error
		if err != nil {
			return err
		}
	}
	m.ProviderID, m.LeaseUntil = sent.ProviderID, 0
	if _, err := t.setStatus(c, m, channel.StatusSent, "", ""); err != nil {
		return err
	}
	if sent.ProviderID != "" {
		var early []EarlyReceipt
		q := t.db.Where("channel_id = ? AND provider_id = ?", m.ChannelID, sent.ProviderID)
		if err := q.Order("id").Find(&early).Error; err != nil {
			return err
		}
		for _, r := range early {
			code := channel.SendCode("")
			if r.Value == channel.StatusFailed {
				code = channel.CodeProviderRejected
			}
			if _, err := t.setStatus(c, m, r.Value, code, r.Message); err != nil {
				return err
			}
		}
		if len(early) > 0 {
			if err := t.db.Where("channel_id = ? AND provider_id = ?", m.ChannelID, sent.ProviderID).Delete(&EarlyReceipt{}).Error; err != nil {
				return err
			}
		}
	}
	if err := t.db.Model(m).Select("status", "provider_id", "lease_until").Updates(m).Error; err != nil {
		return err
	}
	if sent.Warning != "" {
		res := t.db.Model(&Channel{}).Where("id = ? AND NOT warned_no_id", m.ChannelID).UpdateColumn("warned_no_id", true)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 1 {
			t.Log.Warn("channel answers without a message id", "channel_id", m.ChannelID, "warning", sent.Warning)
		}
	}
	return nil
}

// noteUse notes that the channel took a message.
func (t *txn) noteUse(channelID int64) error {
	return t.db.Model(&Channel{}).Where("id = ? AND (auth_failures > 0 OR last_outbound_at < ?)", channelID, t.at-useEvery).
		UpdateColumns(map[string]any{"auth_failures": 0, "last_outbound_at": t.at}).Error
}

// failMessage ends a message: its reason is in the status history.
func (t *txn) failMessage(c *Contact, m *Message, why *channel.SendError) error {
	m.LeaseUntil = 0
	if _, err := t.setStatus(c, m, channel.StatusFailed, why.Code, why.Message); err != nil {
		return err
	}
	return t.db.Model(m).Select("status", "lease_until").Updates(m).Error
}

// noteRefusal counts refusals of our credentials; several in a row disconnect the channel.
func (t *txn) noteRefusal(channelID int64, why *channel.SendError) error {
	if why.Fault != channel.FaultChannel {
		return nil
	}
	ch := &Channel{}
	if err := store.ForUpdate(t.db).Take(ch, channelID).Error; err != nil {
		return err
	}
	set := map[string]any{"auth_failures": ch.AuthFailures + 1}
	if ch.AuthFailures+1 >= disconnectAfter && ch.Status == Connected {
		set["status"], set["status_reason"] = Disconnected, why.Message
		t.Log.Error("channel disconnected", "channel_id", ch.ID, "reason", why.Message)
	}
	return t.db.Model(ch).UpdateColumns(set).Error
}

// finalOf fills in the result of a message that is sent or has failed.
func (t *txn) finalOf(m *Message, dl *Delivery) error {
	res := flow.Result{Outcome: flow.Done}
	if m.Status == channel.StatusFailed {
		last, err := first[MessageStatus](t.db.Where("message_id = ? AND value = ?", m.ID, channel.StatusFailed).Order("id DESC"))
		if err != nil {
			return err
		}
		res.Outcome = flow.Failed
		if last != nil {
			res.Code, res.Detail = string(last.Error), last.Message
		}
	}
	dl.Final = &res
	return nil
}

// settle turns the outcome of an attempt into the result of the run's effect.
func (e *doing) settle(m *Message, ask *asking, out *Delivery) error {
	if out.Final == nil { // it goes on later: the run shows what it waits for
		due := out.Until
		ask.look(e.at, out)
		if !ask.waits() {
			return e.openWait(flow.WaitRetry, out.Reason, due.UnixMilli())
		}
		return nil
	}
	e.detail["messageId"] = m.ID
	if out.Final.Detail != "" {
		e.detail["problem"] = out.Final.Detail
	}
	if ask.talks() {
		if err := e.settleTalk(ask, out.Final); err != nil {
			return err
		}
	}
	if ask.waits() {
		if err := e.settleQuestion(m, ask, out.Final); err != nil {
			return err
		}
	} else if e.run.WaitKind == flow.WaitRetry {
		if err := e.closeWait(); err != nil {
			return err
		}
	}
	return e.finish("send", *out.Final)
}

// settleQuestion leaves the wait open from the moment the question is sent. A
// question that was answered before its attempt counted as failed is no failure.
func (e *doing) settleQuestion(m *Message, ask *asking, res *flow.Result) error {
	if res.Outcome == flow.Failed && e.run.Claim == "" {
		return e.closeWait()
	}
	due := e.at + ask.timeout.Milliseconds()
	*res = flow.Result{Outcome: flow.Waiting, DueAt: timeOf(due), Options: m.Body.Replies,
		Buttons: m.SentAs == channel.TypeQuickReply || m.SentAs == channel.TypeRating}
	return e.db.Model(e.run).UpdateColumn("due_at", due).Error
}
