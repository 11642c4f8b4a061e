"""Whatever a spreadsheet holds, its rows become drafts that pass `check`, or are told why not."""

# ruff: noqa: DTZ001 - cells of a spreadsheet have no zones

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from publisher.importers import Import
from tests.importers.conftest import Bring
from tests.importers.workbooks import packed, parts_of, workbook

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
        *("message_text", "Text", "Posting Time", "Image URL", "\ufeff", "�", "🇨🇮", "Heure"),
        *("bice-x", "X; bice-page", "x]\nat: now", "lang", "ES", "Texte (fr)", "Fecha", "Canal"),
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
_VALUES = st.one_of(
    _CELLS.map(lambda text: text.replace("\0", "")),
    st.none(),
    st.integers(-5, 50_000),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.datetimes(min_value=datetime(1905, 1, 1), max_value=datetime(2300, 1, 1)),
    st.times(),
    st.timedeltas(timedelta(), timedelta(days=3)),
)
_PARTS = parts_of(
    workbook(
        ["Text", "Date"], ["Bonjour", datetime(2016, 3, 7, 8, 30)], ["Bonsoir", "2016-03-08 8:30"]
    )
)


@pytest.mark.parametrize("preset", [None, "hootsuite", "buffer"])
@_SETTINGS
@given(data=_BYTES)
def test_any_table_is_drafts_or_told(bring: Bring, preset: str | None, data: bytes) -> None:
    _is_sound(bring(preset, data, split=True))


@_SETTINGS
@given(rows=st.lists(st.lists(_VALUES, max_size=6), max_size=6))
def test_any_workbook_is_drafts_or_told(bring: Bring, rows: list[list[object]]) -> None:
    _is_sound(bring(None, workbook(["Text", "Date", "Time", "To", "Langue"], *rows), to=()))


@_SETTINGS
@given(part=st.sampled_from(sorted(_PARTS)), data=st.data())
def test_any_damaged_workbook_is_drafts_or_told(
    bring: Bring, part: str, data: st.DataObject
) -> None:
    """One of its parts is cut, or something in it is another."""
    content = bytearray(_PARTS[part])
    place = data.draw(st.integers(0, len(content) - 1))
    length = data.draw(st.integers(0, 40))
    content[place : place + length] = data.draw(st.binary(max_size=40))
    _is_sound(bring(None, packed({**_PARTS, part: bytes(content)}), split=True))


def _is_sound(found: Import) -> None:
    assert found.drafts or found.problems
    names = [draft.file for draft in found.drafts]
    assert len(names) == len(set(names))
    for draft in found.drafts:
        assert draft.file.endswith(".md")
        assert "/" not in draft.file
        draft.text.encode("utf-8")
    for problem in found.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        assert "\n" not in problem.file
        problem.model_dump_json()
