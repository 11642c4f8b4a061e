"""Draft keys: what a draft's front matter may say, one row for each key.

Parser, JSON Schema, composer, API, merge, history and plan are made from these rows. A new key that
has one line as its value is a row, a field of `Post` and, where it goes out, one of `Content`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from publisher.base.i18n import _, later

YES = ("true", "yes")
"""How a draft says that a flag is set, in small letters."""


class KeyKind(Enum):
    """The kind of a key's value."""

    LINE = auto()
    """Words in one line."""
    NAME = auto()
    """The name of something else, as it is."""
    ADDRESS = auto()
    """An address in the web."""
    CHOICE = auto()
    """One of the row's `choices`."""
    FLAG = auto()
    """True or false."""
    OTHER = auto()
    """What has a parser and a control of its own: times, lists."""


@dataclass(frozen=True, slots=True)
class DraftKey:
    """A key of a draft. All words are in English, for translation."""

    name: str
    about: str
    """What it says, for editors and programs."""
    kind: KeyKind = KeyKind.OTHER
    noun: str = ""
    """What it is called in the history."""
    recorded: str = ""
    """Its name in a step of the history, where that is another one."""
    label: str = ""
    """In the composer; empty: no control there, and a form leaves it as the draft has it."""
    part: str = "more"
    """The part of the composer that has it, and what is wrong with it."""
    choices: Mapping[str, str] = field(default_factory=dict)
    """By value its words; an empty value stands for what is not said."""
    capability: str = ""
    """The field of `Capabilities` without which an account does nothing with it."""
    only_people: bool = False
    """Whether programs cannot say it."""
    goes_out: bool = False
    """Whether `Content` has it."""
    is_worded: bool = False
    """Whether a change of it is shown word by word."""
    changed: str = ""
    """What a plan says of another value, with `{old}`."""
    begun: str = ""
    """What a plan says of a first value, where that is something else."""
    ended: str = ""
    """What a plan says where it is taken away, where that is something else."""

    @property
    def in_history(self) -> str:
        return self.recorded or self.name

    def in_words(self, value: object) -> str:
        """A value for people: a flag is yes or no, a choice what the composer calls it."""
        said = str(value or "")
        if self.kind is KeyKind.FLAG:
            return _("yes") if said.lower() in YES else _("no")
        return _(self.choices[said]) if said in self.choices else said


KEYS = (
    DraftKey(
        "at",
        later("When the post goes out; without it, the draft is unfinished."),
        noun=later("time"),
        recorded="time",
        label=later("When it goes out"),
        part="when",
    ),
    DraftKey(
        "to",
        later("Accounts, channels or `all`."),
        noun=later("recipients"),
        recorded="recipients",
        label=later("Accounts"),
        part="to",
    ),
    DraftKey(
        "lang",
        later("The language, such as fr or pt-BR."),
        noun=later("language"),
        recorded="language",
        label=later("Language of the text"),
        part="to",
        goes_out=True,
        changed=later("language was {old}"),
    ),
    DraftKey(
        "title",
        later("The title on the website."),
        KeyKind.LINE,
        noun=later("title"),
        label=later("Title, for the website and for lists"),
        goes_out=True,
        is_worded=True,
    ),
    DraftKey(
        "content_warning",
        later("A few words that readers see first, on platforms that fold a post behind them."),
        KeyKind.LINE,
        noun=later("content warning"),
        label=later("Content warning, for platforms that hide a post behind one"),
        capability="content_warnings",
        goes_out=True,
        is_worded=True,
    ),
    DraftKey(
        "media",
        later("The pictures."),
        noun=later("pictures"),
        label=later("Pictures"),
        part="media",
    ),
    DraftKey(
        "link",
        later("A web address."),
        KeyKind.ADDRESS,
        noun=later("link"),
        label=later("Link"),
        goes_out=True,
        changed=later("link was {old}"),
    ),
    DraftKey(
        "link_in",
        later(
            "Whether the link is in the post or in the first comment below it, where the channel has "
            "comments; the account says it for all its posts."
        ),
        KeyKind.CHOICE,
        noun=later("place of the link"),
        label=later("Where the link is"),
        choices={
            "": later("where the account always has it"),
            "post": later("in the post"),
            "comment": later("in the first comment below it"),
        },
        capability="link_in_comment",
    ),
    DraftKey(
        "expires",
        later("How long after its time it may still go out."),
        noun=later("expiry"),
        recorded="expiry",
        label=later("Expiry (after its time)"),
    ),
    DraftKey(
        "embargo",
        later("Never before this moment, whatever `at` says."),
        noun=later("embargo"),
        label=later("Not before (embargo)"),
    ),
    DraftKey(
        "author",
        later("Who wrote it, for the log."),
        KeyKind.LINE,
        noun=later("author"),
        label=later("Author"),
        only_people=True,
        changed=later("author was {old}"),
    ),
    DraftKey(
        "repeat",
        later("The same text may go to the same account once more."),
        KeyKind.FLAG,
        noun=later("repetition allowed"),
        label=later("The same text may go out again"),
        part="text",
        only_people=True,
        begun=later("from now on the same text may go out again"),
        ended=later("the same text may no longer go out again"),
    ),
    DraftKey(
        "made_with_ai",
        later("Its pictures were made with AI, which some platforms can show."),
        KeyKind.FLAG,
        noun=later("pictures made with AI"),
        label=later("The pictures were made with AI"),
        part="media",
        capability="discloses_ai",
        goes_out=True,
        begun=later("from now on it is marked as made with AI"),
        ended=later("it is no longer marked as made with AI"),
    ),
    DraftKey(
        "ignore", later("Advice that this draft does not follow."), noun=later("advice ignored")
    ),
    DraftKey(
        "corrects",
        later("The post that it corrects, by its name: its path below posts/."),
        KeyKind.NAME,
        noun=later("corrects"),
        goes_out=True,
        changed=later("corrected {old} before"),
    ),
    DraftKey(
        "reason",
        later("Why it corrects that, in one sentence."),
        KeyKind.LINE,
        noun=later("reason"),
        goes_out=True,
        is_worded=True,
    ),
    DraftKey(
        "answers",
        later(
            "What a reader wrote, and it answers: the id in `publisher answers --json`, or the "
            "address."
        ),
        KeyKind.NAME,
        noun=later("answers"),
        goes_out=True,
        changed=later("answered {old} before"),
    ),
)
"""In the order in which a new draft has them."""
PLAIN_KEYS = tuple(key for key in KEYS if key.kind is not KeyKind.OTHER)
"""Those whose value is one line."""
BY_HISTORY = {key.in_history: key for key in KEYS}
BY_NAME = {key.name: key for key in KEYS}
DRAFT_KEYS = tuple(BY_NAME)
"""Their names."""
MEDIA_KEYS = ("file", "alt", "credit", "people", "consent")
"""The keys of an entry in a draft's list `media`."""
