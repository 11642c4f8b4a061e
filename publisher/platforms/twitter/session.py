"""Session of one account on X: tweepy's client, whose requests are recorded and signed for X."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import tweepy

from publisher.base.clock import Clock
from publisher.channels.http.recorder import Recorder
from publisher.model.clock_check import Heard
from publisher.model.outcomes import Answer
from publisher.platforms.twitter.spec import ADDRESS

_WRITTEN = "https://api.twitter.com"
"""The address in tweepy's code: X has redirected parts of it before, and no POST follows a
redirect.
"""
_PUBLIC = frozenset({"client_id", "expires_at", "user_id"})
"""Credentials that are no secrets; answers name the user."""


class SignedSession:
    """Requests of one account, signed by OAuth 1.0a or with a token of OAuth 2.0."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        *,
        api_url: str | None,
        timeout: timedelta,
        clock: Clock,
        heard: Heard,
    ) -> None:
        self.recorder = Recorder(
            ADDRESS,
            base_url=api_url,
            timeout=timeout,
            clock=clock,
            secrets=[told for name, told in credentials.items() if name not in _PUBLIC],
            heard=heard,
            written=_WRITTEN,
        )
        self.signs = "refresh_token" not in credentials
        self.client = (
            tweepy.Client(
                consumer_key=credentials["api_key"],
                consumer_secret=credentials["api_secret"],
                access_token=credentials["access_token"],
                access_token_secret=credentials["access_token_secret"],
            )
            if self.signs
            else tweepy.Client(bearer_token=credentials["access_token"])  # OAuth 2.0, of a user
        )
        self.client.session = self.recorder.session
        # X's access tokens of OAuth 1.0a begin with the id of their user.
        of_token = re.match(r"([0-9]{1,19})-", credentials["access_token"]) if self.signs else None
        self.user_id: str = of_token[1] if of_token else credentials.get("user_id", "")

    def ask(self, method: str, route: str, **place: Any) -> Answer:
        """Make a request that tweepy has no method for; `place` is its `params` or its `json`."""
        return self.recorder.call(partial(self.request, method, route, **place))

    def request(self, method: str, route: str, **place: Any) -> None:
        self.client.request(method, route, **place, user_auth=self.signs)
