"""What the ledger has against the drafts, gathered as problems."""

from collections.abc import Collection, Sequence

from publisher.model.models import Post, Problem, Severity


class Problems:
    """The problems of one run, in the order in which they are found."""

    def __init__(self, found: Sequence[Problem]) -> None:
        """`found`: what was wrong with the drafts themselves."""
        self._found = list(found)
        self._of_drafts = frozenset(found)

    def error(self, post: Post, code: str, message: str, hint: str | None, at: str = "at") -> None:
        """`at`: the key in the front matter that it is about."""
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
        """A problem at the place of a key; mostly of the post's time."""
        place = post.position(at)
        self._found.append(
            Problem(
                file=post.file,
                line=place.line,
                column=place.column,
                severity=severity,
                code=code,
                message=message,
                hint=hint,
            )
        )

    def drop_advice(self, files: Collection[str]) -> None:
        """Forget the warnings that the drafts themselves gave rise to."""
        self._found = [
            problem
            for problem in self._found
            if problem.severity is Severity.ERROR
            or problem.file not in files
            or problem not in self._of_drafts
        ]

    def keep(self, problem: Problem) -> None:
        self._found.append(problem)

    @property
    def broken_files(self) -> set[str]:
        return {problem.file for problem in self._found if problem.severity is Severity.ERROR}

    def sorted(self) -> tuple[Problem, ...]:
        """By their place."""
        return tuple(sorted(self._found, key=lambda p: (p.file, p.line, p.column)))
