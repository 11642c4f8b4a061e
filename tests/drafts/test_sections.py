"""How a body becomes texts."""

import unicodedata
from collections.abc import Sequence

import pytest

from publisher.drafts import sections
from publisher.model.problems import Findings
from publisher.model.values import Problem, Severity
from tests.drafts.drafts import Workspace

pytestmark = pytest.mark.guards("publisher.drafts.horizontal_rules", "publisher.drafts.names")

NAMES = ("twitter", "facebook", "site", "bice-x")


def parse(
    body: str, names: Sequence[str] = NAMES, first_line: int = 1
) -> tuple[sections.Sections, list[Problem]]:
    findings = Findings("posts/a.md")
    return sections.parse(body, names, findings, first_line), findings.problems


def place(problem: Problem) -> tuple[str, Severity, int]:
    return problem.code, problem.severity, problem.line


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
    found, problems = parse(body)
    assert found.texts == texts
    assert all(problem.severity is Severity.WARNING for problem in problems)


@pytest.mark.parametrize(
    ("body", "line"),
    [("A\n---\n---\nB", 12), ("---\nA", 10), ("A\n---", 11), ("A\n## site\nB\n---\n\n---\nC", 14)],
)
def test_a_thread_has_no_empty_part(body: str, line: int) -> None:
    (problem,) = parse(body, first_line=10)[1]
    assert place(problem) == ("empty-part", Severity.ERROR, line)


def test_a_section_given_twice_is_an_error_at_its_second_heading() -> None:
    found, problems = parse("## site\nA\n\n## Site\nB", first_line=5)
    (problem,) = problems
    assert place(problem) == ("duplicate-section", Severity.ERROR, 8)
    assert found.texts == {"site": ("A",)}


def test_each_part_knows_where_its_words_begin() -> None:
    found, _ = parse("\nA\n\n## twitter\n\nB\n---\nC", first_line=4)
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
    _, (problem,) = parse(f"A\n{line}\nB")
    assert place(problem) == ("unknown-section", Severity.ERROR, 2)
    assert problem.hint is not None
    assert f"`## {near}`" in problem.hint


@pytest.mark.parametrize(
    "line", ["## Programme", "# Le programme de la session", "##Droits", "**Twitter**", "X :", "FB"]
)
def test_another_line_that_looks_like_a_heading_is_text_and_a_warning(line: str) -> None:
    found, problems = parse(f"A\n{line}\nB")
    assert found.texts == {"": (f"A\n{line}\nB",)}
    expected = [("heading-as-text", Severity.WARNING, 2)] * (line != "FB")
    assert [place(problem) for problem in problems] == expected


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("\N{EM DASH}", "em dash, U+2014"), ("----", "hyphen"), ("***", "asterisk"), ("* * *", "asterisk"),
        (" ---", "hyphen"), ("-\N{EN DASH}", "hyphen, U+002D; en dash, U+2013"), ("---\u00a0", "hyphen"),
        ("\N{HORIZONTAL BAR}", "horizontal bar, U+2015"), ("=======", "equals sign"), ("___", "underscore"),
    ],
)  # fmt: skip
def test_a_line_that_should_have_split_a_thread_is_named(line: str, named: str) -> None:
    found, problems = parse(f"Un\n{line}\nDeux")
    assert len(found.texts[""]) == 1
    (problem,) = problems
    assert place(problem) == ("rule-as-text", Severity.WARNING, 2)
    assert named in problem.message


def test_names_that_differ_by_case_alone_are_told_apart() -> None:
    found, problems = parse("## Bice\nA\n## bice\nB\n## BICE\nC", ["Bice", "bice"])
    assert found.texts == {"Bice": ("A",), "bice": ("B\n## BICE\nC",)}
    assert [problem.code for problem in problems] == ["unknown-section"]


def test_case_does_not_matter_in_a_heading_and_the_name_keeps_its_own() -> None:
    assert parse("## bice-X\nA", ["BICE-x"])[0].texts == {"BICE-x": ("A",)}


def test_an_html_comment_is_published_and_a_warning() -> None:
    found, problems = parse("A <!-- à vérifier -->")
    assert found.texts == {"": ("A <!-- à vérifier -->",)}
    (problem,) = problems
    assert (*place(problem), problem.column) == ("comment-as-text", Severity.WARNING, 1, 3)


def test_texts_are_composed_as_the_platforms_count_them(workspace: Workspace) -> None:
    post = workspace.post("lang: fr", unicodedata.normalize("NFD", "À Genève"))
    assert post.texts == {"": ("À Genève",)}
    assert len(post.texts[""][0]) == 8
