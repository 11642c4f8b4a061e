"""Edits of statuses: the request, what it needs to know, and whether it was carried out.

An edit replaces all of a status: pictures that it does not name again are removed from it, so they
are read before. Source: docs.joinmastodon.org, methods statuses, and Mastodon's own
app/services/update_status_service.rb. An edit is limited like a new status.
"""

from publisher.channels import edits
from publisher.channels.answers import mapping, parsed
from publisher.channels.base import NotPrepared
from publisher.channels.outgoing import Request
from publisher.channels.timelines import words
from publisher.model.content import Content
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    Answer,
    Kind,
    Outcome,
    Refused,
    Sighting,
    Step,
)
from publisher.platforms.mastodon import status_html
from publisher.platforms.mastodon.answers import ANSWERS, is_missing, media_id
from publisher.platforms.mastodon.server import AccountServer


def prepared_with_media(server: AccountServer, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` with the ids of what the status shows, in order. Raises `NotPrepared`.

    Read in every attempt: what a person removed from it meanwhile is not shown again.
    """
    answer = server.status(edits.post_id(parcel))
    outcome = ANSWERS.judge(answer, Step.READ)
    if is_missing(answer):
        raise NotPrepared(edits.post_gone(outcome.limits))
    if not isinstance(outcome, Accepted):
        raise NotPrepared(outcome)
    attached = mapping(parsed(answer.body)).get("media_attachments")
    ids = [media_id(one) for one in attached] if isinstance(attached, list) else []
    pictures = parcel.content.pictures
    if len(ids) != len(pictures) or not all(ids):
        raise NotPrepared(
            Refused(Kind.CONTENT, edits.other_pictures(), limits=outcome.limits, of_post=True)
        )
    if not _has_our_words(server, parcel, answer):
        raise NotPrepared(
            Refused(Kind.CONTENT, edits.other_words(), limits=outcome.limits, of_post=True)
        )
    shown = {picture.digest: one for picture, one in zip(pictures, ids, strict=True)}
    return prepared.model_copy(update={"media_ids": shown, "digest": parcel.content.digest})


def _has_our_words(server: AccountServer, parcel: Parcel, answer: Answer) -> bool:
    """Whether the status says what it is known to, or the correction already."""
    expected = (edits.target_of(parcel).content, parcel.content)
    if any(_is_shown(content, answer) for content in expected):
        return True
    source = mapping(parsed(server.source(edits.post_id(parcel)).body))
    return any(_is_written(content, source) for content in expected)


def request(server: AccountServer, parcel: Parcel, prepared: Prepared) -> Request:
    """Build the request that replaces the words of the status."""
    content = parcel.content
    return server.edit(
        edits.post_id(parcel),
        content.parts[0].text,
        content_warning=content.content_warning,
        media_ids=[prepared.media_ids[picture.digest] for picture in content.pictures],
        language=content.lang,
    )


def judged(parcel: Parcel, answer: Answer, outcome: Outcome) -> Outcome:
    """The outcome of an edit: the answer has the status itself, with its new words."""
    if is_missing(answer):
        return edits.post_gone(outcome.limits)
    return edits.accepted(parcel, outcome, is_shown=_is_shown(parcel.content, answer))


def find(server: AccountServer, parcel: Parcel) -> Sighting:
    """Read the status: as it was written or, where a server does not show that, as it is shown."""
    status_id = edits.post_id(parcel)
    answer = server.source(status_id)
    source = mapping(parsed(answer.body))
    outcome = ANSWERS.judge(answer, Step.READ)
    if isinstance(outcome, Accepted) and isinstance(source.get("text"), str):
        return edits.sighting(parcel, lambda told: _is_written(told, source), outcome.limits)
    answer = server.status(status_id)
    outcome = ANSWERS.judge(answer, Step.READ)
    if is_missing(answer):  # deleted meanwhile, so that the edit is refused when it comes again
        return Absent(limits=outcome.limits)
    if not isinstance(outcome, Accepted):
        return outcome
    return edits.sighting(parcel, lambda told: _is_shown(told, answer), outcome.limits)


def _is_written(content: Content, source: dict[str, object]) -> bool:
    said = str(source.get("text") or ""), str(source.get("spoiler_text") or "")
    return [words(one) for one in said] == _words_of(content)


def _is_shown(content: Content, answer: Answer) -> bool:
    status = mapping(parsed(answer.body))
    warning = words(str(status.get("spoiler_text") or ""))
    shown = status_html.texts(str(status.get("content") or ""))
    return _words_of(content) in [[words(text), warning] for text in shown]


def _words_of(content: Content) -> list[list[str]]:
    return [words(content.parts[0].text), words(content.content_warning or "")]
