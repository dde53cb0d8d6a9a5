package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"ucal/flow"
)

// thinkLease is how long an attempt at a turn may take before it counts as dead.
const thinkLease = 3 * time.Minute

// maxStale is how many turns in a row may be thrown away because the contact
// wrote meanwhile; the next one is said all the same, or a contact who writes
// without a pause would never get an answer.
const maxStale = 2

// Thinking is one attempt at a turn of an AI Agent. While it is Ready, call
// Model with Request, then FinishThink or RetryCall.
type Thinking struct {
	Attempt
	Model ModelConfig // holds the key: never to be stored or logged
	Ask   AIRequest
}

// Thought is what came of the calls of an attempt.
type Thought struct {
	Reply     AIReply
	Model     string // as the provider names it
	TokensIn  int
	TokensOut int

	Problem string // not empty: there is no reply; a sentence for people without any secret
	Refused bool   // the provider does not take the key, or the account is used up
}

// PrepareThink begins a turn, or another attempt at it: it opens the talk,
// looks at the budgets and makes the request. A dead attempt is repeated, since
// a call of a model changes nothing.
func (d *Desk) PrepareThink(ctx context.Context, call flow.Call) (Thinking, error) {
	var th Thinking
	a, err := d.attempt(ctx, call, CallModel, thinkLease, deadCall{repeat: true}, func(e *doing) (string, *flow.Result, error) {
		ask, refused, err := e.prepareThink()
		if err != nil || refused != nil {
			return "", refused, err
		}
		text, err := json.Marshal(ask)
		return string(text), nil, err
	})
	if th.Attempt = a; err != nil || !a.Ready {
		return th, err
	}
	if err := json.Unmarshal([]byte(a.Request), &th.Ask); err != nil {
		return th, fmt.Errorf("run %d, effect %d: the stored request is not readable JSON", call.RunID, call.No) // the cause would show it
	}
	wsID, _, err := d.runOwner(ctx, call.RunID)
	if err != nil {
		return th, err
	}
	var lack string
	th.Model, lack, err = (&txn{Desk: d, db: d.db.Read(ctx), ctx: ctx, wsID: wsID}).model()
	if err == nil && lack != "" { // taken away since the turn began
		th.Ready, th.Final = false, &flow.Result{}
		*th.Final, err = d.finishCall(ctx, call, CallModel, func(e *doing) (flow.Result, error) {
			return e.failTalk(aiNotConfigured, lack)
		})
	}
	return th, err
}

func (e *doing) prepareThink() (*AIRequest, *flow.Result, error) {
	refuse := func(code, why string) (*AIRequest, *flow.Result, error) {
		res, err := e.failTalk(code, why)
		return nil, &res, err
	}
	agent, err := e.agent()
	if err != nil {
		return nil, nil, err
	}
	m, lack, err := e.model()
	if err != nil {
		return nil, nil, err
	}
	if lack != "" {
		return refuse(aiNotConfigured, lack)
	}
	talk, err := e.talk()
	if err == nil && talk == nil {
		talk, err = e.beginTalk()
	}
	switch {
	case err != nil:
		return nil, nil, err
	case talk.TakenOverAt != 0:
		return refuse(aiTakenOver, "")
	}
	e.tell(talk)
	if why, err := e.overBudget(talk, m); err != nil || why != "" {
		if err != nil {
			return nil, nil, err
		}
		return refuse(aiBudget, why)
	}
	ask, err := e.ask(agent, talk)
	return ask, nil, err
}

// failTalk ends the talk with a reason. What an admin can mend is shown on the
// workflow.
func (e *doing) failTalk(code, why string) (flow.Result, error) {
	res := flow.Result{Outcome: flow.Failed, Code: code, Detail: why}
	if why != "" {
		e.detail["problem"] = why
	}
	if code != aiTakenOver && code != aiChannel && !e.run.Test {
		message := fmt.Sprintf("The AI Agent step %q went to failure: %s.", e.call.Step().Name, why)
		if err := e.warnWorkflow(e.run.WorkflowID, e.call.Step().StepID, code, message); err != nil {
			return res, err
		}
	}
	return res, e.endTalk(e.run, e.call.Step().Seq)
}

// spelled is the configuration with the variables put in.
func (e *doing) spelled(a *flow.AIAgent) *flow.AIAgent {
	out := *a
	vars := e.vars()
	out.Instructions = flow.Render(a.Instructions, vars)
	out.Collect = make([]flow.CollectItem, len(a.Collect))
	for i, item := range a.Collect {
		out.Collect[i] = flow.CollectItem{Question: flow.Render(item.Question, vars), Variable: item.Variable}
	}
	return &out
}

// ask makes the request of a turn from the contact as it is now.
func (e *doing) ask(a *flow.AIAgent, talk *Talk) (*AIRequest, error) {
	ws, err := e.workspace()
	if err != nil {
		return nil, err
	}
	p := prompt{agent: e.spelled(a), workspace: ws.Name, now: timeOf(e.at).In(ws.Zone()), collected: talk.Collected}
	if p.textLimit, err = e.textLimit(); err != nil {
		return nil, err
	}
	out := &AIRequest{Objective: a.Objective}
	if p.messages, out.Upto, err = e.said(talk); err != nil {
		return nil, err
	}
	ids := make([]int64, len(a.KnowledgeSources))
	for i, ref := range a.KnowledgeSources {
		ids[i] = ref.ID
	}
	if q := p.question(); q != "" && (len(ids) > 0 || a.UseSnippets) {
		if p.passages, err = e.knowledge(ids, a.UseSnippets, q, promptPassages); err != nil {
			return nil, err
		}
	}
	for _, x := range p.passages {
		out.Sources = append(out.Sources, x.Source)
	}
	out.System, out.Messages = p.system(), p.conversation()
	return out, nil
}

// said are the messages of the talk, and the contact's newest one. What the
// model has not seen yet comes last, whatever of ours has been stored since: it
// is what is to be answered.
func (e *doing) said(talk *Talk) (list []AIMessage, upto int64, err error) {
	last, err := first[TalkTurn](e.db.Select("upto_message").Where("run_id = ? AND seq = ? AND message_id > 0", talk.RunID, talk.Seq).Order("turn DESC"))
	if err != nil {
		return nil, 0, err
	}
	seen := int64(0)
	if last != nil {
		seen = last.UptoMessage
	}
	var rows []Message
	err = e.db.Where("contact_id = ? AND id >= ? AND NOT (traffic = ? AND status = ?)", e.c.ID, talk.AfterMessage, Outgoing, "failed").
		Order("id DESC").Limit(promptMessages + 1).Find(&rows).Error
	if err != nil {
		return nil, 0, err
	}
	var unseen []AIMessage
	for i := len(rows) - 1; i >= 0; i-- {
		m := &rows[i]
		said := AIMessage{Contact: m.Traffic == Incoming, Text: spoken(m.Body)}
		if said.Contact {
			upto = m.ID
		}
		switch {
		case said.Text == "":
		case said.Contact && m.ID > seen:
			unseen = append(unseen, said)
		default:
			list = append(list, said)
		}
	}
	list = append(list, unseen...)
	if upto == 0 { // nothing yet, or further back than the window
		upto, err = e.newestOf(e.c)
	}
	return list, upto, err
}

// newestOf is the contact's newest message; 0 = none.
func (t *txn) newestOf(c *Contact) (int64, error) {
	m, err := first[Message](t.db.Select("id").Where("contact_id = ? AND traffic = ?", c.ID, Incoming).Order("id DESC"))
	if err != nil || m == nil {
		return 0, err
	}
	return m.ID, nil
}

// textLimit is how many characters the channel takes on which the AI Agent
// writes; 0 = no limit.
func (e *doing) textLimit() (int, error) {
	if e.c.IdentityID == 0 {
		return 0, nil
	}
	ch, err := first[Channel](e.db.Where("id = (SELECT channel_id FROM identities WHERE id = ?)", e.c.IdentityID))
	if err != nil || ch == nil {
		return 0, err
	}
	return e.Capabilities(ch).TextLimit.Max, nil
}

// Wanted reports whether the turn is still awaited: not after a person took the
// conversation over or the run was ended.
func (d *Desk) Wanted(ctx context.Context, call flow.Call) (bool, error) {
	var n int64
	err := d.db.Read(ctx).Model(&RunCall{}).Joins("JOIN runs ON runs.id = run_calls.run_id AND runs."+isLive).
		Where("run_calls.run_id = ? AND run_calls.no = ?", call.RunID, call.No).Count(&n).Error
	return n > 0, err
}

// FinishThink stores what a turn came to and decides how the talk goes on.
func (d *Desk) FinishThink(ctx context.Context, call flow.Call, th Thinking, got Thought) (flow.Result, error) {
	return d.finishCall(ctx, call, CallModel, func(e *doing) (flow.Result, error) {
		talk, err := e.talk()
		if err == nil && talk == nil {
			err = fmt.Errorf("step execution %d has no talk", call.Step().Seq)
		}
		if err != nil {
			return flow.Result{}, err
		}
		if err := e.spend(talk, got.TokensIn+got.TokensOut); err != nil {
			return flow.Result{}, err
		}
		if err := e.judgeModel(th.Model, got); err != nil {
			return flow.Result{}, err
		}
		switch {
		case talk.TakenOverAt != 0:
			return e.failTalk(aiTakenOver, "")
		case got.Problem != "":
			e.tell(talk)
			return e.failTalk(aiProvider, got.Problem)
		}
		agent, err := e.agent()
		if err != nil {
			return flow.Result{}, err
		}
		return e.turnOf(talk, e.spelled(agent), th.Ask, got)
	})
}

func (e *doing) turnOf(talk *Talk, a *flow.AIAgent, ask AIRequest, got Thought) (flow.Result, error) {
	fresh := known(a, got.Reply.Collected)
	maps.Copy(talk.Collected, fresh)
	arm, say := decide(a, got.Reply, talk.Collected)
	if arm == "" && say == "" {
		return e.failTalk(aiProvider, "the model had nothing to say")
	}
	stale := false
	if arm != flow.ArmSpeakToHuman { // whoever asks for a person and goes on writing gets the person
		var err error
		if stale, err = e.stale(talk, e.call.No, ask.Upto); err != nil {
			return flow.Result{}, err
		}
	}
	talk.Turns++
	if err := e.db.Model(talk).Select("turns", "collected").Updates(talk).Error; err != nil {
		return flow.Result{}, err
	}
	turn := &TalkTurn{RunID: e.run.ID, Turn: e.call.No, Seq: talk.Seq, Reply: say, UptoMessage: ask.Upto, Model: got.Model,
		TokensIn: got.TokensIn, TokensOut: got.TokensOut, At: e.at,
		Decision: Decided{Action: got.Reply.Action, Arm: arm, Collected: fresh, Sources: ask.Sources, Stale: stale}}
	if err := e.db.Create(turn).Error; err != nil {
		return flow.Result{}, err
	}
	e.tell(talk)
	e.detail["action"] = got.Reply.Action
	if !e.run.Test {
		if err := e.clearWarnings(e.run.WorkflowID, e.call.Step().StepID); err != nil {
			return flow.Result{}, err
		}
	}
	res := flow.Result{Outcome: flow.Waiting, Turn: turn.Turn, Set: fresh}
	switch {
	case stale, arm == "":
		return res, nil
	case say == "":
		res.Turn = 0
	}
	res.Outcome, res.Arm = flow.Done, arm
	if say != "" {
		return res, nil // Say lets go
	}
	return res, e.endTalk(e.run, talk.Seq)
}

// stale reports whether the contact has written since the newest message that a
// turn has seen, so that it is better to think again than to say it. Turns that
// were thrown away have no message.
func (e *doing) stale(talk *Talk, turn int, upto int64) (bool, error) {
	newest, err := e.newestOf(e.c)
	if err != nil || newest <= upto {
		return false, err
	}
	var before []TalkTurn
	err = e.db.Select("message_id").Where("run_id = ? AND seq = ? AND turn < ?", talk.RunID, talk.Seq, turn).
		Order("turn DESC").Limit(maxStale).Find(&before).Error
	thrown := slices.IndexFunc(before, func(t TalkTurn) bool { return t.MessageID != 0 })
	return thrown >= 0 || len(before) < maxStale, err
}
