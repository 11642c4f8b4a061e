"""A draft's file is changed in one place, and every other byte stays as it was."""

from pathlib import Path

import pytest

from publisher.base.errors import FileChanged, NotPossible, UsageError
from publisher.drafts import editing
from publisher.drafts.draft_files import DraftFile
from publisher.drafts.editing import Manuscript

pytestmark = pytest.mark.guards("publisher.drafts.line_ends")

_TEXT = """\
---
# Who reads this?
to: [bice-x]   # the account
at: 2016-03-08 12:00 # noon
title: "Un jour : le nôtre"
---
Le texte.

---
Deux.
"""


def read(folder: Path, data: bytes) -> Manuscript:
    path = folder / "day.fr.md"
    path.write_bytes(data)
    return editing.read(DraftFile("day.fr", "posts/day.fr.md", str(path)))


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_another_time_changes_nothing_else(tmp_path: Path, bom: str, end: str) -> None:
    before = (bom + _TEXT).replace("\n", end)
    seen = read(tmp_path, before.encode())
    seen.save(seen.with_value("at", "2016-03-09 15:30"))
    after = seen.path.read_bytes().decode()
    assert after == before.replace("2016-03-08 12:00", "2016-03-09 15:30")


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_another_text_keeps_the_front_matter(tmp_path: Path, bom: str, end: str) -> None:
    before = (bom + _TEXT).replace("\n", end)
    seen = read(tmp_path, before.encode())
    assert seen.body == "Le texte.\n\n---\nDeux.\n"
    revised = seen.with_body("Un autre.\r\nOui")  # as browsers send it
    head = before[: before.index("Le texte")]
    assert revised.data.decode() == f"{head}Un autre.{end}Oui{end}"
    assert revised.body == "Un autre.\nOui\n"


def test_the_same_text_is_the_same_file(tmp_path: Path) -> None:
    seen = read(tmp_path, _TEXT.encode())
    assert seen.with_body(seen.body).data == seen.data


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_stands_below_a_fence_that_was_the_files_end(tmp_path: Path, end: str) -> None:
    before = f"---{end}to: [bice-x]{end}---"
    seen = read(tmp_path, before.encode())
    assert seen.with_body("") == seen
    revised = seen.with_body("Text.")
    assert revised.data.decode() == f"{before}{end}Text.{end}"
    assert revised.body == "Text.\n"


def test_a_text_that_would_be_read_in_another_way_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the reason is: what is written means what was wished."""
    seen = read(tmp_path, _TEXT.encode())
    monkeypatch.setattr(Manuscript, "body", "Something else.\n")
    with pytest.raises(NotPossible, match="only a person can change"):
        seen.with_body("Text.")


@pytest.mark.parametrize("value", ["", " ~", " null", " ''", ' ""', " []"])
@pytest.mark.parametrize("rest", ["", "   # none yet"])
def test_the_first_picture_takes_the_place_of_nothing(
    tmp_path: Path, value: str, rest: str
) -> None:
    seen = read(tmp_path, f"---\nto: [bice-x]\nmedia:{value}{rest}\n---\nText.\n".encode())
    assert seen.media == []
    assert seen.with_picture(_ENTRY).media == [_ENTRY]


def test_a_draft_without_a_time_gets_one(tmp_path: Path) -> None:
    seen = read(tmp_path, b"---\nto: [bice-x] # whom\n---\nText.\n")
    revised = seen.with_value("at", "2016-03-09 15:30")
    assert revised.data == b"---\nto: [bice-x] # whom\nat: 2016-03-09 15:30\n---\nText.\n"


@pytest.mark.parametrize(
    ("front", "end"),
    [
        ("at: |\n  2016-03-08 12:00\n", "\n"),
        ("at:\n  - 2016-03-08 12:00\n", "\n"),
        ("at:\n", "\n"),
        ("", "\r\n"),
    ],
)
def test_a_value_takes_the_place_of_whatever_was_there(
    tmp_path: Path, front: str, end: str
) -> None:
    seen = read(tmp_path, f"---\n{front}---\nText.\n".replace("\n", end).encode())
    after = seen.with_value("at", "2016-03-09 15:30").data.decode()
    assert after == "---\nat: 2016-03-09 15:30\n---\nText.\n".replace("\n", end)


def test_a_whole_file_is_edited_with_its_line_ends(tmp_path: Path) -> None:
    """Each line keeps its own; a text that would be no draft any more is refused."""
    seen = read(tmp_path, b"\xef\xbb\xbf---\r\nat: now\n---\r\nUn.\r\nDeux.\n")
    assert seen.text == "---\nat: now\n---\nUn.\nDeux.\n"
    revised = seen.with_text(seen.text.replace("Un.", "Trois.\r\n\r\nSi."))
    assert revised.data == (b"\xef\xbb\xbf---\r\nat: now\n---\r\nTrois.\r\n\r\nSi.\r\nDeux.\n")
    with pytest.raises(UsageError, match="Line 1: The front matter never ends"):
        seen.with_text("---\nat: now\n")


def test_what_only_a_person_can_change_is_left(tmp_path: Path) -> None:
    seen = read(tmp_path, b"---\nat: annual-day\nat: closing\n---\nText.\n")
    with pytest.raises(NotPossible, match="only a person can change"):
        seen.with_value("at", "2016-03-09 15:30")


_ENTRY = {"file": "/media/a.jpg", "alt": "Une salle : « XX »", "people": "true"}
_LINES = '  - file: "/media/a.jpg"\n    alt: "Une salle : « XX »"\n    people: true\n'


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_picture_comes_and_goes_and_nothing_else_changes(
    tmp_path: Path, bom: str, end: str
) -> None:
    before = (bom + _TEXT).replace("\n", end)
    seen = read(tmp_path, before.encode())
    more = seen.with_picture(_ENTRY)
    title = f'title: "Un jour : le nôtre"{end}'
    lines = f"media:\n{_LINES}".replace("\n", end)
    assert more.data.decode() == before.replace(title, title + lines)
    assert more.media == [_ENTRY]
    assert more.without_picture(0) == seen


def test_what_is_said_of_a_picture_is_said_anew(tmp_path: Path) -> None:
    """What is not said any more is taken out; the other pictures stay as they are."""
    seen = (
        read(tmp_path, _TEXT.encode()).with_picture(_ENTRY).with_picture({"file": "b", "alt": "c"})
    )
    said = {"file": "/media/a.jpg", "alt": "Autre", "consent": "panel"}
    revised = seen.with_picture_as(0, said)
    new = '  - file: "/media/a.jpg"\n    alt: "Autre"\n    consent: panel\n'
    assert revised.data.decode() == seen.data.decode().replace(_LINES, new)
    assert revised.media == [said, {"file": "b", "alt": "c"}]


@pytest.mark.parametrize(
    "front", ["media: x\n", "media: {file: a}\n", "media: [a]\n", "media:\n  - file: [a]\n"]
)
def test_pictures_that_only_a_person_can_change_are_left(tmp_path: Path, front: str) -> None:
    seen = read(tmp_path, f"---\n{front}---\nText.\n".encode())
    with pytest.raises(NotPossible, match="only a person can change"):
        seen.with_picture(_ENTRY)


def test_what_another_wrote_meanwhile_stays(tmp_path: Path) -> None:
    seen = read(tmp_path, _TEXT.encode())
    seen.path.write_text("something else", encoding="utf-8")
    with pytest.raises(FileChanged):
        seen.save(seen.with_body("Mine."))
    assert seen.path.read_text(encoding="utf-8") == "something else"
    assert [path.name for path in tmp_path.iterdir()] == ["day.fr.md"]


@pytest.mark.parametrize("data", [b"no front matter", b"---\nat: x\n", b"---\n\xff\n---\n"])
def test_a_file_that_cannot_be_told_apart_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(NotPossible, match=r"posts/day\.fr\.md:\d"):
        read(tmp_path, data)
