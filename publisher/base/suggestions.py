"""Suggestions: the known name that was probably meant by one that is not known."""

import difflib
from collections.abc import Collection

from publisher.base.i18n import _

_SHOWN = 12
"""Known names that a hint shows, if none of them is similar."""


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is most similar to `name`; None if none is similar."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = difflib.get_close_matches(name[:100].casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def did_you_mean(*names: str) -> str:
    """The hint for names that were probably meant."""
    return _("Did you mean `{near}`?", near="`, `".join(names))


def suggestion(name: str, known: Collection[str], *, nothing: str | None = None) -> str:
    """A hint that names the nearest known name, or the known names; `nothing` if there are none."""
    near = nearest(name, known)
    if near is not None:
        return did_you_mean(near)
    if not known:
        return _("There are none.") if nothing is None else nothing
    names = ", ".join(sorted(known)[:_SHOWN])
    if len(known) > _SHOWN:
        return _("Known are: {names}, …", names=names)
    return _("Known are: {names}.", names=names)
