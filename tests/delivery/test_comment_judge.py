"""Readers' words are searched apart from what publishes; one that takes too long calls for
somebody, and stops no other.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from publisher.base.process_pool import ProcessPool
from publisher.channels.comments import CommentsUnavailable
from publisher.delivery import comment_judge
from publisher.model.alarms import CALLED, AlarmWord, Sign, Signs, signs_in, urgency_of
from publisher.model.reader_comments import JUDGED, ReaderComment

WORDS = [word for text in ("help me", "suicid*") if (word := AlarmWord.of(text))]
WANTED = Signs(WORDS, ["Amina Diallo"], "a flaw")


def _comments(*texts: str) -> list[ReaderComment]:
    written = datetime(2016, 3, 7, tzinfo=UTC)
    return [
        ReaderComment(f"{number}", "1", "@someone", text, written)
        for number, text in enumerate(texts)
    ]


@pytest.fixture(autouse=True)
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ProcessPool]:
    pool = ProcessPool("publisher.delivery.comment_judge", 1)
    monkeypatch.setattr(comment_judge, "_CHILDREN", pool)
    yield pool
    pool.end()


@pytest.fixture
def ending(pool: ProcessPool) -> Callable[[str], None]:
    """Let the real child end in some way at each text that says so."""

    def start(end: str) -> None:
        program = (
            "import os, sys\n"
            "from publisher.delivery import comment_judge\n"
            "comment_judge._PROCESSOR, real = 0, comment_judge.signs_in\n"
            "def signs_in(text, wanted):\n"
            "    if text == 'hostile':\n"
            f"        {end}\n"
            "    return real(text, wanted)\n"
            "comment_judge.signs_in = signs_in\n"
            "comment_judge._serve(sys.stdin.buffer, sys.stdout.buffer)\n"
        )
        pool.program = (sys.executable, "-P", "-c", program)

    return start


def test_a_child_finds_what_is_found_here() -> None:
    told = _comments(
        "Help me, Amína DIALLO", "su1c1de", "Bravo \udc80 www.example.org", "x" * JUDGED
    )
    private = ReaderComment("p", "", "", "", told[0].written_at, is_private=True)
    found = comment_judge.judge([*told, private], WANTED)
    assert found == {
        **{one.id: signs_in(one.text, WANTED) for one in told},
        "p": (Sign("private"),),
    }
    assert [sign.kind for sign in found["0"]] == ["name", "word"]


@pytest.mark.parametrize(
    "end",
    [pytest.param("while True: pass", marks=pytest.mark.deep), "os.abort()", "'a' * 10**12"],
)
def test_what_cannot_be_searched_calls_for_somebody(
    ending: Callable[[str], None], end: str
) -> None:
    ending(end)
    found = comment_judge.judge(_comments("help me", "hostile", "Bravo", "hostile"), WANTED)
    unsearched = (Sign("unsearched"),)
    assert found == {"0": (Sign("word", "help me"),), "1": unsearched, "2": (), "3": unsearched}
    assert urgency_of(unsearched) == CALLED
    assert "too slow" in str(*unsearched)


def test_many_of_them_end_before_the_reading_s_lease(
    ending: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comment_judge, "_MOST_SLOW", 2)
    ending("'a' * 10**12")
    found = comment_judge.judge(_comments(*["hostile"] * 2, "Bravo", "hostile"), WANTED)
    assert {*found.values()} == {(Sign("unsearched"),)}
    assert [*found] == ["0", "1", "2", "3"]


def test_where_a_child_is_killed_it_is_tried_again_later(ending: Callable[[str], None]) -> None:
    ending("os.kill(os.getpid(), 9)")
    with pytest.raises(CommentsUnavailable, match="could not search"):
        comment_judge.judge(_comments("hostile"), WANTED)
