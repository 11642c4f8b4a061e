"""Icons: line icons, the channels' glyphs, and the faces of people, for the templates."""

import re
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

from publisher.channels import registry
from publisher.preview.mockups import author

_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_BLANKS = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+")


@cache
def icon(name: str) -> Markup:
    """A line icon of publisher/web/icons; decoration, as a word stands beside it."""
    source = resources.files("publisher.web").joinpath(f"icons/{name}.svg").read_text("utf-8")
    return _svg('class="icon" viewBox="0 0 24 24" aria-hidden="true"', _drawing(source))


def glyph(channel: str) -> Markup:
    """A channel's sign, named for those who cannot see it; its first letter if it has none."""
    return _glyph(channel, registry.title(channel))


@cache
def _glyph(channel: str, title: str) -> Markup:
    spec = registry.spec_of(channel)
    file = resources.files(spec.package).joinpath("glyph.svg") if spec.package else None
    drawing = _drawing(file.read_text("utf-8")) if file and file.is_file() else _letter(title)
    name = f'class="glyph" viewBox="0 0 20 20" role="img" aria-label="{escape(title)}"'
    return _svg(name, f"<title>{escape(title)}</title>{drawing}")


def face(name: str, *, small: bool = False) -> Markup:
    """The initials of a person or an account in a circle; decoration, as the name stands beside."""
    by = author(name, "", None)
    initials = by.initials if len(by.initials) > 1 else name[:2].upper()
    return Markup('<span class="face{} face-{}" aria-hidden="true">{}</span>').format(
        " small" if small else "", by.colour, initials
    )


def _drawing(source: str) -> str:
    found = _DRAWING.search(source)
    return _BLANKS.sub(" ", found[1]).strip() if found else ""


def _letter(title: str) -> str:
    return (
        '<rect width="20" height="20" fill="var(--dim)"/>'
        '<text x="10" y="14.5" text-anchor="middle" font-size="12" font-weight="700" '
        f'fill="var(--back)">{escape(title[:1].lower())}</text>'
    )


def _svg(attributes: str, drawing: str) -> Markup:
    return Markup(f"<svg {attributes}>{drawing}</svg>")  # noqa: S704 - our own drawings
