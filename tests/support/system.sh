#!/bin/sh
# What the Makefile needs from the machine, beyond a shell. Debian and Ubuntu are known by apt-get;
# elsewhere it says what to install.
#
#   system.sh python          print a Python that is new enough
#   system.sh pythons         print every Python that Publisher supports and apt-get can bring
#   system.sh venv FOLDER [PYTHON]
#                             make a virtual environment
#   system.sh install FOLDER ARGUMENTS
#                             install into a virtual environment by its uv, else by its pip
#   system.sh test-parts      install what the tests need, or say which tests are left out
set -eu

say() { printf '%s\n' "$*" >&2; }

# A Python >= 3.11: the one that all tests run on and the images have, if an environment can be made
# with it; else `python3`, or another one that is installed beside it.
find_python() {
    needed=ensurepip
    if may_apt; then needed=sys; fi # apt-get brings what it lacks
    for module in "$needed" sys; do
        for name in python3.13 python3 python3.14 python3.12 python3.11; do
            if command -v "$name" >/dev/null 2>&1 &&
                "$name" -c "import sys, $module; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1
            then
                command -v "$name"
                return
            fi
        done
    done
    say 'Publisher needs Python 3.11 or newer, and there is none on the PATH.'
    say 'On Debian 12 or newer and Ubuntu 24.04 or newer: sudo apt-get install python3 python3-venv'
    return 1
}

# Run apt-get without questions, as root or through sudo that asks for no password.
may_apt() {
    command -v apt-get >/dev/null 2>&1 &&
        { [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null; }
}

run_apt() {
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
    else
        sudo -n env DEBIAN_FRONTEND=noninteractive \
            apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null >/dev/null
    fi
}

apt_install() {
    say "Installing $* with apt-get …"
    # An old list of packages is the usual reason why the first try fails.
    run_apt install --no-install-recommends -y "$@" 2>/dev/null ||
        { run_apt update && run_apt install --no-install-recommends -y "$@"; }
}

# Of each version from 3.11 on the one that is here, else Debian's.
find_pythons() {
    for name in python3.11 python3.12 python3.13 python3.14; do
        if ! works "$name" && may_apt && apt-cache show "$name" >/dev/null 2>&1; then
            apt_install "$name" || continue
        fi
        if works "$name"; then
            command -v "$name"
        else
            say "Left out: $name, which is not on the PATH and which apt-get does not have."
        fi
    done
}

works() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c '' >/dev/null 2>&1
}

make_venv() {
    python=${2-$(find_python)}
    "$python" -m venv "$1" >/dev/null 2>&1 && return
    rm -rf "$1" # Debian leaves half of one behind
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if may_apt && apt_install "$package" && "$python" -m venv "$1"; then
        return
    fi
    rm -rf "$1"
    say "$python cannot make a virtual environment; its package for that is missing."
    say "Install it, then try again: sudo apt-get install $package"
    return 1
}

install_packages() {
    venv=$1
    shift
    # The machine's own certificates, as pip does: a proxy may have one of its own.
    "$venv/bin/uv" pip install --system-certs --python "$venv/bin/python" "$@" && return
    say 'uv could not install it, so pip tries.'
    "$venv/bin/python" -m pip install --disable-pip-version-check "$@"
}

has_postgres() {
    command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
}

has_pgbouncer() {
    [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v pgbouncer)" ]
}

has_chromium() {
    command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 ||
        command -v chromium-browser >/dev/null 2>&1
}

# Without windows where there is such a one: the tests then need half of the processor time.
chromium_package() {
    if apt-cache show chromium-headless-shell >/dev/null 2>&1; then
        echo chromium-headless-shell
    else
        echo chromium
    fi
}

has_promtool() {
    command -v promtool >/dev/null 2>&1
}

has_caddy() {
    command -v caddy >/dev/null 2>&1
}

has_compose() {
    command -v docker-compose >/dev/null 2>&1 || docker compose version >/dev/null 2>&1
}

has_ip() {
    [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v ip)" ]
}

has_faketime() {
    command -v faketime >/dev/null 2>&1
}

has_snac() {
    command -v snac >/dev/null 2>&1
}

has_php() {
    command -v php >/dev/null 2>&1
}

has_mariadb() {
    [ -n "$(PATH=$PATH:/usr/sbin:/sbin command -v mariadbd)" ]
}

has_wordpress() {
    ls /usr/share/wordpress/wp-settings.php >/dev/null 2>&1
}

# part NAME PACKAGE TESTS: make sure of one part, or say which tests go without it and why.
part() {
    "has_$1" && return
    if ! may_apt; then
        reason='this user may not use apt-get'
    elif ! apt_install "$2"; then
        reason="apt-get could not install $2"
    elif ! "has_$1"; then
        reason="$2 is installed, but not where it was expected"
    else
        return 0
    fi
    say "Left out: $3, because $reason. To run them: sudo apt-get install $2"
}

REAL_WORDPRESS='the tests of the WordPress channel against a real WordPress'

bluesky=${BLUESKY_SERVER-${0%/*}/bluesky_server}

has_bluesky() {
    works node && [ -f "$bluesky/node_modules/better-sqlite3/build/Release/better_sqlite3.node" ]
}

# Bluesky's own server, from npm: what it is made of is in package-lock.json, and SQLite is compiled.
bluesky_part() {
    has_bluesky && return
    tests="the tests against Bluesky's own server"
    if ! command -v npm >/dev/null 2>&1 || ! command -v g++ >/dev/null 2>&1; then
        if ! may_apt || ! apt_install nodejs npm g++ make python3; then
            say "Left out: $tests, because there is no npm. To run them: sudo apt-get install nodejs npm g++ make"
            return
        fi
    fi
    say "Installing Bluesky's server with npm …"
    # The headers of the installed Node: otherwise they would be downloaded.
    if [ -d /usr/include/node ]; then
        npm_config_nodedir=/usr && export npm_config_nodedir
    fi
    log=$bluesky/npm.log
    (cd "$bluesky" && npm ci --ignore-scripts --no-audit --no-fund &&
        npm rebuild better-sqlite3) >"$log" 2>&1 || true
    has_bluesky || say "Left out: $tests, because npm could not install it: see $log"
}

test_parts() {
    part postgres postgresql 'the tests of the ledger on PostgreSQL'
    part pgbouncer pgbouncer 'the tests of the ledger behind PgBouncer'
    part chromium "$(chromium_package)" 'the tests that look at pages in a browser'
    part compose docker-compose 'the test of docker-compose.yml'
    part promtool prometheus 'the test of the alert rules'
    part caddy caddy 'the test of the Caddyfile'
    part ip iproute2 'the tests with several hosts'
    part faketime faketime 'the tests with a wrong clock'
    part snac snac2 'the tests of the Mastodon channel against a real server'
    part php php-cli "$REAL_WORDPRESS"
    part mariadb mariadb-server "$REAL_WORDPRESS"
    part wordpress wordpress "$REAL_WORDPRESS"
    bluesky_part
}

case "${1-}" in
python) find_python ;;
pythons) find_pythons ;;
venv) shift && make_venv "$@" ;;
install) shift && install_packages "$@" ;;
test-parts) test_parts ;;
*)
    sed -n 's/^#   /  /p' "$0" >&2
    exit 2
    ;;
esac
