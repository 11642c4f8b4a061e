"""Other ways to send many posts at one instant with tweepy, to compare Publisher with.

Each takes the same posts to the same stand-in: tweepy in a pool of threads, Celery with an ETA for
each task, and procrastinate. What they need is in the environment: BENCH_ADDRESS, BENCH_BROKER and
BENCH_DATABASE. benchmarks/burst.py starts them.
"""

import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import procrastinate
import requests
import tweepy
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


@jobs.task(name="post")
def job_post(text: str) -> None:
    post(text)


def queue_celery(due: float, texts: list[str]) -> None:
    eta = datetime.fromtimestamp(due, UTC)
    for text in texts:
        celery_post.apply_async((text,), eta=eta)


def queue_procrastinate(due: float, texts: list[str]) -> None:
    at = datetime.fromtimestamp(due, UTC)
    with jobs.open():
        jobs.configure_task("post", schedule_at=at).batch_defer(*({"text": t} for t in texts))


def prepare_procrastinate() -> None:
    with jobs.open():
        jobs.schema_manager.apply_schema()


if __name__ == "__main__":
    due, threads, *texts = sys.argv[1:]
    raw(float(due), texts, int(threads))
