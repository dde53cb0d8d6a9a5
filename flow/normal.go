package flow

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// The normal forms in which answers and contact fields are stored. Each parser
// takes trimmed text and returns the stored form.

// plainNumber writes a decimal without plus sign, leading and trailing zeros.
func plainNumber(s string) string {
	s = strings.TrimPrefix(s, "+")
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(strings.TrimPrefix(s, "-"), "0")
	if s == "" || s[0] == '.' {
		s = "0" + s
	}
	s = numberText(s)
	if negative && s != "0" {
		s = "-" + s
	}
	return s
}

// parsePhone reads a number with country code: spaces, dashes, dots, brackets
// and a leading + or 00 are dropped; 7 to 15 digits remain, the first not 0.
func parsePhone(s string) (string, bool) {
	s, plus := strings.CutPrefix(s, "+")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), strings.ContainsRune(".()[]", r):
		default:
			return "", false
		}
	}
	digits := b.String()
	if !plus {
		digits = strings.TrimPrefix(digits, "00")
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return "", false
	}
	return "+" + digits, true
}

// parseEmail checks the shape local@domain, without quoted local parts and
// comments, which no mail provider gives to people.
func parseEmail(s string) (string, bool) {
	local, domain, _ := strings.Cut(s, "@")
	if len(s) > 254 || len(local) > 64 || !validLocal(local) || !validDomain(domain) {
		return "", false
	}
	return strings.ToLower(s), true
}

func validLocal(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool {
			return !isLetterOrDigit(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
		}) {
			return false
		}
	}
	return true
}

// validDomain accepts a name with at least two labels whose last one is no number.
func validDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 || !validHost(s) {
		return false
	}
	last := labels[len(labels)-1]
	return !allDigits(last) && len([]rune(last)) > 1
}

func validHost(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool { return r != '-' && !isLetterOrDigit(r) }) {
			return false
		}
	}
	return true
}

func isLetterOrDigit(r rune) bool {
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit)
}

// parseURL reads an http or https address. One written without scheme must
// look like a host name and gets https; an e-mail address is none.
func parseURL(s string) (string, bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", false
	}
	scheme, rest, written := strings.Cut(s, "://")
	if scheme = strings.ToLower(scheme); !written || strings.ContainsAny(scheme, "/?#") {
		scheme, rest, written = "https", s, false
	}
	if scheme != "http" && scheme != "https" {
		return "", false
	}
	address := scheme + "://" + rest
	u, err := url.Parse(address)
	if err != nil || !validAuthority(u, written) {
		return "", false
	}
	return address, true
}

// validAuthority accepts any host behind a written scheme, also localhost and
// IPv6; without one it must be a domain name and no e-mail address.
func validAuthority(u *url.URL, schemeWritten bool) bool {
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if !schemeWritten {
		return u.User == nil && validDomain(host)
	}
	return strings.Contains(host, ":") || validHost(host)
}

// parseDate reads the ways of writing a date that a question accepts, month
// before day: 2/29/2024, 02-29-24, 2/29 (of the present year), 2024-02-29,
// Feb/29/2024 …
func parseDate(s string, now time.Time) (string, bool) {
	separator := "/"
	if strings.Contains(s, "-") {
		separator = "-"
	}
	parts := strings.Split(s, separator)
	switch {
	case len(parts) == 2 && separator == "/" && allDigits(parts[0]):
		parts = append(parts, strconv.Itoa(now.Year()))
	case len(parts) == 3 && len(parts[0]) == 4 && allDigits(parts[0]):
		parts = []string{parts[1], parts[2], parts[0]}
		if !allDigits(parts[0]) {
			return "", false
		}
	case len(parts) != 3:
		return "", false
	}
	month, okMonth := monthOf(parts[0])
	day, okDay := smallNumber(parts[1])
	year, okYear := yearOf(parts[2])
	if !okMonth || !okDay || !okYear {
		return "", false
	}
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return date.Format(dateLayout), date.Month() == month && date.Day() == day
}

// monthOf reads a month as one or two digits, or as its English name or the
// first three letters of it.
func monthOf(s string) (time.Month, bool) {
	if n, ok := smallNumber(s); ok {
		return time.Month(n), n >= 1 && n <= 12
	}
	for m := time.January; m <= time.December; m++ {
		if name := m.String(); strings.EqualFold(s, name) || strings.EqualFold(s, name[:3]) {
			return m, true
		}
	}
	return 0, false
}

func smallNumber(s string) (int, bool) {
	if !allDigits(s) || len(s) > 2 {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

// yearOf reads four digits, or two: 69–99 are in the 1900s, the rest in the 2000s.
func yearOf(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || !allDigits(s):
		return 0, false
	case len(s) == 4:
		return n, n > 0
	case len(s) == 2 && n >= 69:
		return 1900 + n, true
	}
	return 2000 + n, len(s) == 2
}
