package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"time"
)

// options are the flags.
type options struct {
	db          string
	dir         string
	only        string
	concurrency []int
	rounds      int
	loop        time.Duration
	burst       int
	patience    time.Duration
	out         string
	cpuProfile  string
	trace       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "ucal-bench-")
	if err != nil {
		return fmt.Errorf("folder for the databases: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	world, err := newWorld(ctx, o, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, world.stop()) }()
	machine := thisMachine() // before it is busy with us
	stopProfiles, err := startProfiles(o)
	if err != nil {
		return err
	}
	report, err := measure(ctx, o, world, stderr)
	if err := errors.Join(err, stopProfiles()); err != nil {
		return err
	}
	report.Command, report.Machine, report.Date = o.command(args), machine, time.Now().UTC()
	if report.Checks, err = world.check(ctx); err != nil {
		return err
	}
	text := report.Markdown()
	if o.out != "" {
		if err := os.WriteFile(o.out, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
	}
	_, err = io.WriteString(stdout, text)
	return err
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.db, "db", "", "ucal's `database`, an empty one: postgres://user:password@host:5432/name; default: a new SQLite file")
	f.StringVar(&o.dir, "dir", "", "`folder` in which a temporary one is made for the SQLite files; default: the system's")
	f.StringVar(&o.only, "only", "", "measure one `side` alone, to profile it: ucal or plain")
	levels := f.String("concurrency", "1,16,64", "numbers of clients at a time")
	f.IntVar(&o.rounds, "rounds", 3, "rounds; the table shows medians over them")
	f.DurationVar(&o.loop, "time", 6*time.Second, "length of each closed loop; 0 leaves them out")
	f.IntVar(&o.burst, "burst", 500, "contacts of each burst; 0 leaves them out")
	f.DurationVar(&o.patience, "patience", time.Minute, "how long to wait for what was accepted before giving up")
	f.StringVar(&o.out, "o", "", "write the table to this `file` too")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of the measurements to this `file`")
	f.StringVar(&o.trace, "trace", "", "write an execution trace of the measurements to this `file`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; there are only flags, see -help", f.Arg(0))
	}
	return o, o.check(*levels)
}

func (o *options) check(levels string) error {
	for _, text := range strings.Split(levels, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 || n > 1024 {
			return fmt.Errorf("-concurrency: %q is not a number of clients from 1 to 1024; write it as 1,16,64", text)
		}
		o.concurrency = append(o.concurrency, n)
	}
	switch {
	case o.only != "" && o.only != ucalName && o.only != plainName:
		return fmt.Errorf("-only: %q is no side; use %s or %s", o.only, ucalName, plainName)
	case o.rounds < 1 || o.rounds > 100:
		return fmt.Errorf("-rounds: %d is not between 1 and 100", o.rounds)
	case o.loop < 0 || o.loop > 10*time.Minute:
		return fmt.Errorf("-time: %s is not between 0 and 10m", o.loop)
	case o.burst < 0 || o.burst > 100_000:
		return fmt.Errorf("-burst: %d is not between 0 and 100000", o.burst)
	case o.loop == 0 && o.burst == 0:
		return errors.New("-time 0 and -burst 0 leave nothing to measure; give one of them")
	case o.patience <= 0:
		return fmt.Errorf("-patience: %s is not positive", o.patience)
	}
	return nil
}

// command is what was called, without the password that a database URL may hold.
func (o options) command(args []string) string {
	text := strings.Join(append([]string{"go run ./bench"}, args...), " ")
	if o.db != "" {
		scheme, _, _ := strings.Cut(o.db, ":")
		text = strings.ReplaceAll(text, o.db, scheme+":…")
	}
	return text
}

// startProfiles begins what the flags ask for; the function it returns ends it.
func startProfiles(o options) (func() error, error) {
	var stops []func() error
	begin := func(name string, start func(io.Writer) error, stop func()) error {
		if name == "" {
			return nil
		}
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := start(f); err != nil {
			return errors.Join(err, f.Close())
		}
		stops = append(stops, func() error { stop(); return f.Close() })
		return nil
	}
	err := errors.Join(begin(o.cpuProfile, pprof.StartCPUProfile, pprof.StopCPUProfile), begin(o.trace, trace.Start, trace.Stop))
	return func() error {
		var errs []error
		for _, stop := range stops {
			errs = append(errs, stop())
		}
		return errors.Join(errs...)
	}, err
}
