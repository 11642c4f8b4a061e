"""/me/notices and /me/addresses: what the visitor is told personally, and where."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import ConfigurationError, NoticeNotSent, UsageError
from publisher.base.i18n import _
from publisher.ledger.news.notice_addresses import Topic
from publisher.notices import addresses
from publisher.notices.personal_message import trial
from publisher.web import security
from publisher.web.authentication import Visitor, Writer
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.dependencies import Parts, Use
from publisher.web.render import Toast

_PLACE = "/me#notices"
_PUSH = "ntfys://ntfy.sh/"
"""The public server of the app ntfy; who knows a topic reads it, so each is a random one."""

router = APIRouter()


@router.post("/me/notices")
def choose(
    parts: Use, visitor: Writer, topic: Annotated[list[str] | None, Form()] = None
) -> Response:
    """Choose what one is told; a form without a topic chooses none."""
    known = {one.value: one for one in Topic}
    chosen = [known[name] for name in topic or () if name in known]
    parts.app.notice_addresses.choose(visitor.person, chosen)
    return parts.done(visitor, _("Saved."), _PLACE)


@router.post("/me/addresses")
def change(
    request: Request,
    parts: Use,
    visitor: Writer,
    _confirmed: Annotated[None, confirming(is_one_of("add", "push"))],
    do: Annotated[str, Form()] = "",
    address: Annotated[str, Form(max_length=2000)] = "",
    number: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
) -> Response:
    """Add an address or a topic for push messages, or test or remove the one of this number."""
    known, settings = parts.app.notice_addresses, parts.app.settings.notices
    match do:
        case "add":
            known.add(visitor.person, addresses.checked(address, settings))
            toast = Toast(_("Added. Send a test to see that it works."))
        case "push":
            topic = secrets.token_urlsafe(16)
            known.add(visitor.person, addresses.checked(f"{_PUSH}{topic}", settings))
            security.log_event(request, "notice address: push")
            return parts.pages.render(request, "push_made.html", topic=topic)
        case "test" if number:
            toast = _tested(parts, visitor, int(number))
        case "remove" if number:
            known.remove(visitor.person, int(number))
            toast = Toast(_("Removed: no more notices go there."))
        case _:
            raise UsageError(_("This is not possible here."))
    security.log_event(request, f"notice address: {do}")
    return parts.done(visitor, toast, _PLACE)


def _tested(parts: Parts, visitor: Visitor, number: int) -> Toast:
    found = parts.app.notice_addresses.find(visitor.person, number)
    try:
        service = addresses.opened(found.address, parts.app.settings.notices)
        parts.test_messages.send(visitor.name, service, trial())
    except (NoticeNotSent, ConfigurationError) as error:
        return Toast(_("The test was not accepted: {why}", why=str(error)), warns=True)
    return Toast(_("The test has been sent. Check that it has arrived."))
