"""Every page says so where posts do not go to the real platforms."""

from collections.abc import Mapping

import pytest

from publisher.settings import settings
from tests.support.html import flaws
from tests.support.pages import Visit
from tests.support.workspaces import Workspace


@pytest.fixture
def environment() -> Mapping[str, str]:
    return {"PUBLISHER_TWITTER_API_URL": "http://127.0.0.1:9"}


@pytest.mark.parametrize("page", ["/", "/log", "/posts", "/nowhere"])
def test_a_page_says_that_this_is_not_the_real_platform(manager: Visit, page: str) -> None:
    manager.get(page)
    assert "NOT THE REAL X: PUBLISHER_TWITTER_API_URL leads to http://127.0.0.1:9." in manager.text
    assert flaws(manager.page) == []


def test_the_page_for_logging_in_says_so_too(anonymous: Visit) -> None:
    anonymous.get("/login")
    assert "NOT THE REAL X" in anonymous.text


def test_a_trial_is_called_the_sandbox(workspace: Workspace) -> None:
    sandbox = workspace.path / "var" / "sandbox"
    sandbox.mkdir(parents=True)
    (sandbox / "address").write_text("http://127.0.0.1:9\n")
    (sandbox / "secrets.toml").write_text("")
    real = settings.load(workspace.path, {})
    assert real.warning is None
    trial = settings.load(workspace.path, {"PUBLISHER_SANDBOX": "1"})
    assert trial.warning
    assert trial.warning.startswith("SANDBOX")
    assert trial.database_url == f"sqlite:///{sandbox}/publisher.db"
    assert trial.broker.url == ""
    assert trial.secrets_name == "var/sandbox/secrets.toml"
