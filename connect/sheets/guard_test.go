package sheets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"ucal/connect/sheets"
	"ucal/connect/sheets/sheetstest"
)

// Scenario 127, and everything like it: what a contact wrote is shown as it was
// written and computes nothing.
func TestScenario127(t *testing.T) {
	s, c := sheetstest.New(t), client()
	s.AddSheet(book, "Leads", "Value")
	for _, tc := range []struct {
		value, shown string
		number       bool
	}{
		{value: "=1+1", shown: "=1+1"},
		{value: "=IMPORTXML(\"https://evil.example\",\"//a\")", shown: "=IMPORTXML(\"https://evil.example\",\"//a\")"},
		{value: "+49 30 123456", shown: "+49 30 123456"},
		{value: "+1+1", shown: "+1+1"},
		{value: "-1-1", shown: "-1-1"},
		{value: "-", shown: "-"},
		{value: "- thank you", shown: "- thank you"},
		{value: "@SUM(A1)", shown: "@SUM(A1)"},
		{value: "\t=1+1", shown: "\t=1+1"},
		{value: "\r\n=1+1", shown: "\r\n=1+1"},
		{value: "  =1+1", shown: "  =1+1"},
		{value: "\u200b=1+1", shown: "\u200b=1+1"},
		{value: "＝1+1", shown: "＝1+1"},
		{value: "-5", shown: "-5", number: true},
		{value: "-5.25", shown: "-5.25", number: true},
		{value: "-1,234", shown: "-1,234", number: true},
		{value: "-5+1", shown: "-5+1"},
		{value: "-A1", shown: "-A1"},
		{value: "5", shown: "5", number: true},
		{value: "a=b", shown: "a=b"},
		{value: "", shown: ""},
		{value: " ", shown: " "},
	} {
		_, err := c.Append(t.Context(), robot(s), row("Leads", "Value", tc.value))
		require.NoError(t, err, tc.value)
		rows := s.Rows(book, "Leads")
		require.Equal(t, []sheetstest.Cell{{Text: tc.shown, Number: tc.number}}, rows[len(rows)-1], "%q", tc.value)
	}
}

// Whatever the text, Sheets does not compute it.
func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1", "-1", "-1+1", "\t@x", "'=1", "－1", "-1e5", "-1,234.5", "", "\x00=1", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := sheets.Guard(value)
		require.True(t, got == value || got == "'"+value)
		if got == value && value != "" {
			first := strings.TrimLeft(value, " \t\r\n")
			if first != "" && strings.ContainsRune("=+@", rune(first[0])) {
				t.Fatalf("%q is taken for a formula", value)
			}
			if strings.HasPrefix(first, "-") && strings.ContainsAny(first[1:], "=@ABCDEFGHIJKLMNOPQRSTUVWXYZ(*/") && !strings.ContainsAny(first, "E") {
				t.Fatalf("%q is taken for a formula", value)
			}
		}
	})
}
