"""Problem collector of one planning run: those of the drafts, and those with the ledger."""

from collections.abc import Collection, Sequence

from publisher.model.posts import Post
from publisher.model.problems import Flaw, problem
from publisher.model.values import Problem, Severity


class Problems:
    """The problems of one run, in the order in which they were found."""

    def __init__(self, found: Sequence[Problem]) -> None:
        """`found`: the problems of the drafts themselves."""
        self._found = list(found)
        self._of_drafts = frozenset(found)

    def error(self, post: Post, code: str, message: str, hint: str | None, at: str = "at") -> None:
        """Add an error; `at`: the key of the front matter that it is about."""
        self.add(post, code, message, hint, Severity.ERROR, at)

    def warning(self, post: Post, code: str, message: str, hint: str) -> None:
        self.add(post, code, message, hint, Severity.WARNING)

    def add(
        self,
        post: Post,
        code: str,
        message: str,
        hint: str | None,
        severity: Severity,
        at: str = "at",
    ) -> None:
        """Add a problem at the position of a key, by default the post's time."""
        self.keep(problem(post.file, Flaw(code, message, hint), post.position(at), severity))

    def drop_advice(self, files: Collection[str]) -> None:
        """Drop the drafts' own warnings for these files."""
        self._found = [
            problem
            for problem in self._found
            if problem.severity is Severity.ERROR
            or problem.file not in files
            or problem not in self._of_drafts
        ]

    def soften(self, files: Collection[str]) -> None:
        """Make the errors of these files warnings: nothing of them is to be queued."""
        self._found = [
            one.model_copy(update={"severity": Severity.WARNING}) if one.file in files else one
            for one in self._found
        ]

    def keep(self, problem: Problem) -> None:
        self._found.append(problem)

    @property
    def broken_files(self) -> set[str]:
        return {problem.file for problem in self._found if problem.severity is Severity.ERROR}

    def files_with(self, code: str) -> set[str]:
        """The files with a problem of this code."""
        return {problem.file for problem in self._found if problem.code == code}

    def sorted(self) -> tuple[Problem, ...]:
        """The problems, sorted by file, line and column."""
        return tuple(sorted(self._found, key=lambda p: (p.file, p.line, p.column)))
