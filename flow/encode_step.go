package flow

import (
	"maps"
	"slices"
)

func (w *encoder) steps(steps []Step) *node {
	n := &node{kind: isList}
	for i := range steps {
		n.items = append(n.items, w.step(&steps[i]))
	}
	return n
}

func (w *encoder) step(s *Step) *node {
	kind, _ := KindOf(s.Type)
	n := &node{kind: isObject}
	n.put("id", textNode(s.ID))
	n.put("type", textNode(string(s.Type)))
	if s.Name != kind.Title && s.Name != "" {
		n.put("name", textNode(s.Name))
	}
	if cfg, ok := configOf(s); ok {
		w.open = s.Open
		if c := w.object(cfg); len(c.members) > 0 {
			n.put("config", c)
		}
		w.open = nil
	}
	if s.Next != "" && s.Next != End {
		n.put("next", textNode(s.Next))
	}
	n.put("arms", armsNode(s, kind))
	return n
}

// armsNode writes the arms in the order of the catalogue, a branch's in its own
// order, unknown ones last. An arm that always exists and leads nowhere is
// left out.
func armsNode(s *Step, kind Kind) *node {
	order := slices.Concat(branchArms(s), kind.Arms, kind.Optional, slices.Sorted(maps.Keys(s.Arms)))
	n := &node{kind: isObject}
	for _, arm := range order {
		to, ok := s.Arms[arm]
		nowhere := to == "" || to == End
		if !ok || n.get(string(arm)) != nil || nowhere && !slices.Contains(kind.Optional, arm) {
			continue
		}
		if nowhere {
			to = End
		}
		n.put(string(arm), textNode(to))
	}
	if len(n.members) == 0 {
		return nil
	}
	return n
}

// branchArms are the arms that a Branch names itself.
func branchArms(s *Step) (names []Arm) {
	if b, ok := s.Config.(*Branch); ok {
		for _, arm := range b.Branches {
			names = append(names, Arm(arm.Name))
		}
	}
	return names
}
