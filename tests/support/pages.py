"""The web pages at work, and somebody who visits them over HTTP."""

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import httpx
import uvicorn
from starlette.types import ASGIApp

from publisher.app import Application
from publisher.settings.schema import WebSettings
from publisher.web.app import create
from publisher.web.server_sent_events import EventStream
from tests.support.waiting import wait_for

TLS = ssl.create_default_context()
"""Made once: reading the authorities' certificates takes longer than a page."""
PASSWORD = "plough wicker ostrich"


@contextmanager
def serving(app: Application, where: WebSettings | None = None) -> Iterator[str]:
    """The pages on a free port of loopback; their address."""
    live = EventStream(app.queries)
    with listening(create(app, where, live)) as address:
        try:
            yield address
        finally:
            live.close()


@contextmanager
def listening(app: ASGIApp, **more: Any) -> Iterator[str]:
    """An application on a free port of loopback; its address."""
    config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1, **more)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


class Visit:
    """A browser without JavaScript: it keeps cookies, and fills in the forms that a page has."""

    def __init__(self, address: str, **headers: str) -> None:
        self.client = httpx.Client(base_url=address, headers=headers, timeout=30, verify=TLS)
        self._page, self._first = "", ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **more: Any) -> httpx.Response:
        answer = self.client.get(path, **more)
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text
        return answer

    @property
    def page(self) -> str:
        """The page that is open."""
        if self._first:
            self.get(self._first)
        return self._page

    @page.setter
    def page(self, text: str) -> None:
        self._page, self._first = text, ""

    @property
    def token(self) -> str:
        """What the forms of the page carry."""
        found = re.search(r'name="form" value="([0-9a-f]+)"', self.page)
        assert found, "the page has no form"
        return found[1]

    @property
    def shown(self) -> str:
        """The digest of what queueing would change, as the page shows it."""
        found = re.search(r'name="shown" value="([0-9a-f]+)"', self.page)
        assert found, "the page shows no changes"
        return found[1]

    def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form of the present page, and follow where it leads."""
        answer = self.client.post(path, data={"form": self.token, **fields})
        if answer.status_code == 303:
            return self.get(answer.headers["location"])
        self.page = answer.text
        return answer

    def log_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        self.get("/login")
        return self.send("/login", name=name, password=password)

    def enter(self, name: str) -> None:
        """Log in, and open the first page only when a test looks at it: most go on elsewhere."""
        self.get("/login")
        form = {"form": self.token, "name": name, "password": PASSWORD}
        answer = self.client.post("/login", data=form)
        assert answer.status_code == 303
        self._first = answer.headers["location"]

    @property
    def text(self) -> str:
        """What can be read on the page."""
        bare = re.sub(r"<script.*?</script>|<[^>]+>", " ", self.page, flags=re.DOTALL)
        return re.sub(r"\s+", " ", bare)
