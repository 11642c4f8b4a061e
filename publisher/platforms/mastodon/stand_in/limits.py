"""Limits of a Mastodon server by default, with their sources."""

from datetime import timedelta

from publisher.platforms.mastodon.stand_in.refusals import MastodonFault
from publisher.sandbox.endpoints import Call
from publisher.sandbox.limits import DAY, Allowance

_HALF_HOUR = timedelta(minutes=30)
_OF_ALL = Allowance(300, timedelta(minutes=5))
# config/initializers/rack_attack.rb and app/lib/rate_limiter.rb of Mastodon 4.6.
RATES = {
    "postStatus": Allowance(300, timedelta(hours=3)),
    "putStatus": Allowance(300, timedelta(hours=3)),  # app/lib/rate_limiter.rb, family statuses
    "deleteStatus": Allowance(30, _HALF_HOUR),
    "uploadMedia": Allowance(30, _HALF_HOUR),
}
"""By operation; all others share `OF_READING`."""
OF_READING = _OF_ALL

TEXT = 500  # app/validators/status_length_validator.rb
OTHER_TEXT = 1_000
"""Of a server with a limit of its own (`other-limits`)."""
ATTACHMENTS = 4  # app/models/status.rb, MEDIA_ATTACHMENTS_LIMIT
ALT_TEXT = 1_500  # app/models/media_attachment.rb, also what follows
IMAGE_BYTES = 16 * 1024**2
VIDEO_BYTES = 99 * 1024**2
VIDEO_RATE = 120
VIDEO_FRAMES = 36_000
VIDEO_PIXELS = 8_294_400
IMAGE_TYPES = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif"}
)
VIDEO_TYPES = frozenset({"video/webm", "video/mp4", "video/quicktime"})
MEDIA_LIFE = DAY  # app/lib/vacuum/media_attachments_vacuum.rb
KEY_LIFE = timedelta(hours=1)  # app/services/post_status_service.rb
PAGE, LONGEST_PAGE = 20, 40

REAL_PROCESSING_SECONDS = 1.0
"""The processing time of a video or an animated GIF, in real seconds."""


def text(call: Call) -> int:
    """The characters that the server takes, by its faults."""
    return OTHER_TEXT if call.changed(MastodonFault.OTHER_LIMITS) else TEXT
