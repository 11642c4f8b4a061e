"""Drafts of corrections: what is out, with its words to be changed, and the reason."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

from publisher.base import files
from publisher.drafts import editing, new_draft
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFile, DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.model.content import Content

_OF_THE_ORIGINAL = ("embargo", "repeat", "expires", "author", "answers")
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
    says: Mapping[str, Content] = MappingProxyType({})
    """What is out, by account, if `words` says something else by now."""


def drafts(
    posts: DraftFiles, wanted: Sequence[Correcting], reason: str, spoken: Collection[str]
) -> Mapping[str, Manuscript]:
    """The drafts of corrections, by the posts that they correct; their files are not made yet.

    But for those that somebody made just so, and nobody has changed since: a second tap finds the
    drafts of the first. `spoken`: the languages of the accounts. Raises NotPossible for a draft
    that only a person can edit.
    """
    base, _language = split_language(wanted[0].post, spoken)
    name = PurePosixPath(base).name
    folder = new_draft.folder_of_copies(wanted[0].post)
    free = new_draft.free(f"{folder}{name}-correction", posts.files, spoken)
    begin = f"{folder}{name}-correction".casefold()
    alike = [one.id for one in posts.files if one.id.casefold().startswith(begin)]
    known = dict.fromkeys(split_language(one, spoken)[0] for one in alike)
    revised = {one.post: _corrected(editing.read(one.words), one, reason) for one in wanted}
    for made in (_at(posts, base, revised, spoken) for base in known):
        if all(posts.ids.has(_id_of(one)) and _is_stored(one) for one in made.values()):
            return made
    return _at(posts, free, revised, spoken)


def _at(
    posts: DraftFiles, base: str, revised: Mapping[str, Manuscript], spoken: Collection[str]
) -> Mapping[str, Manuscript]:
    """The drafts under the name of `base`, each with the language of its post."""
    made = {}
    for post, draft in revised.items():
        suffix = post.removeprefix(split_language(post, spoken)[0])
        file = new_draft.at(posts.posts, f"{base}{suffix}")
        made[post] = Manuscript(file.path, file.file, draft.data)
    return made


def _id_of(draft: Manuscript) -> str:
    return draft.file.removeprefix("posts/").removesuffix(".md")


def _is_stored(draft: Manuscript) -> bool:
    with files.file_errors(draft.path):
        return draft.path.read_bytes() == draft.data


def _corrected(draft: Manuscript, one: Correcting, reason: str) -> Manuscript:
    for key in _OF_THE_ORIGINAL:
        draft = draft.without(key)
    if one.says:
        draft = _with_words(draft, one.says)
    draft = draft.with_value("at", "now").with_words("to", [*one.accounts])
    return draft.with_value("corrects", one.post).with_value("reason", reason)


def _with_words(draft: Manuscript, says: Mapping[str, Content]) -> Manuscript:
    """The draft with the words that are out, and a section where an account has others."""
    link = str(draft.value("link") or "")
    bodies = {account: _body(content, link) for account, content in says.items()}
    common, _number = Counter(bodies.values()).most_common(1)[0]
    others = [f"## {name}\n{body}" for name, body in bodies.items() if body != common]
    title = next(iter(says.values())).title
    draft = draft.with_value("title", title) if title else draft.without("title")
    return draft.with_body("\n\n".join([common, *others]) + "\n")


def _body(content: Content, link: str) -> str:
    """Its words as a draft has them: without the link that a channel adds to them."""
    *parts, last = [part.text for part in content.parts if not part.is_comment]
    return "\n\n---\n\n".join([*parts, last.removesuffix(link).rstrip()])
