package desk

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"ucal/flow"
)

// AIOptions are the operator's settings of the AI Agent step.
type AIOptions struct {
	Model     ModelConfig   // for workspaces that have connected none of their own; zero = none
	MaxTurns  int           // of one run; default 30
	MaxTokens int           // of one run, read and written; default 100,000
	MaxTime   time.Duration // of one talk; default 24 hours
}

// withDefaults fills in what is zero.
func (o AIOptions) withDefaults() AIOptions {
	o.MaxTurns = cmp.Or(o.MaxTurns, 30)
	o.MaxTokens = cmp.Or(o.MaxTokens, 100_000)
	o.MaxTime = cmp.Or(o.MaxTime, 24*time.Hour)
	return o
}

// Talk is an AI Agent's conversation with a contact: one a step execution.
type Talk struct {
	RunID        int64             `gorm:"primaryKey;autoIncrement:false"`
	Seq          int               `gorm:"primaryKey;autoIncrement:false"` // of the step execution
	AfterMessage int64             // the first message that belongs to the talk
	Turns        int               // calls that gave a reply
	Tokens       int               // of all calls
	Collected    map[string]string `gorm:"serializer:json"` // by variable
	StartedAt    int64
	TakenOverAt  int64 // a person wrote to the contact, or took it; 0 = no
	EndedAt      int64
}

// TableName is the table of the talks.
func (Talk) TableName() string { return "ai_talks" }

// TalkTurn is what the model answered once.
type TalkTurn struct {
	RunID       int64 `gorm:"primaryKey;autoIncrement:false"`
	Turn        int   `gorm:"primaryKey;autoIncrement:false"` // number of the Think effect
	Seq         int
	Reply       string  // what is to be said; "" = nothing
	Decision    Decided `gorm:"serializer:json"`
	UptoMessage int64   // newest message of the contact that the model has seen
	Model       string
	TokensIn    int
	TokensOut   int
	MessageID   int64 // the message that said it; 0 = it was not said
	At          int64
}

// TableName is the table of the turns.
func (TalkTurn) TableName() string { return "ai_turns" }

// Decided is how a turn came out, for people.
type Decided struct {
	Action    AIAction          `json:"action"`
	Arm       flow.Arm          `json:"arm,omitempty"`
	Collected map[string]string `json:"collected,omitempty"`
	Sources   []string          `json:"sources,omitempty"` // where the passages came from
	Stale     bool              `json:"stale,omitempty"`   // the contact wrote while the model thought
}

// ModelUsage is how many tokens a workspace has used on one day.
type ModelUsage struct {
	WorkspaceID int64  `gorm:"primaryKey;autoIncrement:false"`
	Day         string `gorm:"primaryKey"` // YYYY-MM-DD, UTC
	Tokens      int64
}

// TableName is the table of the usage.
func (ModelUsage) TableName() string { return "ai_usage" }

// The reasons for which an AI Agent fails (workflow specification 10.3).
const (
	aiNotConfigured = "ai.not_configured"
	aiProvider      = "ai.provider"
	aiBudget        = "ai.budget"
	aiChannel       = "ai.channel"
	aiTakenOver     = "ai.taken_over"
)

// talkMemory is how old the contact's latest message may be to be what a talk
// is about. After a longer silence the AI Agent begins.
const talkMemory = 24 * time.Hour

// agent is the configuration of the AI Agent step that makes the call.
func (e *doing) agent() (*flow.AIAgent, error) {
	def, err := e.definition(e.run.VersionID)
	if err != nil {
		return nil, err
	}
	if s := def.Step(e.call.Step().StepID); s != nil {
		if cfg, ok := s.Config.(*flow.AIAgent); ok {
			return cfg, nil
		}
	}
	return nil, fmt.Errorf("version %d has no AI Agent step %q", e.run.VersionID, e.call.Step().StepID)
}

// talk is the talk of the step execution that makes the call; nil when it has
// not begun.
func (e *doing) talk() (*Talk, error) {
	return first[Talk](e.db.Where("run_id = ? AND seq = ?", e.run.ID, e.call.Step().Seq))
}

// beginTalk opens the talk. From now on the run takes every message of the
// contact: it counts as one that asked at this moment.
func (e *doing) beginTalk() (*Talk, error) {
	newest, err := first[Message](e.db.Select("id").Where("contact_id = ?", e.c.ID).Order("id DESC"))
	if err != nil {
		return nil, err
	}
	said, err := first[Message](e.db.Select("id").Where("contact_id = ? AND traffic = ? AND created_at > ?",
		e.c.ID, Incoming, e.at-talkMemory.Milliseconds()).Order("id DESC"))
	if err != nil {
		return nil, err
	}
	talk := &Talk{RunID: e.run.ID, Seq: e.call.Step().Seq, StartedAt: e.at, Collected: map[string]string{}}
	if newest != nil {
		talk.AfterMessage, e.run.AskedAt = newest.ID+1, newest.ID
	}
	if said != nil {
		talk.AfterMessage = said.ID
	}
	if err := e.db.Create(talk).Error; err != nil {
		return nil, err
	}
	e.run.TalkSeq = talk.Seq
	return talk, e.db.Model(e.run).Select("talk_seq", "asked_at").Updates(e.run).Error
}

// release lets go of the conversation: from now on the contact's messages are
// no answers to the AI Agent.
func (t *txn) release(r *Run) error {
	if r.TalkSeq == 0 {
		return nil
	}
	r.TalkSeq = 0
	return t.db.Model(r).UpdateColumn("talk_seq", 0).Error
}

// endTalk closes the talk of a step execution.
func (t *txn) endTalk(r *Run, seq int) error {
	if err := t.release(r); err != nil {
		return err
	}
	return t.db.Model(&Talk{}).Where("run_id = ? AND seq = ? AND ended_at = 0", r.ID, seq).UpdateColumn("ended_at", t.at).Error
}

// takeOver ends the talks of AI Agents with a contact at once: a person has
// written to it, or got it by hand. An AI Agent that waits hears of it; the call
// of one that thinks has its result; one that is about to say something looks
// before it does.
func (t *txn) takeOver(c *Contact) error {
	runs, err := t.liveRuns(c)
	if err != nil {
		return err
	}
	over := flow.Result{Outcome: flow.Failed, Code: aiTakenOver}
	text, err := json.Marshal(over)
	if err != nil {
		return err
	}
	for i := range runs {
		r := &runs[i]
		res := t.db.Model(&Talk{}).Where("run_id = ? AND ended_at = 0 AND taken_over_at = 0", r.ID).
			UpdateColumns(map[string]any{"taken_over_at": t.at, "ended_at": t.at})
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			continue
		}
		if err := t.release(r); err != nil {
			return err
		}
		if r.WaitKind == flow.WaitAI && r.Claim == "" {
			if err := t.claim(c, r, over, nil); err != nil {
				return err
			}
		}
		call, err := first[RunCall](t.db.Where("run_id = ? AND kind = ?", r.ID, CallModel))
		if err != nil {
			return err
		}
		if call == nil {
			continue
		}
		if err := t.db.Delete(call).Error; err != nil {
			return err
		}
		if err := t.db.Create(&RunEffect{RunID: r.ID, No: call.No, Kind: string(CallModel), Result: string(text), At: t.at}).Error; err != nil {
			return err
		}
	}
	return nil
}

// answer gives a message to the run that takes it. An AI Agent that does not
// wait reads it with its next turn.
func (t *txn) answer(c *Contact, r *Run, m *Message, ev *Event) error {
	switch {
	case !r.asks():
		return nil
	case r.WaitKind == flow.WaitAI: // a reference: the desk reads the message again
		return t.claim(c, r, flow.Result{Outcome: flow.Answered, Answer: &flow.Answer{MessageID: m.ID, Type: string(m.Type)}}, ev)
	}
	a, err := t.answerTo(r, m)
	if err != nil {
		return err
	}
	return t.claim(c, r, flow.Result{Outcome: flow.Answered, Answer: a}, ev)
}

// model is the language model of the workspace, else the operator's. lack says
// why there is none, "" = there is one.
func (t *txn) model() (m ModelConfig, lack string, err error) {
	row, err := first[Integration](t.db.Where("workspace_id = ? AND kind = ? AND status <> ?", t.wsID, flow.ServiceModel, IntegrationOff))
	switch {
	case err != nil:
		return m, "", err
	case row != nil && t.openIntegration(row, &m) != nil:
		return ModelConfig{}, lostKey, nil
	case row != nil:
		return m, "", nil
	case t.AI.Model.Provider == "":
		return m, "the workspace has no language model; connect one as the integration llm", nil
	}
	return t.AI.Model, "", nil
}

// judgeModel notes on the workspace's integration whether the provider accepts
// it. The operator's model, and one that was replaced meanwhile, are not judged.
func (e *doing) judgeModel(used ModelConfig, got Thought) error {
	row, err := first[Integration](e.db.Where("workspace_id = ? AND kind = ?", e.wsID, flow.ServiceModel))
	if err != nil || row == nil {
		return err
	}
	var own ModelConfig
	if e.openIntegration(row, &own) != nil || own != used {
		return nil
	}
	return e.judge(row, got.Problem == "", got.Refused, got.Problem)
}

// overBudget says what is used up, "" = nothing.
func (e *doing) overBudget(talk *Talk, m ModelConfig) (string, error) {
	var used struct{ Turns, Tokens int }
	err := e.db.Model(&Talk{}).Select("coalesce(sum(turns), 0) AS turns, coalesce(sum(tokens), 0) AS tokens").Where("run_id = ?", e.run.ID).Scan(&used).Error
	if err != nil {
		return "", err
	}
	switch {
	case used.Turns >= e.AI.MaxTurns:
		return fmt.Sprintf("the run has used up its %d turns", e.AI.MaxTurns), nil
	case used.Tokens >= e.AI.MaxTokens:
		return fmt.Sprintf("the run has used up its %d tokens", e.AI.MaxTokens), nil
	case e.at-talk.StartedAt >= e.AI.MaxTime.Milliseconds():
		return fmt.Sprintf("the talk began more than %s ago", e.AI.MaxTime), nil
	case m.MaxTokensPerDay == 0:
		return "", nil
	}
	today, err := first[ModelUsage](e.db.Where("workspace_id = ? AND day = ?", e.wsID, e.day()))
	if err != nil || today == nil || today.Tokens < m.MaxTokensPerDay {
		return "", err
	}
	return fmt.Sprintf("the workspace has used up its %d tokens of the day %s", m.MaxTokensPerDay, e.day()), nil
}

// day is the present day in UTC.
func (t *txn) day() string { return timeOf(t.at).Format(time.DateOnly) }

// spend counts tokens in the talk and for the workspace.
func (e *doing) spend(talk *Talk, tokens int) error {
	if tokens <= 0 {
		return nil
	}
	talk.Tokens += tokens
	if err := e.db.Model(talk).UpdateColumn("tokens", talk.Tokens).Error; err != nil {
		return err
	}
	return e.db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "workspace_id"}, {Name: "day"}},
		DoUpdates: clause.Assignments(map[string]any{"tokens": gorm.Expr("ai_usage.tokens + ?", tokens)})}).
		Create(&ModelUsage{WorkspaceID: e.wsID, Day: e.day(), Tokens: int64(tokens)}).Error
}

// tell puts the state of the talk into the step log.
func (e *doing) tell(talk *Talk) {
	e.detail["turns"], e.detail["tokens"] = talk.Turns, talk.Tokens
}
