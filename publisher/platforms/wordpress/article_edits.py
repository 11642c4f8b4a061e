"""Edits of articles: their words change, and what else they show stays as it is.

The words are the paragraphs of the block editor that have no settings and are in no other block:
pictures, files and credits are other blocks. So an edit needs no upload, and leaves what a person
added on the website. Where a person changed the words themselves, or what they are in, a person has
to correct them: Publisher replaces only what it wrote. The post is read in every attempt, so that
an edit brings nothing back that was removed meanwhile.
"""

import html
import re

from publisher.channels import edits
from publisher.channels.answers import mapping
from publisher.channels.base import NotPrepared
from publisher.channels.outgoing import Request
from publisher.channels.timelines import words
from publisher.model.content import Content
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.wordpress.answers import ANSWERS, PUBLIC, is_missing, said
from publisher.platforms.wordpress.article import Article
from publisher.platforms.wordpress.site import SiteApi

_PARAGRAPH = re.compile(r"<!-- wp:paragraph -->\n(.*?)\n<!-- /wp:paragraph -->", re.DOTALL)
_MARK = re.compile(r"<!-- (?P<ends>/)?wp:\S+ (?:\{.*?\} )?(?P<is_empty>/)?-->", re.DOTALL)
"""Begins or ends a block, or is one without content. Source: the block editor handbook, block
grammar.
"""
_MARKUP = re.compile(r"<[^<>]*>")


def prepared_with_blocks(site: SiteApi, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` with the title and the blocks that the post is to have. Raises `NotPrepared`."""
    written = _read(site, edits.post_id(parcel))
    if isinstance(written, Absent):
        raise NotPrepared(edits.post_gone(written.limits))
    if not isinstance(written, dict):
        raise NotPrepared(written)
    before = edits.target_of(parcel).content
    if not any(_says(written, content) for content in (before, parcel.content)):
        raise NotPrepared(Refused(Kind.CONTENT, edits.other_words(), of_post=True))
    article = Article.of(parcel.content, ())
    fields = {"title": article.title, "content": _with_words(written["content"], article.content)}
    return prepared.model_copy(update={"digest": parcel.content.digest, "records": (fields,)})


def _with_words(blocks: str, words_alone: str) -> str:
    """The blocks with other paragraphs, in the place of the first one that differs."""
    old, new = _plain(blocks), [found[0] for found in _PARAGRAPH.finditer(words_alone)]
    while old and new and _words(old[-1][0]) == _words(new[-1]):  # a link, below the pictures
        old.pop()
        new.pop()
    place = old[0].start() if old else 0
    for found in reversed(old):
        blocks = blocks[: found.start()] + blocks[found.end() :].lstrip("\n")
    return "\n\n".join(
        part.strip() for part in (blocks[:place], *new, blocks[place:]) if part.strip()
    )


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
    return [_words(found[1]) for found in _plain(blocks)]


def _plain(blocks: str) -> list[re.Match[str]]:
    """The paragraphs without settings, but not those in other blocks, such as a quotation."""
    return [found for found in _PARAGRAPH.finditer(blocks) if _depth(blocks[: found.start()]) == 0]


def _depth(blocks: str) -> int:
    """In how many blocks that have begun the end of this text is."""
    marks = [mark for mark in _MARK.finditer(blocks) if not mark["is_empty"]]
    return sum(-1 if mark["ends"] else 1 for mark in marks)


def _words(markup: str) -> list[str]:
    return words(html.unescape(_MARKUP.sub(" ", markup)))
