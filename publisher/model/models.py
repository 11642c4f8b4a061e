"""What the parts of Publisher hand to one another. All of it is frozen.

Instants are aware datetimes in UTC.
"""

import hashlib
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from publisher.model.states import WAITING, State


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Problem(Frozen):
    """Something wrong in a draft, the session file or the settings: a value, never an exception.

    `file` is relative to the workspace; `line` and `column` count from 1. A warning refuses
    nothing.
    """

    file: str
    line: int
    column: int
    severity: Severity = Severity.ERROR
    code: str
    message: str
    hint: str | None = None


Advice = Literal[
    "hashtag-case", "too-many-hashtags", "mention-first", "unsolicited-mention", "wrong-season", "broken-link",
    "markdown-link", "markdown-as-text", "shouting", "hidden-characters", "missing-translation", "stale-translation", "too-close",
    "at-night", "same-text-on-x", "over-limit", "sure-miss", "account-stopped",
    "placeholder", "alt-is-file-name", "heading-as-text", "rule-as-text",
]  # fmt: skip
"""Codes of the problems that are advice alone, which a workspace or a draft may ignore."""


class Position(Frozen):
    """A place in a file, both counted from 1."""

    line: int = 1
    column: int = 1


class GifLimits(Frozen):
    """What a channel takes of an animated GIF. Clean copies are scaled into all but `max_frames`."""

    max_bytes: int
    max_width: int
    max_height: int
    max_frames: int
    max_pixels: int
    """Of all frames together."""


class VideoLimits(Frozen):
    """What a channel takes of a video. Videos are not encoded anew, so nothing is made to fit."""

    min_seconds: float
    max_seconds: float
    min_side: int
    max_long_side: int
    max_short_side: int
    """All in pixels, whichever way the video is turned."""
    max_rate: int
    """Pictures a second."""


class Rate(Frozen):
    """How many posts a platform takes in any window of that length."""

    posts: int
    window: timedelta
    of_app: bool = False
    """Whether all accounts of an app share it."""


class Capabilities(Frozen):
    """What a channel can do, so that drafts can be checked without a network."""

    max_length: int
    counting: Literal["weighted", "characters"]
    """`weighted`: X's rules (a link is 23, CJK and emoji are 2). `characters`: code points."""
    threads: bool
    """Without threads, the parts are joined with a blank line."""
    link: Literal["appended", "attached", "attached-alone"]
    """Whether `link:` becomes the end of the last part's text or travels beside it;
    `attached-alone`: beside it, unless pictures take its place."""
    max_pictures: int
    picture_types: frozenset[str]
    """Media types, such as `image/jpeg`."""
    picture_max_bytes: int
    alt_text_max: int
    gifs: GifLimits | None = None
    """None: animated GIFs cannot go there."""
    videos: VideoLimits | None = None
    """None: videos cannot go there."""
    videos_have_alt_texts: bool = True
    motion_stands_alone: bool = True
    """Whether a GIF or video must be all that a post shows."""
    may_be_empty_with_picture: bool = False
    max_cashtags: int | None = None
    """How many a part may have; None: as many as it likes."""
    rates: tuple[Rate, ...] = ()
    """Empty: none is documented."""
    lays_posts_ready: bool = False
    """Whether a post is made at the platform, unseen, before it is made public."""
    replaces_itself: bool = False
    """Whether a post that is sent once more takes the place of the first, so that none is doubled."""


class Mandate(Frozen):
    """Who may post as an account that belongs to somebody else, and what for."""

    authors: tuple[str, ...] = ()
    """Who may write; empty: anybody."""
    approvers: tuple[str, ...] = ()
    """Who has to approve; empty: nobody in particular."""
    since: date | None = None
    until: date | None = None
    """The first and the last day on which something may go out, in the session's zone."""


class ApprovalRule(Frozen):
    """What an account asks for before something goes out."""

    required: bool = False
    approvers: tuple[str, ...] = ()
    """Who may approve; empty: everybody but the author."""


class Account(Frozen):
    """One voice on one channel, as publisher.toml describes it (no secrets)."""

    name: str
    channel: str
    organisation: str | None = None
    language: str | None = None
    handle: str | None = None
    """Whom the keys must belong to, with or without `@`, where readers know accounts by handles."""
    page_id: str | None = None
    """The number of whom the keys must belong to, where it is a page of the platform."""
    timezone: str | None = None
    title: str | None = None
    """What readers see as the name, where the platform does not say it."""
    url: str | None = None
    """Where the public finds its pages; None: addresses are relative."""
    options: Mapping[str, str] = {}
    """What else its channel has of options; see `ChannelSpec`."""
    mandate: Mandate | None = None


class Owner(Frozen):
    """Whom an account's keys belong to, as its platform says."""

    id: str
    """The number of the user or the Page."""
    name: str = ""
    """As readers know it: `@BICE_ONG`, or a Page's name; empty: the platform was not asked yet."""

    def __str__(self) -> str:
        return self.name or self.id


class Motion(Frozen):
    """What a file shows that moves, as its headers tell."""

    kind: Literal["gif", "video"]
    width: int
    height: int
    """Upright."""
    seconds: float
    frames: int


class MediaItem(Frozen):
    """A picture, animated GIF or video as a draft names it."""

    path: Path
    """Absolute, inside posts/."""
    alt: str
    credit: str | None = None
    people: bool = False
    consent: str | None = None
    motion: Motion | None = None
    """None: it is a picture that does not move."""
    position: Position = Position()


def _leaves_at(due_at: datetime, embargo_until: datetime | None) -> datetime:
    return max(due_at, embargo_until or due_at)


class Post(Frozen):
    """A draft that was read, with its times resolved against the session."""

    id: str
    """Its path under posts/ without `.md`."""
    file: str
    """Its path relative to the workspace, for messages."""
    lang: str | None = None
    title: str | None = None
    author: str | None = None
    to: tuple[str, ...] = ()
    """Accounts, channels or `all`, as written; planning resolves it."""
    due_at: datetime | None = None
    """None: unfinished, checked but never queued; or `at_once`."""
    at_once: bool = False
    """`at: now`: due when it is queued."""
    anchor: str | None = None
    """The agenda item that `at` hangs on."""
    embargo_anchor: str | None = None
    """The agenda item that `embargo` hangs on."""
    expires_after: timedelta | None = None
    embargo_until: datetime | None = None
    held: str | None = None
    """Why it must not go out although it is due: its agenda item is cancelled."""
    shown_until: datetime | None = None
    """When the first consent to one of its pictures ends."""
    link: str | None = None
    repeat: bool = False
    ignore: tuple[str, ...] = ()
    """Advice that the draft does not follow on purpose."""
    media: tuple[MediaItem, ...] = ()
    texts: dict[str, tuple[str, ...]] = {}
    """Parts of the text by channel or account name; the common text stands under ""."""
    positions: dict[str, Position] = {}
    """Where the front matter's keys (`at`) and the text's sections (`text:twitter`) begin."""

    @property
    def leaves_at(self) -> datetime | None:
        """When it goes out if all is well: at its time, or when its embargo ends; None: unfinished."""
        return self.due_at and _leaves_at(self.due_at, self.embargo_until)

    def position(self, key: str) -> Position:
        return self.positions.get(key) or Position()


class Picture(Frozen):
    """A picture, animated GIF or video as it leaves: clean, and named by its content."""

    digest: str
    """SHA-256 of the bytes that are sent, in hexadecimal."""
    media_type: str
    """`image/jpeg`, `image/png`; `image/gif` if it moves; `video/mp4`."""
    width: int
    height: int
    alt: str
    credit: str | None = None
    name: str
    """A file name for pages and downloads."""
    consent: str | None = None
    """The record in posts/consents.yaml that allows it to be shown."""

    @property
    def is_video(self) -> bool:
        return self.media_type.startswith("video/")

    @property
    def moves(self) -> bool:
        return self.is_video or self.media_type == "image/gif"


class Part(Frozen):
    """One message: a thread has several."""

    text: str
    pictures: tuple[Picture, ...] = ()


class Content(Frozen):
    """Exactly what goes out to one account."""

    parts: tuple[Part, ...]
    link: str | None = None
    """Travels beside the text; a channel that appends links has it in the text already."""
    title: str | None = None
    lang: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all of it, in hexadecimal: what approval is bound to."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def joined(self) -> str:
        """Its parts as one text, for a channel without threads."""
        return "\n\n".join(part.text for part in self.parts if part.text)

    @property
    def moves(self) -> bool:
        """Whether it shows a GIF or video, which platforms take long to take."""
        return any(picture.moves for part in self.parts for picture in part.pictures)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over words and link, without spacing: tells the same text from another.

        Of a post without words, over its pictures.
        """
        words = [" ".join(part.text.split()) for part in self.parts] + [self.link or ""]
        if not any(words):
            words = [picture.digest for part in self.parts for picture in part.pictures]
        return hashlib.sha256("\n".join(words).encode()).hexdigest()


class Wish(Frozen):
    """One post to one account as the drafts want it: what `queue` writes into the ledger."""

    post: str
    account: str
    channel: str
    due_at: datetime
    expires_at: datetime | None = None
    embargo_until: datetime | None = None
    content: Content
    state: State
    """SCHEDULED, AWAITING_APPROVAL or HELD; UNCERTAIN when it may be out already."""
    reason: str | None = None
    """Why it is held, or is to be."""
    doubt: str | None = None
    """Why it is uncertain."""
    doubt_since: datetime | None = None
    """From when on it may have gone out."""
    stop: State | None = None
    """What it becomes when it turns out not to be out; None: SCHEDULED."""
    queued_by: str | None = None
    """The draft's author; None: whoever queues it."""
    repeat: bool = False

    @property
    def leaves_at(self) -> datetime:
        """When it goes out if all is well: at its time, or when its embargo ends."""
        return _leaves_at(self.due_at, self.embargo_until)


class Stop(Frozen):
    """What becomes of a delivery that may be out, once it is known that it is not."""

    state: State
    """HELD, CANCELLED, REJECTED or AWAITING_APPROVAL."""
    reason: str
    hold_reason: str | None = None
    """Why its draft wants it held."""


class Laying(Frozen):
    """Attempts to make one content's unpublished post that are not on record as ended."""

    content: Content
    first: datetime
    last: datetime
    """When they were begun, by our clock."""


class Upload(Frozen):
    """A file that is on its way to a platform in pieces, and of no use there yet."""

    digest: str
    media_id: str
    begun_at: datetime
    pieces: int = 0
    """How many of them the platform has."""
    at_rest: bool = False
    """Whether anybody may go on with it: no request about it is under way. Otherwise that is for
    the worker who is at it; if that one dies, it begins anew."""
    whole: bool = False
    """Whether it has put them together, and works on them."""
    look_at: datetime | None = None
    """When it wants to be asked whether it is done."""


class Prepared(Frozen):
    """What a channel has laid ready at the platform for one delivery; nothing of it is public.

    It is written into the ledger, so that another worker can go on with it.
    """

    media_ids: dict[str, str] = {}
    """Id at the platform by the picture's digest."""
    draft_id: str | None = None
    """The id of the post that was made unpublished (Facebook)."""
    digest: str | None = None
    """The content that `draft_id` holds, or the pictures were uploaded for; another content makes
    them worthless."""
    prepared_at: datetime | None = None
    photos: tuple[str, ...] = ()
    """Ids of all pictures that were uploaded for it and stay at the platform until they are deleted
    (Facebook): also of earlier attempts."""
    at_once: bool = False
    """Its post is made at its instant, because the platform publishes at once what is laid ready."""
    upload: Upload | None = None
    """What is not ready yet: the next call goes on with it."""
    begun: tuple[Laying, ...] = ()
    """What may have left an unpublished post behind whose id nobody wrote down."""
    leftovers: tuple[str, ...] = ()
    """Such posts, all that a channel finds; in the ledger, those that are to be deleted."""
    note: str | None = None
    """What the history is to tell of them."""
    folder: str | None = None
    """Where its pictures lie, in our own files (site)."""
    failures: int = 0
    """How often clearing all this away has failed."""

    @property
    def stays(self) -> bool:
        """Whether anything lies at the platform that does not vanish by itself."""
        lies = (self.draft_id, self.leftovers, self.begun, self.photos, self.folder)
        return any(lies)

    def given_up(self, sent: Collection[str] = ()) -> "Prepared":
        """What has to be cleared away of it; nothing is used again. `sent`: ids that are public."""
        found = dict.fromkeys((*self.leftovers, self.draft_id or ""))
        leftovers = tuple(i for i in found if i and i not in sent)
        # Ledgers from before `photos` have them as those of a post that lies ready.
        of_draft = self.media_ids.values() if self.draft_id else ()
        return Prepared(
            leftovers=leftovers,
            begun=self.begun,
            photos=tuple(dict.fromkeys((*self.photos, *of_draft))),
            folder=self.folder,
            failures=self.failures,
        )

    def holds(self, content: Content) -> bool:
        """Whether this very content lies ready as a post."""
        return self.draft_id is not None and self.digest == content.digest

    def with_post(self, post_id: str, content: Content) -> "Prepared":
        """The same, with a post of this content that was made, and nobody has looked at yet."""
        update = {"draft_id": post_id, "digest": content.digest, "prepared_at": None}
        return self.model_copy(update=update)

    def begin(self, content: Content, at: datetime) -> "Prepared":
        """The same, with an attempt to make this content's post."""
        same = [laying for laying in self.begun if laying.content == content]
        others = [laying for laying in self.begun if laying.content != content]
        laying = Laying(content=content, first=same[0].first if same else at, last=at)
        return self.model_copy(update={"begun": (*others, laying)})


class Delivery(Frozen):
    """One post to one account, as it stands in the ledger."""

    id: int
    version: int
    """Grows with every change: the fence against workers that are late."""
    post: str
    account: str
    channel: str
    state: State
    due_at: datetime
    wake_at: datetime
    """When the dispatcher looks at it next; later than `due_at` after a refusal for now, earlier
    where a GIF or video has to be made ready first."""
    expires_at: datetime | None
    embargo_until: datetime | None
    content: Content
    remote_ids: tuple[str, ...]
    """Ids at the platform, one for each part that is out, in order."""
    prepared: Prepared
    attempts: int
    lease_until: datetime | None
    intent_at: datetime | None
    """When the worker wrote that it is about to send a part; None once the outcome is known."""
    doubt_since: datetime | None
    """The first intent whose outcome was unknown: from there on the platform is read. It stays
    when an absence made the delivery due again, until the part is known to be out."""
    settled_at: datetime | None
    """From when on an absence counts, while the outcome is unknown; None: a person decides."""
    absences: int
    """How often in a row the platform was read after that, and the part was not there."""
    published_at: datetime | None
    url: str | None
    error_kind: str | None
    error_message: str | None
    reason: str | None
    """Why it is held or cancelled, or is to be."""
    hold_reason: str | None
    """Why its draft wants it held, also after somebody cancelled it."""
    queued_by: str | None
    approved_by: str | None
    approved_at: datetime | None
    approved_digest: str | None
    """The digest of what was approved; see `ledger/approvals.py`."""
    repeat: bool
    stop: State | None = None
    """What it becomes, instead of SCHEDULED, when it turns out not to be out; see
    `ledger/pending_stops.py`. It stays when it is out after all: then the stop came too late. What a
    platform made public on its own has here what it was before; see `ledger/published_early.py`."""
    halt: str | None = None
    """Who holds it by hand, and why, until somebody releases it; see `ledger/manager/post_holds.py`."""
    head: str = ""
    """The hash of its newest step in the history."""
    withdrawn_ids: tuple[str, ...] | None = None
    """Ids of the parts that were deleted from the platform, in order; None: nobody has begun to
    withdraw it."""
    clear_at: datetime | None = None
    """When what lies ready at the platform, and is of no use any more, is cleared away."""
    withdraw_at: datetime | None = None
    """When the withdrawal that somebody began is tried again; None: all is down, or nobody began."""
    as_stored: dict[str, str] = {}
    """What the ledger keeps in another form than this, for the digest of the next step."""

    @property
    def leaves_at(self) -> datetime:
        """Never before this: its time or the end of its embargo, whichever is later."""
        return _leaves_at(self.due_at, self.embargo_until)

    @property
    def goes_at(self) -> datetime:
        """When it is to leave: later than `leaves_at` when it was put off, by a refusal for now or
        by a person who let it go on after a pause.
        """
        return max(self.leaves_at, self.wake_at)

    @property
    def in_reach(self) -> bool:
        """Whether it may still be edited or cancelled: nothing of it is being sent."""
        in_hand = self.state is State.PUBLISHING and self.intent_at is None
        return self.state in WAITING or in_hand

    @property
    def may_be_out(self) -> bool:
        """Whether a part of it is being sent, or was sent and nobody knows yet what came of it."""
        is_being_sent = self.state is State.PUBLISHING and self.intent_at is not None
        return self.state is State.UNCERTAIN or is_being_sent

    @property
    def doubt(self) -> str:
        """Names the request of which nobody knows what came; empty when there is none."""
        if self.state is not State.UNCERTAIN:
            return ""
        begun = self.intent_at or self.doubt_since
        return f"part {len(self.remote_ids) + 1}, {begun.isoformat() if begun else 'restored'}"

    @property
    def is_forgotten(self) -> bool:
        """Whether it is looked for because the ledger that knew of its requests was lost; see
        `ledger/forgotten.py`.
        """
        is_settled = self.settled_at is not None and self.settled_at == self.doubt_since
        return self.state is State.UNCERTAIN and self.intent_at is None and is_settled

    @property
    def lateness(self) -> timedelta | None:
        """Time between due, or the end of its embargo, and published; never negative."""
        if self.published_at is None:
            return None
        return self.published_at - self.leaves_at


class Claim(Frozen):
    """A delivery in a worker's hands; worthless once the ledger holds another version."""

    delivery: int
    version: int


class Parcel(Frozen):
    """What a channel needs to know of a delivery to put it on a platform."""

    post: str
    account: str
    content: Content
    due_at: datetime
    """The date that the public sees, where the channel sets it itself (site)."""
    is_forgotten: bool = False
    """Whether it may be out although this ledger never sent it: it is to be found by its words, and
    no absence proves anything, so that what was read a moment ago will do."""
