"""Preview of drafts: the data of the page, for each draft."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from publisher.base.formats import exact, span
from publisher.base.i18n import _
from publisher.drafts import rendering
from publisher.drafts.library import Library
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.values import Problem, Severity
from publisher.preview.account_view import Recipient, Recipients
from publisher.preview.mockups import Face
from publisher.preview.pictures import Pictures
from publisher.settings.settings import Settings

_LATEST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DraftPreview:
    """One draft on the page."""

    number: int
    id: str
    file: str
    heading: str
    notes: Sequence[str]
    """Notes about its time."""
    problems: Sequence[Problem]
    post: Post | None = None
    """None: it cannot be read."""
    leaves: str | None = None
    """When it goes out, in the session's zone; None for an unfinished one."""
    translations: Sequence[tuple[Post, int | None]] = ()
    """The drafts in other languages, with their numbers on the page; None: they are not on it."""
    recipients: Sequence[Recipient] = ()

    @property
    def errors(self) -> int:
        return sum(problem.severity is Severity.ERROR for problem in self.problems)

    @property
    def warnings(self) -> int:
        return len(self.problems) - self.errors


class Drafts:
    """Builds the previews of one page."""

    def __init__(
        self,
        settings: Settings,
        library: Library,
        problems: Sequence[Problem],
        standing: Mapping[tuple[str, str], Delivery],
        now: datetime,
        pictures: Pictures | None = None,
        faces: Mapping[str, Face] = MappingProxyType({}),
        *,
        one_clock: bool = False,
    ) -> None:
        """`pictures`: those that are cleaned already, if any. `faces`: by account, what its
        platform shows of it. `one_clock`: all times are in the session's zone, not in each
        account's own.
        """
        self._settings = settings
        self._library = library
        self._zone = library.session.zone
        self._accounts = settings.public_accounts()
        self._problems: defaultdict[str, list[Problem]] = defaultdict(list)
        for problem in problems:
            self._problems[problem.file].append(problem)
        self._recipients = Recipients(
            pictures or Pictures(), standing, self._zone, now, faces, one_clock
        )
        self._files = {f"posts/{name}.md" for name in library.broken}
        self._files |= {post.file for post in library.posts}

    def general(self) -> list[Problem]:
        """The problems outside drafts: of the session, the consents, and other files."""
        return [
            problem
            for file, found in self._problems.items()
            if file not in self._files
            for problem in found
        ]

    def views(self, chosen: Collection[str]) -> list[DraftPreview]:
        """The drafts of the page in the order in which they go out, unfinished ones last."""
        posts = sorted(
            (post for post in self._library.posts if post.id in chosen),
            key=lambda post: (post.not_before or _LATEST, post.id),
        )
        numbers = {post.id: number for number, post in enumerate(posts, 1)}
        unreadable = sorted(set(chosen) & self._library.broken - set(numbers))
        return [
            *(self._view(post, numbers) for post in posts),
            *(
                self._unreadable(name, number)
                for number, name in enumerate(unreadable, len(posts) + 1)
            ),
        ]

    def _view(self, post: Post, numbers: Mapping[str, int]) -> DraftPreview:
        leaves = post.not_before
        recipients, _problems = rendering.recipients(post, self._accounts)
        return DraftPreview(
            number=numbers[post.id],
            id=post.id,
            file=post.file,
            heading=post.first_words or post.id,
            notes=[*self._notes(post)],
            problems=self._problems[post.file],
            post=post,
            leaves=exact(leaves, self._zone) if leaves else None,
            translations=[
                (other, numbers.get(other.id)) for other in self._library.translations(post)
            ],
            recipients=[
                self._recipients.view(post, account, f"{numbers[post.id]}-{account.name}")
                for account in recipients
            ],
        )

    def _unreadable(self, post_id: str, number: int) -> DraftPreview:
        file = f"posts/{post_id}.md"
        return DraftPreview(
            number=number,
            id=post_id,
            file=file,
            heading=post_id,
            notes=[_("Nothing of it can be shown until its errors are fixed.")],
            problems=self._problems[file],
        )

    def _notes(self, post: Post) -> Iterator[str]:
        if post.at_once:
            yield _("It goes out when it is queued, and approved where approval is needed.")
        elif post.due_at is None:
            yield _("It has no time yet: it is checked, but never queued.")
        if post.held:
            yield _("It is held: {reason}.", reason=post.held)
        agenda = self._library.session.agenda
        if post.anchor:
            yield _(
                "Its time depends on {item}.", item=_item(agenda[post.anchor].title, post.anchor)
            )
        if post.due_at and post.embargo_until and post.embargo_until > post.due_at:
            yield _(
                "Its own time is {time}; the embargo ends later.",
                time=exact(post.due_at, self._zone),
            )
        elif post.embargo_until:
            yield _("Not before {time}, its embargo.", time=exact(post.embargo_until, self._zone))
        if post.due_at:
            expires = span(post.expires_after or self._settings.delivery.expires)
            yield _("Dropped if it is not out {span} after its time.", span=expires)


def _item(title: str | None, name: str) -> str:
    return _("“{title}” ({name})", title=title, name=name) if title else name
