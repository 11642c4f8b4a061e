"""Corrections of posts that are out: what their drafts may say, and what is planned of them."""

import pytest

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.model.content import Original
from publisher.model.outcomes import Accepted, Unknown
from publisher.model.states import State
from publisher.planning import Change
from tests.support.clock import ManualClock
from tests.support.happening import comes_of, meet
from tests.support.queueing import (
    NOON,
    begin_to_send,
    claim_first,
    finish,
    lose_the_answer,
    plan_of,
    prove_absent,
    queue,
    refusals,
    standing,
)
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.ledger.corrections",
    "publisher.ledger.doubts.resolve",
    "publisher.ledger.manager.withdrawals",
    "publisher.ledger.worker.targets",
    "publisher.model.content",
    "publisher.planning.duplicates",
    "publisher.planning.wishes",
)

LATER = "at: 2016-03-07 13:00"
FIX = f"{LATER}\nto: [bice-page]\ncorrects: a.fr\nreason: Un chiffre était faux."


@pytest.fixture
def out(app: Application, workspace: Workspace) -> None:
    """A post that is out on X and on a Page."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x, bice-page]", "Trois sur dix.")
    queue(app)
    finish(app, "a.fr")


def fix(workspace: Workspace, front: str = FIX, text: str = "Quatre sur dix.") -> None:
    workspace.draft("fix.fr", front, text)


@pytest.mark.usefixtures("out")
def test_a_correction_is_a_delivery_of_its_own(app: Application, workspace: Workspace) -> None:
    fix(workspace)
    assert plan_of(app) == ([(Change.ADD, "fix.fr", "bice-page")], [])
    delivery = standing(app, "fix.fr", "bice-page")
    assert (delivery.corrects, delivery.content.edits) == ("a.fr", True)
    assert delivery.content.reason == "Un chiffre était faux."


@pytest.mark.usefixtures("out")
def test_a_draft_that_follows_its_correction_is_not_other_than_what_is_out(
    app: Application, workspace: Workspace
) -> None:
    """On X, where the first words stay, it is."""
    fix(workspace)
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x, bice-page]", "Quatre sur dix.")
    differing = [change for change in app.planner.plan().beyond if change.post == "a.fr"]
    assert [change.account for change in differing] == ["bice-x"]


@pytest.mark.usefixtures("out")
def test_where_a_post_cannot_be_edited_it_goes_out_below_it(
    app: Application, workspace: Workspace
) -> None:
    """As a message of its own, which may be several."""
    fix(workspace, FIX.replace("bice-page", "bice-x"), "Quatre sur dix.\n\n---\nEt non trois.")
    queue(app)
    content = standing(app, "fix.fr").content
    assert content.correction
    assert content.correction.way == "reply"


@pytest.mark.usefixtures("out")
def test_a_group_of_recipients_means_those_that_have_the_post(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace, FIX.replace("[bice-page]", "all"))
    assert {account for _, _, account in queue(app)} == {"bice-x", "bice-page"}


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize(
    ("front", "codes"),
    [
        (FIX.replace("faux", "\\u202efaux").replace("reason: ", 'reason: "') + '"', ["bad-value"]),
        (f"{FIX}{'x' * 500}", ["bad-value"]),
        (FIX.replace("[bice-page]", "[bice-site]"), ["corrects-elsewhere"]),
        (FIX.replace("a.fr", "fix.fr"), ["bad-value"]),
        (FIX.partition("\nreason")[0], ["missing-key"]),
        (FIX.replace("corrects: a.fr\n", ""), ["bad-value"]),
        (f"{FIX}\nlink: https://www.example.org/", ["edit-too-much"]),
    ],
)
def test_what_no_correction_can_be_is_refused(
    app: Application, workspace: Workspace, front: str, codes: list[str]
) -> None:
    fix(workspace, front)
    assert refusals(app) == codes


@pytest.mark.usefixtures("out")
def test_what_the_ledger_does_not_know_leaves_out_its_correction_alone(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace, FIX.replace("a.fr", "nothing.fr"))
    workspace.draft("b.fr", f"{LATER}\nto: [bice-page]", "Autre chose.")
    assert plan_of(app) == ([(Change.ADD, "b.fr", "bice-page")], ["corrects-unknown"])


def test_a_new_ledger_gets_a_post_and_its_correction_at_once(
    app: Application, workspace: Workspace
) -> None:
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]", "Trois sur dix.")
    fix(workspace)
    assert {post for _, post, _ in queue(app)} == {"a.fr", "fix.fr"}
    meet(app, claim_first(app), Accepted("1"))
    (delivery,) = app.attempts.take_all([claim_first(app)])
    assert delivery.post == "fix.fr"


@pytest.mark.usefixtures("out")
def test_accounts_whose_words_do_not_change_are_left_out(
    app: Application, workspace: Workspace
) -> None:
    """The duplicate check would stop the whole queue, with a hint to say `repeat`."""
    fix(workspace, FIX.replace("[bice-page]", "all"), "Trois sur dix.\n\n## facebook\nQuatre.")
    assert plan_of(app) == ([(Change.ADD, "fix.fr", "bice-page")], ["corrects-nothing"])
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    assert plan_of(app) == ([], [])


@pytest.mark.usefixtures("out")
def test_an_old_draft_brings_no_older_words_to_accounts_that_it_left_out(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace, FIX.replace("[bice-page]", "all"), "Trois sur dix.\n\n## facebook\nQuatre.")
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    fix(workspace, FIX.replace("[bice-page]", "all"), "Cinq sur dix.\n\n## facebook\nQuatre.")
    assert queue(app) == []


@pytest.mark.usefixtures("out")
def test_a_correction_that_changes_nothing_is_not_queued(
    app: Application, workspace: Workspace
) -> None:
    """As `publisher correct` makes it, and somebody queues it at once."""
    fix(workspace, text="Trois sur dix.")
    assert plan_of(app) == ([], ["corrects-nothing"])
    fix(workspace, f"{FIX}\ntitle: Un titre", "Trois sur dix.")  # which a Page does not show
    assert plan_of(app) == ([], ["corrects-nothing"])


def test_an_edit_changes_no_first_comment(app: Application, workspace: Workspace) -> None:
    beside = "\nlink_in: comment\nlink: https://www.example.org/"
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]{beside}wrong", "Trois sur dix.")
    queue(app)
    fix(workspace, f"{FIX}{beside}right")
    assert refusals(app) == ["edit-too-much"]
    fix(workspace, f"{FIX}{beside}wrong")
    assert queue(app) == [(Change.ADD, "fix.fr", "bice-page")]


@pytest.mark.usefixtures("out")
def test_words_that_were_corrected_may_come_back(app: Application, workspace: Workspace) -> None:
    """Another correction may say again what an edit said whose words are no longer out."""
    said = [("fix1.fr", "B quatre."), ("fix2.fr", "Trois sur dix."), ("fix3.fr", "B quatre.")]
    for number, (post, text) in enumerate(said):
        workspace.draft(post, FIX.replace("13:00", f"13:0{number}"), text)
        assert queue(app) == [(Change.ADD, post, "bice-page")]
        meet(app, claim_first(app), Accepted(f"1@{number}23456789abc"))


@pytest.mark.usefixtures("out")
def test_a_new_post_with_the_words_of_an_edit_is_a_duplicate(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace)
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    workspace.draft("b.fr", f"{LATER}\nto: [bice-page]", "Quatre sur dix.")
    assert refusals(app) == ["duplicate-text"]


def test_what_was_held_until_its_original_was_out_does_not_expire(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """It says `now`, which is when it is queued again."""
    workspace.draft("a.fr", f"{LATER}\nto: [bice-page]", "Trois sur dix.")
    queue(app)
    fix(workspace, FIX.replace(LATER, "at: now"))
    queue(app)
    assert app.attempts.take_all([claim_first(app)]) == []
    finish(app, "a.fr")
    clock.advance(6 * 3600)
    assert queue(app) == [(Change.RELEASE, "fix.fr", "bice-page")]
    assert standing(app, "fix.fr", "bice-page").due_at == clock.now()
    (delivery,) = app.attempts.take_all([claim_first(app)])
    assert delivery.post == "fix.fr"


@pytest.mark.usefixtures("out")
def test_a_correction_names_the_original(app: Application, workspace: Workspace) -> None:
    fix(workspace)
    queue(app)
    workspace.draft("again.fr", FIX.replace("a.fr", "fix.fr"), "Cinq sur dix.")
    (problem,) = app.planner.queue(actor="redaction").errors
    assert problem.code == "corrects-unknown"
    assert "corrects: a.fr" in (problem.hint or "")


@pytest.mark.usefixtures("out")
def test_the_digest_of_what_is_no_correction_stays(app: Application) -> None:
    stored = standing(app, "a.fr").content.model_dump_json()
    assert "correction" not in stored


@pytest.mark.usefixtures("out")
def test_a_new_reason_is_an_edit_that_voids_an_approval(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace)
    queue(app)
    fix(workspace, FIX.replace("faux", "de 2014"))
    assert queue(app) == [(Change.EDIT, "fix.fr", "bice-page")]


@pytest.mark.usefixtures("out")
def test_a_worker_gets_what_it_corrects(app: Application, workspace: Workspace) -> None:
    fix(workspace)
    queue(app)
    (delivery,) = app.attempts.take_all([claim_first(app)])
    assert isinstance(delivery.target, Original)
    assert delivery.target.remote_ids == standing(app, "a.fr", "bice-page").remote_ids
    assert delivery.target.content.joined == "Trois sur dix."


def test_what_is_not_out_yet_is_not_corrected(app: Application, workspace: Workspace) -> None:
    """It is held when its time comes, with what to do."""
    workspace.draft("a.fr", f"{LATER}\nto: [bice-page]", "Trois sur dix.")
    queue(app)
    fix(workspace, FIX.replace(LATER, NOON))
    queue(app)
    assert app.attempts.take_all([claim_first(app)]) == []
    held = standing(app, "fix.fr", "bice-page")
    assert held.state is State.HELD
    assert "queue the correction again" in (held.reason or "")


def test_it_waits_for_a_post_that_is_still_on_its_way(
    app: Application, workspace: Workspace
) -> None:
    """The platform was away, for example."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]", "Trois sur dix.")
    queue(app)
    late = claim_first(app)
    fix(workspace)
    queue(app)
    assert app.attempts.take_all([claim_first(app)]) == []
    waiting = standing(app, "fix.fr", "bice-page")
    assert waiting.state is State.SCHEDULED
    assert "It waits for a.fr" in (waiting.error_message or "")
    meet(app, late, Accepted("1"))
    (fixed,) = app.attempts.take_all([claim_first(app)])
    assert fixed.post == "fix.fr"


def test_it_does_not_wait_for_a_post_that_somebody_stopped(
    app: Application, workspace: Workspace
) -> None:
    """Nobody knows yet whether that is out: it is held, as if it were not."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]", "Trois sur dix.")
    queue(app)
    lose_the_answer(app)
    app.control.cancel("a.fr", None, "direction", "an error")
    fix(workspace)
    queue(app)
    assert app.attempts.take_all([claim_first(app)]) == []
    assert standing(app, "fix.fr", "bice-page").state is State.HELD


@pytest.mark.usefixtures("out")
def test_what_was_held_goes_on_when_it_is_queued_again(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace)
    queue(app)
    begun = standing(app, "a.fr", "bice-page")
    app.withdrawals.begin(begun, "direction", "an error")
    assert app.attempts.take_all([claim_first(app)]) == []
    assert standing(app, "fix.fr", "bice-page").state is State.HELD
    assert queue(app) == [(Change.RELEASE, "fix.fr", "bice-page")]


@pytest.mark.usefixtures("out")
def test_the_later_of_two_corrections_waits_for_the_earlier(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    fix(workspace)
    again = FIX.replace("13:00", "13:01")
    workspace.draft("again.fr", again, "Cinq sur dix.")
    queue(app)
    claims = app.dispatch.claim(app.clock.ahead(10**7), app.clock.ahead(10**7), 10)
    (first,) = app.attempts.take_all(claims)
    assert first.post == "fix.fr"
    waiting = standing(app, "again.fr", "bice-page")
    assert waiting.state is State.SCHEDULED
    assert "fix.fr" in (waiting.error_message or "")
    assert waiting.next_check_at > waiting.due_at


@pytest.mark.usefixtures("out")
def test_a_correction_that_was_begun_before_another_one_does_not_undo_it(
    app: Application, workspace: Workspace
) -> None:
    """Two people begin with the same words; the second draft has the first mistake still."""
    fix(workspace)
    workspace.draft("again.fr", FIX.replace("13:00", "13:01"), "Trois sur dix, Madame Durand.")
    queue(app)
    meet(app, claim_first(app), Accepted("1@0123456789ab"))
    assert app.attempts.take_all([claim_first(app)]) == []
    held = standing(app, "again.fr", "bice-page")
    assert held.state is State.HELD
    assert "The words of a.fr that are now out on bice-page" in (held.reason or "")
    assert plan_of(app) == ([], ["correction-outdated"])  # another draft is queued, for example
    workspace.draft("again.fr", FIX.replace("13:00", "13:01"), "Quatre sur dix, Madame Durand.")
    assert queue(app) == [(Change.RELEASE, "again.fr", "bice-page")]
    (delivery,) = app.attempts.take_all([claim_first(app)])
    assert isinstance(delivery.target, Original)
    assert delivery.target.content.joined == "Quatre sur dix."


def test_a_correction_of_what_is_not_out_yet_is_approved_with_it(
    app: Application, workspace: Workspace
) -> None:
    """The original changes in the queue: nobody approved the correction of that."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-page]", "Trois sur dix.")
    queue(app)
    fix(workspace)
    queue(app)
    (shown,) = app.queries.aimed([standing(app, "fix.fr", "bice-page")])
    assert isinstance(shown.target, Original)
    assert shown.target.content.joined == "Trois sur dix."
    workspace.draft(
        "a.fr", f"{NOON}\nto: [bice-page]\nlink: https://www.example.org/", "Trois sur dix."
    )
    app.planner.queue([app.settings.workspace / "posts/a.fr.md"], actor="redaction")
    meet(app, claim_first(app), Accepted("1"))
    assert app.attempts.take_all([claim_first(app)]) == []
    assert standing(app, "fix.fr", "bice-page").state is State.HELD


@pytest.mark.usefixtures("out")
def test_an_earlier_correction_never_follows_a_later_one(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace)
    workspace.draft("again.fr", FIX.replace("13:00", "13:01"), "Cinq sur dix.")
    queue(app)
    app.control.cancel("fix.fr", None, "direction", "wait")
    finish(app, "again.fr", Accepted("1@0123456789ab"))
    app.control.retry("fix.fr", None, "direction")
    assert app.attempts.take_all([claim_first(app)]) == []
    held = standing(app, "fix.fr", "bice-page")
    assert held.state is State.HELD
    assert "older words" in (held.reason or "")


@pytest.mark.usefixtures("out")
def test_the_newest_edit_is_what_the_next_one_corrects(
    app: Application, workspace: Workspace
) -> None:
    fix(workspace)
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    workspace.draft("again.fr", FIX.replace("13:00", "13:01"), "Cinq sur dix.")
    queue(app)
    (delivery,) = app.attempts.take_all([claim_first(app)])
    assert isinstance(delivery.target, Original)
    assert delivery.target.content.joined == "Quatre sur dix."


@pytest.mark.usefixtures("out")
def test_an_edit_is_gone_with_its_post(app: Application, workspace: Workspace) -> None:
    fix(workspace)
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    original = standing(app, "a.fr", "bice-page")
    begun = app.withdrawals.begin(original, "direction", "an error")
    app.withdrawals.deleted(begun, "direction", "an error", Accepted("1"))
    edit = standing(app, "fix.fr", "bice-page")
    assert (edit.state, edit.remote_ids) == (State.WITHDRAWN, ())
    assert edit.withdrawn_ids == ("1@0123456789ab",)


@pytest.mark.usefixtures("out")
def test_an_edit_alone_cannot_be_withdrawn(app: Application, workspace: Workspace) -> None:
    fix(workspace)
    queue(app)
    finish(app, "fix.fr", Accepted("1@0123456789ab"))
    with pytest.raises(NotPossible) as refused:
        app.control.withdrawable("fix.fr", None, "direction")
    assert "Correct a.fr again, or withdraw it" in (refused.value.hint or "")


@pytest.mark.usefixtures("out")
def test_a_correction_below_a_post_is_withdrawn_after_it(
    app: Application, workspace: Workspace
) -> None:
    """While the wrong post is out, it stays; a worker goes on with it if the process dies."""
    fix(workspace, FIX.replace("bice-page", "bice-x"))
    queue(app)
    finish(app, "fix.fr", Accepted("2"))
    original = standing(app, "a.fr")
    begun = app.withdrawals.begin(original, "direction", "an error")
    assert standing(app, "fix.fr").withdrawn_ids is None
    app.withdrawals.deleted(begun, "direction", "an error", Accepted("1"))
    reply = standing(app, "fix.fr")
    assert reply.withdrawn_ids == ()
    assert reply.withdraw_at is not None
    assert [one.post for one in app.withdrawals.below(original)] == ["fix.fr"]


@pytest.mark.usefixtures("out")
@pytest.mark.parametrize("answered", [True, False])
def test_an_edit_that_is_answered_after_its_post_is_gone_is_withdrawn_too(
    app: Application, workspace: Workspace, clock: ManualClock, *, answered: bool
) -> None:
    fix(workspace)
    queue(app)
    delivery = begin_to_send(app)
    if not answered:
        delivery = comes_of(app, delivery, Unknown("no answer"))
    begun = app.withdrawals.begin(standing(app, "a.fr", "bice-page"), "direction", "an error")
    app.withdrawals.deleted(begun, "direction", "an error", Accepted("1"))
    if answered:
        comes_of(app, delivery, Accepted("1@0123456789ab"))
    else:
        clock.advance(60)
        (claim,) = app.doubts.claim(app.clock.ahead(30), 1)
        taken = app.doubts.take(claim)
        assert taken
        app.doubts.record(taken, Accepted("1@0123456789ab"))
    edit = standing(app, "fix.fr", "bice-page")
    assert (edit.state, edit.remote_ids) == (State.WITHDRAWN, ())


@pytest.mark.usefixtures("out")
def test_a_person_says_of_an_edit_which_post_shows_it(
    app: Application, workspace: Workspace
) -> None:
    original = standing(app, "a.fr", "bice-page")
    fix(workspace)
    queue(app)
    lose_the_answer(app)
    assert queue(app) == [], "it goes on as it is"
    with pytest.raises(NotPossible, match=r"is not a\.fr"):
        app.control.resolve("fix.fr", None, ("1002_999",), "direction")
    begun = app.withdrawals.begin(original, "direction", "an error")
    app.withdrawals.deleted(begun, "direction", "an error", Accepted(original.remote_ids[0]))
    with pytest.raises(NotPossible, match="is withdrawn"):
        app.control.resolve("fix.fr", None, ("1002_999",), "direction")


@pytest.mark.usefixtures("out")
def test_an_edit_in_doubt_is_looked_for_though_its_post_is_deleted(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    """By the id that the post had; it is absent, and is held when it is due again."""
    fix(workspace)
    queue(app)
    lose_the_answer(app)
    begun = app.withdrawals.begin(standing(app, "a.fr", "bice-page"), "direction", "an error")
    app.withdrawals.deleted(begun, "direction", "an error", Accepted("1"))
    clock.advance(60)
    (claim,) = app.doubts.claim(app.clock.ahead(30), 1)
    taken = app.doubts.take(claim)
    assert taken
    assert taken.target
    assert taken.target.remote_ids == ("1",)
    app.doubts.release([claim])
    assert prove_absent(app, clock).state is State.SCHEDULED
    assert app.attempts.take_all([claim_first(app)]) == []
    assert standing(app, "fix.fr", "bice-page").state is State.HELD
