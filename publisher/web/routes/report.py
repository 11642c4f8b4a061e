"""/report: report of published and unpublished posts, to print or to save."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from publisher.base import date_range, formats, html
from publisher.base.i18n import _
from publisher.drafts.session import Session
from publisher.model.states import State
from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

_WEEK = timedelta(days=6)  # with the last day, seven

router = APIRouter()


@router.get("/report")
def choose(request: Request, parts: Use, _visitor: Reader) -> Response:
    """Show a summary and a form for the report; redirect if the address has its parameters.

    Both are about the session that runs or ran last, or else about the last seven days.
    """
    if request.query_params.keys() & {"since", "until", "account"}:
        return RedirectResponse(f"/report.html?{request.url.query}", 303)
    zone, session = parts.pages.zone, parts.app.session()
    today = parts.app.clock.now().astimezone(zone).date()
    of_session = _days_of(session, today)
    since, until = of_session or (today - _WEEK, today)
    return parts.pages.render(
        request,
        "report.html",
        counts=parts.app.queries.counts(
            date_range.since(since.isoformat(), zone, ""),
            date_range.until(until.isoformat(), zone, ""),
        ),
        days=formats.days(since, until),
        since=since,
        until=until,
        session=session.name if of_session else None,
        states=list(State),
        accounts=list(parts.app.settings.accounts),
        today=today,
        week=today - _WEEK,
    )


def _days_of(session: Session, today: date) -> tuple[date, date] | None:
    """The first and the last day of the session; None if it has not begun, or has no days."""
    if session.starts is None or session.ends is None or session.starts > today:
        return None
    return session.starts, session.ends


@router.get("/report.html")
def report(
    parts: Use,
    _visitor: Reader,
    since: str = "",
    until: str = "",
    account: str = "",
    everything: Annotated[bool, Query(alias="all")] = False,  # noqa: FBT002
    keep: Annotated[bool, Query(description="As a file.")] = False,  # noqa: FBT002
) -> Response:
    """The report: one self-contained HTML file."""
    zone = parts.pages.zone
    page = parts.app.reports.page(
        since=date_range.since(since.strip() or None, zone, _("The first day")),
        until=date_range.until(until.strip() or None, zone, _("The last day")),
        account=parts.account(account),
        whole=everything,
    )
    headers = {"Content-Security-Policy": _policy(page)}
    if not keep:  # a saved file has no link back
        back = Markup('<p><a href="/report">{}</a></p>').format(_("← Back to the pages"))
        page = page.replace("<body>", f"<body>{back}", 1)
    if keep:
        headers["Content-Disposition"] = 'attachment; filename="report.html"'
    return HTMLResponse(page, headers=headers)


def _policy(page: str) -> str:
    """The Content-Security-Policy: only the page's own stylesheet, by its hash."""
    style = page.partition("<style>")[2].partition("</style>")[0]
    return f"{html.policy(style)}; frame-ancestors 'none'"
