"""Transport: Celery's way to Redis, which drops messages that are not Celery's.

Anyone with the broker's password may put anything into its queue. To kombu that is an error of its
own, which ends the worker; the next one would take the next such message.
"""

from contextlib import suppress
from typing import Any

from celery.utils.log import get_logger
from kombu.transport import TRANSPORT_ALIASES, redis

from publisher.base.i18n import _

_NOT_OURS = (AttributeError, KeyError, TypeError, ValueError)
"""What kombu and Celery raise for a message of another shape."""

log = get_logger(__name__)  # Celery's, so that equal lines come once a minute


def use() -> None:
    """Have Celery use these transports, by the schemes of the broker's URL."""
    TRANSPORT_ALIASES.update(
        dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"),
        sentinel=f"{__name__}:SentinelTransport",
    )


class _Reading:
    """A channel that goes on after a message that is no JSON."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except ValueError:
            _tell()
            return True


class _Delivering:
    """A transport that drops what Celery cannot take for a task."""

    channels: list[Any]

    def _deliver(self, message: Any, queue: str) -> None:
        try:
            super()._deliver(message, queue)  # type: ignore[misc]
        except _NOT_OURS:
            _tell()
            # It would count as a task that this worker has, and keep it from taking another one.
            with suppress(*_NOT_OURS):
                tag = message["properties"]["delivery_tag"]
                for channel in self.channels:
                    channel.qos.ack(tag)


def _tell() -> None:
    log.warning(_("A message in the broker is not Publisher's, and was thrown away."))


class _Channel(_Reading, redis.Channel):
    pass


class _SentinelChannel(_Reading, redis.SentinelChannel):
    pass


class Transport(_Delivering, redis.Transport):
    """Redis, with and without TLS."""

    Channel = _Channel


class SentinelTransport(_Delivering, redis.SentinelTransport):
    """Redis that Sentinel looks after."""

    Channel = _SentinelChannel
