"""Drafts of answers to readers: whom they answer, and nothing that the reader wrote."""

import re

from publisher.base.text import slug
from publisher.channels.registry import spec_of
from publisher.drafts import new_draft
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.model.accounts import Account

_HANDLE = re.compile(r"@[\w.-]{1,64}(?:@[\w.-]{1,253})?", re.ASCII)


def beginning(account: Account, author: str) -> str:
    """What the text begins with: the reader's handle, where they are told only by that.

    A name that is no plain handle is left out: it is the reader's text, and no part of ours.
    """
    is_named = spec_of(account.channel).replies.mentions and _HANDLE.fullmatch(author)
    return f"{author} " if is_named else ""


def name(account: Account) -> str:
    """What its file is called. Not by its words: these may begin with the reader's name."""
    return f"answer-{slug(account.name)}"


def draft(posts: DraftFiles, account: Account, comment: str, author: str) -> Manuscript:
    """A draft that answers a comment, without its words; its file is not made yet.

    It has no time: it must not go out with words that nobody wrote. And no author: whoever writes
    and queues the words is one, who may not approve them.
    """
    languages = [account.language] if account.language else []
    free = new_draft.free(name(account), posts.files, languages)
    ending = f".{account.language}" if account.language else ""
    file = new_draft.at(posts.posts, f"{free}{ending}")
    front = f"---\n{new_draft.no_time('now')}\n---\n".encode()
    made = Manuscript(file.path, file.file, front)
    made = made.with_words("to", [account.name]).with_value("answers", comment)
    return made.with_body(beginning(account, author))
