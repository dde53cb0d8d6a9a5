package flow

import (
	"slices"
	"strings"
)

// The limits of a question.
const (
	maxOptions = 10
	maxOption  = 20 // characters of a label
	maxRetries = 5
)

func (q *AskQuestion) check(c *checker) {
	c.textLimit("question", q.Question)
	c.textLimit("retry_message", q.RetryMessage)
	if q.Retries < 0 || q.Retries > maxRetries {
		c.add("question.retries.limit", "retries", "Allow between 0 and %d retries.", maxRetries)
	}
	q.checkOptions(c)
	number := q.QuestionType == AskNumber
	c.notAllowed(!number && q.Min != nil, "min", "only number has a range")
	c.notAllowed(!number && q.Max != nil, "max", "only number has a range")
	if q.Min != nil && q.Max != nil && *q.Min > *q.Max {
		c.add("question.range", "min", "min is above max. Exchange them.")
	}
	c.variableName("save_as_variable", q.SaveAsVariable)
	if q.SaveAsTag && q.QuestionType != AskChoice {
		c.add("question.save.tag", "save_as_tag", "Only the chosen option of a multiple choice question becomes a tag. Remove save_as_tag.")
	}
	q.checkField(c)
}

func (q *AskQuestion) checkOptions(c *checker) {
	if q.QuestionType != AskChoice {
		c.notAllowed(len(q.Options) > 0, "options", "only multiple_choice has options")
		return
	}
	if len(q.Options) < 1 || len(q.Options) > maxOptions {
		c.add("question.options.limit", "options", "There are %d options. Give between 1 and %d.", len(q.Options), maxOptions)
	}
	for i, option := range q.Options[:min(len(q.Options), maxOptions)] {
		at := item("options", i)
		option = strings.TrimSpace(option)
		first := slices.IndexFunc(q.Options, func(o string) bool { return equalText(o, option) })
		switch {
		case option == "":
			c.missing(at)
		case len(Names(option)) == 0 && length(option) > maxOption:
			c.add("question.options.length", at, "The option %q has %d characters. Use at most %d.", cut(option, 40), length(option), maxOption)
		case first < i:
			c.add("question.options.duplicate", at, "The option %q is given twice. Change one of them.", cut(option, 40))
		}
	}
}

// checkField warns when answers will not fit the contact field.
func (q *AskQuestion) checkField(c *checker) {
	info, ok := c.fieldInfo(q.SaveAsContactField)
	switch {
	case !ok:
	case !info.Settable:
		c.add("step.config.invalid", "save_as_contact_field", "The contact field %q cannot be set by a workflow. Choose another one.", info.Key)
	case !slices.Contains(fieldsFor(q.QuestionType), info.Type):
		c.add("question.save.type", "save_as_contact_field", "An answer of the type %s may not fit the contact field %q of the type %s. Choose another field or question type.", q.QuestionType, info.Key, info.Type)
	}
}

// fieldsFor are the field types that hold every answer of a question type.
func fieldsFor(t QuestionType) []FieldType {
	switch t {
	case AskChoice:
		return []FieldType{FieldText, FieldList, FieldCheckbox, FieldLanguage, FieldCountry}
	case AskNumber, AskRating:
		return []FieldType{FieldText, FieldNumber}
	case AskDate:
		return []FieldType{FieldText, FieldDate}
	case AskPhone:
		return []FieldType{FieldText, FieldPhone}
	case AskEmail:
		return []FieldType{FieldText, FieldEmail}
	case AskURL:
		return []FieldType{FieldText, FieldURL}
	}
	return []FieldType{FieldText}
}

// fieldInfo describes a contact field that exists.
func (c *checker) fieldInfo(r Ref) (FieldInfo, bool) {
	if c.dir == nil || r.Name == "" {
		return FieldInfo{}, false
	}
	return c.dir.Field(r.Name)
}

// sentence is an error as a message.
func sentence(err error) string {
	text := err.Error()
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
