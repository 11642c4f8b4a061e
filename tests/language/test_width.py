"""What commands say fits a terminal of 80 columns, in each language, without a word being cut."""

import re
from pathlib import Path

import pytest

from publisher.base import i18n
from publisher.cli.topics import TOPICS
from tests.cli.runner import Cli, shown_at_terminal
from tools import reference

DRAFT = """\
---
at: annual-day - 30m
author: redaction
to: [bice-x, bice-page, bice-site]
---
Le débat commence dans une demi-heure au Palais des Nations, et nous en parlons ici longuement.
"""
PLAN = "Date,Message\n10/03/2016 10:00,Les experts répondent aux questions des États.\n"
COMMANDS = {
    "queue": "",
    "approve day.fr --as direction": "n\n",
    "import plan.csv --to bice-x --lang fr --dates day-first": "",
    "hold day.fr": "à vérifier encore une fois avec tous ceux qui étaient dans la salle\n",
    "plan": "",
    "status": "",
    "history day.fr": "",
    "withdraw day.fr --reason x": "",
    "delete": "",
}


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_no_line_is_longer_and_no_word_is_cut(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    path = workspace / "publisher.toml"
    path.write_text(f'language = "{code}"\n[approval]\nrequired = true\n{path.read_text()}')
    (workspace / "posts" / "day.fr.md").write_text(DRAFT, encoding="utf-8")
    (workspace / "plan.csv").write_text(PLAN, encoding="utf-8")
    monkeypatch.setenv("PUBLISHER_LANGUAGE", code)
    for command, typed in COMMANDS.items():
        shown = shown_at_terminal(*command.split(), typed=typed, monkeypatch=monkeypatch)
        assert shown
        assert _too_long(re.sub(r"\x1b\[[0-9;]*[mK]", "", shown)) == [], command


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_help_is_not_wider_and_no_sentence_is_cut(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """Of every command and topic."""
    monkeypatch.setenv("PUBLISHER_LANGUAGE", code)
    topics = [cli("help", topic).out for topic in TOPICS]  # after which that language is spoken
    _top, *commands = reference.text().split("\n## ")
    for shown in (*topics, *commands):
        assert _too_long(shown) == []
        for line in shown.splitlines():
            assert not line.endswith("...") or "[ARGS]..." in line


def _too_long(shown: str) -> list[str]:
    return [line for line in shown.splitlines() if len(line) > 80 and " " in line.strip()]
