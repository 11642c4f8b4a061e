"""The model and the templates of posts."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import publisher.preview
from publisher.base import html
from publisher.channels import registry
from publisher.channels.registry import SPECS
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.preview import mockups
from publisher.preview.mockups import COLOURS, PostCard, ShownImage, links
from tests.support.html import Structure

AT = datetime(2016, 3, 7, 8, tzinfo=UTC)
LONG = "https://www.example.org/fr/une/tres/longue/adresse"
PICTURE = ShownImage(src="data:image/png;base64,AA==", alt="Un carton", width=10, height=10)
TEMPLATES = Path(publisher.preview.__file__).parent / "templates"


def look(channel: str, text: str, *, link: str | None = None, pictures: int = 0) -> PostCard:
    return mockups.look(
        channel,
        text,
        post_id="1",
        by=mockups.author("BICE", "bice-x", "fr"),
        instant=AT,
        when=mockups.short_time(AT, ZoneInfo("Europe/Zurich")),
        link=link,
        lang="fr",
        pictures=[PICTURE] * pictures,
    )


def drawn(channel: str, thread: list[mockups.PostCard]) -> str:
    """As the channel's own template shows it."""
    templates = html.environment("publisher.preview", *registry.TEMPLATES)
    call = "{% import '" + SPECS[channel].mockup + "' as mockup %}{{ mockup.post(it) }}"
    return templates.from_string(call).render(it={"thread": thread})


def test_a_link_is_cut_as_on_x() -> None:
    (link,) = links(f"Voici {LONG}.")
    assert link.display == "example.org/fr/une/tres/lo…"
    assert link.url == LONG
    assert ">example.org/fr/une/tres/lo…</a>" in mockups.linked(LONG)


def test_a_text_is_escaped_and_its_tags_are_coloured() -> None:
    shown = mockups.linked('<b onclick="x()">&amp; #HRC31 @bice')
    assert "<b" not in shown
    assert '&lt;b onclick=&#34;x()&#34;&gt;&amp;amp; <span class="tag">#HRC31</span>' in shown
    assert '<span class="tag">@bice</span>' in shown


def test_a_link_at_the_end_makes_way_for_its_card_on_x() -> None:
    shown = look("twitter", f"Bonjour {LONG}", link=LONG)
    assert shown.html == "Bonjour"
    assert shown.card
    assert (shown.card.host, shown.card.title) == ("example.org", "fr/une/tres/longue/adresse")
    assert "example.org" in look("facebook", f"Bonjour {LONG}", link=LONG).html


def test_a_link_inside_the_text_stays_beside_its_card() -> None:
    assert "example.org" in look("twitter", f"Voir {LONG} ici", link=LONG).html


def test_pictures_take_the_place_of_a_card() -> None:
    assert look("twitter", LONG, link=LONG, pictures=1).card is None


def test_a_long_text_is_folded_where_the_platform_does_it() -> None:
    text = "mot " * 200
    beginning = look("facebook", text).beginning
    assert beginning
    assert len(beginning) <= (SPECS["facebook"].folds_after or 0)
    assert look("bluesky", text).beginning is None
    assert look("facebook", "mot " * 100).beginning is None


def test_a_first_comment_is_below_its_post_on_facebook_and_no_card() -> None:
    content = Content(parts=(Part(text="Bonjour"), Part(text=LONG, is_comment=True)))
    account = Account(name="bice-page", channel="facebook")
    shown = mockups.look_of(
        content, account, post="a", name="a", leaves=AT, now=AT, when="", pictures=[]
    )
    (card,) = shown.thread
    assert (card.card, card.html) == (None, "Bonjour")
    html = drawn("facebook", [card])
    assert html.index("Bonjour") < html.index('class="comment"') < html.index(f'href="{LONG}"')


def test_a_short_text_that_stands_alone_is_large() -> None:
    assert look("facebook", "Bonjour").is_short
    assert not look("facebook", "Bonjour", pictures=1).is_short
    assert not look("facebook", "mot " * 30).is_short


def test_times_are_in_the_given_zone() -> None:
    assert look("twitter", "x").when == "7 Mar 2016, 09:00"


def test_every_avatar_has_its_colour_in_the_stylesheet() -> None:
    css = (TEMPLATES / "posts.css").read_text()
    assert set(re.findall(r"\.colour-(\d)", css)) == set(map(str, range(COLOURS)))
    assert {mockups.author(f"Name {n}", "x", None).colour for n in range(200)} == set(
        range(COLOURS)
    )


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.glob("*.html")))
def test_no_template_has_a_style_or_a_script_of_its_own(name: str) -> None:
    """So that the pages can stand under a strict Content-Security-Policy."""
    text = (TEMPLATES / name).read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<script|javascript:", text)


def test_no_stylesheet_loads_anything() -> None:
    for path in TEMPLATES.glob("*.css"):
        assert not re.search(r"url\(|@import|image-set\(|@font-face", path.read_text()), path.name


def test_a_name_is_escaped_wherever_it_stands() -> None:
    author = mockups.author('<i>"&', '"><i>', "fr")
    shown = mockups.look(
        "twitter", "x", post_id='"><i>', by=author, instant=None, when="<i>", link=None,
        lang='"><i>', pictures=[ShownImage(src='"><i>', alt='"><i>', width=1, height=1)],
    )  # fmt: skip
    for channel in ("twitter", "facebook"):
        found = Structure(drawn(channel, [shown]))
        assert found.all("i") == []
        assert found.all("img")[0]["alt"] == '"><i>'


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_pictures_have_their_grid_and_their_descriptions(count: int) -> None:
    page = drawn("twitter", [look("twitter", "Voici", pictures=count)])
    assert f'class="grid of-{count}"' in page
    found = Structure(page)
    assert [image["alt"] for image in found.all("img")] == ["Un carton"] * count
    assert page.count(">ALT</summary>") == count


def test_the_policy_allows_this_stylesheet_alone() -> None:
    assert "style-src 'sha256-" in html.policy("p{color:red}")
    assert html.policy("p{color:red}") != html.policy("p{color:blue}")
    assert "script" not in html.policy("p{}")
    assert html.policy("p{}").startswith("default-src 'none'; img-src data:;")
