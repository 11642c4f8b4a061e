"""posts/session.yaml is changed where it must be, and nowhere else."""

import errno
import fcntl
import multiprocessing
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.agenda import propose, session_file
from publisher.agenda.changes import ItemChange
from publisher.agenda.session_file import SessionFile
from publisher.base.errors import FileChanged, NotPossible, StorageError, UsageError
from publisher.drafts.times import AgendaItem
from publisher.drafts.yaml_patch import Patches
from tests.support.workspaces import Workspace

DAY = timedelta(days=1)
ODD = """\
# The session.\r
name:   "31e session"  # two spaces\r
timezone: 'Europe/Zurich'\r
\r
agenda:\r
    opening: {title: Ouverture, starts: "2016-02-29T09:00:00+01:00"}   # short\r
    annual-day:   # the day\r
         title: Journée annuelle\r
         starts:   2016-03-07 09:00   # moved twice\r
         # its end\r
         ends: '2016-03-07 18:00'\r
         cancelled: no # not yet\r
    # the last one\r
    closing:\r
         starts: 2016-03-24 15:00"""


def seen(workspace: Workspace, text: str | bytes) -> SessionFile:
    path = workspace.path / "posts" / "session.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found = session_file.read(path.parent)
    assert found.errors == []
    return found


def later(item: AgendaItem) -> ItemChange:
    """A day later."""
    ends_at = item.ends_at and item.ends_at + DAY
    return ItemChange(
        item, item.model_copy(update={"starts_at": item.starts_at + DAY, "ends_at": ends_at})
    )


def with_(item: AgendaItem, **update: Any) -> ItemChange:
    return ItemChange(item, item.model_copy(update=update))


def test_times_move_in_the_shape_that_they_have(workspace: Workspace) -> None:
    """With comments, order, quotes, line ends, a BOM and the missing last line end as they were."""
    found = seen(workspace, f"\N{BYTE ORDER MARK}{ODD}")
    revised = session_file.revise(found, [later(item) for item in found.session.agenda.values()])
    expected = (
        ODD.replace("2016-02-29T", "2016-03-01T")
        .replace("2016-03-07", "2016-03-08")
        .replace("2016-03-24", "2016-03-25")
    )
    assert revised.data.decode() == f"\N{BYTE ORDER MARK}{expected}"
    assert revised.errors == []


def test_an_item_is_cancelled_and_comes_back(workspace: Workspace) -> None:
    found = seen(workspace, ODD)
    agenda = found.session.agenda
    changes = [with_(agenda[name], cancelled=True) for name in ("opening", "annual-day", "closing")]
    revised = session_file.revise(found, changes)
    expected = (
        ODD.replace('+01:00"}', '+01:00", cancelled: true}').replace(
            "cancelled: no", "cancelled: true"
        )
        + "\r\n         cancelled: true"
    )
    assert revised.data.decode() == expected
    back = session_file.revise(
        revised, [with_(revised.session.agenda["annual-day"], cancelled=False)]
    )
    assert "cancelled: false # not yet" in back.data.decode()


def test_new_items_stand_behind_the_others(workspace: Workspace) -> None:
    found = seen(workspace, ODD)
    item = found.session.agenda["closing"]
    new = item.model_copy(update={"name": "party", "title": "Fête : « 😀 »", "uid": "1@un"})
    revised = session_file.revise(found, [ItemChange(None, new), with_(item, place="Genève")])
    assert revised.data.decode() == ODD + (
        "\r\n         place: Genève\r\n    party:"
        '\r\n         title: "Fête : « 😀 »"\r\n         starts: 2016-03-24 15:00\r\n         uid: "1@un"'
    )


def test_a_place_and_an_end_can_go_again(workspace: Workspace) -> None:
    """With the lines that had them, and no other."""
    item = seen(workspace, ODD).session.agenda["annual-day"]
    found = seen(
        workspace, ODD.replace("no # not yet\r\n", "no # not yet\r\n         place: Genève\r\n")
    )
    full = found.session.agenda["annual-day"]
    revised = session_file.revise(found, [ItemChange(full, item)])
    assert revised.data.decode() == ODD
    revised = session_file.revise(revised, [with_(item, ends_at=None)])
    assert revised.data.decode() == ODD.replace("         ends: '2016-03-07 18:00'\r\n", "")
    flow = seen(
        workspace, "timezone: UTC\nagenda:\n  x: {place: Genève, starts: 2016-03-07 09:00}\n"
    )
    revised = session_file.revise(flow, [with_(flow.session.agenda["x"], place=None)])
    assert "x: {starts: 2016-03-07 09:00}\n" in revised.data.decode()


def test_what_was_saved_can_be_put_back(workspace: Workspace) -> None:
    """Unless somebody has changed the file again."""
    found = seen(workspace, ODD)
    proposal = propose(found, [later(found.session.agenda["annual-day"])])
    proposal.save()
    assert found.path.read_bytes() == proposal.data != found.data
    proposal.put_back()
    assert found.path.read_bytes() == found.data
    with pytest.raises(FileChanged):
        proposal.put_back()


@pytest.mark.parametrize(
    "starts",
    ["|\n      2016-03-07 09:00\n", ">-\n      2016-03-07\n      09:00\n"],
)
def test_what_only_a_person_can_change_is_refused(workspace: Workspace, starts: str) -> None:
    found = seen(workspace, f"timezone: Europe/Zurich\nagenda:\n  x:\n    starts: {starts}")
    with pytest.raises(NotPossible) as refused:
        session_file.revise(found, [later(found.session.agenda["x"])])
    assert refused.value.hint == "Add it there by hand: `x`: starts: 2016-03-08 09:00"


def test_a_change_that_came_out_otherwise_is_not_written(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result is read again, and must mean what was wanted and nothing else."""
    found = seen(workspace, ODD)
    monkeypatch.setattr(
        Patches, "text", lambda _: ODD.replace("2016-03-07 09:00", "2016-03-07 10:00")
    )
    with pytest.raises(NotPossible):
        session_file.revise(found, [later(found.session.agenda["annual-day"])])


@pytest.mark.parametrize(
    "text",
    [
        "agenda:\n  a: &day\n    starts: 2016-03-07 09:00\n",
        "agenda:\n  a:\n    starts: 2016-03-07 09:00\n  b: *day\n",
        "agenda:\n  a:\n    starts: !!str 2016-03-07 09:00\n",
        "agenda:\n  a:\n    starts: 2016-03-07 09:00\n    starts: 2016-03-07 10:00\n",
        "agenda:\n\ta:\n",
        "agenda: [",
        "name: \N{LINE SEPARATOR}x",
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(workspace: Workspace, text: str) -> None:
    """Anchors, aliases and tags among them; no command changes such a file."""
    workspace.write("posts/session.yaml", text)
    assert session_file.read(workspace.path / "posts").errors


def test_a_change_that_makes_the_session_invalid_is_told_with_its_place(
    workspace: Workspace,
) -> None:
    found = seen(workspace, ODD)
    item = found.session.agenda["annual-day"]
    revised = session_file.revise(found, [with_(item, starts_at=item.starts_at + DAY)])
    assert [(p.code, p.line, p.column) for p in revised.errors] == [("ends-before-start", 11, 16)]


def test_a_missing_file_is_wrong_usage(workspace: Workspace) -> None:
    (workspace.path / "posts" / "session.yaml").unlink()
    with pytest.raises(UsageError):
        session_file.read(workspace.path / "posts")


# Saving


@pytest.fixture
def moved(workspace: Workspace) -> tuple[SessionFile, SessionFile]:
    """The file as it is, and with its item a day later."""
    found = session_file.read(workspace.path / "posts")
    return found, session_file.revise(found, [later(found.session.agenda["annual-day"])])


def folder(pair: tuple[SessionFile, SessionFile]) -> list[str]:
    return sorted(path.name for path in pair[0].path.parent.iterdir())


def test_the_file_keeps_its_rights(moved: tuple[SessionFile, SessionFile]) -> None:
    moved[0].path.chmod(0o640)
    session_file.save(*moved)
    assert moved[0].path.read_bytes() == moved[1].data
    assert moved[0].path.stat().st_mode & 0o777 == 0o640
    assert folder(moved) == ["session.yaml"]


def test_a_link_stays_a_link(moved: tuple[SessionFile, SessionFile], tmp_path: Path) -> None:
    target = moved[0].path.rename(tmp_path / "elsewhere.yaml")
    moved[0].path.symlink_to(target)
    session_file.save(*moved)
    assert moved[0].path.is_symlink()
    assert target.read_bytes() == moved[1].data


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten(
    moved: tuple[SessionFile, SessionFile],
) -> None:
    moved[0].path.write_text("# mine\n")
    with pytest.raises(FileChanged):
        session_file.save(*moved)
    assert moved[0].path.read_text() == "# mine\n"
    moved[0].path.unlink()
    with pytest.raises(FileChanged):
        session_file.save(*moved)
    assert folder(moved) == []


@pytest.mark.parametrize("fails_at", ["fsync", "fchmod"])
def test_on_a_full_disk_the_file_is_as_it_was(
    moved: tuple[SessionFile, SessionFile], monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, fails_at, fail)
    with pytest.raises(StorageError, match="No space left"):
        session_file.save(*moved)
    assert moved[0].path.read_bytes() == moved[0].data
    assert folder(moved) == ["session.yaml"]


def test_while_one_looks_and_writes_nobody_else_does(
    moved: tuple[SessionFile, SessionFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def try_to_lock(_: int) -> None:
        with moved[0].path.open("rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                refused.append(True)

    monkeypatch.setattr(os, "fsync", try_to_lock)
    session_file.save(*moved)
    assert refused == [True]


def _save_after(barrier: Any, posts: Path, days: int, outcomes: Any) -> None:
    found = session_file.read(posts)
    item = found.session.agenda["annual-day"]
    change = ItemChange(item, item.model_copy(update={"starts_at": item.starts_at - days * DAY}))
    revised = session_file.revise(found, [change])
    barrier.wait(timeout=30)
    try:
        session_file.save(found, revised)
    except FileChanged:
        outcomes.put("refused")
    else:
        outcomes.put("saved")


def test_of_several_at_a_time_one_wins_and_the_others_are_told(workspace: Workspace) -> None:
    """No change is lost without a word: they take turns, and each looks once more."""
    several = 4
    context = multiprocessing.get_context("spawn")
    barrier, outcomes = context.Barrier(several), context.Queue()
    processes = [
        context.Process(
            target=_save_after, args=(barrier, workspace.path / "posts", days, outcomes)
        )
        for days in range(1, several + 1)
    ]
    for process in processes:
        process.start()
    found = sorted(outcomes.get(timeout=60) for _ in processes)
    for process in processes:
        process.join(timeout=30)
    assert found == ["refused"] * (several - 1) + ["saved"]


# Whatever the file looks like

TITLES = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"], exclude_characters="\N{BYTE ORDER MARK}"),
    min_size=1,
).filter(str.strip)


@settings(deadline=None)
@given(
    TITLES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "\N{BYTE ORDER MARK}"]),
    st.sampled_from(["", "  # c", "   "]),
    st.integers(-400, 400),
)
def test_a_move_and_the_move_back_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    line_end: str,
    bom: str,
    behind: str,
    days: int,
) -> None:
    quoted = "'" + title.replace("'", "''") + "'"
    lines = [
        "timezone: Asia/Kathmandu",  # clocks that never change
        f"agenda:{behind}",
        f"   x: {behind}",
        f"      title: {quoted}{behind}",
        f"      starts:  2016-03-07 09:00{behind}",
        f"   y: {{ title: {quoted}, starts: 2016-03-08T09:00Z }}{behind}",
    ]
    path = tmp_path_factory.mktemp("posts") / "session.yaml"
    path.write_bytes(f"{bom}{line_end.join(lines)}".encode())
    found = session_file.read(path.parent)
    assert found.errors == []
    there = session_file.revise(found, [_by(item, days) for item in found.session.agenda.values()])
    assert (there.data == found.data) is (days == 0)
    back = session_file.revise(there, [_by(item, -days) for item in there.session.agenda.values()])
    assert back.data == found.data


def _by(item: AgendaItem, days: int) -> ItemChange:
    return ItemChange(item, item.model_copy(update={"starts_at": item.starts_at + days * DAY}))
