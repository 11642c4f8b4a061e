"""The protocol of assistants, with its official client: by stdio and by HTTP."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from publisher.app import Application
from publisher.auth.api_tokens import TokenScope
from publisher.web.mcp import tools
from tests.support import system
from tests.support.waiting import wait_for

mcp = pytest.importorskip("mcp", reason="the optional extra `mcp` is not installed")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.guards("publisher.web.mcp.__main__"),
]


@pytest.fixture
def secret(app: Application) -> str:
    chef = app.people.find("chef")
    life = timedelta(days=1)
    return app.api_tokens.make(chef, "assistant", tuple(TokenScope), life, None, actor="chef")


def environment(workspace: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "PUBLISHER_WORKSPACE": str(workspace), **more}


async def looked_around(transport: Any) -> tuple[list[str], Any, Any]:
    from mcp.client.client import Client  # noqa: PLC0415

    async with Client(transport) as client:
        listed = await client.list_tools()
        read = await client.call_tool("read_token", {})
        unknown = await client.call_tool("read_draft", {"draft": "nobody"})
        return [tool.name for tool in listed.tools], read, unknown


async def by_http(address: str, secret: str) -> tuple[list[str], Any, Any]:
    from httpx2 import AsyncClient  # noqa: PLC0415 - the SDK's own
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    async with AsyncClient(headers={"authorization": f"Bearer {secret}"}) as client:
        return await looked_around(streamable_http_client(address, http_client=client))


def as_expected(found: tuple[list[str], Any, Any]) -> None:
    names, read, unknown = found
    assert names == [*tools.NAMES]
    assert read.structured_content["data"]["person"] == "chef"
    assert read.content[0].text.startswith(tools.FOREIGN)
    assert unknown.is_error


def test_by_stdio(app: Application, secret: str) -> None:
    from mcp.client.stdio import StdioServerParameters, stdio_client  # noqa: PLC0415

    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-m", "publisher.web.mcp"],
        env=environment(app.settings.workspace, PUBLISHER_TOKEN=secret),
    )
    as_expected(asyncio.run(looked_around(stdio_client(parameters))))


def test_by_http_each_request_brings_its_token(app: Application, secret: str) -> None:
    port = system.free_port()
    address = f"http://127.0.0.1:{port}/mcp"
    command = [sys.executable, "-m", "publisher.web.mcp", str(port)]
    with subprocess.Popen(command, env=environment(app.settings.workspace)) as process:
        try:
            wait_for(lambda: _answers(address), 60)
            as_expected(asyncio.run(by_http(address, secret)))
            _names, read, _unknown = asyncio.run(by_http(address, "publisher_x"))
            assert read.is_error, "without a token nothing is told"
        finally:
            process.terminate()


def _answers(address: str) -> bool:
    try:
        return httpx.post(address).status_code > 0
    except httpx.TransportError:
        return False


def test_ctrl_c_ends_it_without_a_traceback(app: Application, secret: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "publisher.web.mcp"],
        env=environment(app.settings.workspace, PUBLISHER_TOKEN=secret), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}) + "\n")
            process.stdin.flush()
            assert process.stdout.readline(), "it serves"
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == -signal.SIGINT, "standard input is still open"
            assert process.stderr is not None
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_without_a_token_it_does_not_begin(app: Application) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "publisher.web.mcp"],
        env=environment(app.settings.workspace, PUBLISHER_TOKEN="publisher_x"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 3
    assert "PUBLISHER_TOKEN has no valid token." in done.stderr
    assert done.stdout == ""
