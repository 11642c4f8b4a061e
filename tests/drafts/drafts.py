"""A small workspace to fill with drafts, and the accounts and channels it has."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from publisher.channels.registry import CAPABILITIES
from publisher.drafts import library, rendering
from publisher.drafts.library import Library
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities, GifLimits
from publisher.model.posts import Post
from publisher.model.values import Problem, Severity

ACCOUNTS = {
    account.name: account
    for account in (
        Account(name="bice-x", channel="twitter", organisation="BICE", language="fr"),
        Account(name="bice-page", channel="facebook", organisation="BICE", language="fr"),
        Account(name="cedapp-x", channel="twitter", organisation="CEDAPP", language="es"),
        Account(name="bice-site", channel="site", organisation="BICE"),
    )
}
TWITTER = Capabilities(
    max_length=280,
    counting="weighted",
    threads=True,
    link="appended",
    max_pictures=4,
    picture_types=frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"}),
    picture_max_bytes=5_000_000,
    alt_text_max=1000,
    gifs=GifLimits(
        max_bytes=15_000_000,
        max_width=1280,
        max_height=1080,
        max_frames=350,
        max_pixels=300_000_000,
    ),
)
FACEBOOK = Capabilities(
    max_length=63_206,
    counting="characters",
    threads=False,
    link="attached",
    max_pictures=10,
    picture_types=frozenset({"image/jpeg", "image/png"}),
    picture_max_bytes=4_000_000,
    alt_text_max=1000,
    may_be_empty_with_picture=True,
)
SESSION = """\
name: 31e session du Conseil des droits de l'homme
timezone: Europe/Zurich
starts: 2016-02-29
ends: 2016-03-24
defaults: {to: [bice-x, bice-page], expires: 4h}
agenda:
  annual-day:
    title: Journée annuelle de débat sur les droits de l'enfant
    starts: 2016-03-07 09:00
    ends: 2016-03-07 18:00
    place: Palais des Nations, salle XX
  report:
    title: Rapport sur la violence à l'encontre des enfants
    starts: 2016-03-08 10:00
    cancelled: true
"""


class Workspace:
    """A folder with posts/, and the library that is read from it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.posts = root / "posts"
        self.posts.mkdir()
        self.write("session.yaml", SESSION)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.posts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def draft(self, front: str, body: str = "Bonjour.", name: str = "a.fr.md") -> Path:
        return self.write(name, f"---\n{front.strip()}\n---\n{body}")

    def picture(self, name: str = "media/card.png", size: tuple[int, int] = (40, 30)) -> Path:
        path = self.posts / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, "teal").save(path)
        return path

    def load(self, *paths: str | Path) -> Library:
        return library.load(self.root, ACCOUNTS, paths)

    def post(self, front: str, body: str = "Bonjour.", name: str = "a.fr.md") -> Post:
        """The post of a draft that has no errors."""
        self.draft(front, body, name)
        found = self.load()
        assert errors(found.problems) == []
        post = found.post(name.removesuffix(".md"))
        assert post is not None
        return post

    def problems(self, front: str, body: str = "Bonjour.") -> list[Problem]:
        """The problems of one draft."""
        self.draft(front, body)
        return list(self.load().problems)

    def channel_problems(self, front: str) -> list[Problem]:
        """What the real channels would refuse of a draft that is right in itself."""
        post = self.post(front)
        accounts, _ = rendering.recipients(post, ACCOUNTS)
        return [
            problem
            for account in accounts
            for problem in rendering.problems(post, account, CAPABILITIES[account.channel])
        ]

    def error(self, front: str, body: str = "Bonjour.") -> Problem:
        """The one error of a draft, which is then also called broken."""
        self.draft(front, body)
        found = self.load()
        (error,) = errors(found.problems)
        assert found.broken == {"a.fr"}
        return error


def errors(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity is Severity.ERROR]


def codes(problems: Sequence[Problem]) -> list[str]:
    return [problem.code for problem in problems]
