// Package app puts a ucal process together from its parts: database, desk, API
// and worker, started in order and stopped in reverse. cmd/ucal, e2e and bench
// use it, so what is tested is what runs. It links no Temporal server.
package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"ucal/activities"
	"ucal/api"
	"ucal/channel"
	"ucal/channel/custom"
	"ucal/desk"
	"ucal/internal/config"
	"ucal/internal/httpx"
	"ucal/internal/secret"
	"ucal/store"
	"ucal/worker"
)

// Options say which parts run in this process.
type Options struct {
	Config  config.Config
	Log     *slog.Logger
	Version string
	API     bool
	Worker  bool
	Dev     bool                    // loopback endpoints are allowed, this process owns the database alone
	Migrate func(msg string)        // not nil: migrate first and report progress
	Mount   map[string]http.Handler // more handlers beside the API, by path prefix
	Now     func() time.Time

	ReadDocument func(name, mediaType string, content []byte) (string, error) // of knowledge; nil = in this process, which a hostile PDF can kill
}

// App is a running process.
type App struct {
	Desk     *desk.Desk
	Temporal client.Client
	Store    *store.DB

	o        Options
	addr     string
	policy   httpx.Policy  // which addresses may be called
	guarded  *httpx.Client // for everything that ucal calls on the outside
	services activities.Services
	stack    []func(context.Context) error
}

// Start starts the parts. On an error everything that was started is stopped.
func Start(ctx context.Context, o Options) (_ *App, err error) {
	a := &App{o: o}
	defer func() {
		if err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			err = errors.Join(err, a.Stop(stopCtx))
		}
	}()
	if err := a.openDesk(ctx); err != nil {
		return nil, err
	}
	if a.Temporal, err = DialTemporal(o.Config, o.Log); err != nil {
		return nil, err
	}
	a.push(func(context.Context) error { a.Temporal.Close(); return nil })
	if o.Worker {
		w := worker.New(worker.Options{Desk: a.Desk, Channels: a.Desk.Channels, Services: a.services, Pages: a.pages(), Client: a.Temporal, Log: o.Log, Alone: o.Dev})
		if err := w.Start(ctx); err != nil {
			return nil, err
		}
		a.push(w.Stop)
	}
	if o.API {
		if err := a.serve(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Addr is the address on which the API listens, host:port.
func (a *App) Addr() string { return a.addr }

// Stop stops the parts in reverse order.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	for i := len(a.stack) - 1; i >= 0; i-- {
		errs = append(errs, a.stack[i](ctx))
	}
	a.stack = nil
	return errors.Join(errs...)
}

func (a *App) push(stop func(context.Context) error) { a.stack = append(a.stack, stop) }

func (a *App) openDesk(ctx context.Context) error {
	c := a.o.Config
	db, err := store.Open(ctx, c.DatabaseURL, store.Options{Logger: a.o.Log})
	if err != nil {
		return err
	}
	a.Store = db
	a.push(func(context.Context) error { return db.Close() })
	if a.o.Migrate != nil {
		if err := db.Migrate(ctx, a.o.Migrate); err != nil {
			return err
		}
	}
	if err := db.CheckSchema(ctx); err != nil {
		return err
	}
	keys, err := secret.ParseKeys(c.EncryptionKey)
	if err != nil {
		return err
	}
	box, err := secret.NewBox(keys...)
	if err != nil {
		return err
	}
	channels, err := a.catalogue()
	if err != nil {
		return err
	}
	a.services = a.connect()
	a.Desk = desk.New(desk.Options{Store: db, Channels: channels, Secrets: box, Log: a.o.Log, Now: a.o.Now,
		PublicURL: strings.TrimSuffix(c.PublicURL, "/"), ChannelRate: c.ChannelRateLimit, AI: agents(c), CheckURL: a.guarded.CheckURL, Probes: probes(a.services),
		MaxWorkflows: c.MaxWorkflows, StartsPerHour: c.StartsPerHour, KeepSteps: days(c.StepLogDays), KeepDecisions: days(c.DecisionDays),
		ReadDocument: a.o.ReadDocument})
	return nil
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// catalogue is the list of channel adapters: a new channel is one line here.
func (a *App) catalogue() (channel.Catalogue, error) {
	allow, err := a.o.Config.Networks()
	if err != nil {
		return channel.Catalogue{}, err
	}
	a.policy = httpx.Policy{AllowLoopback: a.o.Dev, Allow: allow}
	a.guarded = httpx.New(a.policy)
	a.push(func(context.Context) error { a.guarded.Close(); return nil })
	return channel.New(
		custom.New(custom.Options{HTTP: a.guarded}),
	), nil
}

// DialTemporal connects to the configured Temporal. It is lazy: a process
// starts, and takes webhooks, while Temporal is down.
func DialTemporal(c config.Config, logs ...*slog.Logger) (client.Client, error) {
	o := client.Options{HostPort: c.TemporalAddress, Namespace: c.TemporalNamespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
	for _, l := range logs {
		o.Logger = log.NewStructuredLogger(l.With("component", "temporal"))
	}
	if c.TemporalTLS || c.TemporalAPIKey != "" {
		t, err := tlsConfig(c)
		if err != nil {
			return nil, err
		}
		o.ConnectionOptions.TLS = t
	}
	if c.TemporalAPIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(c.TemporalAPIKey)
	}
	cl, err := client.NewLazyClient(o)
	if err != nil {
		return nil, fmt.Errorf("temporal client for %s: %w", c.TemporalAddress, err)
	}
	return cl, nil
}

func tlsConfig(c config.Config) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TemporalTLSCA != "" {
		pem, err := os.ReadFile(c.TemporalTLSCA)
		if err != nil {
			return nil, fmt.Errorf("UCAL_TEMPORAL_TLS_CA: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("UCAL_TEMPORAL_TLS_CA: %s holds no certificate in PEM form", c.TemporalTLSCA)
		}
	}
	if c.TemporalTLSCert != "" {
		pair, err := tls.LoadX509KeyPair(c.TemporalTLSCert, c.TemporalTLSKey)
		if err != nil {
			return nil, fmt.Errorf("UCAL_TEMPORAL_TLS_CERT: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

// serve starts the API's listener.
func (a *App) serve() error {
	c := a.o.Config
	ln, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; another process uses the port: stop it or choose another with UCAL_LISTEN (ucal dev: --port)", c.Listen, err)
	}
	a.addr = ln.Addr().String()
	rate := c.APIRateLimit
	if rate == 0 {
		rate = api.NoRateLimit
	}
	handler := api.New(api.Options{Desk: a.Desk, Channels: a.Desk.Channels, Log: a.o.Log, RateLimit: rate, Version: a.o.Version, Ready: a.ready})
	mux := http.NewServeMux()
	for path, h := range a.o.Mount {
		mux.Handle(path, h)
	}
	mux.Handle("/", handler)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second,
		ErrorLog: slog.NewLogLogger(a.o.Log.Handler(), slog.LevelWarn)}
	go func() {
		if err := srv.Serve(ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.o.Log.Error("the API stopped serving", "error", err)
		}
	}()
	a.push(srv.Shutdown)
	return nil
}

// ready are the checks of /readyz.
func (a *App) ready(ctx context.Context) map[string]error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	_, err := a.Temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return map[string]error{"database": a.Desk.Ping(ctx), "migrations": a.Desk.CheckSchema(ctx), "temporal": err}
}
