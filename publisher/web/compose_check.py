"""Compose check: what was typed into the composer, checked as the draft that it would make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from publisher.app import Application
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _, later
from publisher.drafts.composition import Composition
from publisher.drafts.editing import Manuscript
from publisher.drafts.library import Library
from publisher.media.unsaved import UnsavedPictures
from publisher.model.draft_keys import BY_NAME
from publisher.model.posts import Post
from publisher.model.problems import Flaw
from publisher.model.values import Problem, Severity
from publisher.web import draft_view
from publisher.web.compose_form import ComposeForm, FieldFlaws
from publisher.web.composed_draft import ComposedDraft
from publisher.web.hints import hint

_FIELDS = {
    "no-recipients": "to", "unknown-recipient": "to", "other-language": "to",
    "answers-unknown": "to", "missing-translation": "to", "unused-section": "text", "duplicate-text": "text",
    "same-text-on-x": "text", "stale-translation": "text", "too-close": "when", "at-night": "when",
    "sure-miss": "when", "over-limit": "when", "account-stopped": "when",
}  # fmt: skip
"""The parts of the form that problems belong to, where their places in the file do not say it."""
_ONCE_MORE = later("Change the text, or tick below that it may go out again.")
_NOT_SAID_YET = "alt-missing"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A problem beside a field."""

    message: str
    hint: str | None
    is_error: bool
    code: str = ""
    """As in `Problem`; empty for what only a form can have."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A form's draft as it would be saved, and what is wrong with it."""

    composed: ComposedDraft
    wanted: Composition
    revised: Manuscript | None
    """None: the form holds what no draft may have."""
    library: Library | None
    found: Sequence[Problem]
    """All problems of the library."""
    problems: Mapping[str, Sequence[FieldProblem]]
    """By part of the form; what belongs to none is under an empty string."""
    unsaved: Mapping[str, Path] = field(default_factory=dict)
    """The unsaved pictures, and the whole ones of crops, by their names in the form."""
    originals: Mapping[str, str] = field(default_factory=dict)
    """As in `ComposeForm`."""

    @property
    def post(self) -> Post | None:
        return self.library.post(self.composed.id) if self.library else None

    def shown(self, *, is_tried: bool) -> Mapping[str, Sequence[FieldProblem]]:
        """The problems that the form shows as such.

        Before anybody tried to save it, a picture without words has just been added: its field
        says itself what is still missing.
        """
        if is_tried:
            return self.problems
        return {
            name: [one for one in found if one.code != _NOT_SAID_YET]
            for name, found in self.problems.items()
        }

    @property
    def lacks_alt(self) -> bool:
        return any(one.code == _NOT_SAID_YET for one in self.problems.get("media", ()))

    @property
    def has_errors(self) -> bool:
        return any(one.is_error for found in self.problems.values() for one in found)


def unsaved_pictures(app: Application) -> UnsavedPictures:
    return UnsavedPictures(app.settings.var / "uploads")


def checked(app: Application, composed: ComposedDraft, form: ComposeForm) -> Checked:
    """Check a form as if its draft was saved. Whatever was typed raises nothing."""
    known = composed.composing.accounts
    wanted, flaws = form.composition(composed.composing.session, known, composed.seen)
    kept, originals = unsaved_pictures(app), form.originals
    names = {*(entry.file for entry in wanted.media), *originals.values()}
    unsaved = {name: path for name in names if (path := kept.find(name))}
    revised = None
    if not flaws.keys() - {"when"}:  # without a time of its own it can be looked at
        try:
            revised = composed.applied(wanted)
            draft_view.check_size(revised)
        except (UsageError, NotPossible) as error:
            flaws = {"text" if isinstance(error, UsageError) else "": [
                Flaw("unusable", str(error), error.hint)
            ]}  # fmt: skip
            revised = None
    if revised is None:
        return Checked(composed, wanted, None, None, (), _flaws(flaws), unsaved, originals)
    file = composed.draft.file
    library, found = app.checks.check(
        app.settings,
        [composed.draft.path],
        revised={file: revised.data},
        unsaved=unsaved,
        recorded=app.queries.picture_consents(),
    )
    problems = _by_field([one for one in found if one.file == file], library.post(composed.id))
    if flaws:
        problems, revised = {**problems, **_flaws(flaws)}, None
    return Checked(composed, wanted, revised, library, found, problems, unsaved, originals)


def _flaws(flaws: FieldFlaws) -> dict[str, list[FieldProblem]]:
    return {
        name: [FieldProblem(flaw.message, flaw.hint, is_error=True) for flaw in found]
        for name, found in flaws.items()
    }


def _by_field(problems: Sequence[Problem], post: Post | None) -> dict[str, list[FieldProblem]]:
    """The problems by the part of the form that they belong to."""
    places = sorted((place.line, key) for key, place in post.positions.items()) if post else []
    found: dict[str, list[FieldProblem]] = {}
    for problem in problems:
        key = next((key for line, key in reversed(places) if line <= problem.line), "")
        of_key = "text" if key.startswith("text:") else BY_NAME[key].part if key in BY_NAME else ""
        found.setdefault(_FIELDS.get(problem.code, of_key), []).append(_one(problem))
    return found


def _one(problem: Problem) -> FieldProblem:
    is_error = problem.severity is Severity.ERROR
    told = _(_ONCE_MORE) if problem.code == "duplicate-text" else hint(problem)
    return FieldProblem(problem.message, told, is_error, problem.code)


def with_problem(now: Checked, problem: Problem) -> Checked:
    """The same, with what only the schedule knows: that an account has the text already, say."""
    field = _FIELDS.get(problem.code, "")
    found = [*now.problems.get(field, ()), _one(problem)]
    return replace(now, problems={**now.problems, field: found})


def for_submission(now: Checked) -> Checked:
    """The same, where a missing time is an error as well."""
    if now.post is None or now.post.due_at or now.post.at_once or now.problems.get("when"):
        return now
    hint = _("Choose a time or an agenda item, or keep it as a draft.")
    missing = FieldProblem(_("It has no time yet."), hint, is_error=True)
    return replace(now, problems={**now.problems, "when": [missing]})
