"""No account gets a text twice: copies, new names, repeats, and what is tried again."""

import pytest
from PIL import Image

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.model.outcomes import Accepted, Deferred, Kind, Refused
from publisher.model.states import State
from publisher.planning import Change
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.queueing import NOON, claim_first, finish, plan_of, queue, refusals, standing
from tests.support.workspaces import Workspace


def test_renaming_what_is_out_publishes_nothing_again(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    path.rename(path.with_name("renamed.fr.md"))
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [problem.code for problem in plan.problems] == ["already-out"]


def test_a_renamed_draft_is_told_of_once_with_all_its_accounts(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x, bice-page]")
    queue(app)
    finish(app, "a.fr")
    path.rename(path.with_name("renamed.fr.md"))
    (problem,) = app.planner.plan().problems
    assert problem.code == "already-out"
    assert "A draft called a.fr had this text" in problem.message
    assert "bice-x" in problem.message
    assert "bice-page" in problem.message


def test_a_repeat_that_is_out_does_not_go_out_again_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    """For another time it is meant; for the same time its file was renamed."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
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
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    path.rename(path.with_name("renamed.fr.md"))
    workspace.draft("zz.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nrepeat: true")
    assert queue(app) == [(Change.ADD, "zz.fr", "bice-x")]
    plan = app.planner.queue(actor="redaction")
    assert plan.changes == ()
    assert [problem.code for problem in plan.problems] == ["already-out"]


def test_a_repeat_that_is_out_does_not_hide_what_a_renamed_draft_has_out(
    app: Application, workspace: Workspace
) -> None:
    """Though it came first, its own draft is still there."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]\nrepeat: true")
    path = workspace.draft("b.fr", "at: 2016-03-08 12:00\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    finish(app, "b.fr", Accepted("2"))
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["already-out"])


def test_renaming_what_waits_moves_it_under_its_new_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    path.rename(path.with_name("renamed.fr.md"))
    assert set(queue(app)) == {
        (Change.ADD, "renamed.fr", "bice-x"),
        (Change.CANCEL, "a.fr", "bice-x"),
    }


def test_a_copy_of_what_is_out_or_waits_is_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.draft("copy.fr", f"{NOON}\nto: [bice-x]", "Le   texte.")
    assert refusals(app) == ["duplicate-text"]
    finish(app, "a.fr")
    assert refusals(app) == ["duplicate-text"]


def test_two_new_drafts_with_one_text_are_refused(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]")
    assert refusals(app) == ["duplicate-text"]
    (error,) = app.planner.plan().errors
    assert error.message == "bice-x already gets this text from a.fr.", (
        "nothing of it is on the schedule"
    )


def test_the_same_text_may_go_out_again_when_the_draft_says_so(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    workspace.draft("b.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nrepeat: true")
    assert len(queue(app)) == 2


def test_on_facebook_a_link_beside_pictures_stands_in_the_text(
    app: Application, workspace: Workspace
) -> None:
    """On a Page, pictures may hide a link's preview; alone, the link is a field of its own."""
    (workspace.path / "posts/media").mkdir()
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    link = "link: https://www.example.org/a\nto: [bice-page]"
    workspace.draft("alone.fr", f"{NOON}\n{link}")
    workspace.draft(
        "both.fr", f"{NOON}\n{link}\nmedia: [{{file: media/carte.png, alt: Une carte}}]", "Autre."
    )
    queue(app)
    alone, both = (standing(app, post, "bice-page").content for post in ("alone.fr", "both.fr"))
    assert (alone.parts[0].text, alone.link) == ("Le texte.", "https://www.example.org/a")
    assert (both.parts[0].text, both.link) == ("Autre. https://www.example.org/a", None)


def test_a_released_post_that_got_another_posts_text_is_refused(
    app: Application, workspace: Workspace
) -> None:
    """Its change is a release and an edit at once; the text counts."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", "at: annual-day + 5h\nto: [bice-x]", "Deux.")
    workspace.edit("session.yaml", "    title:", "    cancelled: true\n    title:")
    queue(app)
    workspace.edit("session.yaml", "    cancelled: true\n", "")
    workspace.edit("b.fr.md", "Deux.", "Un.")
    assert refusals(app) == ["duplicate-text"]


def test_two_drafts_may_swap_their_texts(app: Application, workspace: Workspace) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]", "Deux.")
    queue(app)
    workspace.edit("a.fr.md", "Un.", "Deux.")
    workspace.edit("b.fr.md", "Deux.", "Un.")
    assert len(queue(app)) == 2


def test_retry_does_not_bring_back_a_text_that_another_post_has_meanwhile(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-page]")
    queue(app)
    finish(app, "a.fr", Refused(Kind.CONTENT, "Refused."))
    path.rename(path.with_name("b.fr.md"))
    queue(app)
    with pytest.raises(NotPossible, match=r"b\.fr"):
        app.control.retry("a.fr", None, "direction")


def test_retry_does_not_send_again_what_goes_out_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    """Its draft says `repeat`, and was renamed: the same text for the same time is the same
    post.
    """
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-page]\nrepeat: true")
    queue(app)
    path.rename(path.with_name("b.fr.md"))
    queue(app)
    with pytest.raises(NotPossible, match=r"b\.fr"):
        app.control.retry("a.fr", None, "direction")


def test_retry_does_not_send_again_what_moved_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-page]\nrepeat: true")
    queue(app)
    path.rename(path.with_name("b.fr.md"))
    queue(app)
    workspace.edit("b.fr.md", NOON, "at: annual-day + 5h")
    queue(app)
    with pytest.raises(NotPossible, match=r"b\.fr"):
        app.control.retry("a.fr", None, "direction")


def test_retry_sends_again_what_is_meant_for_another_time(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]")
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


def test_old_drafts_do_not_stand_in_the_way_of_a_new_one(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """An old post whose recipients, words or expiry changed is a warning, and not queued."""
    workspace.draft("old.fr", f"{NOON}\nto: [bice-x]")
    workspace.draft("missed.fr", f"{NOON}\nto: [bice-x]", "Un mot.")
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
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    finish(app, "a.fr")
    clock.advance(24 * 3600)
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["already-out"])


def test_pictures_without_words_are_told_apart_by_the_pictures(
    app: Application, workspace: Workspace
) -> None:
    (workspace.path / "posts/media").mkdir()
    for name in ("navy", "teal"):
        Image.new("RGB", (40, 30), name).save(workspace.path / f"posts/media/{name}.png")
        media = f"media: [{{file: media/{name}.png, alt: Une carte}}]"
        workspace.draft(f"{name}.fr", f"{NOON}\nto: [bice-site]\n{media}", "")
    assert len(queue(app)) == 2


def test_a_thread_of_which_a_part_is_out_does_not_begin_anew_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.\n\n---\nDeux.")
    queue(app)
    meet(app, claim_first(app), Accepted("1"), Deferred(Kind.UNAVAILABLE, "Away."))
    path.rename(path.with_name("renamed.fr.md"))
    assert refusals(app) == ["partly-out"]


def test_what_a_person_cancelled_is_not_queued_under_another_name(
    app: Application, workspace: Workspace
) -> None:
    path = workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    app.control.cancel("a.fr", None, "direction", "non")
    path.rename(path.with_name("renamed.fr.md"))
    assert plan_of(app) == ([], ["cancelled"])


def test_two_who_queue_the_same_text_at_once_do_not_both_succeed(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second plan was made before the first was written; it is made again."""
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]")
    stale = app.planner.plan()
    workspace.remove("b.fr")
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]")
    queue(app)
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]")
    plan, plans = app.planner.plan, [stale]
    monkeypatch.setattr(
        app.planner, "plan", lambda paths, **more: plans.pop() if plans else plan(paths, **more)
    )
    assert [p.code for p in app.planner.queue(actor="lima").errors] == ["duplicate-text"]
    assert [d.post for d in app.queries.deliveries()] == ["a.fr"]


def test_a_new_draft_may_take_over_a_text_that_another_gives_up(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Un.")
    queue(app)
    workspace.edit("a.fr.md", "Un.", "Deux.")
    workspace.draft("b.fr", f"{NOON}\nto: [bice-x]", "Un.")
    assert set(queue(app)) == {(Change.EDIT, "a.fr", "bice-x"), (Change.ADD, "b.fr", "bice-x")}


def test_the_same_text_never_goes_out_twice_at_one_instant(
    app: Application, workspace: Workspace
) -> None:
    """Two days of the agenda became one, and each had its copy."""
    front = "to: [bice-x]\nrepeat: true"
    workspace.draft("a.fr", f"at: annual-day - 1h\n{front}")
    workspace.draft("b.fr", f"at: annual-day - 2h\n{front}")
    assert len(queue(app)) == 2
    workspace.draft("b.fr", f"at: annual-day - 1h\n{front}")
    assert refusals(app) == ["duplicate-text"]
    workspace.draft("c.fr", f"at: annual-day - 1h\n{front}")
    workspace.draft("b.fr", f"at: annual-day - 2h\n{front}")
    assert refusals(app) == ["duplicate-text"]
