package desk

import (
	"context"
	"fmt"

	"ucal/channel"
	"ucal/flow"
)

// PrepareSay is PrepareSend for what a turn of an AI Agent wants to say. Nothing
// is sent when a person has taken the conversation over, or when the contact has
// written since: then the AI Agent thinks again (Answered).
func (d *Desk) PrepareSay(ctx context.Context, call flow.Call, s flow.Say) (Delivery, error) {
	return d.prepare(ctx, call, &asking{kind: flow.WaitAI, timeout: s.Wait, turn: s.Turn},
		func(e *doing) (*Message, *channel.SendError, error) { return e.composeTurn(s.Turn) })
}

// turnBy is what the model answered with an effect.
func (e *doing) turnBy(no int) (*TalkTurn, error) {
	turn, err := first[TalkTurn](e.db.Where("run_id = ? AND turn = ?", e.run.ID, no))
	if err == nil && turn == nil {
		err = fmt.Errorf("run %d has no turn %d", e.run.ID, no)
	}
	return turn, err
}

// maySay looks, before every attempt, whether the turn is still to be said. m
// is its message, nil while there is none. A result is the effect's: there is
// nothing to send.
func (e *doing) maySay(a *asking, m *Message) (*flow.Result, error) {
	talk, err := e.talk()
	if err == nil && talk == nil {
		err = fmt.Errorf("step execution %d has no talk", e.call.Step().Seq)
	}
	if err != nil {
		return nil, err
	}
	e.tell(talk)
	switch {
	case talk.TakenOverAt != 0:
		return e.withdraw(m)
	case m != nil:
		return nil, nil
	}
	turn, err := e.turnBy(a.turn)
	if err != nil {
		return nil, err
	}
	stale, err := e.stale(talk, turn.Turn, turn.UptoMessage)
	switch {
	case err != nil:
		return nil, err
	case stale || turn.Reply == "":
		return e.unsaid(flow.Result{Outcome: flow.Answered})
	case a.timeout == 0: // the last message: what the contact writes now is no answer to it
		return nil, e.release(e.run)
	}
	return nil, nil
}

// unsaid finishes the effect without a message.
func (e *doing) unsaid(res flow.Result) (*flow.Result, error) {
	if e.run.WaitKind != "" {
		if err := e.closeWait(); err != nil {
			return nil, err
		}
	}
	return &res, e.finish("send", res)
}

// withdraw takes back a message that was not handed over: a person writes now.
// One that is on its way can only be waited for.
func (e *doing) withdraw(m *Message) (*flow.Result, error) {
	why := &channel.SendError{Code: channel.CodeExpired, Message: "a person took the conversation over before the message was sent"}
	switch {
	case m == nil:
	case m.Status == StatusSending && m.LeaseUntil > e.at:
		return nil, nil
	case m.Status == StatusSending:
		why = &channel.SendError{Code: channel.CodeOutcomeUnknown, Message: "an attempt got no answer, and a person has taken the conversation over"}
		fallthrough
	case m.Status == channel.StatusPending:
		if err := e.failMessage(e.c, m, why); err != nil {
			return nil, err
		}
	}
	res, err := e.failTalk(aiTakenOver, "")
	if err != nil {
		return nil, err
	}
	return e.unsaid(res)
}

// composeTurn makes the message of a turn. The text of a model holds no
// variables: what looks like one is sent as it is.
func (e *doing) composeTurn(no int) (*Message, *channel.SendError, error) {
	turn, err := e.turnBy(no)
	if err != nil {
		return nil, nil, err
	}
	m := e.message()
	m.SenderSource = SourceAIAgent
	ch, id, bad, err := e.route(flow.ChannelChoice{Ref: flow.Ref{Name: flow.LastInteracted}})
	if err != nil {
		return nil, nil, err
	}
	text := turn.Reply
	if ch != nil {
		text = channel.CutText(text, e.Capabilities(ch).TextLimit)
	}
	return e.posted(m, channel.Text(text), ch, id, bad)
}

// saidBy notes which message a turn has become.
func (e *doing) saidBy(turn int, m *Message) error {
	return e.db.Model(&TalkTurn{}).Where("run_id = ? AND turn = ?", e.run.ID, turn).UpdateColumn("message_id", m.ID).Error
}

// missed gives the wait that has just opened its answer when the contact wrote
// between the turn and its hand-over: that message found no wait to claim.
func (e *doing) missed(no int) error {
	turn, err := e.turnBy(no)
	if err != nil {
		return err
	}
	newest, err := e.newestOf(e.c)
	if err != nil || newest <= turn.UptoMessage {
		return err
	}
	return e.claim(e.c, e.run, flow.Result{Outcome: flow.Answered, Answer: &flow.Answer{MessageID: newest}}, nil)
}

// settleTalk turns the outcome of a message of an AI Agent into the effect's
// result: a refused one ends the talk, unless the contact has written since.
func (e *doing) settleTalk(a *asking, res *flow.Result) error {
	talk, err := e.talk()
	if err != nil || talk == nil {
		return err
	}
	e.tell(talk)
	switch {
	case talk.TakenOverAt != 0: // while it was on its way
		e.run.Claim = ""
		*res, err = e.failTalk(aiTakenOver, "")
	case res.Outcome == flow.Failed && e.run.Claim == "":
		detail := res.Code
		if res.Detail != "" {
			detail += ": " + res.Detail
		}
		*res, err = e.failTalk(aiChannel, detail)
	case a.timeout == 0:
		err = e.endTalk(e.run, e.call.Step().Seq)
	}
	return err
}

// endTurn is the end of a wait of an AI Agent: an answer goes on with the talk,
// anything else ends it.
func (e *doing) endTurn(res flow.Result) error {
	talk, err := e.talk()
	if err != nil || talk == nil {
		return err
	}
	e.tell(talk)
	if res.Outcome == flow.Answered {
		return nil
	}
	return e.endTalk(e.run, talk.Seq)
}
