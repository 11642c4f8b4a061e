"""The dispatcher: ten times a second it claims what falls due soon and hands it to the workers.

Run it as `python -m workers.dispatcher`; any number of them may run at once, because a claim is
a compare-and-set in the ledger. If the broker does not take a batch, the claims go back to the
schedule, and the next tick tries again.
"""

import signal
import sys
import time
from types import FrameType

import structlog
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from publisher.app import Application
from publisher.delivery import LOOK_AHEAD, Leases
from publisher.errors import PublisherError
from publisher.models import Claim
from workers.app import publisher
from workers.tasks import publish

_TICK = 0.1  # real seconds
_PAUSE_IN_TROUBLE = 1.0
_BATCH = 25  # an empty task costs as much as a post: one task for many
_CLAIM_LIMIT = 1000

# Whatever kombu or redis raise when the broker is down, slow or refuses.
_BROKER_ERRORS = (OperationalError, RedisError, OSError)

log = structlog.get_logger()


class Dispatcher:
    """One loop over the ledger."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._lease = Leases.for_timeout(app.settings.delivery.request_timeout).claimed
        self._stopped = False
        self._troubled = False

    def run(self) -> None:
        """Tick until `stop` is called."""
        while not self._stopped:
            try:
                self.tick()
                self._troubled = False
            except PublisherError as error:
                if not self._troubled:
                    log.warning("tick failed; trying on", error=str(error), hint=error.hint)
                self._troubled = True
                time.sleep(_PAUSE_IN_TROUBLE)
            time.sleep(_TICK)

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End after the tick that is under way."""
        self._stopped = True

    def tick(self) -> int:
        """Expire, reap, claim and hand over; how many were handed over."""
        dispatch, clock = self._app.dispatch, self._app.clock
        dispatch.expire()
        dispatch.reap()
        claims = dispatch.claim(clock.ahead(LOOK_AHEAD), clock.ahead(self._lease), _CLAIM_LIMIT)
        for start in range(0, len(claims), _BATCH):
            self._hand_over(claims[start : start + _BATCH])
        return len(claims)

    def _hand_over(self, batch: list[Claim]) -> None:
        try:
            publish.apply_async(([(claim.delivery, claim.version) for claim in batch],))
        except _BROKER_ERRORS as error:
            log.warning("the broker took no message", error=type(error).__name__)
            self._app.dispatch.release(batch)


def main() -> int:
    dispatcher = Dispatcher(publisher())
    signal.signal(signal.SIGTERM, dispatcher.stop)
    signal.signal(signal.SIGINT, dispatcher.stop)
    dispatcher.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
