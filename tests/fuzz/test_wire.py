"""Whatever comes over the wire, each channel tells an outcome in time, and mixes up no two
answers.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.base.clock import SystemClock
from publisher.channels.base import Channel, NotPrepared
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Outcome, Sighting
from tests.fuzz.effort import bounded, fuzzed
from tests.fuzz.test_meanings import look_at
from tests.fuzz.wire import RawAnswer, Server, raw_answers, serving
from tests.support.sending import send

TIMEOUT = 0.25  # seconds for a request
_CREDENTIALS = {
    "twitter": dict.fromkeys(("api_key", "api_secret", "access_token_secret"), "hunter2-hunter2")
    | {"access_token": "7-hunter2"},
    "facebook": {"page_token": "hunter2-hunter2", "app_secret": "hunter2-hunter2"},
    "linkedin": {"access_token": "hunter2-hunter2"},
}
_OPTIONS = {"organization_id": "2414183"}
_CONTENT = Content(parts=(Part(text="Bonjour"),), lang="fr")
_READY = Prepared(draft_id="100200300_1", digest=_CONTENT.digest)
Act = Callable[[Channel, Parcel], Outcome | Sighting]


def _send(channel: Channel, parcel: Parcel) -> Outcome | Sighting:
    return send(channel, parcel, _READY, ())


def _prepare(channel: Channel, parcel: Parcel) -> Outcome | Sighting:
    try:
        prepared = channel.prepare(parcel, Prepared(), lambda _digest: b"")
    except NotPrepared as problem:
        return problem.outcome
    return Accepted(prepared.draft_id or "nothing")


def _find(channel: Channel, parcel: Parcel) -> Outcome | Sighting:
    return channel.find(parcel, _READY, (), parcel.due_at)


def _withdraw(channel: Channel, _parcel: Parcel) -> Outcome | Sighting:
    return channel.withdraw("100200300_1", Prepared())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@fuzzed(150)
@given(
    name=st.sampled_from(tuple(_CREDENTIALS)),
    acts=st.lists(
        st.sampled_from((_send, _send, _prepare, _find, _withdraw)), min_size=1, max_size=3
    ),
    answers=st.lists(raw_answers(), min_size=1, max_size=3),
)
def test_any_bytes_lead_to_an_outcome(
    server: Server, name: str, acts: list[Act], answers: list[RawAnswer]
) -> None:
    clock = SystemClock()
    options = ChannelOptions(
        timedelta(seconds=TIMEOUT),
        Path("/nowhere"),
        clock,
        dict.fromkeys(_CREDENTIALS, server.address),
    )
    account = Account(name="bice", channel=name, page_id="100200300", options=_OPTIONS)
    channel = open_channel(account, _CREDENTIALS[name], options)
    parcel = Parcel(post="a.fr", account="bice", content=_CONTENT, due_at=clock.now())
    for act in acts:
        server.answers, before = list(answers), server.given
        begin = time.monotonic()
        with bounded(5):
            outcome = act(channel, parcel)
        assert time.monotonic() - begin < 2 * len(answers) + 2
        look_at(outcome, needs_id=act is not _withdraw, now=clock.now())
        if act is _send:
            assert server.given <= before + 1, "one intent, one request"
        if act is _send and isinstance(outcome, Accepted):
            assert outcome.remote_id not in server.ids_until(before), "an earlier answer was taken"
