"""The sandbox's start page: who follows it connects an account of each platform."""

import shlex

import pytest
import requests

from publisher.base.clock import SystemClock
from publisher.base.i18n import _
from publisher.channels.connect import Authorization
from publisher.sandbox.connect_guides import guides_to
from publisher.sandbox.platforms import PLATFORMS
from publisher.settings import settings
from tests.connect.conftest import Desk, allow
from tests.support.html import Structure

NAMES = ("bice-x", "bice-page", "bice-fedi", "bice-linkedin", "bice-wp", "bice-sky")


def test_each_platform_has_a_guide(desk: Desk) -> None:
    assert {desk.account(name).channel for name in NAMES} == set(PLATFORMS)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_start_page_says_connects_an_account(desk: Desk, name: str) -> None:
    """Each way of each platform; a label is what `connect` asks with."""
    page = requests.get(desk.address, timeout=30).text
    guides = guides_to(desk.account(name), SystemClock())
    assert guides
    for guide in guides:
        account, *method = shlex.split(guide.command)[3:]
        assert f"<code>{guide.command}</code>" in page
        connection = desk.connection(account, method=method[-1] if method else "")
        answers = dict(guide.typed)
        assert all(f"<code>{value}</code>" in page for value in answers.values() if value)
        step = connection.begin({one.name: answers[_(one.label)] for one in connection.fields})
        if isinstance(step, Authorization):
            assert guide.afterwards.startswith("Open the address")
            step = connection.finish(step, allow(step, name))
        (keys,) = connection.meant(step)
        connection.store(keys, connection.check(keys))
        stored = settings.load(desk.workspace.path).credentials(name)
        assert keys.credentials.items() <= stored.items()
    assert len(Structure(page).all("details")) == len(desk.sandbox.accounts)
