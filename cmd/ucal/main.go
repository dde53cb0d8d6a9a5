// Command ucal is the one binary of ucal: development server, API, worker,
// migrations and the tools that talk to a running server.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // workspaces have time zones, machines may have no database of them

	"github.com/spf13/cobra"

	"ucal/internal/config"
)

// version is set by the linker: -X main.version=….
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process without waiting
	code := execute(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is what every subcommand needs.
type command struct {
	environ []string
	in      io.Reader
	out     io.Writer
	err     io.Writer
}

// execute runs one command line and returns the exit code: 0 done, 1 failed,
// 2 the command line or the configuration is wrong.
func execute(ctx context.Context, args, environ []string, in io.Reader, out, errOut io.Writer) int {
	c := &command{environ, in, out, errOut}
	root := c.root()
	root.SetArgs(args)
	begun := false
	onRun(root, func() { begun = true })
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(errOut, "ucal: stopped before it was ready")
		return 1
	}
	if _, known := errors.AsType[usageError](err); !begun && !known { // cobra did not like the command line
		said := strings.Join(strings.Fields(err.Error()), " ") // suggestions come on lines of their own
		said = strings.Replace(said, " Did you mean this? ", "; did you mean ", 1)
		err = usageError{fmt.Errorf("%s; see `%s --help`", said, cmd.CommandPath())}
	}
	fmt.Fprintln(errOut, "ucal:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		return 2
	}
	return 1
}

// root is the command line with all its commands.
func (c *command) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "ucal",
		Short:         "A desk for customer conversations whose automation cannot forget",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
		Example:       "  ucal dev      # everything in one process, data in ./data\n  ucal chat     # write to it as a contact",
	}
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	root.AddCommand(c.dev(), c.chat(), c.api(), c.worker(), c.migrate(), c.workspace(), c.health(), c.readDocument(), environmentHelp())
	return root
}

// onRun calls fn when a command begins its work, its flags and arguments being
// in order.
func onRun(cmd *cobra.Command, fn func()) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			fn()
			return run(cmd, args)
		}
	}
	for _, sub := range cmd.Commands() {
		onRun(sub, fn)
	}
}

type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// config reads the environment; warnings go to standard error.
func (c *command) config() (config.Config, error) {
	cfg, warnings, err := config.Load(c.environ)
	for _, w := range warnings {
		fmt.Fprintln(c.err, "warning:", w)
	}
	if err != nil {
		return cfg, usageError{err}
	}
	return cfg, nil
}

func logger(cfg config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.LogLevel)) // checked by Config.Check; info otherwise
	o := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(w, o))
	}
	return slog.New(slog.NewJSONHandler(w, o))
}

func environmentHelp() *cobra.Command {
	text := "ucal is configured by these environment variables. NAME_FILE instead of NAME reads the value from a file.\n"
	for _, s := range config.Settings() {
		text += fmt.Sprintf("\n  %s", s.Name)
		if s.Default != "" {
			text += fmt.Sprintf(" (default %s)", s.Default)
		}
		text += "\n      " + s.Doc + "\n"
	}
	return &cobra.Command{Use: "environment", Short: "The settings of ucal", Long: text}
}
