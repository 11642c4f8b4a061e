"""The command correct: begins the correction of a post that is out."""

import typer

from publisher.base import files
from publisher.base.i18n import plural
from publisher.cli import arguments
from publisher.cli.options import DryRun, Json, Post, Reason
from publisher.cli.output import console


def correct(
    context: typer.Context,
    post: Post,
    *,
    reason: Reason = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Draft a correction of a post that is out, and of its translations.

    The draft has the words that are out, for you to change, and the accounts they are on. Queue and
    approve it like any other. Where the platform can do that, the new words replace the old ones;
    elsewhere, and for a thread, the correction goes out as a reply below the post. The reason is on
    record, and on the website's page.
    """
    from publisher.drafts import correcting
    from publisher.drafts.draft_files import DraftFiles
    from publisher.planning import correctable

    why = arguments.reason(reason, as_json=as_json)
    app = arguments.application(context)
    settings = app.settings
    drafts = DraftFiles(settings.posts)
    spoken = {one.language for one in settings.public_accounts().values() if one.language}
    wanted = correctable.find(
        app.queries, drafts, arguments.post(app, post), spoken, app.planner.plan
    )
    made = correcting.drafts(drafts, wanted, why, spoken)
    if not dry_run:
        for draft in (one for one in made.values() if not one.path.exists()):
            with files.file_errors(draft.path):
                draft.create()
    if as_json:
        console.print_json([
            {"corrects": one.post, "file": made[one.post].file, "accounts": [*one.accounts],
             "made": not dry_run}
            for one in wanted
        ])  # fmt: skip
        return
    for one in wanted:
        console.print_line(f"{made[one.post].file}  {', '.join(one.accounts)}")
    number = len(made)
    console.print_prose(
        plural("{number} draft would be made.", "{number} drafts would be made.", number)
        if dry_run
        else plural(
            "{number} draft was made. Change its words, then run `publisher queue`.",
            "{number} drafts were made. Change their words, then run `publisher queue`.",
            number,
        )
    )
