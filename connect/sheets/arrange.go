package sheets

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// arrange puts the cells of a row under the titles. A title is compared exactly,
// then ignoring case; of equal titles the first counts. Columns without a value
// are nil, which Google leaves blank.
func arrange(titles []string, row Row) ([]any, error) {
	missing := func(format string, args ...any) error {
		return &Error{Class: Missing, Message: fmt.Sprintf(format, args...)}
	}
	if len(titles) == 0 {
		return nil, missing("Row 1 of the sheet %q is empty. Write the titles of the columns there.", row.Sheet)
	}
	if titles[0] == "" { // Google would take another table of the sheet for the one to append to
		return nil, missing("Cell A1 of the sheet %q is empty. Begin row 1 with a title: rows are written from column A on.", row.Sheet)
	}
	cells := make([]any, len(titles))
	var unknown []string
	width := 0
	for _, cell := range row.Cells {
		at := column(titles, cell.Column)
		switch {
		case at < 0:
			unknown = append(unknown, fmt.Sprintf("%q", cell.Column))
		case cells[at] != nil:
			return nil, missing("Two values are meant for the column %q of the sheet %q: their names differ in upper and lower case only. Give each its own column.", titles[at], row.Sheet)
		default:
			cells[at] = Guard(cell.Text)
			width = max(width, at+1)
		}
	}
	if len(unknown) > 0 {
		return nil, missing("Row 1 of the sheet %q has no column %s. Add the title there, or correct it in the step.", row.Sheet, strings.Join(unknown, ", "))
	}
	return cells[:width], nil
}

func column(titles []string, name string) int {
	name = strings.TrimSpace(name)
	if at := slices.Index(titles, name); at >= 0 && name != "" {
		return at
	}
	return slices.IndexFunc(titles, func(t string) bool { return name != "" && strings.EqualFold(t, name) })
}

// negative is a negative number, with or without separators.
var negative = regexp.MustCompile(`^-(\d+|\d{1,3}([.,' ]\d{3})+)([.,]\d+)?([eE][+-]?\d{1,3})?%?$`)

// Guard makes a value that Sheets would take for a formula a text: it gets a
// leading ', which Sheets does not show. What comes before the sign and does not
// show either (spaces, tabs, line breaks) hides nothing. Negative numbers stay
// numbers.
func Guard(value string) string {
	visible := strings.TrimLeftFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
	if visible == "" || !strings.ContainsRune("=+-@＝＋－＠", []rune(visible)[0]) || negative.MatchString(strings.TrimSpace(value)) {
		return value
	}
	return "'" + value
}
