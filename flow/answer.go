package flow

import (
	"strconv"
	"strings"
	"time"
)

// parse checks an answer against the question and returns the form in which it
// is stored; ok is false for an invalid answer. Asked is how the question went
// out: the labels of a multiple choice, and whether as buttons.
func (q *AskQuestion) parse(a Answer, asked Result, now time.Time) (stored string, ok bool) {
	text := strings.TrimSpace(a.Text)
	if a.Type == locationMessage && q.QuestionType != AskLocation {
		return "", false // its text is an address that nobody typed
	}
	switch q.QuestionType {
	case AskText:
		return text, text != ""
	case AskChoice:
		return choose(a.Option, text, asked)
	case AskNumber:
		return q.parseNumber(text)
	case AskDate:
		if a.Year != 0 {
			now = time.Date(a.Year, time.January, 1, 0, 0, 0, 0, time.UTC)
		}
		return parseDate(text, now)
	case AskPhone:
		return parsePhone(text)
	case AskEmail:
		return parseEmail(text)
	case AskURL:
		return parseURL(text)
	case AskRating:
		if a.Option != 0 {
			text = strconv.Itoa(a.Option)
		}
		return parseRating(text)
	case AskLocation:
		if a.Latitude != nil && a.Longitude != nil {
			return coordinates(decimalText(*a.Latitude), decimalText(*a.Longitude))
		}
		return parseLocation(text)
	}
	return "", false
}

// Yearless reports whether the answer may be a date without a year, MM/DD. Then
// Year is needed, which costs a look at the workspace.
func (a Answer) Yearless() bool {
	month, day, ok := strings.Cut(strings.TrimSpace(a.Text), "/")
	return ok && allDigits(month) && allDigits(day)
}

const locationMessage = "location"

// choose finds an option by the button that was pressed, by its label, or by its
// number where the contact saw numbers. Labels come before numbers: an option
// may itself be called "2".
func choose(pressed int, text string, asked Result) (string, bool) {
	at := func(n int) (string, bool) {
		if n < 1 || n > len(asked.Options) {
			return "", false
		}
		label := strings.TrimSpace(asked.Options[n-1])
		return label, label != ""
	}
	if label, ok := at(pressed); ok {
		return label, true
	}
	for i, o := range asked.Options {
		if equalText(o, text) {
			return at(i + 1)
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || asked.Buttons || !allDigits(text) {
		return "", false
	}
	return at(n)
}

// parseNumber reads a number within the question's limits.
func (q *AskQuestion) parseNumber(text string) (string, bool) {
	plain, ok := withoutThousands(text)
	if !ok {
		return "", false
	}
	f, err := strconv.ParseFloat(plain, 64)
	if err != nil || q.Min != nil && f < *q.Min || q.Max != nil && f > *q.Max {
		return "", false
	}
	return plainNumber(plain), true
}

// withoutThousands removes commas where they group three digits: 1,000.5. A
// comma anywhere else, such as in 1,5, makes the number invalid rather than
// ten times too large.
func withoutThousands(s string) (string, bool) {
	whole, _, _ := strings.Cut(s, ".")
	groups := strings.Split(whole, ",")
	for i, g := range groups {
		if i == 0 {
			g = strings.TrimLeft(g, "+-")
		}
		first := i == 0 && len(g) >= 1 && len(g) <= 3
		if len(groups) > 1 && !first && len(g) != 3 {
			return "", false
		}
	}
	s = strings.Join(groups, "") + s[len(whole):]
	return s, isDecimal(s)
}

// parseRating reads 1 to 5 as a digit, "4 stars" or stars.
func parseRating(text string) (string, bool) {
	text = strings.ReplaceAll(text, "\ufe0f", "") // emoji presentation selector behind ⭐
	if stars := len([]rune(text)); stars >= 1 && stars <= 5 && strings.Trim(text, "★⭐") == "" {
		return strconv.Itoa(stars), true
	}
	digit, word, _ := strings.Cut(text, " ")
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "", "star", "stars":
	default:
		return "", false
	}
	return digit, len(digit) == 1 && digit[0] >= '1' && digit[0] <= '5'
}

// parseLocation reads "(3.1545313, 101.7151839)" as latitude and longitude;
// the brackets may be left out.
func parseLocation(text string) (string, bool) {
	inner, open := strings.CutPrefix(text, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	lat, lng, ok := strings.Cut(inner, ",")
	if !ok || open != closed {
		return "", false
	}
	return coordinates(strings.TrimSpace(lat), strings.TrimSpace(lng))
}

func coordinates(lat, lng string) (string, bool) {
	if !within(lat, 90) || !within(lng, 180) {
		return "", false
	}
	return plainNumber(lat) + "," + plainNumber(lng), true
}

func within(s string, limit float64) bool {
	f, err := strconv.ParseFloat(s, 64)
	return err == nil && isDecimal(s) && f >= -limit && f <= limit
}

func decimalText(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
