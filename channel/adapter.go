package channel

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Adapter speaks one provider's protocol. An adapter whose provider calls webhooks is a Parser too.
type Adapter interface {
	Source() Source
	// Capabilities depends on the configuration; it takes one that CheckConfig has normalised.
	Capabilities(config json.RawMessage) Capabilities
	// CheckConfig reads what an admin typed and returns it in the form to store, or everything that is wrong with it.
	// It calls nobody.
	CheckConfig(raw json.RawMessage) (json.RawMessage, []Detail)
	Sender
}

// Catalogue is the list of adapters of a deployment.
type Catalogue struct {
	adapters map[Source]Adapter
}

// New puts a catalogue together. Two adapters of one source are a mistake in the program: it panics.
func New(adapters ...Adapter) Catalogue {
	c := Catalogue{adapters: make(map[Source]Adapter, len(adapters))}
	for _, a := range adapters {
		if _, twice := c.adapters[a.Source()]; twice {
			panic(fmt.Sprintf("channel: two adapters of source %q", a.Source()))
		}
		c.adapters[a.Source()] = a
	}
	return c
}

// Adapter finds the adapter of a source.
func (c Catalogue) Adapter(s Source) (Adapter, bool) {
	a, ok := c.adapters[s]
	return a, ok
}

// Parser finds the webhook reader of a source; false if there is no such source or it calls no webhooks.
func (c Catalogue) Parser(s Source) (Parser, bool) {
	p, ok := c.adapters[s].(Parser)
	return p, ok
}

// Sources lists the sources, sorted.
func (c Catalogue) Sources() []Source { return slices.Sorted(maps.Keys(c.adapters)) }
