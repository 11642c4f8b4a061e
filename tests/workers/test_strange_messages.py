"""A message in the broker that is not Publisher's ends no worker, and is told of once."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from uuid import uuid4

import pytest
import redis

from publisher.app import Application
from publisher.base.clock import SystemClock
from publisher.settings import settings
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace

_COMMAND = "celery -A workers worker --pool threads --concurrency 2 --loglevel WARNING -n one"


def _message(headers: object, body: str = "[]", **more: object) -> bytes:
    properties = {
        "delivery_info": {"exchange": "", "routing_key": ""},
        "delivery_tag": str(uuid4()),
    }
    return json.dumps(
        {
            "body": body,
            "content-type": "application/json",
            "content-encoding": "utf-8",
            "headers": headers,
            "properties": properties,
            **more,
        }
    ).encode()


_OF_OURS = {"task": "publisher.publish", "id": "1"}


def _strange() -> Mapping[str, bytes]:
    return {
        "no JSON": b"garbage",
        "no text": b"\xff\xfe\x00",
        "another JSON": b"[1, 2]",
        "null": b"null",
        "nothing": b"{}",
        "no properties": b'{"body": "x", "headers": {}}',
        "an unknown task": _message({"task": "publisher.unknown", "id": "1"}),
        "no task": _message({}),
        "headers of another kind": _message("x"),
        "a body that cannot be read": _message(_OF_OURS, "{"),
        "a body of another kind": _message(_OF_OURS, "7"),
        "other arguments": _message(_OF_OURS, '[["x"], {"y": 1}, null]'),
        "a pickle": _message(_OF_OURS, "gASVAA==", **{"content-type": "application/x-python-serialize", "content-encoding": "binary"}),
    }  # fmt: skip


@pytest.fixture
def worker_s(tmp_path: Path, broker_url: str) -> Mapping[str, str]:
    """The environment of a worker, with a ledger and a broker."""
    workspace = Workspace(tmp_path)
    app = Application(settings.load(workspace.path), SystemClock())
    app.database.migrate()
    queue = f"publisher-{app.queries.ledger_id()}"
    app.close()
    return {
        "PUBLISHER_WORKSPACE": str(tmp_path),
        "PUBLISHER_BROKER__URL": broker_url,
        "QUEUE": queue,
    }


def test_a_message_that_is_not_ours_ends_no_worker(
    tmp_path: Path, broker_url: str, worker_s: Mapping[str, str]
) -> None:
    """Nor does it take the place of a task: the worker has two, and takes all of them."""
    log, queue = tmp_path / "log", worker_s["QUEUE"]
    with log.open("wb") as output, redis.Redis.from_url(broker_url) as client:
        worker = subprocess.Popen(
            [sys.executable, "-m", *_COMMAND.split()],
            env={**os.environ, **worker_s}, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            for name, message in chain(_strange().items(), _strange().items()):
                wait_for(lambda: client.info("clients")["blocked_clients"], 60)
                client.lpush(queue, message)
                wait_for(lambda: not client.llen(queue), 60)
                assert worker.poll() is None, name
            client.lpush(queue, _message(_OF_OURS, "[[[9, 9]], {}, null]"))
            wait_for(lambda: not client.llen(queue), 60)
            wait_for(lambda: client.info("clients")["blocked_clients"], 60)
            assert worker.poll() is None
        finally:
            worker.terminate()
            worker.wait(60)
    assert log.read_text(errors="replace").count("is not Publisher's") == 1
