package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"

	"ucal/internal/app"
	"ucal/internal/config"
	"ucal/store"
	"ucal/workflows"
)

const stopTimeout = 20 * time.Second

func (c *command) api() *cobra.Command {
	return &cobra.Command{
		Use:     "api",
		Short:   "Serve the API and the channels' webhooks",
		Long:    "Serves the API and the channels' webhooks. Configured by the environment, see `ucal help environment`.\nRun as many as you like; they share the database.",
		Example: "  UCAL_DATABASE_URL=postgres://ucal@localhost/ucal UCAL_ENCRYPTION_KEY_FILE=key ucal api",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context(), app.Options{API: true})
		},
	}
}

func (c *command) worker() *cobra.Command {
	return &cobra.Command{
		Use:     "worker",
		Short:   "Carry out runs: Temporal worker and outbox pump",
		Long:    "Carries out runs: Temporal worker, outbox pump, presence and queue sweeps. Configured by the environment, see\n`ucal help environment`. Run as many as you like; they share the work.",
		Example: "  UCAL_DATABASE_URL=postgres://ucal@localhost/ucal UCAL_TEMPORAL_ADDRESS=localhost:7233 ucal worker",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.serve(cmd.Context(), app.Options{Worker: true})
		},
	}
}

// serve runs an app until it is told to stop.
func (c *command) serve(ctx context.Context, o app.Options) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if err := cfg.Check(); err != nil {
		return usageError{err}
	}
	if cfg.PublicURL == "" {
		cfg.PublicURL = "http://localhost" + portOf(cfg.Listen)
	}
	o.Config, o.Log, o.Version, o.ReadDocument = cfg, logger(cfg, c.err), version, readApart()
	a, err := app.Start(ctx, o)
	if err != nil {
		return err
	}
	if o.API {
		o.Log.Info("api listens", "address", a.Addr(), "public_url", cfg.PublicURL)
	} else {
		o.Log.Info("worker runs", "temporal_address", cfg.TemporalAddress, "namespace", cfg.TemporalNamespace)
	}
	<-ctx.Done()
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return a.Stop(stopCtx)
}

func portOf(listen string) string {
	if i := strings.LastIndex(listen, ":"); i >= 0 {
		return listen[i:]
	}
	return ""
}

func (c *command) migrate() *cobra.Command {
	var skipTemporal bool
	cmd := &cobra.Command{
		Use:     "migrate",
		Short:   "Bring the database up to this version and register the search attributes with Temporal",
		Example: "  UCAL_DATABASE_URL=postgres://ucal@localhost/ucal ucal migrate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			if cfg.DatabaseURL == "" {
				return usageError{fmt.Errorf("UCAL_DATABASE_URL is not set; give postgres://user:password@host:5432/ucal")}
			}
			db, err := store.Open(cmd.Context(), cfg.DatabaseURL, store.Options{Logger: logger(cfg, c.err)})
			if err != nil {
				return err
			}
			defer db.Close()
			if err := db.Migrate(cmd.Context(), func(msg string) { fmt.Fprintln(c.out, msg) }); err != nil {
				return err
			}
			if skipTemporal {
				return nil
			}
			return registerAttributes(cmd.Context(), cfg, func(msg string) { fmt.Fprintln(c.out, msg) })
		},
	}
	cmd.Flags().BoolVar(&skipTemporal, "skip-temporal", false, "the database only; search attributes are registered by hand")
	return cmd
}

// registerAttributes makes the namespace know our search attributes. Those that
// exist stay as they are.
func registerAttributes(ctx context.Context, cfg config.Config, progress func(string)) error {
	cl, err := app.DialTemporal(cfg)
	if err != nil {
		return err
	}
	defer cl.Close()
	op := cl.OperatorService()
	have, err := op.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: cfg.TemporalNamespace})
	if err != nil {
		return fmt.Errorf("temporal at %s, namespace %q: %w; set UCAL_TEMPORAL_ADDRESS, or run `ucal migrate --skip-temporal`", cfg.TemporalAddress, cfg.TemporalNamespace, err)
	}
	missing := map[string]enumspb.IndexedValueType{}
	for _, name := range workflows.SearchAttributes() {
		if _, ok := have.GetCustomAttributes()[name]; !ok {
			missing[name] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
		}
	}
	if len(missing) > 0 {
		if _, err := op.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: cfg.TemporalNamespace, SearchAttributes: missing}); err != nil {
			return fmt.Errorf("register search attributes: %w", err)
		}
	}
	progress(fmt.Sprintf("temporal: %d search attributes registered, %d were there", len(missing), len(workflows.SearchAttributes())-len(missing)))
	return nil
}

func (c *command) workspace() *cobra.Command {
	cmd := &cobra.Command{Use: "workspace", Short: "Workspaces: the tenants of a deployment", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var name, email string
	create := &cobra.Command{
		Use:     "create",
		Short:   "Create a workspace and print its first owner token, once",
		Example: "  ucal workspace create --name Acme --owner-email ann@acme.example",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			if err := cfg.Check(); err != nil {
				return usageError{err}
			}
			a, err := app.Start(cmd.Context(), app.Options{Config: cfg, Log: logger(cfg, c.err), Version: version})
			if err != nil {
				return err
			}
			defer a.Stop(cmd.Context())
			ws, token, err := a.Desk.CreateWorkspace(cmd.Context(), name, email)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.out, "workspace %d %q\ntoken %s\nThe token is shown only here; it has the owner's powers.\n", ws.ID, ws.Name, token)
			return nil
		},
	}
	create.Flags().StringVar(&name, "name", "", "name of the workspace")
	create.Flags().StringVar(&email, "owner-email", "", "e-mail of its first user, an owner")
	_ = create.MarkFlagRequired("name")
	_ = create.MarkFlagRequired("owner-email")
	cmd.AddCommand(create)
	return cmd
}

// health is the health check of a container without a shell.
func (c *command) health() *cobra.Command {
	return &cobra.Command{
		Use:     "health [URL]",
		Short:   "Ask a running API whether it is ready; exit code 1 when it is not",
		Example: "  ucal health http://localhost:8080/readyz",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.config()
			if err != nil {
				return err
			}
			url := strings.TrimSuffix(cfg.URL, "/") + "/readyz"
			if len(args) == 1 {
				url = args[0]
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return usageError{err}
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				return fmt.Errorf("%w; is ucal running there? another address: as the argument, or UCAL_URL", err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
				return fmt.Errorf("%s answers %s: %s", url, resp.Status, bytes.TrimSpace(said))
			}
			fmt.Fprintln(c.out, "ready")
			return nil
		},
	}
}
