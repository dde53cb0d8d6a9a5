package flow

import (
	"slices"
	"time"
)

// freeWindow is how long most channels let us write freely after the contact's
// latest message.
const freeWindow = 24 * time.Hour

// window warns of messages that may be sent when the channel's window has
// closed: more time than that may have gone by on the way to them. The time
// before the run is not known and counts as nothing.
func (c *checker) window() {
	since := c.silence()
	for i := range c.def.Steps {
		s := &c.def.Steps[i]
		elapsed, reached := since[s.ID]
		if !reached || elapsed <= freeWindow {
			continue
		}
		path := join(item("steps", i), "config")
		switch cfg := s.Config.(type) {
		case *AskQuestion:
			c.risk(join(path, "question"))
		case *AIAgent:
			c.risk(join(path, "objective"))
		case *SendMessage:
			if c.windowed(cfg.Channel) && cfg.freeForm() {
				c.risk(join(path, "message"))
			}
		}
	}
}

func (c *checker) risk(path string) {
	c.report("message.window.risk", path, "This message may be sent more than 24 h after the contact's last message; channels such as WhatsApp will refuse it. Shorten the waits before it.")
}

// freeForm reports whether the step sends what needs an open window: anything
// but a template or a text with a tag. Where the channel is only known when the
// step runs, the default message may be sent.
func (s *SendMessage) freeForm() bool {
	m := s.Message
	for _, r := range s.Responses {
		if !s.Channel.Last() && r.Channel.ID == s.Channel.ID {
			m = r.Message
		}
	}
	return m.MessageTag == "" && m.Type != MessageWhatsAppTemplate && m.Type != MessageFacebookTemplate
}

// windowed reports whether a channel has a window, or may have one.
func (c *checker) windowed(ch ChannelChoice) bool {
	if c.dir == nil || ch.Last() || ch.ID == 0 {
		return true
	}
	info, ok := c.dir.Channel(ch.ID)
	return ok && info.Window > 0
}

// silence is the longest time that may have gone by since the contact's last
// message when a step begins. Times beyond the window are all the same.
func (c *checker) silence() map[string]time.Duration {
	since := map[string]time.Duration{}
	if len(c.def.Steps) == 0 {
		return since
	}
	type arrival struct {
		id      string
		elapsed time.Duration
	}
	seen := map[string]int{}
	queue := []arrival{{c.def.Steps[0].ID, 0}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		before, reached := since[at.id]
		s := c.def.Step(at.id)
		if s == nil || reached && before >= at.elapsed || seen[at.id] > maxJumps*maxJumps {
			continue
		}
		seen[at.id]++
		since[at.id] = at.elapsed
		for _, w := range ways(s) {
			queue = append(queue, arrival{w.to, min(w.after(at.elapsed), freeWindow+time.Second)})
		}
	}
	return since
}

// passage is a way from a step to another and the time that it takes at most.
type passage struct {
	arm    Arm
	to     string
	takes  time.Duration
	answer bool // the contact has just written
}

func (p passage) after(elapsed time.Duration) time.Duration {
	if p.answer {
		return 0
	}
	return elapsed + p.takes
}

// ways lists where a run can go from a step.
func ways(s *Step) (list []passage) {
	arms := []Arm{ArmNext}
	for a := range s.Arms {
		arms = append(arms, a)
	}
	slices.Sort(arms)
	for _, a := range arms {
		p := passage{arm: a, to: s.After(a)}
		switch cfg := s.Config.(type) {
		case *WaitStep:
			p.takes = limit(cfg.WaitFor)
		case *AskQuestion:
			p.answer = a == ArmSuccess || a == ArmFailure
			if a == ArmTimeout {
				p.takes = limit(cfg.Timeout)
			}
		case *AIAgent: // its own messages follow the contact's; only silence takes time
			if a == ArmIdle || a == ArmFailure && !s.On(ArmIdle) {
				p.takes = cfg.patience(s)
			}
		case *AssignTo:
			if cfg.Action == AssignTeam || cfg.Action == AssignWorkspace {
				p.takes = limit(cfg.Timeout)
			}
		case *TriggerAnother:
			if cfg.Wait && a != ArmFailure {
				p.takes = limit(cfg.Timeout)
			}
		}
		if p.to != "" {
			list = append(list, p)
		}
	}
	if j, ok := s.Config.(*JumpTo); ok {
		list = append(list, passage{to: j.Step})
	}
	return list
}
