package flow

import (
	"fmt"
	"slices"
	"strings"
)

// The limits of a shortcut.
const (
	maxFormFields  = 20  // fields of a form
	maxFormOptions = 100 // of a list
	maxFormText    = 255 // characters of a description, a label and an option
	maxIcon        = 16  // characters: an emoji may be made of several
)

// ShortcutConfig is the configuration of Shortcut (type shortcut): fires when a
// user picks the workflow in the inbox; the form is filled in before.
type ShortcutConfig struct {
	Icon        string      `json:"icon,omitempty" flow:"icon"`
	Description string      `json:"description,omitempty" flow:"description"`
	Form        []FormField `json:"form,omitempty" flow:"form"`
}

// FormField is one question of a shortcut's form. Its answer becomes the
// workflow variable Variable.
type FormField struct {
	Label    string   `json:"label" flow:"label,required"`
	Type     FormType `json:"type" flow:"type,required" enum:"text,list,checkbox,number,date,time,phone,email,url"`
	Variable string   `json:"variable" flow:"variable,required"`
	Required bool     `json:"required,omitempty" flow:"required"`
	Options  []string `json:"options,omitempty" flow:"options"` // list only
}

// FormType is the data type of a form field; the names are those of contact fields.
type FormType = FieldType

func (s *ShortcutConfig) check(c *checker) {
	if length(s.Icon) > maxIcon {
		c.invalid("icon", "The icon has %d characters. Use one emoji.", length(s.Icon))
	}
	if length(s.Description) > maxFormText {
		c.invalid("description", "The description has %d characters. Use at most %d.", length(s.Description), maxFormText)
	}
	if len(s.Form) > maxFormFields {
		c.invalid("form", "The form has %d fields. Use at most %d.", len(s.Form), maxFormFields)
	}
	for i := range s.Form[:min(len(s.Form), maxFormFields)] {
		s.checkField(c, i)
	}
}

func (s *ShortcutConfig) checkField(c *checker, i int) {
	f, at := &s.Form[i], item("form", i)
	if length(f.Label) > maxFormText {
		c.invalid(join(at, "label"), "The label has %d characters. Use at most %d.", length(f.Label), maxFormText)
	}
	c.variableName(join(at, "variable"), f.Variable)
	if first := slices.IndexFunc(s.Form, func(o FormField) bool { return o.Variable == f.Variable }); first < i && f.Variable != "" {
		c.invalid(join(at, "variable"), "Another field of the form fills %q. Choose another name.", cut(f.Variable, 60))
	}
	options := join(at, "options")
	switch {
	case f.Type != FieldList && len(f.Options) > 0:
		c.invalid(options, "Only a field of the type list has options. Remove them.")
	case f.Type == FieldList && len(f.Options) == 0:
		c.missing(options)
	case len(f.Options) > maxFormOptions:
		c.invalid(options, "The list has %d options. Use at most %d.", len(f.Options), maxFormOptions)
	default:
		f.checkOptions(c, options)
	}
}

func (f *FormField) checkOptions(c *checker, at string) {
	for i, option := range f.Options {
		first := slices.IndexFunc(f.Options, func(o string) bool { return equalText(o, option) })
		switch {
		case blankText(option):
			c.missing(item(at, i))
		case length(option) > maxFormText:
			c.invalid(item(at, i), "The option has %d characters. Use at most %d.", length(option), maxFormText)
		case first < i:
			c.invalid(item(at, i), "The option %q is given twice. Change one of them.", cut(option, 40))
		}
	}
}

// accepts: a shortcut is started by name, never by an event.
func (s *ShortcutConfig) accepts(Happening) bool { return true }

// saves are the variables that the form fills.
func (s *ShortcutConfig) saves() (names []string) {
	for _, f := range s.Form {
		names = append(names, f.Variable)
	}
	return names
}

// FormFault is one answer of a form that does not do.
type FormFault struct {
	Variable string // of the field
	Unknown  bool   // the form has no such field
	Message  string // what is wrong and how to mend it; goes on after the variable's name
}

// Fill checks the answers to a shortcut's form, by variable, and brings them
// into the form in which variables hold them. Answers that are left out or blank
// are empty. All faults are returned at once, in the order of the form; with a
// fault there are no answers.
func (s *ShortcutConfig) Fill(given map[string]string) (answers map[string]string, faults []FormFault) {
	answers = map[string]string{}
	for _, f := range s.Form {
		value, err := FitField(FieldInfo{Key: f.Label, Type: f.Type, Options: f.Options}, given[f.Variable])
		switch {
		case err != nil:
			faults = append(faults, FormFault{Variable: f.Variable, Message: err.Error()})
		case value == "" && f.Required:
			faults = append(faults, FormFault{Variable: f.Variable, Message: fmt.Sprintf("is missing: %s must be filled in", quote(f.Label))})
		default:
			answers[f.Variable] = value
		}
	}
	faults = append(faults, s.strangers(given)...)
	if len(faults) > 0 {
		return nil, faults
	}
	return answers, nil
}

// strangers are answers to questions that the form does not ask.
func (s *ShortcutConfig) strangers(given map[string]string) (faults []FormFault) {
	known := s.saves()
	for name := range given {
		if !slices.Contains(known, name) {
			hint := "the form asks nothing; leave it out"
			if len(known) > 0 {
				hint = "it has " + strings.Join(known, ", ")
			}
			faults = append(faults, FormFault{Variable: cut(name, 60), Unknown: true, Message: "is no field of the form; " + hint})
		}
	}
	slices.SortFunc(faults, func(a, b FormFault) int { return strings.Compare(a.Variable, b.Variable) })
	return faults
}
