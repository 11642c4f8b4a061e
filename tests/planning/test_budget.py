"""A plan says what does not fit into the platforms' limits, and refuses nothing for it."""

from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from publisher.app import Application
from publisher.ledger.limits import rate_limits
from publisher.ledger.limits.suspensions import suspend
from publisher.ledger.tables import accounts
from publisher.model.outcomes import AccountSuspended, Kind, Limit
from publisher.settings import settings
from tests.support.clock import ManualClock
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards("publisher.planning.diff")

SETTINGS = """\
language = "en"
[lint]
ignore = ["too-close", "at-night", "missing-translation"]
[accounts.bice-x]
channel = "twitter"
language = "fr"
[accounts.bice-page]
channel = "facebook"
language = "fr"
page_id = "100200300"
[accounts.bice-masto]
channel = "mastodon"
language = "fr"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, SETTINGS)


def told(app: Application, *paths: Path) -> list[tuple[str, str, str]]:
    """The warnings of a plan, each with its post and what it says; there is no error."""
    plan = app.planner.plan(paths)
    assert not plan.errors
    return [
        (found.code, found.file.removeprefix("posts/").removesuffix(".md"), found.message)
        for found in plan.problems
    ]


def held(app: Application, clock: ManualClock, account: str, hours: float | None) -> None:
    until = None if hours is None else clock.now() + timedelta(hours=hours)
    with app.database.write() as connection:
        app.database.insert_missing(connection, accounts, [{"account": account}])
        suspend(
            connection, account, AccountSuspended(Kind.RATE_LIMIT, "No more.", until), clock.now()
        )


def left(app: Application, clock: ManualClock, name: str, remaining: int, total: int) -> None:
    end = clock.now() + timedelta(hours=10)
    with app.database.write() as connection:
        rate_limits.keep(connection, "bice-x", [Limit(name, total, remaining, clock.now(), end)])


def drafts(workspace: Workspace, number: int, to: str = "bice-x", apart: int = 0) -> None:
    """So many drafts, from 10:00 on, so many seconds apart."""
    for index in range(number):
        at = f"2016-03-07T{10 + index * apart // 3600:02}:{index * apart // 60 % 60:02}:{index * apart % 60:02}+01:00"
        workspace.draft(f"p{index:03}.fr", f"at: {at}\nto: [{to}]", f"Le texte {index}.")


def test_what_expires_before_the_suspension_ends_is_a_sure_miss(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    """The account takes nothing for 20 hours, the post is due in 3 and expires an hour later."""
    workspace.draft("a.fr", "at: 2016-03-07 12:00\nto: [bice-x]\nexpires: 1h")
    workspace.draft("b.fr", "at: 2016-03-07 12:00\nto: [bice-page]\nexpires: 1h", "Autre.")
    workspace.draft("c.fr", "at: 2016-03-07 12:00\nto: [bice-x]\nexpires: 24h", "Encore.")
    workspace.draft("d.fr", "at: 2016-03-08 12:00\nto: [bice-x]\nexpires: 1h", "Demain.")
    held(app, clock, "bice-x", 20)
    ((code, post, message),) = told(app)
    assert (code, post) == ("sure-miss", "a.fr")
    assert message == (
        "bice-x accepts nothing until 2016-03-08 05:00 (Europe/Zurich), and this expires at "
        "2016-03-07 13:00 (Europe/Zurich): it will be missed."
    )


def test_an_account_that_waits_for_a_person_is_named_once(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    drafts(workspace, 3)
    held(app, clock, "bice-x", None)
    assert [(code, post) for code, post, _message in told(app)] == [("account-stopped", "p000.fr")]


def test_a_pause_of_everything_is_named_once(workspace: Workspace, app: Application) -> None:
    drafts(workspace, 2)
    drafts(workspace, 2, to="bice-page")
    app.control.pause(None, "an alarm", "ann")
    ((code, _post, message),) = told(app)
    assert (code, message.partition(" is stopped")[0]) == ("account-stopped", "Everything")


def test_more_than_the_platform_said_is_left_is_named_with_the_number(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    left(app, clock, "posts-24h", 2, 50)
    drafts(workspace, 5, apart=300)
    ((code, post, message),) = told(app)
    assert (code, post) == ("over-limit", "p002.fr")
    assert "2 of 50 posts in 24 hours left" in message
    assert "3 posts of this plan are beyond that" in message


def test_what_is_due_from_the_limit_s_end_on_is_not_counted(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    left(app, clock, "posts-24h", 0, 50)
    workspace.draft("a.fr", "at: 2016-03-07 19:00\nto: [bice-x]")
    assert told(app) == []


def test_a_hundred_posts_in_fifteen_minutes_fit_and_one_more_does_not(
    workspace: Workspace, app: Application
) -> None:
    """X: 100 per account in 15 minutes. Each part of a thread is a post."""
    drafts(workspace, 100, apart=8)
    assert told(app) == []
    workspace.draft("z.fr", "at: 2016-03-07T10:14:00+01:00\nto: [bice-x]", "Un.\n\n---\nDeux.")
    ((code, post, message),) = told(app)
    assert (code, post) == ("over-limit", "z.fr")
    assert "bice-x has 102 posts within 15 minutes, and X accepts 100" in message


def pictured(workspace: Workspace, number: int, to: str) -> None:
    """So many drafts with two pictures, and one without, a minute apart from 10:00 on."""
    (workspace.path / "posts/media").mkdir(parents=True)
    Image.new("RGB", (40, 30), "navy").save(workspace.path / "posts/media/carte.png")
    Image.new("RGB", (40, 30), "teal").save(workspace.path / "posts/media/plan.png")
    media = ", ".join(f"{{file: media/{name}.png, alt: Une carte}}" for name in ("carte", "plan"))
    for index in range(number):
        at = f"at: 2016-03-07T10:{index:02}:00+01:00\nto: [{to}]"
        workspace.draft(f"p{index:03}.fr", f"{at}\nmedia: [{media}]", f"Le texte {index}.")
    workspace.draft("z.fr", f"at: 2016-03-07T10:{number:02}:00+01:00\nto: [{to}]", "Sans image.")


@pytest.mark.parametrize("is_over", [True, False])
def test_more_than_thirty_files_in_half_an_hour_are_named_where_mastodon_takes_thirty(
    workspace: Workspace, app: Application, is_over: bool
) -> None:
    """At the first post with a file too many; a text is none of them."""
    pictured(workspace, 15 + is_over, "bice-masto")
    found = told(app)
    assert [(code, post) for code, post, _message in found] == [("over-limit", "p015.fr")] * is_over
    for _code, _post, message in found:
        assert "32 pictures and videos within 30 minutes, and Mastodon accepts 30" in message


def test_more_files_than_are_left_are_named_and_no_text(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    left(app, clock, "uploads-15min", 3, 500)
    pictured(workspace, 2, "bice-x")
    ((code, post, message),) = told(app)
    assert (code, post) == ("over-limit", "p001.fr")
    assert "3 of 500 uploads in 15 minutes left" in message
    assert "1 post of this plan is beyond that" in message


def test_as_many_on_a_page_are_no_matter(workspace: Workspace, app: Application) -> None:
    drafts(workspace, 130, to="bice-page", apart=4)
    assert told(app) == []


def test_what_is_on_the_schedule_counts_when_one_draft_is_queued(
    workspace: Workspace, app: Application
) -> None:
    drafts(workspace, 100, apart=8)
    app.planner.queue(actor="redaction")
    alone = workspace.draft("z.fr", "at: 2016-03-07T10:14:00+01:00\nto: [bice-x]")
    ((code, post, _message),) = told(app, alone)
    assert (code, post) == ("over-limit", "z.fr")


def test_what_the_plan_leaves_as_it_is_gives_no_warning(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: 2016-03-07 12:00\nto: [bice-x]\nexpires: 1h")
    app.planner.queue(actor="redaction")
    held(app, clock, "bice-x", 20)
    assert told(app) == []


def test_a_workspace_switches_them_off(
    workspace: Workspace, app: Application, clock: ManualClock
) -> None:
    workspace.draft("a.fr", "at: 2016-03-07 12:00\nto: [bice-x]\nexpires: 1h")
    workspace.write("publisher.toml", SETTINGS.replace("too-close", "sure-miss"))
    held(app, clock, "bice-x", 20)
    other = Application(settings.load(workspace.path), clock)
    assert told(other) == []
    other.close()
