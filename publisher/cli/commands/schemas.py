"""The command about JSON Schema: schema."""

from typing import Annotated, Literal, get_args

import typer

from publisher.base import files
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.cli.output import console

SchemaName = Literal["draft", "session", "consents", "settings", "secrets"]


def schema(
    context: typer.Context,
    kind: Annotated[
        SchemaName | None,
        typer.Argument(metavar="[KIND]", help="draft, session, consents, settings or secrets."),
    ] = None,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write all of them into the workspace, for editors.")
    ] = False,
) -> None:
    """Print the JSON Schema of a file that people write.

    Editors use it to complete and check. `publisher init` puts the schemas into .publisher/schema/,
    and `--write` brings them up to date after an update of Publisher.
    """
    from publisher.drafts import json_schema

    if write:
        folder = arguments.workspace(context) / json_schema.FOLDER
        hint = _("The workspace must be a folder that you can write to.")
        with files.file_errors(folder, hint):
            folder.mkdir(parents=True, exist_ok=True)
            for name in json_schema.SCHEMAS:
                (folder / f"{name}.json").write_text(json_schema.text(name), encoding="utf-8")
        console.print_prose(_("The schemas are in {folder}.", folder=folder))
    elif kind is None:
        hint = _(
            "Name one of {names}, or write all of them with --write.",
            names=", ".join(get_args(SchemaName)),
        )
        raise UsageError(_("Which file? Each has its own schema."), hint=hint)
    else:
        console.print_json(json_schema.schema(kind))
