"""Drafts against the ledger: what `queue` adds, edits, moves, holds, cancels and refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from publisher import settings
from publisher.app import Application
from publisher.errors import NotPossible
from publisher.ledger.withdrawals import Withdrawals
from publisher.models import Delivery
from publisher.outcome import Absent, Accepted, Deferred, Kind, Refused, Sighting, Unknown
from publisher.planning import Change
from publisher.states import State
from tests.support.claims import take
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace

_NOON = "at: 2016-03-07 12:00"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture
def clock() -> ManualClock:
    """08:00 UTC on the annual day."""
    return ManualClock()


@pytest.fixture
def app(workspace: Workspace, clock: ManualClock) -> Iterator[Application]:
    app = Application(settings.load(workspace.path), clock)
    app.database.migrate()
    yield app
    app.close()


def queue(app: Application, *paths: str) -> list[tuple[Change, str, str]]:
    """Queue without errors; kind, post and account of every change."""
    plan = app.planner.queue([app.settings.workspace / path for path in paths], actor="redaction")
    assert not plan.errors, plan.errors
    return [(change.kind, change.post, change.account) for change in plan.changes]


def refusals(app: Application) -> list[str]:
    """The codes of the errors that keep anything from being queued."""
    before = app.queries.deliveries()
    plan = app.planner.queue(actor="redaction")
    assert app.queries.deliveries() == before
    return [problem.code for problem in plan.errors]


def standing(app: Application, post: str, account: str = "bice-x") -> Delivery:
    (delivery,) = app.queries.deliveries(post=post, account=account)
    return delivery


def finish(app: Application, post: str, outcome: Accepted | Refused | None = None) -> None:
    """Take all deliveries of a post out of the queue with the same outcome."""
    lease = app.clock.ahead(10**7)
    attempts = app.attempts
    for claim in app.dispatch.claim(app.clock.ahead(10**7), lease, 100):
        delivery = take(attempts, claim)
        assert delivery is not None
        if delivery.post == post:
            intended = attempts.intend(delivery, app.clock.now(), lease)
            assert intended is not None
            attempts.record(intended, outcome or Accepted("1"), lease)
        else:
            app.dispatch.release([claim])


def begin_to_send(app: Application) -> Delivery:
    """Claim the first delivery, and write that it is about to be sent."""
    lease = app.clock.ahead(60)
    taken = take(app.attempts, app.dispatch.claim(app.clock.ahead(10**7), lease, 1)[0])
    assert taken is not None
    intended = app.attempts.intend(taken, app.clock.now(), lease)
    assert intended is not None
    return intended


def test_a_draft_is_queued_for_each_of_its_accounts(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nauthor: redaction")
    assert queue(app) == [
        (Change.ADD, "a.fr", "bice-x"),
        (Change.ADD, "a.fr", "bice-page"),
    ]
    delivery = standing(app, "a.fr")
    assert delivery.due_at == datetime(2016, 3, 7, 11, tzinfo=UTC)
    assert delivery.expires_at == datetime(2016, 3, 7, 15, tzinfo=UTC)
    assert (delivery.state, delivery.queued_by) == (State.SCHEDULED, "redaction")


def test_a_second_run_changes_nothing(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", _NOON)
    queue(app)
    before = app.queries.history("a.fr")
    assert queue(app) == []
    assert app.queries.history("a.fr") == before


def test_a_draft_without_a_time_is_not_queued(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: all")
    assert queue(app) == []


def test_one_bad_draft_keeps_all_others_out(app: Application, workspace: Workspace) -> None:
    workspace.draft("good.fr", _NOON)
    workspace.draft("bad.fr", f"{_NOON}\nto: [bice-y]")
    assert refusals(app) == ["unknown-recipient"]
    plan = app.planner.queue(actor="redaction", keep_going=True)
    assert {change.post for change in plan.changes} == {"good.fr"}


def test_an_edit_of_what_waits_follows_the_draft(app: Application, workspace: Workspace) -> None:
    path = workspace.draft("a.fr", _NOON)
    queue(app)
    path.write_text(path.read_text().replace("Le texte.", "Un meilleur texte."))
    assert queue(app) == [(Change.EDIT, "a.fr", "bice-x"), (Change.EDIT, "a.fr", "bice-page")]
    assert standing(app, "a.fr").content.parts[0].text == "Un meilleur texte."


def test_a_moved_agenda_item_moves_what_hangs_on_it(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 2h")
    workspace.draft("b.fr", _NOON, "Un autre texte.")
    queue(app)
    workspace.edit("session.yaml", "starts: 2016-03-07 09:00", "starts: 2016-03-07 10:30")
    assert queue(app) == [(Change.MOVE, "a.fr", "bice-x"), (Change.MOVE, "a.fr", "bice-page")]
    assert standing(app, "a.fr").due_at == datetime(2016, 3, 7, 11, 30, tzinfo=UTC)


def test_a_cancelled_agenda_item_holds_its_posts_and_releases_them(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", "at: annual-day + 2h\nto: [bice-x]")
    queue(app)
    workspace.edit("session.yaml", "    title:", "    cancelled: true\n    title:")
    assert queue(app) == [(Change.HOLD, "a.fr", "bice-x")]
    held = standing(app, "a.fr")
    assert held.state is State.HELD
    assert held.reason
    workspace.edit("session.yaml", "    cancelled: true\n", "")
    assert queue(app) == [(Change.RELEASE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.SCHEDULED


def test_what_failed_is_held_with_its_agenda_item(app: Application, workspace: Workspace) -> None:
    """Tried again, it would go out although nothing takes place."""
    workspace.draft("a.fr", "at: annual-day + 2h\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr", Refused(Kind.CONTENT, "Refused."))
    workspace.edit("session.yaml", "    title:", "    cancelled: true\n    title:")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.HELD


def test_a_removed_draft_cancels_what_waits_and_comes_back_with_it(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.remove("a.fr")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.CANCELLED
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.SCHEDULED


def test_what_a_person_cancelled_is_not_queued_again(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    app.control.cancel("a.fr", None, "direction", "non")
    assert queue(app) == []
    assert standing(app, "a.fr").state is State.CANCELLED


def test_an_account_that_the_draft_no_longer_names_is_cancelled(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x, bice-page]")
    queue(app)
    workspace.edit("a.fr.md", "[bice-x, bice-page]", "[bice-x]")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-page")]


def test_a_draft_that_lost_its_time_is_cancelled(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", _NOON, "author: redaction")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-x")]


def test_a_draft_that_got_an_error_keeps_what_the_ledger_has(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", "to:", "tto:")
    assert app.planner.queue(actor="redaction", keep_going=True).changes == ()
    assert standing(app, "a.fr").state is State.SCHEDULED


def test_queueing_one_draft_leaves_the_others_alone(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    workspace.remove("b.fr")
    workspace.edit("a.fr.md", "Un.", "Un et demi.")
    assert queue(app, "posts/a.fr.md") == [(Change.EDIT, "a.fr", "bice-x")]
    assert standing(app, "b.fr").state is State.SCHEDULED


def test_an_edit_of_what_is_out_publishes_nothing_again(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [problem.code for problem in plan.problems] == ["already-out"]
    assert standing(app, "a.fr").content.parts[0].text == "Le texte."


def test_renaming_what_is_out_publishes_nothing_again(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    path.rename(path.with_name("renamed.fr.md"))
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [problem.code for problem in plan.problems] == ["already-out"]


def test_a_repeat_that_is_out_does_not_go_out_again_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    """For another time it is meant; for the same time its file was renamed."""
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    path = workspace.draft("again.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nrepeat: true")
    queue(app)
    finish(app, "a.fr")
    finish(app, "again.fr", Accepted("2"))
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["already-out"])
    workspace.draft("third.fr", "at: 2016-03-09 12:00\nto: [bice-x]\nrepeat: true")
    assert plan_of(app) == ([(Change.ADD, "third.fr", "bice-x")], ["already-out"])


def test_a_repeat_on_the_schedule_does_not_hide_what_a_renamed_draft_has_out(
    app: Application, workspace: Workspace
) -> None:
    """Each time `queue` runs it says the same, and advises nothing that would post it twice."""
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    path.rename(path.with_name("renamed.fr.md"))
    workspace.draft("zz.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nrepeat: true")
    assert queue(app) == [(Change.ADD, "zz.fr", "bice-x")]
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [problem.code for problem in plan.problems] == ["already-out"]


def test_renaming_what_waits_moves_it_under_its_new_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    path.rename(path.with_name("renamed.fr.md"))
    assert set(queue(app)) == {
        (Change.ADD, "renamed.fr", "bice-x"),
        (Change.CANCEL, "a.fr", "bice-x"),
    }


def test_a_copy_of_what_is_out_or_waits_is_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.draft("copy.fr", f"{_NOON}\nto: [bice-x]", "Le   texte.")
    assert refusals(app) == ["duplicate-text"]
    finish(app, "a.fr")
    assert refusals(app) == ["duplicate-text"]


def test_two_new_drafts_with_one_text_are_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]")
    assert refusals(app) == ["duplicate-text"]


def test_the_same_text_may_go_out_again_when_the_draft_says_so(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    workspace.draft("b.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nrepeat: true")
    assert len(queue(app)) == 2


def test_a_time_that_is_over_is_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: 2016-03-06 12:00\nto: [bice-x]")
    assert refusals(app) == ["past"]


def test_a_failed_post_is_queued_again_when_its_draft_was_mended(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr", Refused(Kind.CONTENT, "Refused."))
    assert queue(app) == []
    workspace.edit("a.fr.md", "Le texte.", "Un meilleur texte.")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    mended = standing(app, "a.fr")
    assert (mended.state, mended.error_kind, mended.attempts) == (State.SCHEDULED, None, 0)


def test_a_draft_does_not_bring_back_what_somebody_began_to_withdraw(
    app: Application, workspace: Workspace
) -> None:
    """The rest of a thread would answer a part that may be deleted."""
    workspace.draft("p", f"{_NOON}\nto: [bice-x]", "un\n\n---\n\ndeux")
    queue(app)
    lease = app.clock.ahead(60)
    part_out = app.attempts.record(begin_to_send(app), Accepted("1"), lease)
    intended = app.attempts.intend(part_out, app.clock.now(), lease)
    assert intended
    failed = app.attempts.record(intended, Refused(Kind.POLICY, "No."), lease)
    Withdrawals(app.database, app.clock).begin(failed, "direction", "erreur")
    workspace.draft("p", f"{_NOON}\nto: [bice-x]", "un\n\n---\n\nautre chose")
    assert queue(app) == []
    assert standing(app, "p").state is State.FAILED


def test_parts_of_a_thread_that_are_out_cannot_be_edited(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.\n\n---\nDeux.")
    queue(app)
    (claim,) = app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(60), 1)
    lease = app.clock.ahead(60)
    delivery = take(app.attempts, claim)
    assert delivery is not None
    for outcome in (Accepted("1"), Refused(Kind.POLICY, "No replies.")):
        intended = app.attempts.intend(delivery, app.clock.now(), lease)
        assert intended is not None
        delivery = app.attempts.record(intended, outcome, lease)
    workspace.edit("a.fr.md", "Un.", "Autre chose.")
    assert refusals(app) == ["partly-out"]
    workspace.edit("a.fr.md", "Autre chose.", "Un.")
    workspace.edit("a.fr.md", "Deux.", "Une suite plus courte.")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").remote_ids == ("1",)


def test_with_approval_required_a_post_waits_for_it(workspace: Workspace) -> None:
    workspace.write("publisher.toml", "[approval]\nrequired = true\n" + (
        workspace.path / "publisher.toml"
    ).read_text().replace('language = "fr"\n', "", 1))  # fmt: skip
    app = Application(settings.load(workspace.path), ManualClock())
    app.database.migrate()
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    assert standing(app, "a.fr").state is State.AWAITING_APPROVAL
    app.close()


def test_the_clean_picture_is_in_the_ledger(app: Application, workspace: Workspace) -> None:
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    workspace.draft(
        "a.fr", f"{_NOON}\nto: [bice-x]\nmedia:\n  - file: media/carte.png\n    alt: Une carte"
    )
    queue(app)
    (picture,) = standing(app, "a.fr").content.parts[0].pictures
    assert (picture.alt, picture.media_type, picture.width) == ("Une carte", "image/png", 40)
    assert app.attempts.read_media(picture.digest).startswith(b"\x89PNG")


def test_a_delivery_that_moved_on_meanwhile_is_looked_at_again(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is being sent after the plan was made: the second look finds it out of reach.

    If it is not out, it waits for the next `queue`.
    """
    workspace.draft("a.fr", "at: 2016-03-07 09:00\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    plan = app.planner.plan
    claimed: list[Delivery] = []

    def plan_then_claim(paths: object = ()) -> object:
        made = plan(())
        if not claimed:
            claimed.append(begin_to_send(app))
        return made

    monkeypatch.setattr(app.planner, "plan", plan_then_claim)
    result = app.planner.queue(actor="redaction")
    assert [change.kind for change in result.changes] == [Change.STOP]
    assert standing(app, "a.fr").content.parts[0].text == "Le texte."
    assert standing(app, "a.fr").stop is State.HELD


def test_an_embargo_beyond_the_default_expiry_is_refused(
    app: Application, workspace: Workspace
) -> None:
    workspace.edit("session.yaml", ", expires: 4h", "")
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]\nembargo: 2016-03-07 17:00")
    assert refusals(app) == ["embargo-after-expiry"]


def test_a_draft_without_an_author_names_whoever_queued_it(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    app.planner.queue(actor="varsovie")
    assert standing(app, "a.fr").queued_by == "varsovie"


def test_what_shows_people_goes_out_before_their_consent_ends_or_not_at_all(
    app: Application, workspace: Workspace
) -> None:
    """However long an account is paused, and however late the draft lets it go out."""
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    picture = "{file: media/carte.png, alt: Une carte, people: true, consent: film}"
    front = f"{_NOON}\nexpires: 3d\nto: [bice-x]\nmedia:\n  - {picture}"
    workspace.write("posts/consents.yaml", "film: {until: 2016-03-07}\n")
    workspace.draft("a.fr", front)
    queue(app)
    last = datetime(2016, 3, 7, 22, 59, 59, 999999, tzinfo=UTC)  # of that day in Geneva
    assert standing(app, "a.fr").expires_at == last
    workspace.write("posts/consents.yaml", "film: {}\n")
    assert queue(app) == [(Change.MOVE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").expires_at == datetime(2016, 3, 10, 11, tzinfo=UTC)


def test_on_facebook_a_link_beside_pictures_stands_in_the_text(
    app: Application, workspace: Workspace
) -> None:
    """On a Page, pictures may hide a link's preview; alone, the link is a field of its own."""
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    link = "link: https://www.example.org/a\nto: [bice-page]"
    workspace.draft("alone.fr", f"{_NOON}\n{link}")
    workspace.draft(
        "both.fr", f"{_NOON}\n{link}\nmedia: [{{file: media/carte.png, alt: Une carte}}]", "Autre."
    )
    queue(app)
    alone, both = (standing(app, post, "bice-page").content for post in ("alone.fr", "both.fr"))
    assert (alone.parts[0].text, alone.link) == ("Le texte.", "https://www.example.org/a")
    assert (both.parts[0].text, both.link) == ("Autre. https://www.example.org/a", None)


def test_a_released_post_that_got_another_posts_text_is_refused(
    app: Application, workspace: Workspace
) -> None:
    """Its change is a release and an edit at once; the text counts."""
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", "at: annual-day + 5h\nto: [bice-x]", "Deux.")
    workspace.edit("session.yaml", "    title:", "    cancelled: true\n    title:")
    queue(app)
    workspace.edit("session.yaml", "    cancelled: true\n", "")
    workspace.edit("b.fr.md", "Deux.", "Un.")
    assert refusals(app) == ["duplicate-text"]


def test_two_drafts_may_swap_their_texts(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    workspace.edit("a.fr.md", "Un.", "Deux.")
    workspace.edit("b.fr.md", "Deux.", "Un.")
    assert len(queue(app)) == 2


def test_retry_does_not_bring_back_a_text_that_another_post_has_meanwhile(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-page]")
    queue(app)
    finish(app, "a.fr", Refused(Kind.CONTENT, "Refused."))
    path.rename(path.with_name("b.fr.md"))
    queue(app)
    with pytest.raises(NotPossible, match=r"b\.fr"):
        app.control.retry("a.fr", None, "direction")


def test_retry_does_not_send_again_what_goes_out_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    """Its draft says `repeat`, and was renamed: the same text for the same time is the same post."""
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-page]\nrepeat: true")
    queue(app)
    path.rename(path.with_name("b.fr.md"))
    queue(app)
    with pytest.raises(NotPossible, match=r"b\.fr"):
        app.control.retry("a.fr", None, "direction")


def test_retry_sends_again_what_is_meant_for_another_time(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-page]")
    workspace.draft("b.fr", "at: annual-day + 5h\nto: [bice-page]\nrepeat: true")
    queue(app)
    app.control.cancel("b.fr", None, "direction", "changed")
    (retried,) = app.control.retry("b.fr", None, "direction")
    assert retried.state is State.SCHEDULED


def test_retry_does_not_lift_a_hold(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 5h\nto: [bice-x]")
    workspace.edit("session.yaml", "    title:", "    cancelled: true\n    title:")
    queue(app)
    app.control.cancel("a.fr", None, "direction", "non")
    app.control.retry("a.fr", None, "direction")
    held = standing(app, "a.fr")
    assert held.state is State.HELD
    assert held.reason


def plan_of(app: Application) -> tuple[list[tuple[Change, str, str]], list[str]]:
    plan = app.planner.queue(actor="redaction")
    assert not plan.errors, plan.errors
    changes = [(change.kind, change.post, change.account) for change in plan.changes]
    return changes, [problem.code for problem in plan.problems]


def test_old_drafts_do_not_stand_in_the_way_of_a_new_one(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """An old post whose recipients, words or expiry changed is a warning, and not queued."""
    workspace.draft("old.fr", f"{_NOON}\nto: [bice-x]")
    workspace.draft("missed.fr", f"{_NOON}\nto: [bice-x]", "Un mot.")
    queue(app)
    finish(app, "old.fr")
    clock.advance(24 * 3600)
    app.dispatch.expire()
    workspace.edit("old.fr.md", "[bice-x]", "[bice-x, bice-page]")
    workspace.edit("missed.fr.md", "Un mot.", "Un autre mot.")
    workspace.draft("new.fr", "at: 2016-03-09 12:00\nto: [bice-x]", "Urgent.")
    assert plan_of(app) == ([(Change.ADD, "new.fr", "bice-x")], ["past", "past"])


def test_renaming_what_is_out_is_no_error_even_after_its_expiry(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    clock.advance(24 * 3600)
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["already-out"])


def test_a_waiting_post_that_is_moved_into_the_past_is_refused(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Left as it was, it would go out at a time that nobody wants any more."""
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", _NOON, "at: 2016-03-06 12:00")
    assert refusals(app) == ["past"]


def test_pictures_without_words_are_told_apart_by_the_pictures(
    app: Application, workspace: Workspace
) -> None:
    (workspace.path / "posts/media").mkdir()
    for name in ("navy", "teal"):
        Image.new("RGB", (40, 30), name).save(workspace.path / f"posts/media/{name}.png")
        media = f"media: [{{file: media/{name}.png, alt: Une carte}}]"
        workspace.draft(f"{name}.fr", f"{_NOON}\nto: [bice-site]\n{media}", "")
    assert len(queue(app)) == 2


def test_queueing_a_folder_cancels_what_was_removed_from_it_alone(
    app: Application, workspace: Workspace
) -> None:
    for name in ("lima/a.fr", "lima/b.fr", "abidjan/c.fr"):
        workspace.draft(name, f"{_NOON}\nto: [bice-x]", f"Texte {name}.")
    queue(app)
    workspace.remove("lima/b.fr")
    workspace.remove("abidjan/c.fr")
    assert queue(app, "posts/lima") == [(Change.CANCEL, "lima/b.fr", "bice-x")]
    assert queue(app, "posts") == [(Change.CANCEL, "abidjan/c.fr", "bice-x")]


def test_removing_a_draft_while_it_is_published_cancels_it_if_it_is_not_out(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    begin_to_send(app)
    workspace.remove("a.fr")
    (change,) = app.planner.queue(actor="redaction").changes
    assert change.kind is Change.STOP
    assert change.note == "it may be out; if it is not, it is cancelled: its draft is gone"
    assert (standing(app, "a.fr").state, standing(app, "a.fr").stop) == (
        State.PUBLISHING, State.CANCELLED,
    )  # fmt: skip


def test_what_a_worker_has_in_hand_but_does_not_send_yet_follows_its_draft(
    app: Application, workspace: Workspace
) -> None:
    """The worker finds its claim worthless, and lets go."""
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    claims = app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(60), 2)
    assert queue(app) == []
    workspace.remove("a.fr")
    workspace.edit("b.fr.md", "Deux.", "Deux, corrigé.")
    assert set(queue(app)) == {(Change.CANCEL, "a.fr", "bice-x"), (Change.EDIT, "b.fr", "bice-x")}
    assert [take(app.attempts, claim) for claim in claims] == [None, None]
    assert standing(app, "b.fr").state is State.SCHEDULED


def test_a_thread_of_which_a_part_is_out_does_not_begin_anew_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.\n\n---\nDeux.")
    queue(app)
    lease = app.clock.ahead(60)
    part_out = app.attempts.record(begin_to_send(app), Accepted("1"), lease)
    intended = app.attempts.intend(part_out, app.clock.now(), lease)
    assert intended is not None
    app.attempts.record(intended, Deferred(Kind.UNAVAILABLE, "Away."), lease)
    path.rename(path.with_name("renamed.fr.md"))
    assert refusals(app) == ["partly-out"]


def test_what_a_person_cancelled_is_not_queued_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    app.control.cancel("a.fr", None, "direction", "non")
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["cancelled"])


def test_two_who_queue_the_same_text_at_once_do_not_both_succeed(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second plan was made before the first was written; it is made again."""
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]")
    stale = app.planner.plan()
    workspace.remove("b.fr")
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]")
    plan, plans = app.planner.plan, [stale]
    monkeypatch.setattr(app.planner, "plan", lambda paths: plans.pop() if plans else plan(paths))
    assert [p.code for p in app.planner.queue(actor="lima").errors] == ["duplicate-text"]
    assert [d.post for d in app.queries.deliveries()] == ["a.fr"]


def test_an_account_that_changes_its_channel_takes_its_waiting_posts_along(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    workspace.write("publisher.toml", "[accounts.bice-x]\nchannel = 'site'\nlanguage = 'fr'\n"
        "[accounts.bice-page]\nchannel = 'site'\n")  # fmt: skip
    changed = Application(settings.load(workspace.path), clock)
    assert queue(changed) == [(Change.EDIT, "a.fr", "bice-x")]
    assert standing(changed, "a.fr").channel == "site"
    changed.close()


def test_a_new_draft_may_take_over_a_text_that_another_gives_up(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    queue(app)
    workspace.edit("a.fr.md", "Un.", "Deux.")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]", "Un.")
    assert set(queue(app)) == {(Change.EDIT, "a.fr", "bice-x"), (Change.ADD, "b.fr", "bice-x")}


def lose_the_answer(app: Application) -> Delivery:
    """The first delivery is sent, and nobody knows what came of it."""
    return app.attempts.record(begin_to_send(app), Unknown("No answer."), app.clock.ahead(60))


def look(app: Application, clock: ManualClock, sighting: Sighting) -> Delivery:
    """What reading the platform tells, at the time at which it counts."""
    for _ in range(100):
        clock.advance(10)
        for claim in app.doubts.claim(app.clock.ahead(30), 1):
            taken = app.doubts.take(claim)
            assert taken is not None
            return app.doubts.record(taken, sighting)
    raise AssertionError("it is never looked for")


def prove_absent(app: Application, clock: ManualClock) -> Delivery:
    while (seen := look(app, clock, Absent())).state is State.UNCERTAIN:
        pass
    return seen


@pytest.mark.parametrize("change", ["text", "time", "agenda", "account", "draft"])
def test_what_its_draft_stops_while_it_may_be_out_does_not_go_out(
    app: Application, workspace: Workspace, clock: ManualClock, change: str
) -> None:
    """The next `queue` brings what the draft wants now."""
    workspace.draft("a.fr", "at: annual-day + 30m\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    match change:
        case "text":
            workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
        case "time":
            workspace.edit("a.fr.md", "30m", "3h")
        case "agenda":
            workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
        case "account":
            workspace.edit("a.fr.md", "bice-x", "bice-page")
        case "draft":
            workspace.remove("a.fr")
    assert (Change.STOP, "a.fr", "bice-x") in queue(app)
    assert queue(app) == []
    absent = prove_absent(app, clock)
    stopped = State.CANCELLED if change in ("account", "draft") else State.HELD
    assert absent.state is stopped
    after = queue(app)
    delivery = standing(app, "a.fr")
    if change in ("text", "time"):
        assert after == [(Change.RELEASE, "a.fr", "bice-x")]
        assert delivery.state is State.SCHEDULED
        wanted = "Un autre texte." if change == "text" else "Le texte."
        assert delivery.content.parts[0].text == wanted
        assert delivery.hold_reason is None
    else:
        assert after == []
        assert delivery.state is stopped


def test_a_draft_that_is_as_before_lets_it_go_out_after_all(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    queue(app)
    workspace.edit("a.fr.md", "Un autre texte.", "Le texte.")
    assert queue(app) == [(Change.GO_ON, "a.fr", "bice-x")]
    assert prove_absent(app, clock).state is State.SCHEDULED


def test_a_draft_that_is_renamed_while_it_may_be_out_goes_on_under_its_old_name(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.remove("a.fr")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]")
    assert queue(app) == []
    assert prove_absent(app, clock).state is State.SCHEDULED


def test_a_draft_that_is_renamed_and_held_stops_what_may_be_out(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: annual-day + 30m\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.remove("a.fr")
    workspace.draft("b.fr", "at: annual-day + 30m\nto: [bice-x]")
    workspace.edit("session.yaml", "ends: 2016-03-07 18:00", "cancelled: true")
    assert queue(app) == [(Change.STOP, "a.fr", "bice-x")]
    assert prove_absent(app, clock).state is State.CANCELLED


def test_a_draft_takes_back_no_stop_of_a_person(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    workspace.draft("b.fr", f"{_NOON}\nto: [bice-x]", "Un autre.")
    queue(app)
    lose_the_answer(app)
    lose_the_answer(app)
    app.control.cancel("a.fr", None, "direction", "changed")
    app.approvals.reject(["b.fr"], None, "direction", "a wrong name")
    workspace.edit("a.fr.md", "Le texte.", "Le texte corrigé.")
    assert queue(app) == []
    assert {prove_absent(app, clock).state for _ in range(2)} == {
        State.CANCELLED, State.AWAITING_APPROVAL,
    }  # fmt: skip
    assert standing(app, "a.fr").state is State.CANCELLED


def test_what_is_found_though_its_draft_was_edited_is_out_as_it_was(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{_NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    queue(app)
    assert look(app, clock, Accepted("7")).state is State.PUBLISHED
    assert plan_of(app) == ([], ["already-out"])
