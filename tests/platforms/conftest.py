"""The stages of tests/channels, for each platform's own tests."""

from tests.channels.comment_duty import duty, duty_at, page  # noqa: F401 - fixtures
from tests.channels.conftest import (  # noqa: F401 - fixtures
    address,
    clock,
    closed_port,
    desk,
    exchanges,
    ledger_url,
    options,
    sandbox,
    sandbox_accounts,
    served,
    server,
    stages,
)
