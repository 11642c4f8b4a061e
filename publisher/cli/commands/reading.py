"""The command read: a person reads whole what a program wrote, so that it can be queued."""

import sys

import typer

from publisher.base.errors import FileChanged, NoSuchPost, UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.options import Post, Who
from publisher.cli.output import console


def read(context: typer.Context, post: Post, *, who: Who = None) -> None:
    """Read a draft that a program wrote, and confirm that you have.

    What a program makes or changes waits until a person has read all of it: `queue` leaves it out.
    This shows the whole file and asks; no option answers. Saving or submitting it on the pages
    counts too, and so does approving what a program asked you to approve.
    """
    from publisher.drafts import editing, rendering
    from publisher.drafts.draft_files import DraftFiles
    from publisher.planning import unread

    app = arguments.application(context)
    name = arguments.post_id(post, app.settings.posts)
    file = next((one for one in DraftFiles(app.settings.posts).files if one.id == name), None)
    if file is None:
        raise NoSuchPost(_("{name} has no draft.", name=name))
    marks = app.queries.unread_drafts()
    mark = unread.find([file.file], marks, app.settings.workspace).get(file.file)
    if mark is None:
        console.print_prose(_("No program has changed it since a person read it: nothing to do."))
        return
    draft = editing.read(file)
    heading = _("{file}, written by {who}:", file=file.file, who=mark.by)
    console.print_prose(console.paint(console.printable(heading), "bold"))
    console.print_foreign(draft.text)
    if not sys.stdin.isatty():
        raise UsageError(
            _("A person has to read it, and there is nobody to answer."),
            hint=_("Run this at a terminal, or read it on its page in the browser."),
        )
    arguments.confirm(_("Have you read all of it, and may it go out?"))
    found = app.checks.read(app.settings, [file.path]).post(name)
    named = rendering.recipients(found, app.settings.public_accounts())[0] if found else ()
    accounts = {*(one.name for one in named)}
    accounts |= {one.account for one in app.queries.deliveries(post=name)}

    def look() -> None:
        if editing.read(file).digest != draft.digest:
            raise FileChanged(_("Someone else changed {file} in the meantime.", file=file.file))

    app.edits.read(name, draft.digest, arguments.actor(who), accounts, look=look)
    console.print_prose(_("It counts as read now. `publisher queue` puts it on the schedule."))
