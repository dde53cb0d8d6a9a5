package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
)

// world is a Host in memory: one contact, a scripted desk and a virtual clock.
// At every call it replaces the run's state by its own JSON, and checks what a
// host may rely on: effect numbers without gaps, and a step log whose finished
// entries are handed over exactly once.
type world struct {
	t       require.TestingT
	env     *fakeEnv
	st      *State
	start   time.Time
	now     time.Time
	inbox   []incoming
	script  func(Call, Effect) (Result, bool) // answers an effect instead of the world
	awaits  func(Wait) (Result, bool)         // the same for waits
	endAt   int                               // call with this number gives Ended
	failAt  int                               // call with this number gives an error
	calls   []Call
	effects []carried
	waits   []Wait
	log     []Entry // finished entries
	open    *Entry  // the unfinished entry handed over last
}

// carried is an effect that the world has carried out.
type carried struct {
	call   Call
	effect Effect
}

// incoming is a message of the contact, some time after the start.
type incoming struct {
	after time.Duration
	text  string
}

var errHost = errors.New("host is broken")

func newWorld(t require.TestingT) *world {
	start := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	env := ana()
	env.now = start
	return &world{t: t, env: env, start: start, now: start, st: &State{}}
}

func (w *world) writes(after time.Duration, texts ...string) *world {
	for i, text := range texts {
		w.inbox = append(w.inbox, incoming{after + time.Duration(i)*time.Minute, text})
	}
	return w
}

// run executes a definition to its end and takes over the rest of the log.
func (w *world) run(def *Definition) Ending {
	ending, err := Execute(stored(w.t, def), w.st, w)
	require.NoError(w.t, err)
	for _, e := range w.st.Trail {
		w.finished(e)
	}
	w.st.Trail = nil
	require.Nil(w.t, w.open, "the last entry is finished")
	require.Len(w.t, w.log, w.st.Seq)
	return ending
}

// stored is a definition as it comes out of the database.
func stored(t require.TestingT, def *Definition) *Definition {
	b, err := json.Marshal(def)
	require.NoError(t, err)
	var back Definition
	require.NoError(t, json.Unmarshal(b, &back))
	return &back
}

func (w *world) Now() time.Time { return w.now }

func (w *world) Do(call Call, e Effect) (Result, error) {
	call.Vars = maps.Clone(call.Vars)
	return w.reply(call, func() Result {
		w.effects = append(w.effects, carried{call, e})
		if w.script != nil {
			if r, ok := w.script(call, e); ok {
				return r
			}
		}
		return w.effect(call, e)
	})
}

func (w *world) Await(call Call, wait Wait) (Result, error) {
	return w.reply(call, func() Result {
		require.Less(w.t, wait.No, call.No)
		require.False(w.t, wait.DueAt.IsZero() && wait.Kind != WaitChild, "a wait has a deadline")
		w.waits = append(w.waits, wait)
		if w.awaits != nil {
			if r, ok := w.awaits(wait); ok {
				return r
			}
		}
		return w.wait(wait)
	})
}

// reply checks a call, answers it, and reloads the run's state.
func (w *world) reply(call Call, answer func() Result) (Result, error) {
	require.Equal(w.t, len(w.calls)+1, call.No, "effect numbers have no gaps and no repetitions")
	w.calls = append(w.calls, call)
	w.reload()
	switch call.No {
	case w.failAt:
		return Result{}, errHost
	case w.endAt:
		return Result{Outcome: Ended, Code: string(EndStoppedByUser)}, nil
	}
	w.takeOver(call.Trail)
	return answer(), nil
}

func (w *world) reload() {
	b, err := json.Marshal(w.st)
	require.NoError(w.t, err)
	*w.st = State{}
	require.NoError(w.t, json.Unmarshal(b, w.st))
}

// takeOver files the log entries that come with a call.
func (w *world) takeOver(trail []Entry) {
	require.NotEmpty(w.t, trail)
	last := len(trail) - 1
	for _, e := range trail[:last] {
		w.finished(e)
	}
	present := trail[last]
	require.Nil(w.t, present.EndedAt)
	require.Empty(w.t, present.Outcome)
	require.Equal(w.t, len(w.log)+1, present.Seq)
	w.open = &present
}

func (w *world) finished(e Entry) {
	require.NotNil(w.t, e.EndedAt, "%+v", e)
	require.NotEmpty(w.t, e.Outcome)
	require.Equal(w.t, len(w.log)+1, e.Seq, "finished entries come once and in order")
	if w.open != nil {
		require.Equal(w.t, w.open.StepID, e.StepID)
		require.Equal(w.t, w.open.StartedAt, e.StartedAt)
	}
	w.log, w.open = append(w.log, e), nil
}

// effect is what a desk without surprises does.
func (w *world) effect(call Call, e Effect) Result {
	switch e := e.(type) {
	case Ask:
		options := make([]string, len(e.Options))
		for i, o := range e.Options {
			options[i] = cut(Render(o, w.vars(call)), 20)
		}
		return Result{Outcome: Waiting, DueAt: w.now.Add(e.Timeout), Options: options}
	case Sleep:
		return Result{Outcome: Waiting, DueAt: w.now.Add(e.For)}
	case Say:
		if e.Wait > 0 {
			return Result{Outcome: Waiting, DueAt: w.now.Add(e.Wait)}
		}
	case Evaluate:
		arm, _ := EvaluateBranches(e.Branches, w.vars(call))
		return Result{Outcome: Done, Arm: arm}
	}
	return Result{Outcome: Done}
}

func (w *world) vars(call Call) Env { return WithVars(w.env, call.Vars) }

// wait lets the clock run until the wait is over.
func (w *world) wait(wait Wait) Result {
	if wait.Kind == WaitAnswer {
		for i, m := range w.inbox {
			at := w.start.Add(m.after)
			if at.Before(w.now) || at.After(wait.DueAt) {
				continue // written before the question, or too late
			}
			w.now, w.inbox = at, slices.Delete(w.inbox, i, i+1)
			return Result{Outcome: Answered, Answer: &Answer{MessageID: int64(1000 + i), Type: "text", Text: m.text}}
		}
	}
	w.now = wait.DueAt
	if wait.Kind == WaitTimer {
		return Result{Outcome: Done}
	}
	return Result{Outcome: TimedOut}
}

// path is the log as one line a step: id, arm or →, outcome, code.
func (w *world) path() []string {
	lines := make([]string, len(w.log))
	for i, e := range w.log {
		lines[i] = fmt.Sprintf("%s %s %s", e.StepID, e.Outcome, e.Arm)
		if e.Code != "" {
			lines[i] += " " + e.Code
		}
	}
	return lines
}

// sent are the texts of all messages and questions, with the variables put in.
func (w *world) sent() []string {
	var texts []string
	for _, c := range w.effects {
		switch e := c.effect.(type) {
		case Send:
			texts = append(texts, Render(e.Message.Text, w.vars(c.call)))
		case Ask:
			texts = append(texts, Render(e.Question, w.vars(c.call)))
		case Comment:
			texts = append(texts, Render(e.Text, w.vars(c.call)))
		}
	}
	return texts
}

// find returns the effects of one type.
func find[E Effect](w *world) []E {
	var found []E
	for _, c := range w.effects {
		if e, ok := c.effect.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// steps makes a definition; a step's name is its id.
func steps(list ...Step) *Definition {
	for i := range list {
		list[i].Name = list[i].ID
		for _, k := range Kinds() {
			if fmt.Sprintf("%T", k.New()) == fmt.Sprintf("%T", list[i].Config) {
				list[i].Type = k.Type
			}
		}
	}
	return &Definition{Format: Format, ID: "test", Name: "Test", Trigger: Trigger{Type: ManualTrigger}, Steps: list}
}

// leads pairs names of arms with step ids.
func leads(pairs ...string) map[Arm]string {
	m := map[Arm]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[Arm(pairs[i])] = pairs[i+1]
	}
	return m
}

func say(text string) *SendMessage {
	return &SendMessage{Channel: ChannelChoice{Ref{Name: LastInteracted}}, Message: Message{Type: "text", Text: text}}
}
