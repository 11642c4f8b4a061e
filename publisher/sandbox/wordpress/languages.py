"""Languages of the simulated WordPress, which has Polylang Pro: each post stands on one side.

Source: polylang.pro/doc/rest-api, and Polylang's own code of 3.8.
"""

from typing import Any

from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.endpoints import Call
from publisher.sandbox.wordpress.refusals import WordPressFault
from publisher.sandbox.store import Store

SIDES = ("en", "fr", "es", "pl")
"""The first one is the site's own, which posts without a known language get."""
NAMESPACES = ("oembed/1.0", "pll/v1", "wp/v2", "wp-site-health/v1")


def of_new(call: Call) -> str:
    """The side on which a new post stands."""
    wanted = call.query.get("lang", "")
    return (
        SIDES[0] if wanted not in SIDES or call.changed(WordPressFault.OTHER_LANGUAGE) else wanted
    )


async def listed(_store: Store, _call: Call, _account: SandboxAccount) -> Any:
    return [{"slug": side} for side in SIDES]


async def index(_store: Store, _call: Call, _account: SandboxAccount) -> Any:
    """The description of the API."""
    return {"namespaces": [*NAMESPACES]}
