package flow

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFitField(t *testing.T) {
	for kind, c := range map[FieldType]struct {
		fits    map[string]string
		refuses []string
	}{
		FieldText: {map[string]string{" Kuala Lumpur ": "Kuala Lumpur", "a\x00b\u0007\nc": "ab\nc", strings.Repeat("ü", 2000): strings.Repeat("ü", 2000)},
			[]string{strings.Repeat("ü", 2001)}},
		FieldNumber:   {map[string]string{"12": "12", "-3.50": "-3.5", "1e3": "1000", "1.5E-1": "0.15", "007": "7"}, []string{"1,000", "x", "NaN", "Inf", "0x10", "1_0", "e5", "1e999", "1e"}},
		FieldCheckbox: {map[string]string{"true": "true", "FALSE": "false"}, []string{"yes", "1", "on"}},
		FieldDate:     {map[string]string{"2024-02-29": "2024-02-29"}, []string{"2024-02-30", "02/29/2024", "2024-2-9", "2024-02-29 10:00:00"}},
		FieldTime:     {map[string]string{"09:30": "09:30", "00:00": "00:00", "23:59": "23:59"}, []string{"24:00", "9:60", "0930", "09:30:00", "9am"}},
		FieldURL:      {map[string]string{"https://example.com": "https://example.com", "example.com": "https://example.com"}, []string{"hello", "ftp://example.com"}},
		FieldEmail:    {map[string]string{"Ann@Example.com": "ann@example.com"}, []string{"ann"}},
		FieldPhone:    {map[string]string{"0060 11-223.3455": "+60112233455"}, []string{"12345", "0112233455"}},
		FieldList:     {map[string]string{"GOLD ": "Gold"}, []string{"Silver"}},
		FieldCountry:  {map[string]string{"my": "MY", "DE": "DE"}, []string{"MYS", "XX", "A ", "Malaysia", "m"}},
		FieldLanguage: {map[string]string{"EN": "en", "en-GB": "en", "pt_BR": "pt"}, []string{"english", "xx", "-GB", "e"}},
	} {
		t.Run(string(kind), func(t *testing.T) {
			info := FieldInfo{Key: "plan", Type: kind, Options: []string{"Free", "Gold"}, Settable: true}
			for in, want := range c.fits {
				got, err := FitField(info, in)
				require.NoError(t, err)
				require.Equal(t, want, got)
				again, err := FitField(info, got)
				require.NoError(t, err)
				require.Equal(t, got, again, "the stored form fits")
			}
			for _, in := range c.refuses {
				got, err := FitField(info, in)
				require.Error(t, err, "%q", in)
				require.Empty(t, got)
				require.Contains(t, err.Error(), "plan")
				require.Contains(t, err.Error(), string([]rune(in)[:1]))
			}
			got, err := FitField(info, " \x00")
			require.NoError(t, err)
			require.Empty(t, got, "empty clears")
		})
	}
}

func TestFitFieldErrors(t *testing.T) {
	_, err := FitField(FieldInfo{Key: "plan", Type: FieldList, Options: []string{"Free", "Gold"}}, "Silver")
	require.EqualError(t, err, `"Silver" does not fit plan; use one of: Free, Gold`)
	_, err = FitField(FieldInfo{Key: "born", Type: FieldDate}, "31/12/2024")
	require.EqualError(t, err, `"31/12/2024" does not fit born; write an existing date as YYYY-MM-DD, for example 2026-02-28`)
	_, err = FitField(FieldInfo{Key: "note", Type: FieldText}, strings.Repeat("x", 2001))
	require.EqualError(t, err, `"`+strings.Repeat("x", 60)+`…" is too long for note: 2001 characters; use at most 2000`)
	_, err = FitField(FieldInfo{Key: "odd", Type: "colour"}, "red")
	require.EqualError(t, err, `"red" does not fit odd; its type "colour" cannot be set`)
}

func TestCodeLists(t *testing.T) {
	require.Len(t, strings.Fields(countries), 250)
	require.Len(t, strings.Fields(languages), 185)
	for _, code := range append(strings.Fields(countries), strings.Fields(languages)...) {
		require.Len(t, code, 2)
	}
}

func FuzzFitField(f *testing.F) {
	types := []FieldType{FieldText, FieldList, FieldCheckbox, FieldEmail, FieldNumber, FieldURL, FieldDate, FieldTime, FieldPhone, FieldLanguage, FieldCountry}
	for i, s := range []string{"a", "gold", "true", "a@b.cc", "1e-3", "b.cc", "2024-02-29", "09:30", "+60112233455", "en-GB", "my"} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, kind uint8, value string) {
		info := FieldInfo{Key: "x", Type: types[int(kind)%len(types)], Options: []string{"Gold"}}
		got, err := FitField(info, value)
		if err != nil {
			return
		}
		again, err := FitField(info, got)
		require.NoError(t, err, "%q → %q", value, got)
		require.Equal(t, got, again)
	})
}
