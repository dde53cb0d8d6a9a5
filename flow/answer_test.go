package flow

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func today() time.Time { return time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC) }

// TestAnswer is table 4.2 of the workflow specification: for each question
// type the answers with their stored form, and the invalid ones.
func TestAnswer(t *testing.T) {
	low, high := 1.0, 5.0
	options := []string{"Red", " Blue ", "2", "Größe"}
	for name, c := range map[string]struct {
		q       AskQuestion
		valid   map[string]string
		invalid []string
	}{
		"text": {AskQuestion{QuestionType: AskText}, map[string]string{" hello ": "hello", "👍": "👍"}, []string{"", " \n\t"}},
		"multiple_choice": {AskQuestion{QuestionType: AskChoice},
			map[string]string{"Red": "Red", " blue\n": "Blue", "1": "Red", "2": "2", "3": "2", "4": "Größe", "GRÖßE": "Größe"},
			[]string{"", "green", "0", "5", "-1", "+1", "1.", "Red Blue", "99999999999999999999"}},
		"number": {AskQuestion{QuestionType: AskNumber},
			map[string]string{"12": "12", "-3.5": "-3.5", "1,000.5": "1000.5", " 7 ": "7", "12,345,678": "12345678", "007": "7", "1.50": "1.5",
				"+4": "4", "-0": "0", "0.0": "0", "-1,234": "-1234", "100": "100"},
			[]string{"", "a", "1,5", "1,00", "1000,000", ",100", "1,000,5", "1.000,5", "1.2.3", "1e5", "0x10", "NaN", "inf", "5 apples", "1 000", ".",
				"--1", "1,-000", strings.Repeat("9", 400)}},
		"number with limits": {AskQuestion{QuestionType: AskNumber, Min: &low, Max: &high},
			map[string]string{"1": "1", "5": "5", "3.5": "3.5"}, []string{"0.99", "5.01", "6", "-3"}},
		"date": {AskQuestion{QuestionType: AskDate}, map[string]string{
			"02/29/2024": "2024-02-29", "2/9/2024": "2024-02-09", "12/31/68": "2068-12-31", "12/31/69": "1969-12-31", "1/1/00": "2000-01-01", "04/05": "2026-04-05",
			"2024/2/29": "2024-02-29", "02-29-2024": "2024-02-29", "02-29-24": "2024-02-29", "2024-02-29": "2024-02-29",
			"Feb/29/2024": "2024-02-29", "feb/29/24": "2024-02-29", "FEB-29-2024": "2024-02-29", "Feb-9-24": "2024-02-09", "February/29/2024": "2024-02-29",
			"May-1-2026": "2026-05-01", " 2024-02-29 ": "2024-02-29",
		}, []string{"", "2024-02-30", "13/04/2024", "02/29", "02-28", "Feb/28", "29/Feb/2024", "2024/Feb/1", "2024-13-01", "2024-00-10", "01/00/2024",
			"01/1/2024/2", "01/02-2024", "1/2/024", "1/2/20245", "001/02/2024", "Febr/29/2024", "tomorrow", "0000-01-01", "/", "-", "//", "1//2024", "+1/2/2024", "20240229"}},
		"phone": {AskQuestion{QuestionType: AskPhone}, map[string]string{
			"60112233455": "+60112233455", "+60 11-223 3455": "+60112233455", "+60 (11) 223.3455": "+60112233455", "0060112233455": "+60112233455",
			"+1\u00a0202\u2011555\u20110123": "+12025550123", "1234567": "+1234567", "123456789012345": "+123456789012345",
		}, []string{"", "123456", "1234567890123456", "0112233455", "+0060112233455", "call me", "+60 11 CALL", "60+112233455", "1234567 ext 5", "٠١٢٣٤٥٦٧٨"}},
		"email": {AskQuestion{QuestionType: AskEmail}, map[string]string{
			" Ann@Example.COM ": "ann@example.com", "a.b+c_d-e@sub.example.co": "a.b+c_d-e@sub.example.co", "o'neil@example.ie": "o'neil@example.ie",
			"jörg@müller.de": "jörg@müller.de", "x@xn--mller-kva.de": "x@xn--mller-kva.de",
		}, []string{"", "ann", "ann@", "@example.com", "ann@example", "ann@@example.com", "a b@example.com", ".ann@example.com", "ann.@example.com", "a..b@example.com",
			"ann@example..com", "ann@-example.com", "ann@example-.com", "ann@example.c", "ann@10.0.0.1", "Ann <ann@example.com>", "ann@example.com, ben@example.com",
			"mailto:ann@example.com", strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("a.", 130) + "com", "ann@exa_mple.com"}},
		"url": {AskQuestion{QuestionType: AskURL}, map[string]string{
			"https://example.com/a?b=c#d": "https://example.com/a?b=c#d", "HTTP://example.com": "http://example.com", "example.com": "https://example.com",
			" www.example.com:8080/x ": "https://www.example.com:8080/x", "example.com/go?to=http://x.org": "https://example.com/go?to=http://x.org",
			"http://localhost:3000": "http://localhost:3000", "http://[::1]:80/": "http://[::1]:80/", "http://10.0.0.1": "http://10.0.0.1",
			"https://münchen.de": "https://münchen.de", "https://ann:pw@example.com": "https://ann:pw@example.com",
		}, []string{"", "hello", "hello world.com", "ftp://example.com", "javascript:alert(1)", "mailto:ann@example.com", "ann@example.com", "https://", "http:///x", "//example.com",
			"https://exa mple.com", "https://example.com:99999", "https://example.com:0", "https://.com", "3.14", "https://a..b", "https://example.com/%zz", "example.com\u0000"}},
		"rating": {AskQuestion{QuestionType: AskRating}, map[string]string{
			"1": "1", "5": "5", "4 stars": "4", "1 Star": "1", "★★★★": "4", "⭐⭐⭐⭐": "4", "⭐\ufe0f⭐\ufe0f": "2", " 3 ": "3", "★": "1",
		}, []string{"", "0", "6", "★★★★★★", "4.5", "4 out of 5", "four", "★★x", "44", "-4", "star", "٤"}},
		"location": {AskQuestion{QuestionType: AskLocation}, map[string]string{
			"(3.1545313, 101.7151839)": "3.1545313,101.7151839", "3.1545313,101.7151839": "3.1545313,101.7151839", "(-90, 180)": "-90,180",
			"( 03.10 ,-0.50 )": "3.1,-0.5",
		}, []string{"", "here", "(91, 0)", "(0, 181)", "(1, 2", "1, 2)", "(1)", "(1, 2, 3)", "(NaN, 0)", "(1e1, 2)", "((1, 2))"}},
		"unknown type": {AskQuestion{QuestionType: "time"}, nil, []string{"09:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			for text, want := range c.valid {
				got, ok := c.q.parse(Answer{Type: "text", Text: text}, Result{Options: options}, today())
				require.True(t, ok, "%q", text)
				require.Equal(t, want, got, "%q", text)
			}
			for _, text := range c.invalid {
				_, ok := c.q.parse(Answer{Type: "text", Text: text}, Result{Options: options}, today())
				require.False(t, ok, "%q", text)
			}
		})
	}
}

func TestAnswerOtherThanText(t *testing.T) {
	at := func(lat, lng float64) Answer {
		return Answer{Type: "location", Text: "Petronas Towers", Latitude: &lat, Longitude: &lng}
	}
	for name, c := range map[string]struct {
		kind   QuestionType
		answer Answer
		want   string
		ok     bool
	}{
		"caption":                      {AskText, Answer{Type: "attachment", Text: "my receipt"}, "my receipt", true},
		"picture without caption":      {AskText, Answer{Type: "attachment"}, "", false},
		"pressed button":               {AskText, Answer{Type: "whatsapp_interactive", Text: "Sales"}, "Sales", true},
		"location is no text":          {AskText, at(3.1545313, 101.7151839), "", false},
		"location":                     {AskLocation, at(3.1545313, 101.7151839), "3.1545313,101.7151839", true},
		"location of small numbers":    {AskLocation, at(0.0000001, -0.5), "0.0000001,-0.5", true},
		"impossible location":          {AskLocation, at(91, 0), "", false},
		"location that is no number":   {AskLocation, at(math.NaN(), math.Inf(1)), "", false},
		"location without coordinates": {AskLocation, Answer{Type: "location", Text: "Petronas Towers"}, "", false},
		"number in an address":         {AskNumber, Answer{Type: "location", Text: "12"}, "", false},
		"number in a caption":          {AskNumber, Answer{Type: "attachment", Text: "12"}, "12", true},
	} {
		t.Run(name, func(t *testing.T) {
			q := AskQuestion{QuestionType: c.kind}
			got, ok := q.parse(c.answer, Result{}, today())
			require.Equal(t, c.ok, ok)
			if ok {
				require.Equal(t, c.want, got)
			}
		})
	}
}

// A multiple choice is answered by a label, by a button of the question, or by
// a number where the contact saw numbers.
func TestAnswerByButtonAndNumber(t *testing.T) {
	q := AskQuestion{QuestionType: AskChoice}
	numbered := Result{Options: []string{"Red", "3", "Red"}}
	buttons := Result{Options: numbered.Options, Buttons: true}
	pressed := func(n int, title string) Answer { return Answer{Type: "whatsapp_interactive", Text: title, Option: n} }
	typed := func(text string) Answer { return Answer{Type: "text", Text: text} }
	for name, c := range map[string]struct {
		answer Answer
		asked  Result
		want   string
	}{
		"number of numbered text":              {typed("1"), numbered, "Red"},
		"label before number":                  {typed("3"), numbered, "3"},
		"number of a label that is a number":   {typed("2"), numbered, "3"},
		"number where there were buttons":      {typed("1"), buttons, ""},
		"label that is a number, with buttons": {typed("3"), buttons, "3"},
		"label typed instead of pressed":       {typed(" red "), buttons, "Red"},
		"pressed":                              {pressed(2, "3"), buttons, "3"},
		"pressed, title shortened":             {pressed(1, "R"), buttons, "Red"},
		"pressed on another question":          {pressed(0, "Sales"), buttons, ""},
		"same label on another question":       {pressed(0, "Red"), buttons, "Red"},
		"pressed beyond the options":           {pressed(4, "Green"), buttons, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := q.parse(c.answer, c.asked, today())
			require.Equal(t, c.want, got)
			require.Equal(t, c.want != "", ok)
		})
	}
	stars, ok := (&AskQuestion{QuestionType: AskRating}).parse(pressed(4, "★★★★ great"), Result{}, today())
	require.True(t, ok)
	require.Equal(t, "4", stars)
}

func TestAnswerDateOfPresentYear(t *testing.T) {
	q := AskQuestion{QuestionType: AskDate}
	got, ok := q.parse(Answer{Text: "2/29"}, Result{}, time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC))
	require.True(t, ok)
	require.Equal(t, "2028-02-29", got)

	newYearsEve := time.Date(2026, 12, 31, 20, 0, 0, 0, time.UTC)
	got, ok = q.parse(Answer{Text: "1/2", Year: 2027}, Result{}, newYearsEve)
	require.True(t, ok)
	require.Equal(t, "2027-01-02", got, "it is 2027 already where the workspace is")
}

// FuzzAnswer shows that no answer panics and that a stored form is itself a
// valid answer with the same stored form.
func FuzzAnswer(f *testing.F) {
	types := []QuestionType{AskText, AskChoice, AskNumber, AskDate, AskPhone, AskEmail, AskURL, AskRating, AskLocation}
	for i, s := range []string{"hello", "2", "1,000.5", "Feb/29/24", "+60 11-223 3455", "Ann@Example.com", "example.com", "⭐⭐", "(3.15, 101.7)"} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		q := AskQuestion{QuestionType: types[int(kind)%len(types)]}
		options := []string{"Red", "Blue"}
		stored, ok := q.parse(Answer{Type: "text", Text: text}, Result{Options: options}, today())
		if !ok {
			return
		}
		require.NotEmpty(t, stored)
		again, ok := q.parse(Answer{Type: "text", Text: stored}, Result{Options: options}, today())
		require.True(t, ok, "%q → %q", text, stored)
		require.Equal(t, stored, again)
	})
}
