package channel

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// CutText is as much of a text as fits a limit, up to the end of a word and with an ellipsis. It is for texts that no person has
// written: what a person writes is refused instead, never cut.
func CutText(s string, l TextLimit) string {
	if l.fits(s) {
		return s
	}
	const more = "…"
	end := 0
	for at := range s { // where a character begins
		if !l.fits(s[:at] + more) {
			break
		}
		end = at
	}
	cut := s[:end]
	if at := strings.LastIndexFunc(cut, unicode.IsSpace); at > len(cut)/2 {
		cut = cut[:at]
	}
	return strings.TrimRightFunc(cut, unicode.IsSpace) + more
}

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
