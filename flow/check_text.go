package flow

import (
	"regexp"
	"slices"
	"strings"
)

// text checks the variables of a text.
func (c *checker) text(path, text string) {
	secret := func(name string) bool { return name == "secret" || strings.HasPrefix(name, "secret.") }
	if slices.ContainsFunc(Names(text), secret) {
		c.report("variable.secret.not_allowed", path, "A secret may be used in an HTTP Request only. Remove it from this text.")
	}
	unknown := Unknown(text, func(name string) bool { return secret(name) || c.known(name) })
	if len(unknown) > 0 {
		c.report("variable.unknown", path, "$%s is not a variable and will be sent as typed. Correct the name if a variable is meant.", strings.Join(unknown, ", $"))
	}
}

// known reports whether a name is a variable. Without a directory every
// contact field may exist.
func (c *checker) known(name string) bool {
	field := func(slug string) bool { return c.field(slug) }
	return KnownName(name, field, c.def.Variables()...)
}

// field reports whether a contact field exists.
func (c *checker) field(key string) bool {
	if c.dir == nil || KnownName("contact."+key, nil) {
		return true
	}
	_, ok := c.dir.Field(key)
	return ok
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
