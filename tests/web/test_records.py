"""The log, the history and the report on the pages."""

import csv
import io
import re

import openpyxl
import pytest

from publisher.app import Application
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.wishes import add, wish
from tests.support.workspaces import Workspace
from tests.web.ledger_views import clock_of


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_log_is_filtered_searched_and_sorted(manager: Visit) -> None:
    def posts(query: str) -> list[str]:
        manager.get(f"/log?{query}")
        return re.findall(r'<td class="what"[^>]*><a href="/posts/([^"]+)">', manager.page)

    assert posts("sort=-due")[0] == "later.fr"
    assert posts("sort=due")[-1] == "later.fr"
    assert set(posts("account=bice-site")) == {"site/news.fr", "day.es"}
    assert set(posts("state=awaiting-approval")) == {"day.fr", "later.fr"}
    assert posts("q=DEUX") == ["later.fr"]
    assert posts("q=news.fr") == ["site/news.fr"]
    assert posts("since=2016-03-08") == ["later.fr"]
    assert "later.fr" not in posts("until=2016-03-07")
    assert posts("sort=published") == []
    assert "Nothing in the log matches." in manager.text


def test_the_log_turns_its_pages_there_and_back(app: Application, manager: Visit) -> None:
    """Each delivery stands on one page, also where many are due at one instant."""
    add(app.ledger, *(wish(clock_of(app), f"n{n:03}.fr", due_in=60) for n in range(120)))
    seen: list[str] = []
    path: str | None = "/log"
    pages = 0
    while path:
        manager.get(path)
        seen += re.findall(r'<td class="what"[^>]*><a href="/posts/([^"]+)">', manager.page)
        pages += 1
        further = re.search(r'rel="next" href="([^"]+)"', manager.page)
        path = f"/log{further[1]}".replace("&amp;", "&") if further else None
    assert pages == 3
    assert len(seen) == len(app.queries.deliveries())
    back = re.search(r'rel="prev" href="([^"]+)"', manager.page)
    assert back
    manager.get(f"/log{back[1]}")
    again = re.findall(r'<td class="what"[^>]*><a href="/posts/([^"]+)">', manager.page)
    assert again == seen[50:100]


def test_the_log_can_be_taken_along(manager: Visit) -> None:
    rows = list(csv.DictReader(io.StringIO(manager.get("/log.csv?account=bice-x").text)))
    assert {row["post"] for row in rows} == {"day.fr", "later.fr"}
    book = openpyxl.load_workbook(io.BytesIO(manager.get("/log.xlsx?q=Deux").content))
    assert [row[0].value for row in book["log"].iter_rows()] == ["post", "later.fr"]


def test_the_history_is_verified(app: Application, manager: Visit) -> None:
    manager.get("/log")
    manager.send("/log/verify")
    assert "unbroken" in manager.text
    guard = "no_update" if app.database.is_sqlite else "append_only ON history"
    with app.database.write() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER history_{guard}")
        connection.exec_driver_sql("UPDATE history SET actor = 'nobody' WHERE id = 1")
    manager.get("/log")
    manager.send("/log/verify")
    assert "1 break" in manager.text


def test_a_year_later_the_pages_read_the_archive(app: Application, manager: Visit) -> None:
    """A post's history, the report and the verdict are as complete as before."""
    app.control.cancel("later.fr", None, "direction", "plus besoin")
    clock_of(app).advance(400 * 86_400)
    (made,) = app.archiving.run(app.archiving.before(12), "direction")
    manager.get("/posts/later.fr")
    assert all(event in manager.text for event in ("queued", "cancelled", "archived"))
    assert "plus besoin" in manager.get("/report.html").text
    manager.get("/log")
    manager.send("/log/verify")
    assert f"Archived, as the history says: {made.steps} steps in 1 file." in manager.text
    (app.archive / made.file).unlink()
    assert "restore a copy of it" in manager.get("/posts/later.fr").text
    assert "restore a copy of it" in manager.get("/report.html").text


def test_the_report_stands_alone(manager: Visit) -> None:
    manager.get("/report")
    assert flaws(manager.page) == []
    answer = manager.get("/report.html?since=2016-03-07&until=2016-03-07")
    assert "Journée" in answer.text or "31e session" in answer.text
    assert manager.get("/report.html?account=nobody").status_code == 400


@pytest.mark.parametrize(
    ("days", "shown", "since", "until"),
    [
        ("starts: 2016-02-29\nends: 2016-03-24\n", "31e session", "2016-02-29", "2016-03-24"),
        ("starts: 2016-01-11\nends: 2016-01-29\n", "31e session", "2016-01-11", "2016-01-29"),
        ("starts: 2016-09-12\nends: 2016-09-30\n", "last seven days", "2016-03-01", "2016-03-07"),
        ("", "last seven days", "2016-03-01", "2016-03-07"),
    ],
    ids=["runs", "is over", "is to come", "has no days"],
)
def test_the_report_opens_on_the_session_or_the_last_week(
    app: Application,
    workspace: Workspace,
    manager: Visit,
    days: str,
    shown: str,
    since: str,
    until: str,
) -> None:
    path = workspace.path / "posts/session.yaml"
    text = re.sub(r"^(starts|ends):.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(days + text, "utf-8")
    manager.get("/report")
    assert re.search(rf"<h2>[^<]*{shown}", manager.page), manager.page
    assert f'name="since" type="date" value="{since}"' in manager.page
    assert f'name="until" type="date" value="{until}"' in manager.page
    figures = re.search(r'<ul class="figures">(.*?)</ul>', manager.page, re.DOTALL)
    assert figures
    is_past = until < "2016-02-01"
    assert ("state=awaiting" in figures[1]) is not is_past, "the figures are those of these days"
