"""The verdict finds each harm, and nothing where all is well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publisher.ledger.reading.account_status import AccountStatus
from publisher.model.content import Content, Part
from publisher.model.deliveries import Delivery, Prepared
from publisher.model.states import State
from tests.chaos.verdict import End, Harm, findings, orphans, waits_for

_DUE = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_OUT = _DUE + timedelta(milliseconds=20)


def _delivery(**more: Any) -> Delivery:
    """A thread of two parts that is out on X; only what the verdict looks at is set."""
    values: dict[str, Any] = {
        "id": 1,
        "post": "p",
        "account": "a",
        "channel": "twitter",
        "state": State.PUBLISHED,
        "due_at": _DUE,
        "next_check_at": _DUE,
        "expires_at": _DUE + timedelta(seconds=10),
        "embargo_until": None,
        "content": Content(parts=(Part(text="one"), Part(text="two"))),
        "remote_ids": ("11", "12"),
        "prepared": Prepared(),
        "settled_at": None,
        "published_at": _OUT,
        "error_message": None,
    }
    return Delivery.model_construct(**{**values, **more})


def _post(key: str, text: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {
        "channel": "twitter",
        "account": "a",
        "id": key,
        "text": text,
        "in_reply_to": parent,
        "media": [],
        "published": True,
        "deleted": False,
        "published_at": _OUT.isoformat(),
        **more,
    }


_ONE, _TWO = _post("11", "one", None), _post("12", "two", "11")
_GOOD = End(
    deliveries=[_delivery()],
    accounts=[],
    posts=[_ONE, _TWO],
    violations=[],
    begun={1: _DUE - timedelta(milliseconds=150)},
    waited=(1,),
    now=_DUE + timedelta(minutes=5),
    grace=timedelta(seconds=5),
)


def _end(delivery: Delivery | None = None, **more: Any) -> End:
    return replace(_GOOD, deliveries=[delivery or _delivery()], **more)


def _harms(end: End) -> set[Harm]:
    return {finding.harm for finding in findings(end)}


def _at(post: dict[str, Any], instant: datetime) -> dict[str, Any]:
    return {**post, "published_at": instant.isoformat()}


_HARMFUL: dict[str, tuple[Harm, End]] = {
    "called published and not there": (Harm.LOST, _end(posts=[_ONE])),
    "on the schedule, its time long over": (
        Harm.LOST,
        _end(_delivery(state=State.SCHEDULED, remote_ids=(), published_at=None), posts=[]),
    ),
    "in the hands of nobody": (
        Harm.LOST,
        _end(_delivery(state=State.PUBLISHING, remote_ids=(), published_at=None), posts=[]),
    ),
    "uncertain, and to be read at a time that is over": (
        Harm.LOST,
        _end(_delivery(state=State.UNCERTAIN, remote_ids=("11",), settled_at=_DUE)),
    ),
    "uncertain by a fault of Publisher itself": (
        Harm.LOST,
        _end(
            _delivery(
                state=State.UNCERTAIN,
                remote_ids=("11",),
                error_message="Publisher failed while it looked for the post.",
            ),
            posts=[_ONE],
        ),
    ),
    "failed for no reason": (
        Harm.LOST,
        _end(_delivery(state=State.FAILED, remote_ids=(), published_at=None), posts=[]),
    ),
    "public twice": (Harm.DOUBLED, _end(posts=[_ONE, _TWO, _post("13", "two", "11")])),
    "refused by X as a duplicate of its own": (
        Harm.DOUBLED,
        _end(violations=[{"kind": "duplicate-refused", "account": "a", "detail": "11 again"}]),
    ),
    "public before its time": (
        Harm.EARLY,
        _end(posts=[_at(_ONE, _DUE - timedelta(milliseconds=1)), _TWO]),
    ),
    "public under embargo": (
        Harm.EARLY,
        _end(_delivery(embargo_until=_DUE + timedelta(seconds=1))),
    ),
    "public after its expiry": (
        Harm.EXPIRED,
        _end(posts=[_ONE, _at(_TWO, _DUE + timedelta(seconds=16))]),
    ),
    "called missed and out": (
        Harm.UNTRUE,
        _end(_delivery(state=State.MISSED, remote_ids=("11",), error_message="late")),
    ),
    "called failed with all its parts": (
        Harm.UNTRUE,
        _end(_delivery(state=State.FAILED, error_message="refused")),
    ),
    "another id": (Harm.UNTRUE, _end(posts=[_post("99", "one", None), _TWO])),
    "a part that answers nothing": (Harm.UNTRUE, _end(posts=[_ONE, _post("12", "two", None)])),
    "a post of nobody": (Harm.UNTRUE, _end(posts=[_ONE, _TWO, _post("13", "three", None)])),
    "a picture of nobody": (
        Harm.UNTRUE,
        _end(posts=[{**_ONE, "media": [{"sha256": "d", "alt": "x"}]}, _TWO]),
    ),
    "dated before it was sent": (
        Harm.UNTRUE,
        _end(begun={1: _DUE + timedelta(minutes=3)}),
    ),
    "dated long after it was out": (
        Harm.UNTRUE,
        _end(_delivery(published_at=_OUT + timedelta(minutes=2))),
    ),
    "waited on Bluesky until an absence counted": (
        Harm.WAITED,
        _end(_delivery(channel="bluesky")),
    ),
    "uncertain, and further than one part": (
        Harm.UNTRUE,
        _end(
            _delivery(state=State.UNCERTAIN, remote_ids=(), published_at=None, error_message="look")
        ),
    ),
}


def test_nothing_is_found_where_log_and_platform_agree() -> None:
    assert findings(_GOOD) == []


@pytest.mark.parametrize("case", _HARMFUL)
def test_the_verdict_finds(case: str) -> None:
    harm, end = _HARMFUL[case]
    assert harm in _harms(end)


_HARMLESS: dict[str, End] = {
    "found after the ledger forgot that it was sent": _end(begun={}, forgotten=(1,)),
    "deleted posts": _end(posts=[_ONE, _TWO, {**_ONE, "deleted": True}]),
    "a thread that stopped in the middle": _end(
        _delivery(state=State.FAILED, remote_ids=("11",), error_message="refused"), posts=[_ONE]
    ),
    "missed and not out": _end(
        _delivery(state=State.MISSED, remote_ids=(), published_at=None, error_message="late"),
        posts=[],
    ),
    "uncertain for a person, whether it is out or not": _end(
        _delivery(state=State.UNCERTAIN, remote_ids=("11",), error_message="look")
    ),
    "uncertain, and read again in a minute": _end(
        _delivery(
            state=State.UNCERTAIN,
            remote_ids=("11",),
            settled_at=_GOOD.now,
            next_check_at=_GOOD.now + timedelta(minutes=1),
        )
    ),
    "due a minute after a resume": _end(
        _delivery(
            state=State.SCHEDULED,
            remote_ids=(),
            published_at=None,
            next_check_at=_GOOD.now + timedelta(minutes=1),
        ),
        posts=[],
    ),
}


def _scheduled(number: int, minutes: int) -> Delivery:
    return _delivery(
        id=number, state=State.SCHEDULED, remote_ids=(), published_at=None,
        next_check_at=_GOOD.now + timedelta(minutes=minutes),
    )  # fmt: skip


def test_what_an_outage_left_behind_waits_no_longer_than_for_those_before_it() -> None:
    behind = [_scheduled(number, number) for number in range(1, 100)]
    assert findings(replace(_GOOD, deliveries=behind, posts=[])) == []
    lost = _scheduled(100, 161)
    with_it = replace(_GOOD, deliveries=[*behind, lost], posts=[])
    assert [finding.harm for finding in findings(with_it)] == [Harm.LOST]


@pytest.mark.parametrize("case", _HARMLESS)
def test_the_verdict_has_nothing_against(case: str) -> None:
    assert findings(_HARMLESS[case]) == []


@pytest.mark.parametrize(
    ("until", "whom"), [(None, "a person: the token"), (_GOOD.now, f"{_GOOD.now}: the token")]
)
def test_what_a_held_account_has_waits_by_name(until: datetime | None, whom: str) -> None:
    held = AccountStatus("a", None, None, None, _DUE, until, "auth", "the token")
    waiting = _delivery(state=State.SCHEDULED, remote_ids=(), published_at=None)
    end = _end(waiting, accounts=[held], posts=[])
    assert findings(end) == []
    assert waits_for(waiting, end) == whom


def test_what_was_sent_again_is_named() -> None:
    (found,) = findings(_HARMFUL["refused by X as a duplicate of its own"][1])
    assert str(found) == "doubled: p to a: 11 again"


def test_an_orphan_is_what_no_delivery_knows() -> None:
    drafts = [_post(key, "hidden", None, published=False) for key in ("21", "22")]
    known = _delivery(prepared=Prepared(draft_id="21"))
    assert orphans(_end(known, posts=[_ONE, _TWO, *drafts])) == 1
