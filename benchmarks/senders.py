"""What the benchmarks of lateness start beside Publisher: other ways to send posts, and a platform.

Each way takes the same posts to the same stand-in with tweepy: a pool of threads, APScheduler,
Celery with an ETA for each task, a look into a table ten times a second with a task of Celery's for
each post, and procrastinate. What they need is in the environment: BENCH_ADDRESS, BENCH_BROKER,
BENCH_DATABASE, BENCH_STORE and BENCH_THREADS. burst.py starts them.

The stand-in takes posts as X does, after a while, and notes when each arrived:

    .venv/bin/python benchmarks/senders.py stand-in PORT LATENCY FILE

It speaks TLS if BENCH_CERTIFICATE names a file with its key, and never answers a text that begins
with "Hanging". It checks nothing, so that it takes little of the processor; the sandbox is the
strict one. FILE gets a line of JSON for each post: when its request was there as a whole (seconds
since 1970), and its text. Run as root it goes first, and a post is not late because a sender has
the processor.
"""

import asyncio
import functools
import gc
import itertools
import json
import os
import re
import sqlite3
import ssl
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import procrastinate
import requests
import tweepy
from apscheduler.executors.pool import ThreadPoolExecutor as JobExecutor
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.blocking import BlockingScheduler
from celery import Celery
from requests.adapters import HTTPAdapter

ADDRESS = os.environ.get("BENCH_ADDRESS", "")
_mine = threading.local()
_LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.IGNORECASE)
_ids = itertools.count(1_000_000)


class _Elsewhere(HTTPAdapter):
    """Takes what is meant for X to the stand-in."""

    def send(
        self, request: requests.PreparedRequest, *given: Any, **more: Any
    ) -> requests.Response:
        request.url = (request.url or "").replace("https://api.twitter.com", ADDRESS)
        return super().send(request, *given, **more)


def post(text: str) -> None:
    """Send it with this thread's own client, whose connection is kept."""
    if not hasattr(_mine, "client"):
        _mine.client = tweepy.Client(
            consumer_key="k", consumer_secret="s", access_token="1-a", access_token_secret="t"
        )
        _mine.client.session.mount("https://", _Elsewhere())
    _mine.client.create_tweet(text=text)


def raw(due: float, texts: list[str], threads: int) -> None:
    """tweepy alone: a pool of threads that begins at the instant."""
    with ThreadPoolExecutor(threads) as pool:
        pool.map(lambda _: time.sleep(0.2), range(threads))  # its threads are there
        time.sleep(max(0.0, due - time.time()))
        list(pool.map(post, texts))


def apscheduler(due: float, texts: list[str], threads: int) -> None:
    """APScheduler with a store on disk; in all else as it is if nobody says more."""
    scheduler = BlockingScheduler(
        jobstores={"default": SQLAlchemyJobStore(f"sqlite:///{os.environ['BENCH_STORE']}")},
        executors={"default": JobExecutor(threads)},
    )
    for text in texts:
        scheduler.add_job(
            "senders:post", "date", run_date=datetime.fromtimestamp(due, UTC), args=[text]
        )
    scheduler.start()


celery = Celery("senders", broker=os.environ.get("BENCH_BROKER", "memory://"))
celery.conf.update(task_ignore_result=True, worker_prefetch_multiplier=0)


@celery.task(name="post")
def celery_post(text: str) -> None:
    post(text)


jobs = procrastinate.App(
    connector=procrastinate.PsycopgConnector(
        conninfo=os.environ.get("BENCH_DATABASE", "postgresql://nowhere")
    )
)


@functools.cache
def hands() -> ThreadPoolExecutor:
    """As many threads as the others have; for tasks that are not async procrastinate has six."""
    return ThreadPoolExecutor(int(os.environ["BENCH_THREADS"]))


@jobs.task(name="post")
async def job_post(text: str) -> None:
    await asyncio.get_running_loop().run_in_executor(hands(), post, text)


def queue_celery(due: float, texts: list[str]) -> None:
    eta = datetime.fromtimestamp(due, UTC)
    for text in texts:
        celery_post.apply_async((text,), eta=eta)


def poll(due: float, texts: list[str], _threads: int) -> None:
    """Look ten times a second for what is due, and make a task of each."""
    with sqlite3.connect(os.environ["BENCH_STORE"]) as store:
        store.execute("CREATE TABLE posts (text TEXT PRIMARY KEY, due REAL, handed_over INTEGER)")
        store.executemany("INSERT INTO posts VALUES (?, ?, 0)", [(text, due) for text in texts])
    while True:
        with store:
            found = store.execute(
                "UPDATE posts SET handed_over = 1 WHERE due <= ? AND NOT handed_over RETURNING text",
                [time.time()],
            ).fetchall()
        for (text,) in found:
            celery_post.apply_async((text,))
        time.sleep(0.1)


def queue_procrastinate(due: float, texts: list[str]) -> None:
    at = datetime.fromtimestamp(due, UTC)
    given: list[dict[str, Any]] = [{"text": text} for text in texts]
    with jobs.open():
        jobs.configure_task("post", schedule_at=at).batch_defer(*given)


def prepare_procrastinate() -> None:
    with jobs.open():
        jobs.schema_manager.apply_schema()


class Connection(asyncio.Protocol):
    """One connection, which is kept; requests come one after the other."""

    def __init__(self, latency: float, arrivals: TextIO) -> None:
        self._latency = latency
        self._arrivals = arrivals
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        request = self._received + data if self._received else data
        end, length = request.find(b"\r\n\r\n"), _LENGTH.search(request)
        if end < 0 or len(request) < end + 4 + (int(length[1]) if length else 0):
            self._received = request
            return
        self._received = b""
        if b'"Hanging' in request:
            return
        # No more than this as a request arrives: others are in the queue behind it.
        asyncio.get_running_loop().call_later(
            self._latency, self._answer, time.time(), request[end + 4 :]
        )

    def _answer(self, arrived: float, body: bytes) -> None:
        text = json.loads(body)["text"] if body else ""
        self._arrivals.write(json.dumps({"at": arrived, "text": text}) + "\n")
        body = json.dumps({"data": {"id": str(next(_ids)), "text": text}}).encode()
        self._transport.write(
            b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )


def go_first() -> bool:
    """Wait for no sender's processor: a platform has its own. Without the right to that, it
    waits.
    """
    with suppress(AttributeError, PermissionError):  # no Linux; not root
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        return True
    return False


async def serve(port: int, latency: float, arrivals: TextIO) -> None:
    tls = None
    if certificate := os.environ.get("BENCH_CERTIFICATE"):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(latency, arrivals), "127.0.0.1", port, backlog=4096, ssl=tls
    )
    await server.serve_forever()


def stand_in(port: int, latency: float, arrivals: Path) -> None:
    """Serve until somebody ends it."""
    go_first()
    gc.freeze()  # the collector does not look through the senders' libraries
    with arrivals.open("w", buffering=1) as notes:
        asyncio.run(serve(port, latency, notes))


WAYS = {"raw": raw, "apscheduler": apscheduler, "poll": poll}

if __name__ == "__main__":
    way, *given = sys.argv[1:]
    if way == "stand-in":
        stand_in(int(given[0]), float(given[1]), Path(given[2]))
    else:
        WAYS[way](float(given[0]), given[2:], int(given[1]))
