"""The website: whole files, true feeds, readable pages."""

import json
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.base import files
from publisher.base.errors import ConfigurationError
from publisher.channels.registry import open_channel
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.deliveries import Parcel, Prepared
from publisher.model.outcomes import Accepted, Deferred, Unknown
from publisher.platforms.site.channel import Site, slug
from tests.channels.conftest import DUE, Stage, Stages
from tests.platforms.site.files import ATOM, Tags, atom, everything_in, page
from tests.support.clock import ManualClock
from tests.support.sending import send


@pytest.fixture
def stage(stages: Stages) -> Stage:
    return stages("site")


@pytest.fixture
def folder(stage: Stage) -> Path:
    return stage.options.folder / "site" / "bice-site"


def test_the_layout_is_as_promised(stage: Stage, folder: Path) -> None:
    picture = stage.picture("Une carte", kind="JPEG")
    stage.deliver(stage.parcel("Bonjour", pictures=(picture,), post="one.fr"))
    assert set(everything_in(folder)) == {
        "index.html",
        "feed.atom",
        "feed.json",
        "posts/one.fr.html",
        "posts/one.fr.json",
        f"media/{picture.digest}.jpg",
    }


def test_what_is_not_out_yet_is_not_below_the_folder_that_is_served(
    stage: Stage, folder: Path
) -> None:
    """A web server may serve folders that begin with a dot."""
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),), post="one.fr")
    stage.open().prepare(parcel, Prepared(), stage.media.__getitem__)
    assert [path for path in (stage.options.folder / "site").rglob("*") if path.is_file()] == []
    (ready,) = folder.parent.with_name("site.ready").rglob("*.png")
    send(stage.open(), parcel, Prepared(), ())
    assert not ready.exists()


def test_pictures_that_earlier_versions_laid_ready_are_served_no_more(
    stage: Stage, folder: Path
) -> None:
    """They are prepared anew elsewhere, and go out with their post."""
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),), post="one.fr")
    old = folder / ".ready" / "one.fr"
    old.mkdir(parents=True)
    for name, content in stage.media.items():
        (old / f"{name}.png").write_bytes(content)
    channel = stage.open()
    prepared = channel.prepare(parcel, Prepared(), stage.media.__getitem__)
    assert not (folder / ".ready").exists()
    assert isinstance(send(channel, parcel, prepared, ()), Accepted)
    assert len(stage.shown()[0].pictures) == 1


def test_a_file_moves_in_one_step_from_another_file_system(tmp_path: Path) -> None:
    here = tmp_path.stat().st_dev
    folders = [Path("/dev/shm"), Path(tempfile.gettempdir())]  # noqa: S108  memory and disk
    others = [path for path in folders if path.is_dir() and path.stat().st_dev != here]
    if not others:
        pytest.skip("there is only one file system here")
    with tempfile.TemporaryDirectory(dir=others[0]) as elsewhere:
        source, target = Path(elsewhere) / "a.png", tmp_path / "b.png"
        source.write_bytes(b"picture")
        files.move(source, target)
        assert not source.exists()
    assert target.read_bytes() == b"picture"
    assert [path.name for path in tmp_path.iterdir()] == ["b.png"]


def test_sending_again_writes_the_same_files(stage: Stage, folder: Path) -> None:
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    stage.deliver(parcel)
    before = everything_in(folder)
    stage.deliver(parcel)
    assert everything_in(folder) == before


def test_a_page_is_html_that_a_screen_reader_can_read(stage: Stage, folder: Path) -> None:
    picture = stage.picture('La salle "XX" & co')
    stage.deliver(
        stage.parcel("Bonjour", pictures=(picture,), post="one", title="Journée <annuelle>")
    )
    for name in ("posts/one.html", "index.html"):
        tags = page(folder, name)
        assert tags.tags[0] == ("html", {"lang": "fr"})
        (image,) = tags.all("img")
        assert image["alt"] == picture.alt
        assert (image["width"], image["height"]) == ("64", "48")
        assert (folder / name).parent.joinpath(str(image["src"])).resolve().exists()
        assert len(tags.all("h1")) == 1
    assert "Journée &lt;annuelle&gt;" in (folder / "posts/one.html").read_text()


def test_a_video_has_controls_and_its_description_below(stage: Stage, folder: Path) -> None:
    video = stage.video('On entend "la cloche"').model_copy(update={"credit": "BICE"})
    still = stage.picture("Une carte")
    stage.deliver(stage.parcel("Bonjour", pictures=(video, still), post="one"))
    for name in ("posts/one.html", "index.html"):
        (shown,) = page(folder, name).all("video")
        assert "controls" in shown
        assert shown["aria-label"] == video.alt
        file = (folder / name).parent / str(shown["src"])
        assert file.read_bytes() == stage.media[video.digest]
        assert file.suffix == ".mp4"
        caption = "<figcaption>On entend &#34;la cloche&#34; © BICE</figcaption>"
        assert caption in (folder / name).read_text()
        assert len(page(folder, name).all("img")) == 1
    (item,) = json.loads((folder / "feed.json").read_text())["items"]
    assert item["image"].endswith(".png"), "a feed's picture is no video"
    assert [each["mime_type"] for each in item["attachments"]] == ["video/mp4", "image/png"]


def test_pages_load_nothing_from_elsewhere(stage: Stage, folder: Path) -> None:
    stage.deliver(
        stage.parcel("Bonjour https://example.org", pictures=(stage.picture("Une carte"),))
    )
    for name in ("index.html", "posts/2016-03-07-annual-day.fr.html"):
        tags = page(folder, name)
        loaded = [t.get("src") for t in tags.all("img")] + [t.get("href") for t in tags.all("link")]
        assert all(address and "//" not in address for address in loaded)
        assert not tags.all("script")
        assert "prefers-color-scheme: dark" in (folder / name).read_text()


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Un\n\nDeux\nTrois", "<p>Un</p>\n<p>Deux<br>\nTrois</p>"),
        ("Un\n \t\nDeux", "<p>Un</p>\n<p>Deux</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("{{ 7 * 7 }}", "<p>{{ 7 * 7 }}</p>"),
        ("#HRC31 & @BICE", "<p>#HRC31 &amp; @BICE</p>"),
        ("Voir https://a.org/b.", '<p>Voir <a href="https://a.org/b" rel="noopener">https://a.org/b</a>.</p>'),
        ("(https://a.org)", '<p>(<a href="https://a.org" rel="noopener">https://a.org</a>)</p>'),
        ("« https://a.org »", '<p>« <a href="https://a.org" rel="noopener">https://a.org</a> »</p>'),
        ("https://a.org/?a=1&b=2", '<p><a href="https://a.org/?a=1&amp;b=2" rel="noopener">https://a.org/?a=1&amp;b=2</a></p>'),
        ('https://a.org/"onclick="x', '<p><a href="https://a.org/" rel="noopener">https://a.org/</a>&#34;onclick=&#34;x</p>'),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
    ],
)  # fmt: skip
def test_text_becomes_html(text: str, html: str, stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel(text, post="one"))
    assert html in (folder / "posts/one.html").read_text()
    Tags((folder / "posts/one.html").read_text())


def test_a_text_with_control_characters_still_makes_a_feed(stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Bon\x00jour\x0c \x1b[1m\ufffe"))
    atom(folder)
    assert stage.shown()[0].text == "Bonjour [1m"


def three_posts(stage: Stage) -> list[Parcel]:
    parcels = []
    for number, title in enumerate(["Un", None, "Trois"]):
        parcel = stage.parcel(
            f"Texte {number}\n\n<suite>",
            post=f"post-{number}",
            title=title,
            link="https://example.org",
        )
        parcels.append(parcel.model_copy(update={"due_at": DUE + timedelta(hours=number)}))
    for parcel in (parcels[1], parcels[2], parcels[0]):
        stage.deliver(parcel)
    return parcels


def test_the_atom_feed_is_what_rfc_4287_asks(stage: Stage, folder: Path) -> None:
    three_posts(stage)
    feed = atom(folder)
    assert feed.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(feed.findall(f"{ATOM}{name}")) == 1
    assert feed.findtext(f"{ATOM}updated") == "2016-03-07T09:30:00+00:00"
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}published") for entry in entries] == [
        "2016-03-07T09:30:00+00:00",
        "2016-03-07T08:30:00+00:00",
        "2016-03-07T07:30:00+00:00",
    ]
    ids = [str(node.text) for node in feed.iter(f"{ATOM}id")]
    assert len(set(ids)) == 4
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text) for text in ids)
    for entry in entries:
        assert entry.findtext(f"{ATOM}title")
        assert entry.findtext(f"{ATOM}updated")
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert content.get("type") == "html"
        assert "&lt;suite&gt;" in str(content.text)
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("rel", "alternate") == "alternate"
        assert (folder / str(link.get("href"))).exists()


def test_the_json_feed_is_what_version_1_1_asks(stage: Stage, folder: Path) -> None:
    """jsonfeed.org/version/1.1: the required keys, and content in each item."""
    three_posts(stage)
    feed: dict[str, Any] = json.loads((folder / "feed.json").read_text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "BICE"
    assert [item["content_text"][:7] for item in feed["items"]] == ["Texte 2", "Texte 1", "Texte 0"]
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["content_html"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo
        assert item["language"] == "fr"
    assert len({item["id"] for item in feed["items"]}) == 3
    assert "title" not in feed["items"][1]


def test_an_edit_keeps_the_id_in_the_feeds(stage: Stage, folder: Path) -> None:
    """A reader shows the entry once."""
    stage.deliver(stage.parcel("Avant"))
    before = json.loads((folder / "feed.json").read_text())["items"][0]["id"]
    stage.deliver(stage.parcel("Après"))
    (item,) = json.loads((folder / "feed.json").read_text())["items"]
    assert (item["id"], item["content_text"]) == (before, "Après")


def test_with_an_address_of_its_own_the_site_gives_whole_urls(stage: Stage, folder: Path) -> None:
    account = stage.account.model_copy(update={"url": "https://bice.example/news/"})
    channel = open_channel(account, {}, stage.options)
    (outcome,) = stage.deliver(
        stage.parcel("Bonjour", pictures=(stage.picture("x"),), post="one"), channel
    )
    assert isinstance(outcome, Accepted)
    base = "https://bice.example/news"
    assert outcome.url == f"{base}/posts/one.html"
    (item,) = json.loads((folder / "feed.json").read_text())["items"]
    assert item["url"] == f"{base}/posts/one.html"
    assert f'src="{base}/media/' in item["content_html"]
    assert f"{base}/posts/one.html" in (folder / "feed.atom").read_text()


def card(folder: Path, name: str) -> dict[str, str]:
    """What a page tells platforms that make a card of a link to it."""
    found = page(folder, name).all("meta")
    told = [
        (one.get("property") or one.get("name"), one["content"]) for one in found if len(one) > 1
    ]
    assert len(dict(told)) == len(told)
    return {str(key): str(value) for key, value in told if ":" in str(key)}


def test_a_link_to_a_page_shows_a_card_with_its_picture(stage: Stage, folder: Path) -> None:
    """Open Graph (ogp.me), which X, Facebook, LinkedIn and Mastodon read."""
    account = stage.account.model_copy(update={"url": "https://bice.example/news/"})
    channel = open_channel(account, {}, stage.options)
    film, still = stage.video("Un film"), stage.picture('La salle "XX" & co', kind="JPEG")
    text = "Les enfants prennent la parole. " * 20
    parcel = stage.parcel(text, pictures=(film, still), post="one", title="Journée <annuelle>")
    stage.deliver(parcel, channel)
    told = card(folder, "posts/one.html")
    description = told.pop("og:description")
    assert description.startswith("Les enfants prennent la parole. Les")
    assert len(description) < 210
    base = "https://bice.example/news"
    assert told == {
        "og:type": "article",
        "og:site_name": "BICE",
        "og:locale": "fr_FR",
        "og:title": "Journée <annuelle>",
        "og:url": f"{base}/posts/one.html",
        "og:image": f"{base}/media/{still.digest}.jpg",
        "og:image:type": "image/jpeg",
        "og:image:width": "64",
        "og:image:height": "48",
        "og:image:alt": 'La salle "XX" & co',
        "article:published_time": "2016-03-07T07:30:00Z",
        "twitter:card": "summary_large_image",
    }
    index = card(folder, "index.html")
    assert (index["og:type"], index["og:url"]) == ("website", f"{base}/index.html")


def test_a_card_names_no_address_that_nobody_could_open(stage: Stage, folder: Path) -> None:
    """A site whose address is not known; and a post without words, or in a language of its own."""
    picture = stage.picture("Une carte")
    stage.deliver(stage.parcel("", pictures=(picture,), post="one"))
    told = card(folder, "posts/one.html")
    assert not {"og:url", "og:image", "og:image:alt", "og:description"} & set(told)
    assert (told["og:title"], told["twitter:card"]) == ("one", "summary")


@pytest.mark.parametrize(
    ("lang", "locale"),
    [("es", "es_ES"), ("pt-br", "pt_BR"), ("zh-Hant", "zh_TW"), ("und", None), ("xx", None)],
)
def test_a_card_names_its_language_with_a_territory(
    lang: str, locale: str | None, stage: Stage, folder: Path
) -> None:
    parcel = stage.parcel("Bonjour", post="one")
    content = parcel.content.model_copy(update={"lang": lang})
    stage.deliver(parcel.model_copy(update={"content": content}))
    assert card(folder, "posts/one.html").get("og:locale") == locale


def test_withdrawing_takes_page_entries_and_pictures_away(stage: Stage, folder: Path) -> None:
    """A picture that another post shows stays there."""
    own, shared = stage.picture("Seule", "red"), stage.picture("Partagée", "blue")
    stage.deliver(stage.parcel("Un", pictures=(own, shared), post="one"))
    stage.deliver(stage.parcel("Deux", pictures=(shared,), post="two"))
    stage.open().withdraw("one", Prepared())
    assert set(everything_in(folder)) == {
        "index.html",
        "feed.atom",
        "feed.json",
        "posts/two.html",
        "posts/two.json",
        f"media/{shared.digest}.png",
    }
    for name in ("index.html", "feed.atom", "feed.json"):
        content = (folder / name).read_text()
        assert "posts/one" not in content
        assert "posts/two" in content


def test_the_last_post_may_be_withdrawn(stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Un", post="one"))
    stage.open().withdraw("one", Prepared())
    assert atom(folder).findall(f"{ATOM}entry") == []
    assert json.loads((folder / "feed.json").read_text())["items"] == []


@pytest.mark.parametrize(
    "remote_id",
    ["../../secret", "..", "", "/etc/passwd", "a/b", "Ä", "." * 3, "a" * 500, "one\x00"],
)
def test_withdrawing_never_leaves_the_folder(remote_id: str, stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Un", post="one"))
    secret = stage.options.folder / "site" / "secret.html"
    secret.write_text("mine")
    before = everything_in(folder)
    assert isinstance(stage.open().withdraw(remote_id, Prepared()), Accepted)
    assert secret.exists()
    assert everything_in(folder) == before


@given(st.text(min_size=1, max_size=150), st.text(min_size=1, max_size=150))
def test_two_posts_never_share_a_page(one: str, other: str) -> None:
    for post in (one, other):
        assert re.fullmatch(r"[a-z0-9][a-z0-9._~-]{0,99}", slug(post))
    assert (slug(one) == slug(other)) == (one == other)


def test_no_post_can_take_the_page_of_another_by_its_name() -> None:
    assert slug(slug("week/two")) != slug("week/two")


@pytest.mark.parametrize(
    "post", ["week-2/annual-day.fr", "week-2-annual-day.fr", "Week-2-Annual-Day.fr", "día/ñandú"]
)
def test_posts_in_folders_have_pages_of_their_own(post: str, stage: Stage, folder: Path) -> None:
    (outcome,) = stage.deliver(stage.parcel("Bonjour", post=post))
    assert isinstance(outcome, Accepted)
    assert (folder / "posts" / f"{outcome.remote_id}.html").exists()


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "", "a b"])
def test_an_account_that_can_have_no_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="folder"):
        Site(
            Account(name=name, channel="site"),
            tmp_path,
            patience=timedelta(1),
            clock=ManualClock(),
        )


def test_pages_may_be_read_by_the_web_server(stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),)))
    for path in folder.rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            assert path.stat().st_mode & 0o777 == 0o644


def test_a_damaged_post_is_named(stage: Stage, folder: Path) -> None:
    stage.deliver(stage.parcel("Un", post="one"))
    (folder / "posts" / "one.json").write_text("{")
    (outcome,) = stage.deliver(stage.parcel("Deux", post="two"))
    assert isinstance(outcome, Unknown)
    assert "posts/one.json is damaged" in outcome.message


def test_a_picture_that_got_lost_defers_and_preparing_brings_it_back(
    stage: Stage, folder: Path
) -> None:
    parcel = stage.parcel("Bonjour", pictures=(stage.picture("Une carte"),))
    channel = stage.open()
    assert isinstance(send(channel, parcel, Prepared(), ()), Deferred)
    assert not (folder / "index.html").exists()
    channel.prepare(parcel, Prepared(), stage.media.__getitem__)
    assert isinstance(send(channel, parcel, Prepared(), ()), Accepted)


def test_the_index_lists_what_it_does_not_show_in_full(stage: Stage, folder: Path) -> None:
    channel = stage.open()
    for number in range(53):
        content = Content(parts=(Part(text=f"Texte {number}"),))
        parcel = Parcel(
            post=f"p{number}",
            account="bice-site",
            content=content,
            due_at=DUE + timedelta(minutes=number),
        )
        assert isinstance(send(channel, parcel, Prepared(), ()), Accepted)
    assert len(page(folder, "index.html").all("article")) == 50
    assert len(page(folder, "index.html").all("li")) == 3
    assert len(json.loads((folder / "feed.json").read_text())["items"]) == 50
