"""Channel spec: all that the rest of Publisher needs to know about a platform.

`registry.py` has the specs of all channels. Nothing outside `publisher/platforms/` names one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from publisher.base.clock import Clock
from publisher.base.i18n import _, later
from publisher.base.public_addresses import is_private
from publisher.channels.engagement import MetricSource
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content

if TYPE_CHECKING:
    from publisher.channels.base import Channel
    from publisher.channels.comments import CommentReader
    from publisher.channels.connect import Connector
    from publisher.channels.renewal import Renewal
    from publisher.model.clock_check import ClockCheck, Heard


@dataclass(frozen=True, slots=True)
class ChannelOptions:
    """The options that every channel is opened with."""

    request_timeout: timedelta
    """Real time for one request, from the connection to the last byte of the answer."""
    folder: Path
    """Where channels may store files, each in a folder with its name."""
    clock: Clock
    servers: Mapping[str, str] = field(default_factory=dict)
    """By channel, a server to use instead of the platform's."""
    check: "ClockCheck | None" = None
    """Gets the time that each answer names."""
    private_hosts: Collection[str] = ()
    """The hosts of accounts' own servers that need not be in the public internet."""

    def public_only(self, channel: str, server: str) -> bool:
        """Whether requests to an account's own server go to public addresses alone.

        Its name may be led to this machine, or to one beside it, which trusts requests from here.
        Not where the operator wants such a server: one that stands in for the channel's platform,
        one that is written as a private address, one in `private_hosts`.
        """
        host = urlsplit(server).hostname or ""
        return not (self.servers.get(channel) or is_private(host) or host in self.private_hosts)

    def heard(self, spec: "ChannelSpec") -> "Heard":
        """The function that gets the time from the answers of a channel's platform."""
        from publisher.model.clock_check import unheard  # noqa: PLC0415 - only workers need it

        return self.check.heard_from(_(spec.title)) if self.check else unheard


Opener = Callable[[Account, Mapping[str, str], ChannelOptions], "Channel"]
"""Opens a channel of an account with its credentials, for one thread at a time. It imports the
platform's library, so that commands that only look at drafts start fast."""


ConnectorOpener = Callable[[ChannelOptions], "Connector"]
"""Opens what gets an account's keys from the platform."""


CommentOpener = Callable[[Account, Mapping[str, str], ChannelOptions], "CommentReader"]
"""Opens what reads the comments of an account, for one thread at a time."""


@dataclass(frozen=True, slots=True)
class CommentSupport:
    """What a channel can do with readers' comments under our posts."""

    open: CommentOpener
    hides: bool
    deletes: bool
    reads_each_post: bool
    """Whether each post takes a request of its own; otherwise one shows all of the account."""
    permissions: str = ""
    """What the app needs for it beyond posting, as the platform calls it."""
    hidden: str = ""
    """Who still sees a comment that is hidden: a sentence for `_`."""
    names: bool = True
    """Whether it is read who wrote a comment."""
    keep: timedelta | None = None
    """How long the platform's terms let a comment be kept, from when it was read; None: they name
    no time.
    """
    leaves: bool = True
    """Whether the platform's terms let texts be handed on to programs."""
    is_rationed: bool = False
    """Whether the platform gives few requests a day, of which posts need some: those for comments
    are `[comments] requests_per_day`.
    """


@dataclass(frozen=True, slots=True)
class ReplySupport:
    """Whether a channel can answer a reader's comment with a post of ours, and how."""

    told: str
    """How it goes out; if it cannot, why, and what a person does instead: sentences for `_`."""
    can: bool = True
    mentions: bool = False
    """Whether the reader is told of it only if its text names them."""
    longest: int | None = None
    """Where it is a comment, which has neither pictures nor a link of its own: the most characters.
    None: it is a post like any other.
    """


NOT_FROM_HERE = ReplySupport(
    later("Publisher cannot answer readers there. Answer on the platform itself."), can=False
)


class ShownPicture(Protocol):
    """A picture as a page shows it."""

    @property
    def src(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class PageMaker(Protocol):
    """Makes the page that a channel's mockup shows."""

    def __call__(
        self, content: Content, *, slug: str, published: datetime, pictures: Sequence[ShownPicture]
    ) -> object: ...


@dataclass(frozen=True, slots=True)
class Option:
    """A key of an account in publisher.toml that only this channel has."""

    name: str
    pattern: str = ""
    """The pattern that the whole value must match; a number needs none."""
    about: str = ""
    """Its description in the files' schema, for editors."""
    required: str | None = None
    """The message for an account without it; None: it is optional."""
    shape: str = ""
    """What a value that does not match must look like, in words; empty: the pattern is shown."""
    is_owner: bool = False
    """Whether it is the id that the owner of the keys must have."""
    example: str = ""
    """Its value in a fresh workspace; empty: it does not stand there."""
    default: str | int = ""
    """What an account without it has; a number makes its value one."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret of an account, in secrets.toml or the environment."""

    name: str
    required: bool = True
    of_app: bool = False
    """Whether it belongs to the app; accounts with the same one share an app and its limits."""
    is_address: bool = False
    """Whether it is no secret but the address that the secrets are sent to. It stands with them:
    whoever can change it gets them.
    """


@dataclass(frozen=True, slots=True)
class Server:
    """The platform's server, and the setting that names another one, such as the sandbox."""

    address: str | None
    """None: each account has a server of its own, which one of its credentials names."""
    setting: str
    """Set in the environment only: a person who can set it gets every credential. It ends with
    `_url`, by which commands see without any channel that none is set.
    """
    hosts: frozenset[str]
    """The host names of the platform itself."""
    pictures: tuple[str, ...] = ()
    """The hosts of its profile pictures; one that begins with a dot stands for all below it."""

    def __post_init__(self) -> None:
        if not self.setting.endswith("_url"):
            raise ValueError(f"{self.setting} does not end with _url")


@dataclass(frozen=True, slots=True)
class Sample:
    """How an account of a channel stands in a fresh workspace."""

    name: str
    about: str = ""
    """A comment on it; it is translated where it is shown."""


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """The description of one channel."""

    name: str
    """The name in drafts, settings and the ledger."""
    title: str
    """The platform's public name; it is translated where it is shown."""
    capabilities: Capabilities
    open: Opener
    post_id: str
    """A pattern for the platform's post ids."""
    post_id_hint: str
    """A hint where a person finds such an id."""
    hashtags: int
    """The most hashtags in a post before `check` warns."""
    in_sentence: str | None = None
    """The title within a sentence, if that differs."""
    aliases: tuple[str, ...] = ()
    """Other names that drafts and settings may use, in lower case."""
    nicknames: tuple[str, ...] = ()
    """What people call it, too vague for a name; used for suggestions."""
    sample: Sample | None = None
    """None: it is called `our-` and the channel's name."""
    options: tuple[Option, ...] = ()
    credentials: tuple[Credential, ...] = ()
    other_kits: tuple[tuple[str, ...], ...] = ()
    """Names of credentials that are enough together, in place of the required ones."""
    connect: ConnectorOpener | None = None
    """None: it has no keys, or a person types them into secrets.toml."""
    other_connectors: Mapping[str, ConnectorOpener] = field(default_factory=dict)
    """Other ways to get keys, by the name that a person chooses one with."""
    renewal: "Renewal | None" = None
    """How keys that expire are renewed in time; None: they are not."""
    comments: CommentSupport | None = None
    """How readers' comments are read and moderated; None: they are not."""
    replies: ReplySupport = NOT_FROM_HERE
    """Whether and how they are answered."""
    server: Server | None = None
    """None: the channel uses no server."""
    mockup: str = "preview/card.html"
    """The template of the mockup of a post, with a macro `post(shown)`; a channel's own is under
    the last name of its package: `twitter/mockup.html`.
    """
    css: str = "as-card"
    """The mockup's classes in stylesheets: one of the layouts of `preview/templates/posts.css`
    (`as-thread`, `as-card`, `as-page`), and one of the channel's own `templates/mockup.css`.
    """
    package: str | None = None
    """The package with the channel's own templates, and with the styles of its mockup; None: it has
    none.
    """
    page: PageMaker | None = None
    """Makes the page of a post, with the pictures' credits; None: a post is a card or thread."""
    capabilities_of: Callable[[Account], Capabilities] | None = None
    """The capabilities for one account; None: they are the same for all."""
    folds_after: int | None = None
    """The number of characters after which the platform folds a text."""
    large_below: int = 0
    """The number of characters below which the platform shows a text without picture or card in
    large letters; 0: none.
    """
    has_fees: bool = False
    """Whether the platform charges for posts; see `[prices]`."""
    warns_of_mentions: bool = False
    """Whether a mention notifies people who did not ask, and hides a post that begins with it."""
    takes_copies_for_spam: bool = False
    """Whether the same text from two accounts counts as spam."""
    shares_owner: bool = False
    """Whether several accounts may have one owner, as those of one site in several languages."""
    has_handles: bool = False
    """Whether people know an account by its handle, with `@`, rather than by its name."""
    metrics: MetricSource | None = None
    """The public counts of its posts that can be read; None: there are none."""
    contract: int | None = None
    """As `plugins.CONTRACT`: for which another distribution wrote its channel."""

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the required credentials."""
        return tuple(one.name for one in self.credentials if one.required)

    def lacks(self, given: Collection[str]) -> list[str]:
        """The credentials that are missing beside those given, by the kit that is most complete."""
        kits = [self.required, *self.other_kits]
        nearest = max(kits, key=lambda kit: len(set(kit) & set(given)))
        return [name for name in nearest if name not in given]

    @property
    def app_credentials(self) -> tuple[str, ...]:
        """The names of the credentials by which accounts of one app are known."""
        return tuple(one.name for one in self.credentials if one.of_app)
