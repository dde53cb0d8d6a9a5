package flow

import (
	"slices"
	"strings"
	"time"
)

// AIAgent hands the conversation to a language model until its objective is met
// or a failure condition occurs (type ai_agent).
//
// One turn is: Think (the model is called; what it wants to say is stored), Say
// (the message is sent and the wait for the contact opens), and the wait. The
// talk lives in the desk; the run's history holds references only, and between
// two turns the run may go on in a fresh execution.
type AIAgent struct {
	Objective             Objective     `json:"objective" flow:"objective,required" enum:"answer_questions,collect_information"`
	Instructions          string        `json:"instructions,omitempty" flow:"instructions,vars"`
	Collect               []CollectItem `json:"collect,omitempty" flow:"collect"`
	KnowledgeSources      []Ref         `json:"knowledge_sources,omitempty" flow:"knowledge_sources" ref:"knowledge_source"`
	UseSnippets           bool          `json:"use_snippets,omitempty" flow:"use_snippets"`
	ReplyOutsideKnowledge bool          `json:"reply_outside_knowledge,omitempty" flow:"reply_outside_knowledge"`
	IdleTimeout           Duration      `json:"idle_timeout,omitempty" flow:"idle_timeout" default:"1h"` // 0 = 60 minutes
}

// Objective is what an AI Agent is for.
type Objective string

// The two objectives.
const (
	AnswerQuestions    Objective = "answer_questions"
	CollectInformation Objective = "collect_information"
)

// CollectItem is one thing that the AI Agent finds out.
type CollectItem struct {
	Question string `json:"question" flow:"question,required,vars"`
	Variable string `json:"variable" flow:"variable,required"`
}

// defaultIdle is how long an AI Agent waits for the contact.
const defaultIdle = time.Hour

// The limits of an AI Agent.
const (
	maxCollect      = 20
	maxInstructions = 10_000 // characters
)

func (a *AIAgent) check(c *checker) {
	if length(a.Instructions) > maxInstructions {
		c.invalid("instructions", "The instructions have %d characters. Use at most %d; what the agent should know belongs into a knowledge source.", length(a.Instructions), maxInstructions)
	}
	switch a.Objective {
	case CollectInformation:
		if len(a.Collect) == 0 {
			c.missing("collect")
		}
		if _, on := c.step.Arms[ArmUnableToAnswer]; on {
			c.report("step.arm.unknown", join(strings.TrimSuffix(c.base, ".config"), "arms."+string(ArmUnableToAnswer)),
				"unable_to_answer exists with the objective answer_questions only. Remove the arm.")
		}
	case AnswerQuestions:
		c.notAllowed(len(a.Collect) > 0, "collect", "only collect_information collects")
	}
	if len(a.Collect) > maxCollect {
		c.invalid("collect", "There are %d things to find out. Use at most %d.", len(a.Collect), maxCollect)
		return
	}
	for i, it := range a.Collect {
		at := item("collect", i)
		c.textLimit(join(at, "question"), it.Question)
		c.variableName(join(at, "variable"), it.Variable)
		if before := slices.IndexFunc(a.Collect, func(o CollectItem) bool { return o.Variable == it.Variable }); before < i && it.Variable != "" {
			c.invalid(join(at, "variable"), "The variable %q is filled twice in this step. Give each question a variable of its own.", cut(it.Variable, 60))
		}
	}
	if dir, ok := c.dir.(Connections); ok && !dir.Connected(ServiceModel) {
		c.report("ai.not_configured", join(strings.TrimSuffix(c.base, ".config"), "type"),
			"The workspace has no language model, so this step will go to failure. Connect one: PUT /v2/space/integration/llm.")
	}
}

func (a *AIAgent) run(x *Execution) (way, error) {
	thought, _, err := x.do(Think{})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	x.fill(thought.Set)
	if thought.Outcome == Failed {
		return by(ArmFailure, thought.Code), nil
	}
	say := Say{Turn: thought.Turn}
	if thought.Outcome == Waiting {
		say.Wait = a.patience(x.cur)
	}
	if say.Turn != 0 {
		said, no, err := x.do(say)
		if err != nil || x.ended != nil {
			return way{}, err
		}
		if said.Outcome == Waiting {
			if said, err = x.await(no, WaitAI, said.DueAt); err != nil || x.ended != nil {
				return way{}, err
			}
		}
		switch said.Outcome {
		case TimedOut:
			return a.leave(x, ArmIdle), nil
		case Failed:
			return by(ArmFailure, said.Code), nil
		case Answered: // also where the talk was over: the contact has more to say
			return way{again: true}, nil
		}
	}
	if thought.Outcome == Waiting {
		return way{again: true}, nil
	}
	return a.leave(x, thought.Arm), nil
}

// leave takes an arm, or failure when it is off.
func (a *AIAgent) leave(x *Execution, arm Arm) way {
	if arm == ArmSuccess || arm == ArmFailure || x.cur.On(arm) {
		return by(arm)
	}
	return by(ArmFailure, string(arm))
}

// patience is how long to wait for the contact: without an idle arm as long as
// any wait may last.
func (a *AIAgent) patience(s *Step) time.Duration {
	switch {
	case !s.On(ArmIdle):
		return MaxWait
	case a.IdleTimeout == 0:
		return defaultIdle
	}
	return time.Duration(a.IdleTimeout)
}

// saves are the variables that are collected.
func (a *AIAgent) saves() (names []string) {
	for _, item := range a.Collect {
		names = append(names, item.Variable)
	}
	return names
}
