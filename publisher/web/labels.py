"""Labels of states, channels, roles and buttons on the pages."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from publisher.auth.api_tokens import TokenScope
from publisher.auth.users import rights_in_words
from publisher.base.formats import span
from publisher.base.formats import written as formatted
from publisher.base.i18n import NAMES, _, later
from publisher.channels import registry
from publisher.drafts.times import AgendaItem, Moment, anchor_name, edge_of, parse_anchor
from publisher.ledger.doubts.pending_stops import reason_of
from publisher.ledger.news.notice_addresses import Topic
from publisher.model.content import Content, Picture
from publisher.model.deliveries import Delivery
from publisher.model.posts import Post
from publisher.model.states import State, state_name
from publisher.model.values import Problem
from publisher.model.visibility import Visibility

_TOPICS = {
    Topic.WAITS: later("A post waits for my approval"),
    Topic.DUE: later("A post still waits for my approval, and is due within an hour"),
    Topic.APPROVED: later("One of my posts was approved"),
    Topic.REJECTED: later("One of my posts was sent back"),
    Topic.MENTIONED: later("Someone mentioned me in a note"),
    Topic.COMMENTS: later("A comment needs attention, and I am on duty"),
    Topic.TROUBLE: later("One of my posts failed, was missed or is uncertain"),
}
_SCOPES = {
    TokenScope.READ: later("read drafts, plan, calendar and log"),
    TokenScope.DRAFT: later("write, change and delete drafts"),
    TokenScope.SUBMIT: later("ask for approval"),
    TokenScope.ANSWERS: later("read readers' comments, which may be personal"),
}
LANGUAGES = NAMES
rights = rights_in_words
channel = registry.title
visibility = Visibility.of
_GOOD = frozenset({State.PUBLISHED})
_BAD = frozenset({State.FAILED, State.MISSED, State.UNCERTAIN})
_WAITING = frozenset({State.AWAITING_APPROVAL, State.REJECTED, State.HELD})
_COMMAND = re.compile(r"`publisher (?P<name>[a-z]+)(?P<options> [^`]*)?`")
_TERMINAL = re.compile(r"`(?:publisher|celery|python) |(?<!\w)--[a-z]+|PUBLISHER_[A-Z]+")
_MARKED = re.compile(r"`([^`]+)`")
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_]|`|“|«|¿|¡|-)")
_UTC = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC(?: \([^)]*\))?")
_FIELDS = {
    "all": later("all accounts"),
    "at": later("When"),
    "at: now": later("As soon as possible"),
    "author": later("Author"),
    "embargo": later("Not before (embargo)"),
    "expires": later("Expiry (after its time)"),
    "lang": later("Language of the text"),
    "link": later("Link"),
    "repeat: true": later("The same text may go out again"),
    "to": later("Accounts"),
}
"""What the form says for keys of a draft's front matter, and for what stands there."""
NEAR = {-1: later("yesterday {clock}"), 0: later("today {clock}"), 1: later("tomorrow {clock}")}
"""Near days, by their distance from today."""
_BUTTONS = {
    "correct": later("Correct"),
    "hold": later("Hold"),
    "queue": later("Put it on the schedule"),
    "read": later("Read it"),
    "cancel": later("Cancel"),
    "release": later("Release"),
    "resolve": later("It is out"),
    "resume": later("Resume …"),
    "retry": later("Retry"),
    "acknowledge": later("Leave it as it is"),
    "withdraw": later("Withdraw"),
}
"""The button that does the same as each command."""


_ACTIONS = {
    **_BUTTONS,
    "approve": later("Approve"),
    "reject": later("Send back"),
    "gone": later("It is gone"),
    "move": later("Move"),
    "note": later("Add the note"),
}
"""The labels of a post's actions, by name."""


def action(name: str) -> str:
    return _(_ACTIONS[name]) if name in _ACTIONS else ""


_TO_PERSON = {
    "rights": later("Change the rights of {name}"),
    "link": later("Create a link for {name} to choose a password"),
    "enable": later("Let {name} in again"),
    "factors": later("Remove the second factor of {name}"),
    "remove": later("Remove {name}"),
}
_TO_ONESELF = {
    "/me/factors app": later("Set up codes from an app"),
    "/me/factors app-code": later("Set up codes from an app"),
    "/me/factors codes": later("Create new recovery codes"),
    "/me/factors remove": later("Remove a second factor"),
    "/me/factors passkey": later("Add a passkey"),
    "/me/passkeys ": later("Add a passkey"),
    "/me/addresses add": later("Add an address for your notices"),
    "/me/feed make": later("Create a secret address"),
    "/me/tokens make": later("Create a token"),
}


def action_on_person(address: str, fields: Mapping[str, str]) -> str:
    """What a form about people does, in words; empty for another form."""
    do = fields.get("do", "")
    if address == "/people":
        return _("Invite {name}", name=fields.get("name", ""))
    if address.startswith("/people/"):
        return _(_TO_PERSON.get(do, ""), name=address.removeprefix("/people/")) if do else ""
    return _(_TO_ONESELF[f"{address} {do}"]) if f"{address} {do}" in _TO_ONESELF else ""


def topic(of: Topic) -> str:
    return _(_TOPICS[of])


def scope(of: TokenScope) -> str:
    return _(_SCOPES[of])


def scopes(of: Collection[TokenScope]) -> str:
    """What a token may be used for."""
    return ", ".join(scope(one) for one in TokenScope if one in of)


def tone(of: State) -> str:
    """The CSS class of a state."""
    if of in _BAD:
        return "bad"
    if of in _GOOD:
        return "good"
    return "wait" if of in _WAITING else "plain"


def pill(delivery: Delivery) -> tuple[str, str]:
    """The CSS class and the text of a delivery's pill: half a thread has its own."""
    seen = Visibility.of(delivery)
    if seen.is_half_out:
        return "bad", seen.count
    return tone(delivery.state), state_name(delivery.state)


def by_pill(deliveries: Iterable[Delivery]) -> list[tuple[tuple[str, str], list[Delivery]]]:
    """Deliveries grouped by their pill, in the order of the states' names."""
    groups: dict[tuple[str, str], list[Delivery]] = {}
    for delivery in sorted(deliveries, key=lambda d: d.state):
        groups.setdefault(pill(delivery), []).append(delivery)
    return [*groups.items()]


def beginning(delivery: Delivery) -> str:
    """A delivery's title, or its first words, in one line."""
    return first_words(delivery.content)


def first_words(of: Content | Post) -> str:
    """What a post is called in lists: its title, or its first words."""
    return of.first_words or _("a picture")


def first_picture(delivery: Delivery) -> Picture | None:
    """The picture that stands for a post in lists; no video or document does."""
    return still_picture(delivery.content)


def still_picture(content: Content) -> Picture | None:
    """The first picture of what goes out that is no video or document."""
    return next((picture for picture in content.pictures if picture.is_image), None)


_ANCHORS = {
    ("start", -1): later("{span} before “{item}”"),
    ("start", 0): later("when “{item}” begins"),
    ("start", 1): later("{span} after the start of “{item}”"),
    ("end", -1): later("{span} before the end of “{item}”"),
    ("end", 0): later("when “{item}” ends"),
    ("end", 1): later("{span} after “{item}”"),
}
"""Times that hang on the agenda, by the end of the item, and before or after it."""
_OFFSETS = {
    ("start", -1): later("{span} before"),
    ("start", 0): later("when it begins"),
    ("start", 1): later("{span} after it begins"),
    ("end", -1): later("{span} before it ends"),
    ("end", 0): later("when it ends"),
    ("end", 1): later("{span} after it ends"),
}
"""The same, where the item is named already."""


def anchor(written: str, agenda: Mapping[str, AgendaItem]) -> str | None:
    """A draft's `at` in words, if it hangs on the agenda: `30 min before “Annual day”`."""
    return _anchored(written, agenda, _ANCHORS)


def offset(written: str, agenda: Mapping[str, AgendaItem]) -> str | None:
    """The same without the item: `30 min before`."""
    return _anchored(written, agenda, _OFFSETS)


def _anchored(
    written: str, agenda: Mapping[str, AgendaItem], texts: Mapping[tuple[str, int], str]
) -> str | None:
    item, moment = agenda.get(anchor_name(written)), parse_anchor(written, agenda)
    if item is None or not isinstance(moment, Moment):
        return None
    ends = edge_of(written) == "end" and item.ends_at is not None
    distance = moment.instant - (item.ends_at if ends and item.ends_at else item.starts_at)
    way = (distance > timedelta()) - (distance < timedelta())
    text = texts["end" if ends else "start", way]
    return _(text, span=span(abs(distance)), item=item.title or item.name)


def why(delivery: Delivery) -> list[str]:
    """The reason why a delivery does not go out, and the platform's answer."""
    return [text for text in (reason_of(delivery), delivery.error_message) if text]


def here(text: str, zone: tzinfo) -> str:
    """Adapt a message for readers in a browser.

    Buttons replace the commands that do the same; a sentence about another command is left out,
    with what leads up to it before a colon.
    Times in UTC are converted to `zone`. What else a message marks for a terminal is quoted.
    """
    told = _UTC.sub(lambda found: _there(found[1], zone), _COMMAND.sub(_button, text))
    kept = " ".join(one for one in _SENTENCES.split(told) if not _TERMINAL.search(one))
    return _MARKED.sub(lambda found: _quoted(found[1]), kept)


def _quoted(words: str) -> str:
    field = _FIELDS.get(words.rstrip(":"))
    return _("“{button}”", button=_(field) if field else words)


def _there(written_as: str, zone: tzinfo) -> str:
    return spelled(datetime.fromisoformat(written_as).replace(tzinfo=UTC).astimezone(zone))


def instant(text: str) -> datetime:
    """An instant as JSON has it."""
    return datetime.fromisoformat(text)


def spelled(at: datetime) -> str:
    """Format a local time in the reader's language."""
    return formatted(at, "EEE d MMM y, HH:mm")


def _button(command: re.Match[str]) -> str:
    title = _BUTTONS.get(command["name"])
    if "--gone" in (command["options"] or ""):
        title = later("It is gone")
    if title is None:
        return command[0]
    return _quoted(_(title).rstrip(" …"))


def place(called: Callable[[str], str], problem: Problem, own: str) -> str:
    """Where a problem is, for a reader who does not see the file: in which post, and so on.

    `called` gives the name of a post; empty: in that of the page, `own`.
    """
    name = problem.file.rpartition("/")[2]
    if name.endswith(".md"):
        post = problem.file.removeprefix("posts/").removesuffix(".md")
        return called(post) if post != own else ""
    where = {"session.yaml": later("in the agenda"), "consents.yaml": later("in the consents")}
    return _(where.get(name, later("in the settings")))
