"""A small campaign, half of which is out, and the ledgers that a release makes of it.

`python -m tests.support.release_ledgers 0.9` keeps them in tests/ledger/releases/, once for each
release, before it is tagged. They are never made again: later versions have to read them.
"""

import gzip
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy import make_url

from publisher.app import Application
from publisher.model.outcomes import Accepted, Unknown
from publisher.model.states import State
from publisher.settings import settings
from tests.support import postgres
from tests.support.clock import ManualClock
from tests.support.happening import meet
from tests.support.workspaces import Workspace

RELEASES = Path(__file__).parents[1] / "ledger" / "releases"
STATES = {
    ("out.fr", "bice-x"): State.PUBLISHED,
    ("out.fr", "bice-page"): State.PUBLISHED,
    ("doubt.fr", "bice-x"): State.UNCERTAIN,
    ("held.fr", "bice-x"): State.HELD,
    ("cancelled.fr", "bice-x"): State.CANCELLED,
    ("later.fr", "bice-x"): State.SCHEDULED,
}


def workspace(folder: Path) -> Workspace:
    """The campaign's files, as they were queued."""
    made = Workspace(folder)
    made.draft("out.fr", "at: 2016-03-07 09:01", "Premier.\n\n---\n\nEt son fil. #HRC31")
    for minute, name in enumerate(("doubt", "held", "cancelled"), 2):
        made.draft(f"{name}.fr", f"at: 2016-03-07 09:0{minute}\nto: bice-x", f"Le texte {name}.")
    made.draft("later.fr", "at: annual-day + 4h\nto: bice-x", "Le soir.")
    return made


def application(folder: Path, url: str, clock: ManualClock | None = None) -> Application:
    environment = {"PUBLISHER_DATABASE__URL": url}
    return Application(settings.load(folder, environment), clock or ManualClock())


def states(app: Application) -> dict[tuple[str, str], State]:
    return {(one.post, one.account): one.state for one in app.queries.deliveries()}


def campaign(app: Application) -> None:
    """Queue it, and let the morning happen."""
    app.database.migrate()
    assert not app.planner.queue(actor="redaction").errors
    app.holds.hold("held.fr", None, "direction", "to be checked")
    app.control.cancel("cancelled.fr", None, "direction", "said already")
    app.clock.sleep_until(app.clock.ahead(150))
    known = {one.id: one for one in app.queries.deliveries()}
    for claim in app.dispatch.claim(app.clock.ahead(2), app.clock.ahead(30), 10):
        delivery = known[claim.delivery]
        if delivery.post == "doubt.fr":
            meet(app, claim, Unknown("no answer"))
        else:
            meet(app, claim, *(Accepted(f"707{n}") for n in range(len(delivery.content.parts))))
    app.audit.seal(always=True)
    assert states(app) == STATES


def main(release: str) -> None:
    RELEASES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, postgres.serve() as server:
        folder = Path(made)
        workspace(folder)
        with closing(application(folder, f"sqlite:///{folder}/ledger.db")) as app:
            campaign(app)
        _keep(f"{release}.db.gz", (folder / "ledger.db").read_bytes())
        with server.database() as url:
            with closing(application(folder, url)) as app:
                campaign(app)
            _keep(f"{release}.sql.gz", _dump(url))


def _dump(url: str) -> bytes:
    at = make_url(url)
    dumped = subprocess.run(
        ["pg_dump", "--no-owner", "--inserts", f"--host={at.host}", f"--port={at.port}",
         f"--username={at.username}", at.database or ""],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    # What only psql understands, and what only newer servers do.
    return re.sub(r"(?m)^(\\|SET |SELECT pg_catalog.set_config).*\n", "", dumped).encode()


def _keep(name: str, content: bytes) -> None:
    (RELEASES / name).write_bytes(gzip.compress(content, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])
