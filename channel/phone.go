package channel

import (
	"fmt"
	"strings"
	"unicode"
)

// NormalizePhone reads a telephone number and returns it as E.164 with its +. The input may hold spaces, dashes, dots, brackets
// and a leading 00 or no +; 7 to 15 digits must remain, the first not 0.
//
// It asks no numbering plan on purpose: a contact who wrote from a number has that number, even if a table does not know it yet.
func NormalizePhone(s string) (string, error) {
	var digits strings.Builder
	plus := false
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case r == '+' && !plus && digits.Len() == 0:
			plus = true
		case strings.ContainsRune("-.()[]‐‑–", r), unicode.IsSpace(r):
		default:
			return "", fmt.Errorf("%q is no telephone number: %q is not allowed in it", s, r)
		}
	}
	number := digits.String()
	if !plus {
		number = strings.TrimPrefix(number, "00")
	}
	switch {
	case len(number) < 7 || len(number) > 15:
		return "", fmt.Errorf("%q is no telephone number: it needs 7 to 15 digits with the country code, it has %d", s, len(number))
	case number[0] == '0':
		return "", fmt.Errorf("%q is no international telephone number: it starts with 0; write it with its country code, as +4915112345678", s)
	}
	return "+" + number, nil
}
