package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// A contact who writes while the model thinks gets an answer to everything; one
// who never pauses gets one after the second turn that was thrown away.
func TestStaleTurns(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		n := 1
		interrupted := func(action AIAction, reply string) {
			w.then(func() Thought {
				n++
				w.says("zoe", fmt.Sprint("m", n), fmt.Sprint("more ", n))
				return thought(action, reply)()
			})
		}
		interrupted(AIContinue, "one")
		interrupted(AIDone, "two") // the talk is not over either
		interrupted(AIContinue, "three")
		w.thinks(AIDone, "four")
		w.writes("zoe", "m1", "hello")
		require.Equal(w, []string{"three", "four"}, w.texts())
		require.Equal(w, []string{"hello\nmore 2\nmore 3", "> three", "more 4"}, w.heard(), "what was written while it thought is answered at once")
		w.came("zoe", flow.ArmSuccess, "", "success")
		require.EqualValues(w, 2, w.count(&TalkTurn{}, "decision LIKE ?", `%"stale":true%`))
	})
}

// A message between the turn and its hand-over, which a busy channel delays.
func TestMessageBeforeTheHandOver(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		s := w.speaking("zoe")
		id := w.contact("zoe").IdentityID
		older := &Message{WorkspaceID: w.p.WorkspaceID, ContactID: w.contact("zoe").ID, IdentityID: id, ChannelID: w.ch.ID, Traffic: Outgoing,
			Type: channel.TypeText, Body: channel.Text("first"), Status: channel.StatusPending, LeaseUntil: w.clock.Load(), CreatedAt: w.clock.Load()}
		w.insert(older)
		require.False(w, s.prepare(w).Ready, "another message leaves first")
		w.says("zoe", "m2", "and another thing")
		require.Empty(w, w.run(w.contact("zoe")).Claim)
		w.exec("UPDATE messages SET status = 'sent' WHERE id = ?", older.ID)
		w.advance(time.Minute)
		dl := s.prepare(w)
		require.True(w, dl.Ready)
		dl, err := w.d.Delivered(w.Context(), dl, channel.Sent{ProviderID: "p"}, nil)
		require.NoError(w, err)
		require.Equal(w, flow.Waiting, dl.Final.Outcome)
		w.thinks(AIDone, "")
		w.pump()
		w.came("zoe", flow.ArmSuccess, "", "success")
		require.Equal(w, []string{"hello", "> first\nHello?", "and another thing"}, w.heard())
	})
}

// The budgets of a run, a talk and a day.
func TestBudgets(t *testing.T) {
	for name, tc := range map[string]struct {
		set   func(w *world)
		turns int // that are granted
		why   string
	}{
		"turns":   {func(w *world) { w.d.AI.MaxTurns = 2 }, 2, "2 turns"},
		"tokens":  {func(w *world) { w.d.AI.MaxTokens = 201 }, 3, "201 tokens"},
		"time":    {func(w *world) { w.d.AI.MaxTime = 90 * time.Minute }, 2, "1h30m0s"},
		"a day's": {func(w *world) { w.connectModel(func(c *ModelConfig) { c.MaxTokensPerDay = 100 }) }, 1, "100 tokens of the day 2026-03-02"},
	} {
		t.Run(name, func(t *testing.T) {
			eachTalk(t, agentFlow(answers), func(w *world) {
				tc.set(w)
				for i := range tc.turns {
					w.thinks(AIContinue, fmt.Sprint(i))
				}
				for i := range tc.turns + 1 {
					w.writes("zoe", fmt.Sprint("m", i), "hello")
					w.advance(time.Hour)
				}
				w.came("zoe", flow.ArmFailure, aiBudget, "failure")
				require.Contains(w, w.agentStep("zoe").Detail["problem"], tc.why)
				require.Len(w, w.mind.asked, tc.turns)
			})
		})
	}
}

func TestDefaultBudgets(t *testing.T) {
	require.Equal(t, AIOptions{MaxTurns: 30, MaxTokens: 100_000, MaxTime: 24 * time.Hour}, AIOptions{}.withDefaults())
}

// Tokens count for the run as a whole and for the day of the workspace, also
// those of answers that were of no use.
func TestTokensAreCounted(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		w.then(func() Thought { return Thought{Problem: "nonsense", TokensIn: 70, TokensOut: 5} })
		w.writes("zoe", "m1", "hello")
		w.came("zoe", flow.ArmFailure, aiProvider, "failure")
		w.thinks(AIDone, "")
		w.writes("bob", "b1", "hello")
		usage, err := first[ModelUsage](w.db.Read(w.Context()).Where("workspace_id = ?", w.p.WorkspaceID))
		require.NoError(w, err)
		require.Equal(w, ModelUsage{WorkspaceID: w.p.WorkspaceID, Day: "2026-03-02", Tokens: 175}, *usage)
	})
}

// Without a language model the step fails; the operator's serves workspaces
// that have none, their own comes first.
func TestWhichModel(t *testing.T) {
	eachWorld(t, func(w *world) {
		w.publish(agentFlow(answers))
		w.writes("zoe", "m1", "hello")
		w.came("zoe", flow.ArmFailure, aiNotConfigured, "failure")
		require.EqualValues(w, 1, w.count(&WorkflowWarning{}, "code = ? AND step_id = 'agent'", aiNotConfigured))

		w.d.AI.Model = ModelConfig{Provider: ProviderOpenAI, Model: "operator", APIKey: modelKey}
		w.thinks(AIDone, "")
		w.writes("bob", "b1", "hello")
		w.came("bob", flow.ArmSuccess, "", "success")
		require.Zero(w, w.count(&WorkflowWarning{}, "1 = 1"), "a turn that works takes the warning back")

		w.connectModel()
		m, lack, err := (&txn{Desk: w.d, db: w.db.Read(w.Context()), wsID: w.p.WorkspaceID}).model()
		require.NoError(w, err)
		require.Empty(w, lack)
		require.Equal(w, "wise", m.Model)

		w.exec("UPDATE integrations SET config = ?", "sealed with another key")
		w.writes("cem", "c1", "hello")
		w.came("cem", flow.ArmFailure, aiNotConfigured, "failure")
		require.Contains(w, w.agentStep("cem").Detail["problem"], "UCAL_ENCRYPTION_KEY")
	})
}

// A model that is taken away while a turn is tried ends it.
func TestModelTakenAway(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		w.says("zoe", "m1", "hello")
		run := w.run(w.contact("zoe"))
		call := flow.Call{RunID: run.ID, No: 1, Trail: []flow.Entry{{Seq: 1, StepID: "agent", Type: flow.TypeAIAgent, StartedAt: timeOf(w.clock.Load())}}}
		th, err := w.d.PrepareThink(w.Context(), call)
		require.NoError(w, err)
		require.True(w, th.Ready)
		until, err := w.d.RetryCall(w.Context(), call, th.Number, time.Minute, "the provider is overloaded")
		require.NoError(w, err)
		w.exec("DELETE FROM integrations")
		again, err := w.d.PrepareThink(w.Context(), call)
		require.NoError(w, err)
		require.Equal(w, until, again.Until)
		w.advance(time.Minute)
		again, err = w.d.PrepareThink(w.Context(), call)
		require.NoError(w, err)
		require.Equal(w, aiNotConfigured, again.Final.Code)
	})
}

// A turn is made once, however often its activity is tried; an attempt that
// died is repeated with the same request.
func TestTurnsHappenOnce(t *testing.T) {
	eachTalk(t, agentFlow(collects), func(w *world) {
		w.says("zoe", "m1", "I am Zoe")
		run := w.run(w.contact("zoe"))
		call := flow.Call{RunID: run.ID, No: 1, Trail: []flow.Entry{{Seq: 1, StepID: "agent", Type: flow.TypeAIAgent, StartedAt: timeOf(w.clock.Load())}}}
		prepare := func() Thinking {
			th, err := w.d.PrepareThink(w.Context(), call)
			require.NoError(w, err)
			return th
		}
		dead := prepare()
		require.True(w, dead.Ready)
		require.False(w, prepare().Ready, "it may be alive")
		w.says("zoe", "m2", "are you there?")
		w.advance(thinkLease)
		alive := prepare()
		require.True(w, alive.Ready)
		require.Equal(w, dead.Ask, alive.Ask)
		require.Equal(w, 2, alive.Number)

		finish := func(th Thinking, name string) flow.Result {
			res, err := w.d.FinishThink(w.Context(), call, th, thought(AIContinue, "And your e-mail?", "name", name)())
			require.NoError(w, err)
			return res
		}
		res := finish(alive, "Zoe")
		require.Equal(w, flow.Result{Outcome: flow.Waiting, Turn: 1, Set: map[string]string{"name": "Zoe"}}, res)
		require.Equal(w, res, finish(dead, "Zacharias"), "the first one counts")
		require.Equal(w, res, *prepare().Final)
		require.EqualValues(w, 1, w.count(&TalkTurn{}, "1 = 1"))
	})
}

// Nothing secret lies open in the database while a model is asked, and nothing
// personal is left when the contact is deleted.
func TestWhatATalkLeaves(t *testing.T) {
	eachTalk(t, agentFlow(collects), func(w *world) {
		w.thinks(AIContinue, "Really?", "name", "Zoe Zimt")
		w.then(func() Thought {
			require.Equal(w, int64(1), w.count(&RunCall{}, "1 = 1"))
			for table, text := range w.everything() {
				require.NotContains(w, text, modelKey, table)
				if table == "run_calls" {
					require.NotContains(w, text, "Zoe Zimt", "the request is sealed")
				}
			}
			_, err := w.d.DeleteContact(w.Context(), w.p, ByID(w.contact("zoe").ID))
			require.NoError(w, err)
			return thought(AIDone, "Bye.", "email", "zoe@example.com")()
		})
		w.writes("zoe", "m1", "I am Zoe Zimt")
		w.says("zoe", "m2", "yes")
		w.pump()
		require.Len(w, w.texts(), 1)
		for table, text := range w.everything() {
			require.NotContains(w, text, "Zimt", table)
			require.NotContains(w, text, "zoe@example.com", table)
		}
	})
}

// everything are the tables that a talk may touch, as text.
func (w *world) everything() map[string]string {
	w.Helper()
	out := map[string]string{}
	for _, table := range []string{"runs", "run_calls", "run_effects", "run_steps", "ai_talks", "ai_turns", "ai_usage", "integrations", "outbox", "workflow_warnings"} {
		var rows []map[string]any
		require.NoError(w, w.db.Read(w.Context()).Table(table).Find(&rows).Error)
		out[table] = strings.ReplaceAll(fmt.Sprint(rows), "\n", " ")
	}
	return out
}

// The trail of an AI Agent goes with its run.
func TestTalksAreTidiedUp(t *testing.T) {
	eachTalk(t, agentFlow(answers), func(w *world) {
		w.thinks(AIDone, "Bye.")
		w.writes("zoe", "m1", "hello")
		w.advance(keepSteps + time.Hour)
		require.NoError(w, w.d.Tidy(w.Context()))
		require.Zero(w, w.count(&Talk{}, "1 = 1")+w.count(&TalkTurn{}, "1 = 1"))
	})
}
