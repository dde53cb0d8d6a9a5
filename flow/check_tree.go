package flow

import (
	"maps"
	"slices"
)

// edge is one way from a step to another, written at path.
type edge struct {
	from, to int
	path     string
}

// tree checks that the steps form a tree: every step but the first has exactly
// one parent and there is no circle. Jump To is not part of it.
func (c *checker) tree() {
	t := &tree{c: c, out: c.edges(), parents: make([]int, len(c.def.Steps)), state: make([]int, len(c.def.Steps))}
	for i := range c.def.Steps {
		t.visit(i)
	}
	for i := range c.def.Steps {
		switch path := item("steps", i); {
		case t.parents[i] > 1 || i == 0 && t.parents[0] > 0:
			c.report("step.parent.many", path, "More than one way leads to this step. Let all but one of them lead to a Jump To step.")
		case i > 0 && t.parents[i] == 0 && !t.circle[i] && !c.duplicate(i):
			c.report("step.orphan", path, "No path leads to this step. Name it as next or arm of another step, or remove it.")
		}
	}
}

type tree struct {
	c       *checker
	out     [][]edge
	parents []int
	state   []int        // 0 not visited, 1 on the present path, 2 done
	circle  map[int]bool // steps to which a circle leads back
}

// visit follows the ways out of a step. A way back to a step of the present
// path closes a circle; it does not count as a parent.
func (t *tree) visit(i int) {
	if t.state[i] != 0 {
		return
	}
	t.state[i] = 1
	for _, e := range t.out[i] {
		if t.state[e.to] == 1 {
			if t.circle == nil {
				t.circle = map[int]bool{}
			}
			t.circle[e.to] = true
			t.c.report("step.cycle", e.path, "This way leads back to %q and forms a circle. Use a Jump To step.", t.c.def.Steps[e.to].ID)
			continue
		}
		t.parents[e.to]++
		t.visit(e.to)
	}
	t.state[i] = 2
}

// edges lists the ways out of every step and reports those that do not exist.
func (c *checker) edges() [][]edge {
	index := map[string]int{}
	for i := len(c.def.Steps) - 1; i >= 0; i-- {
		index[c.def.Steps[i].ID] = i
	}
	out := make([][]edge, len(c.def.Steps))
	for i := range c.def.Steps {
		s := &c.def.Steps[i]
		path := item("steps", i)
		c.arms(s, path)
		lead := func(to, path string) {
			switch j, ok := index[to]; {
			case to == "" || to == End:
			case !ok:
				c.report("step.target.unknown", path, "There is no step %q. Name an existing step, or end.", cut(to, maxStepID))
			default:
				out[i] = append(out[i], edge{i, j, path})
			}
		}
		lead(s.Next, join(path, "next"))
		for _, arm := range slices.Sorted(maps.Keys(s.Arms)) {
			lead(s.Arms[arm], join(path, "arms."+string(arm)))
		}
	}
	return out
}

// arms reports ways out that the step's type does not have.
func (c *checker) arms(s *Step, path string) {
	kind, ok := KindOf(s.Type)
	if !ok {
		return
	}
	have := slices.Concat(branchArms(s), kind.Arms, kind.Optional)
	if s.Next != "" && !kind.Next {
		c.report("step.next.not_allowed", join(path, "next"), "%s has no next. Use its arms: %s.", kind.Title, words(have))
	}
	for _, arm := range slices.Sorted(maps.Keys(s.Arms)) {
		switch {
		case slices.Contains(have, arm):
		case len(have) == 0:
			c.report("step.arm.unknown", join(path, "arms."+string(arm)), "%s has no arms. Use next.", kind.Title)
		default:
			c.report("step.arm.unknown", join(path, "arms."+string(arm)), "%s has no arm %q here. Its arms: %s.", kind.Title, cut(string(arm), maxBranchName), words(have))
		}
	}
}

// duplicate reports whether an earlier step has the same id.
func (c *checker) duplicate(i int) bool {
	return slices.IndexFunc(c.def.Steps, func(s Step) bool { return s.ID == c.def.Steps[i].ID }) < i
}
