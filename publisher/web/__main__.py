"""Process of the web pages: `python -m publisher.web`.

It is a child of `publisher run` and writes to a log. With `--terminal` it is the process of
`publisher web`, and writes for a person.
"""

import os
import sys
from collections.abc import Sequence
from typing import TextIO

from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.base.process import end_on_ctrl_c, loading

if __name__ == "__main__":
    end_on_ctrl_c()

with loading():
    import structlog

    from publisher.app import Application
    from publisher.web import server


def main(arguments: Sequence[str]) -> int:
    """Serve the workspace that PUBLISHER_WORKSPACE names; returns the exit code."""
    log = structlog.get_logger()
    at_terminal = "--terminal" in arguments
    try:
        app = Application.of_environment()
        server.serve(app, app.settings.web, say=_print if at_terminal else log.info)
    except PublisherError as error:
        if at_terminal:
            _print(f"{_('error:')} {error}", sys.stderr)
            _print(f"{_('hint:')} {error.hint}" if error.hint else "", sys.stderr)
        else:
            log.error(str(error), hint=error.hint)  # noqa: TRY400 - foreseen: no traceback
        return error.exit_code
    return 0


def _print(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # Python would wait for threads whose answers nobody waits for any more
