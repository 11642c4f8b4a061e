"""Posts that wait for an approval, as the page that reviews them shows them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NotPossible
from publisher.base.i18n import _
from publisher.channels.registry import capabilities_of, spec_of
from publisher.drafts import editing
from publisher.drafts.draft_files import DraftFile
from publisher.drafts.text_limits import TextSize
from publisher.ledger.manager.approvals import approved_before, digest
from publisher.ledger.manager.rights import Person, Rank
from publisher.ledger.reading.history_steps import HistoryStep
from publisher.model.capabilities import Capabilities
from publisher.model.deliveries import Delivery
from publisher.model.events import Event, by_program
from publisher.model.states import State
from publisher.model.values import Problem
from publisher.preview.account_view import lengths
from publisher.preview.mockups import Face, Look
from publisher.web import corrections_view, draft_view, labels, plan_view, replies_view
from publisher.web.corrections_view import CorrectedText
from publisher.web.faces import Faces
from publisher.web.plan_view import ChangeRow
from publisher.web.replies_view import AnsweredQuestion

_MOST = 500
"""Posts that are listed; the first due come first."""
AT_ONCE = 30
"""Posts that are approved at once: as many as a person looks at."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A post that waits for the reader's approval."""

    post: str
    deliveries: Sequence[Delivery]
    """Those that wait, of accounts over which the reader has a right; never empty."""

    @property
    def first(self) -> Delivery:
        return self.deliveries[0]

    @property
    def due_at(self) -> datetime:
        """When the first of them goes out."""
        return min(delivery.not_before for delivery in self.deliveries)


@dataclass(frozen=True, slots=True)
class Shown:
    """A delivery as its readers will see it."""

    delivery: Delivery
    look: Look
    lengths: Sequence[TextSize]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A post on the page, with what its manager decides by."""

    post: str
    shown: Sequence[Shown]
    mine: Sequence[Delivery]
    """Those that the reader may approve."""
    others: Sequence[Delivery]
    """Those that somebody else has to approve."""
    anchor: str | None
    """The agenda item that its time hangs on, in words."""
    written_by: str | None
    changed_by: Sequence[str]
    since: Sequence[ChangeRow]
    """What was changed since the last approval, by delivery."""
    approved_before: bool
    """Whether something of it was approved before."""
    has_draft: bool
    corrections: Sequence[CorrectedText]
    """Of a correction: what is out now, beside what it says."""
    questions: Sequence[AnsweredQuestion]
    """Of an answer: what the reader wrote."""
    warnings: Sequence[Problem]
    """What `plan` warns of: its time and texts beside others, and advice about its draft."""
    special: Sequence[str] = ()
    """Why it is looked at first when several are approved; see `special_first`."""

    @property
    def first(self) -> Delivery:
        return self.shown[0].delivery

    @property
    def seen(self) -> Sequence[str]:
        """What an approval carries: the digest of each delivery as it is shown."""
        return seen(self.mine)


def seen(deliveries: Sequence[Delivery]) -> list[str]:
    """For a form: each delivery with the digest of what the page shows of it."""
    return [f"{delivery.id}:{digest(delivery)}" for delivery in deliveries]


def waiting(app: Application, person: Person) -> list[Waiting]:
    """The posts that wait for an approval, on accounts that the reader manages; soonest first."""
    own = [name for name in app.accounts() if app.rights.permits(person, Rank.MANAGER, [name])]
    found = app.queries.deliveries(state=State.AWAITING_APPROVAL, accounts=own)
    found.sort(key=lambda delivery: delivery.post)
    posts = [Waiting(post, list(some)) for post, some in groupby(found, lambda d: d.post)]
    return sorted(posts, key=lambda one: (one.due_at, one.post))[:_MOST]


def reviewed(app: Application, person: Person, posts: Sequence[Waiting]) -> list[Reviewed]:
    """Prepare posts for the page."""
    faces = Faces(app).shown
    drafts = {file.id: file for file in draft_view.files(app)} if posts else {}
    writers = app.queries.writers([one.post for one in posts], by_program)
    steps = app.queries.steps_about_all([one.post for one in posts])
    written = [drafts[one.post] for one in posts if one.post in drafts]
    advice = draft_view.advice(app, written, drafts.values())
    own = app.approvals.open_to(person.name, [d for one in posts for d in one.deliveries])
    able = {delivery.id for delivery in own}
    return [
        _reviewed(
            app,
            person,
            one,
            able,
            drafts.get(one.post),
            writers.get(one.post, ()),
            steps[one.post],
            faces,
            advice,
        )
        for one in posts
    ]


def special_first(app: Application, posts: Sequence[Reviewed]) -> list[Reviewed]:
    """The posts of one approval, those that are special first: a person ticks these one by one."""
    entries = app.settings.accounts
    of = {
        one.post: {
            entries[shown.delivery.account].organisation
            for shown in one.shown
            if shown.delivery.account in entries
        }
        - {None}
        for one in posts
    }
    programs = app.queries.writers([*of], _if_by_program)
    usual = Counter(name for names in of.values() for name in names).most_common(1)
    found = [
        replace(
            one,
            special=_special(
                app,
                one,
                of[one.post] - {name for name, _number in usual},
                [*filter(None, programs.get(one.post, ()))],
            ),
        )
        for one in posts
    ]
    return sorted(found, key=lambda one: not one.special)


def _if_by_program(person: str, program: str | None) -> str:
    return by_program(person, program) if program else ""


def _special(
    app: Application, one: Reviewed, others: Collection[str | None], programs: Sequence[str]
) -> list[str]:
    """`others`: its organisations that are not the one of most of the posts; `programs`: those
    that wrote of it.
    """
    contents = [shown.delivery.content for shown in one.shown]
    said = []
    if any(picture.consent or picture.denied for c in contents for picture in c.pictures):
        said.append(_("There are people in its pictures."))
    if (until := one.first.embargo_until) and until > app.clock.now():
        when = formats.written(until.astimezone(app.session().zone), "EEE d MMM, HH:mm")
        said.append(_("It is under embargo until {when}.", when=when))
    if others:
        names = ", ".join(sorted(filter(None, others)))
        said.append(_("It is for another organisation: {names}.", names=names))
    if programs:
        said.append(_("A program wrote or changed it: {names}.", names="; ".join(programs)))
    return said


def _capabilities(app: Application, delivery: Delivery) -> Capabilities:
    """Of its account; of its channel, if publisher.toml no longer has the account."""
    account = app.settings.public_accounts().get(delivery.account)
    is_same = account is not None and account.channel == delivery.channel
    return (
        capabilities_of(account) if account and is_same else spec_of(delivery.channel).capabilities
    )


def _reviewed(
    app: Application,
    person: Person,
    one: Waiting,
    able: Collection[int],
    draft: DraftFile | None,
    changed_by: Sequence[str],
    steps: Sequence[HistoryStep],
    faces: Mapping[str, Face],
    advice: Mapping[str, Sequence[Problem]],
) -> Reviewed:
    """`able`: the deliveries that the reader may approve; `advice`: about drafts, by file."""
    since = _since_approval(one.deliveries, steps)
    zone = app.session().zone
    return Reviewed(
        post=one.post,
        shown=[
            Shown(
                d,
                draft_view.on_schedule(app, d, faces),
                lengths(d.content, _capabilities(app, d)),
            )
            for d in one.deliveries
        ],
        mine=[d for d in one.deliveries if d.id in able],
        others=[d for d in one.deliveries if d.id not in able],
        anchor=_anchor(app, draft),
        written_by=one.first.written_by,
        changed_by=changed_by,
        since=[plan_view.since_approval(now, before, zone) for now, before in since],
        approved_before=bool(since),
        has_draft=draft is not None,
        corrections=corrections_view.compared(app, one.deliveries),
        questions=replies_view.of_deliveries(app, person, one.deliveries),
        warnings=[
            *app.planner.forecast(one.deliveries, zone),
            *(advice[draft.file] if draft else ()),
        ],
    )


def _since_approval(
    deliveries: Sequence[Delivery], steps: Sequence[HistoryStep]
) -> list[tuple[Delivery, Delivery]]:
    """Those that were approved before: as they are now, and as they were approved last."""
    approvals: dict[int | None, list[Mapping[str, object]]] = defaultdict(list)
    for step in steps:
        if step.event == Event.APPROVED:
            approvals[step.delivery].append(step.detail)
        elif step.event == Event.APPROVAL_TAKEN_BACK:
            del approvals[step.delivery][-1:]
    last = {key: details[-1] for key, details in approvals.items() if details}
    found = [(d, approved_before(d, last.get(d.id, {}))) for d in deliveries]
    return [(now, before) for now, before in found if before is not None]


def _anchor(app: Application, file: DraftFile | None) -> str | None:
    """The agenda item that a draft's time hangs on, in words; None for a time of its own."""
    try:
        written = editing.read(file).value("at") if file else None
    except NotPossible:  # it cannot be read any more; what is on the schedule can be approved
        return None
    return labels.anchor(written.strip(), app.session().agenda) if written else None
