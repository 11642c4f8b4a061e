#!/bin/sh
# The entry point of the stand-ins for `postgres:17` and `redis:8`. As the official ones do, it
# starts as root, reads the password from its file, and goes on as the service's own user.
set -eu

as() {
    user=$1
    shift
    exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
}

case "$1 $(id -u)" in
'redis-server 0')
    chown redis /data
    as redis "$@"
    ;;
'postgres 0')
    PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export PASSWORD
    install -d -o postgres -g postgres -m 0700 "$PGDATA" /run/postgresql
    as postgres "$0" "$@"
    ;;
'postgres '*)
    if ! [ -s "$PGDATA/PG_VERSION" ]; then
        printf '%s\n' "$PASSWORD" >/tmp/password
        initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --encoding=UTF8 \
            --locale=C.UTF-8 --auth=scram-sha-256 >/dev/null
        rm /tmp/password
        echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
        echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
        echo "CREATE DATABASE $POSTGRES_DB" | postgres --single postgres >/dev/null
    fi
    ;;
esac
exec "$@"
