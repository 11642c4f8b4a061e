"""Process of `publisher mcp`: `python -m publisher.web.mcp [PORT]`; without a port, by stdio."""

import asyncio
import os
import sys
from collections.abc import Sequence

from publisher.base.errors import ConfigurationError, PublisherError
from publisher.base.i18n import _
from publisher.base.process import end_on_ctrl_c

if __name__ == "__main__":
    end_on_ctrl_c()

import uvicorn

from publisher.app import Application
from publisher.web.app import create

TOKEN_VARIABLE = "PUBLISHER_TOKEN"  # noqa: S105 - the name of a variable
"""Has the token of the person for whom the assistant works, by stdio."""


def main(arguments: Sequence[str]) -> int:
    """Serve the workspace that PUBLISHER_WORKSPACE names; returns the exit code."""
    try:
        _serve(int(arguments[0]) if arguments else None)
    except PublisherError as error:
        # Standard output belongs to the protocol.
        hint = f"{_('hint:')} {error.hint}\n" if error.hint else ""
        sys.stderr.write(f"{_('error:')} {error}\n{hint}")
        return error.exit_code
    return 0


def _serve(port: int | None) -> None:
    try:
        from publisher.web.mcp import server  # noqa: PLC0415 - it needs what is optional
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            _("The Model Context Protocol library is missing: {name}.", name=error.name),
            hint=_("Install Publisher with it: session-publisher[mcp]."),
        ) from None
    app = Application.of_environment()
    api = create(app).state.api
    try:
        if port is not None:
            uvicorn.run(server.http_application(api), host="127.0.0.1", port=port, access_log=False)
            return
        secret = os.environ.pop(TOKEN_VARIABLE, "")
        if app.api_tokens.find(secret) is None:
            raise ConfigurationError(
                _("{name} has no valid token.", name=TOKEN_VARIABLE),
                hint=_(
                    "Create one on your page, /me, or with `publisher user token NAME --make "
                    "TITLE`."
                ),
            )
        asyncio.run(server.serve_stdio(api, secret))
    finally:
        app.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
