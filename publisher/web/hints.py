"""Hints on drafts' problems for those who see a form or a page, and not the draft's file."""

from publisher.base.i18n import _, later
from publisher.model.values import Problem

_HINTS = {
    "no-recipients": later("Choose at least one account."),
    "other-language": later("Choose it only if that is meant."),
    "missing-translation": later("Once this one is saved, “Translate” on its page begins one."),
    "unused-section": later("Choose an account that it is for, or empty it."),
    "too-long": later("Shorten it, add a part to the thread, or write a text of its own."),
    "empty-text": later("Write it, or leave the account out."),
    "empty-part": later("Write it, or take the part away."),
    "alt-missing": later("Say what it shows, for those who cannot see it."),
    "consent-missing": later("Choose the consent of those who are in it."),
    "media-missing": later("Add the picture again."),
    "answers-unknown": later(
        "Choose the account that the reader wrote to. If that is chosen, what the reader wrote is "
        "not here any more: delete the draft."
    ),
}
"""By code; other problems have the hint for a file."""


def hint(problem: Problem) -> str | None:
    """What to do about a problem; None: nothing is known."""
    told = _HINTS.get(problem.code, problem.hint)
    return _(told) if told else None
