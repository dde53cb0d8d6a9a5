package flow

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// oneStep checks a step's own keys and its configuration.
func (c *checker) oneStep(i int) {
	s := &c.def.Steps[i]
	path := item("steps", i)
	switch {
	case s.ID == "":
		c.report("step.id.missing", join(path, "id"), "Give the step an id, for example %s-%d.", strings.ReplaceAll(string(s.Type), "_", "-"), i+1)
	case s.ID == End:
		c.report("step.id.invalid", join(path, "id"), "The id `end` is reserved. Choose another one.")
	case !slug.MatchString(s.ID) || len(s.ID) > maxStepID:
		c.report("step.id.invalid", join(path, "id"), "%q is not an id. Use a to z, 0 to 9 and single dashes, at most %d characters.", cut(s.ID, maxStepID), maxStepID)
	case c.duplicate(i):
		c.report("step.id.duplicate", join(path, "id"), "Another step has the id %q. Rename one of them.", s.ID)
	}
	if length(s.Name) > maxName {
		c.report("step.config.invalid", join(path, "name"), "The name has %d characters. Use at most %d.", length(s.Name), maxName)
	}
	kind, ok := KindOf(s.Type)
	if !ok {
		c.report("step.type.unknown", join(path, "type"), "There is no step type %q. Known types: %s.", s.Type, stepTypes())
		return
	}
	if s.Config == nil {
		s.Config = kind.New()
	}
	cfg, ok := configOf(s)
	if !ok {
		return
	}
	c.step, c.base = s, join(path, "config")
	walk(cfg, c.base, func(path string, st setting, v reflect.Value) { c.setting(path, st, v, configCodes) })
	s.Config.check(c)
	c.step, c.base = nil, ""
}

func stepTypes() string {
	var types []StepType
	for _, k := range Kinds() {
		types = append(types, k.Type)
	}
	return words(types)
}

// setting checks what the tags of one value say.
func (c *checker) setting(path string, s setting, v reflect.Value, cs codes) {
	if s.required && c.emptySetting(v, path) {
		code := cs.missing
		if s.missing != "" {
			code = s.missing
		}
		c.final(code, path, "Fill in %s.", s.key)
		return
	}
	if d, ok := v.Interface().(Duration); ok && time.Duration(d) > MaxWait {
		c.report("duration.limit", path, "%s is too long. Use at most %s.", d, Duration(MaxWait))
	}
	if text, ok := textOf(v); ok && text != "" {
		if len(s.enum) > 0 && !slices.Contains(s.enum, text) {
			c.final(cs.invalid, path, "%q is not possible here. Use one of %s.", cut(text, 40), strings.Join(s.enum, ", "))
		}
		if s.vars {
			c.text(path, text, s.secrets)
		}
	}
	if s.vars {
		c.valueTexts(path, v)
	}
	if s.ref != "" && v.Kind() != reflect.Slice {
		c.reference(path, s, v)
	}
}

// emptySetting reports whether a required value is not there. A number 0 that
// is written in the file is there: the step's own rule judges it.
func (c *checker) emptySetting(v reflect.Value, path string) bool {
	switch v.Kind() {
	case reflect.Slice:
		return v.Len() == 0
	case reflect.String:
		return blankText(v.String())
	case reflect.Int:
		return v.IsZero() && !c.def.src.has(path)
	}
	return v.IsZero()
}

// valueTexts checks the texts of a Value.
func (c *checker) valueTexts(path string, v reflect.Value) {
	value, ok := v.Interface().(Value)
	if p, isPointer := v.Interface().(*Value); isPointer && p != nil {
		value, ok = *p, true
	}
	if ok {
		value.each(func(text string) string { c.text(path, text, false); return text })
	}
}

// creator is a configuration that may name objects which do not exist yet.
type creator interface{ creates(kind RefKind) bool }

// reference looks an object up and fills in its id and present name.
func (c *checker) reference(path string, s setting, v reflect.Value) {
	r := refOf(v)
	if r == nil || r.Empty() || c.dir == nil || s.vars && len(Names(r.Name)) > 0 {
		return
	}
	if parameterUse.MatchString(r.Name) && c.waiting(r.Name) != nil {
		return
	}
	switch found := c.dir.Find(s.ref, *r); {
	case len(found) == 1:
		*r = found[0]
	case len(found) > 1:
		c.report("reference.ambiguous", path, "%s fits %d objects of the kind %s. Use the id instead of the name.", r.shown(), len(found), s.ref)
	case !c.mayCreate(s.ref):
		c.unknownReference(path, s.ref, *r)
	}
}

func (c *checker) mayCreate(kind RefKind) bool {
	if c.step == nil {
		return false
	}
	cr, ok := c.step.Config.(creator)
	return ok && cr.creates(kind)
}

func (c *checker) unknownReference(path string, kind RefKind, r Ref) {
	what := strings.ReplaceAll(string(kind), "_", " ")
	if r.ID != 0 && r.Name != "" && len(c.dir.Find(kind, Ref{Name: r.Name})) > 0 { // never silently: it may be something else
		c.final("reference.unknown", path, "The %s %s that was chosen here is gone; another one has its name now. Save the workflow again to use that one.", what, r.shown())
		return
	}
	c.final("reference.unknown", path, "There is no %s %s in this workspace. Choose an existing one.", what, r.shown())
}
