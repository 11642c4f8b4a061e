"""One bad post and an innocent one 25 seconds later, over every answer that is known.

By real HTTP to the sandbox, with the real channels, the real ledger and the real courier, on a
clock that the test moves: whatever the platform answers to the one, the other goes out, and the log
tells what is on the platform.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from PIL import Image

from publisher.channels.base import Channel
from publisher.channels.pool import Pool
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.delivery.courier import Courier
from publisher.delivery.leases import LOOK_AHEAD
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.ledger.reconciliation import Doubts
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Wish
from publisher.model.states import State
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.support.answers.refusals import REFUSALS, Refusal
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, courier_with, lanes, never
from tests.support.sandbox_accounts import by_name
from tests.support.wishes import wish

pytestmark = pytest.mark.guards("publisher.ledger.refusals", "publisher.ledger.worker.results")

SETTINGS = Settings.model_validate(
    {
        "workspace": Path("/nowhere"),
        "accounts": {
            "bice-x": {"channel": "twitter"},
            "bice-page": {"channel": "facebook", "page_id": "1002"},
        },
    }
)
ACCOUNT_OF = {"twitter": "bice-x", "facebook": "bice-page"}
TIMEOUT = timedelta(seconds=5)
APART = 25.0


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
        servers=dict.fromkeys(("twitter", "facebook"), served[1]),
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


def bad_post(office: Office, refusal: Refusal) -> tuple[Wish, dict[str, StoredPicture]]:
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
    parts = [Part(text=f"Le premier message {number}.") for number in range(refusal.parts)]
    if refusal.pictured:
        parts[0] = Part(text=parts[0].text, pictures=(picture,))
    content = Content(parts=tuple(parts), lang="fr")
    place = {"account": ACCOUNT_OF[refusal.channel], "channel": refusal.channel}
    stored = {digest: StoredPicture(digest, "image/png", data)} if refusal.pictured else {}
    return wish(office.clock, "bad", due_in=5, content=content, **place), stored


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name[:70])
def test_an_innocent_post_goes_out_whatever_another_meets(
    refusal: Refusal, office: Office, served: tuple[Sandbox, str]
) -> None:
    sandbox, address = served
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    requests.post(f"{address}/sandbox/faults", json=[refusal.fault], timeout=30).raise_for_status()
    bad, pictures = bad_post(office, refusal)
    place = {"account": bad.account, "channel": bad.channel}
    innocent = wish(office.clock, "innocent", due_in=5 + APART, **place)
    office.ledger.apply(
        add=[bad, innocent], edit=(), cancel=(), pictures=pictures, actor="redaction"
    )
    office.work(3 * 3600)
    assert sandbox.faults.as_json()[0]["applied"] == 1, "it was answered so"
    assert office.state("innocent") is State.PUBLISHED
    assert office.state("bad") in refusal.ends
    called_out = sorted(i for d in office.queries.deliveries() for i in d.remote_ids)
    public = [post for post in sandbox.state()["posts"] if post["published"]]
    assert called_out == sorted(post["id"] for post in public), "the log tells what is out"
    assert len({post["text"] for post in public}) == len(public), "nothing is out twice"
    for status in office.queries.accounts():
        assert status.suspended_until, "a suspension has an end"
