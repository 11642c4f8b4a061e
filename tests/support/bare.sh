#!/bin/sh
# Whether one line installs the wheel on a bare Debian with Python alone, and the tutorial runs there
# as it stands: with pip, pipx and uv. As root, in a folder of its own (a chroot), which it deletes;
# mmdebstrap brings Debian.
#
#   bare.sh [SUITE]           such as bookworm; otherwise the stable one
set -eu

[ "$(id -u)" -eq 0 ] || { echo 'Only root can use a chroot: sudo make bare' >&2; exit 1; }
command -v mmdebstrap >/dev/null || apt-get -qq install --no-install-recommends -y mmdebstrap >/dev/null

suite=${1-stable}
folder=$(mktemp -d)
bare=$folder/debian
home=/var/reader # in it
trap 'umount "$bare/proc" 2>/dev/null || true; rm -rf --one-file-system "$folder"' EXIT

sh tests/support/system.sh venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet --disable-pip-version-check \
    --require-hashes --requirement requirements/build.txt --requirement requirements/docs.txt
"$folder/tools/bin/hatchling" build --target wheel --directory "$folder" >/dev/null

apt-config dump | grep '^Acquire::' >"$folder/apt.conf" || true
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,pipx,ca-certificates \
    --aptopt="$folder/apt.conf" "$suite" "$bare"
mount -t proc proc "$bare/proc"
mkdir "$bare$home"
cp "$folder"/*.whl tests/support/tutorial.py docs/guides/tutorial.en.md "$bare$home/"
# The machine's own names and certificates: a proxy may have one of its own.
cp /etc/resolv.conf /etc/hosts "$bare/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$bare/etc/ssl/certs/"

inside() {
    env -i HOME="$home" LANG=C.UTF-8 PATH="$home/.local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt UV_SYSTEM_CERTS=1 \
        chroot "$bare" sh -euc "cd && $1"
}

say() { printf '%s\n' "Debian $(cat "$bare/etc/debian_version"), $(inside 'python3 --version'): $*"; }

say 'pip …'
inside 'python3 -m venv venv && venv/bin/pip install --quiet ./*.whl'
inside 'PATH=$HOME/venv/bin:$PATH && python3 -P tutorial.py tutorial.en.md'
say 'pipx …'
inside 'pipx install ./*.whl'
inside 'publisher --version && python3 -P tutorial.py tutorial.en.md'
inside 'pipx uninstall session-publisher'
say 'uv and uvx …'
inside 'venv/bin/pip install --quiet uv'
inside 'venv/bin/uvx --from ./*.whl publisher init campaign && rm -r campaign'
inside 'venv/bin/uv tool install --quiet ./*.whl && publisher --version && python3 -P tutorial.py tutorial.en.md'
