package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func workdays(intervals ...string) BusinessHours {
	return BusinessHours{Monday: intervals, Tuesday: intervals, Wednesday: intervals, Thursday: intervals, Friday: intervals}
}

// Scenario 73 and the rules of 4.12. March 2, 2026 is a Monday; Rome is an hour
// ahead of UTC until March 29, then two.
func TestInside(t *testing.T) {
	hours := func(zone string, b BusinessHours) DateTime {
		return DateTime{Timezone: zone, Mode: byHours, BusinessHours: b}
	}
	days := func(zone, from, to string) DateTime {
		return DateTime{Timezone: zone, Mode: byDates, DateRange: DateRange{from, to}}
	}
	office, rome := workdays("09:00-12:30", "13:00-17:00"), "Europe/Rome"
	night := BusinessHours{Friday: []string{"22:00-06:00"}}
	for name, c := range map[string]struct {
		step DateTime
		at   string // UTC
		want bool
	}{
		"Monday 08:59 in Rome":               {hours(rome, workdays("09:00-17:00")), "2026-03-02T07:59:59Z", false},
		"Monday 09:00 in Rome":               {hours(rome, workdays("09:00-17:00")), "2026-03-02T08:00:00Z", true},
		"Monday 16:59:59 in Rome":            {hours(rome, workdays("09:00-17:00")), "2026-03-02T15:59:59Z", true},
		"Monday 17:00, the end is not in it": {hours(rome, workdays("09:00-17:00")), "2026-03-02T16:00:00Z", false},
		"the same hour in summer":            {hours(rome, workdays("09:00-17:00")), "2026-03-30T07:00:00Z", true},
		"before it in summer":                {hours(rome, workdays("09:00-17:00")), "2026-03-30T06:59:59Z", false},
		"lunch":                              {hours("UTC", office), "2026-03-02T12:30:00Z", false},
		"after lunch":                        {hours("UTC", office), "2026-03-02T13:00:00Z", true},
		"Sunday is off":                      {hours("UTC", office), "2026-03-01T10:00:00Z", false},
		"another day elsewhere":              {hours("Pacific/Auckland", office), "2026-03-01T21:00:00Z", true},
		"Friday night":                       {hours("UTC", night), "2026-03-06T22:00:00Z", true},
		"goes on on Saturday":                {hours("UTC", night), "2026-03-07T05:59:59Z", true},
		"until its end":                      {hours("UTC", night), "2026-03-07T06:00:00Z", false},
		"not on Friday morning":              {hours("UTC", night), "2026-03-06T05:00:00Z", false},
		"not on Saturday night":              {hours("UTC", night), "2026-03-07T22:30:00Z", false},
		"Saturday night into Sunday":         {hours("UTC", BusinessHours{Saturday: []string{"23:00-01:00"}}), "2026-03-08T00:30:00Z", true},
		"until 24:00":                        {hours("UTC", BusinessHours{Monday: []string{"18:00-24:00"}}), "2026-03-02T23:59:59Z", true},
		"24:00 is not the next day":          {hours("UTC", BusinessHours{Monday: []string{"18:00-24:00"}}), "2026-03-03T00:00:00Z", false},
		"the whole day":                      {hours("UTC", BusinessHours{Monday: []string{"00:00-24:00"}}), "2026-03-02T00:00:00Z", true},
		"equal ends are 24 hours":            {hours("UTC", BusinessHours{Monday: []string{"08:00-08:00"}}), "2026-03-03T07:59:59Z", true},
		"equal ends, after them":             {hours("UTC", BusinessHours{Monday: []string{"08:00-08:00"}}), "2026-03-03T08:00:00Z", false},
		"the hour that occurs twice":         {hours(rome, BusinessHours{Sunday: []string{"02:00-03:00"}}), "2026-10-25T01:30:00Z", true},
		"the hour that is left out":          {hours(rome, BusinessHours{Sunday: []string{"02:00-03:00"}}), "2026-03-29T01:00:00Z", false},
		"no hours at all":                    {hours("UTC", BusinessHours{}), "2026-03-02T10:00:00Z", false},
		"unreadable hours":                   {hours("UTC", BusinessHours{Monday: []string{"always"}}), "2026-03-02T10:00:00Z", false},
		"first day":                          {days(rome, "2026-12-24", "2026-12-26"), "2026-12-23T23:00:00Z", true},
		"before the first day":               {days(rome, "2026-12-24", "2026-12-26"), "2026-12-23T22:59:59Z", false},
		"last day":                           {days(rome, "2026-12-24", "2026-12-26"), "2026-12-26T22:59:59Z", true},
		"after the last day":                 {days(rome, "2026-12-24", "2026-12-26"), "2026-12-26T23:00:00Z", false},
		"one day":                            {days("UTC", "2026-12-24", "2026-12-24"), "2026-12-24T12:00:00Z", true},
		"no days":                            {days("UTC", "", ""), "2026-12-24T12:00:00Z", false},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			require.NoError(t, err)
			zone, err := LoadZone(c.step.Timezone)
			require.NoError(t, err)
			require.Equal(t, c.want, c.step.Inside(at, zone))
		})
	}
}

func TestDateTimeCheck(t *testing.T) {
	hours := workdays("09:00-17:00")
	for name, c := range map[string]struct {
		step DateTime
		want []string
	}{
		"hours":                  {DateTime{Mode: byHours, BusinessHours: hours}, nil},
		"hours with a zone":      {DateTime{Mode: byHours, BusinessHours: hours, Timezone: "Asia/Kolkata"}, nil},
		"until midnight":         {DateTime{Mode: byHours, BusinessHours: BusinessHours{Sunday: []string{"00:00-24:00", "23:59-00:00"}}}, nil},
		"days":                   {DateTime{Mode: byDates, DateRange: DateRange{"2028-02-29", "2028-02-29"}}, nil},
		"no mode":                {DateTime{BusinessHours: hours}, []string{"step.config.missing mode"}},
		"another mode":           {DateTime{Mode: "weekends"}, []string{"step.config.invalid mode"}},
		"no hours":               {DateTime{Mode: byHours}, []string{"step.config.missing business_hours"}},
		"hours without interval": {DateTime{Mode: byHours, BusinessHours: BusinessHours{Monday: []string{}}}, []string{"step.config.missing business_hours"}},
		"bad intervals": {DateTime{Mode: byHours, BusinessHours: BusinessHours{Tuesday: []string{"09:00-17:00", "9:00-17:00"}, Sunday: []string{"24:00-06:00", "10:00-24:01", "", "09:00", "09:60-10:00", "09:00–17:00", "25:00-26:00"}}},
			[]string{"datetime.interval.invalid business_hours.sunday[0]", "datetime.interval.invalid business_hours.sunday[1]", "datetime.interval.invalid business_hours.sunday[2]",
				"datetime.interval.invalid business_hours.sunday[3]", "datetime.interval.invalid business_hours.sunday[4]", "datetime.interval.invalid business_hours.sunday[5]",
				"datetime.interval.invalid business_hours.sunday[6]", "datetime.interval.invalid business_hours.tuesday[1]"}},
		"no days":             {DateTime{Mode: byDates}, []string{"step.config.missing date_range"}},
		"one day missing":     {DateTime{Mode: byDates, DateRange: DateRange{From: "2026-12-24"}}, []string{"step.config.missing date_range.to"}},
		"days that are none":  {DateTime{Mode: byDates, DateRange: DateRange{"2026-02-29", "24.12.2026"}}, []string{"datetime.range.invalid date_range.from", "datetime.range.invalid date_range.to"}},
		"the wrong way round": {DateTime{Mode: byDates, DateRange: DateRange{"2026-12-25", "2026-12-24"}}, []string{"datetime.range.invalid date_range"}},
		"hours and days":      {DateTime{Mode: byHours, BusinessHours: hours, DateRange: DateRange{"2026-12-24", "2026-12-24"}}, []string{"step.config.not_allowed date_range"}},
		"days and hours":      {DateTime{Mode: byDates, BusinessHours: hours, DateRange: DateRange{"2026-12-24", "2026-12-24"}}, []string{"step.config.not_allowed business_hours"}},
		"zone":                {DateTime{Mode: byHours, BusinessHours: hours, Timezone: "Local"}, []string{"datetime.timezone.unknown timezone"}},
		"zone outside":        {DateTime{Mode: byHours, BusinessHours: hours, Timezone: "../../etc/passwd"}, []string{"datetime.timezone.unknown timezone"}},
	} {
		t.Run(name, func(t *testing.T) { require.ElementsMatch(t, c.want, stepProblemsOf(&c.step, nil)) })
	}
}

// stepProblemsOf checks one step: code and setting of each problem.
func stepProblemsOf(cfg Config, dir Directory) (list []string) {
	for _, p := range Check(steps(Step{ID: "it", Config: cfg}), dir, Publish) {
		list = append(list, p.Code+" "+p.Path[len("steps[0].config."):])
	}
	return list
}

// Scenario 74: an arm that leads nowhere ends the run.
func TestDateTimeRun(t *testing.T) {
	for arm, want := range map[Arm][]string{ArmSuccess: {"it ok success", "in ok next"}, ArmFailure: {"it ok failure"}} {
		w := newWorld(t)
		w.script = func(_ Call, e Effect) (Result, bool) {
			_, ok := e.(CheckTime)
			return Result{Outcome: Done, Arm: arm}, ok
		}
		ending := w.run(steps(Step{ID: "it", Config: &DateTime{Mode: byDates}, Arms: leads("success", "in")}, Step{ID: "in", Config: &AddComment{}}))
		require.Equal(t, Ending{RunCompleted, EndOfPath}, ending)
		require.Equal(t, want, w.path())
	}
}

// FuzzInterval: no text makes the parser panic; what it takes is written as it says.
func FuzzInterval(f *testing.F) {
	for _, s := range []string{"09:00-17:00", "22:00-06:00", "00:00-24:00", "24:00-00:00", "9-17", "-", "", "٠٩:٠٠-١٧:٠٠"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		in, err := parseInterval(text)
		if err != nil {
			return
		}
		require.Equal(t, text, clock(in.start)+"-"+clock(in.end))
		require.Less(t, in.start, dayMinutes)
		d := DateTime{Mode: byHours, BusinessHours: BusinessHours{Monday: []string{text}}}
		start := time.Date(2026, 3, 2, 0, in.start, 0, 0, time.UTC)
		require.True(t, d.Inside(start, time.UTC), "the start is in it")
		end := time.Date(2026, 3, 2, 0, in.end, 0, 0, time.UTC)
		if in.overnight() {
			end = end.AddDate(0, 0, 1)
		}
		require.True(t, d.Inside(end.Add(-time.Second), time.UTC), "the last second is in it")
		require.False(t, d.Inside(end, time.UTC), "the end is not")
	})
}

func clock(minutes int) string {
	if minutes == dayMinutes {
		return "24:00"
	}
	return time.Time{}.Add(time.Duration(minutes) * time.Minute).Format("15:04")
}
