"""Answers to readers: what a plan warns of."""

from collections.abc import Mapping
from typing import Any

import pytest

from publisher.app import Application
from publisher.ledger import rows
from publisher.model.deliveries import Delivery
from publisher.planning import Change
from tests.planning.replies.comments import ANSWER, answer, write
from tests.support.queueing import plan_of, queue
from tests.support.workspaces import Workspace


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
