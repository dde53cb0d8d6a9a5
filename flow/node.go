package flow

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// MaxFile is the size of the largest file that is read: 1 MiB.
const MaxFile = 1 << 20

// maxDepth is how deep objects and lists may be nested; the format needs nine.
const maxDepth = 64

// node is one value of a file, with its place: the common form of YAML and
// JSON. Definitions are decoded from nodes and encoded into nodes.
type node struct {
	kind    nodeKind
	text    string    // text; numbers and booleans as written
	items   []*node   // lists
	members []*member // objects, in the order of the file
	at      place
}

// member is one key of an object with its value.
type member struct {
	key   string
	at    place
	value *node
}

// place is a position in a file, counted from 1; zero when there is none.
type place struct{ line, column int }

// nodeKind is the type of a value in a file.
type nodeKind int

const (
	isNothing nodeKind = iota
	isText
	isNumber
	isBoolean
	isList
	isObject
)

// String names the kind for messages.
func (k nodeKind) String() string {
	return [...]string{"nothing", "text", "a number", "a boolean", "a list", "an object"}[k]
}

// get returns the value under a key, or nil.
func (n *node) get(key string) *node {
	for _, m := range n.members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// unreadable is why a file has no node tree.
type unreadable struct {
	code    string
	at      place
	message string
}

func (u *unreadable) Error() string { return u.message }

func syntaxError(at place, format string, args ...any) error {
	return &unreadable{"file.syntax", at, fmt.Sprintf(format, args...)}
}

// parse reads a file, JSON when it begins with a brace, else YAML.
func parse(data []byte) (*node, error) {
	if len(data) > MaxFile {
		return nil, &unreadable{"file.too_large", place{}, fmt.Sprintf("The file has %d bytes; at most %d (1 MiB) are read. Split the workflow.", len(data), MaxFile)}
	}
	if !utf8.Valid(data) {
		return nil, syntaxError(place{}, "The file is not valid UTF-8. Save it as UTF-8.")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if strings.HasPrefix(strings.TrimLeft(string(data), " \t\r\n"), "{") {
		return parseJSON(data)
	}
	return parseYAML(data)
}

func parseYAML(data []byte) (*node, error) {
	var doc yaml.Node
	if err := yaml.Load(data, &doc, yaml.WithUniqueKeys(false)); err != nil {
		at, message := place{}, err.Error()
		if load, ok := errors.AsType[*yaml.LoadError](err); ok {
			at, message = place{load.Mark.Line, load.Mark.Column}, load.Message
		}
		return nil, syntaxError(at, "The file is not valid YAML: %s.", strings.TrimPrefix(message, "yaml: "))
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 {
		return nil, syntaxError(place{1, 1}, "The file is empty. Begin with `format: %d`.", Format)
	}
	return fromYAML(doc.Content[0], 0)
}

func fromYAML(y *yaml.Node, depth int) (*node, error) {
	n := &node{at: place{y.Line, y.Column}}
	switch {
	case depth > maxDepth:
		return nil, syntaxError(n.at, "Values are nested more than %d deep.", maxDepth)
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		return nil, syntaxError(n.at, "Anchors and aliases are not allowed. Write the value out.")
	case y.Style&yaml.TaggedStyle != 0:
		return nil, syntaxError(n.at, "The tag %q is not allowed. Remove it.", y.Tag)
	}
	switch y.Kind {
	case yaml.ScalarNode:
		n.kind, n.text = scalarKind(y), y.Value
		return n, checkText(n.text, n.at)
	case yaml.SequenceNode:
		n.kind = isList
		for _, item := range y.Content {
			child, err := fromYAML(item, depth+1)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, child)
		}
		return n, nil
	case yaml.MappingNode:
		n.kind = isObject
		return n, membersFromYAML(n, y, depth)
	}
	return nil, syntaxError(n.at, "This is not a value.")
}

func membersFromYAML(n *node, y *yaml.Node, depth int) error {
	for i := 0; i+1 < len(y.Content); i += 2 {
		key := y.Content[i]
		at := place{key.Line, key.Column}
		switch {
		case key.Kind != yaml.ScalarNode:
			return syntaxError(at, "A key must be a word, not a list or an object.")
		case key.Value == "<<" && plain(key):
			return syntaxError(at, "Merge keys are not allowed. Write the values out.")
		case key.Anchor != "" || key.Style&yaml.TaggedStyle != 0:
			return syntaxError(at, "Anchors and tags are not allowed. Write the plain key.")
		}
		if err := checkText(key.Value, at); err != nil {
			return err
		}
		value, err := fromYAML(y.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		n.members = append(n.members, &member{key.Value, at, value})
	}
	return nil
}

func plain(y *yaml.Node) bool {
	return y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// numberPattern is a number in YAML 1.2 and JSON alike. Other spellings that
// YAML 1.1 knew (0777, 1_000, 0x1F, 12:30) are text.
var numberPattern = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

func scalarKind(y *yaml.Node) nodeKind {
	if !plain(y) {
		return isText
	}
	return plainKind(y.Value)
}

// plainKind is what an unquoted YAML scalar means. `yes`, `no`, `on` and `off`
// are text: `true` and `false` are the only booleans.
func plainKind(s string) nodeKind {
	switch {
	case s == "" || s == "~" || s == "null":
		return isNothing
	case s == "true" || s == "false":
		return isBoolean
	case numberPattern.MatchString(s):
		return isNumber
	}
	return isText
}

// checkText refuses what no database stores and no channel carries.
func checkText(s string, at place) error {
	if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		return syntaxError(at, "The text holds a character that cannot be stored (NUL or broken UTF-8). Remove it.")
	}
	return nil
}
