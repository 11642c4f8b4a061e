"""One bad post and an innocent one 25 seconds later, over a sample of the answers that are known.

By real HTTP to the sandbox, with the real channels, the real ledger and the real courier, on a
clock that the test moves: whatever the platform answers to the one, the other goes out, and the log
tells what is on the platform. All answers are played in tests/simulation/test_refusals.py.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.channels.base import Channel
from publisher.channels.pool import Pool
from publisher.channels.registry import CAPABILITIES, ChannelOptions, open_channel
from publisher.delivery.courier import Courier
from publisher.delivery.leases import LOOK_AHEAD
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Wish
from publisher.model.outcomes import Step
from publisher.model.states import State
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.support.answers.kinds import EPOCH
from tests.support.answers.refusals import REFUSALS, REQUESTS, SITE, TABLES, Refusal
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, courier_with, lanes, never
from tests.support.sandbox_accounts import by_name
from tests.support.wishes import wish

pytestmark = pytest.mark.guards(
    "publisher.ledger.limits.refusals", "publisher.ledger.worker.results"
)

ACCOUNTS: dict[str, dict[str, str]] = {
    "twitter": {},
    "facebook": {"page_id": "1002"},
    "linkedin": {"organization_id": "1003"},
    "mastodon": {},
    "wordpress": {},
    "bluesky": {},
}
SETTINGS = Settings.model_validate(
    {
        "workspace": Path("/nowhere"),
        "accounts": {f"bice-{name}": {"channel": name, **more} for name, more in ACCOUNTS.items()},
    }
)
TIMEOUT = timedelta(seconds=5)
APART = 25.0


@dataclass(frozen=True)
class Met:
    """An answer that a request of the bad post meets."""

    request: str
    answer: str
    """The name of its row."""
    nth: int = 1
    """Which part of a thread meets it."""
    commit: bool = False
    """Whether the request had its effect all the same."""

    def __str__(self) -> str:
        return f"{self.request}: {self.answer[:50]}{', done' if self.commit else ''}"

    @property
    def refusal(self) -> Refusal:
        ((channel, step),) = (where for where, names in REQUESTS.items() if self.request in names)
        wanted = (channel, step, self.answer, self.nth)
        return next(r for r in REFUSALS if (r.channel, r.step, r.name, r.nth) == wanted)

    @property
    def is_pictured(self) -> bool:
        """Whether only a post with a picture makes this request."""
        makes_draft = self.request in ("createFeedPost", "createArticle")
        return self.refusal.step is Step.PREPARE and not makes_draft

    @property
    def end(self) -> State:
        return State.PUBLISHED if self.commit else self.refusal.end

    @property
    def fault(self) -> dict[str, Any]:
        """As the sandbox takes it."""
        answer = self.refusal.answer
        assert answer
        return {
            "what": "answer", "endpoint": self.request, "nth": [self.nth], "status": answer.status,
            "body": answer.body, "commit": self.commit,
            "headers": {name: _ahead(value) for name, value in answer.headers.items()},
        }  # fmt: skip


def _ahead(value: str) -> str:
    """An instant of the table, which is in seconds since 1970, as one ahead of the sandbox's."""
    is_instant = value.isdecimal() and int(value) > EPOCH
    return f"+{int(value) - EPOCH}" if is_instant else value


SAMPLE = (
    Met("mediaUpload", "uploads are gone"),
    Met("createMediaMetadata", "unauthorised"),
    Met("createPosts", "not permitted"),
    Met("createPosts", "duplicate", commit=True),
    Met("createPosts", "429 with reset"),
    Met("createPosts", "reply not allowed", nth=2),
    Met("createPosts", "503, HTML", commit=True),
    Met("createPhoto", "photo too big"),
    Met("createFeedPost", "throttled with a wait"),
    Met("updatePost", "368 for a duplicate, reveal"),
    Met("updatePost", "5xx, HTML", commit=True),
    Met("initializeImageUpload", "token: expired"),
    Met("uploadImage", "status 500"),
    Met("createOrganizationPost", "a limit with its end"),
    Met("createOrganizationPost", "status 504", commit=True),
    Met("uploadMedia", "upload: too big for nginx"),
    Met("postStatus", "422: Validation failed: Text can't be blank", nth=2),
    Met("postStatus", "a gateway", commit=True),
    Met("uploadAttachment", "no room"),
    Met("createArticle", "a firewall, prepare"),
    Met("updateArticle", "too many, for ten minutes"),
    Met("updateArticle", "bad gateway, reveal", commit=True),
    Met("uploadBlob", "too big: PayloadTooLarge"),
    Met("applyWrites", "a limit with its end"),
    Met("applyWrites", "status 502", commit=True),
)
"""Each request that there is; and of each that makes something public, an answer to one that was
done and to one that was not. Among them are a duplicate, the second part of a thread, and limits
whose end is told as an instant, in seconds and in minutes."""


@dataclass
class Office:
    """All that publishes, without the broker: one hand does what is due, and moves the clock."""

    clock: ManualClock
    ledger: Ledger
    dispatch: Dispatch
    courier: Courier
    doubts: Doubts
    reconciler: Reconciler
    queries: Queries

    def work(self, seconds: float) -> None:
        end = self.clock.ahead(seconds)
        while self.clock.now() < end and not self.is_done:
            self.dispatch.reap()
            self.dispatch.expire()
            claims = self.dispatch.claim(self.clock.ahead(LOOK_AHEAD), self.clock.ahead(30), 10)
            self.courier.deliver(claims)
            looks = self.doubts.claim(self.clock.ahead(60), 10)
            for claim in looks:
                self.reconciler.reconcile(claim)
            if not claims and not looks:
                self.clock.advance(1)

    @property
    def is_done(self) -> bool:
        return self.queries.counts().keys() <= {State.PUBLISHED, State.FAILED, State.MISSED}

    def state(self, post: str) -> State:
        (delivery,) = self.queries.deliveries(post=post)
        return delivery.state


@pytest.fixture(scope="module")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="module")
def served(clock: ManualClock) -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(accounts_for(SETTINGS), clock)
    with running(sandbox) as address:
        yield sandbox, address


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A new ledger's file: to make one takes longer than to use it."""
    path = tmp_path_factory.mktemp("ledger") / "new.db"
    with closing(Database(f"sqlite:///{path}")) as database:
        database.migrate()
    return path.read_bytes()


@pytest.fixture
def office(
    served: tuple[Sandbox, str], empty: bytes, clock: ManualClock, tmp_path: Path
) -> Iterator[Office]:
    (tmp_path / "ledger.db").write_bytes(empty)
    credentials = by_name(accounts_for(SETTINGS))
    options = ChannelOptions(
        request_timeout=TIMEOUT,
        folder=tmp_path,
        clock=clock,
        servers=dict.fromkeys(ACCOUNTS, served[1]),
    )

    def open_one(name: str) -> Channel:
        account = SETTINGS.accounts[name].account(name)
        return open_channel(account, dict(credentials[name].credentials), options)

    with ExitStack() as stack:
        database = stack.enter_context(closing(Database(f"sqlite:///{tmp_path}/ledger.db")))
        attempts, doubts = OneByOne(database, clock, 60), Doubts(database, clock)
        pool = Pool(open_one)
        yield Office(
            clock,
            Ledger(database, clock),
            Dispatch(database, clock, 60),
            courier_with(attempts, pool.lend, clock, timeout=TIMEOUT),
            doubts,
            Reconciler(doubts, pool.lend, AnyKeys(), lanes(), never),
            Queries(database, clock),
        )


def test_every_channel_has_a_table_of_answers() -> None:
    """A new channel is not left out; the website's refusals are those of its disk."""
    assert {*TABLES, SITE} == {*CAPABILITIES}
    assert {channel for channel, _step in REQUESTS} == {*TABLES}


def bad_post(office: Office, met: Met) -> tuple[Wish, dict[str, StoredPicture]]:
    memory = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(memory, "PNG")
    data = memory.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    picture = Picture(
        digest=digest,
        media_type="image/png",
        width=64,
        height=48,
        alt="Une carte",
        name="carte.png",
    )
    parts = [Part(text=f"Le premier message {number}.") for number in range(met.nth)]
    if met.is_pictured:
        parts[0] = Part(text=parts[0].text, pictures=(picture,))
    content = Content(parts=tuple(parts), lang="fr")
    channel = met.refusal.channel
    place = {"account": f"bice-{channel}", "channel": channel}
    stored = {digest: StoredPicture(digest, "image/png", data)} if met.is_pictured else {}
    return wish(office.clock, "bad", due_in=5, content=content, **place), stored


def test_each_request_is_in_the_sample() -> None:
    assert {met.request for met in SAMPLE} == set(chain(*REQUESTS.values()))


@pytest.mark.parametrize("met", SAMPLE, ids=str)
def test_an_innocent_post_goes_out_whatever_another_meets(
    met: Met, office: Office, served: tuple[Sandbox, str]
) -> None:
    sandbox, address = served
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    requests.post(f"{address}/sandbox/faults", json=[met.fault], timeout=30).raise_for_status()
    bad, pictures = bad_post(office, met)
    place = {"account": bad.account, "channel": bad.channel}
    innocent = wish(office.clock, "innocent", due_in=5 + APART, **place)
    office.ledger.apply(
        add=[bad, innocent], edit=(), cancel=(), pictures=pictures, actor="redaction"
    )
    office.work(3 * 3600)
    assert sandbox.faults.as_json()[0]["applied"] == 1, "it was answered so"
    assert office.state("innocent") is State.PUBLISHED
    assert office.state("bad") is met.end
    called_out = sorted(i for d in office.queries.deliveries() for i in d.remote_ids)
    public = [post for post in sandbox.state()["posts"] if post["published"]]
    assert called_out == sorted(post["id"] for post in public), "the log tells what is out"
    assert len({post["text"] for post in public}) == len(public), "nothing is out twice"
    for status in office.queries.accounts():
        assert status.suspended_until, "a suspension has an end"


def faults(address: str, *rules: dict[str, Any]) -> None:
    requests.post(f"{address}/sandbox/faults", json=rules, timeout=30).raise_for_status()


UPLOADS = {
    "mediaUpload": "429 for a picture",
    "uploadMedia": "upload: too many",
    "initializeImageUpload": "daily limit, of APPLICATION_AND_MEMBER",
    "uploadBlob": "a limit with its end",
}


@pytest.mark.parametrize("request_name", UPLOADS)
def test_a_used_up_limit_of_uploads_holds_no_text(
    request_name: str, office: Office, served: tuple[Sandbox, str]
) -> None:
    """The post with a picture goes out when the limit ends."""
    _sandbox, address = served
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    faults(address, {"what": "rate-limit", "endpoint": request_name, "seconds": 1740})
    pictured, pictures = bad_post(office, Met(request_name, UPLOADS[request_name]))
    place = {"account": pictured.account, "channel": pictured.channel}
    text = wish(office.clock, "text", due_in=5 + APART, **place)
    office.ledger.apply(
        add=[pictured, text], edit=(), cancel=(), pictures=pictures, actor="redaction"
    )
    office.work(45)
    assert (office.state("text"), office.state("bad")) == (State.PUBLISHED, State.SCHEDULED)
    assert list(office.queries.accounts()) == []
    faults(address)
    office.clock.advance(1740)
    office.work(120)
    assert office.state("bad") is State.PUBLISHED


BAD_REQUEST: dict[str, Any] = {"what": "bad-request"}


def told(detail: str) -> dict[str, Any]:
    """A refusal of X in these words."""
    body = {"title": "Forbidden", "detail": detail, "type": "about:blank", "status": 403}
    return {"what": "answer", "status": 403, "body": body}


@pytest.mark.parametrize(
    ("request_name", "fault"),
    [
        ("createPosts", BAD_REQUEST),
        ("createPosts", told("Your Tweet text is too long.")),
        ("createPosts", told("This user is not allowed to post a video longer than 2 minutes.")),
        ("createFeedPost", BAD_REQUEST),
        ("postStatus", BAD_REQUEST),
        ("createOrganizationPost", BAD_REQUEST),
        ("applyWrites", BAD_REQUEST),
        ("updateArticle", BAD_REQUEST),
    ],
)
def test_no_refusal_fails_a_series(
    request_name: str, fault: dict[str, Any], office: Office, served: tuple[Sandbox, str]
) -> None:
    """A platform that calls each post wrong fails one, and the others go out when it takes them."""
    _sandbox, address = served
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    faults(address, {**fault, "endpoint": request_name})
    ((channel, _step),) = (where for where, names in REQUESTS.items() if request_name in names)
    place = {"account": f"bice-{channel}", "channel": channel}
    posts = [wish(office.clock, f"post-{n}", due_in=5 + APART * n, **place) for n in range(4)]
    office.ledger.apply(add=posts, edit=(), cancel=(), pictures={}, actor="redaction")
    office.work(120)
    office.clock.advance(300)
    office.work(30)
    assert office.queries.counts() == {State.FAILED: 1, State.SCHEDULED: 3}
    faults(address)
    office.clock.advance(1800)
    office.work(300)
    assert office.queries.counts() == {State.FAILED: 1, State.PUBLISHED: 3}


def test_an_account_that_may_not_answer_itself_fails_one_thread(
    office: Office, served: tuple[Sandbox, str]
) -> None:
    """The next one waits after its first part, and holds no other post."""
    _sandbox, address = served
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    refused = told("You can only reply to or quote posts where you are mentioned or the author.")
    faults(address, {**refused, "endpoint": "createPosts", "nth": [2, 4, *range(6, 99)]})
    place = {"account": "bice-twitter", "channel": "twitter"}
    parts = [Content(parts=(Part(text=f"{n}, 1"), Part(text=f"{n}, 2"))) for n in range(2)]
    threads = [
        wish(office.clock, f"thread-{n}", due_in=5 + APART * n, content=content, **place)
        for n, content in enumerate(parts)
    ]
    text = wish(office.clock, "text", due_in=5 + APART * 2, **place)
    office.ledger.apply(add=[*threads, text], edit=(), cancel=(), pictures={}, actor="redaction")
    office.work(90)
    states = {post: office.state(post) for post in ("thread-0", "thread-1", "text")}
    assert states == {
        "thread-0": State.FAILED, "thread-1": State.SCHEDULED, "text": State.PUBLISHED,
    }  # fmt: skip
    faults(address)
    office.clock.advance(1800)
    office.work(120)
    assert office.state("thread-1") is State.PUBLISHED
