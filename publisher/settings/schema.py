"""The sections of publisher.toml: what may stand in each, and what it must be like."""

import base64
import re
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    create_model,
    field_validator,
    model_validator,
)

from publisher.base.clock import parse_duration
from publisher.base.i18n import _
from publisher.channels.registry import SPECS
from publisher.model import duty
from publisher.model.values import Advice
from publisher.settings import redis_sentinel

SERVERS = {spec.name: spec.server.setting for spec in SPECS.values() if spec.server}
"""By channel, the setting that names another server than the platform's own."""
_LONG_KEY = 32  # characters
_ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - what nobody can ask for by name


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError(_("must be longer than 0s"))
    return value


def _pause(value: object) -> object:
    seconds = re.fullmatch(r"(\d{1,2}\.\d{1,3})s", value) if isinstance(value, str) else None
    return timedelta(seconds=float(seconds[1])) if seconds else _duration(value)


def _short(value: timedelta) -> timedelta:
    if not timedelta(0) <= value <= timedelta(seconds=10):
        raise ValueError(_("must be from 0s to 10s"))
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Pause = Annotated[
    timedelta,
    BeforeValidator(_pause),
    AfterValidator(_short),
    WithJsonSchema(
        {"type": "string", "pattern": r"^\d+(\.\d{1,3})?s$", "examples": ["1.5s", "3s"]}
    ),
]
"""While it lasts, a worker waits with the delivery in hand: it must be shorter than a lease."""


_WORDS = BeforeValidator(lambda value: value.split() if isinstance(value, str) else value)
"""A list that may be one text, as in the environment."""

_LINES = BeforeValidator(lambda value: value.splitlines() if isinstance(value, str) else value)
"""The same, one on each line."""

_UNVERIFIED = re.compile(
    r"[?&](?:ssl_cert_reqs=(?!required\b|cert_required\b)|ssl_check_hostname=(?!true\b|1\b)"
    r"|verify=(?!yes\b|true\b|1\b))",
    re.IGNORECASE,
)
"""In an address: that whoever answers is believed. redis-py's words, and Apprise's."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseSettings(Section):
    url: str = "sqlite:///var/publisher.db"


class BrokerSettings(Section):
    url: str = ""
    """Empty: the embedded server of `publisher run`."""

    @field_validator("url")
    @classmethod
    def _is_redis(cls, url: str) -> str:
        if _UNVERIFIED.search(url):
            raise ValueError(_("must not turn off the check of the server's certificate"))
        if redis_sentinel.is_meant(url):
            if not _is_address_of_sentinels(url):
                message = _(
                    "must be like sentinel://USER:PASSWORD@HOST1:26379,HOST2:26379/0?master_name=NAME, "
                    "or sentinels:// for TLS, with special characters written as %XX"
                )
                raise ValueError(message)
        elif url and not _is_address_of_redis(url):
            # It may hold a password, so it is not repeated here.
            message = _(
                "must be like redis://USER:PASSWORD@HOST:6379/0, or rediss:// for TLS, with special "
                "characters of the password written as %XX; or empty, for the embedded broker"
            )
            raise ValueError(message)
        return url


def _is_address_of_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port  # looked at only when it is asked for
    except ValueError:
        return False
    right_scheme = parts.scheme in ("redis", "rediss") and "://" in url
    return right_scheme and re.fullmatch(r"/?\d*", parts.path, re.ASCII) is not None


def _is_address_of_sentinels(url: str) -> bool:
    try:
        redis_sentinel.Sentinels.parse(url)
    except ValueError:
        return False
    return True


class ApprovalSettings(Section):
    required: bool = False


class PriceSettings(Section):
    """What X charges, in US dollars (docs.x.com/x-api/getting-started/pricing, 2026)."""

    x_post: Decimal = Field(default=Decimal("0.015"), ge=0)
    x_post_with_link: Decimal = Field(default=Decimal("0.200"), ge=0)
    x_alt_text: Decimal = Field(default=Decimal("0.005"), ge=0)
    x_read: Decimal = Field(default=Decimal("0.005"), ge=0)
    """Of an answer, or of a post's public metrics: 0.001 for those where the account owns the app.
    """
    x_author: Decimal = Field(default=Decimal("0.010"), ge=0)
    """Of the author of an answer, who is shown with it."""


class EngagementSettings(Section):
    read: Literal["free", "all", "none"] = "free"
    """Whose counts are read: of platforms where that is free, of all, or of none."""


class BackupSettings(Section):
    folder: Path | None = None
    """Where this machine's backups of the ledger are; None: nobody looks at their age."""
    max_age: Duration = timedelta(days=1)
    """Age of the newest backup from which people are notified."""


class DeliverySettings(Section):
    settle: Duration = timedelta(seconds=60)
    request_timeout: Duration = timedelta(seconds=20)
    thread_pause: Pause = timedelta(seconds=1.5)
    """Between a part of a thread and the next: X may not know a post at once that is answered."""
    expires: Duration = timedelta(hours=4)
    """For posts that say nothing themselves, and whose session says nothing."""
    workers: int = Field(default=1, ge=1, le=64)
    """Worker processes that `publisher run` keeps."""
    private_hosts: Annotated[tuple[str, ...], _WORDS] = ()
    """The names of accounts' own servers that are not in the public internet, in small letters."""

    @field_validator("private_hosts")
    @classmethod
    def _in_small_letters(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.casefold() for host in hosts)


class NoticeSettings(Section):
    urls: Annotated[tuple[SecretStr, ...], _WORDS] = ()
    """Apprise's addresses of the services that are notified of what needs attention."""
    heartbeat: SecretStr | None = None
    """The address that is pinged while all is well; the service there notices when that ends."""
    mail: SecretStr | None = None
    """The mail account that tells people personally, at an e-mail address; Apprise's address."""
    hosts: Annotated[tuple[str, ...], _WORDS] = Field(
        default=(), json_schema_extra={"writeOnly": True}
    )
    """Servers that people's own addresses may lead to although they are not public."""

    @field_validator("heartbeat")
    @classmethod
    def _is_of_the_web(cls, address: SecretStr | None) -> SecretStr | None:
        if address is None or not address.get_secret_value():
            return None
        # It is a secret, so it is not repeated here.
        if not re.match(r"https?://[^/\s]+", address.get_secret_value()):
            raise ValueError(_("must begin with https:// or http://"))
        return address

    @field_validator("mail")
    @classmethod
    def _is_of_mail(cls, address: SecretStr | None) -> SecretStr | None:
        if address is None or not address.get_secret_value():
            return None
        # It holds a password, so it is not repeated here.
        plain = address.get_secret_value()
        if not re.match(r"mailtos?://\S+$", plain) or re.search(r"[?&;](to|cc|bcc)=", plain):
            raise ValueError(
                _("must be like mailtos://USER:PASSWORD@SERVER?from=SENDER, without to=")
            )
        if _UNVERIFIED.search(plain):
            raise ValueError(_("must not turn off the check of the server's certificate"))
        return address

    @field_validator("urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            if _UNVERIFIED.search(url.get_secret_value()):
                message = _(
                    "number {number} must not turn off the check of the server's certificate",
                    number=number,
                )
                raise ValueError(message)
            # It may hold a token, so it is not repeated here.
            if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://\S", url.get_secret_value()):
                message = _(
                    "number {number} must be like slack://…, mailtos://… or ntfys://…; `publisher help notices` "
                    "shows examples",
                    number=number,
                )
                raise ValueError(message)
        return urls


class WebhookSettings(Section):
    urls: Annotated[tuple[SecretStr, ...], _WORDS] = ()
    """The addresses of programs that are notified of each change of a delivery's state."""
    secrets: Annotated[tuple[SecretStr, ...], _WORDS] = ()
    """The secrets by which each message is signed, `whsec_` and a key in base64; several while one
    takes the place of another.
    """
    hosts: Annotated[tuple[str, ...], _WORDS] = Field(
        default=(), json_schema_extra={"writeOnly": True}
    )
    """Servers that may be asked although they are not public."""

    @field_validator("urls")
    @classmethod
    def _are_of_the_web(cls, urls: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, url in enumerate(urls, 1):
            # It may hold a token, so it is not repeated here.
            if not re.match(r"https?://[^/\s@]+(/\S*)?$", url.get_secret_value()):
                message = _("number {number} must begin with https:// or http://", number=number)
                raise ValueError(message)
        return urls

    @field_validator("secrets")
    @classmethod
    def _are_keys(cls, secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for number, secret in enumerate(secrets, 1):
            if not _is_key(secret.get_secret_value()):
                message = _(
                    "number {number} must be whsec_ and 24 to 64 bytes in base64", number=number
                )
                raise ValueError(message)
        return secrets

    @model_validator(mode="after")
    def _are_signed(self) -> Self:
        if self.urls and not self.secrets:
            raise ValueError(_("urls need secrets, with which their messages are signed"))
        for number, url in enumerate(self.urls, 1):
            address = urlsplit(url.get_secret_value())
            if address.scheme == "http" and address.hostname not in self.hosts:
                message = _(
                    "number {number} must begin with https://: over http:// anyone on the way "
                    "can read it, so that is only for servers inside your network, which "
                    "`hosts` names",
                    number=number,
                )
                raise ValueError(message)
        return self


def _is_key(secret: str) -> bool:
    """Whether it is a secret as Standard Webhooks wants it."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


class CommentSettings(Section):
    """Readers' comments under published posts: what is read, how often, and who is called."""

    read: Literal["free", "all", "none"] = "free"
    """Whose comments are read: of platforms where that is free, of all, or of none."""
    watch: Duration = timedelta(days=14)
    """How long after a post its comments are read."""
    keep: Duration = timedelta(days=30)
    """How long a comment stays here after it was read."""
    every: Duration = timedelta(seconds=30)
    """How often they are read in the two days after a post; later twenty times less often."""
    requests_per_hour: int = Field(default=1800, ge=1)
    """Of an account whose posts are each asked for: with more of them, each is read less often."""
    requests_per_day: int = Field(default=40, ge=1)
    """Requests for comments of an account in a day, where the platform gives few, also to posts."""
    most_per_day: int = Field(default=2000, ge=0)
    """Comments of an account that are read in a day where the platform charges for them."""
    budget_per_month: Decimal = Field(default=Decimal(50), ge=0, le=1_000_000)
    """US dollars that reading the comments of an account may cost in a month."""
    duty: Annotated[tuple[str, ...], _LINES] = ()
    """Who is called, and when: `NAME: weekdays 08:00-18:00`. Nobody at an hour: all managers."""

    @field_validator("duty")
    @classmethod
    def _are_shifts(cls, shifts: tuple[str, ...]) -> tuple[str, ...]:
        for shift in shifts:
            duty.parse(shift)
        return shifts


class WebSettings(Section):
    """Where the web pages are, and who may watch the figures."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str = ""
    """How readers reach the pages, when not under `host` and `port`; https makes cookies secure."""
    hosts: Annotated[tuple[str, ...], _WORDS] = ()
    """Further names under which the pages may be asked for."""
    proxies: Annotated[tuple[str, ...], _WORDS] = ()
    """Addresses or networks of proxies elsewhere, whose X-Forwarded-For is believed."""
    metrics_token: SecretStr | None = None
    second_factor: Literal["optional", "managers", "everybody"] = "optional"
    """Who must log in with a second factor: nobody, managers and admins, or everybody."""
    totp_key: SecretStr | None = None
    """What the secrets of apps are encrypted with in the ledger; None: they are not."""

    @field_validator("totp_key")
    @classmethod
    def _is_long(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value():
            return None
        if len(key.get_secret_value()) < _LONG_KEY:
            # It is a secret, so it is not repeated here.
            raise ValueError(_("must have {number} characters or more", number=_LONG_KEY))
        return key

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            try:
                ip_network(proxy)
            except ValueError:
                told = _("must be addresses or networks, such as 192.0.2.0/28")
                raise ValueError(told) from None
        return proxies

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if url and not re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+/?", url):
            raise ValueError(_("must be like https://publisher.example.org, without a path"))
        return url.rstrip("/")

    @property
    def address(self) -> str:
        """Where readers find the pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"

    @property
    def is_open(self) -> bool:
        """Whether others than this machine can ask for the pages without TLS, and read along."""
        return not self.is_secure and self.host not in ("127.0.0.1", "localhost", "::1")

    @property
    def is_secure(self) -> bool:
        """Whether readers come over TLS, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    def names(self) -> frozenset[str]:
        """The hosts that a request may name, in small letters, without ports."""
        named = urlsplit(self.public_url).hostname
        own = {"127.0.0.1", "localhost", "::1", self.host.casefold(), *([named] if named else [])}
        return frozenset({*own, *(host.casefold() for host in self.hosts)} - _ANY_ADDRESS)


def is_safe_address(url: str) -> bool:
    """Whether nobody between here and there can read along: TLS, or this very machine."""
    try:
        parts = urlsplit(url)
        near = parts.hostname in ("127.0.0.1", "localhost", "::1")
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and near))


def safe_address(url: str) -> str:
    """The address of a server that gets credentials. Raises ValueError for one that is not safe."""
    if url and not is_safe_address(url):
        raise ValueError(_("must begin with https://; http:// is only for this machine"))
    return url


class OpenIDSettings(Section):
    """Where else people log in, by OpenID Connect; without an issuer, nowhere."""

    issuer: Annotated[str, AfterValidator(safe_address)] = Field(
        default="", json_schema_extra={"writeOnly": True}
    )
    """It gets the client secret, and says who people are: it is kept with the secrets."""
    client_id: str = Field(default="", json_schema_extra={"writeOnly": True})
    client_secret: SecretStr | None = None
    claim: str = Field(default="email", json_schema_extra={"writeOnly": True})
    """What of the provider's answer is the name of who comes for the first time."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.issuer and not (self.client_id and self.client_secret):
            raise ValueError(_("an issuer needs client_id and client_secret beside it"))
        return self


# The most hashtags that a message may have before `check` warns, by channel.
if TYPE_CHECKING:
    HashtagSettings = Section
else:
    HashtagSettings = create_model(
        "HashtagSettings",
        __base__=Section,
        **{s.name: (int, Field(default=s.hashtags, ge=0)) for s in SPECS.values()},
    )


class LintSettings(Section):
    ignore: Annotated[tuple[Advice, ...], _WORDS] = ()
    """Advice that this workspace does not want."""
    hashtags: HashtagSettings = HashtagSettings()
    """The most that a message may have before `check` warns, by channel."""
