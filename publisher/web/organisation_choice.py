"""Choice of organisations in a form: for whose accounts a person or a token has a right.

Nothing is chosen beforehand: whoever gives a right over everything says so.
"""

from collections.abc import Sequence

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.web.authentication import Visitor
from publisher.web.dependencies import Parts


def organisations(parts: Parts, visitor: Visitor) -> list[str]:
    """The organisations of the accounts over which the visitor has a right."""
    accounts = parts.app.settings.accounts.values()
    names = {entry.organisation for entry in accounts if entry.organisation}
    return sorted(name for name in names if visitor.person.is_of(name))


def chosen(
    parts: Parts, visitor: Visitor, scope: str, names: Sequence[str] | None
) -> list[str] | None:
    """The organisations of a form; None: all. Raises UsageError for none or unknown ones."""
    if scope == "all":
        return None
    found = [name for name in organisations(parts, visitor) if name in (names or ())]
    if not found:
        message = _("No organisation is chosen.")
        raise UsageError(message, hint=_("Go back, and choose one, or all of them."))
    return found
