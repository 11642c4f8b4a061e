"""The sample campaign in posts/ is one that the organisations could publish as it stands."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from publisher.channels.registry import CAPABILITIES
from publisher.drafts import rendering
from publisher.drafts.check import check
from publisher.drafts.session import Session
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.values import Problem
from publisher.settings import settings

ROOT = Path(__file__).resolve().parent.parent
BRIEF = ROOT.parent / "shared" / "brief" / "mobilisation-fr.txt"
ROLES = {"redaction", "abidjan", "varsovie", "lima"}
LANGUAGES = {"fr", "es", "pl", "en"}
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Outgoing:
    """A post as one account sends it."""

    post: Post
    account: Account
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Campaign:
    posts: tuple[Post, ...]
    session: Session
    problems: list[Problem]
    outgoing: list[Outgoing]
    accounts: dict[str, Account]

    def on(self, channel: str) -> list[Outgoing]:
        return [each for each in self.outgoing if each.account.channel == channel]

    def pictures(self) -> set[Path]:
        return {item.path for post in self.posts for item in post.media}


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    configured = settings.load(ROOT, {})
    accounts = configured.public_accounts()
    library, problems = check(configured)
    outgoing = [
        Outgoing(post, account, rendering.texts(post, account, CAPABILITIES[account.channel]))
        for post in library.posts
        for account in rendering.recipients(post, accounts)[0]
    ]
    return Campaign(library.posts, library.session, problems, outgoing, accounts)


def test_has_no_problem(campaign: Campaign) -> None:
    """`publisher check` finds neither errors nor warnings."""
    assert campaign.problems == []


def test_is_as_large_as_a_real_one(campaign: Campaign) -> None:
    assert len(campaign.posts) >= 24
    assert len(campaign.outgoing) >= 40
    assert all(post.due_at for post in campaign.posts)


def test_speaks_four_languages_on_three_channels_with_every_account(campaign: Campaign) -> None:
    assert {post.lang for post in campaign.posts} == LANGUAGES
    assert {each.account.channel for each in campaign.outgoing} == set(CAPABILITIES)
    assert {each.account.name for each in campaign.outgoing} == set(campaign.accounts)


def test_every_account_is_addressed_in_its_language(campaign: Campaign) -> None:
    for each in campaign.outgoing:
        assert each.account.language in (None, each.post.lang), each.post.file


def test_lasts_the_whole_session(campaign: Campaign) -> None:
    """Something goes out in each of the four weeks, and nothing outside the session."""
    session = campaign.session
    days = {post.due_at.astimezone(session.zone).date() for post in campaign.posts if post.due_at}
    assert session.starts is not None
    assert session.ends is not None
    assert min(days) >= session.starts
    assert max(days) <= session.ends
    assert {(day - session.starts).days // 7 for day in days} == {0, 1, 2, 3}


def test_posts_hang_on_the_agenda_or_stand_at_a_time(campaign: Campaign) -> None:
    """Every item that matters carries posts, and some posts have a time of their own."""
    anchors = {post.anchor for post in campaign.posts}
    assert {
        "opening",
        "high-level-segment",
        "annual-day",
        "annual-day-morning",
        "annual-day-afternoon",
        "srsg-report",
        "partners-meeting",
        "closing",
    } <= anchors
    assert None in anchors


def test_all_organisations_speak_at_the_opening_of_the_annual_day(campaign: Campaign) -> None:
    """On X and on Facebook, at the same instant: 9:00 in Geneva, 8:00 UTC."""
    opening = datetime(2016, 3, 7, 8, 0, tzinfo=UTC)
    everyone = {account.organisation for account in campaign.accounts.values()}
    for channel in ("twitter", "facebook"):
        speaking = {
            each.account.organisation
            for each in campaign.on(channel)
            if each.post.due_at == opening
        }
        assert speaking == everyone


def test_is_dense_when_it_matters(campaign: Campaign) -> None:
    """Some hour of the annual day has at least four moments at which something goes out."""
    moments = sorted({post.due_at for post in campaign.posts if post.due_at})
    busiest = max(
        sum(start <= moment < start + timedelta(hours=1) for moment in moments) for start in moments
    )
    assert busiest >= 4


def test_nothing_about_the_report_leaves_before_it_is_presented(campaign: Campaign) -> None:
    presented = campaign.session.agenda["srsg-report"].starts_at
    about = [post for post in campaign.posts if post.anchor == "srsg-report"]
    assert len(about) >= 4
    assert {post.embargo_until for post in about} == {presented}


def test_has_threads_of_two_to_four_parts(campaign: Campaign) -> None:
    lengths = [len(each.parts) for each in campaign.on("twitter") if len(each.parts) > 1]
    assert len(lengths) >= 5
    assert set(lengths) == {2, 3, 4}


def test_translations_go_out_together(campaign: Campaign) -> None:
    """A post that exists in four languages goes out in all of them, and not hours apart."""
    versions = defaultdict(list)
    for post in campaign.posts:
        name, dot, language = post.id.rpartition(".")
        if dot and language == post.lang:
            versions[name].append(post)
    in_four = [posts for posts in versions.values() if {p.lang for p in posts} == LANGUAGES]
    assert len(in_four) >= 3
    for posts in in_four:
        assert len({post.due_at for post in posts}) == 1


def test_no_two_accounts_of_x_say_the_same(campaign: Campaign) -> None:
    """X's rules forbid it, and each organisation has its own words."""
    parts = [part for each in campaign.on("twitter") for part in each.parts]
    assert len(parts) == len(set(parts))


def test_posts_on_x_carry_the_hashtag_of_a_subject(campaign: Campaign) -> None:
    for each in campaign.on("twitter"):
        assert re.search(r"#[A-ZÀ-Þ]\w+", each.parts[0]), each.post.file


def test_links_lead_nowhere_real(campaign: Campaign) -> None:
    hosts = {urlsplit(post.link).hostname for post in campaign.posts if post.link}
    assert hosts == {"www.example.org"}


def test_authors_are_roles(campaign: Campaign) -> None:
    assert {post.author for post in campaign.posts} == ROLES


def test_pictures_have_alternative_text_and_credit(campaign: Campaign) -> None:
    """Alternative texts describe, in the post's language; X shows two and four side by side."""
    for post in campaign.posts:
        for item in post.media:
            assert len(item.alt) > 20, post.file
            assert item.credit, post.file
            assert not item.people, post.file
    assert {1, 2, 4} <= {len(post.media) for post in campaign.posts}


def test_pictures_are_small_cards_without_traces(campaign: Campaign) -> None:
    """All in posts/media/ are used; none weighs 150 KB or says more than how it must be turned."""
    assert campaign.pictures() == set((ROOT / "posts" / "media").iterdir())
    for path in campaign.pictures():
        assert path.stat().st_size < 150_000
        with Image.open(path) as picture:
            assert set(picture.getexif()) <= {ORIENTATION_TAG}
            assert "xmp" not in picture.info


def test_one_picture_must_be_turned(campaign: Campaign) -> None:
    """A JPEG that lies on its side, as cameras store them, is upright only by its orientation."""
    turned = []
    for path in campaign.pictures():
        with Image.open(path) as picture:
            if picture.getexif().get(ORIENTATION_TAG, 1) != 1:
                turned.append((picture.format, picture.width < picture.height))
    assert turned == [("JPEG", True)]


def test_is_written_afresh(campaign: Campaign) -> None:
    """No seven words in a row come from the brief, names and official titles aside."""
    if not BRIEF.is_file():
        pytest.skip("The brief is not beside this project.")
    taken = set(_runs_of_words(BRIEF.read_text(encoding="utf-8")))
    for each in campaign.outgoing:
        for part in each.parts:
            assert not taken & set(_runs_of_words(part)), each.post.file


def test_staff_find_every_account_in_the_readme(campaign: Campaign) -> None:
    readme = (ROOT / "posts" / "README.md").read_text(encoding="utf-8")
    for name in campaign.accounts:
        assert f"`{name}`" in readme


OFFICIAL = (
    "technologies de l'information et de la communication et l'exploitation sexuelle des enfants",
    "technologies de l'information et de la communication",
    "Représentante spéciale",
    "du Secrétaire général",
    "chargée de la question de la violence à l'encontre des enfants",
    "Dignité et Droits pour les Enfants en Côte d'Ivoire",
    "Centro de Desarrollo y Asesoría Psicosocial",
    "Nobody's Children Foundation",
    "Conseil des droits de l'homme",
)


def _runs_of_words(text: str, length: int = 7) -> Iterator[tuple[str, ...]]:
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("Asesoria", "Asesoría")
    for name in OFFICIAL:
        text = text.replace(name, " | ")
    words = re.findall(r"[\w|]+", text.casefold())
    for start in range(len(words) - length + 1):
        run = tuple(words[start : start + length])
        if "|" not in run:
            yield run
