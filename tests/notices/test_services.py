"""Sending through Apprise, and what must never come out of it."""

import logging
import subprocess
import sys
import tomllib
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from publisher.base.errors import NoticeNotSent
from publisher.notices.message import trial
from publisher.notices.services import Service, open_services
from tests.docs.conftest import DOCS, fences
from tests.support import log_lines, system
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for

SECRET = "hunter2"


def opened(*urls: str) -> list[Service]:
    services, problems = open_services([SecretStr(url) for url in urls])
    assert problems == []
    return services


def secretive(receiver: Receiver, options: str = "") -> str:
    """An address with a secret wherever one can be."""
    return (
        f"json://{SECRET}user:{SECRET}password@{receiver.address}/{SECRET}path"
        f"?+X-Token={SECRET}header&-token={SECRET}query&:token={SECRET}field{options}"
    )


@pytest.fixture
def logged() -> Iterator[list[str]]:
    with log_lines.everything() as lines:
        yield lines


def test_a_message_arrives(receiver: Receiver) -> None:
    (service,) = opened(receiver.url)
    service.send(trial())
    (message,) = receiver.messages
    assert (message["title"], message["message"]) == (trial().title, trial().body)


def test_services_are_called_by_their_kind() -> None:
    names = [s.name for s in opened("json://a", "ntfy://b/c", "JSON://d", "jsons://e")]
    assert names == ["json", "ntfy", "json 2", "jsons"]


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_a_refusal_names_the_service_and_the_status(receiver: Receiver, status: int) -> None:
    receiver.status = status
    (service,) = opened(receiver.url)
    with pytest.raises(NoticeNotSent, match=rf"^json: it answered with status {status}\.$"):
        service.send(trial())


def test_a_service_that_is_not_there_takes_no_message() -> None:
    (service,) = opened(f"json://127.0.0.1:{system.free_port()}")
    with pytest.raises(NoticeNotSent, match=r"^json: it did not accept the message\.$"):
        service.send(trial())


_HANGING = """
import sys, threading
from pydantic import SecretStr
from publisher.notices.message import trial
from publisher.notices.services import open_services

(service,), _ = open_services([SecretStr(sys.argv[1])])
threading.Thread(target=service.send, args=(trial(),), daemon=True).start()
sys.stdin.read()
"""


def test_a_service_that_hangs_does_not_keep_a_process_from_ending(receiver: Receiver) -> None:
    """As Apprise's own pool of threads would."""
    receiver.hang()
    command = [sys.executable, "-c", _HANGING, f"{receiver.url}?rto=60"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        wait_for(lambda: receiver.requests)
        process.communicate(timeout=20)
    assert receiver.hangs


@pytest.mark.parametrize(
    "url",
    [
        f"{SECRET}://{SECRET}",
        f"slack://{SECRET}",
        f"mailtos://me:{SECRET}@",
        f"json://me:{SECRET}@[::1",
        f"json://me:{SECRET}@127.0.0.1:notaport",
        f"https://{SECRET}.example.org/",
        "json://",
    ],
)
def test_what_apprise_cannot_use_is_told_without_repeating_it(url: str, logged: list[str]) -> None:
    services, (problem,) = open_services([SecretStr("json://127.0.0.1"), SecretStr(url)])
    assert [service.name for service in services] == ["json"]
    assert str(problem) == "notices.urls: number 2 is not an address that Apprise can use."
    assert SECRET not in f"{problem!r} {problem.hint}" + "".join(logged)


@pytest.mark.parametrize("what", ["taken", 401, 500, "hangs", "gone"])
def test_no_secret_comes_out(
    receiver: Receiver,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
    what: str | int,
) -> None:
    """Neither on a screen, nor in a log line at its most talkative, nor in an error."""
    url = secretive(receiver, "&rto=0.3&cto=0.3")
    if what == "gone":
        url = url.replace(receiver.address, f"127.0.0.1:{system.free_port()}")
    if what == "hangs":
        receiver.hang()
    if isinstance(what, int):
        receiver.status = what
    (service,) = opened(url)
    said = repr(service) + repr(vars(service))
    try:
        service.send(trial())
    except NoticeNotSent as error:
        said += f"{error!r} {error.hint}"
    assert bool(receiver.messages) is (what == "taken")
    logging.getLogger("tests").debug("this line is heard")
    said += "".join(logged) + "".join(capfd.readouterr())
    assert "this line is heard" in said
    assert SECRET not in said


def test_what_a_plugin_raises_is_not_repeated(receiver: Receiver) -> None:
    (service,) = opened(secretive(receiver))

    class Broken:
        def notify(self, *_: object, **__: object) -> None:
            raise ValueError(f"https://{SECRET}")

    service._line = Broken()  # type: ignore[assignment]
    with pytest.raises(NoticeNotSent) as caught:
        service.send(trial())
    assert str(caught.value) == "json: ValueError."
    assert caught.value.__suppress_context__
    assert caught.value.__cause__ is None


def test_the_examples_of_the_docs_are_addresses_that_apprise_knows() -> None:
    page = (DOCS / "notices.md").read_text(encoding="utf-8")
    (example,) = (fence.text for fence in fences(page) if fence.name == "secrets.toml")
    urls = tomllib.loads(example)["notices"]["urls"]
    assert [service.name for service in opened(*urls)] == ["mailtos", "slack", "ntfys"]


def test_apprise_is_loaded_only_where_there_is_somebody_to_tell() -> None:
    """It takes a quarter of a second, and every command and worker would pay for it."""
    code = "import sys, publisher.app, publisher.notices; sys.exit('apprise' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
