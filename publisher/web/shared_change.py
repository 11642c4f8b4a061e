"""Changes of the agenda and of consents: shown with what they drag along, then made at once."""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publisher.app import Application
from publisher.base import formats
from publisher.base.errors import NotPermitted, NotPossible, UsageError
from publisher.base.i18n import _
from publisher.drafts.consents import Consents
from publisher.drafts.session import Session
from publisher.ledger.manager.file_changes import FileChange
from publisher.ledger.manager.rights import Rank
from publisher.model.events import Event
from publisher.model.posts import Post
from publisher.planning import Plan, PlannedChange
from publisher.planning.impact import Dragged, Effects
from publisher.web import plan_view

Steps = Sequence[tuple[Event, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class SharedChange:
    """A change of a file that posts share, with its effects, before it is saved."""

    file: FileChange
    effects: Effects
    plan: Plan
    """What queueing the posts that are on the schedule changes then."""
    paths: Sequence[Path]
    """The drafts of those posts."""
    shown: str
    """The digest of all that a person is shown of it."""
    pending: Sequence[PlannedChange] = ()
    """Those of the plan's changes for whose posts the schedule differs from the draft already."""
    programme: Session | None = None
    records: Consents | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing else changes by it."""
        found = self.effects
        return not (found.dragged or found.problems or found.clashes or self.plan.changes)

    @property
    def is_risky(self) -> bool:
        """Whether a person must confirm that they have looked at it."""
        severe = any(note.severe for one in self.effects.dragged for note in one.notes)
        return severe or bool(self.plan.as_queued or self.pending) or plan_view.is_risky(self.plan)

    def carry_out(self, app: Application, actor: str, *, shown: str, sure: bool) -> str:
        """Save the file, and put on the schedule what follows: both or neither; returns the toast.

        `shown` is the digest of what the person has seen; a plain change needs none. Raises
        NotPossible if it is not that any more, UsageError if it must be confirmed, and what the
        ledger and the file raise.
        """
        if shown != self.shown and not (self.is_plain and not shown):
            raise _not_as_shown()
        if self.is_risky and not sure:
            message = _("Other things change with it, so you have to confirm it.")
            raise UsageError(message, hint=_("Look at what changes, then tick the box."))
        if not self.paths:
            app.file_changes.apply(self.file, actor)
            return _("Saved.")

        def agree(plan: Plan) -> None:
            if plan_view.digest(plan) != plan_view.digest(self.plan):
                raise _not_as_shown()

        done = app.planner.change(
            self.file, self.paths, actor=actor,
            programme=self.programme, records=self.records, agree=agree,
        )  # fmt: skip
        if not done.changes:
            return _("Saved. Nothing on the schedule changes.")
        what = formats.deliveries(len(done.changes))
        return _("Saved, and changed on the schedule: {what}.", what=what)

    def refusal(self, app: Application, actor: str) -> NotPermitted | None:
        """Why the person may not do this; None if they may."""
        return app.file_changes.refusal(actor, self.file.accounts, self.file.rank)


def prepared(
    app: Application,
    effects: Effects,
    *,
    file: str,
    data: bytes,
    steps: Steps,
    save: Callable[[], None],
    put_back: Callable[[], None],
    programme: Session | None = None,
    records: Consents | None = None,
    rank: Rank = Rank.MANAGER,
) -> SharedChange:
    """Plan what follows. `data` is what the file holds then; the others are as in FileChange."""
    posts = app.settings.posts
    paths = [posts / f"{one.after.id}.md" for one in effects.dragged if one.deliveries]
    plan = app.planner.plan(paths, programme=programme, records=records) if paths else Plan((), ())
    change = FileChange(file, steps, save, put_back, _accounts(effects, plan), rank)
    return SharedChange(
        change, effects, plan, paths, _digest(data, effects, plan), _pending(app, plan, paths),
        programme, records,
    )  # fmt: skip


def _pending(app: Application, plan: Plan, paths: Sequence[Path]) -> list[PlannedChange]:
    """The changes of posts that queueing would change without the new file as well."""
    before = app.planner.plan(paths).changes if plan.changes else ()
    known = {(change.post, change.account) for change in before}
    return [change for change in plan.changes if (change.post, change.account) in known]


def _accounts(effects: Effects, plan: Plan) -> Collection[str]:
    """The accounts of the posts that follow, queued or not."""
    following = [one for one in effects.dragged if not one.stays]
    return {
        *(account for one in following for account in one.accounts),
        *(change.account for change in plan.changes),
    }


def _digest(data: bytes, effects: Effects, plan: Plan) -> str:
    shown = [
        hashlib.sha256(data).hexdigest(),
        [_facts(one) for one in effects.dragged],
        [problem.message for problem in effects.problems],
        [(clash.account, clash.first, clash.second) for clash in effects.clashes],
        [delivery.id for delivery in plan.as_queued],
        plan_view.digest(plan),
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _facts(one: Dragged) -> list[object]:
    states = [(delivery.account, delivery.state) for delivery in one.deliveries]
    notes = [note.text for note in one.notes]
    return [one.after.id, _times(one.before), _times(one.after), states, notes, one.stays]


def _times(post: Post) -> list[str | None]:
    return [*map(formats.instant_text, (post.due_at, post.embargo_until)), post.held]


def _not_as_shown() -> NotPossible:
    message = _("What would change is no longer what you were shown.")
    return NotPossible(message, hint=_("Look at it again, then decide."))
