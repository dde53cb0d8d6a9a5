package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// report is what is printed in the end.
type report struct {
	Command  string
	Machine  string
	Date     time.Time
	Checks   []string
	o        options
	database string
	values   map[cell][]float64 // one value per round
}

// cell is one number of the table before it is condensed.
type cell struct {
	kind    kind
	clients int
	row     string
	side    string
}

// row is one line of the table per concurrency.
type row struct {
	kind  kind
	name  string
	digit int
	value func(outcome) float64
}

// The names of the rows that the goals are about.
const (
	rowCompleted = "completed/s"
	rowP50       = "webhook → welcome p50, ms"
)

// rows are the lines of the table. In the closed loop accepted/s would be completed/s once more.
func rows() []row {
	cpu := func(o outcome) float64 { return millis(o.cpu) / float64(max(o.contacts, 1)) }
	welcome := func(p float64) func(outcome) float64 {
		return func(o outcome) float64 { return percentile(o.welcome, p) }
	}
	assigned := func(p float64) func(outcome) float64 {
		return func(o outcome) float64 { return percentile(o.assigned, p) }
	}
	accept := func(p float64) func(outcome) float64 {
		return func(o outcome) float64 { return percentile(o.accept, p) }
	}
	completed := func(o outcome) float64 { return perSecond(o.contacts, o.whole) }
	return []row{
		{closedLoop, rowCompleted, 1, completed},
		{closedLoop, rowP50, 1, welcome(50)},
		{closedLoop, "webhook → welcome p95, ms", 1, welcome(95)},
		{closedLoop, "webhook → welcome p99, ms", 1, welcome(99)},
		{closedLoop, "webhook → assigned p50, ms", 1, assigned(50)},
		{closedLoop, "webhook → 200 p50, ms", 1, accept(50)},
		{closedLoop, "CPU per contact, ms", 1, cpu},
		{burst, "accepted/s", 1, func(o outcome) float64 { return perSecond(o.contacts, o.accepting) }},
		{burst, "webhook → 200 p50, ms", 1, accept(50)},
		{burst, "webhook → 200 p99, ms", 1, accept(99)},
		{burst, rowCompleted, 1, completed},
		{burst, "webhook → assigned p50, ms", 1, assigned(50)},
		{burst, "CPU per contact, ms", 1, cpu},
	}
}

func newReport(o options, database string) *report {
	return &report{o: o, database: database, values: map[cell][]float64{}}
}

func (r *report) add(p phase, out outcome) {
	for _, row := range rows() {
		if row.kind == p.kind {
			c := cell{p.kind, p.clients, row.name, p.side.name()}
			r.values[c] = append(r.values[c], row.value(out))
		}
	}
}

// of is the median over the rounds.
func (r *report) of(k kind, clients int, row, side string) float64 {
	return median(r.values[cell{k, clients, row, side}])
}

// Markdown is the report as it goes into README.md.
func (r *report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s on %s.\n\n", r.Date.Format("2006-01-02 15:04 UTC"), r.Machine)
	fmt.Fprintf(&b, "`%s`: rounds %d (the numbers are medians over them), closed loops of %s, bursts of %d contacts; ucal's database: %s.\n\n",
		r.Command, r.o.rounds, r.o.loop, r.o.burst, r.database)
	b.WriteString("| clients | load | | (a) ucal | (b) plain Temporal | a/b |\n|---:|---|---|---:|---:|---:|\n")
	for _, clients := range r.o.concurrency {
		for _, row := range rows() {
			a, p := r.of(row.kind, clients, row.name, ucalName), r.of(row.kind, clients, row.name, plainName)
			if math.IsNaN(a) && math.IsNaN(p) {
				continue
			}
			fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s |\n", clients, row.kind, row.name, number(a, row.digit), number(p, row.digit), number(a/p, 2))
		}
	}
	b.WriteString(r.goals())
	for _, c := range r.Checks {
		fmt.Fprintf(&b, "- %s.\n", c)
	}
	return b.String()
}

// goals compares with what issue and README promise: at least as many completed, at most the same p50.
func (r *report) goals() string {
	var b strings.Builder
	b.WriteString("\n")
	for _, clients := range r.o.concurrency {
		for _, g := range []struct {
			kind   kind
			row    string
			atMost bool
		}{{closedLoop, rowCompleted, false}, {closedLoop, rowP50, true}, {burst, rowCompleted, false}} {
			ratio := r.of(g.kind, clients, g.row, ucalName) / r.of(g.kind, clients, g.row, plainName)
			if math.IsNaN(ratio) {
				continue
			}
			met, want := ratio >= 1, "at least 1"
			if g.atMost {
				met, want = ratio <= 1, "at most 1"
			}
			fmt.Fprintf(&b, "- Goal, clients %d, %s, %s: a/b %s is %s: %s.\n", clients, g.kind, g.row, number(ratio, 2), want,
				map[bool]string{true: "met", false: "missed"}[met])
		}
	}
	return b.String()
}

func number(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf("%.*f", digits, v)
}
