package flow

import (
	"slices"
	"strings"
)

// TriggerAnother starts another workflow for the same contact (type
// trigger_another_workflow): one with Manual Trigger that is published, from its
// beginning or from one of its steps. Neither sees the other's variables.
//
// With Wait the run goes on when the child ended, for whatever reason; or, with
// the arm timeout on, when the timeout is over: then the child lives on. Without
// Wait it goes on at once and the child is independent. A child that cannot start
// is a soft failure.
type TriggerAnother struct {
	Target    Ref      `json:"target" flow:"target,required" ref:"workflow"`
	StartFrom string   `json:"start_from,omitempty" flow:"start_from" default:"beginning"` // "" = the first step
	Wait      bool     `json:"wait" flow:"wait" default:"true"`
	Timeout   Duration `json:"timeout,omitempty" flow:"timeout" default:"7d"` // 1 s – 7 d; 0 = 7 d
}

func (t *TriggerAnother) check(c *checker) {
	switch timeout := c.step.On(ArmTimeout); {
	case !t.Wait:
		c.notAllowed(t.Timeout != 0, "timeout", "wait is off")
		if timeout {
			c.report("step.arm.unknown", join(strings.TrimSuffix(c.base, ".config"), "arms."+string(ArmTimeout)),
				"The arm timeout does not fit here: wait is off. Remove it, or set wait to true.")
		}
	case !timeout:
		c.notAllowed(t.Timeout != 0, "timeout", "the arm timeout is off, so the run waits until the other workflow has ended")
	}
	t.checkTarget(c)
}

func (t *TriggerAnother) checkTarget(c *checker) {
	targets, ok := c.dir.(Targets)
	if !ok || t.Target.ID == 0 {
		return
	}
	target, ok := targets.Target(t.Target.ID)
	switch {
	case !ok: // its reference is unknown, and reported
		return
	case target.Trigger != ManualTrigger:
		c.add("target.not_manual", "target", "The workflow %s starts by %s, not by Manual Trigger. Choose another one, or change its trigger.", t.Target.shown(), target.Trigger)
	case !target.Published:
		c.add("target.not_published", "target", "The workflow %s is not published with Manual Trigger. Publish it first.", t.Target.shown())
	}
	if t.StartFrom != "" && !slices.Contains(target.Steps, t.StartFrom) {
		c.add("target.step.unknown", "start_from", "The workflow %s has no step %q. Name one of its steps, or remove start_from.", t.Target.shown(), cut(t.StartFrom, maxStepID))
	}
}

func (t *TriggerAnother) run(x *Execution) (way, error) {
	start := StartChild{Target: t.Target, StartFrom: t.StartFrom, Wait: t.Wait}
	if t.Wait && x.cur.On(ArmTimeout) {
		start.Timeout = limit(t.Timeout)
	}
	r, no, err := x.do(start)
	if err == nil && x.ended == nil && r.Outcome == Waiting {
		r, err = x.await(no, WaitChild, r.DueAt)
	}
	if err != nil || x.ended != nil {
		return way{}, err
	}
	switch {
	case r.Outcome == TimedOut && x.cur.On(ArmTimeout):
		return by(ArmTimeout), nil
	case r.Outcome == Failed && x.cur.On(ArmFailure):
		return by(ArmFailure, r.Code), nil
	}
	return by(ArmNext, r.Code), nil
}
