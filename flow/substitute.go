package flow

import "strings"

// eachPlace calls change for every value of a file in which ${name} means a
// parameter: the trigger's configuration, condition values and the steps'
// configurations. It returns the file with the changed values; the given one
// stays as it is.
func eachPlace(root *node, change func(path string, n *node) *node) *node {
	return onMember(root, "", map[string]editor{
		"trigger": func(path string, n *node) *node {
			return onMember(n, path, map[string]editor{
				"config": change,
				"conditions": func(path string, n *node) *node {
					return onItems(n, path, func(path string, n *node) *node {
						return onMember(n, path, map[string]editor{"value": change})
					})
				},
			})
		},
		"steps": func(path string, n *node) *node {
			return onItems(n, path, func(path string, n *node) *node {
				return onMember(n, path, map[string]editor{"config": change})
			})
		},
	})
}

// editor returns a node in another form.
type editor func(path string, n *node) *node

func onMember(n *node, path string, edits map[string]editor) *node {
	out := *n
	out.members = make([]*member, len(n.members))
	for i, m := range n.members {
		out.members[i] = m
		if edit, ok := edits[m.key]; ok {
			out.members[i] = &member{m.key, m.at, edit(join(path, m.key), m.value)}
		}
	}
	return &out
}

func onItems(n *node, path string, edit editor) *node {
	out := *n
	out.items = make([]*node, len(n.items))
	for i, child := range n.items {
		out.items[i] = edit(item(path, i), child)
	}
	return &out
}

// eachText calls fn for every text below a node.
func eachText(path string, n *node, fn func(path string, n *node)) {
	if n.kind == isText {
		fn(path, n)
	}
	for i, child := range n.items {
		eachText(item(path, i), child, fn)
	}
	for _, m := range n.members {
		eachText(join(path, m.key), m.value, fn)
	}
}

// substitute puts parameter values into a file. A value that is only ${name}
// becomes the typed value; inside text the text form stands. Names without a
// value stay as they are.
func substitute(root *node, values map[string]*node) *node {
	return eachPlace(root, func(_ string, n *node) *node { return fillIn(n, values) })
}

func fillIn(n *node, values map[string]*node) *node {
	out := *n
	switch n.kind {
	case isText:
		if value, ok := values[n.wholeParameter()]; ok {
			out = *value
			out.at = n.at
			return &out
		}
		out.text = parameterUse.ReplaceAllStringFunc(n.text, func(use string) string {
			if value, ok := values[use[len("${"):len(use)-len("}")]]; ok {
				return value.textForm()
			}
			return use
		})
	case isList:
		out.items = nil
		for _, child := range n.items {
			filled := fillIn(child, values)
			if filled.kind == isNothing && child.kind != isNothing {
				continue // an optional parameter without value is no item
			}
			out.items = append(out.items, filled)
		}
	case isObject:
		out.members = make([]*member, len(n.members))
		for i, m := range n.members {
			out.members[i] = &member{m.key, m.at, fillIn(m.value, values)}
		}
	}
	return &out
}

// textForm is a value inside text.
func (n *node) textForm() string {
	switch n.kind {
	case isNumber:
		return numberText(n.text)
	case isList:
		texts := make([]string, len(n.items))
		for i, child := range n.items {
			texts[i] = child.textForm()
		}
		return strings.Join(texts, ", ")
	case isObject:
		return string(n.json())
	}
	return n.text
}
