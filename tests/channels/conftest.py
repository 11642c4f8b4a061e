"""The sandbox, and each channel in front of what its public would see."""

import hashlib
import io
import json
import socket
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from publisher.channels.base import Channel, NotPrepared
from publisher.channels.http import recorder
from publisher.channels.registry import CAPABILITIES, ChannelOptions, open_channel
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.media import documents, videos
from publisher.model.accounts import Account
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Outcome, Sighting
from publisher.model.problems import Flaw
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.fault_kinds import What
from publisher.sandbox.platforms import PLATFORMS as SIMULATED
from publisher.sandbox.platforms import accounts_for
from publisher.sandbox.server import Sandbox, running
from publisher.settings.settings import Settings
from tests.channels.comment_duty import duty, duty_at, page  # noqa: F401 - fixtures
from tests.channels.desk import Desk
from tests.channels.patience import LONG, patience
from tests.support import system
from tests.support.clock import ManualClock
from tests.support.delivering import OneByOne
from tests.support.pdfs import pdf
from tests.support.sandbox_accounts import by_name
from tests.support.sending import send
from tests.support.videos import video as make_video
from tests.support.wordpress_server import site as wordpress_server
from tests.support.wordpress_server.site import TestSite

DUE = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
LOST = (
    What.SERVER_ERROR,
    What.HTML,
    What.NO_ERROR,
    What.REDIRECT,
    What.NOT_JSON,
    What.EMPTY,
    What.HANG_UP,
    What.CUT,
    What.HANG,
)
"""Ways in which the answer to a request can get lost."""
SECRETS = (
    "api_key",
    "api_secret",
    "access_token",
    "access_token_secret",
    "page_token",
    "app_secret",
    "client_secret",
    "application_password",
    "app_password",
)


@dataclass(frozen=True)
class Shown:
    """A post as the public sees it; `pictures` are the SHA-256 and the alt text of each."""

    id: str
    text: str
    link: str | None = None
    in_reply_to: str | None = None
    pictures: tuple[tuple[str, str | None], ...] = ()


@dataclass
class Stage:
    """One channel's account, with what stands behind it."""

    name: str
    account: Account
    credentials: dict[str, str]
    options: ChannelOptions
    sandbox: Sandbox
    media: dict[str, bytes] = field(default_factory=dict)

    @property
    def patience(self) -> timedelta:
        """The time limit of a request, while the faults in force are."""
        return patience(one["what"] for one in self.sandbox.faults.as_json())

    def open(self, **instead: object) -> Channel:
        """A new instance of the channel, as another worker would have it; keywords are options."""
        given = {name: getattr(self.options, name) for name in self.options.__slots__}
        options = ChannelOptions(**{**given, "request_timeout": self.patience, **instead})
        return open_channel(self.account, self.credentials, options)

    def picture(self, alt: str, colour: str = "teal", kind: str = "PNG") -> Picture:
        memory = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(memory, kind)
        content = memory.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        self.media[digest] = content
        return Picture(
            digest=digest,
            media_type=f"image/{kind.lower()}",
            width=64,
            height=48,
            alt=alt,
            name=f"{colour}.{kind.lower()}",
        )

    def gif(self, alt: str, size: tuple[int, int] = (64, 48), frames: int = 3) -> Picture:
        """An animated GIF; its noise makes it about as big as its pixels are many."""
        images = [Image.effect_noise(size, 90) for _ in range(frames)]
        memory = io.BytesIO()
        images[0].save(memory, "GIF", save_all=True, append_images=images[1:])
        return self._moving(memory.getvalue(), "image/gif", size, alt)

    def video(self, alt: str, **options: Any) -> Picture:
        """A clean video, as it lies in the ledger."""
        with tempfile.TemporaryDirectory() as folder:
            copy = videos.copy(make_video(Path(folder) / "a.mp4", **options))
        assert not isinstance(copy, Flaw)
        return self._moving(copy.data, copy.media_type, (copy.width, copy.height), alt)

    def document(self, alt: str, pages: int = 3) -> Picture:
        """A clean PDF, as it lies in the ledger."""
        with tempfile.TemporaryDirectory() as folder:
            copy = documents.copy(pdf(Path(folder) / "a.pdf", pages=pages))
        assert not isinstance(copy, Flaw)
        size = copy.width, copy.height
        shown = self._moving(copy.data, copy.media_type, size, alt)
        return shown.model_copy(update={"pages": copy.pages})

    def _moving(self, content: bytes, media_type: str, size: tuple[int, int], alt: str) -> Picture:
        digest = hashlib.sha256(content).hexdigest()
        self.media[digest] = content
        return Picture(
            digest=digest,
            media_type=media_type,
            width=size[0],
            height=size[1],
            alt=alt,
            name=digest[:8],
        )

    def parcel(
        self,
        *texts: str,
        pictures: tuple[Picture, ...] = (),
        link: str | None = None,
        post: str = "2016-03-07-annual-day.fr",
        title: str | None = None,
        comment: str | None = None,
    ) -> Parcel:
        parts = [Part(text=text) for text in texts or ("Bonjour",)]
        parts[0] = Part(text=parts[0].text, pictures=pictures)
        if comment:
            parts.append(Part(text=comment, is_comment=True))
        content = Content(parts=tuple(parts), link=link, lang="fr", title=title)
        return Parcel(post=post, account=self.account.name, content=content, due_at=DUE)

    def deliver(self, parcel: Parcel, channel: Channel | None = None) -> list[Outcome]:
        """Prepare and send all parts, until one is not accepted; what became of each."""
        channel = channel or self.open()
        try:
            prepared = self.prepare(parcel, channel)
        except NotPrepared as problem:
            return [problem.outcome]
        outcomes: list[Outcome] = []
        sent: tuple[str, ...] = ()
        while len(sent) < len(self.sendings(parcel)):
            outcome = send(channel, parcel, prepared, sent)
            if not isinstance(outcome, Accepted):
                return [*outcomes, outcome]
            # One request may make several parts public.
            outcomes += [replace(outcome, remote_id=one) for one in outcome.remote_ids]
            sent = (*sent, *outcome.remote_ids)
        return outcomes

    def prepare(self, parcel: Parcel, channel: Channel, known: Prepared | None = None) -> Prepared:
        """Make ready as a worker does, until nothing is on its way any more.

        What is written down in between passes through the ledger as JSON.
        """
        prepared = channel.prepare(parcel, known or Prepared(), self.media.__getitem__)
        makes_a_post = not (prepared.at_once or parcel.content.edits or parcel.content.answers)
        prepares_posts = channel.capabilities.prepares_posts and makes_a_post
        while prepared.upload or (prepares_posts and not prepared.holds(parcel.content)):
            if prepared.upload and prepared.upload.look_at:
                self.options.clock.sleep_until(prepared.upload.look_at)
            kept = Prepared.model_validate_json(prepared.model_dump_json())
            prepared = channel.prepare(parcel, kept, self.media.__getitem__)
        return prepared

    def ready(self, parcel: Parcel) -> "Attempt":
        """A parcel that is prepared and about to be sent."""
        prepared = self.prepare(parcel, self.open())
        return Attempt(self, parcel, prepared, self.options.clock.now())

    def sendings(self, parcel: Parcel) -> range:
        """Its parts that are sent one by one."""
        parts, comments = parcel.content.parts, sum(one.is_comment for one in parcel.content.parts)
        return range(len(parts) if CAPABILITIES[self.name].threads else 1 + comments)

    def shown(self) -> list[Shown]:
        """What the public sees, in the order of publication."""
        return self._on_site() if self.name == "site" else self._on_platform()

    def _on_platform(self) -> list[Shown]:
        return [
            Shown(
                post["id"],
                post["text"],
                post["link"],
                post["in_reply_to"],
                tuple((media["sha256"], media["alt"]) for media in post["media"]),
            )
            for post in self.sandbox.state()["posts"]
            if post["account"] == self.account.name and post["published"] and not post["deleted"]
        ]

    def _on_site(self) -> list[Shown]:
        folder = self.options.folder / "site" / self.account.name
        if not (folder / "feed.json").exists():
            return []
        items = json.loads((folder / "feed.json").read_text())["items"]
        return [
            Shown(
                Path(item["url"]).stem,
                item["content_text"],
                item.get("external_url"),
                None,
                tuple(
                    (
                        hashlib.sha256((folder / image["url"]).read_bytes()).hexdigest(),
                        image["title"],
                    )
                    for image in item.get("attachments", [])
                ),
            )
            for item in reversed(items)
        ]


@dataclass
class Attempt:
    """A parcel on its way out: what a worker and whoever looks for it later know of it."""

    stage: Stage
    parcel: Parcel
    prepared: Prepared
    since: datetime
    sent: tuple[str, ...] = ()

    @property
    def channel(self) -> Channel:
        """A new instance, with the time limit of the faults in force."""
        return self.stage.open()

    def send(self) -> Outcome:
        """Send the next part; it counts as sent when it was accepted."""
        outcome = send(self.channel, self.parcel, self.prepared, self.sent)
        if isinstance(outcome, Accepted):
            self.sent = (*self.sent, *outcome.remote_ids)
        return outcome

    def find(self, sent: tuple[str, ...] | None = None) -> Sighting:
        """Look for the part after those in `sent`, with an instance that never sent anything."""
        known = self.sent if sent is None else sent
        return self.stage.open().find(self.parcel, self.prepared, known, self.since)


SETTINGS = Settings.model_validate(
    {
        "workspace": Path("/nowhere"),
        "accounts": {
            "bice-x": {"channel": "twitter", "organisation": "BICE", "language": "fr"},
            "bice-page": {"channel": "facebook", "organisation": "BICE", "page_id": "1002"},
            "bice-linkedin": {
                "channel": "linkedin",
                "organisation": "BICE",
                "organization_id": "2414183",
            },
            "bice-fedi": {
                "channel": "mastodon",
                "organisation": "BICE",
                "handle": "@bice@mastodon.example",
            },
            "bice-wp": {"channel": "wordpress", "organisation": "BICE", "language": "fr"},
            "bice-site": {"channel": "site", "organisation": "BICE", "language": "fr"},
            "bice-sky": {"channel": "bluesky", "organisation": "BICE", "language": "fr"},
        },
    }
)
ACCOUNTS = {
    "twitter": "bice-x",
    "facebook": "bice-page",
    "linkedin": "bice-linkedin",
    "mastodon": "bice-fedi",
    "wordpress": "bice-wp",
    "bluesky": "bice-sky",
    "site": "bice-site",
}
PLATFORMS = tuple(SIMULATED)
"""The channels with a server."""


@pytest.fixture(scope="session")
def sandbox_accounts() -> dict[str, SandboxAccount]:
    return by_name(accounts_for(SETTINGS))


@pytest.fixture(scope="session")
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def server(
    sandbox_accounts: dict[str, SandboxAccount], clock: ManualClock
) -> Iterator[tuple[Sandbox, str]]:
    sandbox = Sandbox(list(sandbox_accounts.values()), clock)
    with running(sandbox) as address:
        yield sandbox, address


@pytest.fixture
def address(server: tuple[Sandbox, str]) -> str:
    return server[1]


@pytest.fixture
def sandbox(server: tuple[Sandbox, str], address: str) -> Sandbox:
    """The sandbox as if it had just been started."""
    requests.post(f"{address}/sandbox/reset", timeout=30).raise_for_status()
    return server[0]


@pytest.fixture
def options(address: str, clock: ManualClock, tmp_path: Path) -> ChannelOptions:
    return ChannelOptions(
        request_timeout=LONG,
        folder=tmp_path,
        clock=clock,
        servers=dict.fromkeys(PLATFORMS, address),
    )


Stages = Callable[[str], Stage]


@pytest.fixture
def stages(
    options: ChannelOptions, sandbox: Sandbox, sandbox_accounts: dict[str, SandboxAccount]
) -> Stages:
    """Makes the stage of a channel by its name."""

    def make(channel: str) -> Stage:
        name = ACCOUNTS[channel]
        known = sandbox_accounts.get(name)
        credentials = dict(known.credentials) if known else {}
        account = SETTINGS.accounts[name].account(name)
        return Stage(channel, account, credentials, options, sandbox)

    return make


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """One kind of database is enough here: what the ledger does is tested elsewhere, on both."""
    return f"sqlite:///{tmp_path / 'publisher.db'}"


@pytest.fixture
def desk(
    stages: Stages,
    ledger: Ledger,
    dispatch: Dispatch,
    attempts: OneByOne,
    queries: Queries,
    clock: ManualClock,
) -> Desk:
    return Desk(stages("facebook"), ledger, dispatch, attempts, queries, clock)


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[requests.PreparedRequest]:
    """Every request that the channels make, as it was signed for the platform."""
    seen: list[requests.PreparedRequest] = []
    send = recorder._Handover.send

    def noted(
        self: recorder._Handover, request: requests.PreparedRequest, *args: object, **more: object
    ) -> requests.Response:
        seen.append(request)
        return send(self, request, *args, **more)

    monkeypatch.setattr(recorder._Handover, "send", noted)
    return seen


@pytest.fixture
def closed_port() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestSite]:
    """One real WordPress for all tests of it."""
    if packages := wordpress_server.missing():
        system.missing("a part of WordPress", packages)
    with wordpress_server.serve(tmp_path_factory.mktemp("wordpress")) as site:
        yield site
