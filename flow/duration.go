package flow

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time as written in a file, for example 1h30m or 7d:
// whole numbers of days, hours, minutes and seconds, largest unit first, each
// at most once, more than zero. The zero value means: not written.
type Duration time.Duration

// unit is one letter of a written duration.
type unit struct {
	letter byte
	length time.Duration
}

func units() [4]unit {
	return [4]unit{{'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}
}

// ParseDuration reads a written duration. It accepts any length that Go can
// hold; limits belong to the place where it is used.
func ParseDuration(s string) (Duration, error) {
	rest, total := s, time.Duration(0)
	for _, u := range units() {
		n, after, ok := amount(rest, u.letter)
		if !ok {
			continue
		}
		if n > int64((math.MaxInt64-total)/u.length) {
			return 0, fmt.Errorf("duration %q is too long", s)
		}
		total, rest = total+time.Duration(n)*u.length, after
	}
	if rest != "" || s == "" {
		return 0, fmt.Errorf("%q is not a duration; write whole numbers with d, h, m and s, largest first, for example 1h30m", s)
	}
	if total == 0 {
		return 0, fmt.Errorf("duration %q is zero; write more than zero, for example 10m", s)
	}
	return Duration(total), nil
}

// amount reads digits followed by the unit's letter.
func amount(s string, letter byte) (n int64, rest string, ok bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == 0 || i == len(s) || s[i] != letter {
		return 0, s, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil {
		n = math.MaxInt64 // refused by the caller as too long
	}
	return n, s[i+1:], true
}

// String writes the duration with the largest units that fit: 90m is "1h30m".
// Fractions of a second are left out; nothing is "0s".
func (d Duration) String() string {
	var b strings.Builder
	rest := time.Duration(d)
	for _, u := range units() {
		if n := rest / u.length; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10))
			b.WriteByte(u.letter)
			rest -= n * u.length
		}
	}
	if b.Len() == 0 {
		return "0s"
	}
	return b.String()
}

// MarshalText writes the stored form; a duration that is not written is "".
func (d Duration) MarshalText() ([]byte, error) {
	if d == 0 {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Duration) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = 0
		return nil
	}
	got, err := ParseDuration(string(b))
	if err != nil {
		return err
	}
	*d = got
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
