package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

func TestALostRunEndsOnce(t *testing.T) {
	eachWorld(t, func(w *world) {
		wf := w.publish(question("ask", ""))
		c := w.writes("zoe", "m1", "hello")
		run := w.run(c)
		temporalID := TemporalID(wf.Slug, c.ID, run.ID)
		id, ok := RunOfTemporalID(temporalID)
		require.True(w, ok)
		require.Equal(w, run.ID, id)

		overdue, err := w.d.Overdue(w.Context(), 10)
		require.NoError(w, err)
		require.Empty(w, overdue)
		w.advance(7*24*time.Hour + 6*time.Minute)
		overdue, err = w.d.Overdue(w.Context(), 10)
		require.NoError(w, err)
		require.Equal(w, map[string]int64{temporalID: run.ID}, overdue)

		for _, first := range []bool{true, false} {
			ended, err := w.d.EndLost(w.Context(), run.ID, flow.Ending{State: flow.RunExited, Reason: flow.EndStoppedByUser})
			require.NoError(w, err)
			require.Equal(w, first, ended)
		}
		alive, err := w.d.LiveOf(w.Context(), []int64{run.ID})
		require.NoError(w, err)
		require.Empty(w, alive)
		w.writes("zoe", "m2", "5")
		require.Equal(w, flow.EndStoppedByUser, w.run(c).ExitReason)
		_, err = w.d.CloseConversation(w.Context(), w.p, ByID(c.ID), ClosingNote{})
		require.NoError(w, err)
		w.writes("zoe", "m3", "again")
		require.Len(w, w.runs(c), 2, "the contact may enter again")
	})
}

func TestTemporalIDsOfOthers(t *testing.T) {
	for _, id := range []string{"", "message-5", "a/contact-1/run-", "a/contact-1/run-x"} {
		_, ok := RunOfTemporalID(id)
		require.False(t, ok, id)
	}
}

func TestAForgottenMessageExpires(t *testing.T) {
	eachWorld(t, func(w *world) {
		c := w.writes("zoe", "m1", "hello")
		m, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("hi")})
		require.NoError(w, err)
		for _, step := range []struct {
			later time.Duration
			looks int
		}{{w.d.MessageExpiry, 0}, {expiryGrace + time.Second, 1}, {0, 0}} {
			w.advance(step.later)
			n, err := w.d.SweepMessages(w.Context())
			require.NoError(w, err)
			require.Equal(w, step.looks, n)
		}
		dl, err := w.d.ClaimMessage(w.Context(), m.ID)
		require.NoError(w, err)
		require.EqualValues(w, channel.CodeExpired, dl.Final.Code)
	})
}
