"""Long posts on X: an account with Premium takes 25,000 characters; they are found as a whole."""

from pathlib import Path

import pytest

from publisher.channels.registry import ChannelOptions, capabilities_of
from publisher.cli.commands import counting
from publisher.drafts.check import check
from publisher.model.accounts import Account
from publisher.model.outcomes import Accepted, Kind, Refused, Unknown
from publisher.platforms.twitter.stand_in.refusals import XFault
from publisher.preview import mockups
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.faults import Fault
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.channels.conftest import Stage
from tests.support.workspaces import Workspace

LONG = "Les enfants parlent. " * 40 + "https://www.example.org/rapport & <fin>"
SETTINGS = """\
[accounts.bice-x]
channel = "x"
language = "fr"
long_posts = "{long}"
"""


@pytest.fixture
def stage(
    options: ChannelOptions, sandbox: Sandbox, sandbox_accounts: dict[str, SandboxAccount]
) -> Stage:
    account = Account(name="bice-x", channel="twitter")
    sandbox.faults.set([Fault(what=XFault.PREMIUM)])
    keys = sandbox_accounts["bice-x"].credentials
    return Stage("twitter", account, dict(keys), options, sandbox)


def problems(folder: Path, long: str) -> list[str]:
    workspace = Workspace(folder, settings=SETTINGS.format(long=long))
    workspace.draft("a.fr", "to: bice-x", LONG)
    return [one.code for one in check(settings.load(folder, {}))[1]]


def test_check_knows_which_account_may_post_long_texts(tmp_path: Path) -> None:
    assert "too-long" in problems(tmp_path, "no")
    assert "too-long" not in problems(tmp_path, "yes")


def test_the_limit_is_the_accounts() -> None:
    plain, paying = (
        Account(name="a", channel="twitter", options=options)
        for options in ({}, {"long_posts": "yes"})
    )
    assert capabilities_of(plain).max_length == 280
    assert capabilities_of(paying).max_length == 25_000


def test_count_takes_the_accounts_of_one_channel_apart() -> None:
    of = {
        name: counting.TextCount.of(account, (LONG,))
        for name, account in {
            "a": Account(name="a", channel="twitter"),
            "b": Account(name="b", channel="twitter", options={"long_posts": "yes"}),
        }.items()
    }
    found = counting._distinct([*of.values()])
    assert [(one.name, one.valid) for one in found] == [("a", False), ("b", True)]
    assert len(of["b"].split().parts) == 1


def test_a_long_post_is_found_by_its_whole_text(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel(LONG, pictures=(stage.picture("Une salle"),)))
    other = LONG.replace("<fin>", "<autre fin>")
    assert isinstance(stage.deliver(stage.parcel(other))[0], Accepted)
    sent = attempt.send()
    assert isinstance(sent, Accepted)
    found = attempt.find(sent=())
    assert isinstance(found, Accepted)
    assert found.remote_id == sent.remote_id


def test_a_long_post_that_is_shown_cut_is_not_sent_again(stage: Stage) -> None:
    attempt = stage.ready(stage.parcel(LONG, pictures=(stage.picture("Une salle"),)))
    attempt.send()
    stage.sandbox.faults.set([Fault(what=XFault.PREMIUM), Fault(what=XFault.SHORTENED)])
    assert isinstance(attempt.find(sent=()), Unknown)


def test_an_account_without_premium_is_told_what_to_do(stage: Stage) -> None:
    stage.sandbox.faults.set([Fault(what=XFault.NO_PREMIUM)])
    (outcome,) = stage.deliver(stage.parcel(LONG))
    assert isinstance(outcome, Refused)
    assert outcome.kind is Kind.CONTENT
    assert "long_posts" in outcome.message
    assert not stage.shown()


def test_health_says_whether_the_account_has_premium(stage: Stage) -> None:
    assert stage.open().examine().options == {"long_posts": "yes"}
    stage.sandbox.faults.set([])
    assert stage.open().examine().options == {"long_posts": "no"}


def test_the_preview_shows_what_readers_see_first() -> None:
    card = mockups.look(
        "twitter", LONG, post_id="a", by=mockups.author("BICE", "BICE_ONG", "fr"), instant=None,
        when="", link=None, lang="fr", pictures=(),
    )  # fmt: skip
    assert card.beginning
    assert len(card.beginning) <= 280
