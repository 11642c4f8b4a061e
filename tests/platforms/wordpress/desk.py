"""A desk in front of a real WordPress: what a worker does, and what others see."""

import hashlib
import io
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from publisher.base.clock import SystemClock
from publisher.channels.base import Channel
from publisher.channels.registry import ChannelOptions, open_channel
from publisher.media import documents, videos
from publisher.media.clean_copy import CleanPicture
from publisher.model.accounts import Account
from publisher.model.content import Content, Part, Picture
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import (
    Outcome,
)
from tests.support.pdfs import pdf
from tests.support.sending import send
from tests.support.videos import video as make_video
from tests.support.wordpress_server.site import TestSite

CLOCK = SystemClock()


@dataclass
class Desk:
    """A site, and a user's channel to it."""

    site: TestSite
    folder: Path
    media: dict[str, bytes] = field(default_factory=dict)

    def open(
        self, role: str = "author", *, categories: str = "", password: str = "", server: str = ""
    ) -> Channel:
        person = self.site.people[role]
        credentials = {
            "user": person.user,
            "application_password": password or person.password,
            "server": server or self.site.address,
        }
        options = {"categories": categories} if categories else {}
        account = Account(name="bice-wp", channel="wordpress", options=options)
        given = ChannelOptions(
            request_timeout=timedelta(seconds=60), folder=self.folder, clock=CLOCK
        )
        return open_channel(account, credentials, given)

    def picture(self, alt: str, colour: str, credit: str | None = None) -> Picture:
        memory = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(memory, "PNG")
        digest = hashlib.sha256(memory.getvalue()).hexdigest()
        self.media[digest] = memory.getvalue()
        return Picture(
            digest=digest, media_type="image/png", width=64, height=48, alt=alt, name=f"{colour}.png",
            credit=credit,
        )  # fmt: skip

    def gif(self, alt: str) -> Picture:
        memory = io.BytesIO()
        frames = [Image.effect_noise((64, 48), 90) for _ in range(3)]
        frames[0].save(memory, "GIF", save_all=True, append_images=frames[1:])
        return self._file(memory.getvalue(), "image/gif", alt)

    def video(self, alt: str) -> Picture:
        copy = videos.copy(make_video(self.folder / "a.mp4"))
        assert isinstance(copy, CleanPicture)
        return self._file(copy.data, copy.media_type, alt)

    def document(self, alt: str) -> Picture:
        copy = documents.copy(pdf(self.folder / "a.pdf"))
        assert isinstance(copy, CleanPicture)
        return self._file(copy.data, copy.media_type, alt, copy.pages)

    def _file(self, content: bytes, media_type: str, alt: str, pages: int | None = None) -> Picture:
        digest = hashlib.sha256(content).hexdigest()
        self.media[digest] = content
        return Picture(
            digest=digest, media_type=media_type, width=64, height=48, alt=alt, name=digest[:8],
            pages=pages,
        )  # fmt: skip

    def parcel(self, post: str, text: str, *pictures: Picture, **more: Any) -> Parcel:
        content = Content(parts=(Part(text=text, pictures=pictures),), **more)
        return Parcel(post=post, account="bice-wp", content=content, due_at=CLOCK.now())

    def prepare(
        self, channel: Channel, parcel: Parcel, prepared: Prepared | None = None
    ) -> Prepared:
        """Prepare as a worker does, round by round, through the ledger's JSON."""
        known = prepared or Prepared()
        while not known.holds(parcel.content) or known.leftovers:
            kept = Prepared.model_validate_json(known.model_dump_json())
            known = channel.prepare(parcel, kept, self.media.__getitem__)
        return known

    def deliver(self, channel: Channel, parcel: Parcel) -> tuple[Outcome, Prepared]:
        prepared = self.prepare(channel, parcel)
        return send(channel, parcel, prepared, ()), prepared

    def get(self, path: str, role: str = "") -> requests.Response:
        """What a visitor gets; with a role, what that user gets."""
        url = path if path.startswith("http") else f"{self.site.address}{path}"
        person = self.site.people.get(role)
        auth = (person.user, person.password) if person else None
        return requests.get(url, auth=auth, timeout=60, allow_redirects=False)

    def posts(self, slug: str) -> list[dict[str, Any]]:
        """All posts with this slug, or with a number after it, whatever their status."""
        query = f"slug={slug},{slug}-2,{slug}-3&status=any&context=edit"
        found: list[dict[str, Any]] = self.get(f"/wp-json/wp/v2/posts?{query}", "author").json()
        return found

    def pictures_of(self, draft_id: str) -> list[dict[str, Any]]:
        query = f"parent={draft_id}&context=edit"
        found: list[dict[str, Any]] = self.get(f"/wp-json/wp/v2/media?{query}", "author").json()
        return found

    def ask(self, method: str, path: str, **more: Any) -> None:
        """Change something as an editor of the site does by hand."""
        person = self.site.people["editor"]
        requests.request(
            method, f"{self.site.address}/wp-json/wp/v2{path}", auth=(person.user, person.password),
            timeout=60, **more,
        ).raise_for_status()  # fmt: skip
