package flow

import "reflect"

// trigger reads a trigger; its type says which configuration it has.
func (r *reader) trigger(n *node, into *Trigger, path string) {
	if n.kind == isObject {
		if t := n.get("type"); t != nil && t.kind == isText {
			into.Config = newTriggerConfig(TriggerType(t.text))
		}
	}
	r.waiting = &into.Open
	r.fields(n, reflect.ValueOf(into).Elem(), path, fileCodes)
}

func (r *reader) triggerConfig(n *node, into TriggerConfig, path string) {
	if cfg, ok := structBehind(reflect.ValueOf(&into).Elem()); ok {
		r.base = path
		r.fields(n, cfg, path, triggerCodes)
		r.base = ""
		return
	}
	r.each(n, path, triggerCodes.invalid, func(m *member, p string) {
		r.problem(triggerCodes.unknown, p, m.at, "This trigger has no setting %q. Remove it.", m.key)
	})
}

// parameters reads the parameters of a template in the order of the file.
func (r *reader) parameters(n *node, path string) (params []Parameter) {
	r.each(n, path, fileCodes.invalid, func(m *member, p string) {
		param := Parameter{Name: m.key}
		r.fields(m.value, reflect.ValueOf(&param).Elem(), p, fileCodes)
		params = append(params, param)
	})
	return params
}

func (r *reader) steps(n *node, path string) []Step {
	if n.kind != isList {
		r.wrong(n, path, fileCodes, "a list")
		return nil
	}
	steps := make([]Step, len(n.items))
	for i, child := range n.items {
		p := item(path, i)
		r.src.at[p] = child.at
		r.oneStep(child, &steps[i], p)
	}
	r.step, r.base = nil, ""
	return steps
}

func (r *reader) oneStep(n *node, s *Step, path string) {
	s.Config = unknownStep{}
	r.step, r.base, r.waiting = s, join(path, "config"), &s.Open
	if n.kind != isObject {
		r.problem(fileCodes.invalid, path, n.at, "A step is an object with the keys id, type, name, config, next and arms, not %s.", n.kind)
		return
	}
	if id := n.get("id"); id != nil && id.kind == isText {
		s.ID = id.text
	}
	kind, known := Kind{}, false
	if t := n.get("type"); t != nil && t.kind == isText {
		kind, known = KindOf(StepType(t.text))
	}
	if known {
		s.Name, s.Config = kind.Title, kind.New()
	}
	r.each(n, path, fileCodes.invalid, func(m *member, p string) { r.stepKey(m, s, p) })
	if !known {
		r.unknownType(s, path)
	}
}

func (r *reader) stepKey(m *member, s *Step, path string) {
	texts := map[string]reflect.Value{
		"id":   reflect.ValueOf(&s.ID).Elem(),
		"type": reflect.ValueOf(&s.Type).Elem(),
		"name": reflect.ValueOf(&s.Name).Elem(),
		"next": reflect.ValueOf(&s.Next).Elem(),
	}
	switch into, ok := texts[m.key]; {
	case ok && m.value.kind == isNothing:
	case ok:
		r.text(m.value, into, setting{}, path, fileCodes)
	case m.key == "config":
		if cfg, ok := configOf(s); ok {
			r.fields(m.value, cfg, path, configCodes)
		}
	case m.key == "arms":
		r.arms(m.value, s, path)
	default:
		r.problem(fileCodes.unknown, path, m.at, "The key %q is not known here. Known keys: id, type, name, config, next, arms.", m.key)
	}
}

func (r *reader) arms(n *node, s *Step, path string) {
	r.each(n, path, fileCodes.invalid, func(m *member, p string) {
		if s.Arms == nil {
			s.Arms = map[Arm]string{}
		}
		to := End
		if m.value.kind != isNothing {
			to = ""
			r.text(m.value, reflect.ValueOf(&to).Elem(), setting{}, p, fileCodes)
		}
		s.Arms[Arm(m.key)] = to
	})
}

func (r *reader) unknownType(s *Step, path string) {
	p := join(path, "type")
	if s.Type == "" && r.src.has(p) && r.src.covers(p) {
		return // a type that is no text
	}
	r.problem("step.type.unknown", p, r.src.where(p), "There is no step type %q. Known types: %s.", cut(string(s.Type), 40), stepTypes())
}

// unknownStep stands for the configuration of a step whose type does not
// exist. It is never stored: the reader has reported it.
type unknownStep struct{}

func (unknownStep) check(*checker) {}

func (unknownStep) run(*Execution) (way, error) { return exit(EndError), nil }
