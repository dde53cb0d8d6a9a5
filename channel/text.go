package channel

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// CleanText brings text from outside into the form in which all text is stored: NFC, without control characters except line feed
// and tab, trimmed.
func CleanText(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(norm.NFC.String(s))
}
