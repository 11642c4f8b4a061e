"""Compose page: the answers to a form of the composer, which hold all that was typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from publisher.app import Application
from publisher.base.errors import Busy, PublisherError
from publisher.drafts.composition import unusual
from publisher.media import media_file
from publisher.model.draft_keys import KEYS
from publisher.model.values import Problem
from publisher.planning import Plan
from publisher.planning.correctable import is_correctable
from publisher.web import (
    compose_pictures,
    compose_view,
    composed_draft,
    draft_view,
    plan_view,
    replies_view,
)
from publisher.web.authentication import Visitor
from publisher.web.compose_check import Checked, FieldProblem, checked, with_problem
from publisher.web.compose_form import ComposeForm
from publisher.web.composed_draft import ComposedDraft
from publisher.web.dependencies import Parts, post_address
from publisher.web.faces import Faces
from publisher.web.merge_view import MergeView
from publisher.web.render import Toast

_LATER = "30"
"""Seconds until the next attempt, if too many pictures are being processed."""

_PARTS = ("to", "text", "media", "when", "more")
"""The parts of the form, from above."""


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form of the composer, and who sent it; or one that is shown for the first time."""

    request: Request
    parts: Parts
    visitor: Visitor
    post: str | None
    """None: it makes a new post."""
    form: ComposeForm
    do: str = ""
    """The button."""

    def composed(self) -> ComposedDraft:
        """The draft that it is about; raises what `composed_draft` raises."""
        if self.post:
            return composed_draft.existing(self.parts.app, self.post)
        return composed_draft.new(self.parts.app, self.form)

    @property
    def address(self) -> str:
        return post_address(self.post, "edit") if self.post else "/new"

    @property
    def store(self) -> str:
        """The name under which a browser keeps what is typed."""
        if self.post:
            return f"edit:{self.post}"
        if self.form.translation_of:
            return f"new:{self.form.translation_of}:{self.form.lang}"
        if answered := self.form.plain["answers"]:
            return f"answer:{answered}"
        return f"new:{self.form.copy_of}" if self.form.copy_of else "new"


def page(
    sent: SentForm,
    composed: ComposedDraft,
    *,
    now: Checked | None = None,
    problem: PublisherError | None = None,
    plan: Plan | None = None,
    merge: MergeView | None = None,
    new: int = 0,
) -> Response:
    """The composer.

    `plan`: the changes to confirm; `merge`: the newer version of somebody else; `new`: how many
    pictures were added just now.
    """
    app, form, person = sent.parts.app, sent.form, sent.visitor.person
    now = now or checked(app, composed, form)
    is_first, is_part = sent.request.method == "GET", bool(sent.request.headers.get("hx-request"))
    is_compared = is_first and not composed.is_new
    present = None
    if is_compared:
        present = _planned(sent, now)
    elif _depends(now):
        present = _advised(sent, now)
    foreseen = _foreseen(sent, now)
    for warning in (*(present.left_out if present else ()), *foreseen):
        now = with_problem(now, warning)
    view, chips = compose_view.preview(app, now), compose_view.chips(app, person, now)
    refused = problem is not None and sent.do in ("keep", "submit")
    is_tried = bool(form.tried) or refused or (is_first and now.lacks_alt)
    problems = {} if is_first and composed.is_new else now.shown(is_tried=is_tried)
    standing = app.queries.deliveries(post=composed.id) if not composed.is_new else []
    answer = sent.parts.pages.render(
        sent.request,
        "compose.html",
        post=sent.post,
        action=sent.address,
        store=sent.store,
        typed=form,
        returned=not is_first,
        refused=refused,
        is_tried=is_tried,
        suggested=_suggested(app),
        has_slots=any(one.slots for one in composed.composing.accounts.values()),
        new_from=len(form.media) - new,
        is_part=is_part,
        lang_is_fixed=composed.language_is_fixed,
        composed=composed,
        question=replies_view.of_form(app, person, form, sent.post),
        problem=problem,
        merge=merge,
        seen=form.seen,
        others=sent.parts.presence.others(sent.post, sent.visitor.name) if sent.post else (),
        is_newer=False,
        problems=problems,
        first_wrong=_first_wrong(problems) if refused and not merge else "",
        chips=chips,
        near=compose_view.near(chips),
        keys=KEYS,
        takers=compose_view.takers(now),
        texts=compose_view.own_texts(now, form, Faces(sent.parts.app).named),
        pictures=list(compose_view.pictures(app, now, form)),
        stage=compose_pictures.stage(sent.parts, composed.id, form, sent.do),
        chooser=compose_pictures.chooser(sent.parts, sent.visitor, form, sent.do),
        counts=compose_view.counts(view),
        view=view,
        draft=now.post if now.revised else None,
        agenda=compose_view.agenda(composed.composing.session),
        languages=compose_view.languages(app, form.lang),
        templates=compose_view.templates(app) if not sent.post else (),
        consents=compose_view.consents(app, now),
        approval=any(app.settings.approval_rule(name).required for name in now.wanted.to),
        approved_by=sorted({d.approved_by for d in standing if d.approved_by and d.in_reach}),
        is_late=now.post is not None
        and now.post.not_before is not None
        and now.post.not_before <= app.clock.now(),
        foreseen=foreseen,
        older=() if is_part or composed.is_new else _older(app, composed.id),
        public=[one.account for one in standing if is_correctable(one)],
        rows=plan_view.rows(plan, sent.parts.pages.zone) if plan else None,
        shown=plan_view.digest(plan) if plan else "",
        unusual=unusual(composed.draft),
        pending=plan_view.pending_of(app, present, standing) if is_compared else None,
        expires=composed.composing.session.defaults.expires or app.settings.delivery.expires,
        most=media_file.MAX_BYTES,
    )
    if is_part:  # it takes the place of the old one
        answer.status_code = 200
    if isinstance(problem, Busy):
        answer.headers["Retry-After"] = _LATER
    return answer


def _first_wrong(problems: Mapping[str, Sequence[FieldProblem]]) -> str:
    """The part of the form where whoever was refused goes on; empty if none is wrong."""
    return next(
        (part for part in _PARTS if any(one.is_error for one in problems.get(part, ()))), ""
    )


def _suggested(app: Application) -> str:
    """A time for whoever chooses one, as its field has it: tomorrow at nine."""
    day = app.clock.now().astimezone(app.session().zone).date() + timedelta(days=1)
    return f"{day.isoformat()}T09:00"


def _depends(now: Checked) -> bool:
    """Whether the ledger alone says if it can be queued: what it is about may be gone."""
    return now.post is not None and bool(now.post.answers or now.post.corrects)


def _planned(sent: SentForm, now: Checked) -> Plan | None:
    """What queueing the draft would change; None: it cannot be read."""
    if now.library is None:
        return None
    return sent.parts.app.planner.compare(
        now.library, now.found, [now.composed.draft.path], read=[now.composed.id]
    )


def _advised(sent: SentForm, now: Checked) -> Plan | None:
    """As `_planned`, for advice alone: what keeps it from being found may not cost what was typed.

    Submitting the draft compares again, and says why that cannot be done.
    """
    try:
        return _planned(sent, now)
    except PublisherError:
        return None


def _foreseen(sent: SentForm, now: Checked) -> list[Problem]:
    """What `plan` would warn of; as in `_advised`, nothing where that cannot be found."""
    try:
        return draft_view.forecast(sent.parts.app, now.post) if now.post else []
    except PublisherError:
        return []


def _older(app: Application, post: str) -> list[Problem]:
    """That a draft translates older words, as git knows: too slow to be asked at each key."""
    shelf = draft_view.files(app)
    own = [file for file in shelf if file.id == post]
    found = draft_view.advice(app, own, shelf)
    return [one for some in found.values() for one in some if one.code == "stale-translation"]


def given_back(sent: SentForm, error: PublisherError) -> Response:
    """What was typed, to be copied, where the draft is gone or cannot be read any more."""
    body = "\n\n".join(part for parts in sent.form.texts.values() for part in parts if part.strip())
    name = sent.post or sent.form.translation_of or sent.form.copy_of
    return sent.parts.pages.render(sent.request, "kept.html", post=name, body=body, problem=error)


def landed(sent: SentForm, post: str, toast: Toast | None, subpage: str = "") -> Response:
    """To the post's page, which makes the browser forget what it kept.

    `toast`: None leaves the one that is there.
    """
    sent.parts.presence.leave(post, sent.visitor.name)
    kept = quote(f"{sent.visitor.name}/{sent.store}", safe="")
    address = f"{post_address(post, subpage)}#saved={kept}"
    if toast is None:
        return RedirectResponse(address, 303)
    return sent.parts.done(sent.visitor, toast, address)
