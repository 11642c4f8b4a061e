"""Drafts are saved with the ledger: a file is never changed without a person on record."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from publisher.app import Application
from publisher.base.errors import StorageError
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.uploads import seen
from tests.support.workspaces import Workspace


def _files(workspace: Workspace, pattern: str = "*") -> dict[Path, bytes]:
    files = (path for path in (workspace.path / "posts").rglob(pattern) if path.is_file())
    return {path: path.read_bytes() for path in files}


def _new(visit: Visit, photo: bytes) -> int:
    return _kept(Composer(visit, "/new").fill(account="bice-x", title="Un"), photo)


def _reworded(visit: Visit, photo: bytes) -> int:
    return _kept(Composer(visit, "/posts/later.fr/edit"), photo)


def _kept(form: Composer, photo: bytes) -> int:
    form.write("Bonsoir.").send("", ("one.jpg", photo))
    return form.fill(alt="La salle XX").send("keep").status_code


def _deleted(visit: Visit, _photo: bytes) -> int:
    return _sent(visit, "/posts/unfinished.fr/edit", do="delete", sure="yes")


def _as_a_file(visit: Visit, _photo: bytes) -> int:
    body = "---\nat: 2016-03-08 12:00\n---\nBonsoir.\n"
    return _sent(visit, "/posts/later.fr/file", do="save", body=body)


def _moved(visit: Visit, _photo: bytes) -> int:
    return _sent(visit, "/posts/unfinished.fr/move", at="2016-03-10T08:00")


def _sent(visit: Visit, path: str, **fields: str) -> int:
    visit.get(path)
    return visit.send(path, **fields, seen=seen(visit)).status_code


@pytest.mark.parametrize("change", [_new, _reworded, _deleted, _as_a_file, _moved])
def test_a_change_that_the_ledger_does_not_take_leaves_every_file_as_it_was(
    change: Callable[[Visit, bytes], int],
    app: Application,
    staff: Visit,
    workspace: Workspace,
    photo: bytes,
) -> None:
    """Else it would have an author who is not on record, and may approve it."""
    before, drafts = _files(workspace), _files(workspace, "*.md")
    lost = False

    def lose(_connection: object) -> None:
        nonlocal lost
        if _files(workspace, "*.md") != drafts and not lost:
            lost = True
            raise StorageError

    event.listen(app.database.engine, "commit", lose)
    assert change(staff, photo) == 503
    assert lost, "the file was changed before the commit"
    assert _files(workspace) == before
    assert not [step for step in app.queries.steps(0) if step.event.startswith("draft")]
