"""Which reader's comment a draft answers."""

import pytest

from publisher.app import Application
from publisher.base.errors import NotPossible
from publisher.planning import Change
from tests.planning.replies.comments import ANSWER, answer, change, write
from tests.support.queueing import lose_the_answer, plan_of, queue, refusals, standing
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.ledger.doubts.resolve", "publisher.planning.replies")


@pytest.mark.usefixtures("comment")
def test_what_nobody_knows_is_left_out_and_stops_nothing(
    app: Application, workspace: Workspace
) -> None:
    """A comment may be deleted at any moment."""
    answer(workspace, ANSWER.replace("77", "78"))
    workspace.draft("b.fr", "at: 2016-03-07 15:00\nto: [bice-x]", "Une autre journée.")
    assert plan_of(app) == ([(Change.ADD, "b.fr", "bice-x")], ["answers-unknown"])


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
    with pytest.raises(NotPossible, match="is the reader's comment"):
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
