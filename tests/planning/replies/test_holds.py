"""Answers to readers that are held, because what they answer has changed."""

import pytest
from sqlalchemy import delete

from publisher.app import Application
from publisher.ledger.tables import reader_comments
from publisher.model.states import State
from publisher.planning import Change
from tests.planning.replies.comments import ANSWER, answer, change, take, write
from tests.support.clock import ManualClock
from tests.support.queueing import lose_the_answer, plan_of, queue, standing
from tests.support.workspaces import Workspace


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"state": "being hidden"}, "is hidden"),
        ({"state": "hidden"}, "is hidden"),
        ({"state": "deleted by us"}, "We deleted"),
        ({"signs": '[["private", ""]]'}, "private message"),
    ],
)
def test_it_is_held_if_the_comment_is_not_to_be_answered_any_more(
    app: Application, workspace: Workspace, values: dict[str, str], says: str
) -> None:
    answer(workspace)
    queue(app)
    change(app, **values)
    held = take(app)
    assert held.state is State.HELD
    assert says in (held.reason or "")
    assert plan_of(app) == ([], ["answers-in-vain"]), "it is not brought back"


@pytest.mark.usefixtures("comment")
def test_it_is_held_if_the_comment_is_gone(app: Application, workspace: Workspace) -> None:
    answer(workspace)
    queue(app)
    with app.database.write() as connection:
        connection.execute(delete(reader_comments))
    held = take(app)
    assert held.state is State.HELD
    assert "deleted on its platform" in (held.reason or "")
    assert plan_of(app) == ([], ["answers-unknown"])


@pytest.mark.usefixtures("comment")
def test_it_is_held_if_the_post_is_withdrawn(app: Application, workspace: Workspace) -> None:
    answer(workspace)
    queue(app)
    app.withdrawals.begin(standing(app, "a.fr", "bice-x"), "direction", "an error")
    held = take(app)
    assert held.state is State.HELD
    assert "a.fr" in (held.reason or "")


@pytest.mark.usefixtures("comment")
def test_no_word_of_the_comment_of_an_answer_that_somebody_cancelled(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    app.control.cancel("answer.fr", None, "direction", "no longer needed")
    change(app, state="hidden")
    assert plan_of(app) == ([], [])
    change(app, remote_id="78")
    assert plan_of(app) == ([], [])


@pytest.mark.usefixtures("comment")
def test_no_word_of_the_comment_of_an_answer_that_was_missed_until_it_has_another_time(
    app: Application, workspace: Workspace, clock: ManualClock
) -> None:
    answer(workspace)
    queue(app)
    change(app, state="hidden")
    clock.advance(9 * 3600)
    app.dispatch.expire()
    assert standing(app, "answer.fr").state is State.MISSED
    assert plan_of(app) == ([], [])
    answer(workspace, ANSWER.replace("03-07", "03-08"))
    (again,) = app.planner.plan().changes
    assert "is hidden" in again.note
    queue(app)
    assert standing(app, "answer.fr").state is State.HELD


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize("named", ["78", "https://x.com/i/web/status/78"])
def test_one_that_was_mended_does_not_go_out_as_it_was(
    app: Application, workspace: Workspace, named: str
) -> None:
    answer(workspace)
    queue(app)
    answer(workspace, ANSWER.replace("'77'", f"'{named}'"), "À Berne.")
    assert plan_of(app) == ([(Change.HOLD, "answer.fr", "bice-x")], ["answers-unknown"])
    queue(app)
    held = standing(app, "answer.fr", "bice-x")
    assert (held.state, held.answers, held.content.joined) == (State.HELD, "77", "À Berne.")
    assert named in (held.reason or "")
    assert plan_of(app) == ([], ["answers-unknown"])
    write(app, remote_id="78", url="https://x.com/i/web/status/78")
    assert plan_of(app) == ([(Change.RELEASE, "answer.fr", "bice-x")], [])
    queue(app)
    assert standing(app, "answer.fr", "bice-x").answers == "78"


@pytest.mark.usefixtures("comment")
def test_one_that_goes_to_another_account_does_not_stay_with_the_first(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    answer(workspace, ANSWER.replace("bice-x", "bice-page"))
    assert plan_of(app) == ([(Change.CANCEL, "answer.fr", "bice-x")], ["answers-unknown"])


@pytest.mark.usefixtures("comment")
def test_a_changed_text_counts_when_the_comment_is_not_hidden_after_all(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    change(app, state="being hidden")
    answer(workspace, text="À Berne.")
    assert plan_of(app) == ([(Change.HOLD, "answer.fr", "bice-x")], ["answers-in-vain"])
    queue(app)
    change(app, state="not seen")
    queue(app)
    delivery = standing(app, "answer.fr", "bice-x")
    assert (delivery.state, delivery.content.joined) == (State.SCHEDULED, "À Berne.")


@pytest.mark.usefixtures("comment")
def test_one_that_may_be_out_is_stopped_if_its_draft_answers_another(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    lose_the_answer(app)
    answer(workspace, ANSWER.replace("77", "78"))
    assert plan_of(app) == ([(Change.STOP, "answer.fr", "bice-x")], ["answers-unknown"])
