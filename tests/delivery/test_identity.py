"""Nothing goes out with keys that belong to somebody else."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any, cast

import pytest
import redis
from sqlalchemy import event, select

from publisher.app import Application, channel_parts
from publisher.base.clock import SystemClock
from publisher.channels import registry
from publisher.channels.base import Channel
from publisher.delivery.identity import Identity, verified
from publisher.ledger.account_owners import Owners
from publisher.ledger.database import Database
from publisher.ledger.integrity.after_restore import face
from publisher.ledger.integrity.seals import Audit
from publisher.ledger.reading.account_status import AccountStatus
from publisher.ledger.tables import accounts
from publisher.model.accounts import Account, Owner
from publisher.model.deliveries import Claim
from publisher.model.outcomes import AccountSuspended
from publisher.model.states import State
from publisher.monitoring.account_locks import AccountLocks
from publisher.monitoring.broker import client
from publisher.platforms.facebook.stand_in.refusals import FacebookFault
from publisher.sandbox import server
from publisher.sandbox.accounts import SandboxAccount, secrets_toml
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.faults import Fault
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.delivering import deliver_at_once
from tests.support.workspaces import SESSION, Workspace

pytestmark = pytest.mark.guards(
    "publisher.delivery.keyring",
    "publisher.delivery.services",
    "publisher.ledger.account_owners",
    "publisher.monitoring.account_locks",
)

SETTINGS = """\
language = "en"
[accounts.our-x]
channel = "twitter"
language = "fr"
{fr}
[accounts.our-x-en]
channel = "twitter"
language = "en"
{en}
[accounts.our-page]
channel = "facebook"
language = "fr"
page_id = "100200301"
[accounts.our-page-en]
channel = "facebook"
language = "en"
page_id = "100200302"
"""
HANDLES = {"fr": 'handle = "@Our_X"', "en": 'handle = "our_x_en"'}
NO_HANDLES = {"fr": "", "en": ""}
TEXT = "Ceci est en français, pour le compte français."


class Stage:
    """A workspace with two accounts on X and two Pages, and its stand-in platforms."""

    def __init__(self, path: Path, database_url: str) -> None:
        self.workspace = Workspace(path, "", SESSION)
        self.database_url = database_url
        self.clock = ManualClock()
        self.sandbox: Sandbox
        self.keys: dict[str, SandboxAccount] = {}
        self.broker: redis.Redis | None = None

    def configure(self, handles: dict[str, str]) -> None:
        database = f'[database]\nurl = "{self.database_url}"\n'
        more = handles.get("more", "")
        self.workspace.write("publisher.toml", SETTINGS.format(**handles) + more + database)

    def put_keys(self, **taken: str) -> None:
        """Every account gets its own keys, but those that are named get another's."""
        named = {name.replace("_", "-"): other for name, other in taken.items()}
        accounts = [
            account.model_copy(update={"credentials": self.keys[named.get(name, name)].credentials})
            for name, account in self.keys.items()
        ]
        self.workspace.write("secrets.toml", secrets_toml(accounts)).chmod(0o600)

    def application(self) -> Application:
        """As a new process would have it."""
        app = Application(settings.load(self.workspace.path), self.clock)
        app.database.migrate()
        if self.broker:
            app.account_lock = AccountLocks(app, self.broker)
        return deliver_at_once(app)

    def publish(self, name: str, to: str) -> tuple[State, list[AccountStatus]]:
        """Queue a post for now, and give it to a new worker; its state, and who is held then."""
        self.workspace.draft(f"{name}.fr", f"at: {self.soon}\nto: [{to}]", f"{TEXT} {name}")
        with closing(self.application()) as app:
            assert not app.planner.queue(actor="redaction").errors
            for claim in app.dispatch.claim(self.clock.ahead(2), self.clock.ahead(30), 10):
                app.delivery.courier.deliver([claim])
            (delivery,) = app.queries.deliveries(post=f"{name}.fr")
            return delivery.state, app.queries.accounts()

    @property
    def soon(self) -> str:
        return self.clock.ahead(1).isoformat(timespec="seconds")

    def resume(self, account: str) -> None:
        with closing(self.application()) as app:
            app.control.resume(account, "ann")

    def public(self) -> dict[str, str]:
        """What the public sees: the text by account."""
        posts = self.sandbox.state()["posts"]
        return {post["account"]: post["text"] for post in posts if post["published"]}

    def asked(self) -> int:
        """How often somebody asked X whom keys belong to."""
        return int(self.sandbox.state()["requests"].get("getUsersMe", 0))


@pytest.fixture
def stage(tmp_path: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage = Stage(tmp_path, ledger_url)
    stage.configure(HANDLES)
    accounts = accounts_for(settings.load(tmp_path))
    stage.keys = {account.name: account for account in accounts}
    stage.put_keys()
    stage.sandbox = Sandbox(accounts, SystemClock())
    with server.running(stage.sandbox) as address:
        monkeypatch.setenv("PUBLISHER_TWITTER_API_URL", address)
        monkeypatch.setenv("PUBLISHER_FACEBOOK_GRAPH_URL", address)
        yield stage


def test_a_french_post_does_not_go_out_on_the_english_account_whose_keys_were_swapped(
    stage: Stage,
) -> None:
    stage.put_keys(our_x="our-x-en", our_x_en="our-x")
    state, (held,) = stage.publish("a", "our-x")
    assert stage.public() == {}
    assert (state, held.account, held.suspension_kind, held.suspended_until) == (
        State.SCHEDULED, "our-x", "auth", None,
    )  # fmt: skip
    assert "belong to @our_x_en, but publisher.toml names @Our_X" in (held.suspension_message or "")


def test_the_right_keys_go_out_and_x_is_asked_once_for_all_processes(stage: Stage) -> None:
    assert stage.publish("a", "our-x")[0] is State.PUBLISHED
    assert stage.publish("b", "our-x")[0] is State.PUBLISHED
    assert stage.asked() == 1


def test_a_page_token_of_another_page_holds_the_page(stage: Stage) -> None:
    stage.put_keys(our_page="our-page-en")
    state, (held,) = stage.publish("a", "our-page")
    assert (state, stage.public()) == (State.SCHEDULED, {})
    assert "belongs to another Page, our-page-en" in (held.suspension_message or "")


def test_with_the_token_of_another_page_nothing_is_withdrawn(stage: Stage) -> None:
    """To which what is out looks gone."""
    stage.publish("a", "our-page")
    stage.put_keys(our_page="our-page-en")
    with closing(stage.application()) as app:
        (done,) = app.delivery.withdrawal.withdraw("a.fr", None, actor="ann", reason="an error")
    assert "belongs to another Page, our-page-en" in str(done.problem)
    assert (done.delivery.state, list(stage.public())) == (State.PUBLISHED, ["our-page"])
    stage.put_keys()
    stage.resume("our-page")
    with closing(stage.application()) as app:
        (done,) = app.delivery.withdrawal.withdraw("a.fr", None, actor="ann", reason="an error")
    assert (done.problem, done.delivery.state) == (None, State.WITHDRAWN)


def test_without_a_handle_nobody_is_asked_and_the_owner_is_remembered(stage: Stage) -> None:
    stage.configure(NO_HANDLES)
    assert stage.publish("a", "our-x")[0] is State.PUBLISHED
    assert stage.asked() == 0
    stage.put_keys(our_x="our-x-en")
    state, (held,) = stage.publish("b", "our-x")
    assert state is State.SCHEDULED
    assert list(stage.public()) == ["our-x"]
    assert "belong to @our_x_en; those before belonged to" in (held.suspension_message or "")


NAMED = {"fr": "", "en": 'handle = "@our_x_en"'}


@pytest.mark.parametrize(
    ("handles", "first", "asked"),
    [(NO_HANDLES, "our-x-en", 1), (NAMED, "our-x-en", 2), (NAMED, None, 1)],
    ids=["it published before", "and is named", "it is named alone"],
)
def test_an_account_never_goes_out_with_the_keys_of_another_account(
    stage: Stage, handles: dict[str, str], first: str | None, asked: int
) -> None:
    stage.configure(handles)
    stage.put_keys(our_x="our-x-en")
    if first:
        assert stage.publish("own", first)[0] is State.PUBLISHED
    state, held = stage.publish("a", "our-x")
    assert state is State.SCHEDULED
    assert set(stage.public()) <= {first}
    (message,) = [one.suspension_message or "" for one in held if one.account == "our-x"]
    assert message.startswith("our-x-en has the same keys: they belong to ")
    assert "Put each account's own keys into secrets.toml" in message
    assert stage.asked() <= asked


@pytest.mark.each_database
def test_two_accounts_with_one_owner_that_ask_at_once_are_never_both_verified(
    stage: Stage,
) -> None:
    stage.configure(NO_HANDLES)
    owner = Owner(id="7001")
    together = Barrier(2)

    def claim(account: str, other: str) -> str | None:
        with closing(stage.application()) as app:
            together.wait()
            return app.owners.claim(account, owner, [other])

    with ThreadPoolExecutor(2) as both:
        answers = both.map(claim, ["our-x", "our-x-en"], ["our-x-en", "our-x"])
        assert sorted(map(str, answers)) in (["None", "our-x"], ["None", "our-x-en"])


@pytest.mark.each_database
def test_an_account_is_verified_without_the_rows_of_the_others(
    database: Database, clock: ManualClock
) -> None:
    """A thousand new accounts take a thousand steps, not a million; a post waits for none."""
    names = frozenset(f"x-{number}" for number in range(1000))
    owners = Owners(database, clock)
    with closing(Database(database.url)) as other, ExitStack() as held:
        if not database.is_sqlite:  # which has one writer
            owners.claim("x-1", Owner(id="1"), names)
            rows = select(accounts).where(accounts.c.account == "x-1").with_for_update()
            held.enter_context(other.write()).execute(rows)
        with _rows_sent(database) as sent:
            assert owners.claim("x-2", Owner(id="2"), names) is None
    assert sum(sent) < 20


@contextmanager
def _rows_sent(database: Database) -> Iterator[list[int]]:
    """How many sets of values each statement is executed with."""
    found: list[int] = []

    def note(*told: Any) -> None:
        parameters, is_many = told[3], told[5]
        found.append(len(parameters) if is_many else 1 + len(parameters) // 100)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def test_new_keys_of_the_same_user_disturb_nobody_and_cost_nothing(stage: Stage) -> None:
    assert stage.publish("a", "our-x")[0] is State.PUBLISHED
    own = stage.keys["our-x"]
    token = f"{own.user_id}-anotherTokenOfTheSameUser1234567"
    fresh = own.model_copy(update={"credentials": {**own.credentials, "access_token": token}})
    stage.keys["our-x"] = fresh
    stage.put_keys()
    with closing(stage.application()) as app, app.channel("our-x") as channel:
        assert app.delivery.identity.check("our-x", channel) is None
    assert stage.asked() == 1


def test_whoever_resumes_it_confirms_the_new_owner(stage: Stage) -> None:
    stage.configure(NO_HANDLES)
    stage.publish("a", "our-x")
    stage.put_keys(our_x="our-x-en")
    stage.publish("b", "our-x")
    stage.resume("our-x")
    state, held = stage.publish("c", "our-x")
    assert (state, held) == (State.PUBLISHED, [])


def test_the_right_keys_put_back_go_out_after_a_resume(stage: Stage) -> None:
    stage.configure(NO_HANDLES)
    stage.publish("a", "our-x")
    stage.put_keys(our_x="our-x-en")
    stage.publish("b", "our-x")
    stage.put_keys()
    stage.resume("our-x")
    assert stage.publish("c", "our-x")[0] is State.PUBLISHED
    assert list(stage.public()) == ["our-x"]


def test_a_resume_is_no_word_against_the_handle_in_publisher_toml(stage: Stage) -> None:
    stage.put_keys(our_x="our-x-en")
    stage.publish("a", "our-x")
    stage.resume("our-x")
    state, (held,) = stage.publish("b", "our-x")
    assert (state, held.account, stage.public()) == (State.SCHEDULED, "our-x", {})


def test_a_new_handle_in_publisher_toml_is_asked_about_and_then_known(stage: Stage) -> None:
    stage.configure(NO_HANDLES)
    stage.publish("a", "our-x")
    stage.configure(HANDLES)
    assert stage.publish("b", "our-x")[0] is State.PUBLISHED
    assert stage.publish("c", "our-x")[0] is State.PUBLISHED
    assert stage.asked() == 1


def test_what_was_never_verified_waits_while_the_platform_cannot_be_asked(stage: Stage) -> None:
    away = Fault(what=What.SERVER_ERROR, endpoint="getUsersMe")
    stage.sandbox.faults.set([away])
    state, held = stage.publish("a", "our-x")
    assert (state, held, stage.public()) == (State.SCHEDULED, [], {})
    stage.sandbox.faults.set([])
    stage.clock.advance(60)
    with closing(stage.application()) as app:
        for claim in app.dispatch.claim(stage.clock.ahead(2), stage.clock.ahead(30), 10):
            app.delivery.courier.deliver([claim])
    assert list(stage.public()) == ["our-x"]


@pytest.mark.parametrize(
    ("account", "fault", "reason"),
    [
        (
            "our-x",
            Fault(what=What.SERVER_ERROR, status=503, endpoint="getUsersMe"),
            "X answered with status 503 when Publisher asked whom the account's keys belong to",
        ),
        (
            "our-page",
            Fault(what=FacebookFault.GRAPH_ERROR, code=1, endpoint="getObject"),
            "Facebook refused (“An unknown error occurred”) when Publisher asked whom",
        ),
    ],
)
def test_why_nobody_knows_whose_the_keys_are_is_told(
    stage: Stage, account: str, fault: Fault, reason: str
) -> None:
    stage.sandbox.faults.set([fault])
    stage.publish("a", account)
    with closing(stage.application()) as app:
        (delivery,) = app.queries.deliveries()
    assert (delivery.error_message or "").startswith(reason)


@pytest.mark.parametrize(
    ("account", "endpoint"), [("our-x", "getUsersMe"), ("our-page", "getObject")]
)
def test_what_was_verified_goes_out_although_the_platform_cannot_be_asked(
    stage: Stage, account: str, endpoint: str
) -> None:
    assert stage.publish("a", account)[0] is State.PUBLISHED
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint=endpoint)])
    assert stage.publish("b", account)[0] is State.PUBLISHED


def test_what_is_uncertain_is_not_looked_for_on_somebody_elses_account(stage: Stage) -> None:
    stage.configure(NO_HANDLES)
    stage.sandbox.faults.set([Fault(what=What.SERVER_ERROR, endpoint="createPosts", commit=True)])
    assert stage.publish("a", "our-x")[0] is State.UNCERTAIN
    stage.sandbox.faults.set([])
    stage.put_keys(our_x="our-x-en")
    with closing(stage.application()) as app:
        for _look in range(3):
            stage.clock.advance(600)
            for claim in app.doubts.claim(stage.clock.ahead(60), 10):
                app.delivery.reconciler.reconcile(claim)
        (delivery,) = app.queries.deliveries()
        (held,) = app.queries.accounts()
    assert (delivery.state, held.account) == (State.UNCERTAIN, "our-x")


def test_many_posts_at_once_ask_once(stage: Stage) -> None:
    stage.put_keys(our_x="our-x-en")
    for number in range(3):
        stage.workspace.draft(f"p{number}.fr", f"at: {stage.soon}\nto: [our-x]", f"{TEXT} {number}")
    with closing(stage.application()) as app:
        assert not app.planner.queue(actor="redaction").errors
        for claim in app.dispatch.claim(stage.clock.ahead(2), stage.clock.ahead(30), 10):
            app.delivery.courier.deliver([claim])
    assert (stage.asked(), stage.public()) == (1, {})


def test_a_resume_counts_at_once_in_a_worker_that_goes_on(stage: Stage) -> None:
    """What it heard before somebody resumed the account does not hold it again."""
    stage.configure(NO_HANDLES)
    stage.publish("a", "our-x")
    stage.put_keys(our_x="our-x-en")
    with closing(stage.application()) as app:
        for name in ("b", "c"):
            stage.workspace.draft(f"{name}.fr", f"at: {stage.soon}\nto: [our-x]", f"{TEXT} {name}")
        assert not app.planner.queue(actor="redaction").errors
        claims = app.dispatch.claim(stage.clock.ahead(2), stage.clock.ahead(30), 1)
        app.delivery.courier.deliver(claims[:1])
        assert verified(app.owners, app.settings.public_accounts()) == {}, (
            "nobody is told the old owner"
        )
        app.control.resume("our-x", "ann")
        for claim in app.dispatch.claim(stage.clock.ahead(200), stage.clock.ahead(400), 1):
            app.delivery.courier.deliver([claim])
        assert app.queries.accounts() == []


def test_an_owner_without_a_name_is_not_the_one_whose_handle_is_meant(stage: Stage) -> None:
    """Bluesky gives no handle when the handle's domain does not point back to the account."""
    told = SimpleNamespace(owner_id="", owner=lambda: Owner(id="did:plc:other"))
    with closing(stage.application()) as app:
        account = app.settings.public_accounts()["our-x"]
        assert account.handle is not None
        identity = Identity({"our-x": account}, app.owners, stage.clock)
        assert isinstance(identity.check("our-x", cast("Channel", told)), AccountSuspended)
        assert [held.account for held in app.queries.accounts()] == ["our-x"]


def test_the_owners_of_all_accounts_are_known_by_name_before_their_first_posts(
    stage: Stage,
) -> None:
    """Also beside one whose keys are somebody else's. Each is asked for once."""
    stage.configure(NO_HANDLES)
    stage.put_keys(our_page="our-page-en")
    for _worker in range(2):
        with closing(stage.application()) as app:
            app.delivery.introduce()
            names = {account: owner.name for account, owner in app.owners.all().items()}
            (held,) = app.queries.accounts()
    assert names == {"our-x": "@Our_X", "our-x-en": "@our_x_en", "our-page-en": "our-page-en"}
    assert (held.account, stage.asked()) == ("our-page", 2)


@pytest.mark.parametrize(("most", "known"), [(4, 4), (3, 0)])
def test_the_owners_of_very_many_accounts_are_left_to_their_first_posts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, most: int, known: int
) -> None:
    monkeypatch.setattr("publisher.delivery.services._FEW", most)
    with closing(stage.application()) as app:
        app.delivery.introduce()
        assert len(app.owners.all()) == known


def test_the_channels_of_all_accounts_that_have_keys_are_opened_before_their_first_posts(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    del stage.keys["our-x"]
    stage.put_keys()
    opened: list[str] = []

    def open_channel(account: Account, *more: Any) -> Channel:
        opened.append(account.name)
        return registry.open_channel(account, *more)

    monkeypatch.setattr(channel_parts, "open_channel", open_channel)
    with closing(stage.application()) as app:
        app.delivery.warm_up()
    assert opened == ["our-x-en", "our-page", "our-page-en"]


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(broker_url) as client:
        yield client


def test_a_second_ledger_at_the_broker_stops_before_its_first_post(
    stage: Stage, broker: redis.Redis, tmp_path: Path
) -> None:
    """Made by accident, it has no post on record, and would publish each a second time."""
    stage.broker = broker
    assert stage.publish("a", "our-x")[0] is State.PUBLISHED
    first, stage.database_url = stage.database_url, f"sqlite:///{tmp_path}/accident.db"
    stage.configure(HANDLES)
    state, (held,) = stage.publish("b", "our-x")
    assert (state, list(stage.public())) == (State.SCHEDULED, ["our-x"])
    assert "Texte b" not in str(stage.public())
    told = held.suspension_message or ""
    assert (held.account, held.suspended_until) == ("our-x", None)
    assert "accident.db" in told
    assert Database(first).place in told
    assert "publisher resume --account our-x" in told
    with closing(stage.application()) as app:
        assert isinstance(app.account_lock, AccountLocks)
        app.account_lock.refresh()  # also when the other one is updated for longer than its locks
        broker.flushall()
        app.account_lock.refresh()
    stage.database_url = first
    stage.configure(HANDLES)
    assert stage.publish("c", "our-x")[0] is State.PUBLISHED
    broker.flushall()  # the first one was ended: a person says so
    stage.database_url = f"sqlite:///{tmp_path}/accident.db"
    stage.configure(HANDLES)
    stage.resume("our-x")
    assert stage.publish("d", "our-x")[0] is State.PUBLISHED


def test_the_lock_is_the_owners_whatever_the_account_is_called(
    stage: Stage, broker: redis.Redis, tmp_path: Path
) -> None:
    """Two workspaces may share a broker, and call accounts of different people the same."""
    stage.broker = broker
    assert stage.publish("a", "our-x")[0] is State.PUBLISHED
    stage.database_url = f"sqlite:///{tmp_path}/other.db"
    stage.configure(NO_HANDLES)
    stage.put_keys(our_x="our-x-en", our_x_en="our-x")
    assert stage.publish("b", "our-x")[0] is State.PUBLISHED
    state, held = stage.publish("c", "our-x-en")
    assert (state, [one.account for one in held]) == (State.SCHEDULED, ["our-x-en"])


def test_a_lock_that_another_ledger_has_taken_is_asked_for_again(
    stage: Stage, broker: redis.Redis, tmp_path: Path
) -> None:
    """The broker may forget all locks; a broker that is away keeps nothing waiting."""
    stage.broker = broker
    stage.publish("a", "our-x")
    other = Stage(tmp_path / "other", f"sqlite:///{tmp_path}/other.db")
    other.configure(NO_HANDLES)
    other.keys = stage.keys
    other.put_keys()
    other.broker = broker
    with closing(stage.application()) as app, closing(other.application()) as second:
        second.owners.remember("our-x", app.owners.all()["our-x"])
        ours, away = (
            AccountLocks(app, broker),
            AccountLocks(second, client("redis://127.0.0.1:1/0", 0.5)),
        )
        ours.refresh()
        assert ours.is_held("our-x")
        assert away.take("our-x") is None
        broker.flushall()
        AccountLocks(second, broker).take("our-x")
        ours.refresh()
        assert not ours.is_held("our-x")
        assert ours.take("our-x") is not None


def test_a_ledger_that_publishes_nothing_takes_no_lock(
    stage: Stage, broker: redis.Redis, tmp_path: Path
) -> None:
    """It may know whose the keys are; the first one may be updated for long."""
    stage.broker = broker
    stage.publish("a", "our-x")
    with closing(stage.application()) as app:
        owner = app.owners.all()["our-x"]
        locks = AccountLocks(app, broker)
        assert locks.take("our-x") is None
        broker.flushall()
        stage.database_url = f"sqlite:///{tmp_path}/idle.db"
        stage.configure(HANDLES)
        with closing(stage.application()) as idle:
            idle.owners.remember("our-x", owner)
            AccountLocks(idle, broker).refresh()
            assert not broker.keys()
            locks.refresh()
            assert locks.is_held("our-x")
            assert AccountLocks(idle, broker).take("our-x") is not None


def test_accounts_of_one_owner_where_that_is_usual_have_a_lock_each(
    stage: Stage, broker: redis.Redis, tmp_path: Path
) -> None:
    """Two organisations may have one user on a site; an accidental ledger has the same accounts."""
    refused = []
    for number, (name, organisation) in enumerate(
        [("blog", "Bice"), ("blog", "Lima"), ("noticias", "Lima"), ("blog", "Bice")]
    ):
        stage.database_url = f"sqlite:///{tmp_path}/{number}.db"
        more = f'[accounts.{name}]\nchannel = "wordpress"\norganisation = "{organisation}"\n'
        stage.configure({"fr": "", "en": "", "more": more})
        with closing(stage.application()) as app:
            app.owners.remember(name, Owner(id="https://site.example 7"))
            refused.append(AccountLocks(app, broker).take(name) is not None)
    assert refused == [False, False, False, True]


@pytest.mark.parametrize("is_copy", [False, True], ids=["in its place", "beside a living one"])
def test_a_restored_ledger_has_the_locks_that_it_left(
    stage: Stage, broker: redis.Redis, is_copy: bool
) -> None:
    stage.broker = broker
    stage.publish("a", "our-x")
    with closing(stage.application()) as app:
        living = AccountLocks(app, broker)
        stage.clock.advance(60)
        for lock in broker.scan_iter():
            broker.expire(lock, 540)  # the clock is advanced by hand
        face(app.database, stage.clock, "ann")
        app.control.resume(None, "ann")
        stage.clock.advance(60)
        for lock in broker.scan_iter():
            broker.expire(lock, 480)
        if is_copy:
            living.refresh()
        restored = AccountLocks(app, broker)
        assert (restored.take("our-x") is not None) is is_copy
        restored.refresh()
        assert restored.is_held("our-x") is not is_copy
        assert not Audit(app.database, stage.clock).verify().breaks


@pytest.mark.parametrize("lacks", ["the account", "its keys"])
def test_an_account_that_this_machine_lacks_is_left_to_the_others(stage: Stage, lacks: str) -> None:
    """Suspended, it would publish on no machine."""
    stage.workspace.draft("a.fr", f"at: {stage.soon}\nto: [our-x]", f"{TEXT} a")
    with closing(stage.application()) as app:
        assert not app.planner.queue(actor="redaction").errors
        if lacks == "its keys":
            stage.keys.pop("our-x")
            stage.put_keys()
        else:
            path = stage.workspace.path / "publisher.toml"
            whole = path.read_text()
            path.write_text(whole.replace("our-x]", "other]"))
            stage.workspace.write("secrets.toml", "")
        with closing(stage.application()) as without:
            without.other_machine = lambda _account: "alpha"
            without.delivery.courier.deliver(claimed(without))
            (delivery,) = without.queries.deliveries()
            assert (delivery.state, without.queries.accounts()) == (State.SCHEDULED, [])
            assert "alpha has the account" in (delivery.error_message or "")
            stage.clock.advance(2)
            app.delivery.courier.deliver(claimed(app))
            (delivery,) = app.queries.deliveries()
            assert delivery.state is State.PUBLISHED


def test_an_account_that_no_machine_has_is_suspended_with_the_name_of_the_machine(
    stage: Stage,
) -> None:
    stage.workspace.draft("a.fr", f"at: {stage.soon}\nto: [our-x]", f"{TEXT} a")
    with closing(stage.application()) as app:
        assert not app.planner.queue(actor="redaction").errors
        path = stage.workspace.path / "publisher.toml"
        path.write_text(path.read_text().replace("our-x]", "other]"))
        stage.workspace.write("secrets.toml", "")
        with closing(stage.application()) as without:
            without.delivery.courier.deliver(claimed(without))
            (held,) = without.queries.accounts()
    told = f"publisher.toml on {socket.gethostname()} no longer has an account our-x."
    assert told in (held.suspension_message or "")


def claimed(app: Application) -> list[Claim]:
    return list(app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 10))
