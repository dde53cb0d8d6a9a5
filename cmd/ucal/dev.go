package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ucal/internal/app"
	"ucal/internal/config"
	"ucal/internal/devserver"
	"ucal/internal/secret"
	"ucal/workflows"
)

func (c *command) dev() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Everything in one process: embedded Temporal and its UI, API, worker, SQLite files",
		Long: "Starts everything in one process: an embedded Temporal server, the Temporal UI, ucal's API and worker. Both\n" +
			"databases are SQLite files in the data folder. A demo workspace is made on the first start. For development and for\n" +
			"a desk on one machine of your own: channels may lie on this machine, and the Temporal UI has no password.",
		Example: "  ucal dev\n  ucal dev --data /tmp/ucal --port 9080 --temporal-ui-port 9233 --fresh",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.String("data", "", "folder of both databases (UCAL_DATA, default ./data)")
	f.Int("port", 0, "port of the API (UCAL_PORT, default 8080)")
	f.Int("temporal-port", 0, "port of the embedded Temporal (UCAL_TEMPORAL_PORT, default 7233)")
	f.Int("temporal-ui-port", 0, "port of the Temporal UI (UCAL_TEMPORAL_UI_PORT, default 8233)")
	f.String("token", "", "workspace token to accept (UCAL_TOKEN, default: made once and kept in the data folder)")
	f.Bool("fresh", false, "empty workspace, no demo (UCAL_FRESH)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := c.config()
		if err != nil {
			return err
		}
		for name, set := range map[string]func(){
			"data":             func() { cfg.Data, _ = f.GetString("data") },
			"port":             func() { cfg.Port, _ = f.GetInt("port") },
			"temporal-port":    func() { cfg.TemporalPort, _ = f.GetInt("temporal-port") },
			"temporal-ui-port": func() { cfg.TemporalUIPort, _ = f.GetInt("temporal-ui-port") },
			"token":            func() { cfg.Token, _ = f.GetString("token") },
			"fresh":            func() { cfg.Fresh, _ = f.GetBool("fresh") },
		} {
			if f.Changed(name) {
				set()
			}
		}
		return c.runDev(cmd.Context(), cfg)
	}
	return cmd
}

// devProcess is a running `ucal dev`.
type devProcess struct {
	cmd   *command
	cfg   config.Config
	log   *slog.Logger
	phone *phone
	begun time.Time
}

func (c *command) runDev(ctx context.Context, cfg config.Config) error {
	d := &devProcess{cmd: c, cfg: cfg, begun: time.Now()}
	if err := d.prepare(); err != nil {
		return err
	}
	parts := slog.New(quiet{d.log.Handler(), ctx})
	d.say("starting Temporal, its state is in %s", filepath.Join(cfg.Data, "temporal.db"))
	temporal, err := devserver.Start(ctx, devserver.Config{DatabaseFile: filepath.Join(cfg.Data, "temporal.db"), Port: cfg.TemporalPort,
		UIPort: cfg.TemporalUIPort, SearchAttributes: searchAttributes(), Logger: parts})
	if _, ok := errors.AsType[*devserver.PortInUseError](err); ok {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	defer d.stop(ctx, "temporal", temporal.Stop)
	d.say("starting the desk")
	d.cfg.TemporalAddress = temporal.Addr()
	if err := d.chooseAddress(); err != nil {
		return err
	}
	a, err := app.Start(ctx, app.Options{Config: d.cfg, Log: parts, Version: version, API: true, Worker: true, Dev: true,
		Migrate: func(string) {}, Mount: map[string]http.Handler{phonePath: d.phone}, ReadDocument: readApart()})
	if err != nil {
		return err
	}
	defer d.stop(ctx, "desk", a.Stop)
	demo, token, err := d.furnish(ctx, a)
	if err != nil {
		return err
	}
	if demo != nil {
		go demo.stayOnline(ctx, a.Desk, token, d.log)
	}
	d.banner(temporal.UIAddr(), token, demo)
	<-ctx.Done()
	d.say("stopping; runs go on where they are at the next start")
	return nil
}

// stop ends a part of the process within a deadline of its own.
func (d *devProcess) stop(ctx context.Context, part string, stop func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := stop(ctx); err != nil {
		d.log.Warn("a part did not stop cleanly", "part", part, "error", err)
	}
}

// prepare checks folder and ports before anything is started, and completes the
// configuration.
func (d *devProcess) prepare() error {
	cfg := &d.cfg
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return usageError{fmt.Errorf("data folder %s: %w; choose a folder that can be written with --data or UCAL_DATA", cfg.Data, err)}
	}
	probe, err := os.CreateTemp(cfg.Data, ".probe-*")
	if err != nil {
		return usageError{fmt.Errorf("data folder %s cannot be written: %w; choose another with --data or UCAL_DATA", cfg.Data, err)}
	}
	_ = probe.Close()
	_ = os.Remove(probe.Name())
	if err := d.checkPorts(); err != nil {
		return usageError{err}
	}
	if r, err := readDemo(cfg.Data); err != nil {
		return err
	} else if cfg.Fresh && r.made() {
		return usageError{fmt.Errorf("the data folder %s holds the demo workspace, so --fresh (UCAL_FRESH) cannot make it empty; choose another folder with --data or UCAL_DATA", cfg.Data)}
	}
	key, err := keep(filepath.Join(cfg.Data, "encryption.key"), func() (string, error) {
		return base64.StdEncoding.EncodeToString(secret.Bytes(secret.KeySize)), nil
	})
	if err != nil {
		return err
	}
	if cfg.EncryptionKey == "" {
		cfg.EncryptionKey = key
	}
	if cfg.DatabaseURL == "" {
		cfg.DatabaseURL = "sqlite:" + filepath.Join(cfg.Data, "ucal.db")
	}
	cfg.TemporalNamespace, cfg.TemporalTLS, cfg.TemporalAPIKey = "default", false, ""
	if !has(d.cmd.environ, "UCAL_LOG_LEVEL") {
		cfg.LogLevel = "warn"
	}
	cfg.LogFormat = "text"
	if err := cfg.Check(); err != nil {
		return usageError{err}
	}
	d.log = logger(*cfg, d.cmd.err)
	d.phone = &phone{out: d.cmd.out}
	return nil
}

// checkPorts names every port that cannot be had.
func (d *devProcess) checkPorts() error {
	var errs []error
	for _, p := range []struct {
		port            int
		what, flag, env string
	}{
		{d.cfg.Port, "the API", "--port", "UCAL_PORT"},
		{d.cfg.TemporalPort, "Temporal", "--temporal-port", "UCAL_TEMPORAL_PORT"},
		{d.cfg.TemporalUIPort, "the Temporal UI", "--temporal-ui-port", "UCAL_TEMPORAL_UI_PORT"},
	} {
		if _, err := freePort(p.port); err != nil {
			errs = append(errs, fmt.Errorf("port %d for %s: %w; stop what uses it (another `ucal dev`?) or choose another with %s or %s", p.port, p.what, err, p.flag, p.env))
		}
	}
	return errors.Join(errs...)
}

// chooseAddress says where the API listens. Port 0 is chosen only now that
// Temporal has its ports.
func (d *devProcess) chooseAddress() (err error) {
	cfg := &d.cfg
	if cfg.Port == 0 {
		if cfg.Port, err = freePort(0); err != nil {
			return err
		}
	}
	cfg.Listen = net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.Port))
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://localhost:" + strconv.Itoa(cfg.Port)
	}
	return nil
}

func (d *devProcess) say(format string, args ...any) {
	fmt.Fprintf(d.cmd.out, "[%4.1fs] %s\n", time.Since(d.begun).Seconds(), fmt.Sprintf(format, args...))
}

func searchAttributes() map[string]devserver.SearchAttributeType {
	out := map[string]devserver.SearchAttributeType{}
	for _, name := range workflows.SearchAttributes() {
		out[name] = devserver.Keyword
	}
	return out
}

// freePort says whether a port of loopback can be had; 0 takes any.
func freePort(port int) (int, error) {
	ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return 0, errors.Unwrap(err)
	}
	return ln.Addr().(*net.TCPAddr).Port, ln.Close()
}

// keep reads a small secret file, or makes it once.
func keep(path string, make func() (string, error)) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(raw)), nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	v, err := make()
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(path, []byte(v+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func has(environ []string, name string) bool {
	for _, kv := range environ {
		if strings.HasPrefix(kv, name+"=") {
			return true
		}
	}
	return false
}
