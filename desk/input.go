package desk

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"ucal/channel"
)

// coded is bad with a code of its own.
func (f *faults) coded(code, path, format string, args ...any) {
	*f = append(*f, channel.Detail{Path: path, Error: code, Message: fmt.Sprintf(format, args...)})
}

// text cleans a text and checks its length in characters; a least of 1 makes it
// required.
func (f *faults) text(path, s string, least, most int) string {
	s = channel.CleanText(s)
	switch n := utf8.RuneCountInString(s); {
	case n < least:
		f.bad(path, "is missing or blank")
	case n > most:
		f.bad(path, "has %d characters, at most %d are allowed", n, most)
	}
	return s
}

// change is text for a field that may be left alone.
func (f *faults) change(path string, field *string, in *string, least, most int) {
	if in != nil {
		*field = f.text(path, *in, least, most)
	}
}

// email cleans an e-mail address.
func (f *faults) email(path, s string) string {
	s = strings.ToLower(channel.CleanText(s))
	switch addr, err := mail.ParseAddress(s); {
	case s == "":
		f.bad(path, "is missing or blank")
	case err != nil || addr.Address != s || len(s) > 254:
		f.bad(path, "%q is no e-mail address; write it as ann@example.com", clip(s))
	}
	return s
}

func (f *faults) role(path string, r Role) {
	switch r {
	case Owner, Manager, Agent:
	case "":
		f.bad(path, "is missing; it is owner, manager or agent")
	default:
		f.bad(path, "%q is no role; use owner, manager or agent", clip(string(r)))
	}
}

func (f *faults) oneOf(path, s string, values []string) {
	if !slices.Contains(values, s) {
		f.bad(path, "%q is not known; use one of %s", clip(s), strings.Join(values, ", "))
	}
}

// clip keeps messages short when they name a value.
func clip(s string) string {
	if utf8.RuneCountInString(s) <= 60 {
		return s
	}
	return string([]rune(s)[:60]) + "…"
}

// room refuses one more row when a query finds the limit's number already.
func room(q *gorm.DB, what string, limit int64) error {
	var n int64
	if err := q.Count(&n).Error; err != nil {
		return err
	}
	if n >= limit {
		return refuse(Invalid, "limit_reached", "the workspace has %d %s, more than %d are not allowed; delete one that is not needed", n, what, limit)
	}
	return nil
}
