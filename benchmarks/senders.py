"""Other ways to send many posts at one instant with tweepy, to compare Publisher with.

Each takes the same posts to the same stand-in: tweepy in a pool of threads, APScheduler, Celery with
an ETA for each task, a look into a table ten times a second with a task of Celery's for each post, and
procrastinate. What they need is in the environment: BENCH_ADDRESS, BENCH_BROKER, BENCH_DATABASE,
BENCH_STORE and BENCH_THREADS. benchmarks/burst.py starts them.
"""

import asyncio
import functools
import os
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

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


class _Elsewhere(HTTPAdapter):
    """Takes what is meant for X to the stand-in."""

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        request.url = request.url.replace("https://api.twitter.com", ADDRESS)
        return super().send(request, **more)


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
    with jobs.open():
        jobs.configure_task("post", schedule_at=at).batch_defer(*({"text": t} for t in texts))


def prepare_procrastinate() -> None:
    with jobs.open():
        jobs.schema_manager.apply_schema()


WAYS = {"raw": raw, "apscheduler": apscheduler, "poll": poll}

if __name__ == "__main__":
    way, due, threads, *texts = sys.argv[1:]
    WAYS[way](float(due), texts, int(threads))
