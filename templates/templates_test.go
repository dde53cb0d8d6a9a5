package templates_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
	"ucal/templates"
)

// workspace is a directory in which everything exists.
type workspace struct{}

func (workspace) Find(_ flow.RefKind, ref flow.Ref) []flow.Ref {
	if ref.ID == 0 {
		ref.ID = 7
	}
	return []flow.Ref{ref}
}

func (workspace) Field(key string) (flow.FieldInfo, bool) {
	return flow.FieldInfo{Key: key, Type: flow.FieldText, Settable: true}, true
}

func (workspace) Channel(int64) (flow.ChannelInfo, bool) {
	return flow.ChannelInfo{Source: "custom_channel", Types: []string{"text", "media"}}, true
}

// value is a value that fits a parameter.
func value(p flow.Parameter) any {
	switch p.Type {
	case "number":
		return 3
	case "boolean":
		return true
	case "duration":
		return "10m"
	case "url":
		return "https://example.com/"
	case "choice":
		return p.Options[0]
	case "list":
		return []string{"One", "Two"}
	}
	return "Support"
}

func TestEveryTemplateWorks(t *testing.T) {
	all, err := templates.All()
	require.NoError(t, err)
	require.Len(t, all, 5)
	for _, tpl := range all {
		t.Run(tpl.Slug, func(t *testing.T) {
			require.Contains(t, flow.Categories(), tpl.Category)
			require.NotEmpty(t, tpl.Name)
			require.NotEmpty(t, tpl.Description)
			got, err := templates.Get(tpl.Slug)
			require.NoError(t, err)
			require.Equal(t, tpl.Name, got.Name)

			values := map[string]any{}
			for _, p := range tpl.Parameters {
				require.NotEmpty(t, p.Label, p.Name)
				values[p.Name] = value(p)
			}
			def, problems := tpl.Use(values)
			require.Empty(t, problems)
			require.Empty(t, flow.Check(def, workspace{}, flow.Publish))
			require.Empty(t, def.Parameters)
			out, err := flow.Encode(def, flow.YAML)
			require.NoError(t, err)
			require.NotContains(t, string(out), "${")
		})
	}
}

// A template used with its defaults alone asks for every required parameter,
// and for nothing else.
func TestOpenParametersAreReported(t *testing.T) {
	all, err := templates.All()
	require.NoError(t, err)
	for _, tpl := range all {
		t.Run(tpl.Slug, func(t *testing.T) {
			var required []string
			for _, p := range tpl.Parameters {
				if p.Required {
					required = append(required, p.Name)
				}
			}
			def, problems := tpl.Use(nil)
			require.Empty(t, problems)
			for _, st := range []flow.Stage{flow.Save, flow.Publish} {
				problems = flow.Check(def, workspace{}, st)
				require.Equal(t, len(required) > 0, problems.Blocking())
				for _, p := range problems {
					require.Equal(t, "parameter.missing", p.Code)
				}
			}
			require.Len(t, def.Parameters, len(required))
		})
	}
}

// An editor that knows the schema explains and completes the files.
func TestEveryTemplateNamesItsSchema(t *testing.T) {
	names, err := filepath.Glob("*/flow.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		line, _, _ := strings.Cut(string(text), "\n")
		schema, ok := strings.CutPrefix(line, "# yaml-language-server: $schema=")
		require.True(t, ok, "%s begins with %q", name, line)
		require.FileExists(t, filepath.Join(filepath.Dir(name), schema))
	}
}

func TestUnknownTemplate(t *testing.T) {
	for _, slug := range []string{"", "none", "../templates", "Welcome-Message", strings.Repeat("a", 100)} {
		_, err := templates.Get(slug)
		require.ErrorIs(t, err, templates.ErrNotFound, slug)
	}
}
