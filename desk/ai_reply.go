package desk

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"ucal/channel"
	"ucal/flow"
)

// AIAction is what a model wants to do.
type AIAction string

// The actions.
const (
	AIContinue       AIAction = "continue"         // goes on with the talk
	AIDone           AIAction = "done"             // the objective is met
	AISpeakToHuman   AIAction = "speak_to_human"   // the contact asks for a person
	AIUnableToAnswer AIAction = "unable_to_answer" // the knowledge has no answer
)

// AIReply is what a model answers in one turn.
type AIReply struct {
	Reply     string // to be said to the contact; "" = nothing
	Action    AIAction
	Collected map[string]string // by variable; empty values and unknown variables are the reader's to drop
}

// AIReplySchema is the JSON Schema of an answer. It keeps to what every
// provider's structured output takes: every key required, no other keys.
const AIReplySchema = `{
  "type": "object",
  "properties": {
    "reply": {"type": "string", "description": "What to write to the contact, as plain text. Empty when nothing is to be written."},
    "action": {"type": "string", "enum": ["continue", "done", "speak_to_human", "unable_to_answer"], "description": "What happens after the reply."},
    "collected": {
      "type": "array",
      "description": "What the contact has told: one entry for each variable whose value has become known or has changed.",
      "items": {
        "type": "object",
        "properties": {
          "variable": {"type": "string"},
          "value": {"type": "string"}
        },
        "required": ["variable", "value"],
        "additionalProperties": false
      }
    }
  },
  "required": ["reply", "action", "collected"],
  "additionalProperties": false
}`

// maxReply is how many characters of a reply are said.
const maxReply = 2_000

// ParseAIReply reads a model's answer strictly: this one object and nothing
// else. Texts are cleaned and cut. ask is what was asked. The error says what is wrong, for the model
// that is asked again; it repeats nothing of the answer.
func ParseAIReply(text string, ask AIRequest) (AIReply, error) {
	var in struct {
		Reply     *string  `json:"reply"`
		Action    AIAction `json:"action"`
		Collected []struct {
			Variable string `json:"variable"`
			Value    string `json:"value"`
		} `json:"collected"`
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return AIReply{}, errors.New("the answer is not one JSON object with the keys reply, action and collected")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return AIReply{}, errors.New("there is more than the JSON object in the answer")
	}
	actions := []AIAction{AIContinue, AIDone, AISpeakToHuman, AIUnableToAnswer}
	switch {
	case in.Reply == nil:
		return AIReply{}, errors.New("the key reply is missing")
	case !slices.Contains(actions, in.Action):
		return AIReply{}, fmt.Errorf("action is none of %v", actions)
	}
	out := AIReply{Reply: cutText(channel.CleanText(*in.Reply), maxReply), Action: in.Action, Collected: map[string]string{}}
	for _, c := range in.Collected {
		if v := channel.CleanText(c.Value); v != "" {
			out.Collected[c.Variable] = cutText(v, flow.MaxVariable)
		}
	}
	if out.Action == AIContinue && out.Reply == "" && ask.Objective == flow.AnswerQuestions {
		return AIReply{}, errors.New("reply is empty although the action is continue")
	}
	return out, nil
}

// cutText is the first n characters of a text.
func cutText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// decide says how a turn comes out. arm "" = the talk goes on; say "" = nothing
// is said. What is collected counts, not what the model thinks of it.
func decide(a *flow.AIAgent, r AIReply, collected map[string]string) (arm flow.Arm, say string) {
	switch {
	case r.Action == AISpeakToHuman:
		return flow.ArmSpeakToHuman, ""
	case a.Objective == flow.CollectInformation:
		open := missing(a, collected)
		switch {
		case len(open) > 0 && r.Reply == "": // it has nothing to ask, and yet something is missing
			return "", open[0].Question
		case len(open) > 0:
			return "", r.Reply
		case r.Action == AIDone:
			return flow.ArmSuccess, r.Reply
		}
		return flow.ArmSuccess, "" // a question that nobody would wait for
	case r.Action == AIDone:
		return flow.ArmSuccess, r.Reply
	case r.Action == AIUnableToAnswer:
		return flow.ArmUnableToAnswer, r.Reply
	}
	return "", r.Reply
}

// missing are the items that have no value yet.
func missing(a *flow.AIAgent, collected map[string]string) (open []flow.CollectItem) {
	for _, item := range a.Collect {
		if collected[item.Variable] == "" {
			open = append(open, item)
		}
	}
	return open
}

// known keeps the values of the variables that are to be collected.
func known(a *flow.AIAgent, values map[string]string) (out map[string]string) {
	for _, item := range a.Collect {
		if v := values[item.Variable]; v != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[item.Variable] = v
		}
	}
	return out
}
