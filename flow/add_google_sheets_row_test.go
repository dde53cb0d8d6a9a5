package flow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/flow"
)

func TestSpreadsheetID(t *testing.T) {
	const id = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
	for text, want := range map[string]string{
		id:              id,
		"  " + id + " ": id,
		"https://docs.google.com/spreadsheets/d/" + id:                     id,
		"https://docs.google.com/spreadsheets/d/" + id + "/edit#gid=0":     id,
		"https://docs.google.com/spreadsheets/d/" + id + "/edit?gid=0":     id,
		"https://docs.google.com/spreadsheets/u/1/d/" + id + "/edit?pli=1": id,
		"https://docs.google.com/spreadsheets/d/" + id + "?usp=sharing":    id,

		"":                       "",
		"My leads":               "",
		"../" + id:               "",
		id + "/values":           "",
		strings.Repeat("a", 201): "",
		"https://docs.google.com/spreadsheets/d/e/2PACX-1vQ/pubhtml":         "", // a published copy
		"https://docs.google.com.evil.example/spreadsheets/d/" + id:          "",
		"https://evil.example/spreadsheets/d/" + id:                          "",
		"http://docs.google.com/spreadsheets/d/" + id:                        "",
		"https://docs.google.com/document/d/" + id:                           "",
		"https://docs.google.com/spreadsheets/d/" + id + "%2F..":             "",
		"https://docs.google.com/spreadsheets/d/" + id + "\n/edit":           "",
		"https://docs.google.com/spreadsheets/d/${sheet}":                    "",
		"https://drive.google.com/file/d/" + id + "/view":                    "",
		"https://docs.google.com/spreadsheets/d//edit":                       "",
		"https://docs.google.com/spreadsheets/d/" + strings.Repeat("a", 300): "",
	} {
		got, ok := (&flow.AddSheetsRow{Spreadsheet: text}).SpreadsheetID()
		if want == "" {
			require.False(t, ok, text)
			continue
		}
		require.True(t, ok, text)
		require.Equal(t, want, got)
	}
}

func TestAddSheetsRowIsChecked(t *testing.T) {
	for name, tc := range map[string]struct{ config, code, path, message string }{
		"no spreadsheet": {"sheet: Leads\nvalues:\n  Name: x", "step.config.missing", "spreadsheet", ""},
		"no sheet":       {"spreadsheet: 1a2B\nvalues:\n  Name: x", "step.config.missing", "sheet", ""},
		"no values":      {"spreadsheet: 1a2B\nsheet: Leads", "step.config.missing", "values", ""},
		"spreadsheet":    {"spreadsheet: My leads\nsheet: Leads\nvalues:\n  Name: x", "step.config.invalid", "spreadsheet", `"My leads" is no spreadsheet`},
		"sheet":          {"spreadsheet: 1a2B\nsheet: " + strings.Repeat("x", 101) + "\nvalues:\n  Name: x", "step.config.invalid", "sheet", "101"},
		"blank title":    {"spreadsheet: 1a2B\nsheet: Leads\nvalues:\n  \" \": x", "step.config.invalid", "values", "no title"},
		"twice":          {"spreadsheet: 1a2B\nsheet: Leads\nvalues:\n  Name: x\n  \"Name \": y", "step.config.invalid", "values.Name ", "twice"},
		"many":           {"spreadsheet: 1a2B\nsheet: Leads\nvalues:\n" + repeat(101, "  c%d: x\n"), "step.config.invalid", "values", "101 columns"},
		"secret":         {"spreadsheet: 1a2B\nsheet: Leads\nvalues:\n  Name: $secret.token", "variable.secret.not_allowed", "values.Name", ""},
		"unknown name":   {"spreadsheet: 1a2B\nsheet: Leads\nvalues:\n  Name: $nobody", "variable.unknown", "values.Name", "$nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := flow.Check(read(t, one("add_google_sheets_row", tc.config)), nil, flow.Save)
			require.Len(t, problems, 1)
			require.Equal(t, tc.code, problems[0].Code)
			require.Equal(t, "steps[0].config."+tc.path, problems[0].Path)
			require.Contains(t, problems[0].Message, tc.message)
			require.NotZero(t, problems[0].Line)
		})
	}
	good := one("add_google_sheets_row", "spreadsheet: https://docs.google.com/spreadsheets/d/1a2B/edit\nsheet: Leads\nvalues:\n  Name: $contact.name\n  name: $contact.firstname\n  Run: $run.id\n  Empty: \"\"")
	require.Empty(t, flow.Check(read(t, good), nil, flow.Save))

	template := one("add_google_sheets_row", "spreadsheet: ${sheet}\nsheet: Leads\nvalues:\n  Name: x") + "parameters:\n  sheet:\n    type: spreadsheet\n"
	for _, p := range flow.Check(read(t, template), nil, flow.Save) {
		require.NotEqual(t, "step.config.invalid", p.Code, p.Message)
	}
}
