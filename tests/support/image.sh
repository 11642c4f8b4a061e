#!/bin/sh
# Whether the image is built from the Dockerfile as it stands, and runs as both Compose files say:
# not as root, its root read-only. The tutorial is followed in it; then, once with SQLite and once
# with PostgreSQL and Redis, all containers become healthy, a post goes out, the pages are there over
# TLS, and a backup is made.
#
# As root, with a Docker engine of its own: what others run on this machine is left alone. No
# registry is asked: the images that these build on are made of Debian's packages.
set -eu

say() { printf '%s\n' "$*"; }

[ "$(id -u)" -eq 0 ] || { say 'Only root can start a Docker engine: sudo make image' >&2; exit 1; }
for program in dockerd docker iptables ip nsenter curl; do
    command -v "$program" >/dev/null || {
        say "Left out, because there is no $program. This needs a Docker engine with buildx and" >&2
        say 'Compose, which does not have to run, and iptables, ip, nsenter and curl.' >&2
        exit 1
    }
done
command -v mmdebstrap >/dev/null || apt-get -qq install --no-install-recommends -y mmdebstrap >/dev/null

folder=$(mktemp -d)
engine=$folder/engine
campaign=$folder/campaign
owner=10001
mkdir "$engine" "$campaign"
DOCKER_HOST=unix://$engine/socket
export DOCKER_HOST

stop_engine() {
    [ -e "$engine/pid" ] || return 0
    kill "$(cat "$engine/pid")"
    until ! [ -e "$engine/pid" ]; do sleep 0.2; done
}
finish() {
    status=$?
    [ "$status" -eq 0 ] || docker compose logs --tail 50 2>/dev/null || true
    docker compose down --volumes >/dev/null 2>&1 || true
    stop_engine
    rm -rf --one-file-system "$folder"
    exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

# start_engine COMMAND…: the command is what dockerd is started by, and its options follow.
start_engine() {
    "$@" --data-root "$engine/data" --exec-root "$engine/exec" --pidfile "$engine/pid" \
        --host "$DOCKER_HOST" >"$engine/log" 2>&1 &
    tries=0
    until docker version >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { tail -5 "$engine/log" >&2; exit 1; }
        sleep 0.3
    done
}

say 'The images that these build on, of Debian …'
apt-config dump | grep '^Acquire::' >"$folder/apt.conf" || true
# As in the official image of Python, pip is not Debian's.
# shellcheck disable=SC2016
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates \
    --aptopt="$folder/apt.conf" \
    --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    --customize-hook='cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"' \
    --customize-hook='ln -s /usr/bin/python3 "$1/usr/local/bin/python"' \
    --customize-hook='chroot "$1" sh -c "PYTHONPATH=\$(echo /usr/share/python-wheels/pip-*.whl) python -m pip install \
        --quiet --no-index --find-links /usr/share/python-wheels --root-user-action ignore pip"' \
    trixie "$folder/debian.tar"

# Without networks of its own: nothing of this machine's is changed while it downloads.
start_engine dockerd --bridge none --iptables=false --ip6tables=false --ip-forward=false
docker import --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
    --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
    "$folder/debian.tar" python:3.13-slim >/dev/null
for name in caddy:2 redis:8 postgres:17; do
    docker build --quiet --network host --target "${name%:*}" --tag "$name" tests/support/image >/dev/null
done

say 'The image …'
git ls-files -z .dockerignore Dockerfile 'docker-compose*.yml' LICENSE README.md deploy docs publisher \
    pyproject.toml requirements workers | tar --create --null --files-from - | tar --extract --directory "$campaign"
docker build --quiet --network host --tag session-publisher "$campaign" >/dev/null
docker run --rm --network none session-publisher publisher --version
stop_engine

# From here on the engine is alone in a network of its own.
start_engine unshare --net -- sh -c 'ip link set lo up && exec dockerd "$@"' sh
in_network() { nsenter --target "$(cat "$engine/pid")" --net "$@"; }

say 'The tutorial, in a container …'
docker run --rm --network none --init --read-only --cap-drop ALL --security-opt no-new-privileges:true \
    --tmpfs /tmp:size=256m,mode=1777,noexec,nosuid,nodev \
    --volume "$PWD/tests/support/tutorial.py:/tutorial.py:ro" \
    --volume "$PWD/docs/guides/tutorial.en.md:/tutorial.en.md:ro" \
    session-publisher python -P /tutorial.py /tutorial.en.md

# What docs/deployment.md says, in its folder.
docker run --rm --network none --user 0 --volume "$campaign:/here" session-publisher publisher init /here >/dev/null
cd "$campaign"
mkdir backups secrets
printf aa11 >secrets/postgres_password
printf bb22 >secrets/redis_password
printf '[accounts.our-site]\nchannel = "site"\norganisation = "Ours"\nlanguage = "en"\n' >publisher.toml
chmod 0600 secrets/* secrets.toml
chown -R "$owner" backups posts secrets secrets.toml

# publishes SERVICE ENDING: a post goes out by commands in the service's container, the pages are
# there, and a backup is a file of that ending.
publishes() {
    printf -- '---\nat: now\n---\nAll voices, by %s.\n' "$1" >"posts/by-$1.en.md"
    printf 'four voices from Geneva\nfour voices from Geneva\n' |
        docker compose exec -T "$1" publisher user add direction --role manager
    docker compose exec -T "$1" publisher queue --as direction >/dev/null
    tries=0
    until docker compose exec -T "$1" grep -rqs "All voices, by $1" /workspace/var/site/our-site; do
        tries=$((tries + 1))
        [ "$tries" -lt 60 ] || { docker compose exec -T "$1" publisher status; exit 1; }
        sleep 1
    done
    docker compose exec -T "$1" publisher status
    in_network curl --silent --insecure --fail https://localhost/login | grep -q '<form'
    [ -n "$(find backups -name "*.$2" -size +0)" ]
    # Nobody else's, and no root.
    [ "$(docker compose exec -T "$1" id -u)" -eq "$owner" ]
    if docker compose exec -T "$1" touch /opt/publisher/here 2>/dev/null; then exit 1; fi
}

say 'docker-compose.one-machine.yml …'
COMPOSE_FILE=docker-compose.one-machine.yml
export COMPOSE_FILE
docker compose --progress quiet up --detach --wait --wait-timeout 180
publishes publisher db
docker compose --progress quiet down --volumes

say 'docker-compose.yml …'
unset COMPOSE_FILE
docker compose --progress quiet up --detach --wait --wait-timeout 180 --scale worker=3 --scale dispatcher=2
docker compose ps --format '{{.Name}}: {{.Status}}'
publishes web dump
docker compose --progress quiet down --volumes
