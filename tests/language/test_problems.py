"""Problems of drafts, and what the ledger notes of deliveries, in the language that is spoken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher import language
from publisher.ledger.database import Database
from publisher.ledger.dispatch import Dispatch
from publisher.ledger.ledger import Ledger
from publisher.ledger.queries import Queries
from tests.content.drafts import Workspace
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
    "en": "The key `colour` is unknown.",
    "fr": "La clé `colour` est inconnue.",
    "es": "La clave `colour` es desconocida.",
    "pl": "Klucz `colour` jest nieznany.",
}
_MISSED = {
    "en": "It was not out by its expiry.",
    "fr": "Ce n'était pas publié à son expiration.",
    "es": "No estaba publicado al caducar.",
    "pl": "Nie wyszedł przed wygaśnięciem.",
}


@pytest.fixture(params=sorted(_SAID))
def code(request: pytest.FixtureRequest) -> Iterator[str]:
    """The language that this process speaks."""
    language.use(request.param)
    yield request.param
    language.use("en")


def _problems(folder: Path) -> list[tuple[str, str, str | None]]:
    folder.mkdir()
    found = Workspace(folder).problems(_BROKEN, "Un\n\n---\n\n---\nDeux <!-- note -->")
    return [(problem.code, problem.message, problem.hint) for problem in found]


def test_the_problems_of_a_draft_come_out_in_each_language(code: str, tmp_path: Path) -> None:
    """All of them, and the same ones: codes are no words."""
    told = _problems(tmp_path / "told")
    with language.speaking("en"):
        in_english = _problems(tmp_path / "in-english")
    assert _SAID[code] in [message for _code, message, _hint in told]
    assert [problem[0] for problem in told] == [problem[0] for problem in in_english]
    if code != "en":
        for (_code, message, hint), other in zip(told, in_english, strict=True):
            assert message != other[1]
            assert hint is None or hint != other[2]


def test_what_the_ledger_notes_is_in_the_language_of_the_process(code: str, tmp_path: Path) -> None:
    """It stays so, whatever is spoken when somebody reads it."""
    clock = ManualClock()
    database = Database(f"sqlite:///{tmp_path / 'publisher.db'}")
    database.migrate()
    add(Ledger(database, clock), wish(clock, due_in=1))
    clock.advance(4 * 3600 + 1)
    Dispatch(database, clock, settle=60).expire()
    with language.speaking("en"):
        (delivery,) = Queries(database, clock).deliveries()
    database.close()
    assert delivery.error_message == _MISSED[code]
    assert delivery.state == "missed"
