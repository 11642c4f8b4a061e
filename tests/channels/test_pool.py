"""Channels that are lent: to one thread at a time, used again, and not more of them than some."""

from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import pytest

from publisher.base.errors import CredentialsMissing
from publisher.channels import pool as module
from publisher.channels.base import Channel
from publisher.channels.pool import Pool


@pytest.fixture
def opened() -> list[str]:
    """The accounts of which channels were opened."""
    return []


@pytest.fixture
def pool(opened: list[str]) -> Pool:
    numbers = count(1)

    def open_channel(account: str) -> Channel:
        opened.append(account)
        return cast("Channel", Line(f"{account} {next(numbers)}"))

    return Pool(open_channel)


@dataclass(eq=False)
class Line:
    """Stands for a channel."""

    name: str


def lent(pool: Pool, account: str) -> Any:
    with pool.lend(account) as channel:
        return channel


def test_a_channel_that_was_given_back_is_lent_again(pool: Pool, opened: list[str]) -> None:
    assert lent(pool, "bice-x") == lent(pool, "bice-x")
    assert lent(pool, "lima-x") != lent(pool, "bice-x")
    assert opened == ["bice-x", "lima-x"]


def test_no_two_have_the_same_one(pool: Pool) -> None:
    with pool.lend("bice-x") as one, pool.lend("bice-x") as other:
        assert one != other
    assert lent(pool, "bice-x") == one, "the one that was used last"


def test_who_fails_gives_it_back(pool: Pool, opened: list[str]) -> None:
    with pytest.raises(RuntimeError), pool.lend("bice-x"):
        raise RuntimeError
    lent(pool, "bice-x")
    assert opened == ["bice-x"]


def test_those_that_were_used_last_stay_open(
    pool: Pool, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a burst, and of a hundred thousand accounts."""
    monkeypatch.setattr(module, "_MOST_IDLE", 3)
    with ExitStack() as stack:
        for _ in range(5):
            stack.enter_context(pool.lend("burst"))
    for account in ("a", "b"):
        lent(pool, account)
    lent(pool, "a")
    opened.clear()
    for account in ("a", "b", "burst"):
        lent(pool, account)
    assert opened == []
    for account in ("c", "d", "e", "a"):
        lent(pool, account)
    assert opened == ["c", "d", "e", "a"]


def test_what_cannot_be_opened_is_told_to_who_wants_it() -> None:
    def refuse(_account: str) -> Channel:
        raise CredentialsMissing("No key.")

    pool = Pool(refuse)
    for _ in range(2):
        with pytest.raises(CredentialsMissing):
            lent(pool, "bice-x")
