"""Linter: advice on the words of a post, as warnings; a placeholder is an error.

Every rule is in `problems.RULES` and explained in docs/drafts.md; a workspace switches one off with
`[lint] ignore` in publisher.toml, a draft with `ignore:`. False alarms teach people to ignore all
warnings, so each rule says nothing where it is not certain.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from publisher.base.i18n import _
from publisher.channels.registry import SPECS, UNUSABLE, title
from publisher.drafts import markdown_signs, placeholders, tags
from publisher.drafts.rendering import section_for
from publisher.drafts.sections import position_key
from publisher.drafts.tags import mentions
from publisher.model.accounts import Account
from publisher.model.content import UNKNOWN_LANGUAGE
from publisher.model.posts import MediaItem, Post
from publisher.model.problems import Findings, Flaw
from publisher.model.values import Position, Problem, Severity

Found = Iterator[tuple[Flaw, int]]
"""Flaws of a text, each with the index of its character."""

# An abbreviation: its zone, whether it means summer time, and the one of the other season.
# CST, MST and PST are left out: half of the places that use them have no summer time.
_SEASONS = {
    "CET": ("Europe/Paris", False, "CEST"),
    "CEST": ("Europe/Paris", True, "CET"),
    "MEZ": ("Europe/Berlin", False, "MESZ"),
    "MESZ": ("Europe/Berlin", True, "MEZ"),
    "WET": ("Europe/Lisbon", False, "WEST"),
    "WEST": ("Europe/Lisbon", True, "WET"),
    "EET": ("Europe/Athens", False, "EEST"),
    "EEST": ("Europe/Athens", True, "EET"),
    "BST": ("Europe/London", True, "GMT"),
    "EST": ("America/New_York", False, "EDT"),
    "EDT": ("America/New_York", True, "EST"),
}
# A pattern that begins with the characters it looks for is twice as fast as a lookbehind.
_SPACE = "[ \u00a0\u202f]"
_ZONE_AFTER_TIME = re.compile(
    rf"\d(?:[:.h]\d\d)?{_SPACE}*(?i:h|hrs?|heures?|horas|godz\.?|[ap]\.?m\.?)?{_SPACE}*[(\[]?"
    rf"(?P<zone>{'|'.join(_SEASONS)})\b"
)
_ZONE = re.compile("|".join(_SEASONS))
"""Nearly all texts have none: this search first takes a third of the time."""
_AHEAD = timedelta(days=14)
"""Posts announce events to come: close to the change of the clocks, either may be right."""

_LINK_LIKE = re.compile(
    r"(?<!\w)(?:h{1,2}t{1,3}|t{2,3})ps?(?::[/\\]+|:(?=\w)|[/\\]{2})\S*", re.IGNORECASE
)
_LABEL = r"[^\W_](?:[\w-]*\w)?"
_PROPER_LINK = re.compile(
    rf"https?://(?:[^\s/?#@]+@)?{_LABEL}(?:\.{_LABEL})+\.?(?:[^\w.@\\-]|\Z)", re.IGNORECASE
)
_FILE_NAME = re.compile(
    r"\S.*\.(?:jpe?g|png|gif|webp|heic|heif|avif|tiff?|mp4|m4v|mov|pdf)"
    r"|(?:IMG|DSC[NF]?|PXL|MVIMG|VID|P|DCIM|SAM|GOPR)[-_ ]?\d{3,}\S*"
    r"|(?:image|picture|photo|foto|imagen|obraz|scan|capture|screenshot|unnamed|untitled)[-_ ]?\d*",
    re.IGNORECASE,
)

_CAPITAL = f"[{''.join(c for c in map(chr, range(0x41, 0x250)) if c.isupper())}]"
_OTHERS = f"{_CAPITAL}*(?:['\u2019-]{_CAPITAL}+)*"  # of a word, after its first letter
_SHOUTING = re.compile(
    rf"{_CAPITAL}(?<![\w#@'\u2019-].){_OTHERS}(?:{_SPACE}+{_CAPITAL}{_OTHERS}){{2,}}(?![\w'\u2019-])"
)
_HIDDEN = re.compile("[\u180e\u200b\u202a-\u202e\u2060-\u2064\u2066-\u206f]")
"""Characters of no width, or that change the direction of the text after them."""
_LONGEST = max(spec.capabilities.max_length for spec in SPECS.values())
"""Characters of a part that are looked at: what is longer goes nowhere."""
_FEWEST_SHOUTED_LETTERS = 12
_ACRONYMS = re.compile(rf"[A-Z]{{2,6}}(?:{_SPACE}+[A-Z]{{2,6}}){{2}}")
"""Three in a row may be names, such as UNICEF UNESCO OHCHR; longer words are not names."""


class Linter:
    """Checks the words of a workspace's posts."""

    def __init__(
        self,
        posts: Iterable[Post],
        most_hashtags: Mapping[str, int],
        own_handles: Iterable[str] = (),
    ) -> None:
        """`most_hashtags`: how many a message may have on each channel.

        `own_handles`: of the workspace's accounts on X, which may be mentioned; `@` is optional.
        """
        self._most_hashtags = most_hashtags
        self._own = {handle.removeprefix("@").casefold() for handle in own_handles}
        texts = (text for post in posts for parts in post.texts.values() for text in parts)
        self._spellings = tags.spellings(text for text in texts if "#" in text)

    def problems(self, post: Post, recipients: Iterable[Account]) -> list[Problem]:
        """The advice on a post that goes out to `recipients`."""
        findings = Findings.of_draft(post.file)
        for item in post.media:
            if _is_file_name(item):
                _add(findings, _alt_is_file_name(item.alt), item.position)
            for word, _at in placeholders.find(item.alt, post.lang):
                _add(findings, _placeholder(word), item.position)
        recipients = [*recipients]
        for flaw, key in _of_keys(post, recipients):
            _add(findings, flaw, post.position(key))
        channels: dict[str, set[str]] = {}
        for account in recipients:
            channels.setdefault(section_for(post, account), set()).add(account.channel)
        for section, parts in post.texts.items():
            for number, text in enumerate(parts, 1):
                on = channels.get(section, ())
                begin = post.position(position_key(section, number))
                for flaw, index in self._advice(post, text[:_LONGEST], on, first=number == 1):
                    if not findings.is_full(flaw.code):
                        _add(findings, flaw, _place(begin, text, index))
        return findings.problems

    def _advice(self, post: Post, text: str, channels: Collection[str], *, first: bool) -> Found:
        if hashtags := [*tags.joined(text)]:
            yield from self._hashtag_case(hashtags, post.lang)
            yield from self._too_many_hashtags(hashtags, channels)
        if post.due_at and _ZONE.search(text):
            yield from _wrong_season(text, post.due_at)
        notifies = any(SPECS[channel].warns_of_mentions for channel in channels)
        addresses = first and text.startswith("@") and notifies
        if addresses and not post.answers:
            yield _mention_first(), 0
        if "@" in text and notifies:
            # An answer that begins with a name addresses the reader, who has asked.
            solicited = 0 if addresses and post.answers else None
            yield from self._unsolicited_mentions(text, solicited)
        if "tp" in text or "TP" in text:
            yield from _broken_links(text)
        yield from markdown_signs.find(text)
        yield from _shouting(text)
        for word, index in placeholders.find(text, post.lang):
            yield _placeholder(word), index
        if not text.isprintable():  # as it is with most line ends
            yield from _hidden(text)

    def _unsolicited_mentions(self, text: str, solicited: int | None) -> Found:
        """Source: automation rules and developer guidelines of X ("no unsolicited mentions").

        `solicited`: where somebody is mentioned who asked for it.
        """
        others = [
            (name, at)
            for name, at in mentions(text)
            if name.casefold() not in self._own and at != solicited
        ]
        if not others:
            return
        message = _(
            "{names}: the platform forbids posts by programs that mention people who did not ask "
            "for it.",
            names=", ".join(dict.fromkeys(f"@{name}" for name, _at in others)),
        )
        hint = _(
            "If they expect it, add `ignore: unsolicited-mention` to the draft, or switch this "
            "off with `[lint] ignore` in publisher.toml."
        )
        yield Flaw("unsolicited-mention", message, hint), others[0][1]

    def _hashtag_case(self, found: Sequence[tuple[str, int]], lang: str | None) -> Found:
        for tag, index in dict(reversed(found)).items():
            spelling = tags.better(tag, lang, self._spellings)
            if spelling is not None:
                example = f"#{spelling}" if spelling else "#DroitsDeLEnfant"
                message = _("Screen readers read #{tag} as one word.", tag=tag)
                hint = _(
                    "Begin each of its words with a capital letter, as in {example}.",
                    example=example,
                )
                yield Flaw("hashtag-case", message, hint), index

    def _too_many_hashtags(
        self, found: Sequence[tuple[str, int]], channels: Collection[str]
    ) -> Found:
        for channel in sorted(channels, key=lambda name: self._most_hashtags[name]):
            most = self._most_hashtags[channel]
            if len(found) > most:
                message = _(
                    "There are {number} hashtags. More than {most} on {channel} look like spam.",
                    number=len(found),
                    most=most,
                    channel=title(channel),
                )
                hint = _(
                    "Keep those that people follow. `[lint.hashtags]` in publisher.toml sets the "
                    "limit."
                )
                yield Flaw("too-many-hashtags", message, hint), found[most][1]
                return


def _add(findings: Findings, flaw: Flaw, position: Position) -> None:
    """Add advice; what waits to be replaced is no advice, for nobody meant it for the public."""
    severity = Severity.ERROR if flaw.code == "placeholder" else Severity.WARNING
    findings.add(flaw, position, severity)


def _of_keys(post: Post, recipients: Iterable[Account]) -> Iterator[tuple[Flaw, str]]:
    """The advice on keys of the front matter, each with its key."""
    for key, value in (("title", post.title), ("content_warning", post.content_warning)):
        for word, _at in placeholders.find(value or "", post.lang):
            yield _placeholder(word), key
    can = {account.channel: SPECS[account.channel].capabilities for account in recipients}
    yield from ((_unusable(name), "to") for name in can.keys() & UNUSABLE.keys())
    if told := [item.captions for item in post.media if item.captions]:
        without = [n for n, one in can.items() if one.videos and not one.captions_max_bytes]
        if without:
            yield _unseen_captions(without), "media"
        choosy = [name for name, one in can.items() if one.captions_need_language]
        if choosy and any(one.lang == UNKNOWN_LANGUAGE for one in told):
            yield _captions_of_no_language(choosy), "media"
    if post.content_warning:
        without = [name for name, one in can.items() if not one.content_warnings]
        if without:
            yield _unseen_warning(without), "content_warning"
    if post.made_with_ai:
        without = [name for name, one in can.items() if not one.discloses_ai]
        if without or not post.media:
            yield _undisclosed(without if post.media else ()), "made_with_ai"


def _unusable(channel: str) -> Flaw:
    """That nothing new is queued for a channel's accounts."""
    told = UNUSABLE[channel]
    message = _(
        "{reason} Nothing is queued for its accounts, and what is on their schedule stays as it is.",
        reason=told,
    )
    return Flaw("channel-unusable", message, told.hint)


def _undisclosed(channels: Sequence[str]) -> Flaw:
    """That some channels do not show that the pictures were made with AI; none: no pictures."""
    if not channels:
        message = _("`made_with_ai` is about pictures, but the draft has none.")
        hint = _("Take it out, or say in the text what was made with AI.")
    else:
        message = _(
            "{channels} cannot show that the pictures were made with AI.",
            channels=", ".join(map(title, channels)),
        )
        hint = _(
            "Say it in the text there, or make another draft. If it is intended, add `ignore: "
            "ai-not-disclosed` to the draft."
        )
    return Flaw("ai-not-disclosed", message, hint)


def _unseen_captions(channels: Sequence[str]) -> Flaw:
    """That some channels take no captions from us."""
    message = _(
        "The captions of the video do not go to {channels}.",
        channels=", ".join(map(title, channels)),
    )
    hint = _(
        "Add them there by hand once it is out, or show the words in the video itself. If it is "
        "intended, add `ignore: captions-unseen` to the draft."
    )
    return Flaw("captions-unseen", message, hint)


def _captions_of_no_language(channels: Sequence[str]) -> Flaw:
    """That some channels take no captions whose language nobody named."""
    message = _(
        "The language of the video's captions is unknown, so they do not go to {channels}.",
        channels=", ".join(map(title, channels)),
    )
    return Flaw("captions-unseen", message, _("Give the draft a `lang`."))


def _unseen_warning(channels: Sequence[str]) -> Flaw:
    """That some channels show no content warning."""
    message = _(
        "{channels} cannot show a content warning: everyone sees the text and the pictures at "
        "once.",
        channels=", ".join(map(title, channels)),
    )
    hint = _(
        "Begin the text there with the warning, or make another draft. If it is intended, add "
        "`ignore: content-warning-unseen` to the draft."
    )
    return Flaw("content-warning-unseen", message, hint)


def _mention_first() -> Flaw:
    message = _(
        "The post begins with a mention, so it may be shown only to people who follow both "
        "accounts."
    )
    return Flaw("mention-first", message, _("Begin with another word."))


def _placeholder(word: str) -> Flaw:
    hint = _("Write what belongs there. If it is intended, add `ignore: placeholder` to the draft.")
    return Flaw("placeholder", _("“{text}” still needs to be replaced.", text=word), hint)


def _is_file_name(item: MediaItem) -> bool:
    """Whether its alternative text is a file name from a camera, a phone or a computer."""
    alt, name = item.alt.strip(), item.path
    is_its_own = alt.casefold() == name.name.casefold() or (
        alt.casefold() == name.stem.casefold() and " " not in alt and not alt.isalpha()
    )
    return is_its_own or _FILE_NAME.fullmatch(alt) is not None


def _alt_is_file_name(alt: str) -> Flaw:
    message = _("The picture description “{alt}” is the name of a file.", alt=alt)
    hint = _("In `alt:`, say what the picture shows, for people who cannot see it.")
    return Flaw("alt-is-file-name", message, hint)


def _wrong_season(text: str, due_at: datetime) -> Found:
    for match in _ZONE_AFTER_TIME.finditer(text):
        written = match["zone"]
        zone, summer, other = _SEASONS[written]
        if {_is_summer(day, zone) for day in (due_at, due_at + _AHEAD)} == {not summer}:
            day = due_at.date().isoformat()
            message = (
                _(
                    "{zone} is summer time, but on {day} winter time applies.",
                    zone=written,
                    day=day,
                )
                if summer
                else _(
                    "{zone} is winter time, but on {day} summer time applies.",
                    zone=written,
                    day=day,
                )
            )
            hint = _("Write {other}, or the place: the time in Geneva.", other=other)
            yield Flaw("wrong-season", message, hint), match.start("zone")


def _is_summer(instant: datetime, zone: str) -> bool:
    return bool(instant.astimezone(ZoneInfo(zone)).dst())


def _broken_links(text: str) -> Found:
    for match in _LINK_LIKE.finditer(text):
        if not _PROPER_LINK.match(match.group()):
            hint = _("Write the whole address without spaces: https://www.example.org/article.")
            message = _("“{text}” is not a web address.", text=match.group())
            yield Flaw("broken-link", message, hint), match.start()


def _hidden(text: str) -> Found:
    """Such a character makes two texts differ that look alike, and a link show a false target.

    Joiners are parts of emoji and words; left-to-right marks belong to Arabic and Hebrew.
    """
    if found := _HIDDEN.search(text):
        code = f"U+{ord(found[0]):04X}"
        message = _("There is an invisible character here: {code}.", code=code)
        hint = _("Delete it. Text pasted from elsewhere often contains such characters.")
        yield Flaw("hidden-characters", message, hint), found.start()


def _shouting(text: str) -> Found:
    for match in _SHOUTING.finditer(text):
        words = match.group()
        if _ACRONYMS.fullmatch(words):
            continue
        if sum(map(str.isalpha, words)) >= _FEWEST_SHOUTED_LETTERS:
            hint = _("Capitals are hard to read, and look like shouting. Keep them for acronyms.")
            message = _("“{words}” is written in capitals.", words=words)
            yield Flaw("shouting", message, hint), match.start()


def _place(begin: Position, text: str, index: int) -> Position:
    """The character's position in the file, if `text` begins at `begin`."""
    line_start = text.rfind("\n", 0, index) + 1
    column = index - line_start + (1 if line_start else begin.column)
    return Position(line=begin.line + text.count("\n", 0, index), column=column)
