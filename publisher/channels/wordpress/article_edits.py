"""Edits of articles: their words change, and what else they show stays as it is.

The words are the paragraphs of the block editor that have no settings: pictures, files and credits
are other blocks. So an edit needs no upload, and leaves what a person added on the website. Where a
person changed the words themselves, the correction replaces them.
"""

import html
import re

from publisher.channels import edits
from publisher.channels.answers import mapping
from publisher.channels.base import NotPrepared
from publisher.channels.outgoing import Request
from publisher.channels.timelines import words
from publisher.channels.wordpress.answers import ANSWERS, PUBLIC, is_missing, said
from publisher.channels.wordpress.article import Article
from publisher.channels.wordpress.site import SiteApi
from publisher.model.content import Content
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Sighting,
    Step,
    Unknown,
)

_PARAGRAPH = re.compile(r"<!-- wp:paragraph -->\n(.*?)\n<!-- /wp:paragraph -->\s*", re.DOTALL)
_MARKUP = re.compile(r"<[^>]*>")


def prepared_with_blocks(site: SiteApi, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` with the title and the blocks that the post is to have. Raises `NotPrepared`."""
    if prepared.digest == parcel.content.digest:
        return prepared
    written = _read(site, edits.post_id(parcel))
    if isinstance(written, Absent):
        raise NotPrepared(edits.post_gone(written.limits))
    if not isinstance(written, dict):
        raise NotPrepared(written)
    article = Article.of(parcel.content, ())
    others = _PARAGRAPH.sub("", written["content"]).strip()
    blocks = "\n\n".join(part for part in (article.content, others) if part)
    fields = {"title": article.title, "content": blocks}
    return Prepared(digest=parcel.content.digest, records=(fields,))


def request(site: SiteApi, parcel: Parcel, prepared: Prepared) -> Request:
    """Build the request that gives the post its new title and blocks."""
    if prepared.digest != parcel.content.digest:
        raise ValueError("WordPress can only send what it has prepared.")
    (fields,) = prepared.records
    return site.edit(edits.post_id(parcel), fields)


def judge(parcel: Parcel, answer: Answer) -> Outcome:
    """The meaning of the answer to an edit."""
    outcome = ANSWERS.judge(answer, Step.REVEAL)
    if is_missing(answer):
        return edits.post_gone(outcome.limits)
    written = _written(answer)
    is_shown = written is not None and _says(written, parcel.content)
    return edits.accepted(parcel, outcome, is_shown=is_shown)


def find(site: SiteApi, parcel: Parcel) -> Sighting:
    """Read what the post says."""
    written = _read(site, edits.post_id(parcel))
    if not isinstance(written, dict):
        return written
    return edits.sighting(parcel, lambda told: _says(written, told))


def _read(
    site: SiteApi, post_id: str
) -> dict[str, str] | Absent | Deferred | AccountSuspended | Unknown:
    """The title and the blocks of a post; `Absent` when it is deleted."""
    answer = site.written(post_id)
    if is_missing(answer):
        return Absent()
    outcome = ANSWERS.judge(answer, Step.READ)
    if not isinstance(outcome, Accepted):
        return outcome
    if mapping(said(answer)).get("status") != PUBLIC:
        return Absent()
    return _written(answer) or ANSWERS.unreadable()


def _written(answer: Answer) -> dict[str, str] | None:
    """The title and the blocks in an answer; None when it has none."""
    told = mapping(said(answer))
    title, content = (mapping(told.get(name)).get("raw") for name in ("title", "content"))
    if not isinstance(title, str) or not isinstance(content, str):
        return None
    return {"title": title, "content": content}


def _says(written: dict[str, str], content: Content) -> bool:
    article = Article.of(content, ())
    return _words(written["title"]) == words(article.heading) and _paragraphs(
        written["content"]
    ) == _paragraphs(article.content)


def _paragraphs(blocks: str) -> list[list[str]]:
    return [_words(inside) for inside in _PARAGRAPH.findall(blocks)]


def _words(markup: str) -> list[str]:
    return words(html.unescape(_MARKUP.sub(" ", markup)))
