"""What the platforms' answers tell of the time, over real HTTP."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.clock import FastClock, SystemClock
from publisher.channels.http.recorder import Recorder
from publisher.channels.registry import ChannelOptions, ask_for_the_time, open_channel
from publisher.model.clock_check import ClockCheck
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import UNTIL_MENDED, AccountSuspended, Answer, Deferred, Kind
from publisher.platforms.twitter import profile as of_x
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings, load
from tests.support.lines import PLATFORM, answering, get, serving
from tests.support.sending import send
from tests.support.workspaces import Workspace

SETTINGS = """\
[accounts.bice-x]
channel = "twitter"
[accounts.bice-page]
channel = "facebook"
page_id = "100200300"
"""


class Wrong(SystemClock):
    """The machine's clock, 20 seconds ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=20)


class Platforms:
    """The sandbox, and a process that asks it."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.accounts = {account.name: account for account in accounts_for(settings)}
        self.sandbox = Sandbox(list(self.accounts.values()), SystemClock())
        self.clock = SystemClock()
        self.check = ClockCheck(self.clock)
        self.folder = folder
        self.address = ""

    @property
    def options(self) -> ChannelOptions:
        return ChannelOptions(
            request_timeout=timedelta(seconds=20), folder=self.folder, clock=self.clock,
            servers=dict.fromkeys(("twitter", "facebook"), self.address), check=self.check,
        )  # fmt: skip

    def are_wrong(self, seconds: float, *more: Fault) -> None:
        self.sandbox.faults.set([Fault(what=What.WRONG_DATE, seconds=seconds), *more])

    def post(self) -> object:
        """What comes of a post to X."""
        account = self.settings.accounts["bice-x"].account("bice-x")
        channel = open_channel(account, self.accounts["bice-x"].credentials, self.options)
        parcel = Parcel(
            post="post.fr", account="bice-x", due_at=datetime.now(UTC),
            content=Content(parts=(Part(text="Bonjour"),), lang="fr"),
        )  # fmt: skip
        return send(channel, parcel, Prepared(), ())


@pytest.fixture
def platforms(tmp_path: Path) -> Iterator[Platforms]:
    Workspace(tmp_path, settings=SETTINGS)
    made = Platforms(load(tmp_path, {}), tmp_path)
    with running(made.sandbox) as made.address:
        yield made


def test_a_request_without_a_signature_tells_the_time_of_each_platform(
    platforms: Platforms,
) -> None:
    """It is no call that a platform would count; a wrong time ends with the next answer."""
    for seconds, is_wrong in ((0, False), (3600, True), (-20, True), (0, False)):
        platforms.are_wrong(seconds)
        ask_for_the_time({"twitter", "facebook", "site"}, platforms.options)
        assert (platforms.check.trouble() is not None) is is_wrong
    assert not platforms.sandbox.state()["requests"]


def test_who_does_not_answer_tells_nothing(platforms: Platforms) -> None:
    platforms.address = "http://127.0.0.1:9"
    ask_for_the_time({"twitter", "facebook"}, platforms.options)
    assert platforms.check.trouble() is None
    assert platforms.check.age() == float("inf")


def test_each_answer_to_a_post_tells_the_time(platforms: Platforms) -> None:
    platforms.are_wrong(-60)
    platforms.post()
    trouble = platforms.check.trouble()
    assert "1 min ahead of X" in str(trouble) or "60 s ahead of X" in str(trouble)


@pytest.mark.parametrize(
    ("seconds", "kind"), [(-7200, Kind.CLOCK), (7200, Kind.CLOCK), (0, Kind.AUTH)]
)
def test_a_401_to_a_clock_that_is_far_off_is_not_the_keys_fault(
    platforms: Platforms, seconds: float, kind: Kind
) -> None:
    """It is tried again ten seconds later by the clock that is behind."""
    platforms.are_wrong(seconds, Fault(what=What.UNAUTHORISED, channel="twitter"))
    outcome = platforms.post()
    assert isinstance(outcome, AccountSuspended if kind is Kind.AUTH else Deferred)
    assert outcome.kind is kind
    if isinstance(outcome, Deferred):
        assert outcome.again_at
        behind = datetime.now(UTC) + timedelta(seconds=min(seconds, 0))
        assert abs(outcome.again_at - behind - timedelta(seconds=10)) < timedelta(seconds=8)


@pytest.mark.parametrize("who", ["facebook", "twitter"])
@pytest.mark.parametrize("seconds", [-180, 7200])
def test_a_401_is_the_keys_fault_where_a_platform_has_just_told_that_the_clock_is_right(
    platforms: Platforms, seconds: float, who: str
) -> None:
    """Else the post would be tried again at once, for ever, and nobody be told of the keys."""
    ask_for_the_time({who}, platforms.options)
    platforms.are_wrong(seconds, Fault(what=What.UNAUTHORISED, channel="twitter"))
    outcome = platforms.post()
    assert isinstance(outcome, AccountSuspended)
    assert (outcome.kind, outcome.backoff) == (Kind.AUTH, UNTIL_MENDED)


@pytest.mark.parametrize(
    "date",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:58 -2359",
        "Sat, 01 Jan 0101 00:00:00 GMT",
        "Sat, 01 Jan 0101 00:00:00 +2359",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 27 Nov 99999 00:00:00 GMT",
        "Fri, 27 Nov 2026 12:00:00 +999999",
        "soon",
    ],
)
def test_a_date_that_cannot_be_meant_is_none_and_costs_no_answer(date: str) -> None:
    """Not in the Recorder, after a post was taken; nor later, in whatever looks at the clock."""
    check = ClockCheck(SystemClock(), iter([0.0, 1e7, 2e7, 3e7]).__next__)
    answer = dated(date, check)
    assert answer.status == 201
    assert answer.clock_ahead is None
    assert of_x.health(answer).clock_ahead is None
    assert check.age() == float("inf")
    assert check.objection() is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", ""])
def test_a_date_without_a_zone_is_utc_wherever_the_machine_is(
    zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        check = ClockCheck(SystemClock())
        dated(f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} {zone}".strip(), check)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert check.age() < float("inf")
    assert check.trouble() is None


def dated(date: str, check: ClockCheck) -> Answer:
    """What is kept of an answer with this `Date`."""
    head = f"HTTP/1.1 201 Created\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(head.encode())) as (address, _connections):
        line = Recorder(
            PLATFORM, base_url=address, timeout=timedelta(seconds=5), clock=SystemClock(),
            secrets=(), heard=check.heard_from("X"),
        )  # fmt: skip
        return get(line)


def test_a_fast_clock_is_compared_with_nobodys(platforms: Platforms) -> None:
    """A rehearsal plays on another day; its 401 is still one for wrong keys."""
    platforms.clock = FastClock(datetime(2016, 3, 7, 8, tzinfo=UTC), 60)  # type: ignore[assignment]
    platforms.are_wrong(0, Fault(what=What.UNAUTHORISED, channel="twitter"))
    assert isinstance(platforms.post(), AccountSuspended)
    assert platforms.check.age() == float("inf")


def test_a_host_that_is_ahead_of_postgresql_is_told_so(tmp_path: Path, postgres_url: str) -> None:
    """Also before any platform has answered."""
    Workspace(tmp_path, settings=SETTINGS)
    app = Application(load(tmp_path, {"PUBLISHER_DATABASE__URL": postgres_url}), Wrong())
    try:
        assert app.clock_check.trouble() is None
        app._ask_database_for_the_time()
        assert "20 s ahead of PostgreSQL" in str(app.clock_check.trouble())
    finally:
        app.close()
