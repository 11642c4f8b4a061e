"""Secrets that are planted in a workspace come out of its pages by no way at all."""

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import select, text

from publisher.app import Application
from publisher.ledger.tables import people, web_sessions
from publisher.web.app import ROUTE_MODULES
from tests.support import system
from tests.support.log_ins import SECRET, code
from tests.support.pages import PASSWORD, Visit
from tests.support.waiting import wait_for
from tests.support.workspaces import Workspace
from tests.web.conftest import SECRETS, fill, opened

_WRONG, _NEW, _TOKEN = "planted-secret wrong", "planted-secret new", "planted-secret-token"
_MORE = f"""
[notices]
urls = ["json://watch:planted-secret-notice@127.0.0.1:1/planted-secret-path"]
[web]
metrics_token = "{_TOKEN}"
totp_key = "planted-secret-of-32-characters-or-more"
"""
_KEY = re.compile(r"[?]key=([\w-]{43})|<code>([a-z0-9-]{19})</code>|(publisher_[\w-]{43})")
"""What a page shows once: keys of links and feeds, recovery codes, and tokens."""
_NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def surroundings(postgres_url: str) -> dict[str, str]:
    """Addresses with passwords, of a database that is there and a broker that is not."""
    return {
        "PUBLISHER_DATABASE__URL": postgres_url.replace("@", ":planted-secret-database@"),
        "PUBLISHER_BROKER__URL": "redis://publisher:planted-secret-broker@127.0.0.1:1/0",
        "PUBLISHER_OPENID__ISSUER": _NOWHERE,
        "PUBLISHER_OPENID__CLIENT_ID": "publisher",
        "PUBLISHER_OPENID__CLIENT_SECRET": "planted-secret-openid",
        "PUBLISHER_TWITTER_API_URL": _NOWHERE,
        "PUBLISHER_FACEBOOK_GRAPH_URL": _NOWHERE,
    }


@pytest.fixture
def app(workspace: Workspace, surroundings: dict[str, str]) -> Iterator[Application]:
    workspace.write("secrets.toml", SECRETS.partition("[web]")[0] + _MORE)
    app = opened(workspace.path, surroundings)
    fill(app)
    yield app
    app.close()


@contextmanager
def _served(app: Application, surroundings: dict[str, str], log: Path) -> Iterator[str]:
    """By a process of its own, as in earnest, with all that it writes in `log`."""
    port = system.free_port()
    more = {"PUBLISHER_WORKSPACE": str(app.settings.workspace), "PUBLISHER_WEB__PORT": str(port)}
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", "publisher.web"],
            env={**os.environ, **surroundings, **more},
            stdout=file,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(lambda: _answers(address), 60)
            yield address
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code > 0
    except httpx.TransportError:
        return False


def test_no_crash_writes_the_keys_to_the_disk(app: Application) -> None:
    """Whichever process opens a workspace."""
    program = (
        "import resource\nfrom pathlib import Path\nfrom publisher.app import Application\n"
        "kind = resource.RLIMIT_CORE\nhard = resource.getrlimit(kind)[1]\n"
        "resource.setrlimit(kind, (hard, hard))\n"
        f"Application.open(Path({str(app.settings.workspace)!r})).close()\n"
        "print(resource.getrlimit(kind)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0"


@pytest.mark.deep
def test_a_planted_secret_comes_out_nowhere(
    app: Application, surroundings: dict[str, str], tmp_path: Path
) -> None:
    """Not in a page, a file, a header, an error, a figure or the log, whatever goes wrong."""
    log = tmp_path / "web.log"
    told: list[httpx.Response] = []
    with (
        _served(app, surroundings, log) as address,
        Visit(address) as visit,
        Visit(address) as other,
    ):
        for one in (visit, other):
            one.client.event_hooks["response"] = [httpx.Response.read, told.append]
        other.get("/login/openid")
        other.get("/login")
        visit.log_in("chef", _WRONG)
        visit.log_in("chef")
        _look_around(visit)
        _do_everything(visit)
        assert visit.log_in("chef", _NEW).status_code == 200
        stored = _stored(app)
        for damage in (
            "UPDATE deliveries SET state = 'nonsense'",
            "ALTER TABLE deliveries RENAME TO elsewhere",
            "ALTER TABLE web_sessions RENAME COLUMN device TO kind",
        ):
            with app.database.write() as connection:
                connection.execute(text(damage))
            _look_around(visit)
        other.send("/login", name="chef", password=_NEW)
    assert {answer.status_code for answer in told} >= {200, 303, 400, 401, 403, 404, 500, 503}
    tokens = {token for answer in told for token in answer.cookies.values()}
    secrets = {"planted-secret", PASSWORD, *stored, *tokens}
    for answer in told:
        shown = _shown(answer)
        assert not [secret for secret in secrets if secret in shown], (answer.url, shown)
    logged = log.read_text()
    assert "a page failed" in logged
    once = {"".join(found) for answer in told for found in _KEY.findall(answer.text)}
    assert len(once) >= 4
    assert not [secret for secret in secrets | once if secret in logged], logged


def _look_around(visit: Visit) -> None:
    """At all that can be looked at, as it should be asked for and otherwise."""
    paths = [
        re.sub(r"\{[^}]+\}", "day.fr", route.path)
        for module in ROUTE_MODULES
        for route in module.router.routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and route.path != "/events"
    ]
    for path in [*paths, "/posts/unfinished.fr", "/nowhere", "/log?since=x", "/log.csv?sort=x"]:
        with suppress(httpx.RemoteProtocolError):  # a file that broke off
            visit.get(path)
    for headers in ({"authorization": f"Bearer {_TOKEN}"}, {"host": "planted.example"}):
        visit.client.get("/metrics", headers=headers)


def _do_everything(visit: Visit) -> None:
    """All that a form can do, and some that it cannot."""
    for path, fields in (
        ("/pause", {"reason": "Un essai."}),
        ("/resume", {}),
        ("/posts/day.fr", {"do": "approve"}),
        ("/posts/day.fr", {"do": "withdraw", "sure": "yes", "reason": "Un essai."}),
        ("/posts/later.fr", {"do": "cancel"}),
        ("/posts/later.fr", {"do": "retry"}),
        ("/accounts/ask", {}),
        ("/accounts/bice-x/handle", {"handle": "other"}),
        ("/log/verify", {}),
        ("/me/language", {"language": "fr"}),
        ("/me/password", {"old": _WRONG, "new": _NEW}),
        ("/me/password", {"old": PASSWORD, "new": "planted-secret" * 20}),
        ("/me/password", {"old": PASSWORD, "new": _NEW}),
        ("/me/sessions", {}),
        ("/me/addresses", {"do": "add", "address": "ntfys://planted-secret@ntfy.example.org/a"}),
        ("/me/addresses", {"do": "add", "address": "json://planted-secret.example.org/"}),
        ("/me/addresses", {"do": "add", "address": "planted-secret"}),
        ("/me/addresses", {"do": "test", "number": "1"}),
        ("/me/notices", {"topic": "waits"}),
        ("/people/redaction", {"do": "revoke"}),
        ("/people", {"name": "Lima", "role": "staff", "scope": "all"}),
        ("/people/redaction", {"do": "link"}),
        ("/people/redaction", {"do": "rights", "role": "staff", "scope": "all"}),
        ("/me/feed", {"do": "make"}),
        ("/me/tokens", {"do": "make", "title": "n8n", "may": "read", "days": "30", "scope": "all"}),
        ("/me/factors", {"do": "app"}),
        ("/me/factors", {"do": "app-code", "secret": SECRET, "code": "000000"}),
        ("/me/factors", {"do": "app-code", "secret": SECRET, "code": code()}),
        ("/me/factors", {"do": "codes"}),
        ("/me/passkeys", {"answer": "{}"}),
        ("/me/factors", {"do": "remove", "factor": "app"}),
        ("/logout", {}),
    ):
        visit.get("/")
        visit.send(path, **fields)
        for key in _KEY.findall(visit.page):
            for used in ("/login/link", "/feed.atom"):
                visit.get(f"{used}?key={key[0]}")
                visit.get(f"{used}?key={key[0]}x")


def _stored(app: Application) -> set[str]:
    """What the ledger keeps of passwords and tokens."""
    with app.database.read() as connection:
        return {
            *filter(None, connection.execute(select(people.c.password)).scalars()),
            *filter(None, connection.execute(select(people.c.link)).scalars()),
            *filter(None, connection.execute(select(people.c.feed_key)).scalars()),
            *connection.execute(select(web_sessions.c.token)).scalars(),
        }


def _shown(answer: httpx.Response) -> str:
    """All that a reader gets, but for the cookie that is theirs."""
    headers = [f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie"]
    content = answer.content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            content = b"\n".join(map(book.read, book.namelist()))
    return "\n".join([*headers, content.decode(errors="replace")])
