"""Problems in content: their codes, and the collection of those of one file."""

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple, get_args

from publisher.model.values import Advice, Position, Problem, Severity

CODES: dict[str, str] = {
    # Files
    "unreadable": "The file or folder cannot be read.",
    "too-many-problems": "The file has more problems of one kind than are shown.",
    "file-too-big": "The draft is bigger than 200 kB, or another text file bigger than 1 MB.",
    "encoding": "The file is not UTF-8 text.",
    "invalid-character": "The text contains a control character or one that no platform accepts.",
    "outside-posts": "The draft is a symbolic link that leads out of posts/.",
    "repository": "git takes a folder in posts/ for a repository of its own, and would run what it says.",
    "var-in-git": "git has something of `var`, which is Publisher's own.",
    "python-module": "A file beside publisher.toml has the name of a module of Python.",
    "symbolic-link": "A folder is a symbolic link, which is not followed, or a link has a hidden name.",
    "file-name": "The file's name cannot be the id of a post.",
    "duplicate-id": "Two files have one id, or ids that differ only by case.",
    "not-a-draft": "The file looks like a draft, but its name or its folder says otherwise.",
    "no-posts": "The workspace has no posts/ folder.",
    # Front matter and the other YAML files
    "conflict-marker": "A conflict in git was not resolved in this file.",
    "front-matter-missing": "The draft does not begin with front matter.",
    "front-matter-unclosed": "The front matter has no closing `---`.",
    "yaml": "This is not valid YAML.",
    "yaml-feature": "YAML anchors, aliases, tags and deep nesting are not used here.",
    "not-a-mapping": "Keys and values are expected here.",
    "not-a-list": "A list is expected here.",
    "not-a-text": "A single value is expected here.",
    "duplicate-key": "A key appears twice in one mapping.",
    "unknown-key": "Nothing is known under this key.",
    "missing-key": "A key that is needed is missing.",
    "empty-value": "The key has no value.",
    "bad-value": "The value is not of the kind that the key needs.",
    # Times
    "bad-time": "The time cannot be read.",
    "time-without-clock": "A date is given where a date with a time of day is needed.",
    "nonexistent-time": "The local time does not exist, because the clocks skip it.",
    "ambiguous-time": "The local time exists twice, because the clocks are set back.",
    "unknown-zone": "The time zone does not exist.",
    "no-timezone": "A local time is taken as UTC, because the session names no time zone.",
    "unknown-anchor": "No agenda item has this name.",
    "no-end": "The agenda item has no end to count from.",
    "bad-duration": "The duration cannot be read.",
    "session-unusable": "The draft relies on something in posts/session.yaml that has problems.",
    "duplicate-uid": "Two agenda items have the `uid` of one event of a calendar.",
    "outside-session": "The post is due more than a week before or after the session.",
    "ends-before-start": "The end is not after the start.",
    "embargo-after-expiry": "The embargo ends when the post has expired: it can never go out.",
    "overdue": "The post's time is over; it goes out as soon as it is queued.",
    "past": "The post's time and its expiry are over.",
    "embargo-after-time": "The embargo ends after the post's time; it goes out at the embargo.",
    # Who gets it
    "unknown-recipient": "No account or channel has this name.",
    "no-recipients": "No account gets the post.",
    "channel-unusable": "The account's platform, from another distribution, cannot be used.",
    "other-language": "The account speaks another language than the draft.",
    "missing-translation": "The post is translated, but not into all languages of its accounts.",
    "bad-language": "The language is not a code such as fr or pt-BR.",
    "bad-link": "The link is not a web address.",
    # Text
    "duplicate-section": "Two sections are for the same channel or account.",
    "empty-part": "A thread has a part without text.",
    "empty-text": "There is no text for the account.",
    "too-long": "The text is longer than the platform accepts.",
    "ai-not-disclosed": "The platform cannot show that the pictures were made with AI.",
    "too-costly": "The text takes too long to check.",
    "too-many-cashtags": "The text has more cashtags than the platform accepts.",
    "duplicate-text": "The same text is on the account's schedule, or out, from another draft.",
    "unused-section": "No recipient uses the section's text.",
    "comment-as-text": "What looks like an HTML comment is published as text.",
    "hashtag-as-comment": "A hashtag in the front matter is a YAML comment, and is left out.",
    "heading-as-text": "What looks like a heading is published as text.",
    "unknown-section": "The heading looks like a platform or account, but is not one.",
    "rule-as-text": "A line of dashes or stars does not split a thread, and is published as text.",
    # Pictures
    "media-missing": "The picture does not exist.",
    "media-outside": "The picture is outside posts/.",
    "media-symlink": "The picture is a symbolic link that leads out of posts/.",
    "media-not-a-file": "The picture is a folder or something else that is not a file.",
    "media-type": "The file is not a picture, video or PDF of the type that its name says.",
    "media-damaged": "The picture, GIF, video or PDF is truncated or damaged.",
    "media-too-big": "The file of the picture, GIF, video or PDF is too big.",
    "media-too-many-pixels": "The picture has more pixels than can be opened safely.",
    "media-too-costly": "The picture or video takes too much memory or time to open safely.",
    "media-animated": "The picture moves, but is not a GIF.",
    "media-unsupported": "The platform accepts nothing that the file can become.",
    "media-mixed": "A GIF, video or PDF is with other files, but the platform accepts it only on its own.",
    "too-many-frames": "The GIF has too many frames.",
    "video-codec": "The video is not encoded as H.264 with AAC, in a way that everyone can play.",
    "video-limits": "The video is longer, shorter, larger, smaller or faster than the platform accepts.",
    "captions-unusable": "The file with the captions of a video cannot be read.",
    "captions-too-long": "The captions of the video have more bytes than the platform accepts.",
    "document-locked": "The PDF is protected by a password.",
    "document-annotated": "The PDF has comments, form fields or signatures, which reveal names.",
    "document-limits": "The PDF has more pages than the platform accepts.",
    "too-many-pictures": "The post has more pictures than the platform accepts.",
    "alt-missing": "The picture has no description.",
    "alt-too-long": "The picture description is longer than the platform accepts.",
    "consent-missing": "People are in the picture, but no consent is named.",
    "consent-withdrawn": "A consent to the same picture was withdrawn, and the draft names none.",
    "unknown-consent": "posts/consents.yaml has no such consent.",
    "consent-ended": "The consent was withdrawn, or ends before the post goes out: it is held.",
    "corrects-unknown": "The post that the draft corrects was never queued, or is a correction.",
    "correction-outdated": "The words that are out changed since the correction was queued.",
    "corrects-nothing": "On some accounts the correction says what is out already.",
    "corrects-elsewhere": "The post that the draft corrects did not go to the account.",
    "edit-too-much": "Only the words of a post that is out can be edited.",
    "answers-unknown": "The reader's comment that the draft answers is not here.",
    "answers-elsewhere": "An answer goes to the one account that the reader wrote to, in one text.",
    "answers-not-here": "Readers cannot be answered on the platform.",
    "answers-too-much": "On some platforms an answer is a comment: only words, and not too many.",
    "answers-in-vain": "What the draft answers is hidden, deleted, or below a post that is withdrawn.",
    "no-mandate": "The account's mandate does not cover the author or the day.",
    "consent-scope": "The consent does not cover the platform or organisation.",
    # Advice
    "hashtag-case": "A hashtag of several words is written without capitals for them.",
    "too-many-hashtags": "The message has more hashtags than are good for it.",
    "mention-first": "The post begins with a mention.",
    "unsolicited-mention": "The text mentions others, who may not want that.",
    "wrong-season": "A time is given in summer time while it is winter, or the other way round.",
    "broken-link": "What looks like a web address is not one.",
    "markdown-link": "A link is written as in Markdown, which no platform understands.",
    "markdown-as-text": "Bold, a table or another sign of Markdown is published exactly as it is.",
    "shouting": "Several words in a row are in capitals.",
    "content-warning-unseen": "A recipient's platform shows no content warning.",
    "answers-twice": "Another post answers the same reader.",
    "answers-unnamed": "The answer does not name the reader, who is notified only then.",
    "comment-without-link": "`link_in: comment` is in a draft that has no `link`.",
    "captions-unseen": "A recipient's platform accepts no captions of a video from Publisher.",
    "placeholder": "A word such as TODO, [LIEN] or XX still needs to be replaced.",
    "alt-is-file-name": "The picture description is the name of a file.",
    "hidden-characters": "The text has invisible characters, or ones that reverse the direction of writing.",
    "too-close": "Two posts of one account go out within five minutes.",
    "at-night": "It goes out between 22:00 and 7:00 by the account's clock.",
    "same-text-on-x": "Two accounts, or answers to two readers, say the same, word for word.",
    "over-limit": "More posts are planned than the platform accepts in that time.",
    "sure-miss": "It expires before its account may post again.",
    "account-stopped": "The account is paused, or suspended until a person resumes it.",
    "stale-translation": "The source of the translation was changed after it.",
}
"""Every code that a problem can have, with what it means in one line."""

FORESEEN = frozenset(
    {"too-close", "at-night", "same-text-on-x", "over-limit", "sure-miss", "account-stopped",
     "stale-translation"}
)  # fmt: skip
"""Codes of warnings about what becomes of a draft: where, when and beside what it goes out."""
UNREAD = "unread"
"""The code of a draft that a program wrote, and no person has read since."""
LEFT_OUT = frozenset(
    {"answers-unknown", "answers-in-vain", "corrects-unknown", "corrects-nothing", UNREAD}
)
"""Codes of warnings with which a draft, or its part for some accounts, is not queued."""

RULES: tuple[str, ...] = get_args(Advice)
"""The codes that a workspace or a draft may ignore."""


MOST = 100
"""The most problems of one kind that are shown of a draft: nobody reads more at once."""


class Flaw(NamedTuple):
    """A problem without its place yet: returned instead of a value."""

    code: str
    message: str
    hint: str | None = None


class Findings:
    """The problems found in one file. Each has one of `codes`; another one raises KeyError."""

    def __init__(self, file: str, codes: Collection[str] = CODES, most: int | None = None) -> None:
        """`most`: the most of one code; None: there is no limit."""
        self.file = file
        self.problems: list[Problem] = []
        self._codes = codes
        self._most = most
        self._number = Counter[str]()

    @classmethod
    def of_draft(cls, file: str) -> "Findings":
        """Of a draft: one more of a kind than is shown, so that this is noticed."""
        return cls(file, most=MOST + 1)

    def is_full(self, code: str) -> bool:
        """Whether no more problems of a code are taken."""
        return self._most is not None and self._number[code] >= self._most

    def error(self, code: str, position: Position, message: str, hint: str | None = None) -> None:
        self.add(Flaw(code, message, hint), position)

    def warning(self, code: str, position: Position, message: str, hint: str | None = None) -> None:
        self.add(Flaw(code, message, hint), position, Severity.WARNING)

    def add(self, flaw: Flaw, position: Position, severity: Severity = Severity.ERROR) -> None:
        if flaw.code not in self._codes:
            raise KeyError(flaw.code)
        if self.is_full(flaw.code):
            return
        self._number[flaw.code] += 1
        self.problems.append(problem(self.file, flaw, position, severity))

    @property
    def errors(self) -> list[Problem]:
        return [found for found in self.problems if found.severity is Severity.ERROR]


def problem(
    file: str, flaw: Flaw, position: Position, severity: Severity = Severity.ERROR
) -> Problem:
    """The problem of a flaw at a place."""
    place = {"file": file, "line": position.line, "column": position.column}
    return Problem(**place, severity=severity, **flaw._asdict())
