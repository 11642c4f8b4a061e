"""Browsers, named for their owners by what they send as User-Agent."""

import re

_BROWSERS = (
    ("Edge", r"Edg(e|A|iOS)?/"), ("Opera", r"OPR/|Opera"), ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"), ("Chrome", r"Chrome/|CriOS/"), ("Safari", r"Safari/"),
)  # fmt: skip
"""In this order, as each calls itself by the names of those after it."""
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac", "Macintosh"), ("ChromeOS", "CrOS"), ("Linux", "Linux"),
)  # fmt: skip


def name(user_agent: str) -> str:
    """The browser and its system, as "Firefox · Windows"; of others, what they send."""
    browser = next((title for title, mark in _BROWSERS if re.search(mark, user_agent)), None)
    system = next((title for title, mark in _SYSTEMS if mark in user_agent), None)
    return " · ".join(filter(None, (browser, system))) or user_agent
