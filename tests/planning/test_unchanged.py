"""What plainly stays as it is, is seen so without its whole; nothing else is taken for it."""

from datetime import timedelta
from typing import Any

import pytest

from publisher.app import Application
from publisher.ledger.manager.approvals import digest
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content, Part
from publisher.model.deliveries import Brief, Delivery
from publisher.model.states import State
from publisher.planning.edits import is_plainly_same, kind_of_edit
from tests.planning.queued import queue
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace

OTHERWISE: dict[str, Any] = {
    "channel": "facebook",
    "content": Content(parts=(Part(text="Le texte de post.fr!"),), lang="fr"),
    "embargo_until": "an hour later",
    "expires_at": None,
    "due_at": "an hour later",
    "author": "direction",
    "repeat": True,
    "state": State.AWAITING_APPROVAL,
}


def _read(app: Application) -> tuple[Brief, Delivery]:
    (brief,) = app.queries.in_brief(["post.fr"], and_under_way=True)
    (delivery,) = app.queries.with_ids([brief.id])
    return brief, delivery


@pytest.mark.parametrize("state", [State.SCHEDULED, State.AWAITING_APPROVAL, State.HELD])
@pytest.mark.parametrize("key", [None, *OTHERWISE])
def test_each_difference_is_seen(
    app: Application, clock: ManualClock, key: str | None, state: State
) -> None:
    wanted = wish(clock, state=state, author="redaction")
    add(app.ledger, wanted)
    brief, delivery = _read(app)
    value = OTHERWISE.get(key or "")
    if value == "an hour later":
        value = wanted.due_at + timedelta(hours=1)
    other = wanted.model_copy(update={key: value} if key else {})
    is_same = other == wanted and state is not State.HELD
    assert is_plainly_same(other, brief) is is_same
    assert not (is_same and kind_of_edit(other, delivery))


def test_an_approval_stands_and_a_person_s_hold_is_looked_at(
    app: Application, clock: ManualClock
) -> None:
    waiting = wish(clock, state=State.AWAITING_APPROVAL)
    add(app.ledger, waiting)
    _brief, delivery = _read(app)
    app.approvals.approve(["post.fr"], None, "direction", {delivery.id: digest(delivery)})
    brief, delivery = _read(app)
    assert brief.state is State.SCHEDULED
    assert is_plainly_same(waiting, brief)
    assert kind_of_edit(waiting, delivery) is None
    app.holds.hold("post.fr", None, "direction", "the figure is old")
    assert not is_plainly_same(waiting, _read(app)[0])


def test_of_what_stays_nothing_is_read_as_a_whole(
    app: Application, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.fr", "b.fr"):
        workspace.draft(name, "at: 2016-03-07 12:00\nto: [bice-x]", f"Texte {name}.")
    queue(app)
    workspace.edit("b.fr.md", "Texte", "Mot")
    read, with_ids = list[int](), Queries.with_ids

    def noted(self: Queries, ids: list[int]) -> list[Delivery]:
        read.extend(ids)
        return with_ids(self, ids)

    monkeypatch.setattr(Queries, "with_ids", noted)
    assert [change.post for change in app.planner.plan().changes] == ["b.fr"]
    assert len(set(read)) == 1
