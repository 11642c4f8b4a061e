"""A post is taken down on the pages: what failed is no success, and a partner does all of hers at
once.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from publisher.app import Application
from publisher.auth.users import Rank
from publisher.ledger.tables import deliveries
from publisher.model.states import State
from tests.support.pages import PASSWORD, Visit
from tests.support.workspaces import Workspace
from tests.web.conftest import published

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


def test_a_withdrawal_that_failed_is_no_success(app: Application, manager: Visit) -> None:
    """Nobody has the keys of an account that is in publisher.toml no more."""
    published(app, "day.fr")
    with app.database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.account == "bice-x").values(account="former-x")
        )
    manager.get("/posts/day.fr")
    manager.send("/posts/day.fr", do="withdraw", reason="a child", sure="yes", account="former-x")
    assert "Not withdrawn: former-x: " in manager.text
    assert "Withdrawn: 0" not in manager.text
    assert '<p class="notice"' not in manager.page
    assert '<div class="problem" role="alert"><p>Not withdrawn' in manager.page


@pytest.fixture
def partner(app: Application, address: str) -> Iterator[Visit]:
    """A manager of the one organisation, in whose post another one has a part."""
    with app.database.write() as connection:
        connection.execute(
            update(deliveries).where(deliveries.c.post == "day.es").values(post="day.fr")
        )
    app.people.add("anna", Rank.MANAGER, PASSWORD, organisations=["BICE"])
    with Visit(address) as visit:
        visit.log_in("anna")
        yield visit


@both
def test_a_partner_acts_on_all_her_accounts_at_once(
    app: Application, partner: Visit, workspace: Workspace
) -> None:
    partner.get("/posts/day.fr")
    assert '<option value="bice-x,bice-page">all of yours</option>' in partner.page
    partner.send("/posts/day.fr", do="cancel", reason="x", account="bice-x,bice-page")
    assert "Cancelled: 2 deliveries." in partner.text
    states = {d.account: d.state for d in app.queries.deliveries(post="day.fr")}
    assert states.pop("bice-site") is not State.CANCELLED
    assert set(states.values()) == {State.CANCELLED}


@both
def test_nothing_is_done_to_any_account_where_one_is_anothers(
    app: Application, partner: Visit
) -> None:
    partner.get("/posts/day.fr")
    answer = partner.send("/posts/day.fr", do="cancel", account="bice-x,bice-site")
    assert answer.status_code == 403
    assert not any(d.state is State.CANCELLED for d in app.queries.deliveries(post="day.fr"))
