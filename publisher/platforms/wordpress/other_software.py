"""Answers that are not WordPress' own: of web servers, security plugins and delivery networks.

They stand before WordPress, and answer in its place with pages of their own. Source: answers of
real servers.
"""

from publisher.base.i18n import _
from publisher.channels.answers import AGAIN, doubt, named_status
from publisher.model.outcomes import (
    UNTIL_MENDED,
    AccountSuspended,
    Answer,
    Kind,
    Outcome,
    Step,
)

_SENT = frozenset({Step.PUBLISH, Step.REVEAL})
_CHALLENGES = ("cloudflare", "captcha", "challenge")
_CRITICAL = "critical error"


def of_another(answer: Answer, step: Step) -> Outcome:
    """An answer without a code of WordPress: of a web server, a plugin or something before it."""
    status = answer.status or 0
    if _CRITICAL in answer.body.lower():
        return doubt(
            _("The website has a critical error, and WordPress sends an e-mail to its admin"), step
        )
    if 300 <= status < 400:
        found: AccountSuspended | None = _moved(status)
    elif status in (401, 403, 406, 503) and any(
        sign in answer.body.lower() for sign in _CHALLENGES
    ):
        found = _challenged(status)
    elif status == 401:
        found = _locked()
    elif status in (403, 405, 406):
        found = _closed(status)
    elif status in (404, 410):
        found = no_api(status)
    else:
        found = None
    if found is None or step in _SENT:
        # Another machine said so: whether WordPress had the request before, is not proved.
        what = _(
            "The website answered with {status} and gave no reason", status=named_status(status)
        )
        return doubt(what, step)
    return found


def _mended(kind: Kind, message: str) -> AccountSuspended:
    return AccountSuspended(kind, f"{message} {_(AGAIN)}", backoff=UNTIL_MENDED)


def _moved(status: int) -> AccountSuspended:
    return _mended(
        Kind.AUTH,
        _(
            "The website redirects Publisher to another address ({status}); with a password, "
            "Publisher does not follow. Write `server` in secrets.toml exactly as a browser "
            "shows the site: with https, and with or without www.",
            status=named_status(status),
        ),
    )


def _locked() -> AccountSuspended:
    return _mended(
        Kind.AUTH,
        _(
            "The web server in front of WordPress asks for its own password (HTTP Basic "
            "authentication), so none can reach WordPress. Remove that for the path /wp-json/."
        ),
    )


def _closed(status: int) -> AccountSuspended:
    return _mended(
        Kind.PERMISSION,
        _(
            "Something in front of WordPress refuses Publisher ({status}): a security plugin, or "
            "the host's firewall. There, allow requests from this machine to /wp-json/wp/v2/.",
            status=named_status(status),
        ),
    )


def _challenged(status: int) -> AccountSuspended:
    return _mended(
        Kind.PERMISSION,
        _(
            "A service in front of the website, such as Cloudflare, wants to see a person "
            "({status}). Make an exception there for /wp-json/wp/v2/ from this machine.",
            status=named_status(status),
        ),
    )


def no_api(status: int) -> AccountSuspended:
    return _mended(
        Kind.PERMISSION,
        _(
            "There is no WordPress REST API at this address ({status}). Check `server` in "
            "secrets.toml, and that no plugin turns the REST API off; `publisher doctor` says "
            "more.",
            status=named_status(status),
        ),
    )
