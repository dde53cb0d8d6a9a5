package flow

// Pair is one entry of a map of the file.
type Pair struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Pairs is a map of the file from names to texts that keeps the order in which
// it was written: headers, mappings, the cells of a row. Keys are unique.
type Pairs []Pair

// Get returns the value of a key; ok is false when it is not there.
func (p Pairs) Get(key string) (value string, ok bool) {
	for _, x := range p {
		if x.Key == key {
			return x.Value, true
		}
	}
	return "", false
}

// pairs reads an object of texts.
func (r *reader) pairs(n *node, path string, c codes) (list Pairs) {
	r.each(n, path, c.invalid, func(m *member, p string) {
		pair := Pair{Key: m.key}
		switch m.value.kind {
		case isText, isNumber, isBoolean:
			pair.Value = m.value.text
		case isNothing:
		default:
			r.wrong(m.value, p, c, "text")
			return
		}
		list = append(list, pair)
	})
	return list
}

// pairs writes an object of texts; none is left out.
func (w *encoder) pairs(list Pairs, path string) *node {
	if len(list) == 0 {
		return nil
	}
	n := &node{kind: isObject}
	for _, x := range list {
		value := textNode(x.Value)
		if param, ok := w.open[join(path, x.Key)]; ok {
			value = textNode("${" + param + "}")
		}
		n.put(x.Key, value)
	}
	return n
}
