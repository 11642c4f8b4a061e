"""The guides: the labels are those of the pages, in the guide's language; how long docs may be."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.base.i18n import LANGUAGES, LOCALES
from tests.cli.runner import SCRIPT
from tests.docs.conftest import DOCS, ROOT, fences, prose
from tests.support.system import free_port
from tests.support.tutorial import Reader, follow, reading
from tools import messages

FOLDER = DOCS / "guides"
GUIDES = sorted(FOLDER.glob("*.md"))
TUTORIALS = sorted(FOLDER.glob("tutorial.*.md"))
_MOST_WORDS = 1500
_MOST_WORDS_IN_ENGLISH = 30_000
_REFERENCE = {"commands.md", "settings.md"}
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end of ", re.DOTALL)


def _names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def _language(guide: Path) -> str:
    return guide.suffixes[0].removeprefix(".")


def _labels(text: str) -> list[str]:
    """What stands between single asterisks."""
    return [_plain(found) for found in re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", prose(text))]


def _plain(text: str) -> str:
    """French has spaces that do not break; a guide may have either."""
    return re.sub(r"\s+", " ", text)


def _of_pages(language: str) -> Iterator[str]:
    """Every text of the web pages in a language."""
    pages = [
        *ROOT.glob("publisher/web/**/*.py"),
        *ROOT.glob("publisher/web/templates/*.html"),
        ROOT / "publisher/model/states.py",
    ]
    sources = "".join(path.read_text(encoding="utf-8") for path in pages)
    of = "fr" if language == "en" else language
    for entry in messages.read(LOCALES / of / "LC_MESSAGES" / "publisher.po", of):
        english = [entry.id] if isinstance(entry.id, str) else [*entry.id]
        if english[0] and f'"{english[0]}"' in sources:
            forms = english if language == "en" else entry.string or ()
            yield from (forms,) if isinstance(forms, str) else map(str, forms)


@pytest.fixture(scope="module")
def known() -> dict[str, re.Pattern[str]]:
    """For each language what matches the texts of its pages, with any value in their braces."""
    return {language: _pattern([*_of_pages(language)]) for language in LANGUAGES}


def _pattern(texts: list[str]) -> re.Pattern[str]:
    values = re.compile(r"\{\w+\}")
    worded = [text for text in texts if len(re.sub(r"\W", "", values.sub("", text))) > 2]
    return re.compile(
        "|".join(".+".join(map(re.escape, values.split(_plain(text)))) for text in worded)
    )


def test_each_guide_is_there_in_each_language() -> None:
    wanted = {f"{of}.{code}.md" for of in ("staff", "manager", "tutorial") for code in LANGUAGES}
    assert wanted == {path.name for path in GUIDES}


@pytest.mark.parametrize("guide", GUIDES, ids=_names(GUIDES))
def test_every_label_is_one_of_the_pages(guide: Path, known: dict[str, re.Pattern[str]]) -> None:
    """Word for word, so that a reader finds it; a page that changes its words fails here."""
    labels = _labels(guide.read_text(encoding="utf-8"))
    assert len(labels) > 10
    assert [one for one in labels if not known[_language(guide)].fullmatch(one)] == []


def test_a_label_of_no_page_would_be_noticed(known: dict[str, re.Pattern[str]]) -> None:
    """Nor does it count in another language, or when only a command says it."""
    assert _labels("press *Approve*, **now**, and `*this*` *not*") == ["Approve", "this", "not"]
    assert known["fr"].fullmatch("Approuver")
    assert known["fr"].fullmatch("Traduire : English")
    for language, label in [
        ("fr", "Approve"),
        ("en", "Approves"),
        ("pl", "Approuver"),
        ("en", "Your workspace is ready in {folder}:"),
    ]:
        assert not known[language].fullmatch(label)


@pytest.mark.parametrize("guide", GUIDES, ids=_names(GUIDES))
def test_the_pages_that_a_guide_shows_speak_its_language(guide: Path) -> None:
    shown = re.findall(r"/screens/([\w-]+)\.webp\)", guide.read_text(encoding="utf-8"))
    own = "light" if _language(guide) == "en" else _language(guide)
    assert shown
    assert [name for name in shown if name.rpartition("-")[2] != own] == []


@pytest.mark.parametrize("guide", GUIDES, ids=_names(GUIDES))
def test_no_guide_is_long(guide: Path) -> None:
    """Who reads it has work to do."""
    assert _words(guide.read_text(encoding="utf-8")) <= _MOST_WORDS


def _words(text: str) -> int:
    """How many a text has, without the addresses of its links."""
    shown = re.sub(r"\]\([^)]*\)", "]", text)
    return len([word for word in shown.split() if re.search(r"\w", word)])


def test_nobody_has_to_read_a_book() -> None:
    """All that is written in English, without examples and what is only looked up."""
    pages = [page for page in DOCS.glob("*.md") if page.name not in _REFERENCE]
    texts = [page.read_text(encoding="utf-8") for page in (*pages, *FOLDER.glob("*.en.md"))]
    assert sum(_words(_GENERATED.sub("", prose(text))) for text in texts) <= _MOST_WORDS_IN_ENGLISH


@pytest.mark.deep
@pytest.mark.parametrize("tutorial", TUTORIALS, ids=_names(TUTORIALS))
def test_the_tutorial_ends_with_posts_in_the_timelines(
    tutorial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commands run as they stand, one after the other; what stays open is open until the end.

    Only the ports are the test's own: others may use those of the page at the same time.
    """
    text = tutorial.read_text(encoding="utf-8")
    assert {fence.language for fence in fences(text)} == {"sh"}
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pages = f"http://127.0.0.1:{free_port()}"
    with reading(Reader(tmp_path, f"{SCRIPT.parent}:/usr/bin:/bin", pages)) as reader:
        follow(text, reader)
