"""What a post looks like on X, on Facebook and on the website: a small model, and templates.

The sandbox's timelines, `publisher preview` and other pages show posts through these. The HTML is
of our own making, runs no script and has no `style` attribute, so that it can stand under a strict
Content-Security-Policy.
"""

_LOOKS = {"twitter": "x", "facebook": "facebook", "site": "site"}


def of(channel: str) -> str:
    """The class that the stylesheet knows a channel's look by; a plain card for any other channel."""
    return _LOOKS.get(channel, "facebook")
