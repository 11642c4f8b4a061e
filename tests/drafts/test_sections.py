"""How a body becomes texts."""

import unicodedata

import pytest

from publisher.drafts.sections import parse
from publisher.model.values import Position
from tests.drafts.drafts import Workspace

NAMES = ("twitter", "facebook", "site", "bice-x")


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("", {}),
        ("\n \n", {}),
        ("Bonjour.\n", {"": ("Bonjour.",)}),
        ("\n\nBonjour.\n\nÀ vous.\n\n\n", {"": ("Bonjour.\n\nÀ vous.",)}),
        ("## twitter\nCourt.", {"twitter": ("Court.",)}),
        ("Long.\n## Twitter ##\nCourt.", {"": ("Long.",), "twitter": ("Court.",)}),
        ("## bice-x\nA\n## site\nB", {"bice-x": ("A",), "site": ("B",)}),
        ("Un\n---\nDeux\n--- \nTrois", {"": ("Un", "Deux", "Trois")}),
        ("## Facebook :\nA\n##\u00a0X\nB", {"facebook": ("A",), "twitter": ("B",)}),
        (" ## x\nA\n## BICE-X:\nB", {"twitter": ("A",), "bice-x": ("B",)}),
        ("#HRC31 #Droits\n#1 d'abord", {"": ("#HRC31 #Droits\n#1 d'abord",)}),
        ("## Programme\n10 h", {"": ("## Programme\n10 h",)}),
        ("A\n----\nB\n - - -\n***", {"": ("A\n----\nB\n - - -\n***",)}),
        ("```\n## twitter\n```", {"": ("```",), "twitter": ("```",)}),
        ("## twitter\n", {"twitter": ("",)}),
        ("  A\n  B  \n", {"": ("A\n  B",)}),
    ],
)
def test_a_body_is_split_into_texts(body: str, texts: dict[str, tuple[str, ...]]) -> None:
    found = parse(body, NAMES)
    assert found.texts == texts
    assert found.errors == []


@pytest.mark.parametrize(
    ("body", "line"),
    [("A\n---\n---\nB", 12), ("---\nA", 10), ("A\n---", 11), ("A\n## site\nB\n---\n\n---\nC", 14)],
)
def test_a_thread_has_no_empty_part(body: str, line: int) -> None:
    ((flaw, position),) = parse(body, NAMES, first_line=10).errors
    assert flaw.code == "empty-part"
    assert position == Position(line=line)


def test_a_section_given_twice_is_an_error_at_its_second_heading() -> None:
    found = parse("## site\nA\n\n## Site\nB", NAMES, first_line=5)
    ((flaw, position),) = found.errors
    assert (flaw.code, position) == ("duplicate-section", Position(line=8))
    assert found.texts == {"site": ("A",)}


def test_each_part_knows_where_its_words_begin() -> None:
    found = parse("\nA\n\n## twitter\n\nB\n---\nC", NAMES, first_line=4)
    lines = {key: position.line for key, position in found.positions.items()}
    assert lines == {"text:": 5, "text:twitter": 9, "text:twitter:2": 11}


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("## Twiter", "twitter"), ("# facebook", "facebook"), ("### facebook", "facebook"),
        ("##facebook", "facebook"), ("## Facebook Page", "facebook"), ("## FB", "facebook"),
        ("## site web", "site"), ("## Twitter/X", "twitter"), ("# X", "twitter"),
        ("## **X**", "twitter"), ("## Texte X :", "twitter"), ("## bice_x", "bice-x"),
    ],
)  # fmt: skip
def test_a_heading_that_is_like_a_channel_is_an_error(line: str, near: str) -> None:
    found = parse(f"A\n{line}\nB", NAMES)
    ((flaw, position),) = found.errors
    assert (flaw.code, position) == ("unknown-section", Position(line=2))
    assert flaw.hint is not None
    assert f"`## {near}`" in flaw.hint


@pytest.mark.parametrize(
    "line", ["## Programme", "# Le programme de la session", "##Droits", "**Twitter**", "X :", "FB"]
)
def test_another_line_that_looks_like_a_heading_is_text_and_a_warning(line: str) -> None:
    found = parse(f"A\n{line}\nB", NAMES)
    assert found.texts == {"": (f"A\n{line}\nB",)}
    assert found.errors == []
    assert [(flaw.code, position.line) for flaw, position in found.warnings] == [
        ("heading-as-text", 2)
    ] * (line != "FB")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("\N{EM DASH}", "em dash, U+2014"), ("----", "hyphen"), ("***", "asterisk"), ("* * *", "asterisk"),
        (" ---", "hyphen"), ("-\N{EN DASH}", "hyphen, U+002D; en dash, U+2013"), ("---\u00a0", "hyphen"),
        ("\N{HORIZONTAL BAR}", "horizontal bar, U+2015"), ("=======", "equals sign"), ("___", "underscore"),
    ],
)  # fmt: skip
def test_a_line_that_should_have_split_a_thread_is_named(line: str, named: str) -> None:
    found = parse(f"Un\n{line}\nDeux", NAMES)
    assert len(found.texts[""]) == 1
    ((flaw, position),) = found.warnings
    assert (flaw.code, position.line) == ("rule-as-text", 2)
    assert named in flaw.message


def test_names_that_differ_by_case_alone_are_told_apart() -> None:
    found = parse("## Bice\nA\n## bice\nB\n## BICE\nC", ["Bice", "bice"])
    assert found.texts == {"Bice": ("A",), "bice": ("B\n## BICE\nC",)}
    assert [flaw.code for flaw, _position in found.errors] == ["unknown-section"]


def test_case_does_not_matter_in_a_heading_and_the_name_keeps_its_own() -> None:
    assert parse("## bice-X\nA", ["BICE-x"]).texts == {"BICE-x": ("A",)}


def test_an_html_comment_is_published_and_a_warning() -> None:
    found = parse("A <!-- à vérifier -->", NAMES)
    assert found.texts == {"": ("A <!-- à vérifier -->",)}
    ((flaw, position),) = found.warnings
    assert (flaw.code, position) == ("comment-as-text", Position(line=1, column=3))


def test_texts_are_composed_as_the_platforms_count_them(workspace: Workspace) -> None:
    post = workspace.post("lang: fr", unicodedata.normalize("NFD", "À Genève"))
    assert post.texts == {"": ("À Genève",)}
    assert len(post.texts[""][0]) == 8
