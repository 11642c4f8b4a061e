"""Fallback error page: needs neither ledger nor templates."""

from markupsafe import Markup
from starlette.responses import HTMLResponse

from publisher.base import i18n
from publisher.web.routes import assets

_PAGE = Markup(
    '<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<title>{title}</title><link rel="stylesheet" href="{css}"></head>'
    '<body><main id="main"><h1>{title}</h1><p>{message}</p><p>{hint}</p><p><a href="/">{on}</a></p></main></body></html>'
)


def page(status: int, title: str, message: str, hint: str | None) -> HTMLResponse:
    """Render an error without navigation."""
    return HTMLResponse(
        _PAGE.format(
            lang=i18n.current(),
            css=assets.address("web.css"),
            title=title,
            message=message,
            hint=hint or "",
            on=i18n._("To today"),
        ),
        status,
    )
