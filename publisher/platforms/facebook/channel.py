"""Facebook channel: posts to Pages through facebook-sdk.

A post is created unpublished before its time, and its id recorded; at the instant it is made
public, which can be repeated without harm. After both steps the post is read: Facebook may publish
at once what should stay unpublished, and may report success and do nothing. On a Page where the
former was seen, posts are created at their instant instead. A GIF or video is a post of its own
(`videos.py`), and a link may be the first comment below a post (`comments.py`). Sources: Meta's own
specs of Page, PagePost and Photo.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels import edits
from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Request
from publisher.channels.replies import comment_of
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
from publisher.model.content import post_of
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
from publisher.platforms.facebook import comments, health, replies
from publisher.platforms.facebook.answers import ANSWERS, is_missing
from publisher.platforms.facebook.graph import PageGraph
from publisher.platforms.facebook.insights import PageInsights
from publisher.platforms.facebook.orphans import UNREAD, OrphanSearch
from publisher.platforms.facebook.photos import PagePhotos
from publisher.platforms.facebook.posts import (
    FIELDS,
    PagePost,
    PagePosts,
    fields_of,
    shown,
)
from publisher.platforms.facebook.removal import Removal, out_with_another_text
from publisher.platforms.facebook.spec import FACEBOOK
from publisher.platforms.facebook.videos import PageVideos

_REQUESTS_AT_MOST = 15
"""The requests to prepare one post: ten pictures, the post, and deletions before it."""
_LOOK_AGAIN = 60.0
"""Real seconds after which an unpublished post is read again before it is made public."""


class Facebook:
    """The channel of one Page on Facebook."""

    capabilities: ClassVar[Capabilities] = FACEBOOK

    def __init__(
        self,
        page_id: str,
        credentials: Mapping[str, str],
        *,
        comments: bool,
        graph_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        """`comments`: whether the links of its posts are in comments, unless a draft says else."""
        self._clock = clock
        self._page_id = page_id
        self._comments = comments
        self._page = PageGraph(
            page_id, credentials, graph_url=graph_url, timeout=timeout, clock=clock, heard=heard
        )
        self._posts = PagePosts(self._page)
        self._photos = PagePhotos(self._page, self._posts)
        self._videos = PageVideos(self._page, self._posts, clock)
        self._removal = Removal(self._page, self._posts, self._photos)
        self._leftovers = OrphanSearch(self._page, clock, timeout * _REQUESTS_AT_MOST * clock.speed)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload the pictures, then create the post, unpublished; see `Channel.prepare`.

        What earlier attempts left on the Page is found first, and deleted once that is on record:
        until then another worker may use it as the post. The pictures are on record before there is
        a post that shows them. If posts are created at their instant, only pictures are prepared.
        """
        if parcel.content.edits:  # its post has all but the words
            self._read_before_edit(parcel)
            return edits.with_words(parcel, prepared)
        if parcel.content.answers:
            replies.require_answerable(self._page, parcel)
            return prepared
        return self._prepare_post(parcel, prepared, read_media)

    def _read_before_edit(self, parcel: Parcel) -> None:
        """Raise `NotPrepared` unless the post is there and says what it is known to say."""
        seen = self._posts.fate(edits.post_id(parcel))
        if not isinstance(seen, PagePost):
            raise edits.not_read(seen)
        edits.keep_words_of_others(parcel, seen.says, seen.limits)

    def _prepare_post(
        self, parcel: Parcel, prepared: Prepared, read_media: MediaReader
    ) -> Prepared:
        content, prepared = parcel.content, _without_videos(prepared)
        if prepared.leftovers:
            return self._without_leftovers(parcel, prepared)
        if prepared.holds(content) and not prepared.upload:
            return self._seen_again(prepared)
        if not prepared.holds(content):
            if prepared.draft_id:
                self._removal.discard(prepared.draft_id, parcel, prepared)
            if prepared.digest != content.digest:
                prepared = self._removal.without_photos(prepared)
        if prepared.begun:
            prepared = self._resolved(parcel, prepared)
            if prepared.leftovers:
                return prepared
        if content.moves:
            return self._uploaded(parcel, prepared, read_media)
        pictures = content.pictures
        if not all(picture.digest in prepared.media_ids for picture in pictures):
            bound = prepared.model_copy(update={"digest": content.digest})
            return self._photos.upload(pictures, bound, read_media)
        return prepared if prepared.at_once else self._create_unpublished(parcel, prepared)

    def _without_leftovers(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        for post_id in prepared.leftovers:
            if post_id != prepared.draft_id:
                self._removal.discard(post_id, parcel, prepared)
        return prepared.model_copy(update={"leftovers": ()})

    def _uploaded(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Go on with the upload of a GIF or video, which is the only one in its post."""
        (picture,) = parcel.content.pictures
        file = read_media(picture.digest)
        return self._videos.go_on(picture, parcel, prepared, file)

    def _resolved(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """`prepared` with the orphans of earlier attempts, without pictures they may show."""
        prepared = prepared.model_copy(update={"media_ids": {}})
        if found := self._leftovers.find(parcel.content, prepared):
            return found
        if prepared.at_once:  # what they left may be public
            raise NotPrepared(Deferred(Kind.UNAVAILABLE, _(UNREAD)))
        return prepared.model_copy(update={"begun": (), "note": _(UNREAD)})

    def _create_unpublished(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Create the post, and check that it is unpublished."""
        answer = self._page.create(parcel.content, list(prepared.media_ids.values()), FIELDS)
        outcome = ANSWERS.judge(answer, Step.PREPARE)
        if not isinstance(outcome, Accepted):
            raise NotPrepared(outcome)
        made = prepared.with_post(outcome.remote_id, parcel.content)
        return self._seen(made, shown(answer) or self._posts.look(outcome.remote_id))

    def _seen_again(self, prepared: Prepared) -> Prepared:
        """The prepared post; read first if that was never done, or is long ago."""
        longest = timedelta(seconds=_LOOK_AGAIN * self._clock.speed)
        seen_at = prepared.prepared_at
        if seen_at and abs(self._clock.now() - seen_at) <= longest:
            return prepared
        if seen_at:
            seen = self._posts.look(str(prepared.draft_id))
            # Otherwise it was deleted, which the request to make it public will show.
            return prepared if isinstance(seen, Unknown) else self._seen(prepared, seen)
        fate = self._posts.fate(str(prepared.draft_id), lately=True)
        if isinstance(fate, Absent):
            return self._removal.without_photos(prepared)  # no one ever saw it: it is created again
        return self._seen(prepared, fate)

    def _seen(
        self, prepared: Prepared, seen: PagePost | Deferred | AccountSuspended | Unknown
    ) -> Prepared:
        """`prepared` if the post was read and is unpublished; else raises `NotPrepared`."""
        if isinstance(seen, PagePost):
            if seen.is_public:
                raise NotPrepared(seen.as_early(Accepted(seen.id)), prepared)
            return prepared.model_copy(update={"prepared_at": self._clock.now()})
        if isinstance(seen, Unknown):
            seen = Deferred(Kind.UNAVAILABLE, _unseen(str(prepared.draft_id)), limits=seen.limits)
        raise NotPrepared(seen, prepared)

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        """Build what makes the prepared post public, or creates it as public.

        See `Channel.ready`. Raises ValueError if neither exactly this content was prepared, nor its
        pictures where posts are created at their instant: an unknown outcome could not be resolved.
        """
        if parcel.content.edits:
            return self._page.edit(edits.post_id(parcel), parcel.content.joined)
        if parcel.content.answers and not sent:
            return self._page.comment(comment_of(parcel), parcel.content.joined)
        if sent and parcel.content.comment:
            return self._page.comment(sent[0], parcel.content.comment)
        if not sent and prepared.holds(parcel.content) and not prepared.upload:
            draft_id = str(prepared.draft_id)
            return self._page.reveal(draft_id, fields_of(draft_id))
        shows = {picture.digest for picture in parcel.content.pictures}
        is_ready = not shows or prepared.digest == parcel.content.digest
        if sent or not prepared.at_once or not is_ready:
            raise ValueError("Facebook can only send, once, what it has prepared.")
        return self._page.publication(parcel.content, list(prepared.media_ids.values()))

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        answer: Answer,
    ) -> Outcome | Unverified:
        if parcel.content.edits:
            outcome = ANSWERS.judge(answer, Step.REVEAL)
            if isinstance(outcome, Refused) and is_missing(answer):
                return edits.post_gone(outcome.limits)
            # Facebook may report success and do nothing.
            is_taken = isinstance(outcome, Accepted)
            judged = edits.accepted(parcel, outcome)
            return Unverified(judged) if is_taken else judged
        if sent or parcel.content.answers:
            return replies.judge(answer) if parcel.content.answers else comments.judge(answer)
        if not prepared.holds(parcel.content):
            outcome = ANSWERS.judge(answer, Step.PUBLISH)
            return Unverified(outcome) if isinstance(outcome, Accepted) else outcome
        outcome = ANSWERS.judge(answer, Step.REVEAL)
        if isinstance(outcome, Accepted):
            told = replace(outcome, remote_id=str(prepared.draft_id))
            return _as_seen(told, seen) if (seen := shown(answer)) else Unverified(told)
        # It may be refused because it is public already, or not visible.
        return Unverified(outcome) if isinstance(outcome, Refused) else outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        """Look whether the post is public; see `Channel.verify`."""
        if isinstance(outcome, Accepted) and (post_id := post_of(outcome.remote_id)) != (
            outcome.remote_id
        ):
            read = self._posts.look(post_id)
            is_shown = isinstance(read, PagePost) and read.has_words(edits.words_of(prepared))
            return outcome if is_shown else edits.not_shown(outcome.limits)
        if isinstance(outcome, Accepted):
            return _as_seen(outcome, self._posts.look(outcome.remote_id))
        draft_id = str(prepared.draft_id)
        seen = self._posts.fate(draft_id)
        if isinstance(seen, PagePost) and seen.is_public:
            return seen.as_early(Accepted(draft_id, limits=outcome.limits))
        return replace(seen, limits=outcome.limits) if isinstance(seen, Unknown) else outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read whether the prepared post is public, or look for one created as public.

        See `Channel.find`.
        """
        if parcel.content.edits:
            return self._find_edit(parcel)
        if parcel.content.answers:
            return replies.find(self._page, parcel, since, taken)
        if left := self._maybe_public(prepared):
            return left
        return self._find_post(parcel, prepared, sent, since, taken)

    def _find_post(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str],
    ) -> Sighting:
        if sent:
            return self._find_comment(parcel, sent[0], since, taken)
        if not prepared.draft_id:
            if prepared.at_once or parcel.is_forgotten:
                return self._leftovers.published(
                    parcel.content, since, taken, lately=parcel.is_forgotten
                )
            # Only a post whose id was recorded, even if in a lost ledger, is ever made public.
            return Absent(may_come=False)
        seen = self._look_at(prepared.draft_id)
        if isinstance(seen, Accepted) and not prepared.holds(parcel.content):
            return out_with_another_text(seen.remote_id)
        return seen

    def _find_edit(self, parcel: Parcel) -> Sighting:
        """Read the words of the post that an edit changes."""
        seen = self._posts.fate(edits.post_id(parcel))
        return (
            edits.sighting(parcel, seen.says, seen.limits) if isinstance(seen, PagePost) else seen
        )

    def _find_comment(
        self, parcel: Parcel, post_id: str, since: datetime, taken: Collection[str]
    ) -> Sighting:
        if parcel.content.comment is None:
            return Absent(may_come=False)
        return comments.find(self._page, post_id, parcel.content.comment, since, taken)

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Find what was left unpublished, then delete it and all photos; see `Channel.clear`."""
        prepared = _without_videos(prepared)
        if prepared.begun:
            found = self._leftovers.find(parcel.content, prepared)
            if found is None:
                raise NotPrepared(Deferred(Kind.UNAVAILABLE, _(UNREAD)))
            both = dict.fromkeys((*prepared.leftovers, *found.leftovers))
            return found.given_up().model_copy(
                update={"leftovers": tuple(both), "failures": prepared.failures}
            )
        self._removal.clear(parcel, prepared)
        return Prepared(shown=prepared.shown)

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:
        """Delete a post, then its photos; see `Channel.withdraw`."""
        return self._removal.withdraw(remote_id, prepared)

    @property
    def owner_id(self) -> str:
        return ""  # a Page's token does not contain it

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return health.owner(self._page.me())

    def examine(self) -> Health:
        return health.examine(self._page, self._page_id, comments=self._comments)

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the counts of posts, in one request or a few; see `Channel.engagement`."""
        return PageInsights(self._page).read(remote_ids)

    def _maybe_public(self, prepared: Prepared) -> Sighting | None:
        """What earlier attempts left, if any of it is public, or may be."""
        for post_id in prepared.leftovers:
            if post_id == prepared.draft_id:
                continue
            left = self._posts.fate(post_id, lately=True)
            if isinstance(left, PagePost) and left.is_public:
                return out_with_another_text(post_id)
            if not isinstance(left, PagePost | Absent):
                return left
        return None

    def _look_at(self, post_id: str) -> Sighting:
        """`Accepted` when the post is public, `Absent` when it is unpublished."""
        seen = self._posts.look(post_id)
        if not isinstance(seen, PagePost):
            return seen
        return seen.as_out(Accepted(post_id)) if seen.is_public else Absent(limits=seen.limits)


def _without_videos(prepared: Prepared) -> Prepared:
    """`prepared` without the attempts to begin a video: one whose id nobody has is empty."""
    begun = tuple(one for one in prepared.begun if not one.content.moves)
    if begun == prepared.begun:
        return prepared
    return prepared.model_copy(update={"begun": begun})


def _as_seen(
    outcome: Accepted, seen: PagePost | Deferred | AccountSuspended | Unknown
) -> Accepted | Unknown:
    """The outcome of a success, after the post was read."""
    if isinstance(seen, PagePost) and seen.is_public:
        return seen.as_out(outcome)
    if isinstance(seen, PagePost):
        message = _(
            "Facebook reported that the post is public now, but it is not. Publisher looks at it "
            "again, and makes it public again if necessary."
        )
    else:
        message = _(
            "Facebook reported that the post is public now, but could not be asked whether it "
            "is. Publisher looks at it again."
        )
    return Unknown(message, remote_id=outcome.remote_id, limits=outcome.limits)


def _unseen(post_id: str) -> str:
    return _(
        "Publisher cannot look at the post that was prepared on Facebook, {post_id}. It tries "
        "again.",
        post_id=post_id,
    )
