"""Rate limits: windows that begin with their first request, by the sandbox's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rate limit: requests in a window, per `user`, `app` or `page`."""

    requests: int
    window: timedelta
    per: str = "user"


PIXELS = 100_000_000
"""A picture with more pixels counts as a decompression bomb."""


@dataclass(slots=True)
class _Window:
    ends: datetime
    used: int = 0


@dataclass(frozen=True, slots=True)
class LimitStanding:
    """The state of one rate limit after a request."""

    allowance: Allowance
    used: int
    ends: datetime
    exceeded: bool
    """Whether this limit refuses the request."""

    @property
    def remaining(self) -> int:
        return max(0, self.allowance.requests - self.used)

    @property
    def reset(self) -> int:
        """When the window ends, in seconds since 1970."""
        return int(self.ends.astimezone(UTC).timestamp()) + 1


class Meter:
    """Counts requests against rate limits."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str, Allowance], _Window] = {}

    def count(
        self, name: str, payers: dict[str, str], allowances: tuple[Allowance, ...], now: datetime
    ) -> list[LimitStanding]:
        """Count one request; `payers` names the user, app or page for each `per`. A refused
        request counts for no limit.
        """
        windows = [
            (allowance, self._window(name, payers[allowance.per], allowance, now))
            for allowance in allowances
        ]
        accepted = all(window.used < allowance.requests for allowance, window in windows)
        if accepted:
            for _, window in windows:
                window.used += 1
        return [
            LimitStanding(
                allowance,
                window.used,
                window.ends,
                exceeded=not accepted and window.used >= allowance.requests,
            )
            for allowance, window in windows
        ]

    def _window(self, name: str, payer: str, allowance: Allowance, now: datetime) -> _Window:
        key = (name, payer, allowance)
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = _Window(now + allowance.window)
        return window
