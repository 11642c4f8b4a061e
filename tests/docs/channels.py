"""docs/adding-a-channel.md and docs/sandbox.md: what channels can do, and how platforms fail."""

from collections.abc import Callable
from datetime import timedelta

from publisher.channels.engagement import MetricSource
from publisher.channels.registry import CAPABILITIES, SPECS
from publisher.model.capabilities import Capabilities, DocumentLimits, GifLimits, Rate, VideoLimits
from publisher.model.engagement import Metric
from publisher.sandbox.fault_kinds import FaultEffect
from publisher.sandbox.platforms import FAULT_KINDS, NOT_EVERYWHERE, PLATFORMS
from tests.docs.tables import table

_COUNTED = {
    "weighted": "as X weighs",
    "characters": "code points",
    "shortened": "as Mastodon shortens",
    "graphemes": "graphemes",
}


def _sent_twice(can: Capabilities) -> str:
    if can.repeats_safely:
        return "once"
    return "replaces itself" if can.replaces_itself else "twice"


_FEATURES: tuple[tuple[str, Callable[[Capabilities], str]], ...] = (
    ("longest text", lambda c: f"{c.max_length:,}"),
    ("counted", lambda c: _COUNTED[c.counting]),
    ("longest in bytes", lambda c: f"{c.max_bytes:,}" if c.max_bytes else "–"),
    ("threads", lambda c: "yes" if c.threads else "joined"),
    (
        "`link:`",
        lambda c: {
            "appended": "in the text",
            "attached": "a card",
            "attached-alone": "a card; with pictures, in the text",
        }[c.link],
    ),
    ("the link in a comment", lambda c: "possible" if c.link_in_comment else "no"),
    ("pictures in a post", lambda c: str(c.max_pictures)),
    ("types of picture", lambda c: ", ".join(sorted(t[6:].upper() for t in c.picture_types))),
    ("a picture's file, MB", lambda c: f"{c.picture_max_bytes / 1_000_000:.3g}"),
    ("alternative text", lambda c: f"{c.alt_text_max:,}"),
    ("animated GIFs: frames, MB", lambda c: _gifs(c.gifs) if c.gifs else "no"),
    (
        "videos: seconds, pixels, pictures a second",
        lambda c: _videos(c.videos) if c.videos else "no",
    ),
    ("alternative text of GIFs", lambda c: "yes" if c.gifs_have_alt_texts else "no"),
    ("alternative text of videos", lambda c: "yes" if c.videos_have_alt_texts else "no"),
    ("its length, and a GIF's", lambda c: f"{c.motion_alt_text_max or c.alt_text_max:,}"),
    (
        "captions of videos, bytes",
        lambda c: f"{c.captions_max_bytes:,}" if c.captions_max_bytes else "no",
    ),
    ("captions in a known language alone", lambda c: "yes" if c.captions_need_language else "no"),
    ("content warning", lambda c: "yes" if c.content_warnings else "no"),
    (
        "documents (PDF): MB, pages",
        lambda c: _documents(c.documents) if c.documents else "no",
    ),
    (
        "a GIF, video or document",
        lambda c: "alone" if c.motion_stands_alone else "among others",
    ),
    ("made unseen before its time", lambda c: "yes" if c.prepares_posts else "no"),
    ("made at its instant instead", lambda c: "yes" if c.can_create_at_once else "no"),
    (
        "cashtags in a post",
        lambda c: "any" if c.max_cashtags is None else str(c.max_cashtags),
    ),
    ("readers see its title", lambda c: "yes" if c.shows_titles else "no"),
    ("a post that is out can be edited", lambda c: "yes, its words" if c.edits else "no"),
    ("shows what was made with AI", lambda c: "yes" if c.discloses_ai else "no"),
    ("posts that fit", lambda c: ", ".join(map(_rate, c.rates)) or "–"),
    ("pictures without text", lambda c: "yes" if c.may_be_empty_with_picture else "no"),
    ("sent twice", _sent_twice),
    (
        "after a lost answer",
        lambda c: "sent again" if c.repeats_safely else "read first",
    ),
)


def _rate(rate: Rate) -> str:
    hours, minutes = rate.window // timedelta(hours=1), rate.window // timedelta(minutes=1)
    window = f"{hours} h" if hours else f"{minutes} min"
    what = " uploads" if rate.counted == "uploads" else ""
    return f"{rate.most:,}{what} in {window}{' (app)' if rate.of_app else ''}"


def _gifs(limits: GifLimits) -> str:
    return f"{limits.max_frames}, {limits.max_bytes // 1_000_000}"


def _documents(limits: DocumentLimits) -> str:
    size = f"{limits.max_bytes / 1_000_000:g}"
    return f"{size}, {limits.max_pages}" if limits.max_pages else size


def _videos(limits: VideoLimits) -> str:
    return (
        f"{limits.min_seconds:g}–{limits.max_seconds:g}, {limits.max_long_side}×"
        f"{limits.max_short_side}, {limits.max_rate}"
    )


def _figures(source: MetricSource | None) -> str:
    return ", ".join(metric for metric in Metric if source and metric in source.gives) or "no"


def capabilities() -> str:
    rows = [(name, *(show(found) for found in CAPABILITIES.values())) for name, show in _FEATURES]
    rows.append(("figures", *(_figures(spec.metrics) for spec in SPECS.values())))
    return table(("", *(f"`{channel}`" for channel in CAPABILITIES)), rows)


def faults() -> str:
    """The kinds that every platform plays."""
    rows = [
        (f"`{what}`", what.about, "no" if what.effect is FaultEffect.REFUSES else "yes")
        for what in FAULT_KINDS.values()
        if what not in NOT_EVERYWHERE
    ]
    return table(("`what`", "what happens", "is the request carried out?"), rows)


def own_faults() -> str:
    """The kinds of single platforms, and the requests that a rule can name."""
    rows = [
        (
            f"`{channel}`",
            ", ".join(f"`{what}`" for what in sorted(spec.faults)),
            ", ".join(f"`{operation.name}`" for operation in spec.operations),
        )
        for channel, spec in PLATFORMS.items()
    ]
    return table(("`channel`", "`what`", "`endpoint`"), rows)
