"""/posts/ID: one post on each of its accounts, with its actions."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from publisher.base.errors import NoSuchPost, NotAllowed
from publisher.base.i18n import _
from publisher.ledger.manager.approvals import digest
from publisher.ledger.manager.operations import can_be_retried
from publisher.ledger.manager.rights import Rank
from publisher.ledger.manager.withdrawals import WITHDRAWABLE
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.deliveries import Delivery
from publisher.model.events import Event, by_program
from publisher.model.history_text import details
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.web import corrections_view, draft_view, labels, remedies, replies_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.confirmation import confirming, is_one_of
from publisher.web.counts_view import CountsTable, counts_table
from publisher.web.decisions import CONCERNS, OF_AUTHORS, Decision, carry_out, digests
from publisher.web.dependencies import Parts, Use, post_address
from publisher.web.draft_view import DraftView
from publisher.web.faces import Faces
from publisher.web.routes import reschedule

router = APIRouter()


@router.get("/posts/{post:path}")
def show(request: Request, parts: Use, visitor: Reader, post: str, part: str = "") -> Response:
    """Show the page, or its live `part`."""
    deliveries = parts.app.queries.deliveries(post=post)
    draft = draft_view.read(parts.app, post, deliveries)
    steps = parts.app.queries.steps_about(post)
    if not deliveries and draft is None and not steps:
        hint = _("It may have another name now: search the log or the posts.")
        raise NoSuchPost(_("There is no post {name}.", name=post), hint=hint)
    zone, faces = parts.pages.zone, Faces(parts.app).shown
    accounts = draft_view.concerned(parts.app, draft.post, deliveries) if draft else ()
    rights = parts.app.rights
    own = [d for d in deliveries if rights.permits(visitor.person, Rank.MANAGER, [d.account])]
    others = [d for d in deliveries if d not in own]
    written = [
        d
        for d in parts.app.holds.own(visitor.name, others)
        if rights.permits(visitor.person, Rank.STAFF, [d.account])
    ]
    return parts.pages.render(
        request,
        "post_live.html" if part == "live" else "post.html",
        post=post,
        shown=[(d, draft_view.on_schedule(parts.app, d, faces)) for d in deliveries],
        first_shown=next((n for n, d in enumerate(deliveries) if labels.tone(d.state) == "bad"), 0),
        draft=draft,
        problems=_problems(parts, draft, deliveries),
        steps=[
            (step, details(_for_readers(step.detail), zone, labels.spelled))
            for step in reversed(steps)
            if step.event != Event.NOTED
        ],
        notes=parts.app.notes.notes_on(post),
        colleagues=parts.colleagues(),
        possible=_possible(parts, visitor, own, written),
        remedies_of={d.id: remedies.of(parts.app, visitor.person, [d]) for d in deliveries},
        beyond=[d.account for d in others],
        may_write=rights.permits_writing(visitor.person, accounts),
        may_move=rights.permits(visitor.person, Rank.STAFF, accounts),
        movable=draft is not None and draft.post is not None and reschedule.is_movable(deliveries),
        told=_told_by_a_person(steps),
        changed_by=parts.app.queries.writers([post], by_program).get(post),
        counts_of=_counts(parts, deliveries),
        digest=digest,
        corrections=corrections_view.of_post(parts.app, post, deliveries),
        questions=replies_view.of_post(parts.app, visitor.person, draft, deliveries),
        has_readers=replies_view.has_readers(parts.app, visitor.person, post, deliveries),
    )


def _problems(
    parts: Parts, draft: DraftView | None, deliveries: Sequence[Delivery]
) -> Sequence[Problem]:
    """Those of the draft, and what `plan` warns of: about the draft, or what is on the schedule."""
    foreseen = parts.app.planner.forecast(
        deliveries, parts.pages.zone, {post.id: post} if draft and (post := draft.post) else {}
    )
    found = [*draft.problems] if draft else []
    if draft and draft.post and not deliveries:
        foreseen += draft_view.forecast(parts.app, draft.post)
    return [*dict.fromkeys((*found, *foreseen))]


def _counts(parts: Parts, deliveries: Sequence[Delivery]) -> Mapping[int, CountsTable | None]:
    """The figures of each delivery that is out and has some, or will have."""
    read, now = parts.app.engagement.of([d.id for d in deliveries]), parts.app.clock.now()
    reads = parts.app.settings.reads_engagement
    return {
        d.id: counts_table(d, read.get(d.id, {}), now, is_read=reads(d.channel)) for d in deliveries
    }


def _told_by_a_person(steps: Sequence[HistoryStep]) -> set[str | None]:
    """The accounts whose publication a person reported: its time is unknown."""
    ended = {step.account: step for step in steps if step.target is State.PUBLISHED}
    return {account for account, step in ended.items() if step.event == "resolved"}


_OF_MACHINES = frozenset({"digest", "content", "kind", "before", "absences"})
"""Details of a history step that mean nothing to a reader; commands show them."""


def _for_readers(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in detail.items() if key not in _OF_MACHINES}


@router.post("/posts/{post:path}")
def change(
    parts: Use,
    visitor: Writer,
    _confirmed: Annotated[None, confirming(is_one_of("withdraw"))],
    post: str,
    do: Annotated[str, Form()] = "",
    account: Annotated[str, Form()] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
    seen: Annotated[list[str] | None, Form()] = None,
    remote_ids: Annotated[str, Form(max_length=2000)] = "",
    sure: Annotated[str, Form()] = "",
) -> Response:
    if do not in OF_AUTHORS and not parts.app.rights.permits(visitor.person, Rank.MANAGER):
        raise NotAllowed
    decision = Decision(
        parts.app, visitor.name, post, account.split(",") if account else None, reason.strip(),
        digests(seen or ()), tuple(remote_ids.split()), bool(sure),
    )  # fmt: skip
    return parts.done(visitor, carry_out(do, decision), post_address(post))


def _possible(
    parts: Parts, visitor: Visitor, deliveries: Sequence[Delivery], written: Sequence[Delivery]
) -> Mapping[str, Sequence[Delivery]]:
    """The deliveries to which each action applies now; `for_others`: another person's approval.

    `deliveries`: those that the visitor manages; `written`: others that they may hold as an author.
    """

    def those(*states: State) -> list[Delivery]:
        return [delivery for delivery in deliveries if delivery.state in states]

    waiting = those(State.AWAITING_APPROVAL, State.REJECTED)
    own = parts.app.approvals.open_to(visitor.name, waiting) if waiting else []
    # An edit is gone with its post, and no platform takes it back.
    out = [d for d in those(*WITHDRAWABLE) if d.remote_ids and not d.content.edits]
    return {
        "approve": own,
        "for_others": [delivery for delivery in waiting if delivery not in own],
        "reject": those(State.AWAITING_APPROVAL, State.SCHEDULED),
        **{do: list(filter(concerns, deliveries)) for do, concerns in CONCERNS.items()},
        "retry": [d for d in deliveries if can_be_retried(d, parts.app.clock.now())],
        "acknowledge": [d for d in deliveries if d.is_unresolved],
        **{do: list(filter(CONCERNS[do], [*deliveries, *written])) for do in OF_AUTHORS},
        "resolve": those(State.UNCERTAIN),
        "withdraw": out,
        "gone": [d for d in out if d.withdrawn_ids is not None],
    }
