"""Compose merge: what was typed, and the version that somebody else saved meanwhile, made one.

Nothing is saved by it: the composer shows the merged draft, and the person looks at it first.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import Response

from publisher.base.errors import FileChanged, PublisherError
from publisher.base.i18n import _
from publisher.drafts.draft_merge import DraftMerge, Resolution, merged
from publisher.drafts.editing import Manuscript
from publisher.web import composed_draft
from publisher.web.compose_form import ComposeForm, FieldFlaws
from publisher.web.compose_page import SentForm, given_back, page
from publisher.web.composed_draft import ComposedDraft
from publisher.web.merge_view import MergeView


def unchanged(composed: ComposedDraft) -> ComposeForm:
    """The form of a draft as it is, with the version that changes are made to."""
    return _made_from(composed, ComposeForm.of(composed.seen))


def _made_from(composed: ComposedDraft, form: ComposeForm) -> ComposeForm:
    version = base64.b64encode(composed.draft.data).decode("ascii")
    return replace(
        form, seen=composed.draft.digest, base=version, against="", clash=None, choice=None
    )


def conflict(sent: SentForm, error: FileChanged) -> Response:
    """The composer with both versions: made one, or with what has to be decided."""
    try:
        newest = sent.composed()
    except PublisherError as gone:
        return given_back(sent, gone)
    if newest.is_new:
        hint = _("Look at that draft; if it is a different one, send this again.")
        return page(sent, newest, problem=FileChanged(str(error), hint=hint))
    if sent.do == "delete":
        hint = _("Look at it again, then decide.")
        sent = replace(sent, form=unchanged(newest))
        return page(sent, newest, problem=FileChanged(str(error), hint=hint))
    merge, flaws = _merged(sent, newest)
    view = MergeView.of(sent.parts, sent.visitor, newest, merge)
    if merge.undecided:
        hint = _("Choose what to keep in each place, then combine the two.")
        form = replace(sent.form, against=newest.draft.digest)
    else:
        hint = _(
            "Both versions are combined below. Nothing is saved yet: look at it, then save it."
        )
        form = _brought_together(sent.form, newest, merge, flaws)
    problem = FileChanged(view.said, hint=hint)
    return page(replace(sent, form=form), newest, problem=problem, merge=view)


def bring_together(sent: SentForm, composed: ComposedDraft) -> Response:
    """Merge what was typed and the newer version, as was chosen."""
    if composed.draft.digest == sent.form.seen:
        return page(sent, composed)
    message = _("Someone else changed {file} in the meantime.", file=composed.draft.file)
    return conflict(sent, FileChanged(message))


def replaced(sent: SentForm, composed: ComposedDraft) -> SentForm:
    """The form as one that takes the place of the version that was shown beside it.

    Raises FileChanged if that is not the newest one any more.
    """
    if sent.form.against != composed.draft.digest:
        raise FileChanged(
            _("Someone else changed {file} in the meantime.", file=composed.draft.file)
        )
    return replace(sent, form=replace(sent.form, seen=sent.form.against))


def _merged(sent: SentForm, newest: ComposedDraft) -> tuple[DraftMerge, FieldFlaws]:
    """What was typed and the newest version, with what was chosen of what the page showed."""
    form = sent.form
    base = _base(sent, newest)
    before = base.seen if base else newest.seen
    known = newest.composing.accounts
    mine, flaws = form.composition(newest.composing.session, known, before)
    choices = _choices(form) if form.against == newest.draft.digest else {}
    return merged(base.seen if base else None, mine, newest.seen, choices), flaws


def _base(sent: SentForm, newest: ComposedDraft) -> ComposedDraft | None:
    """The version that the form was made from; None if it does not say it, or not rightly."""
    try:
        data = base64.b64decode(sent.form.base, validate=True)
        draft = Manuscript(newest.draft.path, newest.draft.file, data)
        if draft.digest != sent.form.seen:
            return None
        return composed_draft.of(sent.parts.app, newest.id, draft)
    except (binascii.Error, ValueError, PublisherError):
        return None


def _choices(form: ComposeForm) -> Mapping[str, Resolution]:
    known = {choice.value: choice for choice in Resolution}
    pairs: Sequence[tuple[str, str]] = [*zip(form.clash or (), form.choice or (), strict=False)]
    return {key: known[name] for key, name in pairs if name in known}


def _brought_together(
    typed: ComposeForm, newest: ComposedDraft, merge: DraftMerge, flaws: FieldFlaws
) -> ComposeForm:
    """The form of the merged draft, made from its newest version; times stay if one is wrong."""
    form = ComposeForm.of(merge.composition)
    if flaws:
        form = form.with_times(typed.time, typed.embargo_time)
    originals = [typed.originals.get(entry.file, "") for entry in merge.composition.media]
    return _made_from(newest, replace(form, original=originals, tried=typed.tried))
