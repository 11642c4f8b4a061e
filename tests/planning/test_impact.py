"""What a change of the agenda drags along is told before anything changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from publisher.agenda import Proposal, propose, session_file
from publisher.agenda.changes import ItemChange
from publisher.app import Application
from publisher.drafts.check import check
from publisher.ledger.manager.approvals import digest
from publisher.model.outcomes import Accepted, Kind, Outcome, Refused, Unknown
from publisher.planning.impact import Dragged, Effects, compared, effects
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import SETTINGS, Workspace

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> ManualClock:
    """08:00 UTC on the annual day, which is when it starts."""
    return ManualClock()


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    yield app
    app.close()


def proposed(app: Application, *, by: timedelta = timedelta(), cancelled: bool = False) -> Proposal:
    """The annual day that much later."""
    seen = session_file.read(app.settings.posts)
    before = seen.session.agenda["annual-day"]
    update = {
        "starts_at": before.starts_at + by,
        "ends_at": before.ends_at and before.ends_at + by,
        "cancelled": cancelled,
    }
    change = ItemChange(before, before.model_copy(update=update))
    return propose(seen, [change])


def impact(app: Application, *, by: timedelta = timedelta(), cancelled: bool = False) -> Effects:
    proposal = proposed(app, by=by, cancelled=cancelled)
    return effects(app.settings, app.queries, app.clock.now(), proposal.before, proposal.after)


def one(app: Application, *, by: timedelta = timedelta(), cancelled: bool = False) -> Dragged:
    (dragged,) = impact(app, by=by, cancelled=cancelled).dragged
    return dragged


def notes(dragged: Dragged) -> list[tuple[str, bool]]:
    return [(note.text, note.severe) for note in dragged.notes]


def finish(app: Application, outcome: Outcome, account: str = "") -> None:
    """Take what is due (of one account) out of the queue with this outcome."""
    lease = app.clock.ahead(10**6)
    for claim in app.dispatch.claim(app.clock.now(), lease, 100):
        (delivery,) = app.attempts.take_all([claim])
        if account not in ("", delivery.account):
            app.dispatch.release([claim])
            continue
        meet(app, claim, outcome)


def test_every_post_that_hangs_on_the_item_moves_with_it(
    app: Application, workspace: Workspace
) -> None:
    """By its time or its embargo, from the start or the end; and no other."""
    workspace.draft("start.fr", "at: annual-day + 30m")
    workspace.draft("end.fr", "at: annual-day.end + 1h", "La fin.")
    workspace.draft(
        "embargo.fr", "at: 2016-03-07 08:00\nexpires: 3d\nembargo: annual-day", "Embargo."
    )
    workspace.draft("alone.fr", "at: 2016-03-07 10:00", "Seul.")
    workspace.draft("unfinished.fr", "to: all", "Pas fini.")
    moved = {d.after.id: d for d in impact(app, by=DAY).dragged}
    assert set(moved) == {"start.fr", "end.fr", "embargo.fr"}
    for post in ("start.fr", "end.fr"):
        before, after = moved[post].before.due_at, moved[post].after.due_at
        assert before is not None
        assert after is not None
        assert after - before == DAY
        assert moved[post].accounts == ("bice-x", "bice-page")
        assert notes(moved[post]) == []
    assert notes(moved["embargo.fr"]) == [("its embargo moves, its own time does not", False)]


def test_a_draft_with_a_picture_whose_consent_only_the_ledger_has_has_its_errors(
    app: Application, workspace: Workspace
) -> None:
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (30, 20), "teal").save(workspace.path / "posts/media/card.png")
    shown = "at: annual-day + 30m\nmedia:\n  - file: /media/card.png\n    alt: Une carte"
    workspace.write("posts/consents.yaml", "lima: {}\n")
    workspace.draft("once.fr", f"{shown}\n    people: true\n    consent: lima", "Une fois.")
    assert not app.planner.queue(actor="redaction").errors
    workspace.remove("once.fr")
    workspace.draft("again.fr", shown, "Encore.")
    workspace.write("posts/consents.yaml", "lima:\n  withdrawn: true\n")
    assert notes(one(app, by=DAY)) == [
        ("its draft has errors: until they are fixed, it stays on the schedule as it is", False)
    ]


def test_nothing_is_written_until_it_is_saved(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day")
    path = workspace.path / "posts" / "session.yaml"
    before = path.read_bytes()
    proposal = proposed(app, by=DAY)
    assert path.read_bytes() == before
    proposal.save()
    assert path.read_bytes() == before.replace(b"2016-03-07", b"2016-03-08")


def test_a_consent_that_ends_before_a_post_expires_is_told(
    app: Application, workspace: Workspace
) -> None:
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    picture = "{file: media/carte.png, alt: Une carte, people: true, consent: film}"
    workspace.write("posts/consents.yaml", "film: {}\n")
    workspace.draft("a.fr", f"at: annual-day\nexpires: 3d\nmedia:\n  - {picture}")
    before = check(app.settings)
    workspace.write("posts/consents.yaml", "film: {until: 2016-03-08}\n")
    now, after = app.clock.now(), check(app.settings)
    (dragged,) = compared(app.settings, app.queries, now, before, after).dragged
    assert notes(dragged) == [("it expires at another time: when its consent ends", False)]


def test_a_cancelled_item_holds_its_posts(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m")
    dragged = one(app, cancelled=True)
    assert (dragged.before.held, dragged.after.held) == (None, "annual-day is cancelled")
    assert notes(dragged) == []


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        (Accepted("1"), "already out: it does not move"),
        (
            Unknown("no answer"),
            "may already be out: if it is not, it is held, and moves when it is queued again",
        ),
    ],
)
def test_what_is_out_does_not_move(
    app: Application, workspace: Workspace, clock: ManualClock, outcome: Outcome, note: str
) -> None:
    workspace.draft("a.fr", "at: annual-day")
    app.planner.queue(actor="redaction")
    clock.advance(60)
    finish(app, outcome, "bice-x")
    dragged = one(app, by=DAY)
    assert notes(dragged) == [(f"bice-x: {note}", False)]
    assert not dragged.stays
    finish(app, outcome)
    dragged = one(app, by=DAY)
    assert notes(dragged) == [(note, False)]
    assert dragged.stays


def test_what_a_person_cancelled_stays_cancelled(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m")
    app.planner.queue(actor="redaction")
    app.control.cancel("a.fr", None, "direction", "said already")
    dragged = one(app, by=DAY)
    assert notes(dragged) == [("cancelled by a person: it stays so", False)]
    assert dragged.stays


def test_what_failed_goes_back_on_the_schedule_unless_it_is_too_late(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """As `queue` does it when a draft gets another time."""
    workspace.draft("a.fr", "at: annual-day")
    app.planner.queue(actor="redaction")
    clock.advance(60)
    finish(app, Refused(Kind.CONTENT, "no"))
    assert notes(one(app, by=DAY)) == [("failed: it goes back on the schedule", False)]
    dragged = one(app, by=-DAY)
    assert notes(dragged) == [("failed: it stays so", False)]
    assert dragged.stays


def test_an_approval_would_be_void(workspace: Workspace, clock: ManualClock) -> None:
    workspace.write("publisher.toml", f"{SETTINGS}[approval]\nrequired = true\n")
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    workspace.draft("a.fr", "at: annual-day + 30m\nto: [bice-x]")
    app.planner.queue(actor="redaction")
    assert notes(one(app, by=DAY)) == []
    (waiting,) = app.queries.deliveries(post="a.fr")
    app.approvals.approve(["a.fr"], None, "direction", {waiting.id: digest(waiting)})
    assert notes(one(app, by=DAY)) == [("the approval by direction becomes void", True)]
    app.close()


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (1, []),
        (-1, [("overdue by then: it goes out as soon as it is queued", True)]),
        (-5, [("expired by then: it would never go out", True)]),
    ],
)
def test_what_would_be_too_late_is_said(
    app: Application, workspace: Workspace, hours: int, expected: list[tuple[str, bool]]
) -> None:
    """It is 09:00 there, and posts expire after four hours."""
    workspace.draft("a.fr", "at: annual-day + 30m")
    assert notes(one(app, by=timedelta(hours=hours))) == expected


def test_what_is_too_late_already_is_not_told_as_news(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: annual-day - 2d")
    assert notes(one(app, by=timedelta(hours=1))) == []
    assert notes(one(app, by=3 * DAY)) == []


def test_problems_that_arise_are_told_and_old_ones_are_not(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: 2016-03-08 08:00\nembargo: annual-day")
    workspace.draft("b.fr", "at: annual-day\nto: [bice-y]", "Erreur.")
    workspace.draft("c.fr", "at: annual-day\nlang: fr", "Loin.")
    found = impact(app, by=30 * DAY)
    assert [(problem.file, problem.code) for problem in found.problems] == [
        ("posts/a.fr.md", "embargo-after-expiry"),
        ("posts/b.fr.md", "outside-session"),
        ("posts/c.fr.md", "outside-session"),
    ]
    broken = next(d for d in found.dragged if d.after.id == "b.fr")
    assert "its draft has errors" in broken.notes[0].text


def test_two_posts_of_one_account_that_come_too_close_are_told(
    app: Application, workspace: Workspace
) -> None:
    """Not those that are so close already, nor those that never go out."""
    workspace.draft("a.fr", "at: annual-day + 1h\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", "at: 2016-03-08 10:03\nto: [bice-x]", "Deux.")
    workspace.draft("c.fr", "at: 2016-03-08 10:05\nto: [bice-x]", "Trois.")
    workspace.draft("d.fr", "at: annual-day + 1h1m\nto: [bice-page]", "Quatre.")
    workspace.draft("e.fr", "at: annual-day + 1h2m\nto: [bice-page]", "Cinq.")
    clashes = impact(app, by=DAY).clashes
    assert [(c.account, c.first, c.second, c.gap) for c in clashes] == [
        ("bice-x", "a.fr", "b.fr", timedelta(minutes=3))
    ]
    assert impact(app, by=DAY, cancelled=True).clashes == ()


def test_a_session_that_would_be_invalid_is_not_saved(app: Application) -> None:
    seen = session_file.read(app.settings.posts)
    item = seen.session.agenda["annual-day"]
    late = item.model_copy(update={"starts_at": datetime(2016, 3, 8, tzinfo=UTC)})
    proposal = propose(seen, [ItemChange(item, late)])
    assert [problem.code for problem in proposal.problems] == ["ends-before-start"]
    with pytest.raises(ValueError, match="never saved"):
        proposal.save()
    assert seen.path.read_bytes() == seen.data
