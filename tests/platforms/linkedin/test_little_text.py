"""LinkedIn's text format: what is written in it is read as it was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.platforms.linkedin import little_text
from publisher.platforms.linkedin.stand_in import text_format

RESERVED = "\\|{}@[]()<>#*_~"


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("Bonjour", "Bonjour"),
        ("", ""),
        ("Voir (ici)", "Voir \\(ici\\)"),
        ("a_b@c.org", "a\\_b\\@c.org"),
        ("\\", "\\\\"),
        ("#HRC31", "{hashtag|\\#|HRC31}"),
        ("#droits_humains.", "{hashtag|\\#|droits\\_humains}."),
        ("L’égalité #Égalité !", "L’égalité {hashtag|\\#|Égalité} !"),
        ("n° #1 et a#b", "n° \\#1 et a\\#b"),
        ("https://a.org/#top", "https://a.org/\\#top"),
        ("<b>*gras*</b>", "\\<b\\>\\*gras\\*\\</b\\>"),
        ("{hashtag|\\#|x}", "\\{hashtag\\|\\\\\\#\\|x\\}"),
    ],
)
def test_what_is_reserved_is_escaped_and_hashtags_are_templates(plain: str, written: str) -> None:
    assert little_text.written(plain) == written


@pytest.mark.parametrize("sign", RESERVED)
def test_each_reserved_sign_is_seen_as_it_is_on_the_platform(sign: str) -> None:
    """Unescaped, it would end the text there."""
    text = f"avant {sign} après"
    assert text_format.shown(little_text.written(text)) == (text, True)


@given(st.text(alphabet=st.sampled_from(f"{RESERVED}aé1 .\n/&＃-"), max_size=40))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    """From us, by the platform, and back."""
    written = little_text.written(text)
    assert little_text.read(written) == text
    assert text_format.shown(written) == (text, True)
    assert little_text.read(text_format.returned(text)) == text


@pytest.mark.parametrize(
    ("commentary", "seen"),
    [
        ("@[Devtestco](urn:li:organization:2414183) merci", "Devtestco merci"),
        ("{hashtag|#|Technology}", "#Technology"),
        ("(pas échappé) \\ #ici", "(pas échappé) \\ #ici"),
    ],
)
def test_what_others_wrote_is_read_as_well(commentary: str, seen: str) -> None:
    assert little_text.read(commentary) == seen
