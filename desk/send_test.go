package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// sending is a run of zoe's that is about to send: its effect is called again
// and again, as by attempts that die.
type sending struct {
	*world
	run  Run
	call flow.Call
}

func (w *world) sending() *sending {
	w.Helper()
	w.publish(welcome)
	w.says("zoe", "m1", "hello")
	run := w.run(w.contact("zoe"))
	step := flow.Entry{Seq: 1, StepID: "hello", Name: "hello", Type: flow.TypeSendMessage, Visit: 1, StartedAt: timeOf(w.clock.Load())}
	return &sending{w, run, flow.Call{RunID: run.ID, No: 1, Trail: []flow.Entry{step}}}
}

func (s *sending) prepare() Delivery {
	s.Helper()
	dl, err := s.d.PrepareSend(s.Context(), s.call, flow.Send{Channel: flow.ChannelChoice{Ref: flow.Ref{Name: flow.LastInteracted}},
		Message: flow.Message{Type: "text", Text: "hi"}})
	require.NoError(s, err)
	return dl
}

func (s *sending) ask() Delivery {
	s.Helper()
	dl, err := s.d.PrepareAsk(s.Context(), s.call, flow.Ask{Question: "How many?", Type: flow.AskNumber, Timeout: time.Hour})
	require.NoError(s, err)
	return dl
}

func (s *sending) delivered(dl Delivery, sent channel.Sent, failure *channel.SendError) Delivery {
	s.Helper()
	require.True(s, dl.Ready)
	dl, err := s.d.Delivered(s.Context(), dl, sent, failure)
	require.NoError(s, err)
	return dl
}

func (s *sending) status() channel.Status {
	s.Helper()
	m, err := first[Message](s.db.Read(s.Context()).Where("traffic = ?", Outgoing))
	require.NoError(s, err)
	require.NotNil(s, m)
	return m.Status
}

func busy() *channel.SendError {
	return &channel.SendError{Code: channel.CodeProviderUnavailable, Message: "busy", Retryable: true}
}

// keyless is a channel that does not recognise our idempotency key.
type keyless struct{ adapter }

func (k keyless) Capabilities(raw json.RawMessage) channel.Capabilities {
	caps := k.adapter.Capabilities(raw)
	caps.IdempotencyKey = false
	return caps
}

// A channel whose limits shrink refuses what waits for it, instead of being
// asked again and again for a day.
func TestAMessageThatNoLongerFitsFails(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		m, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("short")})
		require.NoError(w, err)
		w.exec("UPDATE messages SET body = ? WHERE id = ?", `{"type":"text","text":"`+strings.Repeat("x", 101)+`"}`, m.ID)
		w.pump()
		view, err := w.d.MessageOf(w.Context(), w.p, ByID(c.ID), m.ID)
		require.NoError(w, err)
		require.Equal(w, channel.StatusFailed, view.Status)
		require.Equal(w, channel.CodeTextTooLong, view.History[len(view.History)-1].Error)
	})
}

func TestAQuestionThatFailsLaterIsNotAnswered(t *testing.T) {
	eachWorld(t, func(w *world) {
		s := w.sending()
		dl := s.delivered(s.ask(), channel.Sent{}, busy())
		require.NotZero(w, dl.Until)
		w.exec("UPDATE channels SET status = 'disconnected'")
		w.advance(time.Minute)
		dl = s.ask()
		require.Equal(w, flow.Failed, dl.Final.Outcome)
		require.Empty(w, w.run(w.contact("zoe")).WaitKind)
		w.says("zoe", "m2", "5")
		require.Empty(w, w.run(w.contact("zoe")).Claim, "nobody asked")
	})
}

func TestAMessageOfAnEndedRunIsFinished(t *testing.T) {
	eachWorld(t, func(w *world) {
		s := w.sending()
		s.delivered(s.prepare(), channel.Sent{}, busy())
		_, err := w.d.StopRun(w.Context(), w.p, s.run.ID, "")
		require.NoError(w, err)
		require.NotZero(w, s.prepare().Until, "its pause")
		w.advance(time.Minute)
		dl := s.delivered(s.prepare(), channel.Sent{}, busy())
		require.Nil(w, dl.Final)
		w.advance(time.Minute)
		dl = s.delivered(s.prepare(), channel.Sent{ProviderID: "out-1"}, nil)
		require.Equal(w, flow.Ended, dl.Final.Outcome)
		require.Equal(w, channel.StatusSent, s.status())
		require.Equal(w, flow.Ended, s.prepare().Final.Outcome)
		require.Equal(w, flow.RunExited, w.run(w.contact("zoe")).State)
	})
}

func TestAnEndedRunStoresNoMessage(t *testing.T) {
	eachWorld(t, func(w *world) {
		s := w.sending()
		_, err := w.d.StopRun(w.Context(), w.p, s.run.ID, "")
		require.NoError(w, err)
		require.Equal(w, flow.Ended, s.prepare().Final.Outcome)
		require.Zero(w, w.count(&Message{}, "traffic = ?", Outgoing))
	})
}

func TestADeadAttemptOfAnEndedRun(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.Channels = channel.New(keyless{})
		s := w.sending()
		require.True(w, s.prepare().Ready) // and the process dies
		_, err := w.d.StopRun(w.Context(), w.p, s.run.ID, "")
		require.NoError(w, err)
		w.advance(attemptLease + time.Second)
		require.Equal(w, flow.Ended, s.prepare().Final.Outcome)
		require.Equal(w, channel.StatusFailed, s.status())
	})
}

func TestAYesThatComesLateCounts(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.d.Channels = channel.New(keyless{})
		s := w.sending()
		slow := s.prepare()
		w.advance(attemptLease + time.Second)
		again := s.prepare()
		require.Equal(w, string(channel.CodeOutcomeUnknown), again.Final.Code)
		dl := s.delivered(slow, channel.Sent{ProviderID: "out-1"}, nil)
		require.Equal(w, again.Final, dl.Final, "what the run was told stands")
		require.Equal(w, channel.StatusSent, s.status())
		require.EqualValues(w, 1, w.count(&Message{}, "provider_id = 'out-1'"), "receipts find it")
	})
}

func TestANoThatComesLateChangesNothing(t *testing.T) {
	eachWorld(t, func(w *world) {
		s := w.sending()
		slow := s.prepare()
		w.advance(attemptLease + time.Second)
		again := s.delivered(s.prepare(), channel.Sent{}, busy())
		dl := s.delivered(slow, channel.Sent{}, busy())
		require.Nil(w, dl.Final, "the message has not been sent")
		require.Equal(w, again.Until, dl.Until)
		require.Equal(w, channel.StatusPending, s.status())
	})
}

func TestAMessageWaitsForThePauseOfTheOneBefore(t *testing.T) {
	eachWorld(t, func(w *world) {
		s := w.sending()
		pause := s.delivered(s.prepare(), channel.Sent{}, busy()).Until
		m, err := w.d.SendMessage(w.Context(), w.p, ByID(s.run.ContactID), DraftMessage{Message: channel.Text("behind it")})
		require.NoError(w, err)
		dl, err := w.d.ClaimMessage(w.Context(), m.ID)
		require.NoError(w, err)
		require.Equal(w, "order", dl.Reason)
		require.Equal(w, pause, dl.Until)
		require.EqualValues(w, 1, w.count(&OutboxRow{}, "kind = ?", Deliver))
	})
}
