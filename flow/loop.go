package flow

import (
	"strings"
	"time"
)

// briefWait is the shortest Wait that keeps workflows from starting each other
// without end.
const briefWait = time.Minute

// FindLoop reports whether a workflow, published together with the others,
// would start itself again: the names of the workflows of the cycle, beginning
// with this one, or nil. An older version of this workflow among the published
// ones (the same id) is left out.
func FindLoop(this *Definition, published []*Definition) []string {
	all := []*Definition{this}
	for _, d := range published {
		if d != this && (this.ID == "" || d.ID != this.ID) {
			all = append(all, d)
		}
	}
	// Breadth first, so that the shortest cycle is named.
	came := map[*Definition]*Definition{}
	for queue := []*Definition{this}; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, to := range all {
			if !starts(from, to) {
				continue
			}
			if to == this {
				return cycle(this, from, came)
			}
			if came[to] == nil {
				came[to] = from
				queue = append(queue, to)
			}
		}
	}
	return nil
}

func cycle(this, last *Definition, came map[*Definition]*Definition) []string {
	var names []string
	for d := last; d != this; d = came[d] {
		names = append([]string{d.Name}, names...)
	}
	return append([]string{this.Name}, names...)
}

// LoopProblem is the problem of a cycle that FindLoop has found.
func LoopProblem(names []string, st Stage) Problem {
	return Problem{
		Severity: severity("workflow.loop", st), Code: "workflow.loop", Path: "trigger",
		Message: "Workflow loop detected: " + strings.Join(append(names, names[0]), " → ") +
			". Add a condition or a question, or let the workflow start once per contact.",
	}
}

// starts reports whether a run of from can start one of to at once.
func starts(from, to *Definition) bool {
	if to.Trigger.OncePerContact {
		return false
	}
	for _, s := range from.soon() {
		switch cfg := s.Config.(type) {
		case *OpenConversation:
			if to.Trigger.Type == ConversationOpened && admits(to.Trigger, "workflow", "") {
				return true
			}
		case *CloseConversation:
			if to.Trigger.Type == ConversationClosed && admits(to.Trigger, "workflow", cfg.Category.Name) {
				return true
			}
		}
	}
	return false
}

// soon lists the steps that a run reaches without a question and without a
// Wait of a minute or more.
func (d *Definition) soon() (list []*Step) {
	if len(d.Steps) == 0 {
		return nil
	}
	seen := map[string]bool{}
	for queue := []string{d.Steps[0].ID}; len(queue) > 0; queue = queue[1:] {
		s := d.Step(queue[0])
		if s == nil || seen[s.ID] {
			continue
		}
		seen[s.ID] = true
		list = append(list, s)
		if slow(s) {
			continue
		}
		for _, w := range ways(s) {
			queue = append(queue, w.to)
		}
	}
	return list
}

func slow(s *Step) bool {
	switch cfg := s.Config.(type) {
	case *AskQuestion:
		return true
	case *WaitStep:
		return time.Duration(cfg.WaitFor) >= briefWait
	}
	return false
}

// admits reports whether the conditions of a trigger let an event with this
// source and closing category pass. A value with variables may be anything.
func admits(t Trigger, source, category string) bool {
	some := len(t.Conditions) == 0
	for _, cond := range t.Conditions {
		side := left{gone: true}
		switch cond.Category {
		case CatSource:
			side = one(source)
		case CatConvCategory:
			side = one(category)
		}
		want := Value{}
		if cond.Value != nil {
			want = *cond.Value
		}
		ok := len(Names(want.Text())) > 0 || side.holds(cond.Operator, want, time.UTC)
		if t.Match != MatchAny && !ok {
			return false
		}
		some = some || ok
	}
	return some || t.Match != MatchAny
}
