"""Answers to readers: what their drafts may say, what is planned of them, and when they wait."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.drafts import recurrence
from publisher.drafts.draft_files import DraftFiles
from publisher.ledger import rows
from publisher.ledger.manager.approvals import digest
from publisher.ledger.tables import history, reader_comments
from publisher.model.content import Target
from publisher.model.deliveries import Delivery
from publisher.model.outcomes import Accepted
from publisher.model.reader_comments import CommentState
from publisher.model.states import State
from publisher.planning import Change
from tests.support.clock import ManualClock
from tests.support.delivering import one_by_one
from tests.support.happening import meet
from tests.support.queueing import (
    NOON,
    claim_first,
    finish,
    lose_the_answer,
    plan_of,
    queue,
    refusals,
    standing,
)
from tests.support.workspaces import SETTINGS, Workspace

LATER = "at: 2016-03-07 13:00"
ANSWER = f"{LATER}\nto: [bice-x]\nanswers: '77'"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, f'{SETTINGS}[accounts.bice-fedi]\nchannel = "mastodon"\n')


@pytest.fixture
def comment(app: Application, workspace: Workspace) -> int:
    """A reader's comment below a post that is out on X."""
    workspace.draft("a.fr", f"{NOON}\nto: [bice-x]", "Une journée à Genève.")
    queue(app)
    finish(app, "a.fr")
    return write(app)


def write(app: Application, **more: Any) -> int:
    now = app.clock.now()
    row = {
        "account": "bice-x", "remote_id": "77", "post": "a.fr", "author": "@zofia",
        "text": "Où est-ce ?", "url": "https://x.com/i/web/status/77", "written_at": now,
        "read_at": now, "signs": "[]", "urgency": 2, "state": "not seen", "checked_at": now,
    }  # fmt: skip
    with app.database.write() as connection:
        made = reader_comments.insert().values({**row, **more}).returning(reader_comments.c.id)
        return int(connection.execute(made).scalar_one())


def change(app: Application, **values: Any) -> None:
    with app.database.write() as connection:
        connection.execute(update(reader_comments).values(**values))


def row(app: Application) -> Any:
    with app.database.read() as connection:
        return connection.execute(select(reader_comments)).one()


def answer(workspace: Workspace, front: str = ANSWER, text: str = "À Genève.") -> None:
    workspace.draft("answer.fr", front, text)


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


@pytest.mark.usefixtures("comment")
def test_what_nobody_knows_is_left_out_and_stops_nothing(
    app: Application, workspace: Workspace
) -> None:
    """A comment may be deleted at any moment."""
    answer(workspace, ANSWER.replace("77", "78"))
    workspace.draft("b.fr", "at: 2016-03-07 15:00\nto: [bice-x]", "Une autre journée.")
    assert plan_of(app) == ([(Change.ADD, "b.fr", "bice-x")], ["answers-unknown"])


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
@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"state": "being hidden"}, "is hidden"),
        ({"state": "hidden"}, "is hidden"),
        ({"state": "deleted by us"}, "deleted by us"),
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
    app.control.cancel("answer.fr", None, "direction", "not needed")
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


def take(app: Application) -> Any:
    """The answer after a worker came for it."""
    assert app.attempts.take_all([claim_first(app)]) == []
    return standing(app, "answer.fr", "bice-x")


@pytest.mark.usefixtures("comment")
def test_two_answers_to_one_reader_are_told(app: Application, workspace: Workspace) -> None:
    answer(workspace)
    queue(app)
    workspace.draft("other.fr", ANSWER, "Dans la salle XX.")
    assert plan_of(app) == ([(Change.ADD, "other.fr", "bice-x")], ["answers-twice"])
    assert plan_of(app) == ([], []), "once"
    workspace.draft("third.fr", f"{ANSWER}\nignore: answers-twice", "Salle XX, à midi.")
    assert plan_of(app) == ([(Change.ADD, "third.fr", "bice-x")], [])


@pytest.mark.usefixtures("comment")
def test_two_answers_to_one_reader_are_told_in_one_plan_too(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    workspace.draft("other.fr", ANSWER, "Dans la salle XX.")
    assert plan_of(app)[1] == ["answers-twice"]


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


@pytest.mark.usefixtures("comment")
def test_an_address_that_several_comments_have_names_none_of_them(
    app: Application, workspace: Workspace
) -> None:
    write(app, remote_id="78")
    answer(workspace, ANSWER.replace("77", "https://x.com/i/web/status/77"))
    assert plan_of(app) == ([], ["answers-unknown"])


@pytest.mark.usefixtures("comment")
def test_another_reader_with_that_address_stops_no_queued_answer(
    app: Application, workspace: Workspace
) -> None:
    """What the address of a comment is, its server says."""
    answer(workspace, ANSWER.replace("77", "https://x.com/i/web/status/77"))
    queue(app)
    write(app, remote_id="78")
    assert plan_of(app) == ([], [])
    answer(workspace, ANSWER.replace("77", "https://x.com/i/web/status/77"), "À Berne.")
    assert plan_of(app) == ([(Change.EDIT, "answer.fr", "bice-x")], [])
    queue(app)
    assert standing(app, "answer.fr", "bice-x").answers == "77"
    change(app, url="")
    assert plan_of(app) == ([(Change.HOLD, "answer.fr", "bice-x")], ["answers-unknown"])


@pytest.mark.usefixtures("comment")
def test_an_id_leads_to_its_comment_whatever_the_address_of_the_one_before_is(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    queue(app)
    change(app, url="78")
    write(app, remote_id="78", url="")
    answer(workspace, ANSWER.replace("77", "78"))
    queue(app)
    assert standing(app, "answer.fr", "bice-x").answers == "78"


@pytest.mark.usefixtures("comment")
def test_an_address_leads_no_queued_answer_to_another_comment(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace, ANSWER.replace("77", "https://x.com/i/web/status/77"))
    queue(app)
    change(app, remote_id="78")
    assert plan_of(app) == ([(Change.HOLD, "answer.fr", "bice-x")], ["answers-unknown"])
    queue(app)
    assert standing(app, "answer.fr", "bice-x").answers == "77"
    answer(workspace, ANSWER.replace("77", "78"))
    assert plan_of(app) == ([(Change.RELEASE, "answer.fr", "bice-x")], [])


@pytest.mark.parametrize(
    ("account", "answered", "url", "given"),
    [
        ("bice-x", "77", "", "77"),
        ("bice-page", "1_77", "", "1_77"),
        ("bice-page", "1_77", "", "77"),
        ("bice-fedi", "112", "https://pixel.example/@zofia/4003", "4003"),
    ],
)
def test_what_a_reader_wrote_is_not_recorded_as_our_answer(
    app: Application, workspace: Workspace, account: str, answered: str, url: str, given: str
) -> None:
    """A withdrawal would delete it."""
    write(app, account=account, post=None, remote_id=answered, url=url)
    front = ANSWER.replace("bice-x", account).replace("77", answered)
    answer(workspace, front, "@zofia À Genève.")
    queue(app)
    lose_the_answer(app)
    with pytest.raises(NotPossible, match="is what the reader wrote"):
        app.control.resolve("answer.fr", account, (given,), "direction")
    app.control.resolve("answer.fr", account, (f"1{given}",), "direction")
    assert standing(app, "answer.fr", account).remote_ids == (f"1{given}",)


@pytest.mark.parametrize("text", ["@zofia@example.social", "@zofia@example.social\n\n---\nOui."])
def test_a_name_alone_is_no_answer(app: Application, workspace: Workspace, text: str) -> None:
    write(app, account="bice-fedi", author="@zofia@example.social")
    answer(workspace, ANSWER.replace("bice-x", "bice-fedi"), text)
    assert refusals(app) == ["empty-text"]
    answer(workspace, ANSWER.replace("bice-x", "bice-fedi"), "@zofia@example.social 🙏")
    assert plan_of(app)[0] == [(Change.ADD, "answer.fr", "bice-fedi")]


def test_a_readers_name_is_not_in_a_plan(app: Application, workspace: Workspace) -> None:
    """Plans are for more people and programs than readers' answers are."""
    write(app, account="bice-fedi", author="@zofia@example.social")
    answer(workspace, ANSWER.replace("bice-x", "bice-fedi"))
    (told,) = app.planner.plan().problems
    assert told.code == "answers-unnamed"
    assert "zofia" not in f"{told.message} {told.hint}"


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize("is_queued", [True, False])
def test_the_same_words_to_two_readers_are_told_where_the_platform_may_refuse_them(
    app: Application, workspace: Workspace, is_queued: bool
) -> None:
    write(app, remote_id="78", url="")
    answer(workspace)
    if is_queued:
        queue(app)
    workspace.draft("other.fr", ANSWER.replace("77", "78"), "À Genève.")
    (told,) = app.planner.plan().problems
    assert (told.code, told.file) == ("same-text-on-x", "posts/other.fr.md")
    assert "answer.fr" in told.message
    queue(app)
    assert plan_of(app) == ([], []), "once"
    workspace.draft(
        "third.fr", f"{ANSWER}\nignore: [answers-twice, same-text-on-x]", "À Genève. Oui."
    )
    assert plan_of(app) == ([(Change.ADD, "third.fr", "bice-x")], [])


@pytest.mark.usefixtures("comment")
def test_two_answers_to_one_reader_are_not_said_to_answer_two(
    app: Application, workspace: Workspace
) -> None:
    answer(workspace)
    workspace.draft("other.fr", f"{ANSWER}", "À Genève.")
    assert "same-text-on-x" not in {problem.code for problem in app.planner.plan().problems}


@pytest.mark.usefixtures("comment")
@pytest.mark.parametrize("is_queued", [True, False])
@pytest.mark.parametrize(("day", "codes"), [("08", ["same-text-on-x"]), ("28", [])])
def test_the_same_words_are_told_only_of_about_the_same_time(
    app: Application, workspace: Workspace, day: str, codes: list[str], is_queued: bool
) -> None:
    write(app, remote_id="78", url="")
    later = ANSWER.replace("77", "78").replace("03-07", f"03-{day}")
    workspace.draft("other.fr", later, "À Genève.")
    if is_queued:
        queue(app)
    answer(workspace)
    assert plan_of(app)[1] == codes


@pytest.mark.usefixtures("comment")
def test_what_is_scheduled_for_other_days_is_not_read_for_an_answer(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each check in the composer compares: it may not read a whole schedule."""
    write(app, remote_id="78", url="")
    workspace.draft("post.fr", "at: 2016-03-28 15:00\nto: [bice-x]", "Une autre journée.")
    other = ANSWER.replace("77", "78").replace("03-07", "03-28")
    workspace.draft("other.fr", other, "À Berne.")
    queue(app)
    answer(workspace)
    read, delivery_of = [], rows.delivery_of

    def note(columns: Mapping[str, Any]) -> Delivery:
        read.append(columns["post"])
        return delivery_of(columns)

    monkeypatch.setattr(rows, "delivery_of", note)
    plan = app.planner.plan([workspace.path / "posts/answer.fr.md"])
    assert [one.post for one in plan.changes] == ["answer.fr"]
    assert not {"post.fr", "other.fr"} & {*read}


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
    with pytest.raises(NotPossible, match="answered once"):
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
