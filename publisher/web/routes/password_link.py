"""/login/link: a person who was invited, or whose password is reset, chooses a password."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool

from publisher.auth.password_links import PATH, no_longer_valid
from publisher.base.errors import PublisherError, UsageError
from publisher.web import security
from publisher.web.authentication import new_secret, set_cookie
from publisher.web.dependencies import Parts, Use
from publisher.web.routes import login

router = APIRouter()


@router.get(PATH)
def show(request: Request, parts: Use, key: str = "") -> Response:
    """Show the form. The link is not used by that: mail programs open links too."""
    return _page(request, parts, key)


@router.post(PATH)
async def choose(
    request: Request,
    parts: Use,
    key: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    form: login.Token = "",
) -> Response:
    """Set the password, and log its person in."""
    login.require_ours(request, parts, form)
    return await run_in_threadpool(_choose, request, parts, key, password)


def _choose(request: Request, parts: Parts, key: str, password: str) -> Response:
    before = parts.app.password_links.person(key)
    try:
        person = parts.app.password_links.use(key, password)
    except UsageError as problem:  # a weak one: the link is still good
        return _page(request, parts, key, problem)
    parts.app.throttle.unlock(person.name)
    security.log_event(request, "password chosen by a link", whom=person.name)
    is_reset = before is not None and not before.is_invited
    return login.after_password(request, parts, person, "/me?new=password" if is_reset else "/")


def _page(
    request: Request, parts: Parts, key: str, problem: PublisherError | None = None
) -> Response:
    person = parts.app.password_links.person(key)
    if person is None:
        raise no_longer_valid()
    is_fresh = not request.state.secret
    if is_fresh:
        request.state.secret = new_secret()
    answer = parts.pages.render(
        request, "password_link.html", person=person, key=key, problem=problem
    )
    if is_fresh:
        set_cookie(answer, parts.where, request.state.secret, lasts=False)
    return answer
