"""Deliveries: what is wanted, what stands in the ledger, and what a worker needs.

Instants are aware datetimes in UTC.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import Field

from publisher.model.content import Content, Target
from publisher.model.events import by_program
from publisher.model.posts import not_before
from publisher.model.states import WAITING, State
from publisher.model.values import Frozen


class Wish(Frozen):
    """One post to one account as the drafts want it; `queue` writes it into the ledger."""

    post: str
    account: str
    channel: str
    due_at: datetime
    expires_at: datetime | None = None
    expires_after: int | None = None
    """As `Delivery.expires_after`."""
    embargo_until: datetime | None = None
    content: Content
    state: State
    """SCHEDULED, AWAITING_APPROVAL or HELD; UNCERTAIN when it may be out already."""
    reason: str | None = None
    """Why it is held, or will be."""
    doubt: str | None = None
    """Why it is uncertain."""
    doubt_since: datetime | None = None
    """The instant from which it may have gone out."""
    pending_stop: State | None = None
    """The state that it gets once it is known not to be out; None: SCHEDULED."""
    author: str | None = None
    """As the draft says; None: the person who queues it."""
    repeat: bool = False

    @property
    def not_before(self) -> datetime:
        """When it is to go out: at its time, or when its embargo ends."""
        return not_before(self.due_at, self.embargo_until)


class PendingStop(Frozen):
    """A pending stop: the state of a delivery that may be out, once it is known that it is not."""

    state: State
    """HELD, CANCELLED, REJECTED or AWAITING_APPROVAL; FAILED for one whose repeat was refused."""
    reason: str
    draft_hold: str | None = None
    """Why its draft wants it held."""


class BegunAttempts(Frozen):
    """Attempts to create an unpublished post of one content that are not on record as ended."""

    content: Content
    first: datetime
    last: datetime
    """When the first and the last attempt began, by our clock."""


class Upload(Frozen):
    """A chunked upload of a file to a platform that is not finished yet."""

    digest: str
    media_id: str
    begun_at: datetime
    pieces: int = 0
    """How many chunks the platform has."""
    at_rest: bool = False
    """Whether any worker may go on with it, as no request about it is under way. Otherwise only the
    worker that has it may; if that worker dies, the upload begins again.
    """
    whole: bool = False
    """Whether the platform has joined the chunks, and processes the file."""
    look_at: datetime | None = None
    """When the platform is to be asked whether it is done."""


class Prepared(Frozen):
    """What a channel has prepared at the platform for one delivery; nothing of it is public.

    It is stored in the ledger, so that another worker can go on with it.
    """

    media_ids: dict[str, str] = Field(default_factory=dict)
    """Id at the platform by the picture's digest."""
    draft_id: str | None = None
    """The id of the post that was created unpublished (Facebook), or the key that we chose for it:
    what goes out has it, however often it is sent (Bluesky).
    """
    digest: str | None = None
    """The content of `draft_id`, or that the pictures were uploaded for; they are of no use for
    other content.
    """
    prepared_at: datetime | None = None
    photos: tuple[str, ...] = ()
    """Ids of all pictures that were uploaded for it and stay at the platform until they are deleted
    (Facebook), including those of earlier attempts.
    """
    shown: tuple[str, ...] = ()
    """Ids of those of them that a part that is out shows: they are deleted with it alone."""
    at_once: bool = False
    """Its post is created at its instant, because the platform publishes drafts at once."""
    upload: Upload | None = None
    """An unfinished upload: the next call goes on with it."""
    begun: tuple[BegunAttempts, ...] = ()
    """Attempts that may have left an unpublished post whose id was not recorded."""
    leftovers: tuple[str, ...] = ()
    """Orphaned posts: all that a channel finds; in the ledger, those that are to be deleted."""
    note: str | None = None
    """A message about them for the history."""
    records: tuple[dict[str, Any], ...] = ()
    """What is made public of `digest`, part by part, as the platform keeps it (Bluesky)."""
    folder: str | None = None
    """The folder of its pictures, in our own files (site)."""
    failures: int = 0
    """How often the cleanup has failed."""

    @property
    def stays(self) -> bool:
        """Whether anything is at the platform that is not deleted there by itself."""
        lies = (self.draft_id, self.leftovers, self.begun, self.photos, self.folder)
        return any(lies)

    def given_up(self, sent: Collection[str] = ()) -> "Prepared":
        """What has to be deleted; nothing is used again. `sent`: ids that are public.

        Pictures go with the first part: they stay as long as that.
        """
        found = dict.fromkeys((*self.leftovers, self.draft_id or ""))
        leftovers = tuple(i for i in found if i and i not in sent)
        # Ledgers from before `photos` have them only as the `media_ids` of a draft.
        of_draft = self.media_ids.values() if self.draft_id else ()
        photos = tuple(dict.fromkeys((*self.photos, *of_draft)))
        return Prepared(
            leftovers=leftovers,
            begun=self.begun,
            photos=() if sent else photos,
            shown=(*self.shown, *photos) if sent else self.shown,
            folder=self.folder,
            failures=self.failures,
        )

    def without_uploads(self) -> "Prepared":
        """A copy for which everything is uploaded again."""
        return self.model_copy(update={"media_ids": {}, "upload": None})

    def holds(self, content: Content) -> bool:
        """Whether exactly this content is prepared as a post."""
        return self.draft_id is not None and self.digest == content.digest

    def with_post(self, post_id: str, content: Content) -> "Prepared":
        """A copy with a post of this content that was created, and not read yet."""
        update = {"draft_id": post_id, "digest": content.digest, "prepared_at": None}
        return self.model_copy(update=update)

    def begin(self, content: Content, at: datetime) -> "Prepared":
        """A copy with an attempt to create this content's post."""
        first = next((one.first for one in self.begun if one.content == content), at)
        others = (one for one in self.begun if one.content != content)
        preparation = BegunAttempts(content=content, first=first, last=at)
        return self.model_copy(update={"begun": (*others, preparation)})


class Delivery(Frozen):
    """One post to one account, as it is in the ledger."""

    id: int
    version: int
    """Grows with every change: the fencing token against late workers."""
    post: str
    account: str
    channel: str
    state: State
    due_at: datetime
    next_check_at: datetime
    """When the dispatcher looks at it next; later than `due_at` after a deferral, earlier if a GIF
    or video has to be prepared first.
    """
    expires_at: datetime | None
    """None: it has no expiry, or its clock has not begun (see `expires_after`)."""
    embargo_until: datetime | None
    content: Content
    remote_ids: tuple[str, ...]
    """Ids at the platform, one for each part that is out, in order."""
    prepared: Prepared
    attempts: int
    lease_until: datetime | None
    intent_at: datetime | None
    """When the worker recorded its intent to send a part; None once the outcome is known."""
    doubt_since: datetime | None
    """The first intent with an unknown outcome: the platform is read from that instant. It stays
    when an absence made the delivery due again, until the part is known to be out.
    """
    settled_at: datetime | None
    """The instant from which an absence counts, while the outcome is unknown; None: a person
    decides.
    """
    absences: int
    """How many readings in a row after that did not find the part."""
    published_at: datetime | None
    url: str | None
    error_kind: str | None
    error_message: str | None
    reason: str | None
    """Why it is held or cancelled, or will be."""
    draft_hold: str | None
    """Why its draft wants it held, also after a person cancelled it."""
    queued_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    approved_digest: str | None
    """The digest of what was approved; see `ledger/manager/approvals.py`."""
    repeat: bool
    pending_stop: State | None = None
    """The state that it gets, instead of SCHEDULED, once it is known not to be out; see
    `ledger/doubts/pending_stops.py`. It stays when it is out after all: then the stop came too
    late. If a platform made it public on its own, this is its state before; see
    `ledger/doubts/published_early.py`.
    """
    manual_hold: str | None = None
    """Who holds the post, and why, until a person releases it; see
    `ledger/manager/post_holds.py`.
    """
    head: str = ""
    """The hash of its newest step in the history."""
    author: str | None = None
    """Who wrote it; see `written_by`."""
    queued_by_program: str | None = None
    """The program by which it was queued for a person."""
    withdrawn_ids: tuple[str, ...] | None = None
    """Ids of the parts that were deleted from the platform, in order; None: no withdrawal has
    begun.
    """
    clear_at: datetime | None = None
    """When its orphans at the platform are deleted."""
    corrects: str | None = None
    """The post that it corrects, as in its content, to be found by."""
    answers: str | None = None
    """The reader's comment that it answers, likewise."""
    target: Target | None = None
    """What it goes below, or changes: that post or comment as it is out on its account. Read when a
    worker takes it; see `ledger/worker/targets.py`.
    """
    withdraw_at: datetime | None = None
    """When its withdrawal is tried again; None: all is deleted, or no withdrawal has begun."""
    acknowledged_by: str | None = None
    """Who said that its trouble may stay as it is; see `ledger/manager/operations.py`."""
    expires_after: int | None = None
    """Seconds from its time to its expiry, if its draft says `now`; None: the draft names a time.

    Such a delivery's clock begins when it may go: its `due_at` becomes that instant, and its
    `expires_at`, None until then, follows from it.
    """
    is_reported: bool = False
    """Whether a person reported it as published, so that nobody knows when it left. Read from the
    history, for the log alone; see `ledger/reading/reported.py`.
    """
    as_stored: dict[str, str] = Field(default_factory=dict)
    """Columns that the ledger stores in another form, for the digest of the next step."""

    @property
    def written_by(self) -> str | None:
        """Its author. Older versions recorded one person as author and as who queued it."""
        return self.author or self.queued_by

    @property
    def queued_by_in_words(self) -> str | None:
        """Who queued it, for people: a person, or a person by a program."""
        return by_program(self.queued_by, self.queued_by_program) if self.queued_by else None

    @property
    def has_target(self) -> bool:
        """Whether it goes below something, or changes it: it depends on what becomes of that."""
        return self.corrects is not None or self.answers is not None

    @property
    def not_before(self) -> datetime:
        """The earliest instant to send it: its time or the end of its embargo, if later."""
        return not_before(self.due_at, self.embargo_until)

    @property
    def waits_to_begin(self) -> bool:
        """Whether its draft says `now`, and it may not go yet: `due_at` is when it was queued."""
        return self.expires_after is not None and self.expires_at is None

    @property
    def open_for(self) -> timedelta:
        """How long it may go out, once its clock begins."""
        return timedelta(seconds=self.expires_after or 0)

    def begun(self, at: datetime) -> "Delivery":
        """A copy whose clock begins at an instant, if its draft says `now`; else as it is.

        Its expiry counts from the end of its embargo, if that is later.
        """
        if self.expires_after is None:
            return self
        expires_at = not_before(at, self.embargo_until) + self.open_for
        return self.model_copy(update={"due_at": at, "expires_at": expires_at})

    @property
    def send_at(self) -> datetime:
        """When it is to be sent: later than `not_before` if it was postponed.

        That is by a deferral, or by a person who resumed after a pause.
        """
        return max(self.not_before, self.next_check_at)

    @property
    def in_reach(self) -> bool:
        """Whether it may still be edited or cancelled: nothing of it is being sent."""
        in_hand = self.state is State.PUBLISHING and self.intent_at is None
        return self.state in WAITING or in_hand

    @property
    def may_be_out(self) -> bool:
        """Whether a part of it is being sent, or was sent with an outcome that is not known yet."""
        is_being_sent = self.state is State.PUBLISHING and self.intent_at is not None
        return self.state is State.UNCERTAIN or is_being_sent

    @property
    def is_unresolved(self) -> bool:
        """Whether it ended in trouble that nobody has dealt with: it failed, was missed, was
        stopped too late, or was cancelled after a part was out.
        """
        if self.acknowledged_by is not None:
            return False
        if self.state is State.PUBLISHED:
            return self.pending_stop is not None
        if self.state is State.CANCELLED:
            return bool(self.remote_ids) and self.withdrawn_ids is None
        return self.state in (State.FAILED, State.MISSED)

    @property
    def doubt(self) -> str:
        """A mark of the request with an unknown outcome; empty when there is none."""
        if self.state is not State.UNCERTAIN:
            return ""
        begun = self.intent_at or self.doubt_since
        return f"part {len(self.remote_ids) + 1}, {begun.isoformat() if begun else 'restored'}"

    @property
    def is_forgotten(self) -> bool:
        """Whether the ledger with its requests was lost; see `integrity/forgotten.py`."""
        is_settled = self.settled_at is not None and self.settled_at == self.doubt_since
        return self.state is State.UNCERTAIN and self.intent_at is None and is_settled

    @property
    def lateness(self) -> timedelta | None:
        """The time from `not_before` to publication; None while it is not out, or not known."""
        if self.published_at is None or self.is_reported:
            return None
        return self.published_at - self.not_before


class Brief(NamedTuple):
    """What of a delivery in the ledger tells whether its draft still wants it as it is."""

    id: int
    post: str
    account: str
    channel: str
    state: State
    due_at: datetime
    expires_at: datetime | None
    embargo_until: datetime | None
    content: str
    """In its stored form."""
    manual_hold: str | None
    written_by: str | None
    approved_by: str | None
    repeat: bool
    expires_after: int | None


class Claim(Frozen):
    """A worker's claim on a delivery; no longer valid once the ledger has another version."""

    delivery: int
    version: int


class Parcel(Frozen):
    """A delivery as a channel needs it to send or find it."""

    post: str
    account: str
    content: Content
    due_at: datetime
    """The public date, if the channel sets it itself (site)."""
    send_at: datetime | None = None
    """When it is to leave, for a channel that dates what it sends (Bluesky); None: `due_at`."""
    target: Target | None = None
    """What it changes, or goes below: one of our posts, or a reader's comment."""
    out: tuple[str, ...] = ()
    """Ids of its parts that are out, when it is prepared."""
    is_forgotten: bool = False
    """Whether it may be out although this ledger never sent it: it is looked for by its text, and
    an absence proves nothing, so a recent reading is good enough.
    """

    def above(self, sent: tuple[str, ...]) -> tuple[str, ...]:
        """Ids of the parts above the next one; `sent`: its own. It may be below a target."""
        if self.target is None or self.content.edits:
            return sent
        return (*self.target.remote_ids, *sent)


class TargetStanding(NamedTuple):
    """How a delivery stands to its target: what it corrects, or the comment that it answers."""

    target: Target | None = None
    """None: it cannot go out, or not now."""
    obstacle: str | None = None
    """Why it is held, with what to do."""
    waits_for: str | None = None
    """The post that has to be out before it, which is on its way."""
    original: Delivery | None = None
    """Of a correction: the post that it corrects."""
