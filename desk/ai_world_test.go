package desk

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/channel"
	"ucal/flow"
)

// mind is the language model of a world: each turn takes the next thought. What
// a thought does before it answers happens while the model thinks.
type mind struct {
	asked []AIRequest
	next  []func() Thought
}

// connectModel gives the workspace a language model.
func (w *world) connectModel(change ...func(*ModelConfig)) {
	w.Helper()
	c := ModelConfig{Provider: ProviderCompatible, BaseURL: "http://model.example", APIKey: modelKey, Model: "wise"}
	for _, fn := range change {
		fn(&c)
	}
	raw, err := json.Marshal(c)
	require.NoError(w, err)
	w.exec("DELETE FROM integrations WHERE workspace_id = ?", w.p.WorkspaceID)
	w.insert(&Integration{WorkspaceID: w.p.WorkspaceID, Kind: flow.ServiceModel, Config: w.d.Secrets.Seal(string(raw)), Status: IntegrationConnected, UpdatedAt: w.clock.Load()})
}

const modelKey = "sk-never-to-be-seen"

// thinks adds what the model answers next: the action, the reply, and pairs of
// variable and value.
func (w *world) thinks(action AIAction, reply string, pairs ...string) {
	w.then(thought(action, reply, pairs...))
}

// then adds a thought of one's own.
func (w *world) then(fn func() Thought) { w.mind.next = append(w.mind.next, fn) }

func thought(action AIAction, reply string, pairs ...string) func() Thought {
	r := AIReply{Reply: reply, Action: action, Collected: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		r.Collected[pairs[i]] = pairs[i+1]
	}
	return func() Thought { return Thought{Reply: r, Model: "wise-1", TokensIn: 90, TokensOut: 10} }
}

// think makes one turn as the activity does.
func (w *world) think(call flow.Call) (flow.Result, error) {
	for {
		th, err := w.d.PrepareThink(w.Context(), call)
		if err != nil {
			return flow.Result{}, err
		}
		if th.Final != nil {
			return *th.Final, nil
		}
		if !th.Ready {
			w.clock.Store(max(w.clock.Load(), th.Until.UnixMilli()))
			continue
		}
		require.Equal(w, modelKey, th.Model.APIKey)
		w.mind.asked = append(w.mind.asked, th.Ask)
		require.NotEmpty(w, w.mind.next, "the model is asked once more than the test expects: %+v", th.Ask.Messages)
		next := w.mind.next[0]
		w.mind.next = w.mind.next[1:]
		return w.d.FinishThink(w.Context(), call, th, next())
	}
}

// heard is what the model was shown last, ours after "> ".
func (w *world) heard() []string {
	w.Helper()
	require.NotEmpty(w, w.mind.asked)
	var lines []string
	for _, m := range w.mind.asked[len(w.mind.asked)-1].Messages {
		if m.Contact {
			lines = append(lines, m.Text)
		} else {
			lines = append(lines, "> "+m.Text)
		}
	}
	return lines
}

// texts are the texts handed to the channel.
func (w *world) texts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, o := range w.sent {
		out = append(out, o.Message.Text)
	}
	return out
}

// agentFlow is a workflow of one AI Agent; each arm that is on leads to a
// comment that names it.
func agentFlow(config string, arms ...string) string {
	values := ""
	if strings.Contains(config, "variable: email") {
		values = " $name $email"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `format: 1
id: helper
name: Helper
trigger:
  type: conversation_opened
steps:
  - id: agent
    type: ai_agent
    config:
%s
    arms:
`, indented(config))
	for _, arm := range append([]string{"success", "failure"}, arms...) {
		fmt.Fprintf(&b, "      %s: to-%s\n", arm, stepID(arm))
	}
	for _, arm := range append([]string{"success", "failure"}, arms...) {
		fmt.Fprintf(&b, "  - id: to-%s\n    type: add_comment\n    config:\n      text: %s%s\n", stepID(arm), arm, values)
	}
	return b.String()
}

func indented(text string) string {
	return "      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")
}

func stepID(arm string) string { return strings.ReplaceAll(arm, "_", "-") }

const (
	answers  = "objective: answer_questions"
	collects = "objective: collect_information\ncollect:\n  - {question: What is your name?, variable: name}\n  - {question: What is your e-mail?, variable: email}"
)

// commentsOn are the internal notes about a contact, oldest first.
func (w *world) commentsOn(who string) []string {
	w.Helper()
	var texts []string
	require.NoError(w, w.db.Read(w.Context()).Model(&Comment{}).Where("contact_id = ?", w.contact(who).ID).Order("id").Pluck("text", &texts).Error)
	for i := range texts {
		texts[i] = strings.TrimSpace(texts[i])
	}
	return texts
}

// agentStep is the log line of the AI Agent of a contact's only run.
func (w *world) agentStep(who string) RunStep {
	w.Helper()
	s, err := first[RunStep](w.db.Read(w.Context()).Where("run_id = ? AND step_id = 'agent'", w.run(w.contact(who)).ID).Order("seq DESC"))
	require.NoError(w, err)
	require.NotNil(w, s)
	return *s
}

// came checks how the AI Agent came out: arm and reason, and the comment behind
// the arm.
func (w *world) came(who string, arm flow.Arm, code string, note ...string) {
	w.Helper()
	s := w.agentStep(who)
	require.Equal(w, []string{string(arm), code}, []string{string(s.Arm), s.Code}, "%+v", s.Detail)
	require.Equal(w, note, w.commentsOn(who))
	r := w.run(w.contact(who))
	require.Equal(w, []any{flow.RunCompleted, 0}, []any{r.State, r.TalkSeq})
	talk, err := first[Talk](w.db.Read(w.Context()).Where("run_id = ?", r.ID))
	require.NoError(w, err)
	require.True(w, talk == nil || talk.EndedAt > 0, "the talk is closed")
	require.Zero(w, w.count(&RunCall{}, "run_id = ?", r.ID))
}

// eachTalk is eachWorld with a language model and a workflow.
func eachTalk(t *testing.T, file string, fn func(w *world)) {
	t.Helper()
	eachWorld(t, func(w *world) {
		w.connectModel()
		w.publish(file)
		fn(w)
	})
}

// replies lets a user write to a contact by hand.
func (w *world) replies(u *User, who, text string) {
	w.Helper()
	_, err := w.d.SendMessage(w.Context(), w.as(u), Identifier{ID: w.contact(who).ID}, DraftMessage{Message: channel.Text(text)})
	require.NoError(w, err)
}
