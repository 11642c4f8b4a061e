"""Preview of a draft for one account: mock-up, lengths, and the state in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from publisher.base.formats import exact
from publisher.base.i18n import _
from publisher.channels.registry import SPECS, capabilities_of, in_sentence
from publisher.drafts import rendering
from publisher.drafts.text_limits import TextLimits, TextSize
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Picture
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.visibility import Visibility
from publisher.preview import mockups
from publisher.preview.pictures import Pictures


@dataclass(frozen=True, slots=True)
class Recipient:
    """One account that gets the draft."""

    account: Account
    content: Content
    look: mockups.Look
    leaves: str | None
    """When it goes out in the account's time zone, if that differs from the session's."""
    zone: str | None
    lengths: Sequence[TextSize]
    """Of each part, by the limit of which it uses more."""
    pictures: Sequence[Picture]
    shows_credit: bool
    """Whether the channel shows the pictures' credits."""
    notes: Sequence[str]
    delivery: Delivery | None
    """Its delivery in the ledger."""
    delivery_notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Recipients:
    """Builds the previews for accounts."""

    pictures: Pictures
    standing: Mapping[tuple[str, str], Delivery]
    zone: ZoneInfo
    now: datetime
    faces: Mapping[str, mockups.Face]
    one_clock: bool

    def view(self, post: Post, account: Account, name: str) -> Recipient:
        """Preview `post` for `account`; `name` identifies the view on the page."""
        capabilities = capabilities_of(account)
        unusable = self.pictures.unusable(post.media, capabilities)
        usable = tuple(item for item in post.media if item.path not in unusable)
        shown = post.model_copy(update={"media": usable}) if unusable else post
        content = rendering.render(shown, account, capabilities, self.pictures.clean)
        delivery, leaves = self.standing.get((post.id, account.name)), post.not_before
        own = account.timezone if not self.one_clock else None
        zone = ZoneInfo(own) if own else self.zone
        return Recipient(
            account=account,
            content=content,
            look=mockups.look_of(
                content,
                account,
                post=post.id,
                name=name,
                leaves=leaves,
                now=self.now,
                when=mockups.short_time(leaves, zone) if leaves else _("no time yet"),
                pictures=self.pictures.shown(content),
                face=self.faces.get(account.name, mockups.NOBODY),
            ),
            leaves=exact(leaves, zone) if leaves and _differ(leaves, zone, self.zone) else None,
            zone=account.timezone,
            lengths=lengths(content, capabilities),
            pictures=content.pictures,
            shows_credit=SPECS[account.channel].page is not None,
            notes=[*unusable.values(), *_disclosed(content, account)],
            delivery=delivery,
            delivery_notes=self._notes(delivery, post, content) if delivery else (),
        )

    def _notes(self, delivery: Delivery, post: Post, content: Content) -> list[str]:
        """Why a delivery is in its state, and how it differs from its draft."""
        seen = Visibility.of(delivery)
        notes = [seen.in_words(lambda at: exact(at, self.zone))] if seen.needs_words else []
        notes += [_(note) for note in (delivery.error_message, reason_of(delivery)) if note]
        if delivery.approved_by:
            notes.append(_("approved by {name}", name=delivery.approved_by))
        if delivery.content.digest != content.digest:
            notes.append(_("the text or pictures on record differ from this draft"))
        if delivery.due_at != post.due_at and not post.at_once:
            told = _("the time on record differs: {time}", time=exact(delivery.due_at, self.zone))
            notes.append(told)
        return notes


def _disclosed(content: Content, account: Account) -> list[str]:
    if not content.made_with_ai:
        return []
    platform = in_sentence(account.channel)
    return [_("{platform} will show that it was made with AI.", platform=platform)]


def _differ(instant: datetime, one: ZoneInfo, other: ZoneInfo) -> bool:
    return instant.astimezone(one).utcoffset() != instant.astimezone(other).utcoffset()


def lengths(content: Content, capabilities: Capabilities) -> list[TextSize]:
    limits = TextLimits.of(capabilities, content.content_warning)
    return [limits.size(part.text) for part in content.parts if not part.is_comment]
