"""What the public sees is said in one line, which never calls out what is not, or the reverse."""

from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.model.states import State
from publisher.model.visibility import Visibility

_NINE = datetime(2016, 3, 7, 9, 35, tzinfo=UTC)


def seen(state: State, out: int = 0, parts: int = 3, **more: Any) -> Visibility:
    return Visibility(state, parts, out, **{"since": _NINE if out else None, **more})


@pytest.mark.parametrize(
    ("visibility", "words"),
    [
        (seen(State.SCHEDULED), "on the schedule: nothing is out yet"),
        (seen(State.AWAITING_APPROVAL), "waits for approval, will not leave before"),
        (seen(State.REJECTED), "rejected: will not leave as it is"),
        (seen(State.HELD), "held: will not leave as it is"),
        (seen(State.PUBLISHING), "about to leave"),
        (seen(State.PUBLISHING, is_being_sent=True), "is being sent, may be out"),
        (seen(State.PUBLISHING, 1), "1 of 3 parts out since 09:35; the rest follows"),
        (seen(State.PUBLISHED, 3), "out since 09:35"),
        (seen(State.PUBLISHED, 3, since=None), "out; when it left is not known"),
        (seen(State.PUBLISHED, 1), "1 of 3 parts out since 09:35; the rest does not follow"),
        (
            seen(State.PUBLISHED, 2, is_being_withdrawn=True),
            "2 of 3 parts out since 09:35; it is being withdrawn",
        ),
        (
            seen(State.UNCERTAIN, 1),
            "1 of 3 parts out since 09:35; whether the rest is out is not known",
        ),
        (seen(State.UNCERTAIN), "uncertain: it may be out or not"),
        (seen(State.MISSED), "missed: nothing is out"),
        (seen(State.MISSED, 2), "2 of 3 parts out since 09:35; the rest does not follow"),
        (seen(State.FAILED, 2, since=None), "2 of 3 parts out; the rest does not follow"),
        (seen(State.HELD, 2), "2 of 3 parts out since 09:35; the rest waits"),
        (seen(State.CANCELLED), "cancelled: nothing is out"),
        (seen(State.WITHDRAWN), "withdrawn: nothing is out any more"),
    ],
)
def test_what_the_public_sees_is_said(visibility: Visibility, words: str) -> None:
    assert visibility.in_words(lambda at: f"{at:%H:%M}") == words


@pytest.mark.parametrize("state", State)
def test_each_state_has_words_with_nothing_out_a_part_and_all(state: State) -> None:
    said = {seen(state, out).in_words(lambda at: f"{at:%H:%M}") for out in range(4)}
    assert len(said) == 4
