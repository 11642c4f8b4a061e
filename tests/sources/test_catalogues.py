"""The catalogues: every message, in every language, with the same values in it."""

import gettext
import io
import re
from datetime import UTC
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from publisher.base import i18n
from publisher.web import labels
from tests.sources.wording import awkward
from tools import messages


@pytest.fixture(scope="session")
def said() -> set[messages.Message]:
    """Every message in the sources."""
    return messages.messages()


@pytest.fixture(scope="session", params=messages.TRANSLATIONS)
def code(request: pytest.FixtureRequest) -> str:
    """Of a language other than English."""
    return str(request.param)


@pytest.fixture(scope="session")
def catalogue(code: str) -> Catalog:
    return messages.read(_path(code), code)


def _path(code: str) -> Path:
    return i18n.LOCALES / code / "LC_MESSAGES" / "publisher.po"


def test_every_message_is_translated(catalogue: Catalog, said: set[messages.Message]) -> None:
    """None is missing, empty or a guess; `make messages` adds what is new."""
    assert messages.untranslated(said, catalogue) == []


def test_no_message_is_kept_that_nobody_says_any_more(
    catalogue: Catalog, said: set[messages.Message]
) -> None:
    assert [entry.id for entry in catalogue if entry.id and _key(entry.id) not in said] == []


def test_translations_have_the_same_values_in_them(catalogue: Catalog) -> None:
    """A value that is missing or misspelt would be lost, or end the command."""
    wrong = []
    for entry in catalogue:
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        original = entry.id if isinstance(entry.id, str) else entry.id[-1]
        wrong += [
            (original, form) for form in forms if entry.id and _values(form) != _values(original)
        ]
    assert wrong == []


@pytest.mark.parametrize("code", ["en", *messages.TRANSLATIONS])
def test_what_is_left_of_a_hint_on_a_page_is_whole(code: str) -> None:
    """No sentence ends with a colon because the command after it is left out."""
    catalogue = messages.read(_path("fr" if code == "en" else code), code)
    forms: list[str] = []
    for entry in catalogue:
        those = entry.id if code == "en" else entry.string
        forms += [those] if isinstance(those, str) else those or ()
    with i18n.speaking(code):
        left = [
            labels.here(form, UTC) for form in forms if form and not form.rstrip().endswith(":")
        ]
    assert [text for text in left if text.endswith(":")] == []


@pytest.mark.parametrize("code", ["en", *messages.TRANSLATIONS])
def test_no_message_reads_like_a_translation(code: str) -> None:
    """The worst of what was once written is not written again."""
    catalogue = messages.read(_path("fr" if code == "en" else code), code)
    texts = [
        text
        for entry in catalogue
        if entry.id
        for those in (entry.id if code == "en" else entry.string,)
        for text in ((those,) if isinstance(those, str) else those or ())
    ]
    assert [(text, said) for text in texts if (said := awkward(code, text))] == []


def test_each_instant_in_utc_says_so(catalogue: Catalog) -> None:
    """Pages show the others as they are, beside those that they convert to the session's time."""
    texts = [
        text for entry in catalogue for text in (entry.id, entry.string) if " UTC" in str(text)
    ]
    assert [text for text in texts if re.search(r"%H:%M\}(?! UTC)", str(text))] == []


def test_commands_and_options_are_named_as_they_are_typed(catalogue: Catalog) -> None:
    """What stands between backticks, and every option, is the same in all languages."""
    typed = re.compile(r"`[^`]+`|(?<!\w)--[a-z][a-z-]+")
    wrong = [
        (entry.id, entry.string)
        for entry in catalogue
        if entry.id
        and isinstance(entry.id, str)
        and isinstance(entry.string, str)
        and sorted(set(typed.findall(entry.id))) != sorted(set(typed.findall(entry.string)))
    ]
    assert wrong == []


def test_the_files_are_as_make_messages_writes_them(
    code: str, catalogue: Catalog, said: set[messages.Message]
) -> None:
    fresh = messages.updated(code, said, catalogue)
    assert _path(code).read_bytes() == messages.po_bytes(fresh), "run `make messages`"


def test_what_is_spoken_is_what_gettext_would_say(code: str, catalogue: Catalog) -> None:
    """Babel reads the same file, and gettext what Babel compiles."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    reference = gettext.GNUTranslations(compiled)
    with i18n.speaking(code):
        for entry in catalogue:
            if isinstance(entry.id, str):
                assert not entry.id or i18n._(entry.id) == reference.gettext(entry.id)
            else:
                one, many = entry.id
                said = [i18n.form(one, many, number) for number in range(125)]
                assert said == [reference.ngettext(one, many, number) for number in range(125)]
        assert i18n._("nobody says this") == "nobody says this"
        assert [i18n.form("nobody", "nobodies", number) for number in (0, 1)] == [
            "nobodies",
            "nobody",
        ]


def test_a_catalogue_is_read_as_it_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ['a "b" \\n c\\', "line\nline\n", "tab\t\\t", "\r"]
    catalogue = messages.updated("eo", set())
    for text in texts:
        catalogue.add(text, text * 2)
    catalogue.add("not translated", "")
    path = tmp_path / "eo/LC_MESSAGES/publisher.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(messages.po_bytes(catalogue))
    monkeypatch.setattr(i18n, "LOCALES", tmp_path)
    with i18n.speaking("eo"):
        assert [i18n._(text) for text in texts] == [text * 2 for text in texts]
        assert i18n._("not translated") == "not translated"


def test_what_is_translated_survives_an_update_and_a_new_message_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "publisher.po"
    path.write_text(
        'msgid "kept"\nmsgstr "gardé"\n\nmsgid "gone"\nmsgstr "parti"\n\n'
        '#, fuzzy\nmsgid "guessed"\nmsgstr "deviné"\n',
        encoding="utf-8",
    )
    wanted: set[messages.Message]
    wanted = {"kept", "guessed", "new", ("{number} one", "{number} many")}
    written = messages.po_bytes(messages.updated("fr", wanted, messages.read(path, "fr")))
    path.write_bytes(written)
    with path.open("rb") as file:
        strings = {entry.id: entry.string for entry in read_po(file, "fr") if entry.id}
    assert strings.pop(("{number} one", "{number} many")) == ("", "")
    assert strings == {"kept": "gardé", "guessed": "", "new": ""}


def test_another_folders_translations_are_taken_over_where_ours_are_missing(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.po", tmp_path / "theirs.po"
    ours.write_text('msgid "both"\nmsgstr "à nous"\n\nmsgid "new"\nmsgstr ""\n', encoding="utf-8")
    theirs.write_text('msgid "both"\nmsgstr "à eux"\n\nmsgid "new"\nmsgstr "neuf"\n', "utf-8")
    both = [messages.read(path, "fr") for path in (ours, theirs)]
    merged = messages.updated("fr", {"both", "new"}, *both)
    assert {entry.id: entry.string for entry in merged if entry.id} == {
        "both": "à nous",
        "new": "neuf",
    }


def _key(entry_id: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    return entry_id if isinstance(entry_id, str) else tuple(entry_id)


def _values(text: str) -> list[str]:
    return sorted(set(re.findall(r"\{[a-z_]*(?:!r)?(?::[^{}]*)?\}", text)))


_SIGNS = re.compile(r" [:;!?»](?!\w)|« ")
_NO_SPACE = re.compile(r"\w[;!?](?:\s|$)|[\w)}»]:(?:\s|$)")


def test_french_has_a_space_that_does_not_break_before_its_signs() -> None:
    """A colon alone at the beginning of a line is an error of French, and so is none before it."""
    wrong = []
    for entry in messages.read(_path("fr"), "fr"):
        forms = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
        texts = [re.sub("`[^`]*`", "", form) for form in forms if entry.id]
        wrong += [text for text in texts if _SIGNS.search(text) or _NO_SPACE.search(text)]
    assert wrong == []


@pytest.mark.parametrize("word", ["élément", "l'agenda ", "compte retenu"])
def test_french_has_one_word_for_one_thing(word: str) -> None:
    """`point de l'ordre du jour`, and `suspendu` for what a platform does to an account."""
    found = messages.read(_path("fr"), "fr")
    said = [str(entry.string) for entry in found if entry.id]
    assert [text for text in said if word in re.sub("`[^`]*`", "", text)] == []
