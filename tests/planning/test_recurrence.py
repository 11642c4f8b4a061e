"""Drafts that repeat: each day of theirs is one delivery, whatever moves."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.ledger.manager.approvals import digest
from publisher.model.outcomes import Accepted
from publisher.model.states import State
from publisher.planning import Change
from publisher.settings import settings as configuration
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.queueing import finish, plan_of, queue, refusals, standing
from tests.support.workspaces import SESSION, SETTINGS, Workspace

DAILY = "repeat: every day at 18:30\nto: bice-x\nuntil: 2016-03-10"
DAYS = [f"a.fr@2016-03-{day:02}" for day in (7, 8, 9, 10)]
"""Those to come: the clock of the tests begins on 7 March."""


def posts(app: Application, *states: State) -> list[str]:
    wanted = states or (State.SCHEDULED,)
    return [one.post for one in app.queries.deliveries() if one.state in wanted]


def test_each_occurrence_to_come_is_queued_once(app: Application, workspace: Workspace) -> None:
    """Those from before the draft was made are never sent, and no problem."""
    workspace.draft("a.fr", DAILY)
    changes, problems = plan_of(app)
    assert [change[1] for change in changes] == DAYS
    assert problems == ["repeated-text"]
    assert plan_of(app) == ([], [])
    assert standing(app, DAYS[0]).due_at == datetime(2016, 3, 7, 17, 30, tzinfo=UTC)


def test_what_differs_from_day_to_day_is_no_repeated_text(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", DAILY, "Jour {{number}}")
    changes, problems = plan_of(app)
    assert len(changes) == len(DAYS)
    assert problems == []
    assert standing(app, DAYS[0]).content.joined == "Jour 8"


def test_a_later_end_adds_days_and_an_earlier_one_cancels_them(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", DAILY)
    queue(app)
    workspace.edit("a.fr.md", "03-10", "03-11")
    assert queue(app) == [(Change.ADD, "a.fr@2016-03-11", "bice-x")]
    workspace.edit("a.fr.md", "03-11", "03-09")
    cancelled = queue(app)
    assert cancelled == [
        (Change.CANCEL, "a.fr@2016-03-10", "bice-x"),
        (Change.CANCEL, "a.fr@2016-03-11", "bice-x"),
    ]
    assert standing(app, "a.fr@2016-03-10").reason == "its draft does not repeat on this day"
    workspace.edit("a.fr.md", "03-09", "03-10")
    assert queue(app) == [(Change.RESTORE, "a.fr@2016-03-10", "bice-x")]


def test_a_draft_that_is_queued_by_itself_drops_its_days_too(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", DAILY)
    queue(app)
    workspace.edit("a.fr.md", "03-10", "03-09")
    assert queue(app, "posts/a.fr.md") == [(Change.CANCEL, "a.fr@2016-03-10", "bice-x")]


def test_sitting_days_follow_the_agenda(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "repeat: every sitting day at 18:30\nto: bice-x")
    assert queue(app) == [(Change.ADD, DAYS[0], "bice-x")]
    workspace.edit("session.yaml", "2016-03-07 09:00", "2016-03-08 09:00")
    workspace.edit("session.yaml", "2016-03-07 18:00", "2016-03-08 18:00")
    assert queue(app) == [(Change.ADD, DAYS[1], "bice-x"), (Change.CANCEL, DAYS[0], "bice-x")]
    workspace.edit("session.yaml", "    title", "    cancelled: true\n    title")
    assert queue(app) == [(Change.CANCEL, DAYS[1], "bice-x")]


def test_a_day_whose_post_is_out_gets_no_second_one(app: Application, workspace: Workspace) -> None:
    """Neither at another time of the day, nor with other words."""
    workspace.draft("a.fr", DAILY.replace("18:30", "09:30"))
    queue(app)
    finish(app, DAYS[0])
    workspace.draft("a.fr", DAILY, "D'autres mots.")
    changes = queue(app)
    assert changes == [(Change.EDIT, post, "bice-x") for post in DAYS[1:]]
    assert standing(app, DAYS[0]).state is State.PUBLISHED


def test_an_edit_is_for_the_days_to_come(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """What is over stays on record as it is, and is no problem."""
    workspace.draft("a.fr", DAILY.replace("18:30", "09:30"))
    queue(app)
    finish(app, DAYS[0])
    clock.advance(86400 + 6 * 3600)  # the second one was missed
    app.dispatch.expire()
    workspace.draft("a.fr", DAILY.replace("18:30", "09:30"), "D'autres mots.")
    changes, problems = plan_of(app)
    assert [change[1] for change in changes] == DAYS[2:]
    assert problems == ["repeated-text"]
    assert posts(app, State.MISSED) == [DAYS[1]]


def test_an_occurrence_expires_when_the_next_is_due(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{DAILY}\nexpires: 3d")
    queue(app)
    first, second = standing(app, DAYS[0]), standing(app, DAYS[1])
    assert first.expires_at == second.due_at
    assert standing(app, DAYS[-1]).expires_at == datetime(2016, 3, 13, 17, 30, tzinfo=UTC)


def test_a_draft_that_begins_or_ends_to_repeat_leaves_nothing_behind(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: 2016-03-07 18:30\nto: bice-x")
    queue(app)
    workspace.draft("a.fr", DAILY)
    queue(app)
    assert posts(app) == DAYS
    workspace.draft("a.fr", "at: 2016-03-07 18:30\nto: bice-x")
    queue(app)
    assert posts(app) == ["a.fr"]


def test_a_draft_with_errors_stays_on_the_schedule_as_it_was_queued(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", DAILY)
    queue(app)
    workspace.edit("a.fr.md", "every day", "every dya")
    assert refusals(app) == ["bad-value"]
    plan = app.planner.queue(actor="redaction", keep_going=True)
    assert [one.post for one in plan.as_queued] == DAYS
    assert posts(app) == DAYS


def test_a_draft_that_is_gone_cancels_all_its_days(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", DAILY)
    queue(app)
    workspace.remove("a.fr")
    assert queue(app) == [(Change.CANCEL, post, "bice-x") for post in DAYS]
    assert standing(app, DAYS[0]).reason == "its draft is gone"


def test_one_day_can_be_cancelled_by_a_person_and_stays_so(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", DAILY)
    queue(app)
    app.control.cancel(DAYS[1], None, "direction", "A day of mourning.")
    workspace.edit("a.fr.md", "18:30", "19:30")
    assert [change[1] for change in queue(app)] == [DAYS[0], *DAYS[2:]]


@pytest.fixture
def four_eyes(workspace: Workspace, clock: ManualClock) -> Application:
    workspace.write("publisher.toml", f"{SETTINGS}[approval]\nrequired = true\n")
    app = Application(configuration.load(workspace.path), clock)
    app.database.migrate()
    return app


def test_each_day_has_an_approval_of_its_own(four_eyes: Application, workspace: Workspace) -> None:
    """A later end leaves it; other words make it void, on each day to come."""
    app = four_eyes
    workspace.draft("a.fr", DAILY)
    queue(app)
    waiting = app.approvals.waiting()
    seen = {delivery.id: digest(delivery) for delivery in waiting}
    app.approvals.approve([DAYS[0], DAYS[1]], None, "direction", seen)
    workspace.edit("a.fr.md", "03-10", "03-11")
    queue(app)
    assert posts(app) == DAYS[:2]
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    queue(app)
    assert posts(app) == []


def test_who_queued_one_day_is_an_author_of_all(
    four_eyes: Application, workspace: Workspace
) -> None:
    """The words are those of one draft, also where each day has its number."""
    app = four_eyes
    workspace.draft("a.fr", DAILY, "Jour {{number}}")
    app.planner.queue(actor="lima")
    workspace.edit("a.fr.md", "03-10", "03-11")
    app.planner.queue(actor="abidjan")
    (new,) = app.queries.deliveries(post="a.fr@2016-03-11")
    with pytest.raises(NotPossible, match="lima wrote"):
        app.approvals.approve([new.post], None, "lima", {new.id: digest(new)})


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("move"), st.integers(-3, 3)),
        st.tuples(st.just("end"), st.integers(-4, 4)),
        st.tuples(st.just("clock"), st.sampled_from([6, 8, 12, 18])),
        st.tuples(st.just("words"), st.integers(0, 3)),
    ),
    max_size=12,
)
"""What happens between two runs of `queue`: hours pass, an item of the agenda moves by days, the
session gets another end, the draft another time of day or other words."""


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(actions=ACTIONS)
def test_each_sitting_day_that_comes_has_exactly_one_post(
    actions: list[tuple[str, int]],
) -> None:
    """Over the change of the clocks on 27 March 2016, whatever moves before."""
    with TemporaryDirectory() as folder:
        _simulate(Path(folder), actions)


def _simulate(folder: Path, actions: list[tuple[str, int]]) -> None:
    clock = ManualClock()
    clock.set((datetime(2016, 3, 24, tzinfo=UTC) - clock.now()).total_seconds())
    workspace = Workspace(folder)
    app = Application(configuration.load(folder), clock)
    app.database.migrate()
    item, end, hour, words = date(2016, 3, 26), date(2016, 3, 30), 8, 0
    expected: set[date] = set()
    for action, number in [*actions, ("wait", 24 * 14)]:
        if action == "wait":
            _write(workspace, item, end, hour, words)
            app.planner.queue(actor="redaction")
            until = clock.now() + timedelta(hours=number)
            expected |= {
                day
                for day in (item, item + timedelta(days=1), item + timedelta(days=2))
                if day <= end and clock.now() - timedelta(hours=4) < _instant(day, hour) <= until
            }
            _publish(app, clock, until)
        elif action == "move":
            item += timedelta(days=number)
        elif action == "end":
            end += timedelta(days=number)
        elif action == "clock":
            hour = number
        else:
            words = number
    found = app.queries.deliveries(state=State.PUBLISHED)
    app.close()
    published = [date.fromisoformat(one.post.partition("@")[2]) for one in found]
    assert sorted(published) == sorted(expected)


def _publish(app: Application, clock: ManualClock, until: datetime) -> None:
    """Send what falls due, look by look, half an hour apart."""
    while clock.now() < until:
        clock.advance(1800)
        app.dispatch.expire()
        for claim in app.dispatch.claim(clock.now(), app.clock.ahead(60), 100):
            (delivery,) = app.attempts.take_all([claim])
            meet(app, claim, Accepted(f"{delivery.id}"))


def _instant(day: date, hour: int) -> datetime:
    """Summer time begins on the 27th."""
    offset = 2 if day >= date(2016, 3, 27) else 1
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) - timedelta(hours=offset)


def _write(workspace: Workspace, item: date, end: date, hour: int, words: int) -> None:
    session = SESSION.replace("2016-03-24", end.isoformat())
    session = session.replace("starts: 2016-03-07", f"starts: {item.isoformat()}")
    last = item + timedelta(days=2)
    workspace.write("posts/session.yaml", session.replace("ends: 2016-03-07", f"ends: {last}"))
    rule = f"repeat: every sitting day at {hour:02}:00\nto: bice-x"
    workspace.draft("a.fr", rule, f"Le texte {words}.")
