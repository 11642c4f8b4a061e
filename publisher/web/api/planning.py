"""/previews, /plan, /plans, /submissions: what would go out, and asking a person to approve it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, JsonValue
from starlette.responses import Response

from publisher.base.errors import NotPossible
from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.planning import Change, Plan, plan_data
from publisher.preview.account_view import Recipient
from publisher.web import draft_view
from publisher.web.api.access import Reading, Submitting
from publisher.web.api.once import Key, once
from publisher.web.api.problems import ApiRefused, Unsavable
from publisher.web.api.values import Timestamp

router = APIRouter(tags=["planning"])


class PreviewPart(BaseModel):
    """A part of a text as it goes out, with the links and hashtags of that account."""

    text: str
    used: int | None = Field(description="Its length, as the platform counts.")
    limit: int | None
    is_comment: bool


class AccountPreview(BaseModel):
    """What readers of one account would see."""

    account: str
    channel: str
    parts: list[PreviewPart]
    alts: list[str] = Field(description="The alternative texts of its pictures.")
    notes: list[str]


class Preview(BaseModel):
    """A draft as each of its accounts would publish it."""

    id: str
    leaves: Timestamp | None = Field(description="When it goes out, in UTC; null: not yet known.")
    accounts: list[AccountPreview]


class PlannedDifference(BaseModel):
    """One difference between a draft and the schedule."""

    what: str
    number: int | None = Field(default=None, description="Of the part or picture, from 1.")
    before: Annotated[JsonValue, Field(alias="from")]
    after: Annotated[JsonValue, Field(alias="to")]


class PlannedDelivery(BaseModel):
    """What would change on one account."""

    change: Change
    post: str
    account: str
    due_at: Timestamp
    was_due_at: Timestamp | None
    anchor: str | None = Field(description="The item of the agenda that its time hangs on.")
    voids_approval_by: str | None
    note: str | None
    changed: list[PlannedDifference]


class PlannedCost(BaseModel):
    """What X charges for it, in US dollars."""

    posts: int
    with_link: int
    alt_texts: int
    readings: int
    usd: str
    usd_of_edits: str


class StoppedDelivery(BaseModel):
    """What does not go out, whatever its draft says."""

    post: str
    account: str
    state: State
    reason: str | None


class KeptDelivery(BaseModel):
    """What goes out as it was queued, because its draft has errors or no person has read it."""

    post: str
    account: str
    not_before: Timestamp


class PlanResult(BaseModel):
    """What putting drafts on the schedule would change; nothing is changed."""

    changes: list[PlannedDelivery]
    cost_on_x: PlannedCost
    stopped: list[StoppedDelivery]
    as_queued: list[KeptDelivery]
    problems: list[Problem]


class Asked(BaseModel):
    """A delivery for which an approval is asked."""

    account: str
    due_at: Timestamp | None


class Submission(BaseModel):
    """What waits now for a person to approve it; empty: nothing has changed."""

    id: str
    asked: list[Asked]


@router.get("/previews/{draft:path}")
def preview_draft(call: Reading, draft: str) -> Preview:
    """Show what would go out on each account."""
    file = draft_view.find(call.app, draft)
    library, found = call.app.checked([file.path])
    view = draft_view.view(call.app, library, found, draft)
    if view is None or view.post is None:
        raise Unsavable(
            [one for one in found if one.file == file.file],
            _("Nothing of it can be shown until its errors are fixed."),
        )
    return Preview(
        id=draft,
        leaves=instant_text(view.post.not_before),
        accounts=[_account(recipient) for recipient in view.recipients],
    )


@router.get("/plan")
def plan_all(call: Reading) -> PlanResult:
    """Show what queueing all drafts would change."""
    return PlanResult(**plan_data.as_json(call.app.planner.plan()))


@router.get("/plans/{draft:path}")
def plan_draft(call: Reading, draft: str) -> PlanResult:
    """Show what queueing one draft would change."""
    path = draft_view.find(call.app, draft).path
    return PlanResult(**plan_data.as_json(call.app.planner.plan([path], read=[draft])))


@router.post("/submissions/{draft:path}", response_model=Submission)
def submit_draft(call: Submitting, key: Key, draft: str) -> Response:
    """Ask a person to approve a draft.

    Only what then waits for an approval is submitted: a token puts nothing on the schedule that
    would go out without a person, and takes nothing off it.
    """

    def submit() -> Submission:
        file = draft_view.find(call.app, draft)
        plan = call.app.planner.queue(
            [file.path], actor=call.person.name, read=[draft], agree=_only_asks
        )
        if plan.errors:
            problems = [one for one in plan.problems if one.file == file.file]
            raise Unsavable(problems, _("Nothing was queued: the draft has errors."))
        if not plan.changes and plan.left_out:
            raise Unsavable(plan.left_out, _("Nothing was queued: the draft is left out."))
        if plan.undated:
            raise NotPossible(_("It has no time yet."), hint=_("Give it a time in `at`."))
        call.log("approval asked", post=draft)
        asked = [
            Asked(account=change.account, due_at=instant_text(change.wish.due_at))
            for change in plan.changes
            if change.wish
        ]
        return Submission(id=draft, asked=asked)

    return once(call, key, "", submit)


def _only_asks(plan: Plan) -> None:
    """Raise ApiRefused if queueing would do more than ask for an approval."""
    for change in plan.changes:
        if change.wish is None or change.wish.state is not State.AWAITING_APPROVAL:
            raise _for_a_person(
                "needs-no-approval",
                _("On {account} it would not wait for an approval.", account=change.account),
            )
    if plan.voided:
        names = ", ".join(sorted({change.account for change in plan.voided}))
        message = _("It is approved on {accounts}: the approval would become void.", accounts=names)
        raise _for_a_person("approved-already", message)
    for change in plan.changes:
        if change.delivery and change.delivery.state is State.SCHEDULED:
            message = _("On {account} a person has scheduled it.", account=change.account)
            raise _for_a_person("scheduled-already", message)
    if plan.repeated:
        message = _("It may already be out under another name or wording.")
        raise _for_a_person("may-be-out-already", message)


def _for_a_person(cause: str, message: str) -> ApiRefused:
    remedy = _("A person must look at it on the post's page and put it on the schedule.")
    return ApiRefused(403, message, cause=cause, remedy=remedy)


def _account(one: Recipient) -> AccountPreview:
    sizes = iter(one.lengths)
    parts = []
    for part in one.content.parts:
        size = None if part.is_comment else next(sizes, None)
        parts.append(
            PreviewPart(
                text=part.text,
                used=size.used if size else None,
                limit=size.limit if size else None,
                is_comment=part.is_comment,
            )
        )
    return AccountPreview(
        account=one.account.name,
        channel=one.account.channel,
        parts=parts,
        alts=[picture.alt for picture in one.pictures],
        notes=list(one.notes),
    )
