package flow

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
)

// holds compares the left side with the wanted value. Missing makes every
// operator false except does_not_exist and the negative ones.
func (l left) holds(op Operator, want Value, zone *time.Location) bool {
	if l.gone {
		return false
	}
	switch op {
	case OpExists:
		return !l.missing()
	case OpNotExists:
		return l.missing()
	case OpNotEqual:
		return l.missing() || !l.holds(OpEqual, want, zone)
	case OpNotContains:
		return l.missing() || !l.holds(OpContains, want, zone)
	case OpNoneOf:
		return l.missing() || !l.holds(OpAnyOf, want, zone)
	case OpTimestampAfter, OpTimestampBefore, OpTimestampBetween:
		return l.holdsMoment(op, want, zone)
	}
	switch {
	case l.missing():
		return false
	case l.moment != nil:
		return holdsDuration(l.since, op, want)
	}
	return l.holdsText(op, want)
}

func (l left) holdsText(op Operator, want Value) bool {
	text := strings.Join(l.texts, ", ")
	switch op {
	case OpEqual:
		return equal(text, want.Text())
	case OpContains:
		_, ok := contained(text, want)
		return ok
	case OpRegex:
		_, ok := regexMatch(text, want)
		return ok
	case OpAnyOf:
		return slices.ContainsFunc(want.List(), l.has)
	case OpAllOf:
		list := want.List()
		return len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !l.has(s) })
	case OpGreater:
		return compareNumbers(text, want.Text(), func(c int) bool { return c > 0 })
	case OpLess:
		return compareNumbers(text, want.Text(), func(c int) bool { return c < 0 })
	case OpBetween:
		from, to, ok := want.Range()
		return ok && compareNumbers(text, from, func(c int) bool { return c >= 0 }) &&
			compareNumbers(text, to, func(c int) bool { return c <= 0 })
	}
	return false
}

func (l left) has(text string) bool {
	return slices.ContainsFunc(l.texts, func(have string) bool { return equalText(have, text) })
}

// equal compares as numbers when both sides are numbers, else as text.
func equal(a, b string) bool {
	x, y := decimal(a), decimal(b)
	if x != nil && y != nil {
		return x.Cmp(y) == 0
	}
	return equalText(a, b)
}

func equalText(a, b string) bool {
	return fold(strings.TrimSpace(a)) == fold(strings.TrimSpace(b))
}

// contained returns the first wanted text that is part of text. An empty one,
// for example from an empty variable, is part of nothing.
func contained(text string, want Value) (string, bool) {
	text = fold(text)
	for _, part := range want.List() {
		part = strings.TrimSpace(part)
		if part != "" && strings.Contains(text, fold(part)) {
			return part, true
		}
	}
	return "", false
}

// fold is a text in the form in which texts compare ignoring case: full Unicode
// case folding, as for the names of tags, so that STRASSE is straße.
func fold(s string) string { return cases.Fold().String(s) }

// MaxRegex is how many characters a regular expression may have, also after
// its variables are put in: a contact could fill one with anything.
const MaxRegex = 200

// regexMatch returns the part of text that a wanted expression matches.
func regexMatch(text string, want Value) (string, bool) {
	for _, expr := range want.List() {
		if cut(expr, MaxRegex) != expr {
			continue
		}
		re, err := regexp.Compile(expr)
		if err != nil {
			continue
		}
		if at := re.FindStringIndex(text); at != nil {
			return text[at[0]:at[1]], true
		}
	}
	return "", false
}

func compareNumbers(a, b string, ok func(cmp int) bool) bool {
	x, y := decimal(a), decimal(b)
	return x != nil && y != nil && ok(x.Cmp(y))
}

// decimal reads a plain decimal number, exactly: long ids are not rounded into
// equality. Nil when it is none.
func decimal(s string) *big.Rat {
	s = strings.TrimSpace(s)
	if !isDecimal(s) {
		return nil
	}
	r, _ := new(big.Rat).SetString(s)
	return r
}

// isDecimal accepts an optional sign, digits, and a fraction: 12, -3.5, +60.
func isDecimal(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, dot := strings.Cut(s, ".")
	return allDigits(whole) && (!dot || allDigits(fraction))
}

func allDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

func holdsDuration(since time.Duration, op Operator, want Value) bool {
	from, to, isRange := want.Range()
	if op == OpBetween && isRange {
		a, errA := ParseDuration(strings.TrimSpace(from))
		b, errB := ParseDuration(strings.TrimSpace(to))
		return errA == nil && errB == nil && since >= time.Duration(a) && since <= time.Duration(b)
	}
	d, err := ParseDuration(strings.TrimSpace(want.Text()))
	if err != nil {
		return false
	}
	return op == OpGreater && since > time.Duration(d) || op == OpLess && since < time.Duration(d)
}

func (l left) holdsMoment(op Operator, want Value, zone *time.Location) bool {
	at, ok := l.at(zone)
	if !ok {
		return false
	}
	if op == OpTimestampBetween {
		from, to, isRange := want.Range()
		first, _, okFrom := moment(from, zone)
		_, last, okTo := moment(to, zone)
		return isRange && okFrom && okTo && !at.Before(first) && !at.After(last)
	}
	limit, _, ok := moment(want.Text(), zone)
	if !ok {
		return false
	}
	return op == OpTimestampAfter && at.After(limit) || op == OpTimestampBefore && at.Before(limit)
}

func (l left) at(zone *time.Location) (time.Time, bool) {
	if l.moment != nil {
		return *l.moment, true
	}
	if len(l.texts) != 1 {
		return time.Time{}, false
	}
	at, _, ok := moment(l.texts[0], zone)
	return at, ok
}

// moment reads a date or a date and time in a zone. A date is the whole day:
// first is 00:00, last its final instant.
func moment(s string, zone *time.Location) (first, last time.Time, ok bool) {
	s = strings.TrimSpace(s)
	if at, err := time.ParseInLocation(dateTimeLayout, s, zone); err == nil {
		return at, at, true
	}
	day, err := time.Parse(dateLayout, s)
	if err != nil {
		return first, last, false
	}
	return dayStart(day, zone), dayStart(day.AddDate(0, 0, 1), zone).Add(-time.Nanosecond), true
}

// dayStart is the first instant of a day, given in UTC, on the clocks of a zone.
// That is not always 00:00: where the clocks go forward at midnight the day
// begins later, and where they go back over it, midnight comes twice.
func dayStart(day time.Time, zone *time.Location) time.Time {
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	since, until := at.ZoneBounds()
	_, offset := at.Zone()
	switch clock := at.UTC().Add(time.Duration(offset) * time.Second); {
	case clock.Before(day): // there is no 00:00; at is before the change
		return until
	case clock.After(day): // there is none; at is behind it
		return since
	case since.IsZero():
		return at
	}
	_, before := since.Add(-1).Zone()
	if earlier := at.Add(time.Duration(offset-before) * time.Second); earlier.Before(since) {
		return earlier
	}
	return at
}
