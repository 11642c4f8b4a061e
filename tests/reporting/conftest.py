"""A workspace whose ledger is filled by the real parts, and reports about it."""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.manager.approvals import Approvals, digest
from publisher.ledger.manager.operations import Control
from publisher.ledger.reading.queries import Queries
from publisher.ledger.tables import reader_comments
from publisher.model.accounts import ApprovalRule
from publisher.model.content import Content, Correction, Part
from publisher.model.outcomes import Accepted, Outcome
from tests.cli.runner import Cli
from tests.support.browser import Browser
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.html import Structure, addresses, flaws
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
organisation = "BICE"
[accounts.lima-page]
channel = "facebook"
organisation = "CEDAPP"
page_id = "1"
"""


class Page(NamedTuple):
    """A report that a command wrote."""

    path: Path
    html: str

    @property
    def structure(self) -> Structure:
        return Structure(self.html)

    @property
    def text(self) -> str:
        """What can be read in it, without its tags."""
        bare = re.sub(r"<style>.*?</style>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        return re.sub(r"\s+", " ", bare)

    def figure(self, name: str) -> str:
        (value,) = re.findall(rf"<dt>{name}</dt><dd[^>]*>([^<]*)</dd>", self.html)
        return str(value)


class Desk:
    """Fills the ledger as the dispatcher, workers and people would, and reports about it."""

    def __init__(self, folder: Path, cli: Cli, database: Database, clock: ManualClock) -> None:
        self.files = Workspace(folder, settings=SETTINGS)
        self.folder = folder
        self.cli = cli
        self.database = database
        self.clock = clock
        self.queries = Queries(database, clock)
        self.control = Control(database, clock)
        self._ledger = Ledger(database, clock)
        self._dispatch = Dispatch(database, clock, settle=60)
        self._attempts = OneByOne(database, clock, settle=60)
        self._ids = count(707)

    def publish(
        self, post: str, late: float = 0.0, outcome: Outcome | None = None, **more: Any
    ) -> None:
        """A post that is due at once goes out `late` seconds later, or comes to `outcome`."""
        self.queue(post, due_in=0, **more)
        self.publish_next(late, outcome)

    def publish_next(self, late: float = 0.0, outcome: Outcome | None = None) -> None:
        """The same for the one post that is due."""
        (claim,) = self._dispatch.claim(self.clock.ahead(2), self.clock.ahead(90), 10)
        taken = self._attempts.take(claim)
        assert taken
        self.clock.advance(late)
        intended = self._attempts.intend(taken, self.clock.now(), self.clock.ahead(90))
        assert intended
        remote_id = str(next(self._ids))
        accepted = Accepted(remote_id, f"https://x.com/bice/status/{remote_id}")
        self._attempts.record(intended, outcome or accepted, self.clock.ahead(90))

    def queue(self, post: str, **more: Any) -> None:
        add(self._ledger, wish(self.clock, post, **more))

    def approve(self, post: str, actor: str) -> None:
        approvals = Approvals(self.database, self.clock, lambda _: ApprovalRule(required=True))
        (delivery,) = self.queries.deliveries(post=post)
        approvals.approve([post], None, actor, {delivery.id: digest(delivery)})

    def report(self, *arguments: str, whole: bool = True) -> Page:
        """A report that is well made and loads nothing."""
        done = self.cli("report", *(["--all"] if whole else []), *arguments)
        assert done.code == 0, done.err
        path = Path(done.out.strip())
        html = path.read_text(encoding="utf-8")
        assert flaws(html) == []
        assert addresses(html) == []
        return Page(path, html)


def answer_with_a_name(desk: Desk) -> list[int]:
    """An answer that begins with its reader's name is out, and its correction; their ids."""
    now, reader = desk.clock.now(), "@zofia@example.social"
    row = {
        "account": "bice-x", "remote_id": "77", "post": None, "author": reader, "text": "Où ?",
        "url": "", "written_at": now, "read_at": now, "signs": "[]", "urgency": 0,
        "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with desk.database.write() as connection:
        connection.execute(reader_comments.insert().values(row))
    words = (Part(text=f"{reader} À Genève."),)
    desk.publish("answer.fr", content=Content(parts=words, lang="fr", answers="77"))
    (first,) = desk.queries.deliveries(post="answer.fr")
    correction = Correction(
        corrects="answer.fr", way="reply", reason="Une erreur.", replaces=first.content.digest
    )
    words = (Part(text=f"{reader} À Berne."),)
    desk.publish("fix.fr", content=Content(parts=words, lang="fr", correction=correction))
    (second,) = desk.queries.deliveries(post="fix.fr")
    return [first.id, second.id]


@pytest.fixture
def desk(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """It is 7 March 2016, 08:00 UTC; reports are made three weeks later."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-28T12:00:00+02:00")
    (folder / "var").mkdir()
    database = Database(f"sqlite:///{folder / 'var' / 'publisher.db'}")
    database.migrate()
    yield Desk(folder, Cli(capsys, monkeypatch), database, clock)
    database.close()


@pytest.fixture
def browser(chromium: Path, tmp_path: Path) -> Browser:
    return Browser(chromium, tmp_path / "profile")
