package flow

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// compiled is the schema as a validator; the schema itself is checked against
// the JSON Schema of draft 2020-12.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("workflow.json", doc))
	s, err := c.Compile("workflow.json")
	require.NoError(t, err)
	return s
}

// FileJSON is any file as JSON, for the tests outside the package.
func FileJSON(file []byte) ([]byte, error) {
	n, err := parse(file)
	if err != nil {
		return nil, err
	}
	return n.json(), nil
}

// instance is a file as the validator takes it.
func instance(t *testing.T, file []byte) any {
	t.Helper()
	text, err := FileJSON(file)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return v
}

// goodFiles are all files of this repository that are fine.
func goodFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"testdata/*.yaml", "../templates/*/*.yaml"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			if bytes.Contains(data, []byte("format: 1")) { // a workflow, not a scenario of one
				files[name] = data
			}
		}
	}
	require.Greater(t, len(files), 8)
	return files
}

func TestGoodFilesFitTheSchema(t *testing.T) {
	s := compiled(t)
	for name, data := range goodFiles(t) {
		require.NoError(t, s.Validate(instance(t, data)), name)
		def, problems := Read(data)
		require.Empty(t, problems, name)
		for _, f := range []FileFormat{YAML, JSON} {
			out, err := Encode(def, f)
			require.NoError(t, err)
			require.NoError(t, s.Validate(instance(t, out)), name)
		}
	}
}

// The schema is not stricter than the check: whatever definition is drawn fits it.
func TestDrawnDefinitionsFitTheSchema(t *testing.T) {
	s := compiled(t)
	rapid.Check(t, func(t *rapid.T) {
		def := drawDefinition(t)
		def.ID, def.Name = "x", "X"
		file, err := Encode(def, JSON)
		require.NoError(t, err)
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
		require.NoError(t, err)
		require.NoError(t, s.Validate(v), "%s", file)
	})
}

func TestTheSchemaNamesNothingTwice(t *testing.T) {
	root, err := parse(Schema())
	require.NoError(t, err)
	var visit func(path string, n *node)
	visit = func(path string, n *node) {
		seen := map[string]bool{}
		for _, m := range n.members {
			require.False(t, seen[m.key], "%s.%s", path, m.key)
			seen[m.key] = true
			visit(join(path, m.key), m.value)
		}
		for i, child := range n.items {
			visit(item(path, i), child)
		}
	}
	visit("", root)
}

// Every key, type and arm has a sentence, and no sentence is about nothing.
func TestEverythingIsExplained(t *testing.T) {
	schema, used := string(Schema()), map[string]bool{}
	require.NotContains(t, schema, `"description": ""`)
	for name, text := range sentences() {
		require.True(t, strings.HasSuffix(text, ".") || strings.HasSuffix(text, "…"), name)
		used[text] = used[text] || strings.Contains(schema, strings.Trim(quoteJSON(text), `"`))
		require.True(t, used[text], "nothing in the schema says %s: %s", name, text)
	}
	known := map[string]bool{"range.from": true, "range.to": true, "parameter_use": true, "variable_use": true}
	add := func(place string, v reflect.Type) {
		keys, _ := settingsOf(v)
		for _, k := range keys {
			known[place+"."+k.key] = true
		}
	}
	for _, v := range []any{Settings{}, Trigger{}, Message{}, ChannelResponse{}, BranchArm{}, BusinessHours{}, DateRange{}, FormField{}, CollectItem{}, Condition{}, Parameter{}} {
		add(placeOf(reflect.TypeOf(v)), reflect.TypeOf(v))
	}
	add(placeWorkflow, reflect.TypeFor[Definition]())
	for _, key := range []string{"id", "type", "name", "config", "next", "arms"} {
		known["step."+key] = true
	}
	for _, k := range Kinds() {
		known[string(k.Type)] = true
		add(string(k.Type), reflect.TypeOf(k.New()).Elem())
		for _, arm := range slices.Concat(k.Arms, k.Optional) {
			known["arm."+string(arm)] = true
		}
	}
	for _, k := range TriggerKinds() {
		known[string(k.Type)] = true
		if k.New != nil {
			add(string(k.Type), reflect.TypeOf(k.New()).Elem())
		}
		for _, o := range triggerOffers(k.Type) {
			known["condition."+string(o.category)] = true
		}
	}
	for _, o := range branchOffers() {
		known["condition."+string(o.category)] = true
	}
	for name := range sentences() {
		require.True(t, known[name], "%s does not exist", name)
	}
	for name := range known {
		require.NotEmpty(t, sentences()[name], name)
	}
	for name := range limits() {
		require.True(t, known[strings.TrimSuffix(name, "[]")], "%s does not exist", name)
	}
	for _, f := range forks() {
		for _, way := range f.ways {
			for _, key := range slices.Concat(way.must, way.may, []string{f.key}) {
				require.True(t, known[f.place+"."+key], "%s.%s does not exist", f.place, key)
			}
		}
	}
}
