package store

import "io/fs"

// UseMigrations replaces the embedded migrations in tests of migrating itself.
func (db *DB) UseMigrations(files fs.FS) { db.migrations = files }

// EmbeddedMigrations is everything that is embedded.
func EmbeddedMigrations() fs.FS { return migrationFiles }
