"""Drafts against the ledger: what `queue` adds, edits, moves, holds, cancels and refuses."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from PIL import Image

from publisher.app import Application
from publisher.ledger.manager.draft_edits import Edits
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.model.events import Event
from publisher.model.outcomes import Accepted, Kind, Refused
from publisher.model.states import State
from publisher.planning import Change
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.draft_edits import edited
from tests.support.happening import meet
from tests.support.queueing import (
    NOON,
    claim_first,
    finish,
    lose_the_answer,
    prove_absent,
    queue,
    refusals,
    standing,
)
from tests.support.workspaces import SETTINGS, Workspace

pytestmark = pytest.mark.guards(
    "publisher.planning.diff", "publisher.planning.plan", "publisher.planning.wishes"
)


def test_a_draft_is_queued_for_each_of_its_accounts(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nauthor: redaction")
    assert queue(app) == [
        (Change.ADD, "a.fr", "bice-x"),
        (Change.ADD, "a.fr", "bice-page"),
    ]
    delivery = standing(app, "a.fr")
    assert delivery.due_at == datetime(2016, 3, 7, 11, tzinfo=UTC)
    assert delivery.expires_at == datetime(2016, 3, 7, 15, tzinfo=UTC)
    assert (delivery.state, delivery.written_by) == (State.SCHEDULED, "redaction")


def test_a_second_run_changes_nothing(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", NOON)
    queue(app)
    before = app.queries.history("a.fr")
    assert queue(app) == []
    assert app.queries.history("a.fr") == before


def test_a_draft_without_a_time_is_not_queued(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: all")
    assert queue(app) == []


def test_one_bad_draft_keeps_all_others_out(app: Application, workspace: Workspace) -> None:
    workspace.draft("good.fr", NOON)
    workspace.draft("bad.fr", f"{NOON}\nto: [bice-y]")
    assert refusals(app) == ["unknown-recipient"]
    plan = app.planner.queue(actor="redaction", keep_going=True)
    assert {change.post for change in plan.changes} == {"good.fr"}


def test_an_edit_of_what_waits_follows_the_draft(app: Application, workspace: Workspace) -> None:
    path = workspace.draft("a.fr", NOON)
    queue(app)
    path.write_text(path.read_text().replace("Le texte.", "Un meilleur texte."))
    assert {change.is_held for change in app.planner.plan().changes} == {False}
    assert queue(app) == [(Change.EDIT, "a.fr", "bice-x"), (Change.EDIT, "a.fr", "bice-page")]
    assert standing(app, "a.fr").content.parts[0].text == "Un meilleur texte."


def test_a_moved_agenda_item_moves_what_hangs_on_it(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: annual-day + 2h")
    workspace.draft("b.fr", NOON, "Un autre texte.")
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
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.remove("a.fr")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.CANCELLED
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    assert queue(app) == [(Change.RESTORE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").state is State.SCHEDULED


def test_what_a_person_cancelled_is_not_queued_again(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    app.control.cancel("a.fr", None, "direction", "non")
    assert app.planner.plan().beyond == ()
    workspace.edit("a.fr.md", "Le texte.", "Un meilleur texte.")
    assert [change.post for change in app.planner.plan().beyond] == ["a.fr"], "it has no effect"
    assert queue(app) == []
    assert standing(app, "a.fr").state is State.CANCELLED


def test_an_account_that_the_draft_no_longer_names_is_cancelled(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x, bice-page]")
    queue(app)
    workspace.edit("a.fr.md", "[bice-x, bice-page]", "[bice-x]")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-page")]


def test_a_draft_that_lost_its_time_is_cancelled(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", NOON, "author: redaction")
    assert queue(app) == [(Change.CANCEL, "a.fr", "bice-x")]


def test_a_draft_that_got_an_error_keeps_what_the_ledger_has(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", "to:", "tto:")
    assert app.planner.queue(actor="redaction", keep_going=True).changes == ()
    assert standing(app, "a.fr").state is State.SCHEDULED


def test_queueing_one_draft_leaves_the_others_alone(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    workspace.remove("b.fr")
    workspace.edit("a.fr.md", "Un.", "Un et demi.")
    assert queue(app, "posts/a.fr.md") == [(Change.EDIT, "a.fr", "bice-x")]
    assert standing(app, "b.fr").state is State.SCHEDULED


def test_an_edit_of_what_is_out_publishes_nothing_again(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    assert app.planner.plan().beyond == ()
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [change.post for change in plan.beyond] == ["a.fr"]
    assert [problem.code for problem in plan.problems] == ["already-out"]
    assert standing(app, "a.fr").content.parts[0].text == "Le texte."


def test_a_time_that_is_over_is_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", "at: 2016-03-06 12:00\nto: [bice-x]")
    assert refusals(app) == ["past"]


def test_a_failed_post_is_queued_again_when_its_draft_was_mended(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
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
    workspace.draft("p", f"{NOON}\nto: [bice-x]", "un\n\n---\n\ndeux")
    queue(app)
    failed = meet(app, claim_first(app), Accepted("1"), Refused(Kind.POLICY, "No."))
    Withdrawals(app.database, app.clock).begin(failed, "direction", "erreur")
    workspace.draft("p", f"{NOON}\nto: [bice-x]", "un\n\n---\n\nautre chose")
    assert queue(app) == []
    assert standing(app, "p").state is State.FAILED


def test_with_approval_required_a_post_waits_for_it(workspace: Workspace) -> None:
    workspace.write("publisher.toml", "[approval]\nrequired = true\n" + (
        workspace.path / "publisher.toml"
    ).read_text().replace('language = "fr"\n', "", 1))  # fmt: skip
    app = Application(settings.load(workspace.path), ManualClock())
    app.database.migrate()
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    assert standing(app, "a.fr").state is State.AWAITING_APPROVAL
    app.close()


def test_the_clean_picture_is_in_the_ledger(app: Application, workspace: Workspace) -> None:
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    workspace.draft(
        "a.fr", f"{NOON}\nto: [bice-x]\nmedia:\n  - file: media/carte.png\n    alt: Une carte"
    )
    queue(app)
    (picture,) = standing(app, "a.fr").content.parts[0].pictures
    assert (picture.alt, picture.media_type, picture.width) == ("Une carte", "image/png", 40)
    assert app.attempts.read_media(picture.digest).startswith(b"\x89PNG")


def test_an_embargo_beyond_the_default_expiry_is_refused(
    app: Application, workspace: Workspace
) -> None:
    workspace.edit("session.yaml", ", expires: 4h", "")
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]\nembargo: 2016-03-07 17:00")
    assert refusals(app) == ["embargo-after-expiry"]


def test_a_draft_without_an_author_names_whoever_queued_it(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    app.planner.queue(actor="varsovie")
    assert standing(app, "a.fr").written_by == "varsovie"


def test_who_may_not_post_as_an_account_has_changed_no_draft_for_it(
    workspace: Workspace, clock: ManualClock
) -> None:
    """On the web pages, before its mandate was what it is; whoever signs it."""
    mandate = '[accounts.bice-x.mandate]\nauthors = ["ann"]\n'
    workspace.write("publisher.toml", SETTINGS + mandate)
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x, bice-page]\nauthor: ann")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]\nauthor: ann", "Un autre texte.")
    with closing(Application(settings.load(workspace.path), clock)) as app:
        app.database.migrate()
        edited(Edits(app.database, clock), "a.fr", "eva", Event.DRAFT_EDITED)
        assert refusals(app) == ["no-mandate"]
        edited(Edits(app.database, clock), "b.fr", "ann", Event.DRAFT_EDITED)
        plan = app.planner.queue(actor="redaction", keep_going=True)
        assert [(one.post, one.account) for one in plan.changes] == [
            ("a.fr", "bice-page"),
            ("b.fr", "bice-x"),
        ]


def test_what_shows_people_goes_out_before_their_consent_ends_or_not_at_all(
    app: Application, workspace: Workspace
) -> None:
    """However long an account is paused, and however late the draft lets it go out."""
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    picture = "{file: media/carte.png, alt: Une carte, people: true, consent: film}"
    front = f"{NOON}\nexpires: 3d\nto: [bice-x]\nmedia:\n  - {picture}"
    workspace.write("posts/consents.yaml", "film: {until: 2016-03-07}\n")
    workspace.draft("a.fr", front)
    queue(app)
    last = datetime(2016, 3, 7, 22, 59, 59, 999999, tzinfo=UTC)  # of that day in Geneva
    assert standing(app, "a.fr").expires_at == last
    workspace.write("posts/consents.yaml", "film: {}\n")
    assert queue(app) == [(Change.MOVE, "a.fr", "bice-x")]
    assert standing(app, "a.fr").expires_at == datetime(2016, 3, 10, 11, tzinfo=UTC)


def test_a_waiting_post_that_is_moved_into_the_past_is_refused(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """Left as it was, it would go out at a time that nobody wants any more."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.edit("a.fr.md", NOON, "at: 2016-03-06 12:00")
    assert refusals(app) == ["past"]


def test_queueing_a_folder_cancels_what_was_removed_from_it_alone(
    app: Application, workspace: Workspace
) -> None:
    for name in ("lima/a.fr", "lima/b.fr", "abidjan/c.fr"):
        workspace.draft(name, f"{NOON}\nto: [bice-x]", f"Texte {name}.")
    queue(app)
    workspace.remove("lima/b.fr")
    workspace.remove("abidjan/c.fr")
    assert queue(app, "posts/lima") == [(Change.CANCEL, "lima/b.fr", "bice-x")]
    assert queue(app, "posts") == [(Change.CANCEL, "abidjan/c.fr", "bice-x")]


def test_an_account_that_changes_its_channel_takes_its_waiting_posts_along(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.write("publisher.toml", "[accounts.bice-x]\nchannel = 'site'\nlanguage = 'fr'\n"
        "[accounts.bice-page]\nchannel = 'site'\n")  # fmt: skip
    changed = Application(settings.load(workspace.path), clock)
    assert queue(changed) == [(Change.EDIT, "a.fr", "bice-x")]
    assert standing(changed, "a.fr").channel == "site"
    changed.close()


def test_a_draft_that_is_as_before_lets_it_go_out_after_all(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    lose_the_answer(app)
    workspace.edit("a.fr.md", "Le texte.", "Un autre texte.")
    queue(app)
    workspace.edit("a.fr.md", "Un autre texte.", "Le texte.")
    assert queue(app) == [(Change.GO_ON, "a.fr", "bice-x")]
    assert prove_absent(app, clock).state is State.SCHEDULED
