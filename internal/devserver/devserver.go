// Package devserver runs a Temporal server and the Temporal UI inside the ucal process, on loopback and on one SQLite
// file, so that `ucal dev` and the end-to-end tests need nothing installed.
//
// It is the only package that may import go.temporal.io/server and ui-server: together they take minutes to compile and
// most of the binary's size, so everything else talks to Temporal through the SDK and an address. It is not for
// production, where ucal connects to a stock Temporal cluster.
//
// Start reading at [Start]; config.go says how the server is set up, database.go what happens to the file.
package devserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/temporal"
)

// NoUI as Config.UIPort starts the server without the Temporal UI.
const NoUI = -1

// Config says where the embedded server keeps its state and where it listens. The zero value is a server in memory on
// free ports of 127.0.0.1 with the namespace "default".
type Config struct {
	// DatabaseFile is Temporal's SQLite file, such as data/temporal.db, made with its folder when it does not exist; the
	// list of runs stands beside it as temporal-visibility.db. Empty keeps everything in memory. One server at a time may
	// use a file.
	DatabaseFile string
	// Host is the IP address to listen on. Empty means 127.0.0.1; there is no authentication, so anything else opens
	// every run to the network.
	Host string
	// Port of the gRPC frontend; 0 takes a free one.
	Port int
	// UIPort is the port of the Temporal UI; 0 takes a free one, NoUI starts none.
	UIPort int
	// Namespace is made when it does not exist. Empty means "default".
	Namespace string
	// SearchAttributes are registered in the namespace before the server starts, also in a file that exists already.
	SearchAttributes map[string]SearchAttributeType
	// RenewAfter is the number of events in a history from which on the server suggests that a run goes on in a fresh
	// execution; 0 means Temporal's default of 4,096.
	RenewAfter int
	// Logger gets the server's warnings and errors that a reader can do something about. Nil discards them.
	Logger *slog.Logger
}

// Server is a running Temporal server with its UI. Stop it once.
type Server struct {
	addr   string
	ui     *uiServer // nil without UI
	inner  temporal.Server
	logger *logBridge
	lock   io.Closer // nil until the start succeeded

	stopOnce sync.Once
	stopErr  error
}

// Start runs a Temporal server and returns when it accepts runs in the namespace. Errors name what to change: a port in
// use is a [*PortInUseError], a file that this version cannot use a [*DatabaseError]. The context bounds the start only.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ports, err := reservePorts(cfg)
	if err != nil {
		return nil, err
	}
	defer ports.release()
	var lock io.Closer = noLock{}
	if cfg.DatabaseFile != "" {
		if lock, err = openDatabase(ctx, cfg.DatabaseFile); err != nil {
			return nil, err
		}
	}
	db := newStores(cfg.DatabaseFile)
	if err := ensureNamespace(ctx, db.main, cfg.Namespace, cfg.SearchAttributes); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the Temporal namespace %q: %w", cfg.Namespace, err), lock.Close())
	}
	s, err := launch(ctx, cfg, ports, db)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s, nil
}

// noLock stands for the lock of a database that no other process can reach.
type noLock struct{}

func (noLock) Close() error { return nil }

// launch starts the services on the reserved ports and undoes everything when one of them does not come up.
func launch(ctx context.Context, cfg Config, ports *ports, db stores) (_ *Server, err error) {
	defer recoverFatal(&err)
	logger := newLogBridge(cfg.Logger)
	serverConfig, hosts := serverConfig(cfg, ports, db), staticHosts(ports)
	s := &Server{addr: ports.frontendAddr(), logger: logger}
	ports.releaseServices()
	s.inner, err = temporal.NewServer(
		temporal.WithConfig(serverConfig),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithDynamicConfigClient(cfg.dynamicConfig()),
		temporal.WithLogger(logger),
		temporal.WithNamespaceLogger(logger),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper { return authorization.NewNoopClaimMapper() }),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
	)
	if err != nil {
		return nil, fmt.Errorf("set up the Temporal server: %w", err)
	}
	if err := s.inner.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal server: %w", err), s.Stop(ctx))
	}
	if err := waitReady(ctx, s.addr, cfg.Namespace); err != nil {
		return nil, errors.Join(err, s.Stop(context.WithoutCancel(ctx)))
	}
	if cfg.UIPort != NoUI {
		s.ui, err = startUI(ports.takeUI(), s.addr, cfg.Namespace)
		if err != nil {
			return nil, errors.Join(err, s.Stop(ctx))
		}
	}
	logger.started()
	return s, nil
}

// Addr is the host and port of the gRPC frontend, for the SDK's HostPort.
func (s *Server) Addr() string { return s.addr }

// UIAddr is the address of the Temporal UI, such as http://127.0.0.1:8233, or empty when there is none.
func (s *Server) UIAddr() string {
	if s.ui == nil {
		return ""
	}
	return "http://" + s.ui.addr
}

// Stop ends the UI and the server. It returns when all is stopped or the context ends; a second call returns the result
// of the first. Stopping is a courtesy to clients: a killed process loses nothing that Temporal acknowledged.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() { s.stopErr = s.stop(ctx) })
	return s.stopErr
}

func (s *Server) stop(ctx context.Context) error {
	s.logger.stopping()
	var uiErr error
	if s.ui != nil {
		uiErr = s.ui.stop(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- s.inner.Stop() }()
	select {
	case err := <-done:
		// After a stop that did not finish, the lock stays until the process ends: the file is still in use.
		return errors.Join(uiErr, err, s.unlock())
	case <-ctx.Done():
		return errors.Join(uiErr, fmt.Errorf("stop the Temporal server: %w", ctx.Err()))
	}
}

func (s *Server) unlock() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.Close()
}

func (cfg Config) withDefaults() (Config, error) {
	cfg.Host = cmp.Or(cfg.Host, "127.0.0.1")
	cfg.Namespace = cmp.Or(cfg.Namespace, "default")
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	var errs []error
	if net.ParseIP(cfg.Host) == nil {
		errs = append(errs, fmt.Errorf("the Temporal host %q is not an IP address; use one such as 127.0.0.1", cfg.Host))
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		errs = append(errs, fmt.Errorf("the Temporal port %d is not between 0 and 65535", cfg.Port))
	}
	if cfg.UIPort < NoUI || cfg.UIPort > 65535 {
		errs = append(errs, fmt.Errorf("the Temporal UI port %d is not between 0 and 65535 (or %d for no UI)", cfg.UIPort, NoUI))
	}
	return cfg, errors.Join(errs...)
}

func hostPort(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
