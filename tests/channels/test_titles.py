"""What readers call a channel, and how it looks, also where nobody has said so."""

import pytest

from publisher.base import i18n
from publisher.model import capabilities
from publisher.preview import models


@pytest.mark.parametrize(
    ("channel", "title"), [("twitter", "X"), ("facebook", "Facebook"), ("site", "Witryna")]
)
def test_a_channel_is_called_as_its_readers_call_it(channel: str, title: str) -> None:
    with i18n.speaking("pl"):
        assert capabilities.title(channel) == title


def test_a_channel_that_was_only_just_added_breaks_no_page() -> None:
    """It goes by its own name, and looks like a plain card; it is not called a website."""
    assert capabilities.title("mastodon") == "mastodon"
    assert models.of("mastodon") == "facebook"
