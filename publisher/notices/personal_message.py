"""Text of a notice to one person: what waits for them, or became of their posts, and where it is.

A post is named, but not quoted: it may be under embargo, and so may the words of a note.
"""

from collections.abc import Sequence
from datetime import tzinfo
from urllib.parse import quote, urlencode

from publisher.base.i18n import _, later, plural
from publisher.base.text import harmless
from publisher.ledger.news.notice_addresses import Topic
from publisher.ledger.news.personal_news import PersonalItem
from publisher.model.states import State
from publisher.notices.message import Message, time_text

_SHOWN = 20
_TITLES = {
    Topic.COMMENTS: later("comments under {post} need your attention"),
    Topic.WAITS: later("{post} waits for your approval"),
    Topic.DUE: later("{post} is due soon, and waits for your approval"),
    Topic.APPROVED: later("{post} was approved"),
    Topic.REJECTED: later("{post} was sent back to you"),
    Topic.MENTIONED: later("{name} mentioned you in a note on {post}"),
}
_TROUBLES = {
    State.FAILED: later("{post} failed"),
    State.MISSED: later("{post} was missed: it did not go out in time"),
    State.UNCERTAIN: later("{post} is uncertain: it may or may not be out"),
}
_PARTLY_OUT = later("{post} is out only in part")
_BY = {
    Topic.APPROVED: later("{name} approved it."),
    Topic.REJECTED: later("{name} sent it back, and says why on its page."),
}


def trial() -> Message:
    """The test message that a person asks for."""
    return Message(
        _("Publisher: a test"),
        _("You asked for this message. The notices that you chose come here."),
    )


def compose_personal(items: Sequence[PersonalItem], zone: tzinfo, address: str) -> Message:
    """Compose one message about all items; at most twenty are named.

    `address` is where people find the pages, without a slash at its end; empty if only the machine
    itself can reach them: then there are no links.
    """
    paragraphs = [_paragraph(item, zone, address) for item in items[:_SHOWN]]
    if len(items) > _SHOWN:
        paragraphs.append(_("… and {number} more.", number=len(items) - _SHOWN))
    if address:
        paragraphs.append(_("Choose your notices here: {url}", url=f"{address}/me"))
    return Message(_headline(items), "\n\n".join(paragraphs))


def _headline(items: Sequence[PersonalItem]) -> str:
    if len(items) == 1:
        return f"Publisher: {_title(items[0])}"
    waiting = sum(item.topic in (Topic.WAITS, Topic.DUE) for item in items)
    if waiting == len(items):
        return plural(
            "Publisher: {number} post waits for your approval",
            "Publisher: {number} posts wait for your approval",
            waiting,
        )
    return plural(
        "Publisher: {number} thing for you", "Publisher: {number} things for you", len(items)
    )


def _title(item: PersonalItem) -> str:
    if item.topic is Topic.COMMENTS and not item.post:
        return _("comments on {accounts} need your attention", accounts=", ".join(item.accounts))
    title = _TITLES[item.topic] if item.state is None else _TROUBLES[item.state]
    if item.is_partly_out:
        title = _PARTLY_OUT
    return harmless(_(title, post=item.post, name=item.by or ""))


def _paragraph(item: PersonalItem, zone: tzinfo, address: str) -> str:
    sentences = [f"{_title(item)}."]
    if item.topic in _BY:
        sentences.append(harmless(_(_BY[item.topic], name=item.by or "")))
    if item.accounts:
        sentences.append(_("On {accounts}.", accounts=", ".join(item.accounts)))
    if item.due_at and item.topic is not Topic.REJECTED:
        due = later("It was due {time}.") if item.state else later("It is due {time}.")
        sentences.append(_(due, time=time_text(item.due_at, zone)))
    text = " ".join(sentences)
    return f"{text}\n{address}{_place(item)}" if address else text


def _place(item: PersonalItem) -> str:
    """The path of the page that the notice leads to."""
    if item.topic is Topic.COMMENTS:
        return "/answers"
    if item.topic in (Topic.WAITS, Topic.DUE):
        return f"/review?{urlencode({'post': item.post})}"
    end = "#notes" if item.topic is Topic.MENTIONED else ""
    return f"/posts/{quote(item.post)}{end}"
