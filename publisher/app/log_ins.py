"""Log-ins of one workspace: the people, and how they prove who they are."""

from functools import cached_property
from typing import TYPE_CHECKING

from publisher.app.ledger_parts import LedgerParts
from publisher.base.clock import SystemClock

if TYPE_CHECKING:
    from publisher.auth.api_tokens import ApiTokens
    from publisher.auth.challenges import Challenges
    from publisher.auth.feed_keys import FeedKeys
    from publisher.auth.known_browsers import Browsers
    from publisher.auth.login_throttle import Throttle
    from publisher.auth.password_links import PasswordLinks
    from publisher.auth.second_factors import SecondFactors
    from publisher.auth.sessions import Sessions
    from publisher.auth.users import People
    from publisher.ledger.api_requests import ApiRequests


class LogInParts(LedgerParts):
    """What the log-ins of the pages need; only the pages need it."""

    @cached_property
    def people(self) -> "People":
        from publisher.auth.users import People  # noqa: PLC0415 - only the pages need Argon2

        return People(self.database, self.clock, self.rights, self._known_words())

    def _known_words(self) -> list[str]:
        """Words of this workspace that a person would try as a password."""
        accounts = self.settings.accounts
        of = [entry.organisation for entry in accounts.values() if entry.organisation]
        session = self.session()
        agenda = [
            word for one in session.agenda.values() for word in (one.title or "", one.place or "")
        ]
        return [*accounts, *of, session.name or "", self.settings.workspace.name, *agenda]

    @cached_property
    def sessions(self) -> "Sessions":
        from publisher.auth.sessions import Sessions  # noqa: PLC0415

        return Sessions(self.database, SystemClock())

    @cached_property
    def throttle(self) -> "Throttle":
        from publisher.auth.login_throttle import Throttle  # noqa: PLC0415

        return Throttle(self.database, SystemClock(), self.people)

    @cached_property
    def browsers(self) -> "Browsers":
        from publisher.auth.known_browsers import Browsers  # noqa: PLC0415

        return Browsers(self.database, SystemClock())

    @cached_property
    def challenges(self) -> "Challenges":
        from publisher.auth.challenges import Challenges  # noqa: PLC0415

        return Challenges(self.database, SystemClock())

    @cached_property
    def password_links(self) -> "PasswordLinks":
        from publisher.auth.password_links import PasswordLinks  # noqa: PLC0415

        return PasswordLinks(self.database, SystemClock(), self.people)

    @cached_property
    def feed_keys(self) -> "FeedKeys":
        from publisher.auth.feed_keys import FeedKeys  # noqa: PLC0415

        return FeedKeys(self.database, SystemClock(), self.people)

    @cached_property
    def api_tokens(self) -> "ApiTokens":
        from publisher.auth.api_tokens import ApiTokens  # noqa: PLC0415

        return ApiTokens(self.database, SystemClock(), self.people)

    @cached_property
    def api_requests(self) -> "ApiRequests":
        from publisher.ledger.api_requests import ApiRequests  # noqa: PLC0415

        return ApiRequests(self.database, SystemClock())

    @cached_property
    def second_factors(self) -> "SecondFactors":
        from publisher.auth.sealing import Sealing  # noqa: PLC0415
        from publisher.auth.second_factors import SecondFactors  # noqa: PLC0415

        key = self.settings.web.totp_key
        seal = Sealing(key.get_secret_value() if key else "")
        return SecondFactors(self.database, SystemClock(), self.people, seal)
