"""Problems of drafts, and what the ledger notes of deliveries, in the language that is spoken."""

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from publisher.base import i18n
from publisher.base.errors import ConfigurationError
from publisher.importers import dates, tables
from publisher.importers.problems import FileRefused
from publisher.ledger.database import Database
from publisher.ledger.dispatcher.claims import Dispatch
from publisher.ledger.enqueue import Ledger
from publisher.ledger.reading.queries import Queries
from publisher.model.problems import Findings, Flaw
from publisher.settings import settings
from tests.drafts.drafts import Workspace
from tests.support.clock import ManualClock
from tests.support.wishes import add, wish

_BROKEN = """\
at: 2016-13-07
to: [bice-y]
media: {file: a.jpg}
link: example
colour: red
"""
_SAID = {
    "en": "`colour` is not a known key.",
    "fr": "La clé `colour` est inconnue.",
    "es": "La clave `colour` es desconocida.",
    "pl": "Klucz `colour` jest nieznany.",
}
_MISSED = {
    "en": "It was not out when it expired.",
    "fr": "Elle a expiré avant d'être publiée.",
    "es": "Caducó antes de publicarse.",
    "pl": "Nie wyszedł przed swoim terminem ważności.",
}


@pytest.fixture(params=sorted(_SAID))
def code(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language that this process speaks."""
    i18n.use(request.param)
    yield request.param
    i18n.use("en")


def _problems(folder: Path) -> list[tuple[str, str, str | None]]:
    folder.mkdir()
    found = Workspace(folder).problems(_BROKEN, "Un\n\n---\n\n---\nDeux <!-- note -->")
    return [(problem.code, problem.message, problem.hint) for problem in found]


def test_the_problems_of_a_draft_come_out_in_each_language(code: str, tmp_path: Path) -> None:
    """All of them, and the same ones: codes are no words."""
    told = _problems(tmp_path / "told")
    with i18n.speaking("en"):
        in_english = _problems(tmp_path / "in-english")
    assert _SAID[code] in [message for _code, message, _hint in told]
    assert [problem[0] for problem in told] == [problem[0] for problem in in_english]
    if code != "en":
        for (_code, message, hint), other in zip(told, in_english, strict=True):
            assert message != other[1]
            assert hint is None or hint != other[2]


def test_what_the_ledger_notes_is_told_in_the_language_of_whoever_reads(
    code: str, tmp_path: Path
) -> None:
    """Whatever the language of the process was that noted it."""
    clock = ManualClock()
    database = Database(f"sqlite:///{tmp_path / 'publisher.db'}")
    database.migrate()
    add(Ledger(database, clock), wish(clock, due_in=1))
    clock.advance(4 * 3600 + 1)
    Dispatch(database, clock, settle=60).expire()
    queries = Queries(database, clock)
    for spoken, message in _MISSED.items():
        with i18n.speaking(spoken):
            (delivery,) = queries.deliveries()
        assert delivery.error_message == message
    database.close()
    assert delivery.state == "missed"


_OF_LIBRARIES = re.compile(
    r"\b(?:expected|did not|must be in|out of range|image file|broken|unexpected|Invalid|Cannot|"
    r"Expected|Input|should|input|valid (?:date|list)| or )"
)
"""English that PyYAML, Pillow, csv, datetime, tomllib and pydantic say of what is broken."""


def _told_of_files(folder: Path) -> Iterator[str]:
    """What is said of broken YAML, pictures and times in drafts."""
    folder.mkdir()
    workspace = Workspace(folder)
    Image.effect_noise((200, 200), 90).save(folder / "whole.png")
    cut = (folder / "whole.png").read_bytes()[:9000]
    (folder / "posts" / "media").mkdir(parents=True, exist_ok=True)
    (folder / "posts" / "media" / "cut.png").write_bytes(cut)
    for front in (
        "to: [a", "at: 'x", "a: b: c", "at: @x", "- a\nb", "at: 2016-13-07 08:30",
        "at: 2016-03-07 25:30", "media: [{file: media/cut.png, alt: A}]",
    ):  # fmt: skip
        for problem in workspace.problems(front, "Un"):
            yield f"{problem.message} {problem.hint}"


def _told_of_tables(folder: Path) -> Iterator[str]:
    (folder / "plan.csv").write_text('a,"b\nc')
    with pytest.raises(FileRefused) as caught:
        tables.read(folder / "plan.csv", Findings("plan.csv"))
    yield str(caught.value)
    zone = ZoneInfo("Europe/Zurich")
    for text in ("2016-13-07 08:30", "2016-03-07 25:30", "2016-03-07 08:30 +27:00"):
        told = dates.parse(text, zone, None)
        assert isinstance(told, Flaw)
        yield told.message


def _told_of_settings(folder: Path) -> Iterator[str]:
    account = '[accounts.a]\nchannel = "twitter"\n'
    for text in (
        "a = ", "a = x", "[a", "a = 1\na = 2", "[a]\n[a]", "a", "a = 'x", 'a = "\\q"', "= 1",
        "a = 1 b", f"{account}[accounts.a.mandate]\nsince = 'soon'\n",
        f"{account}[accounts.a.mandate]\nsince = 2016-03-07T08:30:00\n",
        "language = 'de'", "[prices]\nx_post = nan", "[delivery]\nsettle = []", "var = 5",
        "[accounts.a]\nchannel = 'radio'",
    ):  # fmt: skip
        (folder / "publisher.toml").write_text(text)
        with pytest.raises(ConfigurationError) as caught:
            settings.load(folder, {})
        yield str(caught.value)


def test_no_library_speaks_in_our_stead(code: str, tmp_path: Path) -> None:
    """Their words are English in every language."""
    told = [
        *_told_of_files(tmp_path / "workspace"),
        *_told_of_tables(tmp_path),
        *_told_of_settings(tmp_path),
    ]
    assert len(told) >= 28
    if code != "en":
        assert [text for text in told if _OF_LIBRARIES.search(text)] == []
