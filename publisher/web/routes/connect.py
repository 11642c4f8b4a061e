"""/accounts/NAME/connect: gets an account's keys from its platform, step by step."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from publisher.base.errors import (
    AnotherOwner,
    NotConnected,
    NotFound,
    NotPermitted,
    PublisherError,
    UsageError,
)
from publisher.base.i18n import _
from publisher.base.public_addresses import leads_to_private
from publisher.channels.connect import Keys
from publisher.channels.http.server_address import server_address
from publisher.channels.registry import SPECS
from publisher.connect.connection import AccountConnection
from publisher.ledger.manager.rights import Rank
from publisher.web import security
from publisher.web.authentication import Admin, Overseer, Visitor
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.dependencies import Parts, Use

router = APIRouter()

_PROVEN = ("start", "revoke")
"""Steps that come with the proof, or after it."""

Confirmed = Annotated[None, confirming(is_one_of(*_PROVEN))]
"""What is typed afterwards is secret, so that no page may keep it for the proof."""


@router.get("/accounts/{name}/connect")
def show(request: Request, parts: Use, visitor: Overseer, name: str, method: str = "") -> Response:
    """Show what is to be done next; `method`: another way than the channel's first."""
    _require(parts, visitor, name)
    return _page(request, parts, visitor, name, typed={"method": method})


@router.post("/accounts/{name}/connect")
async def go_on(
    request: Request,
    parts: Use,
    visitor: Admin,
    name: str,
    _proven: Confirmed,
    do: Annotated[str, Form()] = "",
) -> Response:
    """Do one step: start, begin, finish, choose, cancel or revoke."""
    _require(parts, visitor, name)
    fields = await request.form()
    typed = {key: value for key, value in fields.items() if isinstance(value, str)}
    return await run_in_threadpool(_step, request, parts, visitor, name, do, typed)


def _step(
    request: Request, parts: Parts, visitor: Visitor, name: str, do: str, typed: dict[str, str]
) -> Response:
    here = RedirectResponse(f"/accounts/{name}/connect", 303)
    if do == "cancel":
        parts.connections.end(visitor, name)
        return RedirectResponse("/accounts", 303)
    is_proven = do in _PROVEN or parts.app.sessions.is_confirmed(visitor)
    if do == "start" or not is_proven:
        return here
    try:
        if do == "revoke":
            return _revoke(request, parts, visitor, name)
        keys = _keys(parts, visitor, name, do, typed)
        if keys is None:
            return here
        return _store(request, parts, visitor, name, keys, another_owner="another" in typed)
    except (NotConnected, UsageError) as problem:
        if begun := parts.connections.of(visitor, name):
            typed.setdefault("method", begun.connection.method)
        if do != "begin" and not isinstance(problem, AnotherOwner):
            parts.connections.end(visitor, name)
        return _page(request, parts, visitor, name, problem, typed)


def _keys(parts: Parts, visitor: Visitor, name: str, do: str, typed: dict[str, str]) -> Keys | None:
    """The keys, if this step ends with them; None if another one comes."""
    begun = parts.connections.of(visitor, name)
    if do == "begin":
        connection = _connection(parts, name, typed.get("method", ""))
        connection.refuse_variables()
        if _names_server(parts, connection):
            _refuse_private(parts, typed.get("server", ""))
        step = connection.begin(typed)
    elif begun is None:
        return None  # it took too long, or this process was started again
    elif do == "finish" and begun.authorization:
        connection = begun.connection
        step = connection.finish(begun.authorization, typed.get("answer", ""))
    elif do == "choose" and begun.choices:
        wanted = typed.get("choice", "")
        return next((keys for keys in begun.choices if keys.title == wanted), None)
    else:
        return None
    if isinstance(step, tuple):
        step = tuple(connection.meant(step))
        if len(step) == 1:
            return step[0]
    parts.connections.keep(visitor, connection, step)
    return None


def _names_server(parts: Parts, connection: AccountConnection) -> bool:
    """Whether a person types the server that is asked, and no other one stands in for it."""
    is_typed = any(field.name == "server" for field in connection.fields)
    return is_typed and not parts.app.settings.servers.get(connection.account.channel)


def _refuse_private(parts: Parts, server: str) -> None:
    """Raise UsageError for a server beside this machine: those trust requests from here.

    Its name may lead elsewhere a moment later: the channels look again as they connect.
    """
    address = server_address(server, path=True) if server else None
    host = urlsplit(address).hostname or "" if address else ""
    if host and host not in parts.app.settings.delivery.private_hosts and leads_to_private(host):
        raise UsageError(
            _("This server is not on the public internet."),
            hint=_(
                "If that is intended, the person who runs Publisher adds it to `private_hosts` "
                "under [delivery] in publisher.toml."
            ),
        )


def _store(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    name: str,
    keys: Keys,
    *,
    another_owner: bool,
) -> Response:
    connection = _connection(parts, name)
    try:
        health = connection.check(keys, another_owner=another_owner)
    except AnotherOwner:
        parts.connections.keep(visitor, connection, (keys,))  # a person may mean it
        raise
    connection.store(keys, health)
    parts.connections.end(visitor, name)
    security.log_event(request, "connected", account=name)
    parts.take_keys()
    told = (
        _("{account} is connected: it posts as {owner}.", account=name, owner=health.owner)
        if health.owner
        else _("{account} is connected.", account=name)
    )
    return parts.done(visitor, " ".join((told, *health.remarks)), "/accounts")


def _revoke(request: Request, parts: Parts, visitor: Visitor, name: str) -> Response:
    to_do = _connection(parts, name).revoke()
    security.log_event(request, "revoked", account=name)
    parts.take_keys()
    told = (
        _("The keys of {account} are deleted here.", account=name)
        if to_do
        else _("The keys of {account} are revoked, and deleted here.", account=name)
    )
    return parts.done(visitor, " ".join(filter(None, (told, to_do))), "/accounts")


def _connection(parts: Parts, name: str, method: str = "") -> AccountConnection:
    return AccountConnection(parts.app, parts.app.settings.accounts[name].account(name), method)


def _require(parts: Parts, visitor: Visitor, name: str) -> None:
    """Raise NotFound if there is nothing to connect, NotPermitted without a right over it."""
    entry = parts.app.settings.accounts.get(name)
    if entry is None or SPECS[entry.channel].connect is None:
        raise NotFound(_("There is no account {name}.", name=name))
    if not parts.app.rights.permits(visitor.person, Rank.ADMIN, [name]):
        message = _("{name} has no right over {accounts}.", name=visitor.name, accounts=name)
        raise NotPermitted(message)


def _page(
    request: Request,
    parts: Parts,
    visitor: Visitor,
    name: str,
    problem: PublisherError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    connection, typed = _connection(parts, name), typed or {}
    if (method := typed.get("method", "")) in connection.methods:
        connection = _connection(parts, name, method)
    shown = {one.name: typed.get(one.name, "") for one in connection.fields if not one.is_secret}
    return parts.pages.render(
        request,
        "connect.html",
        account=connection.account,
        is_confirmed=parts.app.sessions.is_confirmed(visitor),
        begun=parts.connections.of(visitor, name),
        key_fields=connection.fields,
        method=connection.method,
        methods=connection.methods,
        shown=shown,
        has_keys=name not in parts.app.settings.without_credentials(),
        problem=problem,
        is_another=isinstance(problem, AnotherOwner),
    )
