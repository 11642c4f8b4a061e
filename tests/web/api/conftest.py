"""A program that asks the API of the real server with a token of a person."""

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from tests.support.pages import TLS

ALL = tuple(TokenScope)


class Program:
    """A program with a token, which chooses a new idempotency key for each change."""

    def __init__(self, address: str, secret: str) -> None:
        self.secret = secret
        self.client = httpx.Client(
            base_url=f"{address}/api/v1",
            headers={"authorization": f"Bearer {secret}", "accept-language": "en"},
            timeout=30,
            verify=TLS,
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send(
        self, method: str, path: str, *, key: str = "", match: str = "", **more: Any
    ) -> httpx.Response:
        headers = {"idempotency-key": key or secrets.token_hex(8)}
        if match:
            headers["if-match"] = match
        return self.client.request(method, path, headers=headers, **more)

    def make(self, **values: Any) -> Any:
        answer = self.send("POST", "/drafts", json=values)
        assert answer.status_code == 201, answer.text
        return answer.json()


Make = Callable[..., Program]


@pytest.fixture
def program(app: Application, address: str) -> Iterator[Make]:
    """Makes a program of a person, `redaction` (a manager) unless another one is named."""
    clients = []

    def make(
        name: str = "redaction",
        scopes: tuple[TokenScope, ...] = ALL,
        organisations: list[str] | None = None,
    ) -> Program:
        person = app.people.find(name)
        if organisations is None and person.organisations is not None:
            organisations = [*person.organisations]
        secret = app.api_tokens.make(
            person, "a program", scopes, timedelta(days=1), organisations, actor=name
        )
        made = Program(address, secret)
        clients.append(made.client)
        return made

    yield make
    for client in clients:
        client.close()
