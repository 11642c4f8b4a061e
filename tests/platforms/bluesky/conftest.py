"""Bluesky's own server, with accounts of its own for each test."""

import hashlib
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from publisher.base.clock import Clock
from publisher.channels.base import Channel
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.media import videos
from publisher.model.accounts import Account
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Outcome
from publisher.model.problems import Flaw
from tests.support import bluesky
from tests.support.bluesky import Account as BlueskyAccount
from tests.support.bluesky import BlueskyServer
from tests.support.clock import ManualClock
from tests.support.losing import Losing, losing
from tests.support.sending import send
from tests.support.videos import video as make_video

DUE = datetime(2016, 3, 7, 7, 30, tzinfo=UTC)
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def bluesky_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlueskyServer]:
    """One server for the whole run, started when the first test asks for it."""
    with bluesky.serve(tmp_path_factory.mktemp("bluesky")) as server:
        yield server


@dataclass
class Sky:
    """An account on Bluesky's server, and the channel in front of it."""

    account: BlueskyAccount
    between: Losing
    folder: Path
    clock: Clock = field(default_factory=ManualClock)
    credentials: dict[str, str] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)

    def open(self, **credentials: str) -> Channel:
        """A new instance of the channel."""
        options = ChannelOptions(
            request_timeout=timedelta(seconds=20),
            folder=self.folder,
            clock=self.clock,
            servers={"bluesky": self.between.address},
        )
        account = Account(name="bice-sky", channel="bluesky")
        return open_channel(account, {**self.credentials, **credentials}, options)

    def picture(self, alt: str, colour: str = "teal") -> Picture:
        memory = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(memory, "PNG")
        digest = hashlib.sha256(memory.getvalue()).hexdigest()
        self.media[digest] = memory.getvalue()
        return Picture(
            digest=digest, media_type="image/png", width=64, height=48, alt=alt, name="a.png"
        )

    def video(self, alt: str) -> Picture:
        copy = videos.copy(make_video(self.folder / "a.mp4"))
        assert not isinstance(copy, Flaw)
        self.media[copy.digest] = copy.data
        return Picture(
            digest=copy.digest, media_type=copy.media_type, width=copy.width, height=copy.height,
            alt=alt, name="a.mp4",
        )  # fmt: skip

    def parcel(self, *texts: str, pictures: tuple[Picture, ...] = (), **more: Any) -> Parcel:
        parts = [Part(text=text) for text in texts]
        parts[0] = Part(text=parts[0].text, pictures=pictures)
        of_parcel = {name: more.pop(name) for name in ("is_forgotten",) if name in more}
        content = Content(parts=tuple(parts), **{"lang": "fr", **more})
        return Parcel(post="day.fr", account="bice-sky", content=content, due_at=DUE, **of_parcel)

    def prepare(self, parcel: Parcel, prepared: Prepared | None = None) -> Prepared:
        found = self.open().prepare(parcel, prepared or Prepared(), self.media.__getitem__)
        return Prepared.model_validate_json(found.model_dump_json())

    def send(
        self, parcel: Parcel, prepared: Prepared | None = None, sent: tuple[str, ...] = ()
    ) -> Outcome:
        return send(self.open(), parcel, prepared or self.prepare(parcel), sent)

    def publish(self, *texts: str, **more: Any) -> Accepted:
        outcome = self.send(self.parcel(*texts, **more))
        assert isinstance(outcome, Accepted), outcome
        return outcome

    @property
    def texts(self) -> list[str]:
        """What is public, oldest key first."""
        return [post["value"]["text"] for post in self.account.posts()]


@pytest.fixture
def sky(bluesky_server: BlueskyServer, tmp_path: Path) -> Iterator[Sky]:
    account = bluesky_server.account(f"bice-{next(_numbers)}")
    with losing(bluesky_server.address) as between:
        yield Sky(account, between, tmp_path, credentials=account.credentials)
