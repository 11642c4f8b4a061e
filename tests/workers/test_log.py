"""A worker's log stays short while its broker refuses."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import redis

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.settings import settings
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace


def test_a_broker_that_refuses_floods_no_log(tmp_path: Path, broker_url: str) -> None:
    """Celery tries again several times a second, and each time says so in a dozen lines."""
    workspace = Workspace(tmp_path)
    app = Application(settings.load(workspace.path), SystemClock())
    app.database.migrate()
    app.close()
    environment = {
        "PUBLISHER_WORKSPACE": str(tmp_path),
        "PUBLISHER_BROKER__URL": broker_url,
        "PUBLISHER_DATABASE__URL": app.database.url,
    }
    command = "celery -A workers worker --pool threads --concurrency 2 --loglevel WARNING -n one"
    log = tmp_path / "log"
    with log.open("wb") as output, redis.Redis.from_url(broker_url) as client:
        worker = subprocess.Popen(
            [sys.executable, "-m", *command.split()],
            env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            wait_for(lambda: client.info("clients")["blocked_clients"], 60)
            client.acl_setuser("default", enabled=True, categories=["-@list", "-@set"])
            before = client.info("stats")["total_connections_received"]
            wait_for(lambda: client.info("stats")["total_connections_received"] > before + 40, 60)
        finally:
            client.acl_setuser("default", enabled=True, categories=["+@all"])
            worker.terminate()
            worker.wait(60)
    lines = Counter(line for line in log.read_text(errors="replace").splitlines() if line.strip())
    assert max(lines.values()) <= 4, lines.most_common(3)
