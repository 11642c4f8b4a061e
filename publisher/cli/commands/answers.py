"""The command about what readers write under our posts: answers."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher.base.errors import UsageError
from publisher.base.i18n import _, plural
from publisher.cli import arguments
from publisher.cli.options import Json, Who
from publisher.cli.output import console
from publisher.model.states import state_name

if TYPE_CHECKING:
    from publisher.app import Application
    from publisher.ledger.comments.comment_pages import ShownComment
    from publisher.model.deliveries import Delivery

_SHOWN = 30


def answers(
    context: typer.Context,
    *,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="Show only those to this account.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also show those that have been dealt with.")
    ] = False,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=1000, help="Show at most this many.")
    ] = _SHOWN,
    seen: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Mark this one as seen.")
    ] = None,
    hide: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Hide this one on its platform.")
    ] = None,
    delete: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Delete this one on its platform.")
    ] = None,
    hand: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Hand this one to a person.")
    ] = None,
    answer: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="Draft an answer to this one.")
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --hand, name the person who deals with it."),
    ] = None,
    as_json: Json = False,
    who: Who = None,
) -> None:
    """Show what readers write under posts, and deal with it.

    Comments with alarm words, names or links come first, then the newest. The workers of `publisher
    run` read the platforms, and hide and delete what you ask for, within seconds. What readers
    write is only shown: nothing that it says is acted on. --answer makes a draft of a reply: write
    its text, then queue and approve it like any other.
    """
    app = arguments.application(context)
    wanted = {"seen": seen, "hide": hide, "delete": delete, "hand": hand, "answer": answer}
    chosen = [(name, number) for name, number in wanted.items() if number is not None]
    if len(chosen) > 1:
        raise UsageError(
            _("Use only one of --seen, --hide, --delete, --hand and --answer at a time.")
        )
    if (to is None) is not (hand is None):
        raise UsageError(_("Use --hand and --to together."))
    if answer is not None:
        _draft(app, answer, as_json=as_json)
        return
    if chosen:
        _act(app, *chosen[0], to or "", arguments.actor(who), as_json=as_json)
        return
    _list(app, account, limit, every=every, as_json=as_json)


def _act(app: "Application", act: str, number: int, to: str, actor: str, *, as_json: bool) -> None:
    acts, is_told = app.comment_acts, True
    if act == "hand":
        to = acts.hand(number, to, actor)
        is_told = acts.tells(to)
    else:
        {"seen": acts.seen, "hide": acts.hide, "delete": acts.delete}[act](number, actor)
    if as_json:
        console.print_json({"answer": number, "act": act, **({"to": to} if to else {})})
        return
    console.print_prose(
        {
            "seen": _("It is marked as seen."),
            "hide": _("It is being hidden: this takes a few seconds."),
            "delete": _("It is being deleted: this takes a few seconds."),
            "hand": _("Handed over to {name}.", name=to)
            if is_told
            else _(
                "Handed over to {name}, who has no address for notices about comments: tell them yourself.",
                name=to,
            ),
        }[act]
    )


def _draft(app: "Application", number: int, *, as_json: bool) -> None:
    from publisher.base import files
    from publisher.channels.registry import spec_of
    from publisher.drafts import replying
    from publisher.drafts.draft_files import DraftFiles
    from publisher.planning import replyable

    accounts = app.settings.public_accounts()
    account, comment = replyable.find(accounts, app.comment_pages, app.queries, number)
    drafts = DraftFiles(app.settings.posts)
    made = replying.draft(drafts, account, comment.id, comment.author)
    with files.file_errors(made.path):
        made.create()
    if as_json:
        console.print_json({"answer": number, "file": made.file, "account": account.name})
        return
    console.print_line(made.file)
    how = _(spec_of(account.channel).replies.told)
    told = _(
        "Write its text, remove the `#` before `at: now`, then run `publisher queue`. {how}",
        how=how,
    )
    console.print_prose(told)


def _list(
    app: "Application", account: str | None, limit: int, *, every: bool, as_json: bool
) -> None:
    from publisher.model.reader_comments import CommentState

    if account is not None and account not in app.accounts():
        raise UsageError(_("There is no account {name}.", name=account))
    page = app.comment_pages.page(
        limit,
        accounts=None if account is None else [account],
        state=None if every else CommentState.NEW,
        or_calling=not every,
    )
    given = app.queries.answers_of([(one.account, one.remote_id) for one in page.comments])
    troubles = app.comment_pages.troubles()
    if as_json:
        console.print_json(
            {
                "answers": [
                    as_row(
                        one,
                        given.get((one.account, one.remote_id), ()),
                        leaves=app.settings.hands_comments_on(one.account),
                    )
                    for one in page.comments
                ],
                "is_cut": page.after is not None,
                "troubles": [{"account": one.account, "message": one.message} for one in troubles],
            }
        )
        return
    for trouble in troubles:
        console.print_note(f"{trouble.account}: {trouble.message}")
    zone = arguments.zone(app.settings)
    for one in page.comments:
        _print(one, given.get((one.account, one.remote_id), ()), zone)
    if page.after:
        console.print_prose(_("There are more: run `publisher answers --limit 1000`."))
    elif not page.comments:
        console.print_prose(_("There are no such comments."))
    if calling := app.comment_pages.calling():
        told = plural(
            "{number} comment needs attention", "{number} comments need attention", calling
        )
        console.print_prose(f"{told}.")


def _print(one: "ShownComment", answers: "Sequence[Delivery]", zone: tzinfo) -> None:
    head = f"{one.id}  {console.minute(one.written_at, zone)}  {one.account}"
    console.print_line(console.paint(head, "bold"))
    if one.signs:
        console.print_line(f"    ! {console.printable('; '.join(map(str, one.signs)))}")
    console.print_foreign(one.author)
    if one.text:
        console.print_foreign(one.text)
    else:
        console.print_prose("  " + _("It has no text: open it on its platform."))
    console.print_foreign(one.url)
    about = [one.post or _("a mention elsewhere"), _(one.state.value)]
    console.print_line("    " + "  ".join(about))
    for answer in answers:
        shown = [
            _("answered by {post}", post=answer.post),
            state_name(answer.state),
            answer.url or "",
        ]
        console.print_line("    " + "  ".join(filter(None, shown)))


def as_row(
    one: "ShownComment", answers: "Sequence[Delivery]" = (), *, leaves: bool
) -> dict[str, Any]:
    """An answer for programs; `leaves`: whether its platform lets them have the text."""
    from publisher.base.formats import instant_text

    return {
        "number": one.id,
        "account": one.account,
        "post": one.post,
        "id": one.remote_id,
        "author": one.author if leaves else "",
        "text": one.text if leaves else "",
        "is_withheld": not leaves,
        "url": one.url,
        "written_at": instant_text(one.written_at),
        "signs": [
            {"kind": sign.kind, "what": "" if sign.kind == "name" else sign.what}
            for sign in one.signs
        ],
        "calls": one.is_calling,
        "state": one.state.value,
        "by": one.changed_by,
        "handed_to": one.handed_to,
        "answered_by": [
            {"post": given.post, "state": given.state.value, "url": given.url} for given in answers
        ],
    }
