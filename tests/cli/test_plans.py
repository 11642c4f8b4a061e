"""What `plan` says of an edit, and what it costs."""

import re
from pathlib import Path

import pytest
from PIL import Image

from publisher.cli.output import plan
from tests.cli.conftest import SETTINGS
from tests.cli.runner import Cli

pytestmark = pytest.mark.guards(
    "publisher.planning.change_details",
    "publisher.planning.edit_text",
    "publisher.planning.plan_data",
)

DRAFT = """\
---
title: Journée annuelle
at: 2016-03-07 08:30
to: bice-x
media:
  - file: media/palais.png
    alt: Le Palais des Nations
    credit: A. Martin
---
Le débat commence dans une demi-heure.
"""


@pytest.fixture
def draft(workspace: Path, cli: Cli) -> Path:
    """A draft that is queued."""
    media = workspace / "posts" / "media"
    media.mkdir()
    for name, colour in (("palais", "blue"), ("salle", "green")):
        Image.new("RGB", (40, 30), colour).save(media / f"{name}.png")
    path = workspace / "posts" / "annual.fr.md"
    path.write_text(DRAFT, encoding="utf-8")
    assert cli("queue").code == 0
    return path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said", "changed"),
    [
        ("at:", "expires: 2h\nat:", "expires 2016-03-07 10:30, was 2016-03-07 12:30", ["expires_at"]),
        ("08:30", "09:30", "was 2016-03-07 08:30", ["due_at"]),
        ("at:", "embargo: 2016-03-07 09:00\nat:", "embargo: 2016-03-07 09:00, was —",
         ["embargo_until"]),
        ("at:", "embargo: annual-day\nat:",
         "embargo: 2016-03-07 09:00, was —, moves with annual-day", ["embargo_until"]),
        ("at:", "repeat: true\nat:", "the same text may go out again", ["repeat"]),
        ("at:", "author: maria\nat:", "author was redaction", ["author"]),
        ("at:", "lang: es\nat:", "language was fr", ["lang"]),
        ("annuelle", "mondiale", "title: Journée [-annuelle-] {+mondiale+}", ["title"]),
        ("A. Martin", "A. Roux", "credit of picture 1: A. [-Martin-] {+Roux+}", ["credit"]),
        ("Le Palais", "Devant le Palais",
         "description of picture 1: [-Le-] {+Devant le+} Palais des Nations", ["alt"]),
        ("palais.png", "salle.png", "picture 1 is a different one", ["picture"]),
        ("demi-heure", "heure", "dans une [-demi-heure.-] {+heure.+}", ["text"]),
        ("demi-heure.", "demi-heure.\n\n---\nEntrez.", "2: {+Entrez.+}", ["text"]),
        ("commence dans", "commence\n\ndans", "[-commence-] {+commence ¶ ¶+} dans une", ["text"]),
        ("commence dans", "commence  dans", "only the spaces differ", ["text"]),
        ("commence dans", "débute  dans", "[-commence-] {+débute+} dans", ["text"]),
        ("commence dans une", "commence  dans ma", "commence dans [-une-] {+ma+}", ["text"]),
    ],
)  # fmt: skip
def test_a_plan_says_what_an_edit_changes(
    draft: Path, cli: Cli, old: str, new: str, said: str, changed: list[str]
) -> None:
    _edit(draft, old, new)
    result = cli("plan")
    assert said in " ".join(result.out.split())
    assert "UTC" not in result.out
    (change,) = cli("plan", "--json").json["changes"]
    assert [detail["what"] for detail in change["changed"]] == changed
    assert (change["was_due_at"] is not None) is ("due_at" in changed)


def test_pictures_that_come_go_and_change_places_are_named(draft: Path, cli: Cli) -> None:
    second = "  - file: media/salle.png\n    alt: La salle XX\n"
    _edit(draft, "---\nLe débat", f"{second}---\nLe débat")
    assert "picture 2 is new" in " ".join(cli("queue").out.split())
    _edit(draft, second, "")
    _edit(draft, "media:\n", f"media:\n{second}")
    assert "pictures in another order" in " ".join(cli("queue").out.split())
    _edit(draft, second, "")
    assert "picture 1 is gone" in " ".join(cli("queue").out.split())


def test_a_moved_item_is_named_by_the_embargoes_that_hang_on_it(
    draft: Path, cli: Cli, workspace: Path
) -> None:
    _edit(draft, "at:", "embargo: annual-day + 30m\nat:")
    cli("queue")
    _edit(workspace / "posts" / "session.yaml", "03-07 09:00", "03-07 10:00")
    said = " ".join(cli("plan").out.split())
    assert "> move 2016-03-07 10:30" in said
    assert "embargo: 2016-03-07 10:30, was 2016-03-07 09:30, moves with annual-day" in said
    (change,) = cli("plan", "--json").json["changes"]
    assert change["changed"] == [
        {"what": "embargo_until", "from": "2016-03-07T08:30:00Z", "to": "2016-03-07T09:30:00Z"}
    ]


def test_a_rule_that_is_switched_says_what_it_does(draft: Path, cli: Cli, workspace: Path) -> None:
    with_approval = f"[approval]\nrequired = true\n{SETTINGS}"
    (workspace / "publisher.toml").write_text(with_approval, encoding="utf-8")
    assert "from now on it waits for an approval" in " ".join(cli("queue").out.split())
    (workspace / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
    assert "it no longer waits for an approval" in " ".join(cli("queue").out.split())


def test_a_time_that_is_over_is_told_in_the_zone_of_the_session(draft: Path, cli: Cli) -> None:
    _edit(draft, "2016-03-07 08:30", "2016-02-29 08:30")
    said = cli("plan").out
    assert "it was due 2016-02-29 08:30 (Europe/Zurich)" in said
    assert "UTC" not in said


def test_an_edit_costs_what_it_adds_on_x(draft: Path, cli: Cli) -> None:
    _edit(draft, "demi-heure.", "demi-heure. https://www.example.org/a")
    assert "Because of the edits, X charges about $0.18 more." in cli("plan").out
    cost = cli("queue", "--json").json["cost_on_x"]
    assert cost == {
        "posts": 0,
        "with_link": 0,
        "alt_texts": 0,
        "readings": 0,
        "usd": "0.000",
        "usd_of_edits": "0.185",
    }
    _edit(draft, " https://www.example.org/a", "")
    assert "Because of the edits, X charges about $0.18 less." in cli("plan").out
    _edit(draft, "to: bice-x", "to: bice-page")
    assert "By the edits" not in cli("plan").out


def test_of_a_long_plan_new_posts_are_left_out_first(
    draft: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    _edit(draft, "08:30", "09:30")
    for number in range(3):
        text = DRAFT.replace("08:30", "07:30").replace("Le débat", f"Débat {number}")
        draft.with_name(f"early-{number}.fr.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr(plan, "_MOST", 2)
    said = cli("plan").out.splitlines()
    assert [re.findall(r"\S+\.fr", line)[0] for line in said if line.startswith(("+", ">"))] == [
        "early-0.fr",
        "annual.fr",
    ]
    assert "… and 2 more: --json shows all." in said
    assert len(cli("plan", "--json").json["changes"]) == 4
