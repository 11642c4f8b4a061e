"""Limits of the platforms: every number of the sandbox, with its source.

Rate limits count in windows that begin with their first request, by the sandbox's clock.
"""

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


# docs.x.com/x-api/fundamentals/rate-limits (2026-11).
X_RATES: dict[str, tuple[Allowance, ...]] = {
    "createPosts": (Allowance(100, QUARTER), Allowance(10_000, DAY, "app")),
    "deletePosts": (Allowance(50, QUARTER),),
    "getPostsById": (Allowance(900, QUARTER),),
    "getUsersPosts": (Allowance(900, QUARTER),),
    "getUsersMe": (Allowance(75, QUARTER),),
    "mediaUpload": (Allowance(500, QUARTER),),
    "getMediaUploadStatus": (Allowance(1_000, QUARTER),),
    "initializeMediaUpload": (Allowance(1_875, QUARTER),),
    "appendMediaUpload": (Allowance(1_875, QUARTER),),
    "finalizeMediaUpload": (Allowance(1_875, QUARTER),),
    "createMediaMetadata": (Allowance(500, QUARTER),),
}

X_TEXT = 280  # weighted; developer docs, "Counting characters", config v3
X_PICTURES = 4  # docs.x.com/x-api/media/quickstart/best-practices, also what follows
X_IMAGE_BYTES = 5 * 1024**2
X_GIF_BYTES = 15 * 1024**2
X_GIF_WIDTH, X_GIF_HEIGHT, X_GIF_FRAMES = 1280, 1080, 350
X_GIF_PIXELS = 300_000_000  # of all frames together
X_VIDEO_BYTES = 512 * 1024**2
X_VIDEO_SECONDS = (0.5, 140.0)
X_VIDEO_LEAST_SIDE, X_VIDEO_LONG_SIDE, X_VIDEO_SHORT_SIDE = 32, 1920, 1200
"""The page names 1280 x 1024, and 1080p for paying users; X was observed to take 1920 x 1200."""
X_VIDEO_RATE = 60  # pictures a second
X_SEGMENT_BYTES = 5 * 1024**2
X_IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
X_VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/mp2t"})
X_ALT_TEXT = 1_000  # OpenAPI 2.167, CreateMediaMetadataMetadataAltText
X_MEDIA_LIFE = DAY  # `expires_after_secs` 86400 in the media quickstart
X_DUPLICATE_AGE = DAY
"""X does not document how long it remembers a text; a day is longer than any retry."""

PAGE_MESSAGE = 63_206  # characters; a third party's figure, Meta documents none
PAGE_PICTURE_BYTES = 4_000_000
"""Meta's reference of Page photos names 10 MB; in practice it refuses photos from 4 MB on (error
100, subcode 1366046: facebookarchive/php-graph-sdk 711, ralfstx/minimal-json 124)."""
PAGE_PICTURE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"}
)
PAGE_DUPLICATE_AGE = DAY
PAGE_READ_LIMIT = 100  # reference/page/feed: "a maximum of 100"
PAGE_CALLS = Allowance(48_000, DAY, "page")
"""Meta allows 4,800 calls a day for each engaged reader (docs/graph-api/overview/rate-limiting);
the Pages of the sandbox have ten."""

REAL_PROCESSING_SECONDS = 1.0
"""The processing time of a video or an animated GIF, in real seconds."""
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
