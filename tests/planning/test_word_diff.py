"""Two versions of a text, word by word."""

from hypothesis import given
from hypothesis import strategies as st

from publisher.planning.word_diff import Mark, Piece, compare

_TEXT = st.text(alphabet="ab é\n\t'’", max_size=40)


@given(old=_TEXT, new=_TEXT)
def test_the_pieces_make_up_both_versions(old: str, new: str) -> None:
    pieces = compare(old, new)
    assert "".join(text for mark, text in pieces if mark is not Mark.REMOVED) == new
    assert "".join(text for mark, text in pieces if mark is not Mark.ADDED) == old


@given(text=_TEXT)
def test_the_same_text_has_no_changes(text: str) -> None:
    assert all(mark is Mark.SAME for mark, _ in compare(text, text))


def test_a_word_that_changes_is_shown_whole() -> None:
    assert compare("dans une demi-heure ici", "dans une heure ici") == [
        Piece(Mark.SAME, "dans une "),
        Piece(Mark.REMOVED, "demi-heure "),
        Piece(Mark.ADDED, "heure "),
        Piece(Mark.SAME, "ici"),
    ]


def test_long_texts_that_differ_are_not_compared_word_by_word() -> None:
    """It would take minutes. Those that are the same are not marked, however long they are."""
    long = " ".join(map(str, range(3_100)))
    assert compare(long, long) == [Piece(Mark.SAME, long)]
    other = f"un {long}"
    assert compare(long, other) == [Piece(Mark.REMOVED, long), Piece(Mark.ADDED, other)]
