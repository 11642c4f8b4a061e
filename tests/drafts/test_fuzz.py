"""Whatever the bytes are, reading them gives posts and problems, never an exception."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.drafts.drafts import SESSION, Workspace
from tests.drafts.test_draft import EXAMPLE

_SETTINGS = settings(
    max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
_NASTY = st.sampled_from(
    (
        *(
            b"---\n",
            b"\0",
            b"\xff\xfe",
            b"\t",
            b"\r",
            b"&a ",
            b"*a",
            b"!!x ",
            b": ",
            b"- ",
            b"[",
            b"{",
        ),
        *(b'"\\ud800"', b"'", b"%", b"|\n", b">-\n", b"? ", b"<<: ", b"\xc2\x85", b"\xe2\x80\xa8"),
        *(b"## ", b"9" * 30, b"0001-01-01 00:00", b"9999-12-31T23:59:59-14:00", b"~", b"..", b"\\"),
    )
)
_MUTATIONS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 40), _NASTY | st.binary(max_size=12)),
    min_size=1,
    max_size=6,
)
Mutations = list[tuple[int, int, bytes]]

pytestmark = pytest.mark.deep


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    workspace.picture("media/salle-xx.jpg")
    return workspace


@_SETTINGS
@given(
    data=st.binary(max_size=300) | st.binary(max_size=300).map(lambda d: b"---\n" + d + b"\n---\n")
)
def test_any_bytes_are_a_post_or_a_problem(filled: Workspace, data: bytes) -> None:
    filled.write("a.fr.md", data)
    found = filled.load()
    assert found.posts or found.problems


@_SETTINGS
@given(text=st.text(max_size=200))
def test_any_front_matter_is_a_post_or_a_problem(filled: Workspace, text: str) -> None:
    filled.write("a.fr.md", f"---\n{text}\n---\nA".encode("utf-8", "surrogatepass"))
    found = filled.load()
    assert found.posts or found.problems


@_SETTINGS
@given(mutations=_MUTATIONS)
def test_a_damaged_draft_is_a_post_or_a_problem(filled: Workspace, mutations: Mutations) -> None:
    filled.write("a.fr.md", _mutated(EXAMPLE.encode(), mutations))
    found = filled.load()
    assert found.posts or found.problems
    for problem in found.problems:
        assert problem.line >= 1
        assert problem.column >= 1
        problem.model_dump_json()


@_SETTINGS
@given(mutations=_MUTATIONS)
def test_a_damaged_session_never_raises(filled: Workspace, mutations: Mutations) -> None:
    filled.write("a.fr.md", EXAMPLE)
    filled.write("session.yaml", _mutated(SESSION.encode(), mutations))
    filled.write(
        "consents.yaml", _mutated(b"a:\n  until: 2016-03-10\n  channels: [site]\n", mutations)
    )
    assert filled.load().drafts == 1


@_SETTINGS
@given(
    key=st.sampled_from(["at", "to", "lang", "link", "expires", "embargo", "title", "repeat"]),
    value=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40),
)
def test_any_value_of_a_key_is_taken_or_refused(filled: Workspace, key: str, value: str) -> None:
    quoted = value.replace("'", "''")
    filled.write("a.fr.md", f"---\n{key}: '{quoted}'\n---\nA")
    found = filled.load()
    assert found.posts or found.problems


@_SETTINGS
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=40))
def test_any_name_of_a_picture_is_taken_or_refused(filled: Workspace, name: str) -> None:
    quoted = name.replace("'", "''")
    filled.write("a.fr.md", f"---\nmedia:\n - {{file: '{quoted}', alt: A}}\n---\nA")
    for post in filled.load().posts:
        for item in post.media:
            assert item.path.is_relative_to(Path(filled.posts).resolve())


@pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", "a: [", "'", '"', "&a [", "- - ", "{a: "])
def test_a_megabyte_of_one_thing_is_refused_soon(filled: Workspace, unit: str) -> None:
    filled.draft(unit * (900_000 // len(unit)))
    assert filled.load().problems


def _mutated(data: bytes, mutations: Mutations) -> bytes:
    for place, length, new in mutations:
        start = place % (len(data) or 1)
        data = data[:start] + new + data[start + length :]
    return data
