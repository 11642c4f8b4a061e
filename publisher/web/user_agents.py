"""What a browser says of itself, in words: `Firefox on Windows`."""

from publisher.base.i18n import _

# Each browser also claims to be those behind it, so the order counts. Sources: the browsers'
# own documentation of their User-Agent, as MDN's page "User-Agent" collects it.
_BROWSERS = {
    "Edg/": "Edge", "EdgA/": "Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet", "Firefox/": "Firefox",
    "FxiOS/": "Firefox", "CriOS/": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad",
    "CrOS": "ChromeOS", "Macintosh": "macOS", "Linux": "Linux",
}  # fmt: skip
_LONGEST = 60
"""Characters of what names no browser that is known."""


def named(agent: str) -> str:
    """The browser and its system; the beginning of `agent` for any other program."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if browser and system:
        return _("{browser} on {system}", browser=browser, system=system)
    return browser or agent[:_LONGEST] or _("an unknown device")


def _first(names: dict[str, str], agent: str) -> str | None:
    return next((name for sign, name in names.items() if sign in agent), None)
