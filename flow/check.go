package flow

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Stage says what a definition is checked for.
type Stage int

// The stages. Codes that block Publish only are warnings for Save.
const (
	Save Stage = iota
	Publish
)

// The limits of workflow specification 1.3 that concern a whole workflow.
const (
	MaxStepsInFile = 100
	maxID          = 60
	maxStepID      = 50
	maxName        = 100
	maxDescription = 255
	maxBranchName  = 50
	maxBranches    = 9
	maxConditions  = 10
	maxText        = 2_000 // message and question, as typed

	maxProblems = 1_000 // more are not reported: a file of a million mistakes must not cost minutes
)

// Check reports everything wrong with a definition, ordered by step, the
// problems of its reader among them. References are resolved in place: they
// get the id and the present name. Without a directory they are not looked up.
//
// Problems that need other workflows are not here: see FindLoop.
func Check(def *Definition, dir Directory, st Stage) Problems {
	c := &checker{def: def, dir: dir, stage: st, codes: configCodes}
	if def.src != nil {
		c.problems = slices.Clone(def.src.problems)
	}
	c.workflow()
	if len(def.Steps) > MaxStepsInFile {
		return c.problems
	}
	c.parameters()
	c.trigger()
	c.tree()
	c.variables()
	for i := range def.Steps {
		c.oneStep(i)
	}
	c.window()
	c.problems.sort()
	return c.problems
}

// checker collects the problems of one definition.
type checker struct {
	def      *Definition
	dir      Directory
	stage    Stage
	problems Problems
	covered  []string // paths at which one problem says it all

	step *Step  // the step whose configuration is checked
	base string // path of that configuration

	codes codes // of the configuration being checked
}

// report adds a problem, unless an earlier one at or around the path says it all.
func (c *checker) report(code, path, format string, args ...any) {
	if len(c.problems) >= maxProblems || c.def.src.covers(path) || slices.ContainsFunc(c.covered, func(p string) bool { return inside(path, p) }) {
		return
	}
	at := c.def.src.where(path)
	p := Problem{Severity: severity(code, c.stage), Code: code, Message: fmt.Sprintf(format, args...), Path: path, Line: at.line, Column: at.column}
	if i := stepIndex(path); i >= 0 && i < len(c.def.Steps) {
		p.StepID = c.def.Steps[i].ID
	}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// add reports a problem of a setting of the step being checked.
func (c *checker) add(code, key, format string, args ...any) {
	c.report(code, join(c.base, key), format, args...)
}

// invalid reports a wrong value of a setting.
func (c *checker) invalid(key, format string, args ...any) {
	c.add(c.codes.invalid, key, format, args...)
}

// final reports a problem after which nothing else is said about the path.
func (c *checker) final(code, path, format string, args ...any) {
	c.report(code, path, format, args...)
	c.covered = append(c.covered, path)
}

// missing reports a required setting that is empty.
func (c *checker) missing(key string) {
	c.final(c.codes.missing, join(c.base, key), "Fill in %s.", key)
}

// notAllowed reports a setting that is given although it does not fit the others.
func (c *checker) notAllowed(given bool, key, why string) {
	if given {
		c.add("step.config.not_allowed", key, "%s does not fit here: %s. Remove it.", key, why)
	}
}

// given reports whether a setting was written in the file.
func (c *checker) given(key string) bool { return c.def.src.has(join(c.base, key)) }

func inside(path, outer string) bool {
	return path == outer || strings.HasPrefix(path, outer+".") || strings.HasPrefix(path, outer+"[")
}

func length(s string) int { return utf8.RuneCountInString(s) }

func blankText(s string) bool { return strings.TrimSpace(s) == "" }

var slug = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Slug reports whether s may be the id of a workflow.
func Slug(s string) bool { return len(s) <= maxID && slug.MatchString(s) }

// Categories are the categories of templates, in the order of the catalogue.
func Categories() []string {
	return []string{"routing_and_assignment", "auto_responder", "business_processes", "supervision_and_reporting", "meta_click_to_chat_ads"}
}

// workflow checks the top level.
func (c *checker) workflow() {
	d := c.def
	if d.ID != "" && !Slug(d.ID) {
		c.report("workflow.id.invalid", "id", "%q is not an id. Use a to z, 0 to 9 and single dashes, at most %d characters.", cut(d.ID, maxID), maxID)
	}
	switch {
	case blankText(d.Name):
		c.report("workflow.name.missing", "name", "Give the workflow a name.")
	case length(d.Name) > maxName:
		c.report("workflow.name.limit", "name", "The name has %d characters. Use at most %d.", length(d.Name), maxName)
	}
	if length(d.Description) > maxDescription {
		c.report("workflow.name.limit", "description", "The description has %d characters. Use at most %d.", length(d.Description), maxDescription)
	}
	if d.Category != "" && !slices.Contains(Categories(), d.Category) {
		c.report("file.value.type", "category", "There is no category %q. Use one of %s.", d.Category, strings.Join(Categories(), ", "))
	}
	switch {
	case len(d.Steps) == 0:
		c.report("workflow.steps.missing", "steps", "Add at least one step.")
	case len(d.Steps) > MaxStepsInFile:
		c.report("workflow.steps.limit", "steps", "The workflow has %d steps. Use at most %d, or split it.", len(d.Steps), MaxStepsInFile)
	}
}

func (c *checker) trigger() {
	t := &c.def.Trigger
	switch {
	case t.Type == "":
		c.final("trigger.missing", "trigger", "Choose a trigger: %s.", words(TriggerTypes()))
		return
	case !slices.Contains(TriggerTypes(), t.Type):
		c.final("trigger.type.unknown", "trigger.type", "There is no trigger %q. Use one of %s.", t.Type, words(TriggerTypes()))
		return
	}
	if t.OncePerContact && t.Type == ManualTrigger {
		c.report("trigger.once.not_allowed", "trigger.once_per_contact", "Manual Trigger has no once per contact. Remove once_per_contact.")
	}
	walk(reflect.ValueOf(t).Elem(), "trigger", func(path string, s setting, v reflect.Value) {
		if inside(path, "trigger.config") {
			c.setting(path, s, v, triggerCodes)
			return
		}
		c.setting(path, s, v, fileCodes)
	})
	if t.Config == nil {
		t.Config = newTriggerConfig(t.Type)
	}
	if t.Config != nil {
		c.base, c.codes = "trigger.config", triggerCodes
		t.Config.check(c)
		c.base, c.codes = "", configCodes
	}
	c.conditions("trigger.conditions", t.Conditions, triggerOffers(t.Type))
}

// words joins names for a message.
func words[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
