"""`publisher report`: what went out and what did not, from the real ledger."""

import re
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.event import listen

from publisher.app import Application
from publisher.base.i18n import LANGUAGES, speaking
from publisher.ledger.manager.withdrawals import Withdrawals
from publisher.ledger.tables import deliveries
from publisher.model.content import Content, Part
from publisher.model.outcomes import Accepted, Kind, Refused, Unknown
from publisher.model.states import State
from publisher.reporting import report_page
from tests.reporting.conftest import Desk, answer_with_a_name
from tests.support.browser import Browser

NASTY = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
LIMA: dict[str, Any] = {"account": "lima-page", "channel": "facebook"}


def test_an_empty_ledger_gives_a_clear_page(desk: Desk) -> None:
    page = desk.report()
    assert "There is nothing to report yet: nothing was queued." in page.text
    assert page.path == Path("var/report.html")
    assert page.structure.all("svg") == []


def test_without_a_ledger_there_is_no_report(desk: Desk) -> None:
    """An empty one would say that nothing happened, and the ledger may only be elsewhere."""
    desk.database.close()
    (desk.folder / "var" / "publisher.db").unlink()
    done = desk.cli("report")
    assert done.code == 3
    assert "There is no ledger yet" in done.err


def test_accounts_are_called_as_readers_know_them(desk: Desk) -> None:
    """A post is not quoted: it may be under embargo, or begin with a reader's name."""
    (desk.folder / "publisher.toml").write_text(
        '[accounts.bice-x]\nchannel = "twitter"\nhandle = "BICE_ONG"\n'
    )
    desk.publish("a.fr", outcome=Refused(Kind.POLICY, "The rules forbid it."))
    desk.control.pause("bice-x", "the programme has changed", "direction")
    text = desk.report().text
    assert "a.fr @BICE_ONG · X failed" in text
    assert "Paused @BICE_ONG" in text
    assert "bice-x" not in text


def test_the_figures_are_the_ledgers(desk: Desk) -> None:
    desk.publish("a.fr", late=0.2)
    desk.publish("b.fr", late=0.4)
    desk.publish("c.fr", late=60)
    desk.publish("d.fr", outcome=Refused(Kind.POLICY, "The rules forbid it."))
    desk.publish("e.fr", outcome=Unknown("No answer came."))
    desk.queue("f.fr", due_in=600)
    desk.queue("g.fr", due_in=600)
    desk.control.cancel("g.fr", None, "direction", "said already")
    page = desk.report()
    assert page.figure("Published") == "3 of 7"
    assert page.figure("Failed") == "1"
    assert page.figure("Uncertain") == "1"
    assert page.figure("Cancelled") == "1"
    assert page.figure("Still waiting") == "1"
    assert page.figure("Delay, median") == "400 ms"
    assert page.figure("Delay, worst") == "60.0 s"
    assert page.figure("Early") == "0"
    assert "The rules forbid it." in page.text
    assert "No answer came." in page.text
    assert "Why, in all: policy 1, unknown-outcome 1." in page.text


def test_each_post_is_listed_with_its_link_lateness_and_approver(desk: Desk) -> None:
    desk.queue("a.fr", due_in=60, state=State.AWAITING_APPROVAL)
    desk.approve("a.fr", "direction")
    desk.clock.advance(60)
    desk.publish_next(late=0.25)
    page = desk.report()
    assert "Mon 7 Mar 2016 1 post" in page.text
    assert '<a href="https://x.com/bice/status/707" rel="noreferrer">X</a>' in page.html
    assert '<span lang="fr" dir="auto">Le texte de a.fr</span>' in page.html
    assert "09:01" in page.text, "in the session's zone"
    assert "250 ms direction" in page.text
    assert re.search(r"Approved by Posts direction 1\b", page.text)


def test_posts_are_listed_only_where_that_is_asked_for(desk: Desk) -> None:
    desk.publish("a.fr")
    assert "All posts, day by day" in desk.report().text
    assert "All posts, day by day" not in desk.report(whole=False).text


def test_highlights_are_what_went_out_on_the_most_accounts_of_each_week(desk: Desk) -> None:
    for post in ("one.fr", "two.fr", "three.fr", "four.fr"):
        desk.publish(post)
    desk.publish("four.fr", account="bice-page", channel="facebook")
    desk.clock.advance(7 * 86_400)
    desk.publish("next.fr")
    highlights = desk.report(whole=False).html.partition("Highlights")[2].partition("Over time")[0]
    told = re.findall(r"Le texte de (\w+)\.fr|<h3>([^<]+)</h3>", highlights)
    assert ["".join(one) for one in told] == [
        "Week of 7 March 2016", "four", "one", "three", "Week of 14 March 2016", "next",
    ]  # fmt: skip


def test_answers_to_readers_are_no_highlights(desk: Desk) -> None:
    """They may begin with the reader's name, and so may their corrections."""
    answer_with_a_name(desk)
    desk.clock.advance(7 * 86_400)
    desk.publish("next.fr")
    highlights = desk.report(whole=False).html.partition("Highlights")[2].partition("Over time")[0]
    assert "zofia" not in highlights
    assert "Week of 7 March" not in highlights
    assert "next.fr" in highlights


def test_what_went_out_unapproved_is_named_where_approval_is_asked_for(desk: Desk) -> None:
    desk.publish("a.fr")
    assert "None of these accounts requires an approval." in desk.report().text
    settings = (desk.folder / "publisher.toml").read_text()
    desk.files.write("publisher.toml", f"{settings}[approval]\nrequired = true\n")
    page = desk.report()
    assert "1 went out without an approval" in page.text
    assert "2016-03-07 09:00 a.fr to bice-x · X, queued by redaction" in page.text


def test_every_intervention_tells_who_and_why(desk: Desk) -> None:
    desk.queue("a.fr", due_in=6000)
    desk.queue("a.fr", due_in=6000, **LIMA)
    desk.control.pause("bice-x", "the programme has changed", "direction")
    desk.clock.advance(60)
    desk.control.resume("bice-x", "secretariat")
    desk.control.pause(None, "wrong picture", "direction")
    desk.control.cancel("a.fr", None, "direction", NASTY)
    text = desk.report().text
    assert "Paused bice-x direction the programme has changed" in text
    assert "Resumed bice-x secretariat" in text
    assert "Paused everything direction wrong picture" in text
    assert "Cancelled a.fr to bice-x, a.fr to lima-page direction &#34;&gt;&lt;script" in text
    assert "Who intervened" in text


def test_a_withdrawal_has_its_reason(desk: Desk) -> None:
    desk.publish("a.fr")
    (delivery,) = desk.queries.deliveries()
    withdrawals = Withdrawals(desk.database, desk.clock)
    withdrawals.deleted(delivery, "direction", "the figure is wrong", Accepted("1"))
    page = desk.report()
    assert page.figure("Withdrawn") == "1"
    assert "Withdrawn a.fr to bice-x direction the figure is wrong" in page.text


def test_counts_by_account_channel_language_and_organisation(desk: Desk) -> None:
    desk.publish("a.fr")
    desk.publish("b.fr", **LIMA, content=Content(parts=(Part(text="Hola"),), lang="es"))
    desk.publish("c.fr", account="gone-x")
    text = desk.report().text
    of = {
        "bice-x · X": 1,
        "gone-x": 1,
        "Facebook": 1,
        "X": 2,
        "es": 1,
        "fr": 2,
        "BICE": 1,
        "not named": 1,
    }
    assert [f"{n} {c}" for n, c in of.items() if f" {n} {c} published {c} {c} " not in text] == []


def test_charts_have_a_table_with_the_same_numbers(desk: Desk) -> None:
    desk.publish("a.fr", late=0.05)
    desk.clock.advance(2 * 86_400)
    desk.publish("b.fr", late=2)
    desk.publish("c.fr", outcome=Refused(Kind.POLICY, "No."))
    page = desk.report()
    titles = re.findall(r"<title>([^<]*)</title>", page.html)
    assert {"7 Mar: 1 published", "9 Mar: 1 published", "9 Mar: 1 failed"} <= set(titles)
    assert "7 Mar 1 1 8 Mar 0 9 Mar 1 1 2" in page.text
    assert {"to 0.1 s: 1", "to 5 s: 1"} <= set(titles)
    assert "to 0.1 s 1 to 0.5 s 0 to 1 s 0 to 5 s 1" in page.text
    drawings = [a for a in page.structure.all("svg") if a.get("role") == "img"]
    assert [a["aria-labelledby"] for a in drawings] == ["chart-days", "chart-lateness"]


def test_since_until_and_account_narrow_it(desk: Desk) -> None:
    desk.publish("a.fr")
    desk.publish("b.fr", **LIMA)
    desk.clock.advance(86_400)
    desk.publish("c.fr")
    desk.control.pause("lima-page", "elsewhere", "direction")
    page = desk.report("--since", "2016-03-07", "--until", "2016-03-07")
    assert page.figure("Published") == "2 of 2"
    assert "elsewhere" not in page.text
    page = desk.report("--account", "bice-x", "--output", "x.html")
    assert page.path == Path("x.html")
    assert page.figure("Published") == "2 of 2"
    assert "elsewhere" not in page.text
    assert "What went out on bice-x" in page.text
    assert (
        "nothing to report for that account and time" in desk.report("--since", "2017-01-01").text
    )


def test_what_was_counted_is_kept_until_the_ledger_changes(desk: Desk) -> None:
    desk.publish("a.fr")
    with closing(Application.open(desk.folder)) as app:
        app.clock = desk.clock
        reports = app.reports
        statements: list[str] = []
        listen(app.database.engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
        pages = [reports.page(), reports.page(account="bice-x")]
        counted = len(statements)
        assert [reports.page(), reports.page(account="bice-x")] == pages
        assert not any("FROM deliveries" in one for one in statements[counted:])
        desk.control.pause("lima-page", "counted in an intervention", "direction")
        assert "counted in an intervention" in reports.page()
        desk.publish("b.fr")
        assert "2 of 2" in reports.page()


def test_an_account_that_nobody_has_is_wrong_usage(desk: Desk) -> None:
    desk.publish("a.fr", account="gone-x")
    assert desk.report("--account", "gone-x").figure("Published") == "1 of 1"
    done = desk.cli("report", "--account", "bice-y")
    assert done.code == 2
    assert "Did you mean `bice-x`?" in done.err


def test_nothing_of_a_post_can_run(desk: Desk) -> None:
    content = Content(parts=(Part(text=NASTY),), lang='"><i>')
    desk.publish(NASTY, content=content, author=NASTY, outcome=Refused(Kind.POLICY, NASTY))
    desk.files.write("posts/session.yaml", f"name: '{NASTY}'\n")
    found = desk.report().structure
    assert [found.all(tag) for tag in ("script", "img", "i")] == [[], [], []]


def test_only_links_to_the_web_are_links(desk: Desk) -> None:
    desk.publish("a.fr")
    with desk.database.write() as connection:
        connection.execute(deliveries.update().values(url="javascript:alert(1)"))
    assert [a["href"] for a in desk.report().structure.all("a")] == ["#report"]


def test_ten_thousand_deliveries_give_a_usable_file_soon(desk: Desk) -> None:
    """All are counted; of so many only what went wrong is listed."""
    desk.publish("a.fr")
    desk.publish("b.fr", outcome=Refused(Kind.POLICY, "No."))
    with desk.database.write() as connection:
        out, bad = (dict(row) for row in connection.execute(select(deliveries)).mappings())
        rows = []
        for number in range(10_000):
            row = dict(bad if number % 500 == 499 else out)
            row["due_at"] += timedelta(minutes=number)
            row["published_at"] = row["published_at"] and row["due_at"] + timedelta(seconds=0.1)
            del row["id"]
            rows.append(row | {"post": f"post-{number}.fr"})
        connection.execute(insert(deliveries), rows)
    begun = time.process_time()
    page = desk.report()
    assert time.process_time() - begun < 10  # 2 s, and slow machines
    assert page.figure("Published") == "9,981 of 10,002"
    assert page.figure("Failed") == "21"
    assert len(page.html) < 2_500_000
    listed = page.html.partition("All posts, day by day")[2]
    assert listed.count('<span class="states bad">failed: nothing is out</span>') == 21
    assert "And 1,437 more of this day" in page.text
    assert not re.search(r'<details class="day" open', page.html)


@pytest.mark.parametrize("days", [80, 700])
def test_long_spans_are_drawn_by_week_or_month(desk: Desk, days: int) -> None:
    desk.publish("a.fr")
    desk.clock.advance(days * 86_400)
    desk.publish("b.fr")
    page = desk.report()
    assert f"by {'week' if days == 80 else 'month'}" in page.text
    boxes = re.findall(r'<rect class="published" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', page.html)
    assert all(float(width) > 5 for width in boxes[:2])


def test_a_browser_opens_and_prints_it(desk: Desk, browser: Browser) -> None:
    desk.publish(NASTY[:40])
    desk.publish("b.fr", outcome=Refused(Kind.POLICY, NASTY))
    page = desk.report()
    assert browser.complaints(page.path.absolute()) == []
    pdf = browser.print(page.path.absolute(), desk.folder / "report.pdf")
    assert pdf.startswith(b"%PDF")
    # A4 is 595 by 842 points.
    assert set(re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", pdf)) <= {(b"594", b"841"), (b"595", b"842"), (b"594", b"842"), (b"595", b"841")}  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_states_name_agrees_with_how_many_are_in_it(code: str) -> None:
    """The number is left out of it, in every language."""
    with speaking(code):
        for state in State:
            for number in (0, 1, 2, 5, 22):
                name = report_page.named(state, number)
                assert name[0].isupper()
                assert not re.search(r"\d", name)
        names = [report_page.named("cancelled", number) for number in (1, 2, 5)]
    assert (
        names
        == {
            "en": ["Cancelled", "Cancelled", "Cancelled"],
            "fr": ["Annulé", "Annulés", "Annulés"],
            "es": ["Cancelado", "Cancelados", "Cancelados"],
            "pl": ["Anulowana", "Anulowane", "Anulowanych"],
        }[code]
    )


@pytest.mark.parametrize(
    ("code", "published", "day", "share"),
    [
        ("en", "Published", "Mon 7 Mar 2016", "2 of 2"),
        ("fr", "Publiés", "lun. 7 mars 2016", "2 sur 2"),
        ("es", "Publicados", "lun 7 mar 2016", "2 de 2"),
        ("pl", "Opublikowane", "pon. 7 mar 2016", "2 z 2"),
    ],
)
def test_the_report_speaks_the_language_that_is_chosen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, code: str, published: str, day: str, share: str
) -> None:
    monkeypatch.setenv("PUBLISHER_LANGUAGE", code)
    desk.publish("a.fr")
    desk.publish("b.fr", **LIMA)
    page = desk.report()
    assert page.structure.all("html") == [{"lang": code}]
    assert page.figure(published) == share
    assert day in page.text
