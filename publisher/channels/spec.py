"""What a channel says of itself, once: all that the rest of Publisher knows of a platform.

`registry.py` has the specs of all channels. Nothing outside `channels/` and `sandbox/` names one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from publisher.base.clock import Clock
from publisher.base.i18n import _
from publisher.model.models import Account, Capabilities, Content

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.model.clock_check import ClockCheck, Heard


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """What all channels are opened with."""

    request_timeout: timedelta
    """Real time for one request, from the connection to the last byte of the answer."""
    folder: Path
    """Where channels may keep files, each in a folder of its own name."""
    clock: Clock
    servers: Mapping[str, str] = field(default_factory=dict)
    """By channel, another server than the platform's own."""
    check: "ClockCheck | None" = None
    """Hears the time that each answer names."""

    def heard(self, spec: "ChannelSpec") -> "Heard":
        """What takes the time that a channel's platform tells."""
        from publisher.model.clock_check import unheard  # noqa: PLC0415 - only workers need it

        return self.check.heard_from(_(spec.title)) if self.check else unheard


Opener = Callable[[Account, Mapping[str, str], ChannelOptions], "Channel"]
"""Opens a channel of an account with its credentials, for one thread at a time. It imports the
platform's library, so that commands that only look at drafts start fast."""


class ShownPicture(Protocol):
    """A picture of a page that is shown."""

    @property
    def src(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class PageMaker(Protocol):
    """Makes what a channel's mockup shows of a post that is a page."""

    def __call__(
        self, content: Content, *, slug: str, published: datetime, pictures: Sequence[ShownPicture]
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Option:
    """A key of an account in publisher.toml that this channel has beside the common ones."""

    name: str
    pattern: str
    """That the whole value must match."""
    about: str = ""
    """What it is, for editors that know the files' schema."""
    required: str | None = None
    """What an account without it is told; None: it may be missing."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret of an account, in secrets.toml or the environment."""

    name: str
    required: bool = True
    of_app: bool = False
    """Whether it is the app's own, by which accounts that share an app, and its limits, are known."""


@dataclass(frozen=True, slots=True)
class Server:
    """The platform's server, and the setting that names another one, such as the sandbox."""

    address: str
    setting: str
    """In the environment alone: whoever decides about it gets every credential."""
    hosts: frozenset[str]
    """By which the platform itself is known."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """One channel."""

    name: str
    """In drafts, settings and the ledger."""
    title: str
    """As readers call the platform; it is translated where it is shown."""
    capabilities: Capabilities
    open: Opener
    post_id: str
    """A pattern of the platform's ids of posts."""
    post_id_hint: str
    """Where a person finds such an id."""
    hashtags: int
    """The most in a message before `check` warns."""
    in_sentence: str | None = None
    """The same as the title within a sentence, where that differs."""
    aliases: tuple[str, ...] = ()
    """Other names, in small letters, that drafts and settings may use."""
    nicknames: tuple[str, ...] = ()
    """What people call it, too loose for a name; for suggestions."""
    options: tuple[Option, ...] = ()
    credentials: tuple[Credential, ...] = ()
    server: Server | None = None
    """None: the channel asks no server."""
    mockup: str = "preview/card.html"
    """The template of how a post looks there, with a macro `post(shown)`; a channel's own is found
    under the last name of its package: `twitter/mockup.html`."""
    css: str = "plain"
    """The class by which stylesheets know the mockup."""
    package: str | None = None
    """The package that holds the channel's own templates; None: it has none."""
    page: PageMaker | None = None
    """Makes the page that a post is, with the pictures' credits; None: a post is a card or thread."""
    folds_after: int | None = None
    """After how many characters readers see only the beginning of a text."""
    has_fees: bool = False
    """Whether the platform charges for posts; see `[prices]`."""
    warns_of_mentions: bool = False
    """Whether a mention notifies people who did not ask, and hides a post that begins with it."""
    takes_copies_for_spam: bool = False
    """Whether the same text from two accounts does harm."""

    @property
    def required(self) -> tuple[str, ...]:
        """The credentials that it cannot do without."""
        return tuple(one.name for one in self.credentials if one.required)

    @property
    def app_credential(self) -> str | None:
        return next((one.name for one in self.credentials if one.of_app), None)
