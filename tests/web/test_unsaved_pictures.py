"""Pictures that wait for the draft they were sent for: a week, in the room of one person."""

import os
import stat
import time
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.media import unsaved
from publisher.media.unsaved import UnsavedPictures
from tests.support import photos
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.uploads import ALT, PAGE, described, jpeg, nothing_was_done
from tests.support.workspaces import Workspace


def test_a_picture_that_waited_too_long_for_its_draft_is_asked_for_again(
    app: Application, staff: Visit, workspace: Workspace, media: Path, photo: bytes
) -> None:
    """After a week it is gone; what was typed of it is not."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    (kept,) = (app.settings.var / "uploads").iterdir()
    assert not [mark for mark in photos.SECRETS if mark in kept.read_bytes()]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    os.utime(kept, (time.time() - 8 * 86400,) * 2)
    Composer(staff, "/new").send("check", ("b.jpg", jpeg()))
    assert not kept.exists()
    assert described(form).send("keep").status_code == 400
    assert "is no longer kept" in staff.text
    assert ALT in staff.page
    assert nothing_was_done(workspace, media, app)


def test_a_picture_that_goes_while_its_form_is_looked_at_is_asked_for_again(
    staff: Visit, workspace: Workspace, media: Path, app: Application, photo: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The same form was saved from another window at that moment."""
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    find = UnsavedPictures.find

    def found(pictures: UnsavedPictures, name: str) -> Path | None:
        path = find(pictures, name)
        if path:
            path.unlink()
        return path

    monkeypatch.setattr(UnsavedPictures, "find", found)
    assert described(form).send("check").status_code == 200
    assert ALT in staff.page
    form = Composer(staff, PAGE)
    form.send("check", ("a.jpg", photo))
    assert described(form).send("keep").status_code == 400
    assert nothing_was_done(workspace, media, app)


def test_nobody_fills_the_room_of_unsaved_pictures_for_the_others(
    app: Application, staff: Visit, manager: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each person has a quota; what it refuses says what to do, and leaves the form as it was."""
    form = Composer(staff, "/new")
    form.send("check", ("a.jpg", jpeg()))
    (kept,) = (app.settings.var / "uploads").iterdir()
    room_for_one = kept.stat().st_size * 3 // 2  # no two pictures are of one size
    monkeypatch.setattr(unsaved, "_MOST_OF_PERSON", room_for_one)
    form.send("check", ("b.jpg", jpeg()))
    assert "Too many of your pictures are waiting" in staff.text
    assert "Save the drafts that use them" in staff.text
    assert kept.name in staff.page
    Composer(manager, "/new").send("check", ("c.jpg", jpeg()))
    assert "Too many" not in manager.text
    assert len([*(app.settings.var / "uploads").iterdir()]) == 2


def test_a_name_of_no_picture_of_ours_leads_nowhere(
    app: Application, staff: Visit, workspace: Workspace, media: Path
) -> None:
    """Neither to a file of the machine, nor to one of the workspace that is no picture."""
    workspace.write("var/uploads/secret.jpg", "what nobody may see")
    for name in ("unsaved:../../secrets.toml", f"unsaved:{'0' * 64}.jpg", "unsaved:secret.jpg",
                 "/../var/uploads/secret.jpg", "/etc/passwd", "/session.yaml"):  # fmt: skip
        form = Composer(staff, PAGE).fill(file=[name])
        form.send("check")
        assert "what nobody may see" not in staff.page
        assert form.send("submit").status_code == 400
    assert nothing_was_done(workspace, media, app)
