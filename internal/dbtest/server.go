package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"ucal/store"
)

const (
	dsnVariable   = "UCAL_TEST_POSTGRES_DSN"
	emptyTemplate = "template0"
	setupTimeout  = 2 * time.Minute // initdb on a busy machine takes its time
)

// pgServer is a PostgreSQL server on which tests create databases.
type pgServer struct {
	admin *url.URL // of a database to connect to for CREATE DATABASE

	// postmaster is the server that we started; nil when the environment named
	// one. Only on our own we keep a migrated template, because nobody could
	// remove it from another one at the end.
	postmaster *postmaster
	template   func() (string, error)
}

// sharedServer is the server of this test binary, started when first asked for.
var sharedServer = sync.OnceValues(findServer)

// server returns the shared server. Without one it skips t, or fails it where
// PostgreSQL is expected: in CI, and when the environment names a server.
func server(t testing.TB) *pgServer {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		message := fmt.Sprintf("NO POSTGRESQL, NOT TESTED THERE: %v: install PostgreSQL or set %s=postgres://user@host/name", err, dsnVariable)
		if os.Getenv("CI") == "true" || os.Getenv(dsnVariable) != "" {
			t.Fatal(message)
		}
		fmt.Fprintf(os.Stderr, "\n*** %s: %s\n\n", t.Name(), message)
		t.Skip(message)
	}
	return s
}

// findServer uses the server named by the environment or starts one.
func findServer() (*pgServer, error) {
	s := &pgServer{}
	s.template = sync.OnceValues(s.makeTemplate)
	dsn := os.Getenv(dsnVariable)
	if dsn == "" {
		ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
		defer cancel()
		var err error
		if s.postmaster, err = startPostmaster(ctx); err != nil {
			return nil, err
		}
		dsn = s.postmaster.url
	}
	var err error
	if s.admin, err = url.Parse(dsn); err != nil || s.admin.Host == "" {
		// The URL may hold a password, so neither it nor the error is shown.
		return nil, fmt.Errorf("%s is no URL like postgres://user:password@host:5432/name", dsnVariable)
	}
	return s, nil
}

// migrated creates a migrated database for t and returns its URL.
func (s *pgServer) migrated(t testing.TB) string {
	t.Helper()
	if s.postmaster != nil {
		template, err := s.template()
		require.NoError(t, err, "migrate the template of the test databases")
		if s.postmaster.version >= 15 {
			template += " STRATEGY file_copy" // before 15 the only one, and faster without durability
		}
		return s.create(t, template)
	}
	address := s.create(t, emptyTemplate)
	require.NoError(t, migrate(t.Context(), address))
	return address
}

// makeTemplate creates and migrates the database that tests get copies of.
func (s *pgServer) makeTemplate() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	name := newName("template")
	if err := s.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+emptyTemplate); err != nil {
		return "", err
	}
	return name, migrate(ctx, s.urlOf(name))
}

// migrate closes its connections at the end: CREATE DATABASE copies only what
// nobody is connected to.
func migrate(ctx context.Context, address string) error {
	db, err := store.Open(ctx, address, store.Options{MaxOpen: 2})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx, nil), db.Close())
}

// create makes a database for t as a copy of template and returns its URL.
func (s *pgServer) create(t testing.TB, template string) string {
	t.Helper()
	name := newName("test")
	require.NoError(t, s.exec(context.Background(), "CREATE DATABASE "+name+" TEMPLATE "+template), "create a test database")
	t.Cleanup(func() {
		require.NoError(t, s.exec(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
	})
	return s.urlOf(name)
}

func (s *pgServer) exec(ctx context.Context, query string) error {
	conn, err := pgx.Connect(ctx, s.admin.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, query)
	return err
}

func (s *pgServer) urlOf(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

func newName(kind string) string {
	return "ucal_" + kind + "_" + strings.ToLower(rand.Text())
}
