"""The verdict finds what is wrong with a correction, and nothing where all is well."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.content import Content, Correction, Part, edit_id
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.events import Event
from publisher.model.states import State
from tests.chaos.corrections import held_in_vain
from tests.chaos.verdict import End, Harm, findings, waited

_OUT = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_LATER = _OUT + timedelta(minutes=1)
_WRONG = Content(parts=(Part(text="Three"),))


def _delivery(number: int, post: str, content: Content, due: datetime, **more: Any) -> Delivery:
    values: dict[str, Any] = {
        "id": number,
        "post": post,
        "account": "a",
        "channel": "facebook",
        "state": State.PUBLISHED,
        "due_at": due,
        "next_check_at": due,
        "expires_at": due + timedelta(minutes=5),
        "embargo_until": None,
        "content": content,
        "corrects": content.corrects,
        "remote_ids": (),
        "prepared": Prepared(),
        "settled_at": None,
        "published_at": due,
        "error_message": None,
        "reason": None,
    }
    return Delivery.model_construct(**{**values, **more})


def _right(way: Literal["edit", "reply"]) -> Content:
    told = Correction(corrects="p", way=way, reason="A figure.", replaces=_WRONG.digest)
    return Content(parts=(Part(text="Four"),), correction=told)


def _post(key: str, text: str, at: datetime = _OUT, **more: Any) -> dict[str, Any]:
    return {
        "channel": "facebook",
        "account": "a",
        "id": key,
        "text": text,
        "in_reply_to": None,
        "media": [],
        "published": True,
        "deleted": False,
        "published_at": at.isoformat(),
        **more,
    }


_ORIGINAL = _delivery(1, "p", _WRONG, _OUT, remote_ids=("11",))
_EDIT = _delivery(2, "fix", _right("edit"), _LATER)
_EDIT_ID = edit_id("11", "fix", _EDIT.content)
_EDITED = _post("11", "Four", edits=[_LATER.isoformat()])
_UNCHANGED = _post("11", "Three")
_REPLY = _post("12", "Four", _LATER, in_reply_to="11")
_NOT_OUT: dict[str, Any] = {"published_at": None, "error_message": "refused"}


def _edit(**more: Any) -> Delivery:
    return _EDIT.model_copy(update={"remote_ids": (_EDIT_ID,), **more})


def _no_edit(state: State, **more: Any) -> Delivery:
    return _EDIT.model_copy(update={"state": state, **_NOT_OUT, **more})


def _reply(**more: Any) -> Delivery:
    made = _delivery(2, "fix", _right("reply"), _LATER, remote_ids=("12",))
    return made.model_copy(update=more)


def _end(
    correction: Delivery,
    *posts: dict[str, Any],
    original: Delivery = _ORIGINAL,
    held_in_vain: Sequence[int] = (),
) -> End:
    return End(
        deliveries=[original, correction],
        accounts=[],
        posts=posts,
        violations=[],
        begun={1: _OUT, 2: _LATER},
        now=_LATER + timedelta(minutes=5),
        grace=timedelta(seconds=5),
        held_in_vain=held_in_vain,
    )


_UNSENT = _ORIGINAL.model_copy(update={"remote_ids": (), "state": State.MISSED, **_NOT_OUT})
_HARMLESS: dict[str, End] = {
    "an edit that is out": _end(_edit(), _EDITED),
    "an edit that was made twice": _end(
        _edit(), {**_EDITED, "edits": [_LATER.isoformat(), (_LATER + timedelta(1)).isoformat()]}
    ),
    "an edit that failed": _end(_no_edit(State.FAILED), _UNCHANGED),
    "an edit that was missed": _end(_no_edit(State.MISSED), _UNCHANGED),
    "an edit that is held": _end(_no_edit(State.HELD, reason="p is not out"), _UNCHANGED),
    "an edit in doubt that is made": _end(_no_edit(State.UNCERTAIN), _EDITED),
    "an edit in doubt that is not made": _end(_no_edit(State.UNCERTAIN), _UNCHANGED),
    "a reply that is out": _end(_reply(), _UNCHANGED, _REPLY),
    "a correction of what is not out": _end(_no_edit(State.HELD, reason="p"), original=_UNSENT),
}


@pytest.mark.parametrize("case", _HARMLESS)
def test_the_verdict_has_nothing_against(case: str) -> None:
    assert findings(_HARMLESS[case]) == []


_HARMFUL: dict[str, tuple[Harm, str, End]] = {
    "an edit that its post does not show": (Harm.LOST, "fix", _end(_edit(), _UNCHANGED)),
    "an edit with other words": (
        Harm.LOST,
        "p",
        _end(_edit(), {**_EDITED, "text": "Five"}),
    ),
    "an edit that failed, with other words": (
        Harm.LOST,
        "p",
        _end(_no_edit(State.FAILED), {**_EDITED, "text": "Five"}),
    ),
    "an edit that failed and is made": (Harm.UNTRUE, "fix", _end(_no_edit(State.FAILED), _EDITED)),
    "an edit that was missed and is made": (
        Harm.UNTRUE,
        "fix",
        _end(_no_edit(State.MISSED), _EDITED),
    ),
    "an edit that is held and is made": (
        Harm.UNTRUE,
        "fix",
        _end(_no_edit(State.HELD, reason="p is not out"), _EDITED),
    ),
    "an edit that is out as a post, too": (
        Harm.DOUBLED,
        "fix",
        _end(_edit(), _EDITED, _post("12", "Four", _LATER)),
    ),
    "a post in the place of an edit": (
        Harm.UNTRUE,
        "fix",
        _end(_edit(), _UNCHANGED, _post("12", "Four", _LATER)),
    ),
    "an edit of another post": (
        Harm.UNTRUE,
        "fix",
        _end(_edit(), _UNCHANGED, {**_EDITED, "id": "13"}),
    ),
    "an edit under the id of another one": (
        Harm.UNTRUE,
        "fix",
        _end(_edit(remote_ids=(edit_id("11", "other", _EDIT.content),)), _EDITED),
    ),
    "an edit before its time": (
        Harm.EARLY,
        "fix",
        _end(_edit(), {**_EDITED, "edits": [(_LATER - timedelta(seconds=1)).isoformat()]}),
    ),
    "an edit after its expiry": (
        Harm.EXPIRED,
        "fix",
        _end(_edit(), {**_EDITED, "edits": [(_LATER + timedelta(minutes=6)).isoformat()]}),
    ),
    "a reply that is out twice": (
        Harm.DOUBLED,
        "fix",
        _end(_reply(), _UNCHANGED, _REPLY, {**_REPLY, "id": "13"}),
    ),
    "a reply that is not there": (Harm.LOST, "fix", _end(_reply(), _UNCHANGED)),
    "a reply below nothing": (
        Harm.UNTRUE,
        "fix",
        _end(_reply(), _UNCHANGED, {**_REPLY, "in_reply_to": None}),
    ),
    "a reply below another post": (
        Harm.UNTRUE,
        "fix",
        _end(_reply(), _UNCHANGED, {**_REPLY, "in_reply_to": "10"}),
    ),
    "a reply before its post": (
        Harm.EARLY,
        "fix",
        _end(_reply(), _post("11", "Three", _LATER + timedelta(seconds=1)), _REPLY),
    ),
    "a reply to what is not out": (
        Harm.EARLY,
        "fix",
        _end(_reply(), {**_REPLY, "in_reply_to": None}, original=_UNSENT),
    ),
    "a correction that is held, and nobody knows why": (
        Harm.LOST,
        "fix",
        _end(_no_edit(State.HELD, reason="p is not out"), _UNCHANGED, held_in_vain=[2]),
    ),
}


@pytest.mark.parametrize("case", _HARMFUL)
def test_the_verdict_finds(case: str) -> None:
    harm, post, end = _HARMFUL[case]
    assert (harm, post) in {(found.harm, found.post) for found in findings(end)}


def test_what_is_held_without_a_correction_waits_for_nobody() -> None:
    held = _ORIGINAL.model_copy(update={"remote_ids": (), "state": State.HELD, "reason": "x"})
    end = _end(_edit())
    found = findings(replace(end, deliveries=[held]))
    assert Harm.LOST in {one.harm for one in found}


def _step(number: int, delivery: Delivery, event: Event, target: State) -> HistoryStep:
    return HistoryStep(
        id=number,
        at=_LATER,
        event=event,
        actor="",
        delivery=delivery.id,
        post=delivery.post,
        account=delivery.account,
        target=target,
    )


def test_a_correction_is_held_in_vain_only_once_its_post_is_out_on_record() -> None:
    out = _step(1, _ORIGINAL, Event.PUBLISHED, State.PUBLISHED)
    held = _step(2, _EDIT, Event.HELD, State.HELD)
    by_a_person = _step(3, _EDIT, Event.QUEUED_AGAIN, State.HELD)
    assert held_in_vain([out, held], [_ORIGINAL, _EDIT]) == {2}
    assert not held_in_vain([held, out, by_a_person], [_ORIGINAL, _EDIT])


def test_what_was_refused_while_it_was_in_doubt_waits_and_is_not_blamed() -> None:
    """An earlier request may still be carried out; it is not sent again."""
    refused = _step(1, _EDIT, Event.REFUSED, State.UNCERTAIN)
    absent = _step(2, _EDIT, Event.NOT_THERE_YET, State.UNCERTAIN)
    assert waited([absent]) == {2}
    assert not waited([refused, absent])


def test_what_fell_due_while_nothing_was_at_work_waits_and_is_not_blamed() -> None:
    """Nobody knows whether the ledger is the newest one."""
    unsure = _step(1, _EDIT, Event.DUE_IN_SILENCE, State.UNCERTAIN)
    absent = _step(2, _EDIT, Event.NOT_THERE_YET, State.UNCERTAIN)
    assert not waited([unsure, absent])
