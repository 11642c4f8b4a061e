"""What a draft says of its pictures: asked for, changed and taken out in the browser."""

from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base.errors import FileChanged
from publisher.drafts import replace
from publisher.ledger.manager.approvals import digest
from tests.support.forms import Composer
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.uploads import (
    ALT,
    DRAFT,
    PAGE,
    add,
    both,
    described,
    draft,
    files,
    jpeg,
    nothing_was_done,
)
from tests.support.workspaces import Workspace


@pytest.mark.parametrize("alt", ["", "  \n ", "a\x07b"])
def test_the_alternative_text_is_asked_for_as_in_a_draft(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, alt: str
) -> None:
    """A draft may be kept without one, if what was typed can be kept; it is not submitted."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    assert described(form, alt=alt).send("submit").status_code == 400
    assert "The picture has no description." in staff.text or "U+0007" in staff.text
    assert nothing_was_done(workspace, media, app)
    assert form.send("keep").status_code == (400 if alt.strip() else 200)
    assert "It has errors" in staff.text or "U+0007" in staff.text


def test_without_a_file_nothing_is_done(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Browsers send an empty part for a field in which nothing was chosen."""
    form = Composer(staff, PAGE)
    assert form.send("check").status_code == 200
    assert form.values("file") == ["/media/old.png"]
    assert form.send("keep").status_code == 200
    assert nothing_was_done(workspace, media, app)


def test_a_consent_is_checked_as_in_a_draft(
    staff: Visit, workspace: Workspace, media: Path
) -> None:
    workspace.write(
        "posts/consents.yaml", "panel:\n  channels: [twitter]\nold:\n  withdrawn: true\n"
    )
    add(staff, "a.jpg", jpeg(), people="yes")
    assert "It has errors: it cannot be queued until they are fixed." in staff.text
    assert "People are in the picture, but no consent is named." in staff.text
    described(Composer(staff, PAGE), consent="panel").send("keep")
    assert "Saved. " in staff.text
    assert "It has errors" not in staff.text
    assert "    people: true\n    consent: panel\n" in draft(workspace)
    described(Composer(staff, PAGE), consent="old").send("keep")
    assert "The post is held: consent old was withdrawn." in staff.text


def test_another_persons_change_is_not_lost(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    workspace.edit("unfinished.fr.md", "Sans heure", "Sans date")
    assert described(form).send("keep").status_code == 409
    assert ALT in staff.page
    assert "Sans date" in draft(workspace)
    assert files(media) == ["old.png"]


@both
def test_a_change_at_the_last_moment_leaves_no_file(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The file has its name already when the draft turns out to be another one."""
    found: list[list[str]] = []

    def changed(*_: object) -> None:
        found.append(files(media))
        raise FileChanged

    monkeypatch.setattr(replace, "replace", changed)
    assert add(staff, "a.jpg", photo).status_code == 409
    assert found == [["old.png", "unfinished-fr.jpg"]]
    assert nothing_was_done(workspace, media, app)


@pytest.mark.parametrize(
    "front", ["media: x\n", "media: [{file: {a: b}}]\n", "media: &x\n  - {file: a, alt: b}\n"]
)
def test_a_draft_that_only_a_person_can_change_gets_no_picture(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes, front: str
) -> None:
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    workspace.write("posts/unfinished.fr.md", f"---\n{front}---\nText.\n")
    for _again in range(2):
        assert described(form).send("keep").status_code in (400, 409)
    assert files(media) == ["old.png"]


@both
def test_a_picture_is_described_anew_and_taken_out(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """The rest of the file stays, and so does the picture's own."""
    form = Composer(staff, PAGE)
    assert flaws(staff.page) == []
    assert 'src="data:image/png;base64,' in staff.page
    described(form, 0, alt="Une  autre\r\naffiche", credit="X").send("keep")
    assert draft(workspace) == DRAFT.replace(
        "    alt: 'Une affiche'\n", "    alt: 'Une autre affiche'\n    credit: X\n"
    )
    form = Composer(staff, PAGE)
    form.send("drop:0")
    form.send("keep")
    assert "Saved." in staff.text
    assert draft(workspace) == DRAFT[: DRAFT.index("media:")] + DRAFT[DRAFT.index("# to be") :]
    assert files(media) == ["old.png"]
    staff.get("/posts/unfinished.fr")
    assert "picture description before: Une affiche" in staff.text
    assert [step.event for step in app.queries.steps_about("unfinished.fr")] == [
        "draft edited", "draft edited",
    ]  # fmt: skip
    assert app.audit.verify().breaks == ()


def test_what_means_the_same_stays_as_it_is_written(
    staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Also a text that only a person can change, a flag in other letters, and a key of nobody's."""
    entry = "  - file: /media/old.png\n    alt: |\n      Deux\n      lignes\n    people: Yes\n    x: y\n"
    workspace.write("posts/unfinished.fr.md", f"---\nmedia:\n{entry}---\nSans heure.\n")
    form = Composer(staff, PAGE)
    assert form.values("people") == ["0"]
    form.fill(credit="X").send("keep")
    assert draft(workspace) == f"---\nmedia:\n{entry}    credit: X\n---\nSans heure.\n"


@pytest.mark.parametrize("do", ["drop:7", "drop:-1", "up:0", "up:9", "drop:", "unpart:x:y", "part"])
def test_a_picture_that_is_not_there_cannot_be_moved(
    app: Application, staff: Visit, workspace: Workspace, media: Path, do: str
) -> None:
    form = Composer(staff, PAGE)
    assert form.send(do).status_code == 200
    assert form.values("file") == ["/media/old.png"]
    assert nothing_was_done(workspace, media, app)


@both
def test_who_added_a_picture_does_not_approve_the_post(
    app: Application, manager: Visit, media: Path
) -> None:
    """What it shows and says are theirs."""
    picture = (media / "old.png").read_bytes()
    assert add(manager, "a.png", picture, "/posts/day.fr/edit").status_code == 200
    manager.get("/posts/day.fr/queue")
    manager.send("/posts/day.fr/queue", shown=manager.shown, sure="yes")
    manager.get("/posts/day.fr")
    assert 'id="act-approve"' not in manager.page
    digests = [f"{d.id}:{digest(d)}" for d in app.queries.deliveries(post="day.fr")]
    assert manager.send("/posts/day.fr", do="approve", seen=digests).status_code == 409
    assert "authors cannot approve what they wrote" in manager.text


@pytest.mark.parametrize("value", ["", " ~", " null", " ''", ' ""   # none yet', " []"])
def test_a_draft_that_says_it_has_no_picture_gets_one(
    staff: Visit, workspace: Workspace, media: Path, photo: bytes, value: str
) -> None:
    workspace.write("posts/unfinished.fr.md", f"---\nmedia:{value}\nto: [bice-x]\n---\nText.\n")
    assert staff.get(PAGE).status_code == 200
    assert add(staff, "a.jpg", photo).status_code == 200
    assert "Saved. " in staff.text
    assert "It has errors" not in staff.text
    assert draft(workspace).endswith("\nto: [bice-x]\n---\nText.\n")
