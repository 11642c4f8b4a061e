#!/bin/sh
# Dumps the ledger on PostgreSQL into a file of its own, and deletes dumps older than two weeks. Once
# a week it restores the new dump into a database of its own, and looks whether all is there: a dump
# that was never restored is a hope.
set -eu
umask 077
folder=${BACKUPS:-/backups}
PGPASSWORD=$(cat "${PASSWORD_FILE:-/run/secrets/postgres_password}")
export PGPASSWORD
name=$(date -u +%F-%H%M).dump
PGHOST=${PGHOST:-postgres}
PGUSER=publisher
export PGHOST PGUSER
trap 'rm -f "$folder/$name.part"' EXIT
pg_dump --format=custom --file="$folder/$name.part" publisher
mv "$folder/$name.part" "$folder/$name"
find "$folder" -name '*.dump' -mtime +14 -delete

[ -z "$(find "$folder" -name tried -mtime -7)" ] || exit 0
trial=publisher_trial
dropdb --if-exists "$trial"
createdb --template=template0 "$trial"
trap 'dropdb --if-exists "$trial"' EXIT
pg_restore --exit-on-error --single-transaction --dbname="$trial" "$folder/$name"
steps=$(psql --no-psqlrc --tuples-only --no-align --command='SELECT count(*) FROM history' "$trial")
[ "$steps" -gt 0 ] || [ "$(psql --no-psqlrc --tuples-only --no-align \
    --command='SELECT count(*) FROM history' publisher)" -eq 0 ]
touch "$folder/tried"
