package flow

import (
	"regexp"
	"slices"
	"strings"
)

// text checks the variables of a text, in which secrets may stand or not.
func (c *checker) text(path, text string, secrets bool) {
	if !secrets && slices.ContainsFunc(Names(text), isSecret) {
		c.report("variable.secret.not_allowed", path, "A secret may be used in an HTTP Request only. Remove it from this text.")
	}
	if secrets {
		c.secrets(path, text)
	}
	unknown := Unknown(text, func(name string) bool { return isSecret(name) || c.known(name) })
	if len(unknown) > 0 {
		is := "is not a variable"
		if len(unknown) > 1 {
			is = "are not variables"
		}
		c.report("variable.unknown", path, "$%s %s and will be sent as typed. Correct the name if a variable is meant.", strings.Join(unknown, ", $"), is)
	}
}

// isSecret reports whether a name, which may be longer than the known name in it,
// is one of $secret.
func isSecret(name string) bool { return name == "secret" || strings.HasPrefix(name, "secret.") }

// secrets checks that the secrets which a text uses exist.
func (c *checker) secrets(path, text string) {
	vault, ok := c.dir.(Vault)
	if !ok {
		return
	}
	unknown := Unknown(text, func(name string) bool {
		secret, ok := strings.CutPrefix(name, "secret.")
		return ok && vault.HasSecret(secret) || !isSecret(name) && c.known(name)
	})
	if unknown = slices.DeleteFunc(unknown, func(name string) bool { return !isSecret(name) }); len(unknown) > 0 {
		c.report("variable.secret.unknown", path, "There is no secret $%s in this workspace. Add it to the secrets, or correct the name.", strings.Join(unknown, ", $"))
	}
}

// known reports whether a name is a variable. Without a directory every
// contact field may exist.
func (c *checker) known(name string) bool {
	field := func(slug string) bool { return c.field(slug) }
	return KnownName(name, field, c.def.Variables()...)
}

// field reports whether a contact field has exactly this key: texts and
// conditions find it by no other.
func (c *checker) field(key string) bool {
	if c.dir == nil || KnownName("contact."+key, nil) {
		return true
	}
	info, ok := c.dir.Field(key)
	return ok && info.Key == key
}

var variableName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,49}$`)

// variableName checks the name of a variable that a step saves into.
func (c *checker) variableName(key, name string) {
	switch {
	case name == "":
	case !variableName.MatchString(name):
		c.add("variable.name.invalid", key, "%q is not the name of a variable. Use a to z, 0 to 9 and _, beginning with a letter, at most 50 characters, without $.", cut(name, 60))
	case slices.Contains(Reserved(), name):
		c.add("variable.name.reserved", key, "The name %q is reserved. Choose another one.", name)
	}
}

// maxVariables is how many names the steps and the trigger of one workflow may
// save into.
const maxVariables = 100

// variables checks how many variables the workflow has.
func (c *checker) variables() {
	own := len(c.def.Variables()) - len(TriggerNames(c.def.Trigger.Type))
	if own > maxVariables {
		c.report("variable.limit", "steps", "The workflow saves into %d variables. Use at most %d.", own, maxVariables)
	}
}
