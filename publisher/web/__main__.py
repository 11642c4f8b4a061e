"""The web pages as a child of `publisher run`: `python -m publisher.web`."""

import sys

import structlog

from publisher.app import Application
from publisher.errors import PublisherError
from publisher.web import server


def main() -> int:
    """Serve the workspace that PUBLISHER_WORKSPACE names; the result is the exit code."""
    log = structlog.get_logger()
    try:
        app = Application.of_environment()
        server.serve(app, app.settings.web, say=log.info)
    except PublisherError as error:
        log.error(str(error), hint=error.hint)  # noqa: TRY400 - foreseen, so without a traceback
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
