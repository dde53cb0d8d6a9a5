package flow

import (
	"slices"
	"strings"
)

// Branch goes one of up to nine named ways, or else (type branch). It is
// checked top to bottom; the first match wins.
type Branch struct {
	Branches []BranchArm `json:"branches" flow:"branches,required"`
}

// BranchArm is one named way with its conditions.
type BranchArm struct {
	Name       string      `json:"name" flow:"name,required"`
	Match      Match       `json:"match,omitempty" flow:"match" enum:"all,any" default:"all"`
	Conditions []Condition `json:"conditions" flow:"conditions,required" missing:"branch.conditions.missing"`
}

func (b *Branch) run(x *Execution) (way, error) {
	r, _, err := x.do(Evaluate{Branches: b.Branches})
	return by(r.Arm), err
}

func (b *Branch) check(c *checker) {
	if len(b.Branches) > maxBranches {
		c.add("branch.limit", "branches", "There are %d branches. Use at most %d and else.", len(b.Branches), maxBranches)
	}
	for i, arm := range b.Branches[:min(len(b.Branches), maxBranches)] {
		at := item("branches", i)
		first := slices.IndexFunc(b.Branches, func(o BranchArm) bool { return o.Name == arm.Name })
		switch {
		case strings.EqualFold(arm.Name, string(ArmElse)):
			c.add("branch.name.reserved", join(at, "name"), "A branch may not be called else. Rename it.")
		case first < i && arm.Name != "":
			c.add("branch.name.duplicate", join(at, "name"), "Another branch is called %q. Rename one of them.", cut(arm.Name, maxBranchName))
		case length(arm.Name) > maxBranchName:
			c.add("step.config.invalid", join(at, "name"), "The name has %d characters. Use at most %d.", length(arm.Name), maxBranchName)
		}
		c.conditions(join(c.base, join(at, "conditions")), arm.Conditions, branchOffers())
	}
}
