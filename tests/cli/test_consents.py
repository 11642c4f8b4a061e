"""withdraw --consent: what shows a picture whose consent has ended."""

from pathlib import Path

import pytest
from PIL import Image

from tests.cli.runner import Cli

RECORD = "abidjan:\n  until: 2016-12-31\n"
DRAFT = """\
---
at: annual-day - 30m
to: bice-x
media:
  - file: /media/carte.png
    alt: Une carte avec des mots
    people: true
    consent: abidjan
---
Le débat commence.
"""


@pytest.fixture
def consents(workspace: Path) -> Path:
    """The file with the records; one post uses its only record."""
    media = workspace / "posts" / "media"
    media.mkdir()
    Image.new("RGB", (40, 30), "navy").save(media / "carte.png")
    (workspace / "posts" / "card.fr.md").write_text(DRAFT, encoding="utf-8")
    path = workspace / "posts" / "consents.yaml"
    path.write_text(RECORD, encoding="utf-8")
    return path


def withdraw(cli: Cli, *arguments: str) -> tuple[int, str]:
    result = cli("withdraw", *arguments, "--reason", "the family asked for it", "--yes")
    return result.code, result.out + result.err


def test_a_consent_that_still_stands_takes_nothing_down(consents: Path, cli: Cli) -> None:
    cli("queue")
    code, said = withdraw(cli, "--consent", "abidjan")
    assert code == 1
    assert "Write `withdrawn: true` below abidjan" in said
    assert {row["state"] for row in cli("log", "--json").json} == {"scheduled"}


def test_a_consent_that_was_withdrawn_holds_its_posts_at_once_and_for_good(
    consents: Path, cli: Cli
) -> None:
    cli("queue")
    consents.write_text(f"{RECORD}  withdrawn: true\n", encoding="utf-8")
    assert withdraw(cli, "--consent", "abidjan") == (0, "Held: card.fr to bice-x\n")
    cli("queue")
    assert {row["state"] for row in cli("log", "--json").json} == {"held"}
    code, said = withdraw(cli, "--consent", "abidjan")
    assert (code, said) == (0, "Nothing that is out or on the schedule uses abidjan.\n")


def test_what_was_cancelled_before_is_held_when_somebody_tries_it_again(
    consents: Path, cli: Cli
) -> None:
    cli("queue")
    assert cli("cancel", "card.fr", "--reason", "not now").code == 0
    consents.write_text(f"{RECORD}  withdrawn: true\n", encoding="utf-8")
    assert withdraw(cli, "--consent", "abidjan")[0] == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"cancelled"}
    assert cli("retry", "card.fr").code == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"held"}


def test_a_consent_that_does_not_exist_is_named_with_the_nearest(consents: Path, cli: Cli) -> None:
    cli("queue")
    code, said = withdraw(cli, "--consent", "abijan")
    assert code == 2
    assert "no usable record of abijan" in said
    assert "Did you mean `abidjan`?" in said


@pytest.mark.parametrize("arguments", [(), ("card.fr", "--consent", "abidjan")])
def test_either_a_post_or_a_consent_is_named(
    consents: Path, cli: Cli, arguments: tuple[str, ...]
) -> None:
    assert withdraw(cli, *arguments)[0] == 2


def test_what_may_be_out_is_held_if_it_turns_out_not_to_be(
    consents: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can call it back: it is named, until it is known what became of it."""
    cli("queue")
    assert cli("backup", tmp_path / "copy.db").code == 0
    monkeypatch.setenv("PUBLISHER_CLOCK", "2016-03-07T10:00:00+01:00")
    assert cli("restore", tmp_path / "copy.db").code == 0
    consents.write_text(f"{RECORD}  withdrawn: true\n", encoding="utf-8")
    code, said = withdraw(cli, "--consent", "abidjan")
    assert code == 1
    assert "card.fr on bice-x. It may be out. If it is not, it is held" in said
    assert cli("retry", "card.fr", "--yes").out.startswith("Held, as requested")
    assert {row["state"] for row in cli("log", "--json").json} == {"held"}
    assert withdraw(cli, "--consent", "abidjan")[0] == 0


def test_a_post_that_leaves_the_consent_out_is_taken_for_what_it_shows(
    workspace: Path, consents: Path, cli: Cli
) -> None:
    """Queued before another draft named the consent, it is held as well; and never queued again."""
    (workspace / "posts" / "card.fr.md").rename(workspace / "later")
    unnamed = DRAFT.replace("    people: true\n    consent: abidjan\n", "").replace("débat", "jour")
    (workspace / "posts" / "forgotten.fr.md").write_text(unnamed, encoding="utf-8")
    assert cli("queue").code == 0
    (workspace / "later").rename(workspace / "posts" / "card.fr.md")
    refused = cli("queue")
    assert refused.code == 1
    assert "posts/card.fr.md names the consent abidjan" in " ".join(refused.out.split())
    consents.write_text(f"{RECORD}  withdrawn: true\n", encoding="utf-8")
    assert withdraw(cli, "--consent", "abidjan") == (0, "Held: forgotten.fr to bice-x\n")
