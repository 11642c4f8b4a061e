"""Authorization pages of the simulated platforms, on which a person allows an app the access."""

from collections.abc import Iterable
from html import escape

from starlette.responses import HTMLResponse

from publisher.sandbox.accounts import SandboxAccount

APP = "Publisher"
_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}"
    "label{display:block;padding:.5rem 0}button{font:inherit;padding:.5rem 1.25rem;margin-right:.5rem}"
    "code{font-size:1.6rem;letter-spacing:.1em;overflow-wrap:anywhere}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *"


def question(
    title: str, accounts: Iterable[SandboxAccount], *, several: bool = False
) -> HTMLResponse:
    """The page that asks for an account, or for `several`; it sends `account` and `answer`."""
    kind = "checkbox" if several else "radio"
    choices = "".join(
        f'<label><input type="{kind}" name="account" value="{escape(one.name)}"'
        f"{' checked' if not number else ''}> {escape(one.title)} (@{escape(one.handle)})</label>"
        for number, one in enumerate(accounts)
    )
    return _page(
        f"<h1>{escape(title)}: allow {APP} the access?</h1>"
        f"<p>It will read and write posts.</p>"
        f'<form method="post"><fieldset><legend>As which account?</legend>{choices}</fieldset>'
        '<p><button name="answer" value="allow">Allow</button>'
        '<button name="answer" value="deny">Cancel</button></p></form>'
    )


def code(title: str, what: str, shown: str) -> HTMLResponse:
    """The page that shows a PIN or a code to type into the app."""
    return _page(
        f"<h1>{escape(title)}</h1><p>{escape(what)}</p><p><code>{escape(shown)}</code></p>"
    )


def told(title: str, words: str, status: int = 200) -> HTMLResponse:
    """A page with words alone."""
    return _page(f"<h1>{escape(title)}</h1><p>{escape(words)}</p>", status)


def _page(body: str, status: int = 200) -> HTMLResponse:
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Sandbox</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style><body>{body}"
    )
    headers = {"content-security-policy": _POLICY, "cache-control": "no-store"}
    return HTMLResponse(document, status, headers=headers)
