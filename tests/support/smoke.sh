#!/bin/sh
# Whether Publisher runs where the README says, on each Python that it supports: what the Dockerfile
# installs, and with that the tests of tests/smoke/; then `make demo` as on a fresh Debian. Nothing of
# the environment gets in but HOME, and of the PATH only the system's folders.
set -eu

folder=$(mktemp -d)
pythons=$(sh tests/support/system.sh pythons)

# It mostly waits, for downloads and for the session's clock; so both go on at once.
env -i HOME="$HOME" PATH=/usr/bin:/bin make demo VENV="$folder/demo" \
    >"$folder/demo.log" 2>&1 </dev/null &
demo=$!
trap 'kill "$demo" 2>/dev/null || true; rm -rf "$folder"' EXIT

sh tests/support/system.sh venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet --disable-pip-version-check \
    --require-hashes --requirement requirements/build.txt --requirement requirements/docs.txt
"$folder/tools/bin/hatchling" build --target wheel --directory "$folder" >/dev/null

# Into an empty environment, by the uv of another one.
into() {
    python=$1
    shift
    "$folder/tools/bin/uv" pip install --quiet --system-certs --python "$python" "$@"
}

for python in $pythons; do
    printf '%s\n' "Smoke tests on $("$python" --version), installed as in the Dockerfile …"
    sh tests/support/system.sh venv "$folder/venv" "$python"
    into "$folder/venv" --require-hashes --requirement requirements/run.txt
    into "$folder/venv" --no-deps "$folder"/*.whl
    into "$folder/venv" --require-hashes --requirement requirements/smoke.txt
    env -i HOME="$HOME" PATH=/usr/bin:/bin "$folder/venv/bin/pytest" -q -p no:cacheprovider \
        --confcutdir=tests/smoke tests/smoke
    rm -rf "$folder/venv"
done

printf '%s\n' 'make demo, as on a fresh Debian …'
status=0
wait "$demo" || status=$?
cat "$folder/demo.log"
exit "$status"
