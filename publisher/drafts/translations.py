"""Stale translations: those whose source changed after they were committed."""

from collections.abc import Sequence
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import git_history
from publisher.drafts.git_history import Pair
from publisher.drafts.library import Library
from publisher.drafts.sections import position_key
from publisher.model.posts import Post
from publisher.model.problems import Flaw, problem
from publisher.model.values import Problem, Severity


def stale(library: Library, folder: Path, languages: Sequence[str]) -> list[Problem]:
    """A warning for each translation that was committed before its source's present text.

    The source is the draft in the first of `languages` that the group has; a group without one has
    no known source. `folder` is posts/.
    """
    posts = {post.file.removeprefix("posts/"): post for post in library.posts}
    pairs = (
        Pair(file, source.file.removeprefix("posts/"))
        for file, post in posts.items()
        if (source := _source(library, post, languages)) is not None and source is not post
    )
    return [_problem(posts[pair.translation], pair) for pair in git_history.outdated(folder, pairs)]


def _source(library: Library, post: Post, languages: Sequence[str]) -> Post | None:
    group = (post, *library.translations(post))
    if len(group) == 1:
        return None
    of = {member.lang: member for member in reversed(group)}
    return next((of[language] for language in languages if language in of), None)


def _problem(post: Post, pair: Pair) -> Problem:
    flaw = Flaw(
        "stale-translation",
        _(
            "posts/{source} has other words now than when this translation was written.",
            source=pair.source,
        ),
        _("Bring the translation up to date, and commit it."),
    )
    return problem(post.file, flaw, post.position(position_key("")), Severity.WARNING)
