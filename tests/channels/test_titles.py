"""What readers call a channel, also where nobody has said so."""

import pytest

from publisher.base import i18n
from publisher.channels import registry


@pytest.mark.parametrize(
    ("channel", "title"), [("twitter", "X"), ("facebook", "Facebook"), ("site", "Witryna")]
)
def test_a_channel_is_called_as_its_readers_call_it(channel: str, title: str) -> None:
    with i18n.speaking("pl"):
        assert registry.title(channel) == title


def test_a_channel_that_is_no_more_breaks_no_page() -> None:
    """It goes by its own name; it is not called a website."""
    assert registry.title("friendica") == "friendica"
