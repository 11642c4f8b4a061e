"""HTML pages from templates: everything escaped, nothing loaded from elsewhere, no script."""

import base64
import hashlib

from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader, StrictUndefined


def environment(package: str, *others: str) -> Environment:
    """The templates of `package`, and those of `others` under their last names: `looks/page.html`.

    A package is named in full, such as `publisher.sandbox`.
    """
    shared = {name.rpartition(".")[2]: PackageLoader(name) for name in (package, *others)}
    templates = Environment(
        loader=ChoiceLoader([PackageLoader(package), PrefixLoader(shared)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    templates.globals["policy"] = policy
    return templates


def policy(css: str) -> str:
    """The Content-Security-Policy of a page that stands alone: this stylesheet, and data URIs."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )
