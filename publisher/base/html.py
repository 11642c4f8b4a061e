"""HTML: pages from templates, and plain text. All is escaped, nothing is loaded from elsewhere.

They are in the language that is current while a page is made.
"""

import base64
import hashlib
import re
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup, escape

from publisher.base import i18n
from publisher.base.formats import number
from publisher.base.text import first_words

_URL = re.compile(r"https?://[^\s<>\"«»“”]+")
_AFTER_URL = ".,;:!?'…)]}\N{RIGHT SINGLE QUOTATION MARK}"


def environment(package: str, *others: str) -> Environment:
    """A Jinja environment with the templates of `package`, and of `others`: `preview/posts.html`.

    Packages are named in full, such as `publisher.sandbox`; the templates of `others` are under the
    package's last name. `base/page.html` is the layout of all pages.
    """
    shared = {
        name.rpartition(".")[2]: PackageLoader(name)
        for name in (package, "publisher.base", *others)
    }
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package), PrefixLoader(shared)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.globals |= {
        "_": _translated,
        "plural": _counted,
        "language": i18n.current,
        "policy": policy,
    }
    templates.filters["number"] = number
    return templates


def _translated(message: str, **values: Any) -> Markup:
    """`publisher.base.i18n._` for templates, with all escaped except HTML values.

    As there, a message without values is not formatted: it may be a reason that a person wrote, or
    a platform's error, with braces of its own.
    """
    text = Markup.escape(i18n._(message))
    return text.format(**values) if values else text


def _counted(one: str, many: str, count: int, **values: Any) -> Markup:
    """`publisher.base.i18n.plural` for templates; `{number}` is formatted for the language."""
    form = i18n.form(one, many, count)
    return Markup.escape(form).format(number=number(count), **values)


def policy(css: str) -> str:
    """The Content-Security-Policy of a self-contained page: this stylesheet, and data URIs."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )


def paragraphs(text: str) -> list[Markup]:
    """The text as safe HTML, a paragraph for each block between blank lines."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return [_linked(block.strip()) for block in blocks if block.strip()]


def heading(title: str | None, text: str, otherwise: str) -> str:
    """The title, or the beginning of the text; `otherwise` if there is neither. Plain text."""
    return first_words(title, text.splitlines()) or otherwise


def _linked(text: str) -> Markup:
    """Plain text as HTML: addresses become links, single line breaks stay."""
    html, end = Markup(), 0
    for match in _URL.finditer(text):
        url = match[0].rstrip(_AFTER_URL)
        html += escape(text[end : match.start()])
        html += Markup('<a href="{}" rel="noopener">{}</a>').format(url, url)
        end = match.start() + len(url)
    html += escape(text[end:])
    return html.replace("\n", Markup("<br>\n"))
