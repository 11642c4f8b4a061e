"""Mastodon channel, through Mastodon.py: texts, threads, pictures and videos with alt text.

Sources: docs.joinmastodon.org and Mastodon's own code. Each request that publishes has an
`Idempotency-Key` of the post, the account, the part and its exact content: the same for a repeat by
any worker, another for an edited text. Mastodon keeps a key for an hour, and not every server knows
keys; so after an unknown outcome the account is read first, and the key is a second safeguard.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, still_out
from publisher.channels.base import MediaReader
from publisher.channels.engagement import EngagementReading
from publisher.channels.health import Health
from publisher.channels.outgoing import Request
from publisher.channels.replies import answers_a_reader, comment_gone
from publisher.channels.timelines import SKEW, Readings
from publisher.model.accounts import Owner
from publisher.model.capabilities import Capabilities
from publisher.model.clock_check import Heard
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
from publisher.platforms.mastodon import (
    answers,
    counts,
    health,
    replies,
    status_edits,
    timeline,
)
from publisher.platforms.mastodon.answers import ANSWERS, is_missing
from publisher.platforms.mastodon.server import PAGE_SIZE, AccountServer
from publisher.platforms.mastodon.spec import MASTODON
from publisher.platforms.mastodon.timeline import (
    Candidates,
    ExpectedStatus,
    Status,
    StatusMatch,
    StatusPage,
)
from publisher.platforms.mastodon.uploads import MastodonUploads

_MOST_PAGES = 10
_MOST_SOURCES = 5
"""Statuses since the intent whose source is read: there are rarely two."""


class Mastodon:
    """The channel of one account on a Mastodon server."""

    capabilities: ClassVar[Capabilities] = MASTODON

    def __init__(
        self,
        server: str,
        token: str,
        *,
        visibility: str,
        instead: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
        public_only: bool,
    ) -> None:
        """`visibility`: `public` or `unlisted`. `public_only`: as `Recorder`.

        Raises ConfigurationError for a bad `server`.
        """
        self._clock = clock
        self._visibility = visibility
        self._server = AccountServer(
            server,
            token,
            instead=instead,
            timeout=timeout,
            clock=clock,
            heard=heard,
            public_only=public_only,
        )
        self._uploads = MastodonUploads(self._server, clock)
        self._account_id = ""
        self._readings = Readings(clock, self._read_from)

    def prepare(self, parcel: Parcel, prepared: Prepared, read_media: MediaReader) -> Prepared:
        """Upload pictures, GIFs and videos with their alternative texts; see `Channel.prepare`."""
        if parcel.content.edits:
            return status_edits.prepared_with_media(self._server, parcel, prepared)
        is_below = replies.is_below_another(parcel)
        if is_below:
            prepared = replies.with_visibility(self._server, parcel, prepared)
        if not any(part.pictures for part in parcel.content.parts):
            return prepared
        ready = self._uploads.go_on(parcel.content, prepared, read_media)
        # Uploads that are too old are made again, without what else was prepared.
        records = prepared.records if is_below else ready.records
        return ready if ready.records == records else ready.model_copy(update={"records": records})

    def ready(self, parcel: Parcel, prepared: Prepared, sent: tuple[str, ...]) -> Request:
        """Build the next part's status, as a reply to the one before; see `Channel.ready`."""
        if parcel.content.edits:
            return status_edits.request(self._server, parcel, prepared)
        part, above = parcel.content.parts[len(sent)], parcel.above(sent)
        return self._server.publication(
            part.text,
            content_warning=parcel.content.content_warning,
            media_ids=[prepared.media_ids[picture.digest] for picture in part.pictures],
            parent=above[-1] if above else None,
            visibility=replies.visibility_of(prepared, self._visibility)
            if replies.is_below_another(parcel)
            else self._visibility,
            language=parcel.content.lang,
            key=_key(parcel, sent),
        )

    def judge(
        self,
        parcel: Parcel,
        prepared: Prepared,  # noqa: ARG002
        sent: tuple[str, ...],
        answer: Answer,
    ) -> Outcome:
        outcome = ANSWERS.judge(answer, Step.PUBLISH)
        if parcel.content.edits:
            return status_edits.judged(parcel, answer, outcome)
        if answers_a_reader(parcel, sent) and is_missing(answer):
            return comment_gone(outcome.limits)
        if parcel.above(sent) and is_missing(answer):
            return replace(answers.parent_missing(), limits=outcome.limits)
        return outcome

    def verify(self, prepared: Prepared, outcome: Outcome) -> Outcome:  # noqa: ARG002
        """The outcome: the answer has the status itself; see `Channel.verify`."""
        return outcome

    def find(
        self,
        parcel: Parcel,
        prepared: Prepared,
        sent: tuple[str, ...],
        since: datetime,
        taken: Collection[str] = (),
    ) -> Sighting:
        """Read the account's own statuses; see `Channel.find` and `timeline`."""
        if parcel.content.edits:
            return status_edits.find(self._server, parcel)
        read = self._statuses(since, lately=parcel.is_forgotten)
        if not isinstance(read, StatusPage):
            return read
        wanted = ExpectedStatus.of(parcel.content, len(sent), prepared.media_ids)
        free = [status for status in read.statuses if status.id not in taken]
        above = parcel.above(sent)
        seen = self._sighting(wanted, timeline.candidates(wanted, free, above, since))
        if isinstance(seen, Absent) and above:
            alone = timeline.candidates(wanted, free, (), since)
            seen = self._without_parent(above[-1], seen, wanted, alone)
        return seen if seen.limits else replace(seen, limits=read.limits)

    def _without_parent(
        self, above: str, seen: Absent, wanted: ExpectedStatus, found: Candidates
    ) -> Sighting:
        """The sighting of what is not below the status `above`: it may have lost its parent.

        As long as that is there, nothing below it has.
        """
        if not found:
            return seen
        answer = self._server.status(above)
        outcome = ANSWERS.judge(answer, Step.READ)
        if isinstance(outcome, Accepted):
            return seen
        if isinstance(outcome, Deferred | AccountSuspended) and not is_missing(answer):
            return outcome
        alike = self._sighting(wanted, found)
        if isinstance(alike, Accepted):
            return replies.orphan(alike.remote_id)
        return alike if seen.is_proof else seen

    def _sighting(self, wanted: ExpectedStatus, found: Candidates) -> Sighting:
        """Which of the candidates the part is; asks for sources where the HTML does not tell."""
        if found.whole:
            return timeline.found(found.whole[0])
        whole: list[Status] = []
        perhaps: list[Status] = []
        has_words, is_proof = bool(wanted.words), True
        likely = [one for one in found.recent if wanted.has_as_many_pictures(one[0])]
        for number, (status, match) in enumerate(likely):
            asks = number < _MOST_SOURCES and has_words
            said = self._is_written(wanted, status) if asks else None
            if isinstance(said, Deferred | AccountSuspended | Unknown):
                return said
            if said:
                whole.append(status)
            elif said is None and match is StatusMatch.WORDS:
                perhaps.append(status)
            elif said is None and has_words:  # its HTML may differ by what the server made of it
                is_proof = False
        return timeline.judged(whole, perhaps, found.older, is_proof=is_proof)

    def _is_written(self, wanted: ExpectedStatus, status: Status) -> bool | Reading | None:
        """Whether the status's source is what is wanted; None where the server shows no source."""
        answer = self._server.source(status.id)
        outcome = ANSWERS.judge(answer, Step.READ)
        source = mapping(parsed(answer.body))
        if isinstance(outcome, Accepted) and isinstance(source.get("text"), str):
            return wanted.is_source(status, source)
        has_none = answer.status is not None and answer.status in (404, 405, 501)
        return None if has_none or isinstance(outcome, Accepted) else outcome

    def clear(self, parcel: Parcel, prepared: Prepared) -> Prepared:  # noqa: ARG002
        """Do nothing: Mastodon deletes uploads that no status shows; see `Channel.clear`."""
        return Prepared()

    def withdraw(
        self,
        remote_id: str,
        prepared: Prepared,  # noqa: ARG002  its pictures are deleted with it
    ) -> Outcome:
        """Delete a status; see `Channel.withdraw`.

        Gone is what reading confirms: a server of another make may answer 404 for a path that it
        does not have.
        """
        outcome = ANSWERS.judge(self._server.delete(remote_id), Step.WITHDRAW)
        if isinstance(outcome, Deferred | AccountSuspended):
            return outcome
        read = self._server.status(remote_id)
        if is_missing(read):
            return Accepted(remote_id, limits=outcome.limits)
        if isinstance(ANSWERS.judge(read, Step.READ), Accepted):
            return still_out(ANSWERS.name, outcome.limits)
        if not isinstance(outcome, Accepted):
            return outcome
        return Accepted(remote_id, limits=outcome.limits)

    @property
    def owner_id(self) -> str:
        """Empty: a token does not say whose it is."""
        return self._account_id

    def owner(self) -> Owner | AccountSuspended | Deferred:
        return health.owner(self._server)

    def examine(self) -> Health:
        return health.examine(self._server)

    def engagement(
        self, remote_ids: Sequence[str]
    ) -> EngagementReading | AccountSuspended | Deferred:
        """Read the counts of statuses, in few requests; see `Channel.engagement`."""
        return counts.read(self._server, remote_ids)

    def _statuses(self, since: datetime, *, lately: bool) -> StatusPage | Reading:
        """The account's statuses since shortly before `since`, on one page.

        `lately`: a recent reading is good enough.
        """
        page = self._readings.since(since, lately=lately)
        if not isinstance(page, StatusPage):
            return page
        if page.oldest is None or (page.oldest_at or since) < since - SKEW:
            return page
        return Unknown(
            _(
                "Since this post, the account on Mastodon has had more than {number} posts, too "
                "many to read. Look at the account, then record what you saw with `publisher "
                "resolve` or `publisher retry`.",
                number=_MOST_PAGES * PAGE_SIZE,
            )
        )

    def _read_from(self, start: datetime) -> StatusPage | Reading:
        """The account's statuses since `start` as one page; `oldest` is None if it has them all."""
        if not self._account_id and (failed := self._learn_account_id()):
            return failed
        statuses: dict[str, Status] = {}
        page = StatusPage((), None)
        for _page in range(_MOST_PAGES):
            answer = self._server.statuses(self._account_id, older_than=page.oldest)
            outcome = ANSWERS.judge(answer, Step.READ)
            if not isinstance(outcome, Accepted):
                return outcome
            read = timeline.parse(answer.body)
            if read is None:
                return ANSWERS.unreadable()
            is_again = read.oldest == page.oldest  # snac 2.75 disregards `max_id`
            statuses |= {status.id: status for status in read.statuses}
            page = replace(read, statuses=tuple(statuses.values()), limits=outcome.limits)
            is_past = read.oldest_at is not None and read.oldest_at < start
            if read.oldest is None or is_past or (is_again and read.total < PAGE_SIZE):
                return replace(page, oldest=None)
            if is_again:
                break
        return page

    def _learn_account_id(self) -> Reading | None:
        """Ask for the token's account; returns the failure, None after a success."""
        owner = self.owner()
        if not isinstance(owner, Owner):
            return owner
        self._account_id = owner.id
        return None


def _key(parcel: Parcel, sent: tuple[str, ...]) -> str:
    """The `Idempotency-Key` of the part after those in `sent`: the same for the same content.

    Not of the uploads, which a later attempt may make again, and not of any time.
    """
    named = (parcel.post, parcel.account, str(len(sent)), *sent[-1:], parcel.content.digest)
    return hashlib.sha256("\n".join(named).encode()).hexdigest()
