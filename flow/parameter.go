package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ParameterTypes lists the types of template parameters.
func ParameterTypes() []string {
	return []string{"text", "long_text", "number", "boolean", "duration", "url", "choice", "list", "business_hours",
		"team", "user", "tag", "channel", "contact_field", "workflow", "closing_category", "spreadsheet"}
}

// isReference reports whether the parameter names an object of the workspace:
// then an id is as good as a name.
func (p *Parameter) isReference() bool {
	return slices.Index(ParameterTypes(), p.Type) >= slices.Index(ParameterTypes(), "team") && p.Type != "spreadsheet"
}

// check reports what is wrong with the declaration: the key below the
// parameter, the code and a message; "" when all is well.
func (p *Parameter) check() (key, code, message string) {
	switch {
	case !variableName.MatchString(p.Name):
		return "", "variable.name.invalid", fmt.Sprintf("%q is not the name of a parameter. Use a to z, 0 to 9 and _, beginning with a letter, at most 50 characters.", cut(p.Name, 60))
	case !slices.Contains(ParameterTypes(), p.Type):
		return "type", "parameter.type", fmt.Sprintf("There is no parameter type %q. Use one of %s.", p.Type, strings.Join(ParameterTypes(), ", "))
	case p.Type == "choice" && len(p.Options) == 0:
		return "options", "parameter.type", "A choice needs options. List them."
	case p.Default != nil:
		if _, err := p.fit(*p.Default); err != nil {
			return "default", "parameter.type", sentence(err)
		}
	}
	return "", "", ""
}

// fit turns a value into the node that takes the place of ${name}. The error
// names the value and the mend.
func (p *Parameter) fit(value any) (*node, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("the parameter %s has a value that is no JSON: %w", p.Name, err)
	}
	n, err := parseJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("the parameter %s: %w", p.Name, err)
	}
	if want := p.misfit(n); want != "" {
		return nil, fmt.Errorf("the parameter %s takes %s, not %s", p.Name, want, n.shown())
	}
	return n, nil
}

// misfit says what the parameter takes when a value does not fit, else "".
func (p *Parameter) misfit(n *node) string {
	text := n.kind == isText
	switch {
	case p.isReference():
		if id, err := strconv.ParseInt(n.text, 10, 64); !text && (n.kind != isNumber || err != nil || id < 1) {
			return "a name or an id"
		}
		return ""
	case p.Type == "number":
		return p.misfitNumber(n)
	case p.Type == "boolean" && n.kind != isBoolean:
		return "true or false"
	case p.Type == "duration":
		if _, err := ParseDuration(n.text); !text || err != nil {
			return "a duration such as 10m, 1h30m or 7d"
		}
	case p.Type == "url":
		if !text || !strings.HasPrefix(n.text, "https://") && !strings.HasPrefix(n.text, "http://") {
			return "an address that begins with https://"
		}
	case p.Type == "choice" && (!text || !slices.Contains(p.Options, n.text)):
		return "one of " + strings.Join(p.Options, ", ")
	case p.Type == "list":
		isWord := func(item *node) bool { return item.kind == isText }
		if n.kind != isList || slices.ContainsFunc(n.items, func(item *node) bool { return !isWord(item) }) {
			return "a list of texts"
		}
	case p.Type == "business_hours" && n.kind != isObject:
		return "business hours by weekday"
	case slices.Contains([]string{"text", "long_text", "spreadsheet"}, p.Type) && !text:
		return "text"
	}
	return ""
}

func (p *Parameter) misfitNumber(n *node) string {
	f, err := strconv.ParseFloat(n.text, 64)
	switch {
	case n.kind != isNumber || err != nil:
		return "a number"
	case p.Min != nil && f < *p.Min:
		return "a number of at least " + decimalText(*p.Min)
	case p.Max != nil && f > *p.Max:
		return "a number of at most " + decimalText(*p.Max)
	}
	return ""
}
