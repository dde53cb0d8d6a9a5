package llm

import "encoding/json"

// Closed reports whether every object of a JSON Schema lists all its properties
// as required and allows no others: what OpenAI asks of a schema that it is to
// enforce (https://platform.openai.com/docs/guides/structured-outputs, November 2026).
func Closed(schema json.RawMessage) bool {
	var node struct {
		Properties map[string]json.RawMessage `json:"properties"`
		Required   []string                   `json:"required"`
		Additional *bool                      `json:"additionalProperties"`
		Items      json.RawMessage            `json:"items"`
		AnyOf      []json.RawMessage          `json:"anyOf"`
		Type       any                        `json:"type"`
	}
	if json.Unmarshal(schema, &node) != nil {
		return false
	}
	if node.Type == "object" || node.Properties != nil {
		if node.Additional == nil || *node.Additional {
			return false
		}
		required := map[string]bool{}
		for _, name := range node.Required {
			required[name] = true
		}
		for name, property := range node.Properties {
			if !required[name] || !Closed(property) {
				return false
			}
		}
	}
	for _, sub := range node.AnyOf {
		if !Closed(sub) {
			return false
		}
	}
	return node.Items == nil || Closed(node.Items)
}
