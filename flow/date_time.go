package flow

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// DateTime asks whether the present moment lies within business hours or a
// range of days (type date_time): inside it leaves by success, outside by failure.
//
// Hours and days are those on the clocks of its time zone, daylight-saving time
// included. For holidays put a step with a date range before the one with the hours.
type DateTime struct {
	Timezone      string        `json:"timezone,omitempty" flow:"timezone"` // IANA name; "" = the workspace's
	Mode          string        `json:"mode" flow:"mode,required" enum:"business_hours,date_range"`
	BusinessHours BusinessHours `json:"business_hours,omitzero" flow:"business_hours"`
	DateRange     DateRange     `json:"date_range,omitzero" flow:"date_range"`
}

// The modes of Date & Time.
const (
	byHours = "business_hours"
	byDates = "date_range"
)

// BusinessHours are the intervals of each weekday, such as "09:00-17:00"; a day
// without any is off. The start belongs to an interval, the end does not; 24:00
// may be the end. An end that is not after the start lies on the next day.
type BusinessHours struct {
	Monday    []string `json:"monday,omitempty" flow:"monday"`
	Tuesday   []string `json:"tuesday,omitempty" flow:"tuesday"`
	Wednesday []string `json:"wednesday,omitempty" flow:"wednesday"`
	Thursday  []string `json:"thursday,omitempty" flow:"thursday"`
	Friday    []string `json:"friday,omitempty" flow:"friday"`
	Saturday  []string `json:"saturday,omitempty" flow:"saturday"`
	Sunday    []string `json:"sunday,omitempty" flow:"sunday"`
}

// DateRange are whole days, both inclusive, written YYYY-MM-DD.
type DateRange struct {
	From string `json:"from,omitempty" flow:"from"`
	To   string `json:"to,omitempty" flow:"to"`
}

// day returns the intervals of a weekday and its key in the file.
func (b *BusinessHours) day(d time.Weekday) (key string, intervals []string) {
	return strings.ToLower(d.String()), [...][]string{b.Sunday, b.Monday, b.Tuesday, b.Wednesday, b.Thursday, b.Friday, b.Saturday}[d]
}

func (d *DateTime) check(c *checker) {
	if _, err := LoadZone(d.Timezone); d.Timezone != "" && err != nil && c.waiting(d.Timezone) == nil {
		c.add("datetime.timezone.unknown", "timezone", "There is no time zone %q. Write an IANA name such as Europe/Rome.", cut(d.Timezone, 60))
	}
	hours := 0
	for day := time.Sunday; day <= time.Saturday; day++ {
		key, intervals := d.BusinessHours.day(day)
		hours += len(intervals)
		for i, text := range intervals {
			if _, err := parseInterval(text); err != nil && c.waiting(text) == nil {
				c.add("datetime.interval.invalid", item("business_hours."+key, i), "%s", sentence(err))
			}
		}
	}
	switch d.Mode {
	case byHours:
		if hours == 0 {
			c.missing("business_hours")
		}
		c.notAllowed(d.DateRange != DateRange{}, "date_range", "the mode is business_hours")
	case byDates:
		d.DateRange.check(c)
		c.notAllowed(hours > 0, "business_hours", "the mode is date_range")
	}
}

func (r DateRange) check(c *checker) {
	if r == (DateRange{}) {
		c.missing("date_range")
		return
	}
	good := true
	for _, day := range []struct{ key, text string }{{"date_range.from", r.From}, {"date_range.to", r.To}} {
		_, err := time.Parse(dateLayout, day.text)
		good = good && err == nil
		switch {
		case day.text == "":
			c.missing(day.key)
		case err != nil && c.waiting(day.text) == nil:
			c.add("datetime.range.invalid", day.key, "%q is not a day. Write an existing date as YYYY-MM-DD, for example 2026-12-24.", cut(day.text, 40))
		}
	}
	if good && r.From > r.To {
		c.add("datetime.range.invalid", "date_range", "The first day, %s, is after the last one, %s. Exchange them.", r.From, r.To)
	}
}

// LoadZone finds a time zone by its IANA name.
func LoadZone(name string) (*time.Location, error) {
	if name == "" || name == "Local" { // time.LoadLocation has meanings of its own for them
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return time.LoadLocation(name)
}

// Inside reports whether a moment lies within the hours or days, on the clocks
// of zone. Intervals and days that cannot be read hold nothing.
func (d *DateTime) Inside(now time.Time, zone *time.Location) bool {
	now = now.In(zone)
	if d.Mode == byDates {
		today := now.Format(dateLayout)
		return d.DateRange.From <= today && today <= d.DateRange.To && d.DateRange.From != ""
	}
	clock := now.Hour()*60 + now.Minute()
	_, today := d.BusinessHours.day(now.Weekday())
	_, yesterday := d.BusinessHours.day((now.Weekday() + 6) % 7)
	for _, text := range today {
		if in, err := parseInterval(text); err == nil && in.start <= clock && (clock < in.end || in.overnight()) {
			return true
		}
	}
	for _, text := range yesterday {
		if in, err := parseInterval(text); err == nil && in.overnight() && clock < in.end {
			return true
		}
	}
	return false
}

// interval is a part of a day in minutes from its beginning.
type interval struct{ start, end int }

// overnight reports whether the interval ends on the next day.
func (i interval) overnight() bool { return i.end <= i.start }

const dayMinutes = 24 * 60

// parseInterval reads HH:MM-HH:MM.
func parseInterval(text string) (in interval, err error) {
	from, to, ok := strings.Cut(text, "-")
	start, err1 := parseClock(from)
	end, err2 := parseClock(to)
	if !ok || err1 != nil || err2 != nil || start == dayMinutes {
		return in, fmt.Errorf("%s is not an interval of hours; write for example 09:00-17:00, with 00:00 to 23:59 as start and up to 24:00 as end", quote(text))
	}
	return interval{start, end}, nil
}

// parseClock reads HH:MM from 00:00 to 24:00 as minutes.
func parseClock(text string) (int, error) {
	if len(text) != len("00:00") || text[2] != ':' || !allDigits(text[:2]) || !allDigits(text[3:]) {
		return 0, strconv.ErrSyntax
	}
	hours, _ := strconv.Atoi(text[:2])
	minutes, _ := strconv.Atoi(text[3:])
	if minutes > 59 || hours*60+minutes > dayMinutes {
		return 0, strconv.ErrRange
	}
	return hours*60 + minutes, nil
}

func (d *DateTime) run(x *Execution) (way, error) {
	r, _, err := x.do(CheckTime{*d})
	if err != nil || x.ended != nil {
		return way{}, err
	}
	return by(r.Arm), nil
}
