"""Braces and percent signs in whatever somebody or a platform wrote: each page and report is
made.
"""

import json
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from publisher import preview
from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.drafts.check import check
from publisher.ledger.tables import accounts, deliveries
from publisher.model.content import Content
from publisher.model.states import State
from publisher.rehearsal import report
from publisher.web.app import create
from tests.support.pages import Visit, serving
from tests.support.workspaces import Workspace

_SIGNS = ("{", "}", "{}", "{0}", "{ticket}", "{0.__class__}", "{{", "}}", "{!r:>{", "%", "%s", "%(x)s", "${", "a")  # fmt: skip
TEXTS = st.lists(st.sampled_from(_SIGNS), min_size=1, max_size=6).map(" ".join)
_STATES = tuple(State)
_ENDLESS = ("/events", "/login/openid", "/login/openid/back")


@pytest.fixture
def visit(app: Application) -> Iterator[Visit]:
    with serving(app) as address, Visit(address) as visit:
        visit.log_in("chef")
        yield visit


@pytest.mark.deep
@given(text=TEXTS, first=st.integers(0, len(_STATES) - 1))
@example(text="waits for {ticket} of the lawyer", first=0)
@example(text="Bad {} %s {0} %(field)s", first=6)
@settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_text_breaks_a_page_or_a_report(
    app: Application, workspace: Workspace, visit: Visit, text: str, first: int
) -> None:
    _write(workspace, text)
    _act(app, text)
    _fill(app, text, first)
    for path in _pages(app):
        answer = visit.get(path)
        assert answer.status_code < 500 or path == "/healthz", (path, answer.text)
    assert text in visit.get("/log.csv").text.replace('""', '"')
    _make_the_other_reports(app, text)


def _write(workspace: Workspace, text: str) -> None:
    """Into the drafts and the session."""
    quoted = json.dumps(text)
    head = f"at: annual-day\nauthor: {quoted}\nmedia: [{{file: no.png, alt: {quoted}, credit: {quoted}}}]"
    workspace.draft("written.fr", head, f"{text}\n\n## twitter\n{text}")
    session = yaml.safe_load((workspace.path / "posts/session.yaml").read_text(encoding="utf-8"))
    session["name"] = session["agenda"]["annual-day"]["title"] = text
    session["agenda"]["annual-day"]["place"] = text
    workspace.write("posts/session.yaml", yaml.safe_dump(session, allow_unicode=True))


def _act(app: Application, text: str) -> None:
    """As people do, with their reasons: these stand in the history."""
    for post in ("day.fr", "later.fr", "site/news.fr"):
        try:
            app.holds.hold(post, None, text, text)
            app.control.cancel(post, None, text, text)
        except PublisherError:
            continue  # done in the run before
    app.control.pause(None, text, text)
    app.control.pause("bice-x", text, text)


def _fill(app: Application, text: str, first: int) -> None:
    """What platforms and people say of a delivery, in each of its states."""
    with app.database.write() as connection:
        for place, delivery in enumerate(app.queries.deliveries()):
            parts = tuple(part.model_copy(update={"text": text}) for part in delivery.content.parts)
            content = Content.model_validate({**dict(delivery.content), "parts": parts})
            connection.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery.id)
                .values(
                    state=_STATES[(first + place) % len(_STATES)],
                    error_kind="content",
                    error_message=text, reason=text, draft_hold=text, queued_by=text, author=text,
                    approved_by=text, url=text, content=content.model_dump_json(),
                )
            )  # fmt: skip
        connection.execute(update(accounts).values(suspension_message=text, pause_reason=text))


def _pages(app: Application) -> Iterator[str]:
    """All that there are."""
    posts = ("day.fr", "written.fr", "later.fr", "unfinished.fr")
    for path, item in create(app).openapi()["paths"].items():
        if "get" not in item or path in _ENDLESS or "{name}" in path:
            continue
        yield from (path.replace("{post}", post) for post in posts) if "{post}" in path else [path]
    yield "/report.html?keep=true"


def _make_the_other_reports(app: Application, text: str) -> None:
    """The rehearsal's and the preview, which no page shows."""
    found = app.queries.deliveries()
    assert report.render(
        title=text,
        deliveries=found,
        differences=[text],
        zone=ZoneInfo("Europe/Zurich"),
        speed=60,
        names=app.names,
    )
    library, problems = check(app.settings)
    assert preview.render(
        app.settings, library, problems,
        chosen=[post.id for post in library.posts],
        standing={(one.post, one.account): one for one in found},
        faces={},
        now=app.clock.now(),
    )  # fmt: skip
