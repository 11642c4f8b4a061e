"""An account under a new name in publisher.toml does not get again what is out on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused, Unknown
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.planning import Plan
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.planning.duplicates")


class Office:
    """A workspace whose accounts somebody renames."""

    def __init__(self, workspace: Workspace, clock: ManualClock) -> None:
        self.workspace = workspace
        self.clock = clock
        self.app = self._open()
        self.app.database.migrate()

    def _open(self) -> Application:
        return Application(settings.load(self.workspace.path), self.clock)

    def rename(self, old: str, new: str) -> None:
        """Give an account another name in publisher.toml, and nowhere else."""
        path = self.workspace.path / "publisher.toml"
        text = path.read_text(encoding="utf-8")
        assert f"[accounts.{old}]" in text
        path.write_text(text.replace(f"[accounts.{old}]", f"[accounts.{new}]"), encoding="utf-8")
        self.reopen()

    def reopen(self) -> None:
        self.app.close()
        self.app = self._open()

    def draft(self, name: str, to: str = "twitter", at: str = "09:00", **more: str) -> None:
        keys = "".join(f"\n{key}: {value}" for key, value in more.items())
        front = f"at: 2016-03-07 {at}\nto: {to}{keys}"
        self.workspace.draft(f"{name}.fr", front, f"Le texte de {name}.")

    def queue(self) -> Plan:
        plan = self.app.planner.queue(actor="redaction")
        assert not plan.errors, plan.errors
        return plan

    def finish(self, outcome: Outcome) -> None:
        """Let what is due meet this outcome."""
        for claim in self.app.dispatch.claim(self.clock.ahead(2), self.clock.ahead(60), 10):
            meet(self.app, claim, outcome)

    def states(self) -> dict[tuple[str, str], State]:
        return {(d.post, d.account): d.state for d in self.app.queries.deliveries()}


@pytest.fixture
def office(
    tmp_path: Path, ledger_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """On each database, at 8:00 UTC: 9:00 in Geneva."""
    monkeypatch.setenv("PUBLISHER_DATABASE__URL", ledger_url)
    office = Office(Workspace(tmp_path), clock)
    yield office
    office.app.close()


def told(plan: Plan) -> list[Problem]:
    return [problem for problem in plan.problems if problem.code == "account-renamed"]


@pytest.mark.parametrize(
    "outcome", [Accepted("71"), Unknown("No answer.")], ids=["published", "uncertain"]
)
@pytest.mark.parametrize(
    ("channel", "old", "new"),
    [
        ("twitter", "bice-x", "bice-geneva-x"),
        ("facebook", "bice-page", "bice-geneva"),
        ("site", "bice-site", "news"),
    ],
)
def test_what_is_out_or_may_be_does_not_go_out_under_the_new_name(
    office: Office, channel: str, old: str, new: str, outcome: Outcome
) -> None:
    """On no channel, while the post has not expired; and somebody is told."""
    office.draft("one", channel)
    office.queue()
    office.finish(outcome)
    before = office.states()
    office.rename(old, new)
    (problem,) = told(office.queue())
    assert f"It is on record for {old} ({before['one.fr', old]})" in problem.message
    assert f"If that account is now called {new}, it would go out twice" in problem.message
    assert f"There is nothing to do if {old} was renamed" in (problem.hint or "")
    assert office.states() == before


def test_what_was_refused_may_go_out_under_the_new_name(office: Office) -> None:
    office.draft("one")
    office.queue()
    office.finish(Refused(Kind.CONTENT, "Too long."))
    office.rename("bice-x", "bice-geneva-x")
    assert told(office.queue()) == []
    assert office.states()["one.fr", "bice-geneva-x"] is State.SCHEDULED


def test_what_is_still_to_come_goes_out_under_the_new_name(office: Office) -> None:
    office.draft("one")
    office.draft("two", at="18:00")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "bice-geneva-x")
    office.queue()
    assert office.states() == {
        ("one.fr", "bice-x"): State.PUBLISHED,
        ("two.fr", "bice-x"): State.CANCELLED,
        ("two.fr", "bice-geneva-x"): State.SCHEDULED,
    }


def test_it_is_remembered_when_the_new_name_has_published_meanwhile(office: Office) -> None:
    """The draft must not become sendable because the account is no longer new."""
    office.draft("one")
    office.draft("two", at="09:01")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "bice-geneva-x")
    office.queue()
    office.clock.advance(60)
    office.finish(Accepted("72"))
    assert office.states()["two.fr", "bice-geneva-x"] is State.PUBLISHED
    assert len(told(office.queue())) == 1
    assert ("one.fr", "bice-geneva-x") not in office.states()


def test_a_draft_that_was_renamed_with_the_account_is_recognised(office: Office) -> None:
    office.draft("one")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "bice-geneva-x")
    (office.workspace.path / "posts" / "one.fr.md").rename(
        office.workspace.path / "posts" / "uno.fr.md"
    )
    assert len(told(office.queue())) == 1
    assert list(office.states()) == [("one.fr", "bice-x")]


def test_an_edited_draft_is_recognised_by_its_name(office: Office) -> None:
    office.draft("one")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "bice-geneva-x")
    office.workspace.edit("one.fr.md", "Le texte", "Un autre texte")
    assert len(told(office.queue())) == 1


def test_what_a_person_cancelled_is_not_queued_under_the_new_name(office: Office) -> None:
    office.draft("one", at="18:00")
    office.queue()
    office.app.control.cancel("one.fr", None, "direction", "le programme a changé")
    office.rename("bice-x", "bice-geneva-x")
    assert len(told(office.queue())) == 1
    assert office.states() == {("one.fr", "bice-x"): State.CANCELLED}


def test_what_has_expired_anyway_is_left_out_without_a_word(office: Office) -> None:
    """Old drafts would fill the screen at every `queue`."""
    office.draft("one")
    office.queue()
    office.finish(Accepted("71"))
    office.clock.advance(5 * 3600)
    office.rename("bice-x", "bice-geneva-x")
    plan = office.queue()
    assert (plan.problems, plan.changes) == ((), ())


def test_a_draft_may_insist_that_it_is_another_account(office: Office) -> None:
    office.draft("one")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "bice-geneva-x")
    office.draft("one", repeat="true")
    assert told(office.queue()) == []
    assert office.states()["one.fr", "bice-geneva-x"] is State.SCHEDULED


def test_accounts_that_stood_side_by_side_are_two(office: Office) -> None:
    """One of them is given up; a draft of its is now sent to the other one."""
    second = '[accounts.lima-x]\nchannel = "twitter"\nlanguage = "fr"\n'
    path = office.workspace.path / "publisher.toml"
    path.write_text(path.read_text(encoding="utf-8") + second, encoding="utf-8")
    office.reopen()
    office.draft("hello", "lima-x", at="18:00")
    office.draft("one", "bice-x")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "elsewhere")
    office.draft("one", "lima-x")
    assert told(office.queue()) == []
    assert office.states()["one.fr", "lima-x"] is State.SCHEDULED


def test_an_account_of_another_channel_is_another_one(office: Office) -> None:
    """The same text goes to X and to the Page; only the name on X is gone."""
    office.draft("one", "bice-x")
    office.queue()
    office.finish(Accepted("71"))
    office.rename("bice-x", "elsewhere")
    office.draft("one", "bice-page")
    assert told(office.queue()) == []
    assert office.states()["one.fr", "bice-page"] is State.SCHEDULED
