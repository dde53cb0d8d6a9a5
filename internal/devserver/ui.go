package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/temporalio/ui-server/v2/server/api"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/cors"
	"github.com/temporalio/ui-server/v2/server/csrf"
	"github.com/temporalio/ui-server/v2/server/headers"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// uiServer is the Temporal UI on a listener of ours. It is put together from ui-server's handlers instead of its Server
// type, which ends the process when it cannot listen, keeps its connection to the frontend after Stop, and asks the
// internet for newer releases.
type uiServer struct {
	addr string
	http *http.Server
	conn *grpc.ClientConn
	done chan error
}

func startUI(l net.Listener, frontend, namespace string) (*uiServer, error) {
	conn, err := dialFrontend(frontend)
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	handler, err := uiHandler(conn, &uiconfig.Config{
		TemporalGRPCAddress: frontend,
		EnableUI:            true,
		DefaultNamespace:    namespace,
		DisableNewsFetch:    true,
		HideLogs:            true,
		Distribution:        "server",
		CORS:                uiconfig.CORS{CookieInsecure: true}, // loopback has no TLS
	})
	if err != nil {
		_ = l.Close()
		return nil, errors.Join(fmt.Errorf("set up the Temporal UI: %w", err), conn.Close())
	}
	s := &uiServer{
		addr: l.Addr().String(),
		conn: conn,
		done: make(chan error, 1),
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		},
	}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

func uiHandler(conn *grpc.ClientConn, cfg *uiconfig.Config) (http.Handler, error) {
	provider, err := uiconfig.NewConfigProviderWithRefresh(cfg)
	if err != nil {
		return nil, err
	}
	root, err := ui.Assets()
	if err != nil {
		return nil, err
	}
	assets, err := fs.Sub(root, "local")
	if err != nil {
		return nil, err
	}

	e := echo.New()
	e.Logger.SetOutput(io.Discard)
	e.Use(
		middleware.RecoverWithConfig(middleware.RecoverConfig{DisablePrintStack: true}),
		middleware.Gzip(),
		cors.CORSMiddleware(cors.CORSConfig{
			AllowHeaders: []string{
				echo.HeaderOrigin, echo.HeaderContentType, echo.HeaderAccept,
				echo.HeaderXCSRFToken, echo.HeaderAuthorization, "Caller-Type",
			},
			AllowCredentials: true,
			ConfigProvider:   provider,
		}),
		middleware.Secure(),
		csrf.EnsureTokenCookie(!cfg.CORS.CookieInsecure),
		middleware.CSRFWithConfig(csrf.MiddlewareConfig(provider, !cfg.CORS.CookieInsecure)),
	)
	route.SetHealthRoute(e)
	uiAPI(e, provider, conn)
	if err := route.SetUIRoutes(e, "", assets, provider); err != nil {
		return nil, err
	}
	route.SetRenderRoute(e, "/")
	return e, nil
}

func uiAPI(e *echo.Echo, provider *uiconfig.ConfigProviderWithRefresh, conn *grpc.ClientConn) {
	forward := []api.Middleware{headers.WithForwardHeaders([]string{"Caller-Type"})}
	g := e.Group("/api/v1")
	g.GET("/settings", api.GetSettings(provider))
	g.GET("/ui-extensions", api.GetUIExtensions(provider, api.TemporalAccessCheck(conn, forward)))
	g.GET(api.WorkflowRawHistoryUrl, api.WorkflowRawHistoryHandler(workflowservice.NewWorkflowServiceClient(conn)))
	g.Any("/*", api.TemporalAPIHandler(provider, forward, conn))
}

// stop closes the UI at once: its open requests are browsers polling, not work to finish.
func (s *uiServer) stop(ctx context.Context) error {
	err := s.http.Close()
	select {
	case serveErr := <-s.done:
		if !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	if err = errors.Join(err, s.conn.Close()); err != nil {
		return fmt.Errorf("stop the Temporal UI: %w", err)
	}
	return nil
}
