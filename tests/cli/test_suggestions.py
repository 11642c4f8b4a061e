"""What is proposed for a command that does not exist."""

import pytest

from publisher.cli import suggestions
from publisher.cli.app import bare_command
from tests.cli.runner import Cli

OURS = {
    "delete": ("publisher cancel POST", "publisher withdraw POST"),
    "publish": ("publisher queue", "publisher run"),
    "send": ("publisher queue", "publisher run"),
    "Post": ("publisher queue", "publisher run"),
    "stop": ("publisher pause",),
    "list": ("publisher status", "publisher log"),
    "schedule": ("publisher queue",),
    "edit": ("posts/POST.md",),
    "aide": ("publisher help",),
    "version": ("publisher --version",),
    "supprimer": ("publisher cancel POST", "publisher withdraw POST"),
    "annuler": ("publisher cancel POST",),
    "publier": ("publisher queue", "publisher run"),
    "publicar": ("publisher queue", "publisher run"),
    "opublikuj": ("publisher queue", "publisher run"),
    "arrêter": ("publisher pause",),
    "vérifier": ("publisher check",),
    "queu": ("Did you mean `publisher queue`?",),
}


@pytest.mark.parametrize("word", OURS)
def test_a_word_from_elsewhere_leads_to_ours(cli: Cli, word: str) -> None:
    """Never to a command that is only spelt alike: `delete` is not `release`."""
    refused = cli(word)
    assert refused.code == 2
    told = " ".join(refused.err.split())
    assert f"error: No such command '{word}'. hint: " in told
    assert all(part in told for part in OURS[word])
    assert "release" not in told


@pytest.mark.parametrize("word", ["reprendre", "reanudar", "wznów"])
def test_going_on_leads_to_resume_in_each_language(cli: Cli, word: str) -> None:
    assert "publisher resume" in cli(word).err


def test_a_command_below_another_is_proposed_whole(cli: Cli) -> None:
    assert "hint: Did you mean `publisher agenda move`?" in cli("agenda", "mov").err


def test_no_word_of_ours_is_a_command() -> None:
    """Its suggestion would never be seen."""
    words = {word for words, _told in suggestions._MEANT for word in words}
    assert words.isdisjoint(bare_command().commands)
