package flow

import (
	"reflect"
	"regexp"
	"strings"
)

// parameterUse is a reference to a template parameter.
var parameterUse = regexp.MustCompile(`\$\{([a-z][a-z0-9_]{0,49})\}`)

// wholeParameter returns the parameter that a value consists of, or "".
func (n *node) wholeParameter() string {
	m := parameterUse.FindStringSubmatch(n.text)
	if n.kind != isText || m == nil || m[0] != n.text {
		return ""
	}
	return m[1]
}

// waits notes a setting whose template parameter is still open. Texts,
// references and values hold ${name} as it is written.
func (r *reader) waits(n *node, v reflect.Value, path string) bool {
	name := n.wholeParameter()
	if r.base == "" || name == "" || !r.open[name] {
		return false
	}
	switch v.Addr().Interface().(type) {
	case *Ref, *ChannelChoice, *Value, **Value:
		return false
	}
	if v.Kind() == reflect.String {
		return false
	}
	if *r.waiting == nil {
		*r.waiting = map[string]string{}
	}
	(*r.waiting)[strings.TrimPrefix(path, r.base+".")] = name
	return true
}
