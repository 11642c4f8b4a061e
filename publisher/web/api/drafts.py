"""/drafts, /checks: operations on the text files under posts/; none of them publishes anything."""

from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from publisher.app import Application
from publisher.base.errors import FileChanged, NotPossible, UsageError
from publisher.base.formats import instant_text
from publisher.base.i18n import _
from publisher.drafts import editing
from publisher.drafts.composition import Composition
from publisher.ledger.manager.draft_edits import MadeBefore
from publisher.model.values import Problem
from publisher.web import compose_saving, composed_draft, draft_view
from publisher.web.api.access import ApiCall, Drafting, Reading
from publisher.web.api.once import Key, once
from publisher.web.api.problems import ApiRefused, Unsavable
from publisher.web.api.values import DraftValues, Line, Sent, Timestamp
from publisher.web.compose_check import Checked, checked
from publisher.web.compose_form import ComposeForm
from publisher.web.composed_draft import ComposedDraft

MOST = 100
"""Items of a page."""

Limit = Annotated[int, Query(ge=1, le=MOST)]
Match = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=200,
        description="The ETag of the draft that was read, or `*`: a change of somebody else since "
        "is never lost.",
    ),
]

router = APIRouter(tags=["drafts"])


class DraftToMake(DraftValues):
    """A new draft."""

    translation_of: Line = Field(
        default="", description="The draft that it translates; `lang` says into what."
    )


class DraftEntry(BaseModel):
    """A draft in a list."""

    id: str
    title: str = Field(description="Its title, or its first words.")
    lang: str | None
    at: Timestamp | None = Field(description="When it goes out, in UTC; null: not yet known.")
    has_errors: bool


class DraftPage(BaseModel):
    """A page of drafts, in the order of their names."""

    drafts: list[DraftEntry]
    next: str | None = Field(description="The `after` of the next page.")


class Draft(BaseModel):
    """A draft as its file is now."""

    id: str
    file: str
    etag: str
    text: str = Field(description="The whole file.")
    values: DraftValues | None = Field(description="Null: only a person can change the file.")
    problems: list[Problem]


class CheckResult(BaseModel):
    """What is wrong with a draft. Errors keep it from being submitted, warnings do not."""

    id: str
    has_errors: bool
    problems: list[Problem]


class Deleted(Sent):
    """The draft that was deleted."""

    deleted: str


@router.get("/drafts")
def list_drafts(call: Reading, after: Line = "", limit: Limit = MOST) -> DraftPage:
    """List the drafts."""
    known = call.parts.drafts.drafts(call.app)
    files = sorted(file.id for file in draft_view.files(call.app) if file.id > after)
    entries = []
    for name in files[:limit]:
        post = known.posts.get(name)
        entries.append(
            DraftEntry(
                id=name,
                title=(post.first_words if post else "") or name,
                lang=post.lang if post else None,
                at=instant_text(post.not_before) if post else None,
                has_errors=name in known.broken,
            )
        )
    return DraftPage(drafts=entries, next=files[limit - 1] if len(files) > limit else None)


@router.post("/drafts", status_code=201, response_model=Draft)
def make_draft(call: Drafting, key: Key, values: DraftToMake) -> Response:
    """Write a new draft. It waits until a person has read it whole, and has a time: no `now`."""

    def make() -> Draft:
        seen = Composition(plain={"author": call.person.name})
        # The fingerprint of a form that was sent twice comes from its key.
        form = replace(
            _form(call.app, seen, values),
            key=f"{call.token.id} {key}",
            translation_of=values.translation_of,
        )
        composed = composed_draft.new(call.app, form)
        try:
            _save(call, composed, form)
        except MadeBefore as before:
            return _draft(call.app, before.post)
        call.log("draft made", post=composed.id)
        return _draft(call.app, composed.id)

    answer = _tagged(once(call, key, values.model_dump_json(), make, 201))
    made = Draft.model_validate_json(bytes(answer.body)).id
    answer.headers["Location"] = f"{call.request.scope['root_path']}/drafts/{quote(made)}"
    return answer


@router.get("/drafts/{draft:path}", response_model=Draft)
def read_draft(call: Reading, draft: str) -> Response:
    """Read a draft."""
    return _tagged(Response(_draft(call.app, draft).model_dump_json(), 200, media_type=_JSON))


@router.patch("/drafts/{draft:path}", response_model=Draft)
def change_draft(
    call: Drafting, key: Key, draft: str, values: DraftValues, if_match: Match
) -> Response:
    """Change what is sent of a draft.

    What is on the schedule stays as it is, and the draft waits until a person has read it whole.
    """

    def change() -> Draft:
        composed = composed_draft.existing(call.app, draft)
        form = replace(
            _form(call.app, composed.seen, values), seen=_seen(if_match, composed.draft.digest)
        )
        _save(call, composed, form)
        call.log("draft changed", post=draft)
        return _draft(call.app, draft)

    asked = values.model_dump_json(exclude_unset=True)
    return _tagged(once(call, key, f"{if_match}\n{asked}", change))


@router.delete("/drafts/{draft:path}", response_model=Deleted)
def delete_draft(call: Drafting, key: Key, draft: str, if_match: Match) -> Response:
    """Delete a draft of which nothing is on the schedule or out."""

    def delete() -> Deleted:
        composed = composed_draft.existing(call.app, draft)
        if _seen(if_match, composed.draft.digest) != composed.draft.digest:
            raise _changed(composed.draft.file)
        compose_saving.delete(call.app, call.person.name, composed)
        call.log("draft deleted", post=draft)
        return Deleted(deleted=draft)

    return once(call, key, if_match, delete)


@router.get("/checks/{draft:path}")
def check_draft(call: Reading, draft: str) -> CheckResult:
    """Check a draft as its file is now."""
    return _result(draft, _problems(call.app, draft))


@router.post("/checks")
def check_values(call: Reading, values: DraftToMake) -> CheckResult:
    """Check values as a draft, without writing anything."""
    form = replace(
        _form(call.app, Composition(plain={"author": call.person.name}), values),
        translation_of=values.translation_of,
    )
    composed = composed_draft.new(call.app, form)
    now = checked(call.app, composed, form)
    return _result(composed.id, _found(now))


_JSON: Literal["application/json"] = "application/json"


def _form(app: Application, seen: Composition, values: DraftValues) -> ComposeForm:
    wanted = values.applied(seen, app.session())
    for name in wanted.to:
        if name not in app.settings.public_accounts() and name not in seen.to:
            raise UsageError(_("There is no account {name}.", name=name))
    if wanted.when.kind == "now":  # it would go out with a person's next `queue`
        raise ApiRefused(
            422,
            _("A program cannot use `now`: a person must first read what it wrote."),
            cause="now-is-for-people",
            remedy=_("Give it a time in `at`."),
        )
    if not all(entry.file.strip() for entry in wanted.media):
        raise UsageError(_("Give a picture: `file: media/name.jpg`."))
    return ComposeForm.of(wanted)


def _save(call: ApiCall, composed: ComposedDraft, form: ComposeForm) -> None:
    """Save as the composer does."""
    try:
        now = compose_saving.savable(call.app, call.person.name, composed, form)
    except compose_saving.NotSavable as unsavable:
        raise Unsavable(_found(unsavable.now)) from None
    except FileChanged:
        raise _changed(composed.draft.file) from None
    compose_saving.save(call.app, call.person.name, now, form.fingerprint)


def _found(now: Checked) -> list[Problem]:
    """The problems of a checked form; those that no file can have are at its first line."""
    file = now.composed.draft.file
    found = [one for one in now.found if one.file == file]
    if now.revised is None:
        found += [
            Problem(file=file, line=1, column=1, code=one.code or "unusable", message=one.message, hint=one.hint)
            for those in now.problems.values()
            for one in those
            if one.message not in {known.message for known in found}
        ]  # fmt: skip
    return found


def _seen(if_match: str, digest: str) -> str:
    """The digest that was read, of an If-Match header."""
    return digest if if_match.strip() == "*" else if_match.strip().removeprefix("W/").strip('"')


def _changed(file: str) -> ApiRefused:
    return ApiRefused(
        412,
        _("Someone else changed {file} in the meantime.", file=file),
        cause="changed-meanwhile",
        remedy=_("Read the draft again, combine both changes, and send its new ETag."),
    )


def _draft(app: Application, post_id: str) -> Draft:
    file = draft_view.find(app, post_id)
    manuscript = editing.read(file)
    try:
        composed = composed_draft.existing(app, post_id)
        values = DraftValues.of(composed.seen, composed.composing.session)
    except NotPossible:
        values = None
    return Draft(
        id=post_id,
        file=manuscript.file,
        etag=manuscript.digest,
        text=manuscript.text,
        values=values,
        problems=_problems(app, post_id),
    )


def _problems(app: Application, post_id: str) -> list[Problem]:
    file = draft_view.find(app, post_id)
    _library, found = app.checks.check(
        app.settings, [file.path], recorded=app.queries.picture_consents()
    )
    return [one for one in found if one.file == file.file]


def _result(post_id: str, found: list[Problem]) -> CheckResult:
    return CheckResult(
        id=post_id, has_errors=any(one.severity == "error" for one in found), problems=found
    )


def _tagged(answer: Response) -> Response:
    """The answer with the ETag of the draft in it."""
    etag = Draft.model_validate_json(bytes(answer.body)).etag
    answer.headers["ETag"] = f'"{etag}"'
    return answer
