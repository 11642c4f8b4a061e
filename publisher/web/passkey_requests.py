"""Passkeys on the pages: asks the browser that has a cookie, and checks its answer once."""

import ipaddress
from urllib.parse import urlsplit

from starlette.requests import Request

from publisher.auth import passkeys
from publisher.auth.passkeys import Question, RelyingParty
from publisher.auth.second_factors import Factors
from publisher.ledger.manager.rights import Person
from publisher.web.dependencies import Parts


def relying_party(request: Request, parts: Parts) -> RelyingParty | None:
    """The pages under the name that the browser asked for; None for a bare IP address.

    The name is one of ours: `security.Guard` refuses others.
    """
    told = request.headers.get("host", "")
    name = urlsplit(f"//{told}").hostname or ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        origins = [f"{request.url.scheme}://{told}", parts.where.public_url]
        return RelyingParty(name, parts.app.settings.workspace.name, tuple(filter(None, origins)))
    return None


def asked(request: Request, parts: Parts, factors: Factors | None) -> str | None:
    """Options for one of these passkeys; `factors` None: for any that verifies the person.

    None if there is none, or none can be used here.
    """
    pages = relying_party(request, parts)
    if pages is None or (factors is not None and not factors.passkeys):
        return None
    return given(request, parts, passkeys.request(pages, factors.passkeys if factors else ()))


def given(request: Request, parts: Parts, question: Question) -> str:
    """Remember the challenge for this browser; returns the options for its script."""
    parts.app.challenges.give(request.state.secret, question.challenge)
    return question.options


def proven(request: Request, parts: Parts, answer: str, *, must_verify: bool) -> Person | None:
    """The person whose passkey signed the last challenge of this browser; None if none did."""
    pages, factors = relying_party(request, parts), parts.app.second_factors
    challenge = parts.app.challenges.take(request.state.secret)
    found = factors.find(passkeys.id_in(answer)) if challenge and pages else None
    if found is None or pages is None or challenge is None:
        return None
    person, passkey, counter = found
    new = passkeys.counter_of(pages, answer, challenge, passkey, counter, must_verify=must_verify)
    if new is None or not factors.count(person, passkey.id, new):
        return None
    return person
