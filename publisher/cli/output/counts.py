"""Numbers of things in words: `1 draft`, `2 drafts`, `no drafts`."""

from publisher.base.i18n import _, plural


def approvals(number: int) -> str:
    return plural("{number} approval", "{number} approvals", number)


def breaks(number: int) -> str:
    return plural("{number} break", "{number} breaks", number)


def deliveries(number: int) -> str:
    return (
        plural("{number} delivery", "{number} deliveries", number) if number else _("no deliveries")
    )


def drafts(number: int) -> str:
    return plural("{number} draft", "{number} drafts", number) if number else _("no drafts")


def errors(number: int) -> str:
    return plural("{number} error", "{number} errors", number)


def files(number: int) -> str:
    return plural("{number} file", "{number} files", number)


def posts(number: int) -> str:
    return plural("{number} post", "{number} posts", number) if number else _("no posts")


def problems(number: int) -> str:
    return plural("{number} problem", "{number} problems", number)


def steps(number: int) -> str:
    return plural("{number} step", "{number} steps", number) if number else _("no steps")


def warnings(number: int) -> str:
    return plural("{number} warning", "{number} warnings", number)
