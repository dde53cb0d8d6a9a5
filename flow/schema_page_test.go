package flow_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"ucal/flow"
)

const schemaPage = "../docs/reference/workflow.schema.json"

// TestSchemaIsThePage keeps the published schema true.
func TestSchemaIsThePage(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(schemaPage, flow.Schema(), 0o644))
	}
	raw, err := os.ReadFile(schemaPage)
	require.NoError(t, err)
	require.Equal(t, string(flow.Schema()), string(raw), "run go test ./flow -run TestSchemaIsThePage -update")
}

// beyond are the codes of problems that a schema cannot see: they need the
// workspace, more than one place of the file, or a syntax of their own.
func beyond() []string {
	return []string{
		"file.syntax", "file.too_large", "file.key.duplicate", // no document to judge
		"step.id.duplicate", "step.target.unknown", "step.orphan", "step.parent.many", "step.cycle", "jump.target", // the tree
		"duration.limit", "condition.regex.invalid", "datetime.range.invalid", "datetime.timezone.unknown", "http.url.refused", "http.mapping.path",
		"question.options.length", "question.options.duplicate", "question.range", "branch.name.duplicate", "message.channel_response.duplicate",
		"reference.unknown", "reference.ambiguous", "target.not_manual", "target.not_published", "target.step.unknown",
		"variable.limit", "variable.secret.not_allowed", "variable.secret.unknown", "parameter.missing",
	}
}

// schemaOf is the schema as a validator.
func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(flow.Schema()))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("workflow.json", doc))
	schema, err := c.Compile("workflow.json")
	require.NoError(t, err)
	return schema
}

// fits reports how a file does not fit the schema; nil when it does, or when
// there is no document to judge.
func fits(t *testing.T, schema *jsonschema.Schema, file string) error {
	t.Helper()
	text, err := flow.FileJSON([]byte(file))
	if err != nil {
		return nil
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return schema.Validate(v)
}

// TestBrokenFilesDoNotFitTheSchema: of each problem code, the schema refuses the
// smallest file, or the code is among those that it cannot see. Warnings are no
// reason to refuse a file.
func TestBrokenFilesDoNotFitTheSchema(t *testing.T) {
	schema := schemaOf(t)
	for code, tc := range smallest() {
		want := tc.warning || slices.Contains(beyond(), code)
		require.Equal(t, want, fits(t, schema, tc.file) == nil, "%s: %s", code, tc.file)
	}
	for _, code := range beyond() {
		require.True(t, slices.ContainsFunc(flow.Codes(), func(c flow.Code) bool { return c.Code == code }), code)
	}
}
