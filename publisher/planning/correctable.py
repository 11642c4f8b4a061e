"""What can be corrected: a post and its translations that are out, each with its draft."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from publisher.base.errors import NoSuchPost, NotPossible
from publisher.base.i18n import _
from publisher.channels.registry import spec_of
from publisher.drafts import recurrence
from publisher.drafts.correcting import Correcting
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.ledger.corrections import target_of
from publisher.ledger.reading.queries import Queries
from publisher.model.content import Content
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.planning.plan import Plan


def find(
    queries: Queries,
    drafts: DraftFiles,
    post: str,
    spoken: Collection[str],
    plan: Callable[[Sequence[Path]], Plan],
) -> list[Correcting]:
    """The post, or what it corrects, and its translations that are out.

    `plan` compares drafts with the ledger: one that changed since it went out does not say what is
    out. Raises NotPossible if it is not out, or has no draft to begin with.
    """
    deliveries = queries.standing([post], and_under_way=False)
    if not deliveries:
        raise NoSuchPost(_("There is no post {post} on the schedule or in the history.", post=post))
    original = next((one.corrects for one in deliveries if one.corrects), post)
    files = {file.id: file for file in drafts.files}
    if original not in files:
        message = _(
            "{post} no longer has a draft with which its correction could begin.", post=original
        )
        hint = _("Write a draft with `corrects: {post}` and a `reason`.", post=original)
        raise NotPossible(message, hint=hint)
    names = [file.id for file in recurrence.versions(drafts, original, spoken)]
    found = []
    for name in names:
        out = [one for one in queries.standing([name], and_under_way=False) if is_correctable(one)]
        if out:
            words = files[next((n for n in _newest_first(queries, name) if n in files), name)]
            says = _words_out(queries, out) if _has_changed(plan([words.path]), words) else {}
            found.append(Correcting(name, words, [one.account for one in out], says))
    if not any(one.post == original for one in found):
        message = _("{post} is not out, so there is nothing to correct.", post=original)
        hint = _("If it is not out yet, change it in its own draft.")
        raise NotPossible(message, hint=hint)
    return found


def is_correctable(delivery: Delivery) -> bool:
    """Whether it is out, whole, and nobody withdraws it; an answer that is a comment is not."""
    is_out = delivery.state is State.PUBLISHED and delivery.withdrawn_ids is None
    return is_out and not is_comment(delivery.channel, delivery.content)


def is_comment(channel: str, content: Content) -> bool:
    """Whether it is a comment there, which no channel edits, and no post."""
    return content.answers is not None and spec_of(channel).replies.longest is not None


def _has_changed(plan: Plan, draft: DraftFile) -> bool:
    """Whether a draft says something else than went out, or cannot be read any more."""
    differs = any(change.post == draft.id for change in plan.beyond)
    return differs or any(problem.file == draft.file for problem in plan.errors)


def _words_out(queries: Queries, originals: Sequence[Delivery]) -> Mapping[str, Content]:
    """What is out now, by account."""
    edits = queries.corrections([originals[0].post])
    return {
        one.account: target_of(one, [edit for edit in edits if edit.account == one.account]).content
        for one in originals
    }


def _newest_first(queries: Queries, post: str) -> Sequence[str]:
    """Its corrections that are out, the newest first."""
    out = [one for one in queries.corrections([post]) if one.state is State.PUBLISHED]
    return list(dict.fromkeys(one.post for one in reversed(out)))
