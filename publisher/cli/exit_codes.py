"""The exit codes that scripts rely on, and what they mean: the one place that says it.

Errors carry theirs (`publisher.base.errors`): 1, 2 or 3.
"""

from publisher.base.i18n import later

INTERRUPTED = 130
BROKEN_PIPE = 141

MEANINGS = {
    0: later("Done."),
    1: later("Drafts or deliveries have problems, or what was asked is not possible."),
    2: later("The command was used wrongly."),
    3: later("The surroundings are wrong: no workspace, no broker, no database, no credentials."),
    INTERRUPTED: later("It was interrupted, or the answer to a question was no."),
    BROKEN_PIPE: later("Whoever read the output went away."),
}
"""What each code means; `publisher help exit-codes`, the man page and docs/commands.md show it."""
