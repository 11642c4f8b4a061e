"""`at: next free slot`: a post stands in line on each of its accounts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.app import Application
from publisher.ledger.manager.approvals import digest
from publisher.ledger.transitions import Conflict
from publisher.model import slots
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.planning import Change
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.queueing import finish, queue, refusals, standing
from tests.support.workspaces import SETTINGS, Workspace

SLOT = "at: next free slot\nto: bice-x"
SLOTS = SETTINGS.replace(
    'channel = "twitter"\n',
    'channel = "twitter"\nslots = ["weekdays 09:00", "weekdays 17:00"]\n',
)
AT_9, AT_17 = (datetime(2016, 3, 7, hour, tzinfo=UTC) for hour in (8, 16))
"""The clock stands at 9:00 in Geneva, so the first slot of the day is just over."""
HOUR = 3600


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    workspace.write("publisher.toml", SLOTS)
    return workspace


def times(app: Application) -> dict[str, str]:
    """When each post is due, by the clocks in Geneva."""
    zone = app.session().zone
    return {one.post: f"{one.due_at.astimezone(zone):%d %H:%M}" for one in app.queries.deliveries()}


def test_each_post_gets_the_next_slot_that_is_free(app: Application, workspace: Workspace) -> None:
    """Also beside a post that has the time of a slot by itself."""
    workspace.draft("a.fr", SLOT, "Un.")
    workspace.draft("b.fr", SLOT, "Deux.")
    workspace.draft("c.fr", "at: 2016-03-08 09:00\nto: bice-x", "Trois.")
    queue(app)
    assert times(app) == {"a.fr": "07 17:00", "c.fr": "08 09:00", "b.fr": "08 17:00"}
    assert queue(app) == []


def test_what_others_do_never_moves_a_post_out_of_its_slot(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", SLOT, "Un.")
    workspace.draft("b.fr", SLOT, "Deux.")
    queue(app)
    before = times(app)["b.fr"]
    workspace.remove("a.fr")
    workspace.edit("b.fr.md", "Deux.", "Deux et demi.")
    workspace.write("publisher.toml", SLOTS.replace("17:00", "18:00"))
    clock.advance(2 * HOUR)
    with_other_slots = Application(settings.load(workspace.path), clock)
    queue(with_other_slots)
    assert times(with_other_slots)["b.fr"] == before
    with_other_slots.close()


def test_a_slot_that_was_given_back_is_free_again(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", SLOT, "Un.")
    queue(app)
    workspace.remove("a.fr")
    queue(app)
    workspace.draft("b.fr", SLOT, "Deux.")
    queue(app)
    workspace.draft("a.fr", SLOT, "Un.")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert times(app) == {"b.fr": "07 17:00", "a.fr": "08 09:00"}


def test_a_missed_slot_stays_missed_until_the_draft_is_edited(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", SLOT, "Un.")
    queue(app)
    app.control.pause("bice-x", "A day of mourning.", "direction")
    clock.advance(24 * HOUR)
    app.dispatch.expire()
    assert standing(app, "a.fr").state is State.MISSED
    assert queue(app) == []
    workspace.edit("a.fr.md", "Un.", "Un autre.")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert times(app) == {"a.fr": "08 17:00"}


def test_what_is_out_stays_out(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", SLOT, "Un.")
    queue(app)
    finish(app, "a.fr", Accepted("1"))
    workspace.edit("a.fr.md", "Un.", "Un autre.")
    assert queue(app) == []


def test_no_slot_comes_before_the_embargo(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{SLOT}\nembargo: annual-day.end", "Un.")
    queue(app)
    assert times(app) == {"a.fr": "08 09:00"}


def test_each_account_has_slots_of_its_own(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: next free slot\nto: [bice-x, bice-page]", "Un.")
    assert refusals(app) == ["no-slot"]


def test_an_approval_leaves_the_slot(workspace: Workspace, clock: ManualClock) -> None:
    workspace.write("publisher.toml", f"{SLOTS}[approval]\nrequired = true\n")
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    workspace.draft("a.fr", SLOT, "Un.")
    queue(app)
    clock.advance(HOUR)
    waiting = standing(app, "a.fr")
    app.approvals.approve(["a.fr"], None, "direction", {waiting.id: digest(waiting)})
    assert queue(app) == []
    assert (standing(app, "a.fr").due_at, standing(app, "a.fr").state) == (AT_17, State.SCHEDULED)
    app.close()


def test_two_who_queue_at_once_never_get_one_slot(app: Application, workspace: Workspace) -> None:
    """The second plan was made before the first was applied."""
    workspace.draft("a.fr", SLOT, "Un.")
    mine = app.planner.plan()
    workspace.draft("b.fr", SLOT, "Deux.")
    other = app.planner.plan(["posts/b.fr.md"])
    assert [change.wish.due_at for change in other.changes if change.wish] == [AT_17]
    queue(app, "posts/b.fr.md")
    with pytest.raises(Conflict):
        app.planner._apply(mine, "redaction", None)
    queue(app)
    assert times(app) == {"b.fr": "07 17:00", "a.fr": "08 09:00"}


@pytest.mark.parametrize("slot", ["09:00", "sometimes 09:00", "weekdays 9h", "weekdays 25:00", ""])
def test_what_is_no_slot_is_refused(slot: str) -> None:
    with pytest.raises(ValueError, match="no slot"):
        slots.parse(slot)


START = datetime(2026, 3, 20, tzinfo=UTC)
ZONES = st.sampled_from(["Europe/Zurich", "America/Lima", "Africa/Abidjan", "Europe/Warsaw"])
RULES = st.sampled_from(["weekdays 09:00", "days 02:30", "sunday 02:00", "monday, friday 23:59"])


@given(
    rules=st.lists(RULES, min_size=1, max_size=3),
    zone=ZONES,
    begin=st.integers(0, 230 * 24 * 60).map(lambda m: START + timedelta(minutes=m)),
)
def test_slots_are_at_their_times_of_the_clock_in_order(
    rules: list[str], zone: str, begin: datetime
) -> None:
    """Also where the clocks change; a time that they skip is no slot, and none comes twice."""
    where = ZoneInfo(zone)
    found = []
    for instant in slots.times(rules, where, begin):
        if instant > begin + timedelta(days=15):
            break
        found.append(instant)
    assert found == sorted(set(found))
    wanted = [slots.parse(rule) for rule in rules]
    days: set[tuple[date, str]] = set()
    for instant in found:
        local = instant.astimezone(where)
        assert instant > begin
        assert any(s.clock == local.time() and local.weekday() in s.weekdays for s in wanted)
        days.add((local.date(), f"{local:%H:%M}"))
    assert len(days) == len(found)
