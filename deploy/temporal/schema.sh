#!/bin/sh
# One-shot job: makes Temporal's two databases or brings them up to the version of this image, and ends.
# Every command may be repeated; host, user, password and plugin come from SQL_* in the environment.
set -eu

schema() {
	db=$1
	versions=$2
	echo "schema: $db"
	temporal-sql-tool --db "$db" create
	temporal-sql-tool --db "$db" setup-schema -v 0.0
	temporal-sql-tool --db "$db" update-schema -d "/etc/temporal/schema/postgresql/v12/$versions/versioned"
}

schema temporal temporal
schema temporal_visibility visibility
echo "schema: done"
