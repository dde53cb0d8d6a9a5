package flow

// JumpTo goes to another step of the workflow, at most MaxJumps times in a run
// (type jump_to). When the jumps are used up it goes on to next; without next
// the run ends.
type JumpTo struct {
	Step     string `json:"step" flow:"step,required"`
	MaxJumps int    `json:"max_jumps" flow:"max_jumps,required" code:"jump.limit"`
}

func (j *JumpTo) run(x *Execution) (way, error) {
	if x.st.Jumps == nil {
		x.st.Jumps = map[string]int{}
	}
	if x.st.Jumps[x.cur.ID] < j.MaxJumps {
		x.st.Jumps[x.cur.ID]++
		return way{jump: j.Step}, nil
	}
	if x.cur.After(ArmNext) == "" {
		return way{exit: EndJumpLimit, skipped: true}, nil
	}
	return way{arm: ArmNext, skipped: true}, nil
}

// maxJumps is how often one Jump To step may jump in a run.
const maxJumps = 10

func (j *JumpTo) check(c *checker) {
	if j.Step != "" && (j.Step == c.step.ID || c.def.Step(j.Step) == nil) {
		c.add("jump.target", "step", "%q is not another step of this workflow. Name one.", cut(j.Step, maxStepID))
	}
	if j.MaxJumps < 1 || j.MaxJumps > maxJumps {
		c.add("jump.limit", "max_jumps", "Allow between 1 and %d jumps.", maxJumps)
	}
}
