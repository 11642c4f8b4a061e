"""The lines of docs/credentials.md with which an account on X authorises the app."""

import getpass
import textwrap
from collections.abc import Iterator

import pytest
import requests

from tests.docs.conftest import DOCS


def _lines() -> str:
    text = (DOCS / "credentials.md").read_text(encoding="utf-8")
    begin = text.index("```python\n") + len("```python\n")
    return textwrap.dedent(text[begin : text.index("```", begin)])


def test_they_get_the_keys_of_who_types_the_pin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    answers: Iterator[str] = iter(
        ["oauth_token=one&oauth_token_secret=two", "oauth_token=707-three&oauth_token_secret=four"]
    )

    def answer(
        _adapter: object, request: requests.PreparedRequest, **_options: object
    ) -> requests.Response:
        asked.append(f"{request.url} {request.headers['Authorization']}")
        response = requests.Response()
        response.status_code = 200
        response._content = next(answers).encode()
        return response

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", answer)
    monkeypatch.setattr(getpass, "getpass", lambda prompt: f"{prompt} typed")
    monkeypatch.setattr("builtins.input", lambda _prompt: "1234567")
    exec(compile(_lines(), "docs/credentials.md", "exec"), {})  # noqa: S102 - it is our own page
    first, second = asked
    assert 'oauth_callback="oob"' in first
    assert 'oauth_verifier="1234567"' in second
    assert capsys.readouterr().out == (
        "https://api.twitter.com/oauth/authorize?oauth_token=one\n"
        'access_token = "707-three"\naccess_token_secret = "four"\n'
    )
