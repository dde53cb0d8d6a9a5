package desk

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// hands are the ways in which a person takes a conversation over.
func hands() map[string]func(w *world, who string, u *User) {
	return map[string]func(w *world, who string, u *User){
		"written": func(w *world, who string, u *User) { w.replies(u, who, "I am Ann") },
		"echoed": func(w *world, who string, _ *User) {
			m := channel.Text("from the phone")
			require.NoError(w, w.d.Receive(w.Context(), w.ch, []channel.Inbound{{ExternalID: who,
				Events: []channel.Event{{Kind: channel.EventEcho, ProviderID: "echo-" + who, At: timeOf(w.clock.Load()), Message: &m}}}}))
		},
		"assigned": func(w *world, who string, u *User) {
			_, err := w.d.SetAssignee(w.Context(), w.p, ByID(w.contact(who).ID), AssigneeChoice{ID: u.ID})
			require.NoError(w, err)
		},
	}
}

// eachHand lets a contact be taken over by each hand, in one world a database.
func eachHand(t *testing.T, fn func(w *world, who string, hand func())) {
	t.Helper()
	eachTalk(t, agentFlow(answers), func(w *world) {
		_, users := w.team("Support", "Ann")
		for who, hand := range hands() {
			w.sent, w.mind = nil, mind{}
			fn(w, who, func() { w.Helper(); hand(w, who, users[0]) })
			w.pump()
			w.came(who, flow.ArmFailure, aiTakenOver, "failure")
			require.Empty(w, w.mind.next)
		}
	})
}

// A person who takes over ends the AI Agent's turn at once, whatever it is
// doing, and nothing of it is sent any more.
func TestTakenOver(t *testing.T) {
	t.Run("while it thinks", func(t *testing.T) {
		eachHand(t, func(w *world, who string, hand func()) {
			w.then(func() Thought {
				hand()
				return thought(AIContinue, "Hello?")()
			})
			w.writes(who, who+"-1", "hello")
			require.NotContains(w, w.texts(), "Hello?")
			require.Zero(w, w.count(&TalkTurn{}, "1 = 1"))
		})
	})
	t.Run("while it waits", func(t *testing.T) {
		eachHand(t, func(w *world, who string, hand func()) {
			w.thinks(AIContinue, "Hello?")
			w.writes(who, who+"-1", "hello")
			hand()
		})
	})
	t.Run("while it does not know of the answer yet", func(t *testing.T) {
		eachHand(t, func(w *world, who string, hand func()) {
			w.thinks(AIContinue, "Hello?")
			w.writes(who, who+"-1", "hello")
			w.says(who, who+"-2", "I have a question")
			hand()
		})
	})
	t.Run("while it wants to speak", func(t *testing.T) {
		eachHand(t, func(w *world, who string, hand func()) {
			s := w.speaking(who)
			dl := s.prepare(w)
			require.True(w, dl.Ready)
			dl, err := w.d.Delivered(w.Context(), dl, channel.Sent{}, busy())
			require.NoError(w, err)
			require.Nil(w, dl.Final, "it is tried again")
			w.advance(time.Minute)
			dl, err = w.d.Delivered(w.Context(), s.prepare(w), channel.Sent{}, busy())
			require.NoError(w, err)
			require.Equal(w, timeOf(w.clock.Load()).Add(talkLook), dl.Until, "not the ten seconds of the channel's pause")
			hand()
			w.advance(talkLook)
			dl = s.prepare(w)
			require.Equal(w, flow.Result{Outcome: flow.Failed, Code: aiTakenOver}, *dl.Final)
			m, err := first[Message](w.db.Read(w.Context()).Where("sender_source = ?", SourceAIAgent).Order("id DESC"))
			require.NoError(w, err)
			require.Equal(w, channel.StatusFailed, m.Status)
		})
	})
	t.Run("while its words are on their way", func(t *testing.T) {
		eachHand(t, func(w *world, who string, hand func()) {
			s := w.speaking(who)
			dl := s.prepare(w)
			require.True(w, dl.Ready)
			hand()
			require.False(w, s.prepare(w).Ready, "the attempt may be alive")
			dl, err := w.d.Delivered(w.Context(), dl, channel.Sent{ProviderID: "to-" + who}, nil)
			require.NoError(w, err)
			require.Equal(w, flow.Failed, dl.Final.Outcome, "it was sent, and the talk is over all the same")
			require.Equal(w, aiTakenOver, dl.Final.Code)
		})
	})
}

// speaking is a run that is about to say what it has thought.
type speaking struct {
	call flow.Call
	say  flow.Say
}

// speaking lets a contact write and the AI Agent think, and stops before it speaks.
func (w *world) speaking(who string) *speaking {
	w.Helper()
	w.says(who, who+"-1", "hello")
	run := w.run(w.contact(who))
	entry := flow.Entry{Seq: 1, StepID: "agent", Name: "AI Agent", Type: flow.TypeAIAgent, Visit: 1, StartedAt: timeOf(w.clock.Load())}
	call := flow.Call{RunID: run.ID, No: 1, Trail: []flow.Entry{entry}, Vars: map[string]string{}}
	w.thinks(AIContinue, "Hello?")
	res, err := w.think(call)
	require.NoError(w, err)
	require.Equal(w, flow.Result{Outcome: flow.Waiting, Turn: 1}, res)
	call.No = 2
	return &speaking{call, flow.Say{Turn: 1, Wait: time.Hour}}
}

func (s *speaking) prepare(w *world) Delivery {
	w.Helper()
	dl, err := w.d.PrepareSay(w.Context(), s.call, s.say)
	require.NoError(w, err)
	return dl
}

// Taking over between two turns: nothing is asked of the model any more.
func TestTakenOverBeforeTheNextTurn(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		_, users := w.team("Support", "Ann")
		s := w.speaking("zoe")
		w.replies(users[0], "zoe", "I am Ann")
		dl := s.prepare(w)
		require.Equal(w, aiTakenOver, dl.Final.Code)
		require.Zero(w, w.count(&Message{}, "sender_source = ?", SourceAIAgent), "no message is made")
		s.call.No = 3
		th, err := w.d.PrepareThink(w.Context(), s.call)
		require.NoError(w, err)
		require.Equal(w, aiTakenOver, th.Final.Code)
	})
}

// A turn that nobody wants any more is noticed by who makes it.
func TestWanted(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		_, users := w.team("Support", "Ann")
		w.then(func() Thought {
			run := w.run(w.contact("zoe"))
			call := flow.Call{RunID: run.ID, No: 1}
			wanted := func() bool {
				ok, err := w.d.Wanted(context.Background(), call)
				require.NoError(w, err)
				return ok
			}
			require.True(w, wanted())
			w.replies(users[0], "zoe", "I am Ann")
			require.False(w, wanted())
			return thought(AIContinue, "Hello?")()
		})
		w.writes("zoe", "m1", "hello")
		w.came("zoe", flow.ArmFailure, aiTakenOver, "failure")
	})
	eachTalk(t, agentFlow(answers), func(w *world) {
		w.then(func() Thought {
			run := w.run(w.contact("zoe"))
			_, err := w.d.StopRun(w.Context(), w.p, run.ID, "")
			require.NoError(w, err)
			ok, err := w.d.Wanted(w.Context(), flow.Call{RunID: run.ID, No: 1})
			require.NoError(w, err)
			require.False(w, ok)
			return thought(AIContinue, "Hello?")()
		})
		w.writes("zoe", "m1", "hello")
		require.Equal(w, flow.EndStoppedByUser, w.run(w.contact("zoe")).ExitReason)
		require.Empty(w, w.texts(), "Ended")
	})
}

// What is no person does not take over: messages of the API and of workflows,
// an assignment by a workflow, taking the assignee away.
func TestNotTakenOver(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		_, users := w.team("Support", "Ann")
		w.publish(`format: 1
id: other
name: Other
trigger:
  type: manual_trigger
steps:
  - id: assign
    type: assign_to
    config: {action: specific_user, user: ann@example.com}
    next: send
  - id: send
    type: send_message
    config: {channel: last_interacted, message: {type: text, text: From a workflow}}
`)
		w.thinks(AIContinue, "Hello?")
		w.writes("zoe", "m1", "hello")
		c := w.contact("zoe")
		_, err := w.d.SendMessage(w.Context(), w.p, ByID(c.ID), DraftMessage{Message: channel.Text("From the shop")})
		require.NoError(w, err)
		_, err = w.d.StartRun(w.Context(), w.p, "other", RunRequest{Contact: ByID(c.ID)})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, users[0].ID, w.contact("zoe").AssigneeID)
		_, err = w.d.SetAssignee(w.Context(), w.p, ByID(c.ID), AssigneeChoice{})
		require.NoError(w, err)
		w.pump()
		require.Equal(w, 1, w.runs(c)[0].TalkSeq)
		w.thinks(AIDone, "")
		w.writes("zoe", "m2", "bye")
		require.Equal(w, []string{"hello", "> Hello?\nFrom the shop\nFrom a workflow", "bye"}, w.heard())
		require.Equal(w, []string{"success"}, w.commentsOn("zoe"))
	})
}

// Everything at once, in any order: the contact writes, the AI Agent speaks, a
// person takes over. The person always wins, and at most one message was sent.
func TestTakenOverInAnyOrder(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		_, users := w.team("Support", "Ann")
		for n := range 12 {
			who := fmt.Sprint("zoe-", n)
			s := w.speaking(who)
			id := w.contact(who).ID
			errs := make(chan error, 3)
			var all sync.WaitGroup
			all.Go(func() { errs <- w.d.Receive(w.Context(), w.ch, []channel.Inbound{w.inbound(who, who+"-2", "and?")}) })
			all.Go(func() {
				_, err := w.d.SetAssignee(w.Context(), w.p, ByID(id), AssigneeChoice{ID: users[0].ID})
				errs <- err
			})
			all.Go(func() {
				dl, err := w.d.PrepareSay(w.Context(), s.call, s.say)
				if err == nil && dl.Ready {
					_, err = w.d.Delivered(w.Context(), dl, channel.Sent{ProviderID: "to-" + who}, nil)
				}
				errs <- err
			})
			all.Wait()
			for range 3 {
				require.NoError(w, <-errs)
			}
			w.pump()
			w.came(who, flow.ArmFailure, aiTakenOver, "failure")
			require.LessOrEqual(w, w.count(&Message{}, "contact_id = ? AND sender_source = ?", id, SourceAIAgent), int64(1))
		}
	})
}
