"""Bad bytes, bad front matter, bad YAML: a problem at its place, never an exception."""

import os
import re
import time
from collections.abc import Collection
from pathlib import Path

import pytest

import publisher
from publisher.agenda.ics_lines import CODES as CODES_OF_CALENDARS
from publisher.importers.problems import CODES as CODES_OF_IMPORTS
from publisher.model.problems import CODES, Findings, Flaw
from publisher.model.values import Position
from tests.drafts.drafts import Workspace, codes

pytestmark = pytest.mark.guards(
    "publisher.drafts.front_matter",
    "publisher.drafts.text_files",
    "publisher.drafts.yaml_tree",
    "publisher.model.problems",
)

DRAFT = "---\nat: 2016-03-07 08:30\n---\nÀ Genève.\n"


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        (b"Bonjour.", "front-matter-missing", 1, 1),
        (b"", "front-matter-missing", 1, 1),
        (b"\n---\nat: x\n---\n", "front-matter-missing", 1, 1),
        (b"---\nlang: fr\n\nBonjour.", "front-matter-unclosed", 1, 1),
        (b"---", "front-matter-unclosed", 1, 1),
        (b"---\n- fr\n---\n", "not-a-mapping", 2, 1),
        (b"---\nBonjour\n---\n", "not-a-mapping", 2, 1),
        ("---\nlang: fr\n---\nÀ Genève.".encode("latin-1"), "encoding", 4, 1),
        ("---\nlang: fr\n---\nGenève.".encode("utf-16"), "encoding", 1, 1),
        (b"---\nlang: fr\n---\nBon\0jour.", "invalid-character", 4, 4),
        ("---\nlang: fr\n---\nBon\ufeffjour.".encode(), "invalid-character", 4, 4),
        (b'---\nlang: fr\ntitle: "a\\0b"\n---\n.', "invalid-character", 3, 8),
        (b"---\nlang: fr\nlang: es\n---\n.", "duplicate-key", 3, 1),
        (b"---\nlnag: fr\n---\n.", "unknown-key", 2, 1),
        (b"---\nto:\n\t- bice-x\n---\n.", "yaml", 3, 1),
        (b"---\ntitle: Appel: lisez\n---\n.", "yaml", 2, 13),
        (b"---\ntitle: 'Appel\n---\n.", "yaml", 3, 1),
        (b"---\nto: &a [bice-x]\n---\n.", "yaml-feature", 2, 5),
        (b"---\nto: *a\n---\n.", "yaml-feature", 2, 5),
        (b"---\ntitle: !!python/object:os.system x\n---\n.", "yaml-feature", 2, 8),
        (b"---\nto: " + b"[" * 20 + b"]" * 20 + b"\n---\n.", "yaml-feature", 2, 12),
        (b"---\n? [at]\n: x\n---\n.", "yaml-feature", 2, 3),
        (b"---\nlang: fr\n...\nat: x\n---\n.", "yaml", 4, 1),
        (b"---\nlang: fr\nat:2016-03-07 08:30\n---\n.", "not-a-mapping", 3, 4),
    ],
)
def test_bad_content_is_a_problem_at_its_place(
    workspace: Workspace, content: bytes, code: str, line: int, column: int
) -> None:
    workspace.write("a.md", content)
    first = min((p for p in workspace.load().problems if p.code == code), key=lambda p: p.line)
    assert (first.file, first.line, first.column) == ("posts/a.md", line, column)
    assert workspace.load().broken == {"a"}


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04" + bytes(400) + b"word/document.xml", "a Word document"),
        (b"PK\x03\x04" + bytes(400) + b"xl/workbook.xml", "an Excel workbook"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"{\\rtf1 Bonjour}", "a document in Rich Text Format (RTF)"),
    ],
)
def test_a_file_of_another_program_is_named_for_what_it_is(
    workspace: Workspace, content: bytes, name: str
) -> None:
    workspace.write("a.md", content)
    (found,) = workspace.load().problems
    assert (found.code, found.message) == ("encoding", f"This is {name}, not a text file.")
    assert "publisher new TITLE" in (found.hint or "")


def test_aliases_that_would_explode_are_refused_at_the_first_anchor(workspace: Workspace) -> None:
    rows = ["a: &a [x,x,x,x,x,x,x,x,x]"]
    rows += [
        f"{b}: &{b} [{','.join(['*' + a] * 9)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    workspace.draft("\n".join(rows))
    (problem,) = workspace.load().problems
    assert (problem.code, problem.line) == ("yaml-feature", 2)
    assert problem.hint is not None
    assert "quotes" in problem.hint


def test_a_file_of_50_megabytes_is_refused_without_reading_it(workspace: Workspace) -> None:
    path = workspace.write("a.fr.md", DRAFT)
    os.truncate(path, 50_000_000)
    began = time.perf_counter()
    (problem,) = workspace.load().problems
    assert problem.code == "file-too-big"
    assert "50,000,000 bytes" in problem.message
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + DRAFT.encode(),
        DRAFT.replace("\n", "\r\n").encode(),
        DRAFT.replace("\n", "\r").encode(),
        DRAFT.replace("---", "---  \t").encode(),
    ],
    ids=["BOM", "CRLF", "CR", "space after the dashes"],
)
def test_what_editors_do_to_files_changes_nothing(workspace: Workspace, content: bytes) -> None:
    workspace.write("a.fr.md", DRAFT)
    plain = workspace.load()
    workspace.write("a.fr.md", content)
    assert workspace.load().posts == plain.posts
    assert workspace.load().problems == ()
    assert plain.posts[0].texts == {"": ("À Genève.",)}


@pytest.mark.parametrize("value", ["12:30", "on", "no", "1e3", "0x10", "2016-03-07", "~"])
def test_values_stay_as_they_were_written(workspace: Workspace, value: str) -> None:
    """YAML would make numbers, booleans, dates and nothing of them."""
    assert workspace.post(f"title: {value}").title == value


def test_an_unknown_key_is_answered_with_the_nearest_known_one(workspace: Workspace) -> None:
    assert workspace.error("embrago: annual-day").hint == "Did you mean `embargo`?"


def test_an_empty_value_is_an_error_but_for_an_unfinished_at(workspace: Workspace) -> None:
    """`embargo:` left empty must not lift the embargo."""
    assert workspace.error("embargo:").code == "empty-value"
    assert workspace.post("at:").due_at is None


def test_a_hashtag_that_yaml_takes_for_a_comment_is_a_warning(workspace: Workspace) -> None:
    found = workspace.problems("title: Appel #HRC31 # et un commentaire\nlang: fr   # ok")
    (problem,) = found
    assert (problem.code, problem.severity) == ("hashtag-as-comment", "warning")
    assert (problem.line, problem.column) == (2, 14)
    assert codes(workspace.problems("title: 'Appel #HRC31'\nlang: fr # HRC31")) == []


def test_all_problems_of_a_draft_are_found_at_once(workspace: Workspace) -> None:
    found = workspace.problems(
        "at: yesterday\nlink: nowhere\nexpires: soon\ncolour: red\nrepeat: 2"
    )
    assert codes(found) == [
        "unknown-anchor",
        "bad-link",
        "bad-duration",
        "unknown-key",
        "bad-value",
    ]
    assert [problem.line for problem in found] == [2, 3, 4, 5, 6]


def test_special_files_do_not_block(workspace: Workspace) -> None:
    os.mkfifo(workspace.posts / "a.md")
    (problem,) = workspace.load().problems
    assert problem.code == "unreadable"


def test_a_code_that_nobody_explained_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Findings("posts/a.md").add(Flaw("no-such-code", "What?"), Position())


def test_a_warning_is_no_error() -> None:
    found = Findings("posts/a.md")
    found.warning("bad-link", Position(), "Is that right?")
    assert found.errors == []
    found.error("bad-time", Position(), "No.")
    assert [one.code for one in found.errors] == ["bad-time"]
    assert len(found.problems) == 2


_SAYING = re.compile(r'(?:Flaw|\.error|\.warning|\.note|FileRefused)\(\s*"([a-z-]+)"')


@pytest.mark.parametrize(
    ("folder", "codes"),
    [
        *((folder, CODES) for folder in ("drafts", "media")),
        ("agenda", {**CODES, **CODES_OF_CALENDARS}),
        ("importers", {**CODES, **CODES_OF_IMPORTS}),
    ],
)
def test_every_code_in_the_sources_is_explained(folder: str, codes: Collection[str]) -> None:
    files = Path(publisher.__file__).with_name(folder).glob("*.py")
    said = {code for file in files for code in _SAYING.findall(file.read_text(encoding="utf-8"))}
    assert said
    assert said - {*codes} == set()


def test_every_code_has_its_line_of_explanation() -> None:
    assert all(explanation.endswith(".") for explanation in CODES.values())
    assert all(code == code.lower() and " " not in code for code in CODES)
