"""Answers to readers as pages show them: the reader's comment, foreign, and what we answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.drafts import rendering, replying
from publisher.drafts.composition import Composition
from publisher.drafts.when import When
from publisher.ledger.comments.comment_pages import ShownComment
from publisher.ledger.comments.replies import AnsweredComment
from publisher.ledger.manager.rights import Person, Rank
from publisher.model.deliveries import Delivery
from publisher.model.events import Event
from publisher.model.posts import Post
from publisher.model.states import State
from publisher.planning import replies, replyable
from publisher.web import draft_view
from publisher.web.compose_form import ComposeForm
from publisher.web.draft_view import DraftView


@dataclass(frozen=True, slots=True)
class OurAnswer:
    """A post that answers a reader, or its draft."""

    post: str
    state: State | None = None
    """None: it is not queued."""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """What a post answers on its account; `comment` None: it is not here any more."""

    account: str
    comment: AnsweredComment | None
    others: Sequence[OurAnswer] = ()
    """What else is to answer it, or did."""


def begun(app: Application, person: Person, number: int) -> ComposeForm:
    """The form of an answer to a reader's comment.

    Raises NotPossible where it cannot be answered, and NotPermitted for whoever may not write.
    """
    seen = {
        name: account
        for name, account in app.settings.public_accounts().items()
        if app.rights.permits(person, Rank.STAFF, [name])
    }
    account, comment = replyable.find(seen, app.comment_pages, app.queries, number)
    app.edits.require(Event.DRAFT_MADE, person.name, frozenset([account.name]))
    return ComposeForm.of(
        Composition(
            to=(account.name,),
            when=When(kind="now"),
            lang=account.language or "",
            plain={"author": person.name, "answers": comment.id},
            texts={"": (replying.beginning(account, comment.author),)},
        )
    )


def of_form(
    app: Application, person: Person, form: ComposeForm, post: str | None
) -> AnsweredQuestion | None:
    """What the form of a post answers, for whoever may see it; None if it answers nothing."""
    answered = form.plain["answers"]
    if not answered:
        return None
    seen = _seen(app, person, form.account or ())
    return next((_question(app, one, answered, post) for one in seen), None)


def of_deliveries(
    app: Application, person: Person, deliveries: Sequence[Delivery]
) -> list[AnsweredQuestion]:
    """What these deliveries answer, for whoever may see it."""
    seen = set(_seen(app, person, [one.account for one in deliveries if one.answers]))
    its = [one for one in deliveries if one.account in seen]
    return [_question(app, one.account, one.answers, one.post) for one in its if one.answers]


def of_post(
    app: Application, person: Person, draft: DraftView | None, deliveries: Sequence[Delivery]
) -> list[AnsweredQuestion]:
    """What a post answers, or its draft if it is not queued."""
    if deliveries or draft is None or draft.post is None or not draft.post.answers:
        return of_deliveries(app, person, deliveries)
    accounts = draft_view.concerned(app, draft.post, deliveries)
    named, post = draft.post.answers, draft.post.id
    return [_question(app, one, named, post) for one in _seen(app, person, accounts)]


def has_readers(
    app: Application, person: Person, post: str, deliveries: Sequence[Delivery]
) -> bool:
    """Whether readers wrote below a post on an account whose readers the person reads."""
    accounts = _seen(app, person, [one.account for one in deliveries])
    page = app.comment_pages.page(1, accounts=accounts, post=post) if accounts else None
    return page is not None and bool(page.comments)


def given(
    app: Application, drafts: Mapping[str, Post], comments: Sequence[ShownComment]
) -> dict[int, list[OurAnswer]]:
    """What we answer to comments, by their numbers: posts of the ledger, then drafts.

    `drafts`: those that are there, by id.
    """
    keys = {one.id: (one.account, one.remote_id) for one in comments}
    queued = app.queries.answers_of([*keys.values()])
    waiting = _unqueued(app, drafts)
    return {
        one.id: [
            *(OurAnswer(d.post, d.state, d.url) for d in queued.get(keys[one.id], ())),
            *(
                OurAnswer(post.id)
                for post, to in waiting
                if post.answers in (one.remote_id, one.url) and one.account in to
            ),
        ]
        for one in comments
    }


def _unqueued(app: Application, drafts: Mapping[str, Post]) -> list[tuple[Post, Collection[str]]]:
    """The drafts of answers that are not queued, each with the accounts that it goes to."""
    found = {post.id: post for post in drafts.values() if post.answers}
    known = app.queries.known_posts(sorted(found))
    accounts = app.settings.public_accounts()
    return [
        (post, [one.name for one in rendering.recipients(post, accounts)[0]])
        for name, post in sorted(found.items())
        if name not in known
    ]


def _seen(app: Application, person: Person, accounts: Collection[str]) -> list[str]:
    """Those of the accounts whose readers a person reads."""
    return [one for one in accounts if app.rights.permits(person, Rank.STAFF, [one])]


def _question(app: Application, account: str, named: str, post: str | None) -> AnsweredQuestion:
    """The comment with this id or address, and what else than this post answers it."""
    comment = app.queries.comment(account, named)
    others = replies.others_to(app.queries, account, comment.id if comment else named, post)
    given = [OurAnswer(one.post, one.state, one.url) for one in others]
    return AnsweredQuestion(account, comment, given)
