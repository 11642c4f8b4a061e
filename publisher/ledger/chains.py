"""Chains of the history that are about no delivery: a draft's, and an account's answers.

Each has a name in the place of an account's.
"""

_FOLDER, _ENDING = "posts/", ".md"


def file_of(post: str) -> str:
    """The `account` of the steps about a post's draft."""
    return f"{_FOLDER}{post}{_ENDING}"


def post_of(account: str) -> str:
    """The post of such an `account`."""
    return account.removeprefix(_FOLDER).removesuffix(_ENDING)


def chain_of(account: str, post: str | None) -> str:
    """The chain that steps about a reader's comment are in: its post's draft's."""
    return file_of(post) if post else f"answers/{account}"
