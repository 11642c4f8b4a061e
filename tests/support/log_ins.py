"""What people do to log in, beyond a name and a password."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pyotp
from sqlalchemy import update

from publisher.app import Application
from publisher.ledger.tables import factor_counters, web_sessions
from tests.support.pages import Visit

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code() -> str:
    """What the app shows now."""
    return pyotp.TOTP(SECRET).now()


def with_app(app: Application, name: str) -> list[str]:
    """Set up an app for somebody, some time ago; returns their recovery codes."""
    person = app.people.find(name)
    codes = app.second_factors.add_app(person, SECRET, code())
    with app.database.write() as connection:
        connection.execute(update(factor_counters).values(counter=0))
    return list(codes)


def an_hour_later(app: Application) -> None:
    """Whoever is logged in has not proved for an hour who they are."""
    with app.database.write() as connection:
        old = datetime.now(UTC) - timedelta(hours=1)
        connection.execute(update(web_sessions).values(confirmed_at=old))


def shown_once(visit: Visit, id: str = "link") -> str:  # noqa: A002
    """An address that a page shows once."""
    found = re.search(rf'<input id="{id}" value="([^"]+)"', visit.page)
    assert found, visit.text
    return unescape(found[1])


def confirm(visit: Visit, **proof: str) -> None:
    """Send the form that the page keeps, with a proof of who one is."""
    form = re.search(
        r'<form method="post" action="([^"]+)" class="card">(.*?)</form>', visit.page, re.DOTALL
    )
    assert form, visit.text
    kept = re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', form[2], re.DOTALL)
    fields: dict[str, list[str]] = {}
    for name, value in kept:
        fields.setdefault(name, []).append(unescape(value))
    visit.send(unescape(form[1]), **fields, **{f"proof-{name}": one for name, one in proof.items()})
