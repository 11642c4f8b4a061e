"""Answers to readers: what their drafts may say, and what becomes of them."""

import json

import pytest
from sqlalchemy import delete, select

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.drafts import recurrence
from publisher.drafts.draft_files import DraftFiles
from publisher.ledger.manager.approvals import digest
from publisher.ledger.tables import history, reader_comments
from publisher.model.content import Target
from publisher.model.outcomes import Accepted
from publisher.model.reader_comments import CommentState
from publisher.planning import Change
from tests.planning.replies.comments import ANSWER, answer, change, row, write
from tests.support.delivering import one_by_one
from tests.support.happening import meet
from tests.support.queueing import claim_first, finish, plan_of, queue, refusals, standing
from tests.support.workspaces import Workspace


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize("named", ["'77'", "77", "https://x.com/i/web/status/77"])
def test_an_answer_is_a_delivery_of_its_own_below_the_comment(
    app: Application, workspace: Workspace, named: str
) -> None:
    answer(workspace, ANSWER.replace("'77'", named))
    assert plan_of(app) == ([(Change.ADD, "answer.fr", "bice-x")], [])
    queue(app)
    delivery = standing(app, "answer.fr", "bice-x")
    assert (delivery.answers, delivery.content.answers) == ("77", "77")
    assert plan_of(app) == ([], []), "it is as it is wanted"


@pytest.mark.usefixtures("comment")
def test_what_is_approved_is_bound_to_the_comment(app: Application, workspace: Workspace) -> None:
    answer(workspace)
    queue(app)
    before = digest(standing(app, "answer.fr", "bice-x"))
    write(app, remote_id="78", url="")
    answer(workspace, ANSWER.replace("77", "78"))
    queue(app)
    assert digest(standing(app, "answer.fr", "bice-x")) != before


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize(
    ("front", "codes"),
    [
        (ANSWER.replace("[bice-x]", "[bice-x, bice-page]"), ["answers-elsewhere"]),
        (ANSWER.replace("[bice-x]", "[bice-site]"), ["answers-not-here"]),
        (f"{ANSWER}\ncorrects: a.fr\nreason: Non.", ["bad-value"]),
    ],
)
def test_what_an_answer_may_not_be(
    app: Application, workspace: Workspace, front: str, codes: list[str]
) -> None:
    answer(workspace, front)
    assert refusals(app) == codes


def test_a_worker_gets_the_comment_as_its_target(
    app: Application, workspace: Workspace, comment: int
) -> None:
    assert comment
    answer(workspace)
    queue(app)
    (taken,) = app.attempts.take_all([claim_first(app)])
    assert taken.target == Target(remote_ids=("77",), url=None)


def test_when_it_is_out_the_comment_is_answered_and_calls_nobody(
    app: Application, workspace: Workspace, comment: int
) -> None:
    answer(workspace, f"{ANSWER}\nauthor: Marie")
    queue(app)
    assert row(app).state == CommentState.NEW
    finish(app, "answer.fr", Accepted("2"))
    found = row(app)
    assert (found.id, found.state, found.urgency) == (comment, CommentState.ANSWERED, 0)
    assert found.changed_by == "Marie"
    with app.database.read() as connection:
        query = select(history.c.account, history.c.detail).where(
            history.c.event == "answer answered"
        )
        ((chain, detail),) = connection.execute(query).all()
    assert chain == "posts/a.fr.md"
    told = json.loads(detail)
    assert (told["id"], told["file"]) == ("77", "posts/answer.fr.md")
    assert "Genève" not in detail


@pytest.mark.usefixtures("comment")
def test_when_it_is_withdrawn_the_comment_is_open_and_calls_again(
    app: Application, workspace: Workspace
) -> None:
    change(app, signs='[["word", "help me"]]')
    answer(workspace)
    queue(app)
    finish(app, "answer.fr", Accepted("2"))
    assert row(app).state == CommentState.ANSWERED
    app.withdrawals.found_gone(standing(app, "answer.fr", "bice-x"), "direction", "an error")
    found = row(app)
    assert (found.state, found.urgency, found.changed_by) == (CommentState.NEW, 2, "direction")
    with app.database.read() as connection:
        event = connection.execute(
            select(history.c.event).where(history.c.id == found.alarm_step)
        ).scalar_one()
    assert event == "answer open again", "whoever is on duty is told of this step"


@pytest.mark.usefixtures("comment")
def test_a_comment_that_another_answer_answers_stays_answered(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    workspace.draft("other.fr", ANSWER, "Salle XX.")
    queue(app)
    finish(app, "answer.fr", Accepted("2"))
    finish(app, "other.fr", Accepted("3"))
    app.withdrawals.found_gone(standing(app, "answer.fr", "bice-x"), "direction", "an error")
    assert row(app).state == CommentState.ANSWERED


@pytest.mark.usefixtures("comment")
def test_two_readers_may_get_the_same_words_and_one_reader_only_once(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    write(app, remote_id="78", url="")
    workspace.draft("other.fr", ANSWER.replace("77", "78"), "À Genève.")
    assert queue(app) == [(Change.ADD, "other.fr", "bice-x")]
    workspace.draft("other.fr", ANSWER, "À Genève.")
    assert refusals(app) == ["duplicate-text"]


def test_an_answer_that_is_out_stays_when_the_comment_is_forgotten(
    app: Application, workspace: Workspace, comment: int
) -> None:
    assert comment
    answer(workspace)
    queue(app)
    finish(app, "answer.fr", Accepted("2"))
    with app.database.write() as connection:
        connection.execute(delete(reader_comments))
    assert plan_of(app) == ([], [])


@pytest.mark.usefixtures("comment")
def test_an_answer_that_has_begun_is_not_cut(app: Application, workspace: Workspace) -> None:
    answer(workspace, text="À Genève.\n\n---\nSalle XX.")
    queue(app)
    begun = meet(app, claim_first(app), Accepted("2"))
    change(app, state="hidden")
    meant = one_by_one(app).intend(begun, app.clock.now(), app.clock.ahead(60))
    assert meant
    assert meant.intent_at


@pytest.mark.usefixtures("comment")
def test_an_answer_is_not_repeated(app: Application, workspace: Workspace) -> None:
    answer(workspace)
    drafts = DraftFiles(app.settings.posts)
    (source,) = [one for one in drafts.files if one.id == "answer.fr"]
    with pytest.raises(NotPossible, match="answered only once"):
        list(recurrence.copies(drafts, [source], (), app.session(), ["fr"]))


@pytest.mark.usefixtures("comment")
def test_an_answer_that_is_a_post_is_corrected_below_it_and_a_comment_is_not(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    finish(app, "answer.fr", Accepted("2"))
    write(app, account="bice-page", remote_id="1_2", url="")
    page = ANSWER.replace("bice-x", "bice-page").replace("77", "1_2")
    workspace.draft("comment.fr", page, "Au Palais.")
    queue(app)
    finish(app, "comment.fr", Accepted("1_3"))
    fix = "at: 2016-03-07 16:00\nto: [{}]\ncorrects: {}\nreason: Une erreur."
    workspace.draft("fix.fr", fix.format("bice-x", "answer.fr"), "À Berne.")
    assert plan_of(app)[0] == [(Change.ADD, "fix.fr", "bice-x")]
    workspace.draft("other.fr", fix.format("bice-page", "comment.fr"), "À Berne.")
    assert refusals(app) == ["corrects-elsewhere"]
