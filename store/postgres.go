package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
)

// defaultPoolSize is modest: PostgreSQL's own default limit is 100 connections
// for all processes together, and a transaction of ours takes milliseconds.
const defaultPoolSize = 20

// openPostgres opens a pool over url and checks that the server lets us in.
func openPostgres(ctx context.Context, url string, opts Options) (*DB, error) {
	config, err := postgresConfig(url)
	if err != nil {
		return nil, err
	}
	pool := stdlib.OpenDB(*config)
	size := cmp.Or(opts.MaxOpen, defaultPoolSize)
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour) // so that connections follow a failover

	if err := pool.PingContext(ctx); err != nil {
		err = fmt.Errorf("open PostgreSQL database %s on %s: %w: check that the server runs and that "+
			"host, database, user and password of the database URL are right", config.Database, config.Host, err)
		return nil, errors.Join(err, pool.Close())
	}
	handle, err := newGORM(gormpostgres.New(gormpostgres.Config{Conn: pool}), opts.Logger)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open PostgreSQL database %s: %w", config.Database, err), pool.Close())
	}
	hub := newHub()
	return &DB{
		dialect:    Postgres,
		gorm:       handle,
		write:      pool,
		read:       pool,
		migrations: embeddedMigrations(Postgres),
		log:        opts.Logger,
		hub:        hub,
		postgres:   newPGWire(pool, config, hub, opts.Logger),
	}, nil
}

// postgresConfig parses url; pgx keeps passwords out of its errors.
func postgresConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf(`the database URL cannot be read: %w: write "postgres://user:password@host:5432/name"`, err)
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "ucal"
	}
	return config, nil
}
