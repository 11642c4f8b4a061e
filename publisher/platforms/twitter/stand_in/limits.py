"""Limits of X, with their sources."""

from publisher.sandbox.limits import DAY, QUARTER, Allowance

# docs.x.com/x-api/fundamentals/rate-limits (2026-11).
RATES: dict[str, tuple[Allowance, ...]] = {
    "createPosts": (Allowance(100, QUARTER), Allowance(10_000, DAY, "app")),
    "deletePosts": (Allowance(50, QUARTER),),
    "getPostsById": (Allowance(900, QUARTER),),
    "getPostsByIds": (Allowance(900, QUARTER),),
    "getUsersPosts": (Allowance(900, QUARTER),),
    # Of these X's page names the mentions (300) and hiding (50); a lookup is as one of one post.
    "getUsersMentions": (Allowance(300, QUARTER),),
    "hidePostsReply": (Allowance(50, QUARTER),),
    "getUsersMe": (Allowance(75, QUARTER),),
    "mediaUpload": (Allowance(500, QUARTER),),
    "getMediaUploadStatus": (Allowance(1_000, QUARTER),),
    "initializeMediaUpload": (Allowance(1_875, QUARTER),),
    "appendMediaUpload": (Allowance(1_875, QUARTER),),
    "finalizeMediaUpload": (Allowance(1_875, QUARTER),),
    "createMediaMetadata": (Allowance(500, QUARTER),),
    "createMediaSubtitles": (Allowance(100, QUARTER),),  # not documented
}

TEXT = 280  # weighted; developer docs, "Counting characters", config v3
LONG_TEXT = 25_000  # weighted; docs.x.com, manage posts, for accounts with Premium
PICTURES = 4  # docs.x.com/x-api/media/quickstart/best-practices, also what follows
IMAGE_BYTES = 5 * 1024**2
GIF_BYTES = 15 * 1024**2
GIF_WIDTH, GIF_HEIGHT, GIF_FRAMES = 1280, 1080, 350
GIF_PIXELS = 300_000_000  # of all frames together
VIDEO_BYTES = 512 * 1024**2
VIDEO_SECONDS = (0.5, 140.0)
VIDEO_LEAST_SIDE, VIDEO_LONG_SIDE, VIDEO_SHORT_SIDE = 32, 1920, 1200
"""The page names 1280 x 1024, and 1080p for paying users; X was observed to take 1920 x 1200."""
VIDEO_RATE = 60  # pictures a second
SEGMENT_BYTES = 5 * 1024**2
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
VIDEO_TYPES = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/mp2t"})
SUBTITLE_BYTES = 1_000_000  # not documented
SUBTITLE_TYPES = frozenset({"text/srt", "text/vtt"})  # OpenAPI 2.167, InitializeMediaUploadRequest
ALT_TEXT = 1_000  # OpenAPI 2.167, CreateMediaMetadataMetadataAltText
MEDIA_LIFE = DAY  # `expires_after_secs` 86400 in the media quickstart
DUPLICATE_AGE = DAY
"""X does not document how long it remembers a text; a day is longer than any retry."""

REAL_PROCESSING_SECONDS = 1.0
"""The processing time of a video or an animated GIF, in real seconds."""
