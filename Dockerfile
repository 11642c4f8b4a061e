# One image for every role: `publisher run`, migration, dispatcher, worker, web pages, and the
# commands that people type. It builds on amd64 and arm64; nothing of the first stage's tools is in it.
FROM python:3.13-slim AS build
WORKDIR /build
# Nothing is built from a source archive, which may run anything, but feedgen: it has no wheel.
COPY requirements/build.txt requirements/docs.txt requirements/run.txt requirements/
RUN python -m venv tools \
    && tools/bin/pip install --no-cache-dir --disable-pip-version-check \
        --only-binary :all: \
        --require-hashes --requirement requirements/build.txt --requirement requirements/docs.txt \
    && python -m venv --without-pip /opt/publisher \
    && tools/bin/uv pip install --no-cache --compile-bytecode --python /opt/publisher \
        --only-binary :all: --no-binary feedgen \
        --require-hashes --requirement requirements/run.txt
# A release's context says its version in PKG-INFO; elsewhere `--build-arg VERSION=…` does.
ARG VERSION=""
ENV SETUPTOOLS_SCM_PRETEND_VERSION=$VERSION
COPY pyproject.toml README.md LICENSE PKG-INFO* ./
COPY docs docs
COPY publisher publisher
COPY workers workers
RUN tools/bin/hatchling build --target wheel --directory dist \
    && tools/bin/uv pip install --no-cache --compile-bytecode --python /opt/publisher --no-deps dist/*.whl

FROM python:3.13-slim
RUN python -m pip uninstall --quiet --yes --root-user-action=ignore pip \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin publisher \
    && install -d -o publisher -g publisher /workspace /workspace/var
COPY --from=build /opt/publisher /opt/publisher

# Passwords come as files (Docker's secrets); URLs that hold them exist only in the environment of
# the process that needs them, never in the image, the Compose file or a command line.
COPY --chmod=0755 <<'EOT' /usr/local/bin/with-secrets
#!/bin/sh
set -eu
# A secret that is there and cannot be read is an error: to go on without it would mean an empty
# ledger of its own instead of the one that the others use.
secret() {
    [ -e "$1" ] || [ -L "$1" ] || return 1
    if ! value=$(cat "$1") || [ -z "$value" ]; then
        echo "error: $1 cannot be read by user $(id -u), or is empty." >&2
        echo "hint: docs/deployment.md says who must own it." >&2
        exit 3
    fi
}
if [ -e /run/secrets ] && ! [ -x /run/secrets ]; then
    echo "error: /run/secrets cannot be read by user $(id -u)." >&2
    exit 3
fi
if secret /run/secrets/postgres_password; then
    PUBLISHER_DATABASE__URL="postgresql+psycopg://publisher:$value@postgres/publisher"
    export PUBLISHER_DATABASE__URL
fi
if secret /run/secrets/redis_password; then
    PUBLISHER_BROKER__URL="redis://:$value@redis:6379/0"
    export PUBLISHER_BROKER__URL
fi
exec "$@"
EOT

# What people type, also by `docker compose exec`, which goes past the entry point.
COPY --chmod=0755 <<'EOT' /opt/publisher/typed/publisher
#!/bin/sh
exec with-secrets /opt/publisher/bin/publisher "$@"
EOT

# Docker starts again what ends: what hangs is ended.
COPY --chmod=0755 <<'EOT' /usr/local/bin/watched
#!/bin/sh
exec /opt/publisher/bin/python -P -m publisher.running.watched "$@"
EOT

# Whatever the role: its ledger and its broker answer, and each kind of process in this container has
# shown life within 40 s.
COPY --chmod=0755 <<'EOT' /usr/local/bin/healthy
#!/opt/publisher/bin/python
import socket
import sys

from publisher.app import Application
from publisher.ledger import heartbeats
from publisher.monitoring import broker

app = Application.of_environment()
if url := app.settings.broker.url:
    broker.check(url)
sys.exit(not heartbeats.all_alive(app.heartbeats.all(), socket.gethostname()))
EOT

ENV PATH=/opt/publisher/typed:/opt/publisher/bin:$PATH \
    PUBLISHER_WORKSPACE=/workspace \
    PYTHONUNBUFFERED=1
# Not the workspace: Python and Celery look for modules where they start.
WORKDIR /
VOLUME /workspace/var
USER publisher
ENTRYPOINT ["with-secrets"]
CMD ["watched", "publisher", "run"]

HEALTHCHECK --interval=30s --timeout=15s --start-period=30s CMD ["with-secrets", "healthy"]
