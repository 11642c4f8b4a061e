"""The command line speaks the workspace's language, or else the locale's."""

import json
import re
from pathlib import Path

import pytest

from publisher.app import Application
from publisher.base import i18n
from publisher.cli.output.run import RunDisplay
from publisher.drafts import json_schema
from publisher.ledger.doubts.pending_stops import UNFINISHED
from publisher.settings import sources
from tests.cli.runner import Cli, run_script

_DRAFT = """\
---
to: [bice-x]
at: 2016-03-07 08:30
---
Bonjour de Genève
"""
_SAID = {
    "en": (
        "Queued: 1 delivery (1 added).",
        "Nothing to change",
        "error: There is no account ghost.",
    ),
    "fr": (
        "Au planning : 1 envoi (1 ajouté).",
        "Rien à changer",
        "erreur : Aucun compte ne s'appelle ghost.",
    ),
    "es": (
        "Programado: 1 envío (1 nuevo).",
        "No hay nada que cambiar",
        "error: No existe la cuenta ghost.",
    ),
    "pl": (
        "W harmonogramie: 1 wysyłka (1 dodana).",
        "Nie ma czego zmieniać",
        "błąd: Nie ma konta ghost.",
    ),
}
_LANGUAGES = sorted(_SAID)


def _speak(workspace: Path, code: str) -> None:
    path = workspace / "publisher.toml"
    path.write_text(f'language = "{code}"\n{path.read_text()}')


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("code", _LANGUAGES)
def test_commands_speak_the_language_of_the_workspace(cli: Cli, workspace: Path, code: str) -> None:
    _speak(workspace, code)
    (workspace / "posts" / "hello.fr.md").write_text(_DRAFT, encoding="utf-8")
    queued, nothing, no_account = _SAID[code]
    assert queued in _plain(cli("queue").out)
    assert nothing in _plain(cli("queue").out)
    refused = cli("retry", "hello.fr", "--account", "ghost")
    assert no_account in _plain(refused.err)
    assert refused.code == 2


@pytest.mark.parametrize(
    ("code", "states"),
    [
        ("fr", ("5 programmés", "1 annulé")),
        ("es", ("5 programados", "1 cancelado")),
        ("pl", ("5 zaplanowanych", "1 anulowana")),
    ],
)
def test_numbers_take_the_form_of_their_language(
    cli: Cli, workspace: Path, code: str, states: tuple[str, str]
) -> None:
    _speak(workspace, code)
    for number in range(6):
        text = _DRAFT.replace("08:30", f"08:{number:02}").replace("Genève", f"Genève {number}")
        (workspace / "posts" / f"hello-{number}.fr.md").write_text(text, encoding="utf-8")
    cli("queue")
    cli("cancel", "hello-0.fr")
    shown = cli("status").out
    assert all(state in shown for state in states)


@pytest.mark.parametrize(
    ("code", "usage", "options", "default", "ending"),
    [
        ("fr", "Usage : publisher check", "Options", "[par défaut : text]", "Afficher cette aide"),
        ("es", "Uso: publisher check", "Opciones:", "[por defecto: text]", "Muestra esta ayuda"),
        ("pl", "Użycie: publisher check", "Opcje:", "[domyślnie: text]", "Pokazuje tę pomoc"),
    ],
)
def test_help_speaks_it_as_well(
    cli: Cli, workspace: Path, code: str, usage: str, options: str, default: str, ending: str
) -> None:
    _speak(workspace, code)
    shown = _plain(cli("check", "--help").out)
    assert shown.startswith(usage)
    assert options in shown
    assert default in shown
    assert ending in shown
    assert "publisher check --format github" in shown  # examples are what one types


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["check", "--nope"], "L'option --nope n'existe pas"),
        (["check", "--forma", "x"], "(options possibles : --format)"),
        (["nope"], "La commande 'nope' n'existe pas."),
        (["new"], "Il manque l'argument 'TITLE'."),
        (["import"], "Il manque l'argument 'FILE'."),
        (["resolve", "a.fr"], "Il manque l'option '--published'."),
        (["pause"], "Il manque --reason."),
        (["check", "--format", "x"], "'x' n'est pas parmi ces valeurs : 'text', 'json', 'github'."),
        (["sandbox", "--port", "x"], "'x' n'est pas un nombre entier."),
        (["sandbox", "--port", "99999"], "99999 n'est pas dans l'intervalle 0<=x<=65535."),
        (["rehearse", "--speed", "x"], "'x' n'est pas un nombre."),
        (["log", "--since"], "L'option '--since' demande un argument."),
        (["run", "--until-idle=x"], "L'option '--until-idle' ne prend pas de valeur."),
        (["migrate", "a", "b"], "Arguments inattendus en trop (a b)"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_said_in_it(
    cli: Cli, workspace: Path, command: list[str], said: str
) -> None:
    """Also what Typer says, which has no other language than English."""
    _speak(workspace, "fr")
    result = cli(*command)
    assert said in _plain(result.err)
    assert result.code == 2


def test_what_doctor_looks_at_has_a_space_before_its_colon(cli: Cli, workspace: Path) -> None:
    _speak(workspace, "fr")
    assert "disque\N{NO-BREAK SPACE}: " in cli("doctor", "--offline").out


@pytest.mark.parametrize("command", ["check", "log", "status", "plan", "doctor"])
def test_scripts_read_the_same_in_every_language(cli: Cli, workspace: Path, command: str) -> None:
    """All keys, states, codes and kinds: only messages and hints are for people."""
    (workspace / "posts" / "hello.fr.md").write_text(_DRAFT, encoding="utf-8")
    (workspace / "posts" / "bad.fr.md").write_text(f"{_DRAFT}\n#NOSHOUTING\n", encoding="utf-8")
    cli("queue", "--keep-going")
    more = ["--offline"] if command == "doctor" else []
    seen = set()
    for code in _LANGUAGES:
        settings = workspace / "publisher.toml"
        plain = re.sub(r'^language = "..."?\n', "", settings.read_text(), count=1)
        settings.write_text(plain)
        _speak(workspace, code)
        answer = cli(command, "--json", *more).json
        seen.add(json.dumps(_without_words(answer), sort_keys=True))
        settings.write_text(plain)
    assert len(seen) == 1


def _without_words(value: object) -> object:
    if isinstance(value, dict):
        words = ("message", "hint", "note", "reason", "now", "text", "error", "public")
        return {key: _without_words(inner) for key, inner in value.items() if key not in words}
    if isinstance(value, list):
        return [_without_words(inner) for inner in value]
    return value


def test_the_headings_of_csv_stay_as_they_are(cli: Cli, workspace: Path) -> None:
    _speak(workspace, "pl")
    assert cli("migrate").code == 0
    assert cli("log", "--format", "csv").out.startswith("post,account,channel,state,due_at,")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"LANG": "fr_FR.UTF-8"}, "L'ordre du jour n'a pas de points."),
        ({"LANG": "fr_FR.UTF-8", "LC_ALL": "es_PE"}, "La agenda no tiene puntos."),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "pl_PL.UTF-8"}, "Program nie ma punktów."),
        ({"LANG": "de_DE.UTF-8"}, "The agenda has no items."),
        ({"LANG": "plt_MG.UTF-8"}, "The agenda has no items."),
        ({"LANG": "C"}, "The agenda has no items."),
        ({}, "The agenda has no items."),
        ({"LANG": "fr_FR", "PUBLISHER_LANGUAGE": "es"}, "La agenda no tiene puntos."),
    ],
)
def test_a_workspace_that_names_none_speaks_the_locales_language(
    workspace: Path, variables: dict[str, str], said: str
) -> None:
    """English for a locale that nobody translated."""
    (workspace / "posts" / "session.yaml").write_text("name: Session\ntimezone: Europe/Zurich\n")
    environment = {"PYTHONUTF8": "1", **variables}
    result = run_script("agenda", "list", folder=workspace, environment=environment)
    assert said in _plain(result.stdout)


def test_the_workspace_counts_more_than_the_locale(workspace: Path) -> None:
    _speak(workspace, "es")
    environment = {"PYTHONUTF8": "1", "LANG": "fr_FR.UTF-8"}
    result = run_script("--help", folder=workspace, environment=environment)
    assert result.stdout.startswith("Uso: ")


@pytest.mark.parametrize(
    "settings",
    ["language = [", 'language = "de"', "language = 3", "\xff", "a = " + "[" * 5000],
)
def test_settings_that_cannot_be_read_are_told_in_the_locales_language(
    workspace: Path, settings: str
) -> None:
    (workspace / "publisher.toml").write_bytes(settings.encode("latin-1"))
    environment = {"PYTHONUTF8": "1", "LC_ALL": "fr_FR.UTF-8"}
    help_shown = run_script("--help", folder=workspace, environment=environment)
    assert _plain(help_shown.stdout).startswith("Usage : ")
    told = run_script("check", folder=workspace, environment=environment)
    assert told.returncode == 3
    assert _plain(told.stderr).startswith("erreur : ")


def test_the_dispatcher_and_the_workers_speak_the_language_of_the_workspace(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they write into the ledger is read by whoever works with the workspace."""
    _speak(workspace, "pl")
    monkeypatch.setenv("PUBLISHER_WORKSPACE", str(workspace))
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    Application.open_or_make(workspace).close()
    app = Application.of_environment()
    try:
        assert i18n.current() == "pl"
    finally:
        app.close()


def test_init_lays_the_workspace_out_in_the_language_that_is_named(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else in that of the computer."""
    monkeypatch.chdir(tmp_path)
    assert "Hay un espacio de trabajo listo" in cli("init", "lima", "--language", "es").out
    assert sources.spoken(tmp_path / "lima") == "es"
    monkeypatch.setenv("LC_ALL", "pl_PL.UTF-8")
    assert "Obszar roboczy jest gotowy" in cli("init", "warszawa").out
    assert (tmp_path / "warszawa" / "posts" / "welcome.pl.md").exists()


def test_comments_and_completion_in_a_fresh_workspace_speak_it_too(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cli("init", "lima", "--language", "es")
    text = (tmp_path / "lima" / "posts" / "session.yaml").read_text(encoding="utf-8")
    assert "# La sesión que siguen las publicaciones." in text
    schema = json.loads((tmp_path / "lima" / json_schema.FOLDER / "draft.json").read_text("utf-8"))
    assert schema["properties"]["link"]["description"] == "Una dirección web."


def test_each_answer_to_a_question_may_be_in_the_language_of_the_question() -> None:
    for code, answer in [("en", "y"), ("fr", "o"), ("es", "s"), ("pl", "t")]:
        with i18n.speaking(code):
            assert answer in i18n._("y yes").split()
            assert f"[{answer}/" in i18n._("[y/N]")


def _said(code: str) -> list[str]:
    catalogue = i18n.LOCALES / code / "LC_MESSAGES" / "publisher.po"
    return re.findall(r'^msgstr.*"(.+)"$', catalogue.read_text(encoding="utf-8"), re.MULTILINE)


def test_in_french_the_schedule_is_not_called_as_the_agenda_is() -> None:
    """“Programme” is the session's; what is queued goes “au planning”."""
    assert [text for text in _said("fr") if "au programme" in text] == []


@pytest.mark.parametrize(("code", "wrong"), [("fr", "jusqu'à"), ("es", "asta")])
def test_a_day_has_its_article(code: str, wrong: str) -> None:
    """“Jusqu'au 2026-03-07 08:30”, “hasta el 2026-03-07 08:30”."""
    said = [text for text in _said(code) if re.search(wrong + r" \{(?:time|when)\}", text)]
    assert said == []


def test_the_end_of_a_trouble_is_not_said_as_if_it_went_on() -> None:
    """“Ça continue” says of posts that were late that they still are."""
    assert [text for text in _said("fr") if "ça continue" in text] == []


def test_why_queue_cancelled_a_post_is_told_in_french(
    cli: Cli, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is kept in English, to be known again; `history` and the screen of `run` translate it."""
    _speak(workspace, "fr")
    draft = workspace / "posts" / "hello.fr.md"
    draft.write_text(_DRAFT, encoding="utf-8")
    cli("queue")
    draft.write_text(_DRAFT.replace("at:", "#"), encoding="utf-8")
    cli("queue")
    i18n.use("fr")
    reason = i18n._(UNFINISHED)
    assert reason != UNFINISHED
    assert reason in " ".join(cli("history", "hello.fr").out.split())
    app = Application.open(workspace)
    (*_before, last) = app.queries.steps(0)
    RunDisplay(app).report(last)
    app.close()
    assert reason in " ".join(capsys.readouterr().out.split())
