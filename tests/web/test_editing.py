"""Editing a draft as a file: what was not touched stays, and nothing typed is lost."""

import re

import pytest

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.manager.approvals import digest
from publisher.model.states import State
from tests.support.html import flaws
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace

_EDIT = "/posts/day.fr/file"
_FRONT = "---\nat: annual-day\nauthor: redaction\n---\n"
_HEAD = b"\xef\xbb\xbf---\r\n# why\r\nat: annual-day   # then\r\nauthor: redaction\r\n---\r\n"


def seen(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


def save(visit: Visit, body: str, do: str = "save", **more: str) -> int:
    visit.get(_EDIT)
    return visit.send(_EDIT, **{"body": body, "do": do, "seen": seen(visit), **more}).status_code


def test_staff_save_a_file_and_the_rest_stays(
    app: Application, staff: Visit, workspace: Workspace
) -> None:
    file = workspace.path / "posts/day.fr.md"
    file.write_bytes(_HEAD + b"Bonjour.\r\n")
    front = _HEAD.decode().removeprefix("\ufeff")
    assert save(staff, f"{front}Bonsoir.\r\n\r\n## twitter\r\nCourt.") == 200
    assert "Saved." in staff.text
    assert file.read_bytes() == _HEAD + b"Bonsoir.\r\n\r\n## twitter\r\nCourt.\r\n"
    step = app.queries.history("day.fr")[-1]
    assert (step.event, step.actor, step.account) == (
        "draft edited",
        "stagiaire",
        "posts/day.fr.md",
    )
    assert step.detail["text"]["from"].endswith("---\nBonjour.\n")
    assert app.audit.verify().breaks == ()


def test_what_would_be_no_draft_any_more_is_not_saved(staff: Visit, workspace: Workspace) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    assert save(staff, "---\nat: annual-day\nBonsoir.") == 400
    assert "Line 1: The front matter never ends." in staff.text
    assert "Bonsoir." in staff.page
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before


def test_whom_the_file_names_is_asked_for_a_right(
    app: Application, workspace: Workspace, address: str
) -> None:
    app.people.add("kasia", Rank.STAFF, PASSWORD, organisations=["BICE"])
    with Visit(address) as kasia:
        kasia.log_in("kasia")
        front = "---\nat: annual-day\nto: [bice-site]\n---\n"
        assert save(kasia, f"{front}Faux.") == 403
        assert "Faux." in kasia.text
    assert "Faux" not in (workspace.path / "posts/day.fr.md").read_text("utf-8")


def test_a_check_shows_problems_and_counts_and_saves_nothing(
    manager: Visit, workspace: Workspace
) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    assert save(manager, _FRONT + "x" * 300, do="check") == 200
    assert "300 of 280, 20 too long" in manager.text
    assert "of the file" in manager.text
    assert "x" * 300 in manager.page
    assert flaws(manager.page) == []
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before


def test_a_thread_is_counted_part_by_part(manager: Visit) -> None:
    save(manager, f"{_FRONT}Un.\n\n---\nDeux deux.", do="check")
    assert "bice-x · X · part 2 10 of 280, 270 left" in manager.text


def test_a_text_with_errors_is_saved_and_not_queued(app: Application, manager: Visit) -> None:
    assert save(manager, _FRONT + "x" * 300) == 200
    assert "It has errors: it cannot be queued until they are fixed." in manager.text
    manager.get("/posts/day.fr/queue")
    assert "Nothing can be queued until the errors are fixed." in manager.text
    manager.send("/posts/day.fr/queue", shown="made by hand", sure="yes")
    assert "Nothing was queued: the draft has errors." in manager.text
    (text,) = app.queries.deliveries(post="day.fr", account="bice-x")[0].content.parts
    assert text.text.startswith("Bonjour")


def test_another_persons_change_is_shown_and_nothing_is_lost(
    manager: Visit, workspace: Workspace
) -> None:
    manager.get(_EDIT)
    token = seen(manager)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    answer = manager.send(_EDIT, body=f"{_FRONT}Mon texte.", do="save", seen=token)
    assert answer.status_code == 409
    assert f">\n{_FRONT}Mon texte.</textarea>" in manager.page
    assert "Bonsoir" in manager.text
    assert flaws(manager.page) == []
    assert "Bonsoir" in (workspace.path / "posts/day.fr.md").read_text(encoding="utf-8")
    manager.send(_EDIT, body=f"{_FRONT}Les deux.", do="save", seen=seen(manager))
    assert "Les deux." in (workspace.path / "posts/day.fr.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("after", [None, b"no front matter any more", b"\xff\xfe"])
def test_what_was_typed_comes_back_when_the_draft_is_gone_or_broken(
    manager: Visit, workspace: Workspace, after: bytes | None
) -> None:
    manager.get(_EDIT)
    token = seen(manager)
    file = workspace.path / "posts/day.fr.md"
    file.unlink() if after is None else file.write_bytes(after)
    answer = manager.send(_EDIT, body="Mon <texte>.", do="save", seen=token)
    assert answer.status_code in (404, 409)
    assert ">\nMon &lt;texte&gt;.</textarea>" in manager.page
    assert "Nothing was saved" in manager.text
    assert flaws(manager.page) == []


def test_a_character_that_cannot_be_published_is_refused(
    manager: Visit, workspace: Workspace
) -> None:
    before = (workspace.path / "posts/day.fr.md").read_bytes()
    assert save(manager, "a\u200b\x07b") == 400
    assert "U+0007" in manager.text
    assert (workspace.path / "posts/day.fr.md").read_bytes() == before


def test_who_edited_a_text_does_not_approve_it(app: Application, manager: Visit) -> None:
    """Their words need another person, whoever stands in the draft as its author."""
    save(manager, f"{_FRONT}Mes mots.")
    manager.get("/posts/day.fr/queue")
    assert "Mes" in manager.text
    manager.send("/posts/day.fr/queue", shown=manager.shown)
    manager.get("/posts/day.fr")
    assert 'id="act-approve"' not in manager.page
    digests = [f"{d.id}:{digest(d)}" for d in app.queries.deliveries(post="day.fr")]
    answer = manager.send("/posts/day.fr", do="approve", seen=digests)
    assert answer.status_code == 409
    assert "authors cannot approve what they wrote" in manager.text
    assert {d.state for d in app.queries.deliveries(post="day.fr")} == {State.AWAITING_APPROVAL}


def test_queueing_an_edit_of_what_was_approved_is_agreed_to(
    app: Application, manager: Visit, workspace: Workspace
) -> None:
    manager.get("/posts/day.fr")
    digests = re.findall(r'name="seen" value="([^"]+)"', manager.page)
    manager.send("/posts/day.fr", do="approve", seen=digests)
    workspace.edit("day.fr.md", "Bonjour", "Bonsoir")
    manager.get("/posts/day.fr/queue")
    assert "the approval by direction becomes void" in manager.text
    manager.send("/posts/day.fr/queue", shown=manager.shown)
    assert "look at what changes" in manager.text
    assert {d.approved_by for d in app.queries.deliveries(post="day.fr")} == {"direction"}
    manager.send("/posts/day.fr/queue", shown=manager.shown, sure="yes")
    assert {d.approved_by for d in app.queries.deliveries(post="day.fr")} == {None}
