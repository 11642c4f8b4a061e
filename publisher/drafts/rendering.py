"""Rendering: the content that one account gets of a post."""

import re
from collections.abc import Callable, Iterable, Mapping

from publisher.base import formats
from publisher.base.i18n import _, later, plural
from publisher.channels.registry import in_sentence, title
from publisher.drafts import threads
from publisher.drafts.sections import position_key
from publisher.drafts.tags import cashtags
from publisher.drafts.text_limits import TextLimits, size_in_bytes
from publisher.media.clean_copy import SUFFIXES, Copy
from publisher.media.media_file import MEDIA_TYPES
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, DocumentLimits, VideoLimits
from publisher.model.content import Content, Part, Picture
from publisher.model.posts import Document, MediaItem, Motion, Post
from publisher.model.problems import Findings, Flaw, problem
from publisher.model.values import Position, Problem

Cleaner = Callable[[MediaItem, Capabilities], Copy]

_LONGEST_SUGGESTION = 5
"""Messages; the hint for a longer thread would be too long to read."""
_JITTER = 1.01
"""Tolerance: phones do not keep exactly to their stated frame rate."""
_ANSWERED_WITH = re.compile(r"[@\uff20]\S*|\s")
"""What is no word of an answer: whom it names."""
_PUNCTUATION = "()<>[]{}«»“”\"',.;:!?…"


def recipients(post: Post, accounts: Mapping[str, Account]) -> tuple[list[Account], list[Problem]]:
    """The accounts that get the post, each once, in the order of `to` and of publisher.toml.

    A post without recipients is a problem.
    """
    if found := accounts_named(post.to, post.lang, accounts):
        return found, []
    return [], [problem(post.file, _nobody(post), post.position("to"))]


def accounts_named(
    to: Iterable[str], lang: str | None, accounts: Mapping[str, Account]
) -> list[Account]:
    """The accounts that these names in `to` mean for a draft in the language `lang`.

    An account that is named always gets it. A channel or `all` means the accounts whose language
    is the draft's, and those without a language, which take every draft. Unknown names are left
    out: the parser has reported them.
    """
    found: dict[str, Account] = {}
    for name in to:
        if name in accounts:
            found[name] = accounts[name]
            continue
        for account in accounts.values():
            speaks = account.language is None or account.language == lang
            if speaks and name in ("all", account.channel):
                found[account.name] = account
    return list(found.values())


def _nobody(post: Post) -> Flaw:
    if not post.to:
        hint = _("Add `to:` with accounts, platforms or `all`, or a default in posts/session.yaml.")
        return Flaw("no-recipients", _("The draft does not say which accounts get it."), hint)
    whom = ", ".join(f"`{name}`" for name in post.to)
    if post.lang is None:
        hint = _(
            "Add `lang:`, end the file's name in .fr.md or the like, or name accounts in `to:`."
        )
        message = _("No account of {whom} accepts a draft without a language.", whom=whom)
        return Flaw("no-recipients", message, hint)
    message = _(
        "No account of {whom} is in the draft's language, {language}.",
        whom=whom,
        language=post.lang,
    )
    return Flaw("no-recipients", message, _("Name the accounts in `to:`, or correct the language."))


def section_for(post: Post, account: Account) -> str:
    """The name of the section that the account gets: its own, its channel's, or the common text."""
    for name in (account.name, account.channel):
        if name in post.texts:
            return name
    return ""


def texts(post: Post, account: Account, capabilities: Capabilities) -> tuple[str, ...]:
    """The text of each part, with the link at the end of the last where the channel appends it.

    The link follows after a space, or is alone where there is no text. A link that is already in
    one of the parts is not repeated, and one that goes into a comment is in none of them.
    """
    parts = _written(post, account, capabilities)
    if not post.link or _travels_beside(post, capabilities) or _mentions(parts, post.link):
        return parts
    if comment(post, account, capabilities):
        return parts
    return (*parts[:-1], f"{parts[-1]} {post.link}".strip())


def comment(post: Post, account: Account, capabilities: Capabilities) -> str | None:
    """The first comment below the post: its link, if the draft or else the account wants that.

    None where the channel has none, or where the link is in the text already.
    """
    place = post.link_in or account.options.get("link_in")
    if not post.link or place != "comment" or not capabilities.link_in_comment:
        return None
    return None if _mentions(_written(post, account, capabilities), post.link) else post.link


def _written(post: Post, account: Account, capabilities: Capabilities) -> tuple[str, ...]:
    """The parts as the draft has them, without a link appended."""
    parts = post.texts.get(section_for(post, account), ("",))
    return parts if capabilities.threads else ("\n\n".join(parts),)


def _travels_beside(post: Post, capabilities: Capabilities) -> bool:
    """Whether the channel sends the link as a separate field, not as part of the text."""
    if capabilities.link == "attached-alone":
        return not post.media
    return capabilities.link == "attached"


def _mentions(parts: tuple[str, ...], link: str) -> bool:
    if not any(link in part for part in parts):
        return False
    words = {word for part in parts for word in part.split()}
    return link in words or link in {word.strip(_PUNCTUATION) for word in words}


def render(post: Post, account: Account, capabilities: Capabilities, clean: Cleaner) -> Content:
    """Render exactly what goes out to the account; the pictures go with the first part.

    The same input gives the same content. Raises PictureUnusable if `clean` does.
    """
    pictures = tuple(_picture(item, clean(item, capabilities), capabilities) for item in post.media)
    parts = [
        Part(text=text, pictures=() if number else pictures)
        for number, text in enumerate(texts(post, account, capabilities))
    ]
    is_beside = _travels_beside(post, capabilities)
    if below := comment(post, account, capabilities):
        parts.append(Part(text=below, is_comment=True))
        is_beside = False
    return Content(
        parts=tuple(parts),
        link=post.link if is_beside else None,
        title=post.title,
        lang=post.lang,
        content_warning=post.content_warning if capabilities.content_warnings else None,
        made_with_ai=post.made_with_ai and capabilities.discloses_ai and bool(post.media),
    )


def _picture(item: MediaItem, copy: Copy, capabilities: Capabilities) -> Picture:
    return Picture(
        digest=copy.digest,
        media_type=copy.media_type,
        width=copy.width,
        height=copy.height,
        alt=item.alt,
        credit=item.credit,
        # Not the original's name: it may say who is in the picture.
        name=f"{copy.digest[:16]}{SUFFIXES[copy.media_type]}",
        consent=item.consent,
        denied=item.denied,
        pages=copy.pages,
        captions=item.captions if capabilities.captions_max_bytes else None,
    )


def problems(post: Post, account: Account, capabilities: Capabilities) -> list[Problem]:
    """The problems for which the account's channel would refuse the post."""
    findings = Findings.of_draft(post.file)
    parts = texts(post, account, capabilities)
    for number, text in enumerate(parts, 1):
        if findings.is_full("empty-text") or findings.is_full("too-long"):
            break
        if not (_ANSWERED_WITH.sub("", text) if post.answers else text):
            picture_alone = len(parts) == 1 and post.media
            if not (picture_alone and capabilities.may_be_empty_with_picture):
                empty = _empty(account, number, len(parts), has_names=bool(text))
                findings.add(empty, _place(post, account, number))
        elif flaw := _too_long(post, account, capabilities, number, text):
            findings.add(flaw, _place(post, account, number))
        if flaw := _too_many_cashtags(account, capabilities, text):
            findings.add(flaw, _place(post, account, number))
    _check_pictures(post, account, capabilities, findings)
    return findings.problems


def _place(post: Post, account: Account, number: int) -> Position:
    """The position of a part's text in the draft."""
    section = section_for(post, account)
    first = post.position(position_key(section))
    return post.positions.get(position_key(section, number), first)


def _empty(account: Account, number: int, count: int, *, has_names: bool) -> Flaw:
    named = {"account": account.name, "channel": account.channel}
    if has_names:
        message = _("The text for {account} ({channel}) contains only the reader's name.", **named)
        return Flaw("empty-text", message, _("Write your answer after the name."))
    return Flaw(
        "empty-text",
        _("Part {number} of the text for {account} ({channel}) is empty.", number=number, **named)
        if count > 1
        else _("The text for {account} ({channel}) is empty.", **named),
        _("Write it below the front matter, or under `## {channel}`.", channel=account.channel),
    )


def _too_long(
    post: Post, account: Account, capabilities: Capabilities, number: int, text: str
) -> Flaw | None:
    limits = TextLimits.of(capabilities, post.content_warning)
    counted = limits.length(text)
    if counted <= limits.characters:
        return _too_many_bytes(account, limits, text)
    excess = counted - limits.characters
    written = _written(post, account, capabilities)[number - 1]
    cost = counted - limits.length(written)
    hints = [_("`link:` costs {cost} of them, at the end.", cost=cost)] if cost else []
    if taken := limits.characters - limits.room:
        hints.append(_("The content warning costs {cost} of them.", cost=taken))
    if capabilities.threads:
        hints.append(_thread(text, limits))
    else:
        hints.append(
            _("Shorten it, or write another text under `## {channel}`.", channel=account.channel)
        )
    is_own = capabilities.counting in ("weighted", "shortened")
    message = _(
        _TOO_LONG[number > 1, is_own],
        number=number,
        account=account.name,
        channel=account.channel,
        excess=excess,
        counted=counted,
        limit=limits.characters,
        platform=in_sentence(account.channel),
    )
    return Flaw("too-long", message, " ".join(hints))


def _too_many_bytes(account: Account, limits: TextLimits, text: str) -> Flaw | None:
    limit, counted = limits.bytes, size_in_bytes(text)
    if limit is None or counted <= limit:
        return None
    message = _(
        "The text for {account} ({channel}) has {counted} bytes; the limit is {limit}.",
        account=account.name,
        channel=account.channel,
        counted=counted,
        limit=limit,
    )
    hint = _("Shorten it: emoji, and letters with many accents, take several bytes each.")
    return Flaw("too-long", message, hint)


_TOO_LONG = {
    (False, False): later(
        "The text for {account} ({channel}) is {excess} too long: {counted} of {limit} characters."
    ),
    (False, True): later(
        "The text for {account} ({channel}) is {excess} too long: {counted} of {limit} "
        "characters, as {platform} counts them."
    ),
    (True, False): later(
        "Part {number} of the text for {account} ({channel}) is {excess} too long: {counted} of "
        "{limit} characters."
    ),
    (True, True): later(
        "Part {number} of the text for {account} ({channel}) is {excess} too long: {counted} of "
        "{limit} characters, as {platform} counts them."
    ),
}
"""Messages by (is a later part of a thread, the platform counts in a way of its own)."""


def _too_many_cashtags(account: Account, capabilities: Capabilities, text: str) -> Flaw | None:
    limit = capabilities.max_cashtags
    if limit is None or len(found := cashtags(text)) <= limit:
        return None
    message = plural(
        "{channel} accepts {number} cashtag in a post, and refuses one with {tags}.",
        "{channel} accepts {number} cashtags in a post, and refuses one with {tags}.",
        limit,
        channel=title(account.channel),
        tags=", ".join(f"${tag}" for tag in found),
    )
    return Flaw("too-many-cashtags", message, _("Write the others without `$`."))


def _thread(text: str, limits: TextLimits) -> str:
    """The hint that says where lines `---` would split the text into a thread."""
    short = limits.length(text) <= limits.characters * _LONGEST_SUGGESTION
    parts = threads.suggestion(text, limits) if short else ()
    if not parts:
        return _("Shorten it, or split it into a thread with a line `---`.")
    ends = ", ".join(f"\u201c…{' '.join(part.split())[-25:]}\u201d" for part in parts[:-1])
    return plural(
        "Shorten it, or split it into {number} message with a line `---` after {ends}; "
        "`publisher count FILE --split` prints it.",
        "Shorten it, or split it into {number} messages with a line `---` after {ends}; "
        "`publisher count FILE --split` prints them.",
        len(parts),
        ends=ends,
    )


def _check_pictures(
    post: Post, account: Account, capabilities: Capabilities, findings: Findings
) -> None:
    channel, limit = title(account.channel), capabilities.max_pictures
    if len(post.media) > limit:
        message = _(
            "{channel} accepts at most {limit} pictures, and there are {number}.",
            channel=channel,
            limit=limit,
            number=len(post.media),
        )
        hint = _("Leave some out, or make another draft for {channel}.", channel=channel)
        findings.error("too-many-pictures", post.media[limit].position, message, hint)
    stills = [item for item in post.media if not item.motion and not item.document]
    if stills and not capabilities.picture_types & MEDIA_TYPES:
        message = _(
            "{channel} accepts neither JPEG nor PNG, so no picture can go there.", channel=channel
        )
        findings.error("media-unsupported", stills[0].position, message)
    alone = [item for item in post.media if item.motion or item.document]
    if alone and len(post.media) > 1 and capabilities.motion_stands_alone:
        message = _(
            "{channel} accepts a GIF, video or PDF only on its own, and the draft has {number} "
            "files.",
            channel=channel,
            number=len(post.media),
        )
        hint = _("Leave the others out, or make another draft for {channel}.", channel=channel)
        findings.error("media-mixed", alone[0].position, message, hint)
    for item in alone:
        if item.motion and (flaw := _flaw_of_motion(item.motion, channel, capabilities)):
            findings.add(flaw, item.position)
        if item.document and (
            flaw := _flaw_of_document(item.document, channel, capabilities.documents)
        ):
            findings.add(flaw, item.position)
        most = capabilities.captions_max_bytes
        if item.captions and most and (excess := len(item.captions.data) - most) > 0:
            message = _(
                "The captions of the video have {excess} bytes too many for {channel}, which "
                "accepts {limit}.",
                excess=formats.number(excess),
                channel=channel,
                limit=formats.number(most),
            )
            hint = _("Shorten them, or make another draft for {channel}.", channel=channel)
            findings.error("captions-too-long", item.position, message, hint)
    for item in post.media:
        limit = (item.motion and capabilities.motion_alt_text_max) or capabilities.alt_text_max
        excess = len(item.alt) - limit
        if excess > 0:
            message = _(
                "The picture description is {excess} characters too long for {channel}, which "
                "accepts {limit}.",
                excess=excess,
                channel=channel,
                limit=limit,
            )
            hint = _("Say first what matters in the picture, and leave the rest out.")
            findings.error("alt-too-long", item.position, message, hint)


def _flaw_of_document(
    document: Document, channel: str, limits: DocumentLimits | None
) -> Flaw | None:
    if limits is None:
        hint = _(
            "Make another draft for {channel}, with a picture of the first page and a link.",
            channel=channel,
        )
        return Flaw("media-unsupported", _("PDFs cannot go to {channel}.", channel=channel), hint)
    if limits.max_pages is not None and document.pages > limits.max_pages:
        message = _(
            "{channel} accepts documents of up to {limit} pages; this has {pages}.",
            channel=channel,
            limit=limits.max_pages,
            pages=document.pages,
        )
        return Flaw("document-limits", message, _("Take pages out, or split it into two posts."))
    return None


def _flaw_of_motion(motion: Motion, channel: str, capabilities: Capabilities) -> Flaw | None:
    """Why a GIF or video cannot go to a channel. A GIF that is only too big is scaled down."""
    if motion.kind == "video":
        return _flaw_of_video(motion, channel, capabilities.videos)
    limits = capabilities.gifs
    if limits is None:
        message = _("Animated GIFs cannot go to {channel}.", channel=channel)
        hint = _(
            "Show one of its frames as a picture, or make another draft for {channel}.",
            channel=channel,
        )
        return Flaw("media-unsupported", message, hint)
    if motion.frames > limits.max_frames:
        message = _(
            "{channel} accepts GIFs of up to {limit} frames; this has {frames}.",
            channel=channel,
            limit=limits.max_frames,
            frames=motion.frames,
        )
        return Flaw("too-many-frames", message, _("Make it shorter."))
    return None


def _flaw_of_video(motion: Motion, channel: str, limits: VideoLimits | None) -> Flaw | None:
    if limits is None:
        hint = _("Make another draft for {channel}, with a picture or a link.", channel=channel)
        return Flaw("media-unsupported", _("Videos cannot go to {channel}.", channel=channel), hint)
    if not limits.min_seconds <= motion.seconds <= limits.max_seconds:
        text = _(
            "{channel} accepts videos of {least:g} to {most:g} seconds; this has {seconds:.1f}.",
                 channel=channel, least=limits.min_seconds, most=limits.max_seconds,
                 seconds=motion.seconds)  # fmt: skip
        return Flaw(
            "video-limits", text, _("Cut it, or make another draft for {channel}.", channel=channel)
        )
    short, long = sorted((motion.width, motion.height))
    if short < limits.min_side or short > limits.max_short_side or long > limits.max_long_side:
        text = _(
            "{channel} accepts videos from {least} pixels a side to {long} x {short}; this has "
            "{width} x {height}.",
                 channel=channel, least=limits.min_side, long=limits.max_long_side,
                 short=limits.max_short_side, width=motion.width, height=motion.height)  # fmt: skip
        return Flaw(
            "video-limits", text, _("Export it as 1280 x 720, or as 720 x 1280 if it is upright.")
        )
    if (rate := motion.frames / motion.seconds) > limits.max_rate * _JITTER:
        text = _("{channel} accepts videos of up to {most} frames a second; this has {rate:.0f}.",
                 channel=channel, most=limits.max_rate, rate=rate)  # fmt: skip
        return Flaw("video-limits", text, _("Export it with 30 frames a second."))
    return None
