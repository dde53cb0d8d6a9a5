package flow

import "time"

// AskQuestion sends a question on the contact's last interacted channel and
// waits for the answer (type ask_question).
type AskQuestion struct {
	Question           string       `json:"question" flow:"question,required,vars"`
	QuestionType       QuestionType `json:"question_type" flow:"question_type,required" enum:"text,multiple_choice,number,date,phone,email,url,rating,location"`
	Options            []string     `json:"options,omitempty" flow:"options,vars"`
	Min                *float64     `json:"min,omitempty" flow:"min"`
	Max                *float64     `json:"max,omitempty" flow:"max"`
	SaveAsContactField Ref          `json:"save_as_contact_field,omitzero" flow:"save_as_contact_field" ref:"contact_field"`
	SaveAsVariable     string       `json:"save_as_variable,omitempty" flow:"save_as_variable"`
	SaveAsTag          bool         `json:"save_as_tag,omitempty" flow:"save_as_tag"`
	Timeout            Duration     `json:"timeout,omitempty" flow:"timeout" default:"7d"`                  // 1 s – 7 d; 0 = 7 d
	Retries            int          `json:"retries,omitempty" flow:"retries" code:"question.retries.limit"` // 0–5
	RetryMessage       string       `json:"retry_message,omitempty" flow:"retry_message,vars"`
}

// QuestionType says which answers are valid.
type QuestionType string

// The question types.
const (
	AskText     QuestionType = "text"
	AskChoice   QuestionType = "multiple_choice"
	AskNumber   QuestionType = "number"
	AskDate     QuestionType = "date"
	AskPhone    QuestionType = "phone"
	AskEmail    QuestionType = "email"
	AskURL      QuestionType = "url"
	AskRating   QuestionType = "rating"
	AskLocation QuestionType = "location"
)

func (q *AskQuestion) run(x *Execution) (way, error) {
	text := q.Question
	for try := 0; ; try++ {
		asked, no, err := x.do(Ask{Question: text, Type: q.QuestionType, Options: q.Options, Timeout: limit(q.Timeout)})
		if err != nil || x.ended != nil {
			return way{}, err
		}
		if asked.Outcome == Failed {
			if x.cur.On(ArmMessageFailure) {
				return by(ArmMessageFailure, asked.Code), nil
			}
			return exit(EndMessageFailed, asked.Code), nil
		}
		got, err := x.await(no, WaitAnswer, asked.DueAt)
		if err != nil || x.ended != nil {
			return way{}, err
		}
		if got.Outcome == TimedOut {
			if x.cur.On(ArmTimeout) {
				return by(ArmTimeout), nil
			}
			return exit(EndTimeout), nil
		}
		value, ok := q.parse(*got.Answer, asked, x.host.Now())
		if ok {
			return q.save(x, value)
		}
		if try >= q.Retries {
			return by(ArmFailure, "answer.invalid"), nil
		}
		if q.RetryMessage != "" {
			text = q.RetryMessage
		}
	}
}

// save keeps a valid answer where the step says. A value that does not fit the
// contact field is only a warning: the answer still counts.
func (q *AskQuestion) save(x *Execution, value string) (way, error) {
	if q.SaveAsVariable != "" {
		x.set(q.SaveAsVariable, value)
	}
	if q.SaveAsContactField.Empty() && !q.SaveAsTag {
		return by(ArmSuccess), nil
	}
	_, _, err := x.do(SaveAnswer{Field: q.SaveAsContactField, Value: value, Tag: q.SaveAsTag})
	return by(ArmSuccess), err
}

// saves is the variable that the answer fills.
func (q *AskQuestion) saves() []string { return []string{q.SaveAsVariable} }

// limit is a timeout with its default, the longest wait there is.
func limit(d Duration) time.Duration {
	if d == 0 {
		return MaxWait
	}
	return time.Duration(d)
}
