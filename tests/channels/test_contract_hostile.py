"""What every channel promises against a platform, or a machine in between, that means harm.

Whatever one of the answers is, a worker never crashes, never says that something is out that is
not, never sends a second time what is out, and comes to an end.
"""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product

import pytest

from publisher.channels.registry import CAPABILITIES
from publisher.delivery import courier, preparation, reconcile
from publisher.delivery.reconcile import Reconciler
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.doubts.reconciliation import Doubts
from publisher.ledger.enqueue import Ledger, StoredPicture
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Captions, Content, Part, Picture
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Absent, Accepted
from publisher.model.states import State
from publisher.platforms.bluesky.stand_in import video_service
from publisher.platforms.facebook.stand_in import video_status
from publisher.platforms.linkedin.stand_in import media as linkedin_media
from publisher.platforms.mastodon.stand_in import limits as limits_of_mastodon
from publisher.platforms.twitter.stand_in import limits
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from tests.channels.conftest import PLATFORMS, Stages
from tests.channels.desk import Desk, one_client
from tests.support.clock import ManualClock
from tests.support.delivering import AnyKeys, OneByOne, courier_with, lanes
from tests.support.tiers import sampled

pytestmark = pytest.mark.guards(
    "publisher.channels", "publisher.platforms", "publisher.sandbox.hostile_answers"
)

HOSTILE = (
    What.BOMB,
    What.DRIP,
    What.EMPTY,
    What.ENDLESS,
    What.HEADERS_TWICE,
    What.HTML,
    What.ODD_IDS,
    What.OTHER_CHARSET,
    What.REDIRECT,
    What.STALE,
    What.STRANGE,
)
AT_EACH = [
    (what, platform)
    for what in HOSTILE
    for platform in PLATFORMS
    if (what, platform) != (What.ODD_IDS, "mastodon")  # some of its servers have words for ids
]
FOR_VIDEOS = (What.HEADERS_TWICE, What.HTML, What.ODD_IDS, What.STRANGE)
TOLD = Captions(lang="fr", text="WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nLa salle se lève\n")
ROUNDS = 20
"""How often a worker takes what is due, and looks for what is in doubt, until it must be over."""


@dataclass
class Work:
    """A desk whose worker goes on until nothing is open any more."""

    desk: Desk
    doubts: Doubts

    def queue(self, post: str, text: str, kind: str = "picture") -> None:
        """A post with a picture or a video; the video has captions where they are taken."""
        stage = self.desk.stage
        shown: Picture = getattr(stage, kind)(f"Une carte de {post}")
        if shown.is_video and CAPABILITIES[stage.name].captions_max_bytes:
            shown = shown.model_copy(update={"captions": TOLD})
        stored = StoredPicture(shown.digest, shown.media_type, stage.media[shown.digest])
        content = Content(parts=(Part(text=text, pictures=(shown,)),), lang="fr")
        self.desk.ledger.apply(
            add=(self.desk.wish(post=post, content=content),),
            edit=(),
            cancel=(),
            pictures={shown.digest: stored},
            actor="redaction",
        )

    def go_on(self, rounds: int = ROUNDS) -> None:
        for _round in range(rounds):
            self.desk.work()
            for _look in range(3):
                self.desk.clock.advance(40)
                for claim in self.doubts.claim(self.desk.clock.ahead(30), 10):
                    self._reconciler().reconcile(claim)
            if all(one.state in (State.PUBLISHED, State.FAILED) for one in self.deliveries):
                return

    def _reconciler(self) -> Reconciler:
        channel = self.desk.stage.open()
        again = courier_with(
            self.desk.attempts,
            lambda _account: nullcontext(channel),
            self.desk.clock,
            timeout=self.desk.stage.patience,
            client=one_client(),
        )
        return Reconciler(
            self.doubts, lambda _account: nullcontext(channel), AnyKeys(), lanes(), again.send_again
        )

    @property
    def deliveries(self) -> list[Delivery]:
        return self.desk.queries.deliveries()

    def shown(self) -> dict[str, str]:
        """The public posts: the text of each by its id. None is there twice."""
        found = self.desk.stage.shown()
        texts = [post.text for post in found]
        assert len(set(texts)) == len(texts), "a post is out twice"
        return {post.id: post.text for post in found}

    def agree(self) -> None:
        """What the ledger says is out is out, under the id that it says."""
        shown = self.shown()
        for one in self.deliveries:
            if one.state is State.PUBLISHED:
                (remote_id,) = one.remote_ids
                assert shown[remote_id] == one.content.joined

    def requests(self) -> int:
        counted = self.desk.stage.sandbox.state()["requests"]
        return sum(number for name, number in counted.items() if not name.startswith("fault"))


@pytest.fixture(autouse=True)
def no_crash(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An exception that a worker had to catch, with its traceback, is a fault of ours."""
    crashes: list[str] = []
    for module in (courier, preparation, reconcile):
        monkeypatch.setattr(
            module.log, "exception", lambda event, **_more: crashes.append(event), raising=False
        )
    yield
    assert crashes == []


@pytest.fixture
def work(
    request: pytest.FixtureRequest,
    stages: Stages,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
    database: Database,
) -> Work:
    desk = Desk(stages(request.param), ledger, dispatch, attempts, queries, clock)
    return Work(desk, Doubts(database, clock))


@pytest.mark.parametrize(("what", "work"), sampled(AT_EACH, every=5), indirect=["work"])
def test_one_hostile_answer_costs_no_post_and_doubles_none(what: What, work: Work) -> None:
    """Whichever request it answers: each in turn, of a post with a picture."""
    at_each_request(what, work, "picture")


@pytest.mark.parametrize(
    ("what", "work"),
    sampled([one for one in AT_EACH if one[0] in FOR_VIDEOS], every=5),
    indirect=["work"],
)
def test_one_hostile_answer_costs_no_video(
    what: What, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor on the long way of a video, with its captions."""
    for module in (limits, limits_of_mastodon, video_status, linkedin_media, video_service):
        monkeypatch.setattr(module, "REAL_PROCESSING_SECONDS", 0.0)
    at_each_request(what, work, "video")


def at_each_request(what: What, work: Work, kind: str) -> None:
    """Bring out a post for each of its requests, which gets a hostile answer."""
    work.queue("first.fr", "La première", kind)
    before = work.requests()
    work.go_on()
    (delivery,) = work.deliveries
    assert delivery.state is State.PUBLISHED
    for number in range(1, work.requests() - before + 1):
        fault = Fault(what=what, channel=work.desk.stage.name, nth=(number,), status=_status(what))
        work.desk.stage.sandbox.faults.set([fault])
        work.queue(f"post-{number}.fr", f"Texte {number}", kind)
        begun = time.monotonic()
        work.go_on()
        assert time.monotonic() - begun < 30
        work.desk.stage.sandbox.faults.set([])
        work.agree()
        (delivery,) = [one for one in work.deliveries if one.post == f"post-{number}.fr"]
        if what is What.STALE and delivery.state is not State.PUBLISHED:
            # Another post's id, or its picture's: a person is told, and decides.
            assert delivery.state in (State.FAILED, State.UNCERTAIN)
            assert delivery.error_message
            continue
        assert delivery.state is State.PUBLISHED, delivery


@pytest.mark.parametrize("work", PLATFORMS, indirect=True)
@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_is_called_published_by_hostile_answers_alone(what: What, work: Work) -> None:
    """All answers are hostile, from the first on, and nothing is done."""
    fault = Fault(what=what, channel=work.desk.stage.name, status=_status(what), commit=False)
    work.desk.stage.sandbox.faults.set([fault])
    work.queue("post.fr", "Bonjour")
    work.go_on(2)
    work.agree()


@pytest.mark.parametrize(("what", "platform"), sampled([*product(HOSTILE, PLATFORMS)], every=5))
def test_looking_and_withdrawing_believe_no_hostile_answer(
    what: What, platform: str, stages: Stages
) -> None:
    stage = stages(platform)
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    attempt = stage.ready(parcel)
    out = attempt.send()
    assert isinstance(out, Accepted)
    stage.sandbox.faults.set([Fault(what=what, channel=platform, status=_status(what))])
    channel = stage.open()
    channel.examine()
    channel.owner()
    seen = channel.find(parcel, attempt.prepared, (), attempt.since)
    if what is not What.STALE:  # a platform that lags behind is read again, once it has settled
        assert not isinstance(seen, Absent)
    if isinstance(channel.withdraw(out.remote_id, attempt.prepared), Accepted):
        assert stage.shown() == []
    stage.sandbox.faults.set([])
    assert isinstance(stage.open().withdraw(out.remote_id, attempt.prepared), Accepted)
    assert stage.shown() == []


def _status(what: What) -> int | None:
    """A page of HTML comes as a success."""
    return 200 if what is What.HTML else None
