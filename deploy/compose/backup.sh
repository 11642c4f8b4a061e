#!/bin/sh
# Dumps the ledger on PostgreSQL into a file of its own, and deletes dumps older than two weeks.
set -eu
umask 077
folder=${BACKUPS:-/backups}
PGPASSWORD=$(cat "${PASSWORD_FILE:-/run/secrets/postgres_password}")
export PGPASSWORD
name=$(date -u +%F-%H%M).dump
trap 'rm -f "$folder/$name.part"' EXIT
pg_dump --format=custom --file="$folder/$name.part" \
    --host="${PGHOST:-postgres}" --username=publisher publisher
mv "$folder/$name.part" "$folder/$name"
find "$folder" -name '*.dump' -mtime +14 -delete
