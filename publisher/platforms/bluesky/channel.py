"""Bluesky channel: posts and threads with own keys, through atproto.

The key of what goes out is ours, and chosen before: Bluesky takes one record with it, however often
the request comes. A thread is one request too, so all of its parts are out or none. So nothing
waits after a lost answer: the account's server is asked for the key, and the request is repeated.
Sources: the lexicons, atproto.com/specs, and the reference server (@atproto/pds).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, still_out
from publisher.channels.base import MediaReader, NotPrepared, Unverified
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Action, Objection, Outgoing
from publisher.channels.replies import answers_a_reader, comment_of
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
from publisher.model.content import Content
from publisher.model.deliveries import Parcel, Prepared, Upload
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
from publisher.platforms.bluesky import counts, health, records, replies
from publisher.platforms.bluesky.answers import (
    ANSWERS,
    did_of,
    is_expired,
    is_unknown_name,
    is_without_file,
    without_session,
)
from publisher.platforms.bluesky.keys import first_key, is_key, thread_keys
from publisher.platforms.bluesky.posts import RepoPost, RepoPosts, out
from publisher.platforms.bluesky.records import gists, handles
from publisher.platforms.bluesky.replies import ThreadPlace
from publisher.platforms.bluesky.repo import Repo
from publisher.platforms.bluesky.spec import BLUESKY
from publisher.platforms.bluesky.uploads import BlueskyUploads
from publisher.platforms.bluesky.video_service import VideoService
from publisher.platforms.bluesky.xrpc import Way

_UPLOADED_FOR = timedelta(minutes=10)
"""Real time after which pictures are uploaded again: a server deletes what no post refers to after
a while (lexicon com.atproto.repo.uploadBlob: “e.g. minutes”).
"""


_A_MOMENT = timedelta(seconds=1)
_VIDEO_FOR = timedelta(minutes=30)
"""The same for a video, which the app too uploads while a post is still being written."""


class Bluesky:
    """The channel of one account on Bluesky."""

    capabilities: ClassVar[Capabilities] = BLUESKY

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        base_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
        public_only: bool,
    ) -> None:
        """`public_only`: as `Recorder`, for all servers of the account."""
        self._clock = clock
        way = Way(base_url, timeout, clock, heard, public_only=public_only)
        self._repo = Repo(credentials, way)
        self._uploads = BlueskyUploads(self._repo, VideoService(self._repo, way), clock)
        self._posts = RepoPosts(self._repo)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload the media, look up who is mentioned, and choose the key; see `Channel.prepare`.

        A key that was chosen before is kept, also after an edit: what an earlier attempt may have
        sent, and what goes out now, cannot both become public. So it is looked whether the earlier
        one is.
        """
        session = self._repo.session()
        if isinstance(session, Answer):
            raise NotPrepared(without_session(session))
        if prepared.holds(parcel.content) and not self._is_old(parcel.content, prepared):
            return prepared
        key = next(iter(_keys(prepared)), None)
        if key and (parcel.content.moves or not prepared.holds(parcel.content)):
            # A video that is uploaded again may be another file than what an earlier attempt shows.
            self._require_absent(key, parcel, prepared)
        files = self._uploads.go_on(parcel.content, prepared, read_media)
        if isinstance(files, Upload):
            return prepared.model_copy(update={"upload": files})
        now = self._clock.now()
        return Prepared(
            media_ids={digest: file.cid for digest, file in files.items()},
            draft_id=key or first_key(parcel),
            digest=parcel.content.digest,
            prepared_at=now,
            records=records.undated(parcel.content, files, self._mentioned(parcel.content)),
        )

    def _mentioned(self, content: Content) -> dict[str, str]:
        """The accounts that the texts mention, by handle; without those that do not exist."""
        dids: dict[str, str] = {}
        for handle in handles([part.text for part in content.parts]):
            answer = self._repo.resolve(handle)
            if is_unknown_name(answer):
                continue
            outcome = ANSWERS.judge(answer, Step.READ)
            if not isinstance(outcome, Accepted):
                raise NotPrepared(outcome)
            dids[handle] = did_of(mapping(parsed(answer.body)))
        return dids

    def _require_absent(self, key: str, parcel: Parcel, prepared: Prepared) -> None:
        """Raise `NotPrepared` unless nothing is public with the key."""
        seen = self._posts.thread(key, gists(parcel.content, prepared.media_ids))
        if isinstance(seen, list):
            raise NotPrepared(out(seen), _public_as(key, parcel, prepared))
        if not isinstance(seen, Absent):
            raise NotPrepared(seen)

    def _is_old(self, content: Content, prepared: Prepared) -> bool:
        """Whether its uploads may be gone by now."""
        since, longest = prepared.prepared_at, self._kept(content)
        is_fresh = since is not None and abs(self._clock.now() - since) <= longest
        return bool(prepared.media_ids) and not is_fresh

    def _kept(self, content: Content) -> timedelta:
        """How long its uploads are used."""
        return (_VIDEO_FOR if content.moves else _UPLOADED_FOR) * self._clock.speed

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Outgoing:
        """Build the request that makes all parts after those in `sent` public; see `Channel.ready`.

        If a part is out already, it has to be read first, because the next one refers to it: that
        is done at the instant. Raises ValueError if other content is prepared, or all is out.
        """
        is_over = len(sent) >= len(prepared.records)
        if not prepared.holds(parcel.content) or not prepared.draft_id or is_over:
            raise ValueError("Bluesky can only send, once, what it has prepared.")
        if parcel.above(sent):
            return Action(lambda objection: self._go_on(parcel, prepared, sent, objection))
        keys = thread_keys(prepared.draft_id, len(prepared.records))
        did = self._repo.known_session.did
        made = records.dated(prepared.records, keys, did, self._date(parcel))
        return self._repo.publication(keys, made)

    def _date(self, parcel: Parcel) -> datetime:
        """The date of the posts: the instant at which they are to leave, at the earliest."""
        return max(self._clock.now(), parcel.send_at or parcel.due_at).astimezone(UTC)

    def _go_on(
        self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...], objection: Objection
    ) -> Outcome:
        """Make public what follows a first part that is out, or goes below a target."""
        place = self._place(parcel, sent)
        if not isinstance(place, ThreadPlace):
            return place
        rest = prepared.records[len(sent) :]
        keys = thread_keys(str(prepared.draft_id), len(prepared.records))[len(sent) :]
        made = records.dated(rest, keys, self._repo.known_session.did, self._date(parcel), *place)
        if objected := objection():
            return objected
        judged = self.judge(parcel, prepared, sent, self._repo.publish(keys, made))
        if isinstance(judged, Unverified):
            return self._verified(keys[0], prepared, judged.outcome, len(sent))
        return judged

    def _place(
        self, parcel: Parcel, sent: tuple[str, ...]
    ) -> ThreadPlace | Refused | Deferred | AccountSuspended:
        """Where the part after those in `sent` goes."""
        if answers_a_reader(parcel, sent):
            return replies.below(self._repo, comment_of(parcel))
        own = sent if parcel.content.answers else parcel.above(sent)
        root, parent = (self._posts.look(key) for key in (own[0], own[-1]))
        for seen in (root, parent):
            if isinstance(seen, Deferred | AccountSuspended):
                return seen
        if not isinstance(root, RepoPost) or not isinstance(parent, RepoPost):
            message = _(
                "The part before this one is no longer on Bluesky, so nothing can follow it."
            )
            return Refused(Kind.CONTENT, message, of_post=True)
        return ThreadPlace(replies.root_of(root.record) or root.place, parent.place)

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        answer: Answer,
    ) -> Outcome | Unverified:
        """The meaning of the answer. A refusal may be due to an earlier attempt: it is verified."""
        outcome = ANSWERS.judge(answer, Step.REVEAL)
        if isinstance(outcome, Deferred) and is_without_file(answer) and prepared.prepared_at:
            # The next attempt uploads it again: an earlier one would name the same file.
            again_at = prepared.prepared_at + self._kept(parcel.content) + _A_MOMENT
            return replace(outcome, again_at=again_at)
        if isinstance(outcome, Accepted):
            keys = thread_keys(str(prepared.draft_id), len(prepared.records))[len(sent) :]
            if outcome.remote_ids == keys:
                return outcome
            message = _("Bluesky reported success, but named other posts")
            return Unverified(Unknown(message, limits=outcome.limits))
        is_open = isinstance(outcome, Unknown | Refused) or is_expired(answer)
        return Unverified(outcome) if is_open else outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:
        """Look whether the posts are public, by their keys; see `Channel.verify`."""
        return self._verified(str(prepared.draft_id), prepared, outcome, 0)

    def _verified(self, key: str, prepared: Prepared, outcome: Outcome, after: int) -> Outcome:
        if isinstance(outcome, Accepted):
            return outcome
        wanted = [records.gist(record) for record in prepared.records[after:]]
        seen = self._posts.thread(key, wanted)
        if isinstance(seen, list):
            return replace(out(seen), limits=outcome.limits)
        if isinstance(seen, Unknown):
            return seen
        if isinstance(outcome, Refused) and isinstance(seen, Deferred | AccountSuspended):
            # An earlier attempt may have been taken, and nobody can look now.
            return Unknown(seen.message, limits=outcome.limits)
        if isinstance(seen, AccountSuspended) and not isinstance(outcome, Unknown):
            return seen
        # What is unknown and not there yet is for the reconciler, which obeys stops meanwhile.
        return outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Ask for the parts by their keys; see `Channel.find`.

        Without a key nothing was sent, unless the ledger was lost with it: then they are looked for
        by their words.
        """
        wanted = gists(parcel.content, prepared.media_ids)[len(sent) :]
        key = next(iter(_keys(prepared)), None)
        seen: Sighting = Absent(may_come=False)
        if key:
            first = thread_keys(key, len(sent) + 1)[-1]
            found = self._posts.thread(first, wanted)
            seen = out(found) if isinstance(found, list) else found
        if parcel.is_forgotten and isinstance(seen, Absent):
            above = parcel.above(sent)
            # Of a reader's post, whose address it is, the key alone is compared.
            parent = above[-1].rpartition("/")[2] if above else None
            return self._posts.with_words(wanted[0], since, parent, taken)
        return seen

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:
        """Give the keys up, after a look whether anything is public with them.

        See `Channel.clear`. A server deletes pictures that no post refers to by itself.
        """
        for key in _keys(prepared):
            seen = self._posts.thread(key, gists(parcel.content, prepared.media_ids))
            if isinstance(seen, list):
                told = out(seen)
                early = replace(told, public_since=told.made_at or self._clock.now())
                raise NotPrepared(early, _public_as(key, parcel, prepared))
            if isinstance(seen, Unknown):
                rest = [other for other in _keys(prepared) if other != key]
                raise NotPrepared(seen, Prepared(leftovers=tuple(rest)))
            if not isinstance(seen, Absent):
                raise NotPrepared(seen)
        return Prepared()

    def withdraw(self, remote_id: str, prepared: Prepared) -> Outcome:  # noqa: ARG002
        """Delete a post, and read whether it is gone; see `Channel.withdraw`."""
        outcome = ANSWERS.judge(self._repo.delete(remote_id), Step.WITHDRAW)
        if not isinstance(outcome, Accepted | Unknown):
            return outcome
        seen = self._posts.look(remote_id)
        if isinstance(seen, Absent) or (
            isinstance(outcome, Accepted) and not isinstance(seen, RepoPost)
        ):
            return Accepted(remote_id, limits=outcome.limits)
        return still_out(ANSWERS.name, outcome.limits) if isinstance(seen, RepoPost) else outcome

    @property
    def owner_id(self) -> str:
        return self._repo.owner_id

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return health.owner(self._repo.account())

    def examine(self) -> Health:
        return health.examine(self._repo)

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the counts of posts, in one request; see `Channel.engagement`."""
        return counts.read(self._repo, remote_ids)


def _keys(prepared: Prepared) -> list[str]:
    """The keys that may have been sent; the one in use comes first."""
    found = (prepared.draft_id or "", *prepared.leftovers)
    return [key for key in dict.fromkeys(found) if is_key(key)]


def _public_as(key: str, parcel: Parcel, prepared: Prepared) -> Prepared:
    """`prepared` when its posts are public after all."""
    update = {
        "leftovers": (),
        "begun": (),
        "draft_id": key,
        "digest": parcel.content.digest,
    }
    return prepared.model_copy(update=update)
