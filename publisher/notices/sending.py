"""Sending of news: one message in a service's turn, recorded once the service has taken it."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

import structlog

from publisher.base.i18n import _
from publisher.notices.message import Message
from publisher.notices.services import Service

_Item = TypeVar("_Item")

log = structlog.get_logger()


class _Source(Protocol[_Item]):
    """News of one kind, for services and for people."""

    def claim(self, service: str) -> int | None: ...
    def untold(self, service: str) -> list[_Item]: ...
    def told(self, service: str, turn: int, items: Sequence[_Item]) -> None: ...
    def not_told(self, service: str, turn: int) -> None: ...


def send_news(
    news: _Source[_Item],
    service: Callable[[], Service],
    name: str,
    compose: Callable[[Sequence[_Item]], Message],
) -> Sequence[_Item]:
    """Send all unsent news in one message, if it is this process's turn; returns what was sent.

    `service` opens the service once there is a message; `name` is the service's in the ledger. If
    it cannot be opened, or refused the message, that is raised, and it is tried again later.
    """
    turn = news.claim(name)
    if turn is None:
        return []
    try:
        items = news.untold(name)
        if items:
            service().send(_composed(items, compose))
    except Exception:
        news.not_told(name, turn)
        raise
    news.told(name, turn, items)
    return items


def _composed(items: Sequence[_Item], compose: Callable[[Sequence[_Item]], Message]) -> Message:
    """The message about all items; one that cannot be put into words is told of without them."""
    try:
        return compose(items)
    except Exception:
        log.exception("a notice cannot be put into words")
    message, sound = _wordless(), list[_Item]()
    for item in items:
        with suppress(Exception):
            message = compose([*sound, item])
            sound.append(item)
    return Message(message.title, f"{message.body}\n\n{_wordless().body}") if sound else message


def _wordless() -> Message:
    return Message(
        _("Publisher: something needs attention"),
        _(
            "Something else needs attention, but Publisher failed to describe it. `publisher "
            "status` shows it, and the log says what failed."
        ),
    )
