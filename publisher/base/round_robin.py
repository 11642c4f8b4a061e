"""Whose turn it is, where many posts of one account must not keep another's waiting."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeVar

Item = TypeVar("Item")


def by_turns(accounts: Iterable[Sequence[Item]]) -> Iterator[Item]:
    """The first of each account, then the second of each, and so on."""
    for turn in zip_longest(*accounts):
        yield from (item for item in turn if item is not None)
