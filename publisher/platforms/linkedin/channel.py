"""LinkedIn channel: posts of an organisation's page, through the versioned REST API.

LinkedIn creates a post in public alone: `PUBLISHED` is the only state that it takes at creation
(Posts API, schema; `DRAFT` is one that it returns). It knows no key that would make a repeated
request harmless. So a lost answer leaves the outcome unknown, and the page's posts are read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels import edits
from publisher.channels.answers import still_out
from publisher.channels.base import MediaReader, Unverified
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Request
from publisher.channels.timelines import LOOK_BACK, Readings
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
from publisher.model.content import Content, Picture, post_of
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Absent,
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Outcome,
    Reading,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.linkedin import health, little_text, statistics, timeline
from publisher.platforms.linkedin.answers import ANSWERS, edited, missing
from publisher.platforms.linkedin.rest import Rest
from publisher.platforms.linkedin.spec import LINKEDIN
from publisher.platforms.linkedin.timeline import PublishedPost
from publisher.platforms.linkedin.uploads import LinkedInUploads

_PAGE_SIZE = 100  # posts; the most that LinkedIn returns at once
_MOST_PAGES = 10
_LONGEST_TITLE = 400  # characters of an article's title; longer ones are refused (Posts API)


class LinkedIn:
    """The channel of one organisation's page on LinkedIn."""

    capabilities: ClassVar[Capabilities] = LINKEDIN

    def __init__(
        self,
        organization_id: str,
        credentials: Mapping[str, str],
        *,
        api_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        self._rest = Rest(
            organization_id,
            credentials,
            api_url=api_url,
            timeout=timeout,
            clock=clock,
            heard=heard,
        )
        self._uploads = LinkedInUploads(self._rest, clock)
        self._readings = Readings(clock, self._read_from)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload pictures, GIFs, videos and documents; see `Channel.prepare`.

        Alternative texts go with the post, so an edit of the text needs no new upload.
        """
        if parcel.content.edits:  # its post has all but the words
            self._read_before_edit(parcel)
            return edits.with_words(parcel, prepared)
        pictures = parcel.content.pictures
        shown = {picture.digest for picture in pictures}
        is_whole = shown <= set(prepared.media_ids) and prepared.upload is None
        if not pictures or (is_whole and prepared.digest == parcel.content.digest):
            return prepared
        known = Prepared(
            digest=parcel.content.digest,
            media_ids={key: urn for key, urn in prepared.media_ids.items() if key in shown},
            upload=prepared.upload,
        )
        return self._uploads.go_on(pictures, known, read_media)

    def _read_before_edit(self, parcel: Parcel) -> None:
        """Raise `NotPrepared` unless the post is there and says what it is known to say."""
        post = self._edited_post(parcel)
        if not isinstance(post, timeline.PublishedPost):
            raise edits.not_read(post)
        edits.keep_words_of_others(parcel, lambda told: timeline.has_words(told.joined, post))

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        """Build the post; see `Channel.ready`."""
        if sent:
            raise ValueError("A post on LinkedIn goes out once.")
        content = parcel.content
        if content.edits:
            commentary = little_text.written(content.joined)
            return self._rest.edit(edits.post_id(parcel), commentary)
        post: dict[str, Any] = {"commentary": little_text.written(content.joined)}
        if shown := _shown(content, prepared):
            post["content"] = shown
        return self._rest.publication(post)

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002
        sent: tuple[str, ...],  # noqa: ARG002
        answer: Answer,
    ) -> Outcome | Unverified:
        if parcel.content.edits:
            if missing(answer):
                return edits.post_gone()
            outcome = edits.accepted(parcel, edited(answer))
            return Unverified(outcome) if isinstance(outcome, Accepted) else outcome
        outcome = ANSWERS.judge(answer, Step.PUBLISH)
        if isinstance(outcome, Accepted):
            return replace(outcome, url=timeline.address(outcome.remote_id))
        return outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        """The outcome: the URN in LinkedIn's answer is proof enough; see `Channel.verify`.

        Of an edit the answer has none, so the post is read.
        """
        if not isinstance(outcome, Accepted) or not prepared.records:
            return outcome
        post = timeline.parse_one(self._rest.post(post_of(outcome.remote_id)).body)
        # Links may be shortened: of a correction of a link alone, both may seem to be shown.
        is_shown = (
            post is not None
            and timeline.has_words(edits.words_of(prepared), post)
            and not timeline.has_words(edits.words_before(prepared), post)
        )
        return outcome if is_shown else edits.not_shown(outcome.limits)

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],  # noqa: ARG002  nothing is, if it is looked for
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read the page's own posts; see `Channel.find` and `timeline.look_for`."""
        if parcel.content.edits:
            return self._find_edit(parcel)
        read = self._posts(since, lately=parcel.is_forgotten)
        if not isinstance(read, tuple):
            return read
        free = [post for post in read if post.urn not in taken]
        pictures = parcel.content.pictures
        media = [prepared.media_ids.get(picture.digest, "") for picture in pictures]
        return timeline.look_for(parcel.content, media if all(media) else (), free, since)

    def _find_edit(self, parcel: Parcel) -> Sighting:
        """Read the words of the post that an edit changes.

        Where it is deleted meanwhile, the edit is refused when it comes again.
        """
        post = self._edited_post(parcel)
        if not isinstance(post, timeline.PublishedPost):
            return post
        return edits.sighting(parcel, lambda told: timeline.has_words(told.joined, post))

    def _edited_post(
        self, parcel: Parcel
    ) -> timeline.PublishedPost | Absent | Deferred | AccountSuspended | Unknown:
        """The post that an edit changes, as it is."""
        answer = self._rest.post(edits.post_id(parcel))
        outcome = ANSWERS.judge(answer, Step.READ)
        if missing(answer):
            return Absent(limits=outcome.limits)
        if not isinstance(outcome, Accepted):
            return outcome
        return timeline.parse_one(answer.body) or ANSWERS.unreadable()

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:  # noqa: ARG002
        """Do nothing: LinkedIn has no way to delete an upload; see `Channel.clear`."""
        return Prepared()

    def withdraw(
        self,
        remote_id: str,
        prepared: Prepared,  # noqa: ARG002  uploads stay, and no one sees them
    ) -> Outcome:
        """Delete a post, and verify that by reading it; see `Channel.withdraw`."""
        answer = self._rest.delete(remote_id)
        outcome = ANSWERS.judge(answer, Step.WITHDRAW)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        read = self._rest.post(remote_id)
        if isinstance(ANSWERS.judge(read, Step.READ), Accepted):
            return still_out(ANSWERS.name, outcome.limits)
        if isinstance(outcome, Accepted) or (missing(answer) and missing(read)):
            return Accepted(remote_id, limits=outcome.limits)
        return outcome

    @property
    def owner_id(self) -> str:
        return ""

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return health.owner(self._rest.organization())

    def examine(self) -> Health:
        return health.examine(self._rest)

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the statistics of posts, in one request or two; see `Channel.engagement`."""
        return statistics.read(self._rest, remote_ids)

    def _posts(self, since: datetime, *, lately: bool) -> tuple[PublishedPost, ...] | Reading:
        """The page's posts since `since`, and those shortly before it.

        `lately`: a recent reading is good enough.
        """
        found = self._readings.since(since, lately=lately)
        if not isinstance(found, tuple):
            return found
        return tuple(post for post in found if post.created_at >= since - LOOK_BACK)

    def _read_from(self, start: datetime) -> tuple[PublishedPost, ...] | Reading:
        """The page's posts since `start`, the newest first, as LinkedIn lists them."""
        posts: list[PublishedPost] = []
        for page in range(_MOST_PAGES):
            answer = self._rest.posts(page * _PAGE_SIZE, _PAGE_SIZE)
            outcome = ANSWERS.judge(answer, Step.READ)
            if not isinstance(outcome, Accepted):
                return outcome
            listed = timeline.parse(answer.body)
            if listed is None:
                return ANSWERS.unreadable()
            posts += listed
            if len(listed) < _PAGE_SIZE or min(post.created_at for post in listed) < start:
                return tuple(posts)
        return Unknown(
            _(
                "Since this post, the page on LinkedIn has had more than {number} posts, too "
                "many to read. Look at the page, then record what you saw with `publisher "
                "resolve` or `publisher retry`.",
                number=_MOST_PAGES * _PAGE_SIZE,
            )
        )


def _shown(content: Content, prepared: Prepared) -> dict[str, Any] | None:
    """What the post shows beside its text: pictures, a video, a document, or an article; None:
    nothing.
    """
    shown = [
        {"id": prepared.media_ids[picture.digest], **_described(picture, content)}
        for picture in content.pictures
    ]
    if len(shown) > 1:
        return {"multiImage": {"images": shown}}
    if shown:
        return {"media": shown[0]}
    if not content.link:
        return None
    # LinkedIn does not read the page, and refuses an article without a title (observed).
    title = content.title or urlsplit(content.link).netloc
    return {"article": {"source": content.link, "title": title[:_LONGEST_TITLE]}}


def _described(picture: Picture, content: Content) -> dict[str, str]:
    """The text of a picture, or the title of a document; videos have neither."""
    if picture.is_document:
        return {"title": content.title_of(picture)[:_LONGEST_TITLE]}
    return {"altText": picture.alt} if picture.alt and picture.is_image else {}
