"""LinkedIn's tokens: given for a code, and renewed where LinkedIn gives a refresh token.

Source: LinkedIn's guides to the authorization code flow and to programmatic refresh tokens (2026):
an access token lives for 60 days; only approved apps get a refresh token, which works again and
again for the year of the consent, and no access token outlives it.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from publisher.base.i18n import _
from publisher.channels.answers import mapping, parsed, whole
from publisher.channels.connect import text
from publisher.channels.http.recorder import MASK, Recorder
from publisher.channels.renewal import ENDS, NotRenewed, renewed
from publisher.channels.spec import ChannelOptions
from publisher.model.outcomes import Answer
from publisher.platforms.linkedin.spec import RENEWED_AHEAD, SPEC

ADDRESS = "https://www.linkedin.com"
_LIFE = timedelta(days=60)


def request(options: ChannelOptions, wish: Mapping[str, str], *hidden: str) -> Answer:
    """Ask LinkedIn for tokens; `hidden` are the secrets of this request."""
    recorder = Recorder(
        ADDRESS,
        base_url=options.servers.get(SPEC.name),
        timeout=options.request_timeout,
        clock=options.clock,
        secrets=hidden,
    )
    return recorder.call(
        lambda: recorder.session.post(f"{ADDRESS}/oauth/v2/accessToken", data=dict(wish))
    )


def tokens_in(found: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """The tokens in an answer, and when they end if they can be renewed; empty without any."""
    access, refresh = text(found, "access_token"), text(found, "refresh_token")
    if not (access and refresh):
        return {"access_token": access} if access else {}
    seconds = whole(found.get("expires_in"))
    lasts = min(timedelta(seconds=min(seconds, 10**8)), _LIFE) if seconds else _LIFE
    ends = (now + lasts).isoformat(timespec="seconds")
    return {"access_token": access, "refresh_token": refresh, ENDS: ends}


def renew(credentials: Mapping[str, str], options: ChannelOptions) -> Mapping[str, str]:
    """Exchange the refresh token for a new access token. Raises NotRenewed."""
    known = {name: credentials.get(name, "") for name in ("client_id", "client_secret")}
    token = credentials["refresh_token"]
    wish = {"grant_type": "refresh_token", "refresh_token": token, **known}
    answer = request(options, wish, token, known["client_secret"])
    found = dict(mapping(parsed(answer.body)))
    if found.get("refresh_token", MASK) == MASK:  # the same again
        found["refresh_token"] = token
    new = renewed(answer, "LinkedIn", tokens_in(found, options.clock.now()), spends=False)
    left = datetime.fromisoformat(new[ENDS]) - options.clock.now()
    if left <= RENEWED_AHEAD:  # as long as the old ones, which go on until then
        message = _("The consent on LinkedIn ends on {date}.", date=new[ENDS][:10])
        raise NotRenewed(message, is_final=True)
    return new
