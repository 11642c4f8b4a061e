"""Drafts of corrections: what is out, with its words to be changed, and the reason."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from publisher.drafts import editing, new_draft
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.drafts.editing import Manuscript

_OF_THE_ORIGINAL = ("embargo", "repeat", "expires", "author")
"""Keys that a correction does not take over: it goes out as soon as it is approved, and its author
is whoever writes it.
"""


class Correcting(NamedTuple):
    """A post that is out, and is to be corrected."""

    post: str
    """The original."""
    words: DraftFile
    """The draft with the words that are out: its own, or that of its newest correction."""
    accounts: Sequence[str]
    """Where it is out."""


def drafts(
    posts: DraftFiles, wanted: Sequence[Correcting], reason: str, spoken: Collection[str]
) -> Mapping[str, Manuscript]:
    """The drafts of corrections, by the posts that they correct; their files are not made yet.

    `spoken`: the languages of the accounts. Raises NotPossible for a draft that only a person can
    edit.
    """
    base, _language = split_language(wanted[0].post, spoken)
    name = PurePosixPath(base).name
    folder = new_draft.folder_of_copies(wanted[0].post)
    free = new_draft.free(f"{folder}{name}-correction", posts.files, spoken)
    made = {}
    for one in wanted:
        suffix = one.post.removeprefix(split_language(one.post, spoken)[0])
        file = new_draft.at(posts.posts, f"{free}{suffix}")
        revised = _corrected(editing.read(one.words), one, reason)
        made[one.post] = Manuscript(file.path, file.file, revised.data)
    return made


def _corrected(draft: Manuscript, one: Correcting, reason: str) -> Manuscript:
    for key in _OF_THE_ORIGINAL:
        draft = draft.without(key)
    draft = draft.with_value("at", "now").with_words("to", [*one.accounts])
    return draft.with_value("corrects", one.post).with_value("reason", reason)
