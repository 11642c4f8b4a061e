"""Hints on drafts' problems for those who see a form or a page, and not the draft's file."""

from publisher.base.i18n import _, later
from publisher.model.values import Problem

_HINTS = {
    "no-recipients": later("Choose at least one account."),
    "other-language": later("Choose it only if you mean to."),
    "missing-translation": later("Save this one first, then use “Translate” on its page."),
    "unused-section": later("Choose an account that it is for, or delete this text."),
    "too-long": later(
        "Shorten it, add a part to the thread, or write a different text for this account."
    ),
    "empty-text": later("Write a text, or leave the account out."),
    "empty-part": later("Write it, or remove the part."),
    "alt-missing": later("Say what it shows, for people who cannot see it."),
    "consent-missing": later("Choose the consent of the people in it."),
    "media-missing": later("Add the picture again."),
    "answers-unknown": later(
        "Choose the account that the reader wrote to. If it is already chosen, the reader's "
        "comment is no longer here: delete the draft."
    ),
}
"""By code; other problems have the hint for a file."""
_INTENDED = {
    "unsolicited-mention": later("Leave it so only if they expect it."),
    "ai-not-disclosed": later("Say it in the text there, or make another draft."),
    "content-warning-unseen": later(
        "Begin the text there with the warning, or make another draft."
    ),
    "captions-unseen": later(
        "Add them there by hand once it is out, or show the words in the video itself."
    ),
    "placeholder": later("Write what belongs there."),
    "markdown-as-text": later("Platforms do not show Markdown, so take it out."),
    "answers-twice": later("Look at it first. Leave both only if you mean to."),
}
"""By code, where the hint for a file says how the rule is ignored."""


def hint(problem: Problem) -> str | None:
    """What to do about a problem; None: nothing is known."""
    by_code = _INTENDED if "`ignore: " in (problem.hint or "") else _HINTS
    told = by_code.get(problem.code, problem.hint)
    return _(told) if told else None
