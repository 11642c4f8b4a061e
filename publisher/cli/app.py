"""The one list of commands, each with the example that its help shows.

Nothing that takes long to import is imported here or at the top of the files that hold the
commands: `publisher --help` answers at once.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from publisher import version
from publisher.base.i18n import _, later
from publisher.cli import arguments, help_texts, sandbox_option, suggestions, usage_errors
from publisher.cli.commands import (
    agenda,
    answers,
    approval,
    backups,
    calendars,
    connecting,
    control,
    correcting,
    deliveries,
    doctor,
    drafts,
    figures,
    helping,
    holds,
    html_pages,
    imports,
    log_ins,
    programs,
    reading,
    record,
    repeating,
    running,
    schemas,
    services,
    starting,
    tokens,
    users,
    withdraw,
    workspaces,
)
from publisher.cli.output import console

if TYPE_CHECKING:
    from typer.core import TyperGroup

application = typer.Typer(
    cls=suggestions.Group,
    suggest_commands=False,  # Typer's are in English, and by the letters alone
    # Plain help: Rich's takes three times as long to appear, and reads worse in docs/commands.md.
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if wanted:
        console.print_line(f"publisher {version()}")
        raise typer.Exit


@application.callback(
    epilog="\b\nA first round, in the browser or step by step:\n"
    "  publisher start\n"
    "\n\b\n"
    "  publisher init campaign\n"
    "  cd campaign\n"
    '  publisher new "We are in Geneva" --to all\n'
    "  publisher check\n"
    "  publisher queue\n"
    "  publisher run"
)
def _workspace(
    context: typer.Context,
    *,
    workspace: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            envvar=arguments.WORKSPACE_VARIABLE,
            help="Work in this folder, instead of the nearest one with a publisher.toml.",
        ),
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox",
            help="Use this workspace's sandbox, which has a ledger of its own: nothing is public.",
        ),
    ] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Publish posts on social networks and websites, each at its time.

    Drafts are text files in posts/. `check` finds what is wrong with them, `queue` puts them on the
    schedule, `run` publishes them, and `status`, `log` and `history` show what became of them.
    """
    del version
    context.obj = workspace
    source = context.get_parameter_source("workspace")
    is_typed = source is not None and source.name == "COMMANDLINE"
    console.propose_with_workspace(workspace if is_typed else None)
    sandbox_option.begin(context.invoked_subcommand, wanted=sandbox)


SECTIONS = {
    later("Write"): ("new", "repeat", "check", "count", "preview", "import", "schema"),
    later("Schedule"): ("plan", "queue", "agenda", "calendar"),
    later("Approve"): ("approve", "reject", "read"),
    later("Watch"): ("status", "answers", "log", "history", "figures", "report"),
    later("Stop and correct"): (
        "pause", "resume", "hold", "release", "cancel", "correct", "withdraw", "retry",
        "resolve", "acknowledge",
    ),
    later("Run"): ("start", "run", "web", "mcp", "sandbox", "rehearse"),
    later("Administer"): (
        "init", "connect", "user", "doctor", "notify", "migrate", "backup", "restore", "service",
    ),
    later("Learn"): ("help", "completion"),
}  # fmt: skip
"""All commands as the help lists them."""


def _add(
    command: Callable[..., Any],
    *examples: str,
    to: typer.Typer = application,
    name: str | None = None,
) -> None:
    to.command(name, cls=help_texts.Command, epilog=_examples(examples))(command)


def _group(name: str, *examples: str, **options: Any) -> typer.Typer:
    """A command that has others below it."""
    group = typer.Typer(cls=suggestions.Group, suggest_commands=False, rich_markup_mode=None)
    application.add_typer(group, name=name, epilog=_examples(examples), **options)
    return group


def _examples(examples: Sequence[str]) -> str:
    heading = "Example:" if len(examples) == 1 else "Examples:"
    lines = "\n".join(f"  {example}" for example in examples)
    return f"\b\n{heading}\n{lines}"


_add(starting.start, "publisher start", "publisher start campaign --no-browser")
_add(
    workspaces.init,
    "publisher init campaign",
    "publisher init lima --account lima-x=twitter --account lima-blog=wordpress",
)
_add(
    drafts.new,
    'publisher new "We are in Geneva"',
    'publisher new "Journée annuelle" --at "2016-03-07 08:30" --to all --lang fr',
)
_add(
    repeating.repeat,
    "publisher repeat 2016-02-29-ouverture.fr --on sitting --at 08:30 --dry-run",
    'publisher repeat templates/agenda.en --on weekdays --at "first - 30m"',
    "publisher repeat bilan.es --on friday --at 18:00 --until 2016-03-18",
)
_add(
    imports.bring,
    "publisher import plan.xlsx --to bice-x --dry-run",
    "publisher import plan.csv --column text=Accroche --dates day-first",
    "publisher import bulk.csv --from hootsuite",
    name="import",
)
_add(
    drafts.check,
    "publisher check",
    "publisher check posts/2016-03-07-annual-day.fr.md",
    "publisher check --format github",
)
_add(
    drafts.count,
    "publisher count posts/2016-03-07-annual-day.fr.md",
    'echo "Bonjour de Genève" | publisher count - --channel twitter',
    "publisher count posts/2016-03-07-annual-day.fr.md --split",
)
_add(schemas.schema, "publisher schema session", "publisher schema --write")
_add(
    html_pages.preview,
    "publisher preview posts/2016-03-07-annual-day.fr.md --open",
    "publisher preview posts --output preview.html",
)
_add(deliveries.plan, "publisher plan", "publisher plan posts/lima")
_add(deliveries.queue, "publisher queue", "publisher queue posts/lima --as redaction")
_add(
    approval.approve,
    "publisher approve",
    "publisher approve 2016-03-07-annual-day.fr --as direction",
)
_add(
    approval.reject,
    'publisher reject 2016-03-07-annual-day.fr --reason "the figure is of 2014"',
)
_add(deliveries.status, "publisher status", "publisher status --all")
_log = _group(
    "log",
    "publisher log --since 2016-03-07 --until 2016-03-08",
    "publisher log --state failed",
    "publisher log --format csv > log.csv",
    callback=deliveries.log,
    invoke_without_command=True,
    subcommand_metavar="[verify|archive]",
)
_add(
    answers.answers,
    "publisher answers",
    "publisher answers --hide 12",
    "publisher answers --hand 12 --to NAME",
)
_add(record.verify, "publisher log verify", to=_log)
_add(record.archive, "publisher log archive", "publisher log archive --months 24 --yes", to=_log)
_agenda = _group(
    "agenda",
    "publisher agenda list",
    help="Move, cancel, import and export the programme that posts hang on.",
    no_args_is_help=True,
)
_add(agenda.list_items, "publisher agenda list", to=_agenda, name="list")
_add(
    agenda.move,
    'publisher agenda move annual-day --to "2016-03-08 09:00"',
    "publisher agenda move annual-day annual-day-morning --by 1d",
    "publisher agenda move closing --by -45m --keep-end",
    to=_agenda,
)
_add(agenda.cancel, "publisher agenda cancel partners-meeting", to=_agenda)
_add(agenda.restore, "publisher agenda restore partners-meeting", to=_agenda)
_add(
    calendars.import_file,
    "publisher agenda import programme.ics --dry-run",
    "publisher agenda import programme.ics --timezone Europe/Zurich",
    to=_agenda,
    name="import",
)
_add(calendars.export, "publisher agenda export --output agenda.ics", to=_agenda)
_add(calendars.calendar, "publisher calendar --output posts.ics")
_add(deliveries.history, "publisher history 2016-03-07-annual-day.fr")
_add(
    figures.figures,
    "publisher figures 2016-03-07-annual-day.fr",
    "publisher figures --since 2016-03-07 --account bice-x",
)
_add(
    html_pages.report,
    "publisher report --open",
    "publisher report --since 2016-03-07 --output week.html",
)
_add(
    control.pause,
    'publisher pause --reason "the programme has changed"',
    'publisher pause --account bice-x --reason "wrong picture"',
)
_add(control.resume, "publisher resume", "publisher resume --account bice-x")
_add(
    control.cancel,
    "publisher cancel 2016-03-07-annual-day.fr",
    'publisher cancel lima/opening.es --account lima-x --reason "said already"',
)
_add(reading.read, "publisher read 2016-03-07-annual-day.fr")
_add(
    holds.hold,
    'publisher hold 2016-03-07-annual-day.fr --reason "to be checked"',
)
_add(holds.release, "publisher release 2016-03-07-annual-day.fr")
_add(control.retry, "publisher retry 2016-03-07-annual-day.fr --account bice-x")
_add(
    control.resolve,
    "publisher resolve 2016-03-07-annual-day.fr --published 707123456789",
)
_add(holds.acknowledge, "publisher acknowledge 2016-03-07-annual-day.fr --account bice-x")
_add(
    correcting.correct,
    'publisher correct 2016-03-07-annual-day.fr --reason "the figure is wrong"',
)
_add(
    withdraw.withdraw,
    'publisher withdraw 2016-03-07-annual-day.fr --reason "the figure is wrong"',
    'publisher withdraw --consent abidjan-2016 --reason "the family asked for it"',
)
_add(running.run, "publisher run", "publisher run --until-idle --no-web")
_add(running.web, "publisher web", "publisher web --host 0.0.0.0 --port 8000")
_add(
    programs.mcp,
    "PUBLISHER_TOKEN=publisher_… publisher mcp",
    "publisher mcp --http 8090",
)
_user = _group(
    "user",
    "publisher user add direction --role manager --language fr",
    help="Manage who can log in to the web pages.",
    no_args_is_help=True,
)
_add(users.add, "publisher user add direction --role manager --language fr", to=_user)
_add(users.rights, "publisher user rights lima --role manager --organisation Lima", to=_user)
_add(users.enable, "publisher user enable direction redaction", to=_user)
_add(log_ins.unlock, "publisher user unlock direction", to=_user)
_add(users.list_people, "publisher user list", to=_user, name="list")
_add(users.remove, "publisher user remove direction", to=_user)
_add(log_ins.password, "publisher user password direction", to=_user)
_add(log_ins.factors, "publisher user factors direction", to=_user)
_add(log_ins.sessions, "publisher user sessions direction --revoke", to=_user)
_add(
    tokens.token,
    "publisher user token redaction --make n8n --scope read --organisation Lima",
    "publisher user token redaction --end 3",
    to=_user,
)
_add(running.sandbox, "publisher sandbox", "publisher sandbox --port 0")
_add(running.rehearse, "publisher rehearse", "publisher rehearse --speed 1200")
_add(
    connecting.connect,
    "publisher connect bice-x",
    "publisher connect lima-page --channel facebook",
    "publisher connect bice-x --check",
)
_add(doctor.doctor, "publisher doctor", "publisher doctor --offline")
_add(running.notify, "publisher notify")
_add(running.migrate, "publisher migrate")
_service = _group(
    "service",
    "sudo publisher service install",
    help="Run Publisher as a service on this machine.",
    no_args_is_help=True,
)
_add(
    services.install,
    "sudo publisher service install",
    "publisher service install --several --user publisher --output units",
    to=_service,
)
_add(
    backups.backup,
    "publisher backup ../ledger-2016-03-07.db",
    "publisher backup /var/backups/publisher --keep 14",
)
_add(
    backups.restore,
    "publisher restore ../ledger-2016-03-07.db",
    "publisher restore --in-place",
)
_add(
    helping.help_,
    "publisher help",
    "publisher help agenda move",
    "publisher help draft",
    name="help",
)
_add(
    helping.completion_,
    "source <(publisher completion bash)",
    "publisher completion zsh > ~/.zfunc/_publisher",
    "publisher completion fish > ~/.config/fish/completions/publisher.fish",
    name="completion",
)


def command() -> "TyperGroup":
    """The whole command line, ready to run, in the language that is spoken."""
    group = bare_command()
    help_texts.translate(group)
    return group


def bare_command() -> "TyperGroup":
    """The same as it is written here, in English."""
    group: TyperGroup = typer.main.get_command(application)  # type: ignore[assignment]
    group.commands = {name: group.commands[name] for names in SECTIONS.values() for name in names}
    group.sections = SECTIONS  # type: ignore[attr-defined]
    return group


def explain_usage(error: typer.TyperException) -> int:
    """Say what was wrong with the command line; the result is the exit code."""
    context = getattr(error, "ctx", None)
    name = context.command_path if context else "publisher"
    message = error.format_message()
    if message.startswith(_("Usage: ")):  # no command at all: the help is the message
        console.print_line(message)
        return 2
    hint = _("`{command} --help` shows how to use it.", command=name)
    for option in ("--workspace DIR", "--sandbox"):
        if option.split()[0] in message and name != "publisher":
            hint = _(
                "This option goes before the command: publisher {option} {command} …",
                option=option,
                command=name.split()[-1],
            )
    console.print_error(usage_errors.translated(message), getattr(error, "hint", None) or hint)
    return 2
