"""X channel, through tweepy: texts, reply chains, pictures with alt text.

Sources: docs.x.com and X's OpenAPI description 2.167. tweepy has the v2 endpoints for posts but
not those for media; these go through its public `request`.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, ClassVar

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels import captions
from publisher.channels.answers import still_out
from publisher.channels.base import MediaReader, NotPrepared
from publisher.channels.engagement import EngagementReading, obstacle
from publisher.channels.health import Health
from publisher.channels.outgoing import Request
from publisher.channels.replies import answers_a_reader
from publisher.channels.timelines import LOOK_BACK, SKEW, Readings
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
from publisher.model.content import Picture
from publisher.model.deliveries import Parcel, Prepared, Upload
from publisher.model.outcomes import (
    Accepted,
    AccountSuspended,
    Answer,
    Deferred,
    Kind,
    Outcome,
    Reading,
    Refused,
    Sighting,
    Step,
    Unknown,
)
from publisher.platforms.twitter import (
    answers,
    chunked_upload,
    metrics,
    profile,
    subtitles,
    timeline,
)
from publisher.platforms.twitter.answers import ANSWERS, misses_parent, missing, of_alt_text
from publisher.platforms.twitter.chunked_upload import Interrupted, Pieces
from publisher.platforms.twitter.session import SignedSession
from publisher.platforms.twitter.spec import TWITTER

_PAGE_SIZE = 100  # posts; the most that X returns at once
_MOST_PAGES = 10
_YOUNG = timedelta(minutes=10)
"""Real time; parts of a thread were refused for a few seconds after the one before."""


class Twitter:
    """The channel of one account on X."""

    capabilities: ClassVar[Capabilities] = TWITTER

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        replies: str | None,
        api_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        """`replies`: who may reply to its posts, in X's words; None: everybody."""
        self._replies = replies
        self._clock = clock
        session = SignedSession(
            credentials, api_url=api_url, timeout=timeout, clock=clock, heard=heard
        )
        self._session = session
        self._recorder, self._client, self._signs = session.recorder, session.client, session.signs
        self._pieces = Pieces(self._ask, self._describe, clock)
        self._user_id = session.user_id
        self._readings = Readings(clock, self._read_from)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload pictures, GIFs and videos with their alternative texts; see `Channel.prepare`."""
        pictures = {picture.digest: picture for picture in parcel.content.pictures}
        if not pictures or self._is_ready(parcel, prepared, pictures):
            return prepared
        media_ids = {}
        for digest, picture in pictures.items():
            content = read_media(digest)
            if picture.moves:  # so it is the only one in the post
                return self._go_on(parcel, prepared, picture, content)
            media_ids[digest] = self._upload(picture, content)
        return self._all_there(parcel, media_ids)

    def _go_on(
        self, parcel: Parcel, prepared: Prepared, picture: Picture, content: bytes
    ) -> Prepared:
        """Upload the next pieces of a GIF or video; an edit of the post restarts the upload."""
        known = prepared.upload if prepared.digest == parcel.content.digest else None
        try:
            reached = self._pieces.go_on(picture, content, known)
        except Interrupted as stop:
            kept = Prepared(digest=parcel.content.digest, upload=stop.upload)
            raise NotPrepared(stop.outcome, kept) from None
        if isinstance(reached, str):
            note = self._caption(parcel, picture, reached, known)
            return self._all_there(parcel, {picture.digest: reached}, note)
        return Prepared(digest=parcel.content.digest, upload=reached)

    def _caption(
        self, parcel: Parcel, video: Picture, media_id: str, upload: Upload | None
    ) -> str | None:
        """Bring a video's captions; a note if it goes out without them. Raises `NotPrepared`."""
        if video.captions is None:
            return None
        code = subtitles.code_of(video.captions.lang)
        if code is None:
            return captions.of_no_language("X")
        answer = subtitles.bring(self._ask, media_id, video.captions, code)
        if answer is None:
            return None
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if captions.goes_without(parcel, outcome, self._clock.now()):
            return captions.not_taken("X", answers.quoted(answer))
        raise NotPrepared(outcome, Prepared(digest=parcel.content.digest, upload=upload))

    def _all_there(
        self, parcel: Parcel, media_ids: dict[str, str], note: str | None = None
    ) -> Prepared:
        return Prepared(
            media_ids=media_ids,
            digest=parcel.content.digest,
            prepared_at=self._clock.now(),
            note=note,
        )

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        """Build the next part's post, as a reply to the one before; see `Channel.ready`."""
        part = parcel.content.parts[len(sent)]
        wish: dict[str, Any] = {
            "text": part.text
        }  # also when it is empty: X refuses a post without
        if part.pictures:
            ids = [prepared.media_ids[picture.digest] for picture in part.pictures]
            wish["media"] = {"media_ids": ids}
            if parcel.content.made_with_ai:
                wish["made_with_ai"] = True
        if above := parcel.above(sent):
            wish["reply"] = {"in_reply_to_tweet_id": above[-1]}
        elif self._replies:  # a thread's first post says it for the whole conversation
            wish["reply_settings"] = self._replies
        # Not through tweepy's own method, which does not know all members.
        return self._recorder.built(partial(self._session.request, "POST", "/2/tweets", json=wish))

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002
        sent: tuple[str, ...],
        answer: Answer,
    ) -> Outcome:
        outcome, above = ANSWERS.judge(answer, Step.PUBLISH), parcel.above(sent)
        if above and misses_parent(answer):
            if self._is_young(above[-1], answer):
                waits = (
                    _("X does not have the reader's comment yet. Publisher tries again by itself.")
                    if answers_a_reader(parcel, sent)
                    else _(
                        "X does not have the part before this one yet. The thread continues by "
                        "itself."
                    )
                )
                return Deferred(Kind.UNAVAILABLE, waits, limits=outcome.limits)
            outcome = replace(answers.parent_gone(), limits=outcome.limits)
        if answers_a_reader(parcel, sent) and isinstance(outcome, Refused):
            return answers.reply_refused(answer, outcome)
        if isinstance(outcome, Accepted):
            return replace(outcome, url=timeline.address(outcome.remote_id))
        return outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:  # noqa: ARG002
        """The outcome: X's answer is proof enough; see `Channel.verify`."""
        return outcome

    def _is_young(self, post_id: str, answer: Answer) -> bool:
        """Whether this post is so new that X may not have shown it everywhere at the answer."""
        made_at = timeline.made_at(post_id)
        return bool(made_at and answer.received_at - made_at < _YOUNG * self._clock.speed)

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002  a post does not contain the ids of its uploads
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read the account's own timeline; see `Channel.find` and `timeline.look_for`."""
        read = self._posts(since, lately=parcel.is_forgotten)
        if not isinstance(read, timeline.TimelinePage):
            return read
        free = [post for post in read.posts if post.id not in taken]
        above = parcel.above(sent)
        seen = timeline.look_for(parcel.content.parts[len(sent)], free, above, since)
        return replace(seen, limits=read.limits)

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:  # noqa: ARG002
        """Do nothing: X deletes uploads that no post shows; see `Channel.clear`."""
        return Prepared()

    def withdraw(
        self,
        remote_id: str,
        prepared: Prepared,  # noqa: ARG002  X deletes uploads by itself
    ) -> Outcome:
        """Delete a post; see `Channel.withdraw`.

        X has answered with 404 for existing posts (incidents of September 2025 and January 2026): a
        post that it does not find counts as deleted only if reading it fails too. One that X
        reports as deleted counts as deleted unless reading shows it.
        """
        answer = self._recorder.call(
            partial(self._client.delete_tweet, remote_id, user_auth=self._signs)
        )
        outcome = ANSWERS.judge(answer, Step.WITHDRAW)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        read = self._recorder.call(
            partial(self._client.get_tweet, remote_id, user_auth=self._signs)
        )
        if isinstance(ANSWERS.judge(read, Step.READ), Accepted):
            return still_out(ANSWERS.name, outcome.limits)
        if isinstance(outcome, Accepted) or (missing(answer) and missing(read)):
            return Accepted(remote_id, limits=outcome.limits)
        return outcome

    @property
    def owner_id(self) -> str:
        return self._user_id

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return answers.owner(self._me())

    def examine(self) -> Health:
        fields = [*profile.FIELDS]  # tweepy joins lists alone
        return profile.health(self._me(user_fields=fields))

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the public metrics of posts, in one request; see `Channel.engagement`."""
        for fields in metrics.FIELDS:
            answer = self._ask("GET", "/2/tweets", {"ids": ",".join(remote_ids), **fields})
            if answer.status == HTTPStatus.BAD_REQUEST:
                continue
            if problem := obstacle(ANSWERS, answer):
                return problem
            if found := metrics.read(answer, remote_ids):
                return found
        return ANSWERS.unreadable()

    def _me(self, **wish: Any) -> Answer:
        return self._recorder.call(partial(self._client.get_me, user_auth=self._signs, **wish))

    def _is_ready(
        self, parcel: Parcel, prepared: Prepared, pictures: Mapping[str, Picture]
    ) -> bool:
        """Whether an earlier upload has these pictures and alt texts, and is valid enough."""
        if prepared.digest != parcel.content.digest or not set(pictures) <= set(prepared.media_ids):
            return False
        since = prepared.prepared_at
        return since is not None and chunked_upload.still_there(since, self._clock.now())

    def _upload(self, picture: Picture, content: bytes) -> str:
        """Upload a picture with its alt text; returns its media id."""
        wish = {"media": base64.b64encode(content).decode(), "media_category": "tweet_image"}
        uploaded = self._ask("POST", "/2/media/upload", wish)
        media_id = _prepared_id(ANSWERS.judge(uploaded, Step.PREPARE))
        described = self._describe(media_id, picture.alt)
        _prepared_id(of_alt_text(described, ANSWERS.judge(described, Step.PREPARE)))
        return media_id

    def _describe(self, media_id: str, alt: str) -> Answer:
        wish = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
        return self._ask("POST", "/2/media/metadata", wish)

    def _ask(self, method: str, route: str, more: Mapping[str, Any] | None) -> Answer:
        """Make a request that tweepy has no method for; `more` is its query or its JSON."""
        place = {"params" if method == "GET" else "json": more} if more else {}
        return self._session.ask(method, route, **place)

    def _posts(self, since: datetime, *, lately: bool) -> timeline.TimelinePage | Reading:
        """The account's posts since `since`, and those shortly before it, on one page.

        `lately`: a recent reading is good enough, which X does not bill again.
        """
        page = self._readings.since(since, lately=lately)
        if not isinstance(page, timeline.TimelinePage):
            return page
        oldest = page.posts[-1].created_at if page.posts else since
        if not page.next_token or oldest < since - SKEW:
            return replace(
                page, posts=tuple(p for p in page.posts if p.created_at >= since - LOOK_BACK)
            )
        return Unknown(
            _(
                "Since this post, the account on X has had more than {number} posts, too many to "
                "read. Look at the account, then record what you saw with `publisher resolve` or "
                "`publisher retry`.",
                number=_MOST_PAGES * _PAGE_SIZE,
            )
        )

    def _read_from(self, start: datetime) -> timeline.TimelinePage | Reading:
        """The account's posts since `start` as one page; `next_token` if there are too many."""
        if not self._user_id and (failed := self._learn_user_id()):
            return failed
        posts: list[timeline.TimelinePost] = []
        query = {"max_results": str(_PAGE_SIZE), "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
        for _page in range(_MOST_PAGES):
            page = self._page(query)
            if not isinstance(page, timeline.TimelinePage):
                return page
            posts += page.posts
            page = replace(page, posts=tuple(posts))
            if not page.next_token:
                break
            query["pagination_token"] = page.next_token
        return page

    def _page(self, query: Mapping[str, str]) -> timeline.TimelinePage | Reading:
        route = f"/2/users/{self._user_id}/tweets"
        for fields in timeline.FIELDS:
            # Not through tweepy's own method, which has only one of the spellings.
            answer = self._ask("GET", route, {**query, **fields})
            outcome = ANSWERS.judge(answer, Step.READ)
            if isinstance(outcome, Accepted):
                if page := timeline.parse(answer.body):
                    return replace(page, limits=outcome.limits)
                outcome = ANSWERS.unreadable()
            elif answer.status != HTTPStatus.BAD_REQUEST:
                break
        return outcome

    def _learn_user_id(self) -> Reading | None:
        """Ask X for the token's owner; returns the failure, None after a success."""
        owner = self.owner()
        if not isinstance(owner, Owner):
            return owner
        self._user_id = owner.id
        return None


def _prepared_id(outcome: Outcome) -> str:
    if not isinstance(outcome, Accepted):
        raise NotPrepared(outcome)
    return outcome.remote_id
