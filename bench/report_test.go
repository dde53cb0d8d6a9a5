package main

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

func TestMarkdown(t *testing.T) {
	ms := time.Millisecond
	r := newReport(options{concurrency: []int{1, 16}, rounds: 3, loop: 2 * time.Second, burst: 10}, "an SQLite file")
	for round, took := range []time.Duration{30 * ms, 10 * ms, 20 * ms} { // the median round counts
		r.add(phase{&ucal{}, closedLoop, 1, round}, outcome{contacts: 100, whole: 2 * time.Second, welcome: []time.Duration{took}, assigned: []time.Duration{2 * took},
			accept: []time.Duration{ms}, cpu: time.Second})
		r.add(phase{&plain{}, closedLoop, 1, round}, outcome{contacts: 50, whole: 2 * time.Second, welcome: []time.Duration{took / 2}, accept: []time.Duration{2 * ms}, cpu: time.Second})
	}
	r.add(phase{&ucal{}, burst, 16, 0}, outcome{contacts: 10, accepting: time.Second, whole: 2 * time.Second, accept: []time.Duration{ms, 3 * ms}})
	r.Command, r.Machine, r.Date = "go run ./bench", "a machine", time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	r.Checks = []string{"ucal: all is well"}
	want := "Measured 2030-01-02 03:04 UTC on a machine.\n\n" +
		"`go run ./bench`: rounds 3 (the numbers are medians over them), closed loops of 2s, bursts of 10 contacts; ucal's database: an SQLite file.\n\n" +
		`| clients | load | | (a) ucal | (b) plain Temporal | a/b |
|---:|---|---|---:|---:|---:|
| 1 | closed loop | completed/s | 50.0 | 25.0 | 2.00 |
| 1 | closed loop | webhook → welcome p50, ms | 20.0 | 10.0 | 2.00 |
| 1 | closed loop | webhook → welcome p95, ms | 20.0 | 10.0 | 2.00 |
| 1 | closed loop | webhook → welcome p99, ms | 20.0 | 10.0 | 2.00 |
| 1 | closed loop | webhook → assigned p50, ms | 40.0 | – | – |
| 1 | closed loop | webhook → 200 p50, ms | 1.0 | 2.0 | 0.50 |
| 1 | closed loop | CPU per contact, ms | 10.0 | 20.0 | 0.50 |
| 16 | burst | accepted/s | 10.0 | – | – |
| 16 | burst | webhook → 200 p50, ms | 1.0 | – | – |
| 16 | burst | webhook → 200 p99, ms | 3.0 | – | – |
| 16 | burst | completed/s | 5.0 | – | – |
| 16 | burst | CPU per contact, ms | 0.0 | – | – |

- Goal, clients 1, closed loop, completed/s: a/b 2.00 is at least 1: met.
- Goal, clients 1, closed loop, webhook → welcome p50, ms: a/b 2.00 is at most 1: missed.
- ucal: all is well.
`
	require.Empty(t, cmp.Diff(want, r.Markdown()))
}

func TestFlags(t *testing.T) {
	o, err := parse([]string{"-concurrency", "2, 8", "-time", "1s"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []int{2, 8}, o.concurrency)
	require.Equal(t, []kind{closedLoop, burst}, o.kinds())
	for _, args := range [][]string{
		{"-concurrency", "0"}, {"-concurrency", "many"}, {"-rounds", "0"}, {"-time", "1h"}, {"-burst", "-1"}, {"-only", "c"},
		{"-time", "0", "-burst", "0"}, {"-patience", "0s"}, {"more"}, {"-unknown"},
	} {
		_, err := parse(args, io.Discard)
		require.Error(t, err, "%v", args)
	}
}

func TestCommandHidesThePassword(t *testing.T) {
	args := []string{"-db", "postgres://u:secret@localhost/x", "-rounds", "1"}
	o, err := parse(args, io.Discard)
	require.NoError(t, err)
	require.Equal(t, "go run ./bench -db postgres:… -rounds 1", o.command(args))
}

func TestSinkCheck(t *testing.T) {
	s := &sink{arrivals: map[string]*arrival{}}
	a := s.expect("ann")
	s.take("ann", "msg-1", time.Now())
	s.take("ann", "msg-1", time.Now())
	require.NoError(t, a.wait(t.Context()))
	repeats, err := s.check([]string{"ann"})
	require.NoError(t, err)
	require.Equal(t, 1, repeats)

	s.expect("ben")
	_, err = s.check([]string{"ann", "ben"})
	require.ErrorContains(t, err, "contact ben got no message")
	s.take("ann", "msg-2", time.Now())
	_, err = s.check([]string{"ann"})
	require.ErrorContains(t, err, "contact ann got 2 messages")
	s.take("cem", "msg-3", time.Now())
	_, err = s.check(nil)
	require.ErrorContains(t, err, "1 messages to contacts that never wrote")
}

func TestTally(t *testing.T) {
	n := newTally()
	reached := make(chan error)
	go func() { reached <- n.reach(t.Context(), 3) }()
	n.add(1)
	n.add(2)
	require.NoError(t, <-reached)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, n.reach(ctx, 4), "3 of 4")
}
