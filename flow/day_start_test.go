package flow

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A date without time is the whole day on the clocks of the workspace, also
// where the clocks change at midnight.
func TestADateIsTheWholeDay(t *testing.T) {
	for name, c := range map[string]struct{ zone, date, first, last string }{
		"ordinary":                      {"Asia/Tokyo", "2026-03-11", "2026-03-10T15:00:00Z", "2026-03-11T14:59:59Z"},
		"23 hours":                      {"Europe/Rome", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"},
		"25 hours":                      {"Europe/Rome", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"},
		"begins at 01:00":               {"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T20:59:59Z"},
		"before a day without 00:00":    {"Africa/Cairo", "2026-04-23", "2026-04-22T22:00:00Z", "2026-04-23T21:59:59Z"},
		"begins at 01:00, west":         {"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T01:59:59Z"},
		"23:00 comes twice":             {"America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T02:59:59Z"},
		"00:00 comes twice":             {"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"},
		"before 00:00 comes twice":      {"America/Havana", "2026-10-31", "2026-10-31T04:00:00Z", "2026-11-01T03:59:59Z"},
		"a day that never was":          {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T09:59:59Z"},
		"behind a day that never was":   {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z", "2011-12-31T09:59:59Z"},
		"before a day that never was":   {"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T09:59:59Z"},
		"a zone that has no changes":    {"UTC", "2026-12-31", "2026-12-31T00:00:00Z", "2026-12-31T23:59:59Z"},
		"the last day that can be told": {"UTC", "9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59Z"},
	} {
		t.Run(name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			require.NoError(t, err)
			first, last, ok := moment(c.date, zone)
			require.True(t, ok)
			require.Equal(t, c.first, first.UTC().Format(time.RFC3339))
			require.Equal(t, c.last, last.UTC().Format(time.RFC3339))
		})
	}
}

// The days of a zone follow each other without a gap, and each instant is on
// the day that its clocks show.
func TestDaysMeet(t *testing.T) {
	for _, name := range []string{"Africa/Cairo", "America/Havana", "America/Sao_Paulo", "Asia/Beirut", "Atlantic/Azores", "America/Nuuk", "Pacific/Apia", "Antarctica/Troll"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		for day := time.Date(2011, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2028; day = day.AddDate(0, 0, 1) {
			text := day.Format(dateLayout)
			first, last, ok := moment(text, zone)
			require.True(t, ok)
			next, _, _ := moment(day.AddDate(0, 0, 1).Format(dateLayout), zone)
			require.Equal(t, next, last.Add(1), "%s %s", name, text)
			if last.Before(first) {
				continue // Samoa left out 30 December 2011
			}
			require.Equal(t, text, first.Format(dateLayout), name)
			require.Equal(t, text, last.Format(dateLayout), name)
			require.NotEqual(t, text, first.Add(-1).Format(dateLayout), name)
		}
	}
}
