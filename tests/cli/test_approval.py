"""approve, reject, and what plan and queue say about them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from publisher.media import cache, media_file
from publisher.media.clean_copy import CleanPicture
from publisher.model.capabilities import Capabilities
from tests.cli.conftest import SETTINGS
from tests.cli.runner import Cli
from tests.support import videos

pytestmark = pytest.mark.guards(
    "publisher.ledger.reading.queries", "publisher.planning.plan", "publisher.settings.settings"
)

POST = "annual.fr"
DRAFT = """\
---
at: annual-day - 30m
author: redaction
---
Le débat commence dans une demi-heure au Palais. https://www.example.org/a
"""


@pytest.fixture
def draft(workspace: Path) -> Path:
    (workspace / "publisher.toml").write_text(
        f"[approval]\nrequired = true\n{SETTINGS}", encoding="utf-8"
    )
    path = workspace / "posts" / f"{POST}.md"
    path.write_text(DRAFT, encoding="utf-8")
    return path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def _approved(cli: Cli) -> None:
    assert cli("queue").code == 0
    assert cli("approve", POST, "--yes", "--as", "direction").code == 0


def test_what_waits_is_listed_shown_in_full_and_approved(draft: Path, cli: Cli) -> None:
    cli("queue")
    assert f"bice-x     {POST}" in cli("approve").out
    shown = cli("approve", POST, "--yes", "--as", "direction").out
    assert "Le débat commence dans une demi-heure au Palais. https://www.example.org/a" in shown
    assert "goes out 2016-03-07 08:30" in shown
    assert f"Approved: {POST} to bice-x\nApproved: {POST} to bice-page" in shown
    rows = cli("log", "--json").json
    assert {row["state"] for row in rows} == {"scheduled"}
    assert {row["approved_by"] for row in rows} == {"direction"}
    assert all(row["approved_at"].startswith("2016-03-01T11:00:0") for row in rows)
    assert cli("approve").out == "Nothing is waiting for approval.\n"


def test_queue_and_status_say_that_it_waits_for_an_approval(draft: Path, cli: Cli) -> None:
    told = " ".join(cli("queue").out.split())
    assert "2 deliveries are waiting for approval: `publisher approve` lists them." in told
    told = cli("status").out
    assert "Nothing goes out before it is approved." in told
    assert "Nothing is on the schedule." not in told


def test_a_text_that_is_the_same_on_two_accounts_is_shown_once(draft: Path, cli: Cli) -> None:
    """Of what differs, each is shown."""
    cli("queue")
    shown = cli("approve", POST, "--yes", "--as", "direction").out
    assert f"{POST} to bice-x, bice-page\n" in shown
    assert shown.count("Le débat commence") == 1
    _edit(draft, "Le débat", "Un débat")
    draft.write_text(draft.read_text(encoding="utf-8") + "\n## twitter\nCourt.\n")
    cli("queue", "--yes")
    shown = cli("approve", POST, "--yes", "--as", "direction").out
    assert shown.index("Court.") != shown.index("Un débat commence")
    assert f"{POST} to bice-x\n" in shown


def test_what_is_approved_already_stands_in_the_way_of_no_other(draft: Path, cli: Cli) -> None:
    _approved(cli)
    other = draft.with_name("other.fr.md")
    other.write_text(DRAFT.replace("Le débat", "Un autre débat"), encoding="utf-8")
    cli("queue")
    done = cli("approve", POST, "other.fr", "--yes", "--as", "direction")
    assert done.code == 0
    assert f"Already approved by direction: {POST} to bice-x\n" in done.out
    assert done.out.count("Approved: other.fr to") == 2
    assert cli("approve", POST, "--yes", "--as", "direction").code == 1


def test_who_approves_what_goes_out_at_once_reads_that_it_waits_for_ten_seconds(
    draft: Path, cli: Cli
) -> None:
    """What is shown first says when its clock begins, not when it was queued."""
    (draft.parent / "now.fr.md").write_text("---\nat: now\nto: bice-x\n---\nMaintenant.\n", "utf-8")
    assert cli("queue", "--as", "redaction").code == 0
    told = " ".join(cli("approve", "now.fr", "--yes", "--as", "direction").out.split())
    assert "goes out ten seconds after it is approved, and no later than 4 h after that" in told
    assert "It goes out in ten seconds. Until then `publisher reject` keeps it back." in told


def test_nobody_approves_without_being_asked(draft: Path, cli: Cli) -> None:
    cli("queue")
    asked = cli("approve", POST, "--as", "direction")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert {row["state"] for row in cli("log", "--json").json} == {"awaiting-approval"}


def test_an_author_cannot_approve(draft: Path, cli: Cli) -> None:
    cli("queue", "--as", "direction")
    refused = cli("approve", POST, "--yes", "--as", "redaction")
    assert refused.code == 1
    assert "authors cannot approve what they wrote" in refused.err


def test_an_edit_shows_its_words_and_whose_approval_it_voids(draft: Path, cli: Cli) -> None:
    _approved(cli)
    _edit(draft, "demi-heure", "heure")
    said = " ".join(cli("plan").out.split())
    assert "dans une [-demi-heure-] {+heure+} au Palais." in said
    assert said.count("the approval by direction becomes void") == 2
    changes = cli("plan", "--json").json["changes"]
    assert {change["voids_approval_by"] for change in changes} == {"direction"}


def test_queue_asks_before_an_approval_becomes_void(draft: Path, cli: Cli) -> None:
    _approved(cli)
    _edit(draft, "demi-heure", "heure")
    assert cli("queue").code == 2
    assert {row["state"] for row in cli("log", "--json").json} == {"scheduled"}
    assert cli("queue", "--yes").code == 0
    rows = cli("log", "--json").json
    assert {(row["state"], row["approved_by"]) for row in rows} == {("awaiting-approval", None)}


def test_queue_asks_before_another_copy_of_the_same_video_makes_an_approval_void(
    draft: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update that makes its copies in another way: what is approved stays until
    then.
    """
    folder = draft.parent / "media"
    folder.mkdir()
    videos.video(folder / "a.mp4")
    _edit(draft, "author:", "to: bice-x\nmedia: [{file: /media/a.mp4, alt: Un film}]\nauthor:")
    _approved(cli)
    copies = media_file.copies

    def otherwise(path: Path, several: Sequence[Capabilities]) -> list[CleanPicture]:
        made = [copy for copy in copies(path, several) if isinstance(copy, CleanPicture)]
        free = b"\0\0\0\x08free"
        return [CleanPicture.of(copy.data + free, copy.media_type, (64, 48)) for copy in made]

    monkeypatch.setattr(media_file, "copies", otherwise)
    monkeypatch.setattr(cache, "_MAKER", "the next version")
    assert cli("plan").out.count("the approval by direction becomes void") == 1
    assert cli("queue").code == 2
    assert {row["state"] for row in cli("log", "--json").json} == {"scheduled"}


def test_queue_asks_before_it_cancels_what_was_approved(draft: Path, cli: Cli) -> None:
    _approved(cli)
    draft.unlink()
    assert cli("plan").out.count("the approval by direction becomes void") == 2
    assert cli("queue").code == 2
    assert cli("queue", "--json").code == 2
    assert {row["state"] for row in cli("log", "--json").json} == {"scheduled"}
    assert cli("queue", "--yes").code == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"cancelled"}


@pytest.mark.parametrize(("gone", "asks"), [(5, False), (6, False), (7, True)])
def test_queue_asks_before_it_cancels_most_of_the_schedule(
    cli: Cli, workspace: Path, gone: int, asks: bool
) -> None:
    """Of 12 deliveries: a folder of drafts that got lost is no wish to cancel them."""
    drafts = [workspace / "posts" / f"post-{number}.fr.md" for number in range(12)]
    for number, path in enumerate(drafts):
        path.write_text(f"---\nat: 2016-03-08 {8 + number}:00\nto: bice-x\n---\nN° {number}\n")
    assert cli("queue").code == 0
    for path in drafts[:gone]:
        path.unlink()
    queued = cli("queue")
    assert queued.code == (2 if asks else 0)
    told = f"{gone} deliveries of 12 on the schedule will be cancelled.\n"
    assert (told in queued.out) is asks
    cancelled = [row for row in cli("log", "--json").json if row["state"] == "cancelled"]
    assert len(cancelled) == (0 if asks else gone)


def test_queue_cancels_all_of_a_small_schedule_without_a_question(draft: Path, cli: Cli) -> None:
    cli("queue")
    draft.unlink()
    assert cli("queue").code == 0


def test_a_moved_agenda_item_is_named_by_the_posts_that_move_with_it(
    draft: Path, cli: Cli, workspace: Path
) -> None:
    _approved(cli)
    _edit(workspace / "posts" / "session.yaml", "2016-03-07 09:00", "2016-03-07 10:00")
    said = " ".join(cli("plan").out.split())
    assert "was 2016-03-07 08:30, moves with annual-day" in said
    (change, _) = cli("plan", "--json").json["changes"]
    assert change["anchor"] == "annual-day"
    assert (change["was_due_at"], change["due_at"]) == (
        "2016-03-07T07:30:00Z",
        "2016-03-07T08:30:00Z",
    )


def test_queueing_an_approved_post_again_changes_nothing(draft: Path, cli: Cli) -> None:
    _approved(cli)
    assert "Nothing to change" in cli("queue").out


def test_a_rejected_post_says_why_in_the_status(draft: Path, cli: Cli) -> None:
    _approved(cli)
    assert cli("reject", POST, "--reason", "le chiffre est faux", "--as", "direction").code == 0
    said = " ".join(cli("status").out.split())
    assert "rejected by direction: le chiffre est faux" in said
    assert "Needs attention" not in said
    assert "Rejected, and sent back to their authors:" in said
    assert {row["state"] for row in cli("status", "--json").json["rejected"]} == {"rejected"}
    assert cli("queue").code == 0, "a rejection is no edit"
    assert "rejected by direction" in " ".join(cli("status").out.split())


def test_a_rejection_holds_also_where_nothing_needs_an_approval(draft: Path, cli: Cli) -> None:
    (draft.parent.parent / "publisher.toml").write_text(SETTINGS, encoding="utf-8")
    assert cli("queue").code == 0
    assert cli("reject", POST, "--reason", "le chiffre est faux", "--as", "direction").code == 0
    assert "Nothing to change" in cli("queue").out
    assert {row["state"] for row in cli("log", "--json").json} == {"rejected"}
    _edit(draft, "une demi-heure", "trente minutes")
    assert cli("queue").code == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"scheduled"}


def test_a_mandate_names_authors_days_and_approvers(cli: Cli, workspace: Path) -> None:
    mandate = (
        "[accounts.lima-x.mandate]\n"
        'authors = ["lima"]\napprovers = ["coordination"]\nuntil = 2016-03-20\n'
    )
    (workspace / "publisher.toml").write_text(f"{SETTINGS}{mandate}", encoding="utf-8")
    draft = workspace / "posts" / "lima.es.md"
    draft.write_text("---\nat: 2016-03-21 15:00\nto: lima-x\n---\nHola\n", encoding="utf-8")
    found = cli("check", "--json").json
    assert [problem["code"] for problem in found] == ["no-mandate", "no-mandate"]
    _edit(draft, "to:", "author: lima\nto:")
    _edit(draft, "-21", "-20")
    assert cli("check").code == 0
    cli("queue")
    assert "may not approve" in cli("approve", "lima.es", "--yes", "--as", "direction").err
    assert cli("approve", "lima.es", "--yes", "--as", "coordination").code == 0


def test_an_approval_lapses_with_the_mandate_of_whoever_gave_it(cli: Cli, workspace: Path) -> None:
    mandate = "[accounts.lima-x.mandate]\napprovers = [%s]\n"
    settings = workspace / "publisher.toml"
    settings.write_text(SETTINGS + mandate % '"coordination"', encoding="utf-8")
    draft = workspace / "posts" / "lima.es.md"
    draft.write_text("---\nat: annual-day\nto: lima-x\nauthor: lima\n---\nHola\n", encoding="utf-8")
    cli("queue")
    assert cli("approve", "lima.es", "--yes", "--as", "coordination").code == 0
    settings.write_text(SETTINGS + mandate % '"direction"', encoding="utf-8")
    assert "the approval by coordination becomes void" in cli("plan").out
    assert cli("queue", "--yes").code == 0
    assert {row["state"] for row in cli("log", "--json").json} == {"awaiting-approval"}


def test_another_author_is_an_edit_and_cannot_approve_it_either(draft: Path, cli: Cli) -> None:
    _approved(cli)
    _edit(draft, "author: redaction", "author: direction")
    assert "the approval by direction becomes void" in cli("plan").out
    assert cli("queue", "--yes").code == 0
    assert (
        "authors cannot approve what they wrote"
        in cli("approve", POST, "--yes", "--as", "direction").err
    )


def test_whoever_approves_sees_all_that_goes_out(cli: Cli, workspace: Path) -> None:
    media = workspace / "posts" / "media"
    media.mkdir()
    Image.new("RGB", (40, 30), "navy").save(media / "card.png")
    (workspace / "posts" / "consents.yaml").write_text("film: {}\n", encoding="utf-8")
    (workspace / "publisher.toml").write_text(f"{SETTINGS}[approval]\nrequired = true\n")
    (workspace / "posts" / "card.es.md").write_text(
        "---\ntitle: Un título\nat: annual-day\nto: [lima-x]\nrepeat: true\n"
        "link: https://www.example.org/a\nmedia:\n  - {file: /media/card.png, alt: Una tarjeta, "
        "credit: BICE, people: true, consent: film}\n---\nNiños\u00a0: aquí 👨\u200d👩\u200d👧\n",
        encoding="utf-8",
    )
    cli("queue")
    said = cli("approve", "card.es", "--yes", "--as", "direction").out
    for shown in (
        "title: Un título", "Niños\u00a0: aquí 👨\u200d👩\u200d👧", "Una tarjeta", "credit: BICE",
        "consent film", "https://www.example.org/a", "may go out again", "publisher preview card.es",
    ):  # fmt: skip
        assert shown in said


def test_whoever_approves_sees_the_content_warning(cli: Cli, workspace: Path) -> None:
    more = '[accounts.bice-fedi]\nchannel = "mastodon"\n[approval]\nrequired = true\n'
    (workspace / "publisher.toml").write_text(f"{SETTINGS}{more}")
    (workspace / "posts" / "day.fr.md").write_text(
        "---\ncontent_warning: Violences\nat: annual-day\nto: [bice-fedi]\n---\nUn récit.\n",
        "utf-8",
    )
    cli("queue")
    said = cli("approve", "day.fr", "--yes", "--as", "direction").out
    assert "  content warning: Violences\n  Un récit.\n" in said


def test_what_a_plan_adds_has_its_price_on_x(draft: Path, cli: Cli) -> None:
    assert "X charges about $0.20 for 1 post, with a link." in cli("plan").out
    assert cli("plan", "--json").json["cost_on_x"] == {
        "posts": 1,
        "with_link": 1,
        "alt_texts": 0,
        "readings": 0,
        "usd": "0.200",
        "usd_of_edits": "0.000",
    }


def test_a_warning_about_a_conflict_can_be_switched_off(
    draft: Path, cli: Cli, workspace: Path
) -> None:
    _edit(draft, "annual-day - 30m", "2016-03-07 23:00")
    assert "[at-night]" in cli("plan").out
    (workspace / "publisher.toml").write_text(
        f'[lint]\nignore = ["at-night"]\n{SETTINGS}', encoding="utf-8"
    )
    assert "[at-night]" not in cli("plan").out
