"""Whatever another tool's files hold, they become drafts that pass `check`, or are told why not."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.importers import Import
from tests.importers.conftest import Bring

_SETTINGS = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
_CELLS = st.sampled_from(
    [
        *(
            "Bonjour",
            "",
            '"',
            '"Un, deux"',
            "2016-03-07 08:30",
            "07/03/2016",
            "08:00",
            "=1+1",
            "---",
        ),
        *("## twitter", "\n", "\r\n", "é", "\0", "a" * 300, "https://a.org", "date", "time_24hr"),
        *("message_text", "Text", "Posting Time", "Image URL", "\ufeff", "�", "🇨🇮", "schedule: x"),
        *(
            "media:\n  - {file: ../a.png, alt: A}",
            "( ) oui",
            "hashtags:\n a:\n  - b c",
            "media: [a]",
        ),
    ]
)
_TEXTS = st.lists(
    st.tuples(_CELLS, st.sampled_from([",", ";", "\t", "\n", " ", "\n---\n"])), max_size=25
)
_BYTES = st.one_of(
    st.binary(max_size=300),
    _TEXTS.map(lambda pairs: "".join(cell + mark for cell, mark in pairs).encode()),
    _TEXTS.map(lambda pairs: "".join(cell + mark for cell, mark in pairs).encode("utf-16")),
    _TEXTS.map(lambda pairs: b"---\n" + "".join(cell + mark for cell, mark in pairs).encode()),
)


@pytest.mark.parametrize("source", ["hootsuite", "buffer", "sprout"])
@_SETTINGS
@given(data=_BYTES)
def test_any_table_is_drafts_or_told(bring: Bring, source: str, data: bytes) -> None:
    _is_sound(bring(source, data, split=True))


@pytest.mark.parametrize(
    ("source", "name"), [("twitter-together", "a.tweet"), ("galaxy-social", "a.md")]
)
@_SETTINGS
@given(data=_BYTES)
def test_any_file_is_a_draft_or_told(
    bring: Bring, tmp_path: Path, source: str, name: str, data: bytes
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    _is_sound(bring(source, folder, split=True))


def _is_sound(found: Import) -> None:
    assert found.drafts or found.problems
    names = [draft.file for draft in found.drafts]
    assert len(names) == len(set(names))
    for draft in found.drafts:
        assert draft.file.endswith(".fr.md")
        assert "/" not in draft.file
        draft.text.encode("utf-8")
    for problem in found.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in problem.file
        problem.model_dump_json()
