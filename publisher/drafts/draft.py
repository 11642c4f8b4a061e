"""Draft parser: front matter and body become a Post."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from publisher.base.i18n import _, later
from publisher.base.text import did_you_mean, harmless, suggestion
from publisher.channels.registry import SPECS
from publisher.drafts import consents, media_items, sections, text_files
from publisher.drafts import names as naming
from publisher.drafts.fields import Fields, quotes_hint
from publisher.drafts.front_matter import split
from publisher.drafts.picture_consents import source_of
from publisher.drafts.session import FILE as SESSION_FILE
from publisher.drafts.session import unusable
from publisher.drafts.session_reader import language
from publisher.drafts.surroundings import Surroundings
from publisher.drafts.time_hints import is_nearly_now
from publisher.drafts.times import Moment, is_now
from publisher.drafts.yaml_tree import Mapping as MappingNode
from publisher.drafts.yaml_tree import Scalar
from publisher.model.draft_keys import DRAFT_KEYS, MEDIA_KEYS, PLAIN_KEYS, DraftKey, KeyKind
from publisher.model.posts import MediaItem, Post
from publisher.model.problems import RULES, Findings, Flaw
from publisher.settings.account_settings import CREDENTIALS

_ELSEWHERE = {
    **dict.fromkeys(
        (
            "organisation",
            "approval",
            "mandate",
            *(o.name for s in SPECS.values() for o in s.options),
        ),
        later("It belongs in publisher.toml, with the account: below [accounts.NAME]."),
    ),
    **dict.fromkeys(
        CREDENTIALS, later("It belongs in secrets.toml, below [NAME], and never in a draft.")
    ),
    **dict.fromkeys(
        MEDIA_KEYS, later("It belongs to a file: below its `- file:` in the list `media`.")
    ),
}
"""By key of another file or place, where it belongs; a draft's own keys come first."""
_LANGUAGE_SUFFIX = re.compile(r"[a-z]{2}(-[A-Za-z]{2,4})?")
LONGEST_REASON = 500
"""Of a correction, in characters: one sentence, which the website shows."""
_DIRECTIONS = "\u061c\u200e\u200f"  # marks that belong to Arabic and Hebrew
_MARGIN = timedelta(days=7)
"""Preparation and follow-up belong to a session; a time further off is likely a mistake."""


def split_language(post_id: str, spoken: Collection[str]) -> tuple[str, str | None]:
    """Split a post's id into the id without its language, and the language.

    `name.fr` is French and `notes.v2` has no language: two-letter codes count, with or without a
    region, and every language of the accounts.
    """
    base, dot, code = post_id.rpartition(".")
    if dot and "/" not in code and (code in spoken or _LANGUAGE_SUFFIX.fullmatch(code)):
        return base, code
    return post_id, None


def parse(text: str, post_id: str, surroundings: Surroundings, findings: Findings) -> Post | None:
    """Parse a draft; None if it has no readable front matter or text.

    Problems are noted in `findings`. A post with errors can be displayed, but never published. Its
    pictures are not opened yet: `Surroundings.opened` does that.
    """
    if text_files.found_in(text, findings):
        return None
    halves = split(text, findings)
    if halves is None:
        return None
    body = sections.parse(halves.body, surroundings.names, findings, halves.body_line)
    reader = _Reader(halves.front, post_id, surroundings, findings)
    return Post(
        id=post_id,
        file=findings.file,
        texts=body.texts,
        positions={**reader.fields.key_positions(), **body.positions},
        **reader.values(),
    )


def _list_hint(name: str, names: Sequence[str]) -> str | None:
    """What to do about `our-x, our-page`, which is one text for YAML."""
    words = [word for word in re.split(r"[,;/&\s]+", name) if word]
    if len(words) < 2 or not all(naming.meant(word, names) for word in words):
        return None
    return _("Write several as a list: [{names}].", names=", ".join(words))


class _Reader:
    """Reads the front matter of one draft."""

    def __init__(
        self, front: MappingNode, post_id: str, surroundings: Surroundings, findings: Findings
    ) -> None:
        self.fields = Fields(front, DRAFT_KEYS, findings, _ELSEWHERE)
        self._post_id = post_id
        self._around = surroundings
        self._session = surroundings.session
        self._findings = findings

    def values(self) -> dict[str, Any]:
        fields, defaults = self.fields, self._session.defaults
        at_once = self._is_at_once()
        at, embargo = None if at_once else self._moment("at"), self._moment("embargo")
        due_at = at.instant if at else None
        expires = fields.duration("expires") or self._default("expires", defaults.expires)
        self._check_times(due_at, embargo and embargo.instant, expires)
        self._lang = language(fields) or self._language()
        media = media_items.read(fields, self._post_id, self._lang, self._around, self._findings)
        return {
            **self._plain_values(),
            "lang": self._lang,
            "to": self._to(),
            "due_at": due_at,
            "at_once": at_once,
            "anchor": at and at.item,
            "expires_after": expires,
            "embargo_until": embargo and embargo.instant,
            "embargo_anchor": embargo and embargo.item,
            "held": self._reason_to_hold(at, embargo, media),
            "shown_until": self._shown_until(media),
            "ignore": self._ignore(),
            "media": media,
        }

    def _plain_values(self) -> dict[str, Any]:
        """The values of the keys that have one line, and what is wrong with them."""
        values: dict[str, Any] = {key.name: self._plain(key) for key in PLAIN_KEYS}
        author = self._default("author", self._session.defaults.author)
        self._check_correction(values["reason"])
        self._check_answer(values["answers"])
        self._check_place_of_link(values["link_in"])
        return {
            **values,
            "author": values["author"] or author,
            "corrects": self._corrected(values["corrects"]),
        }

    def _plain(self, key: DraftKey) -> str | bool | None:
        if key.kind is KeyKind.FLAG:
            return self.fields.flag(key.name) or False
        text = self.fields.text(key.name)
        if text is None or key.kind is KeyKind.NAME:
            return text
        if key.kind is KeyKind.LINE:
            return " ".join(text.split())
        is_address = key.kind is KeyKind.ADDRESS
        flaw = _flaw_of_link(text) if is_address else _flaw_of_choice(key, text)
        if flaw:
            self.fields.reject(key.name, flaw)
            return None
        return text

    def _default(self, key: str, value: Any) -> Any:
        """The session's default for a key that the draft does not give."""
        if key in self.fields:
            return None
        if f"defaults.{key}" in self._session.flawed:
            message = _(
                "{file} has a problem with the default of `{key}`.", file=SESSION_FILE, key=key
            )
            self.fields.reject(key, unusable(message))
        return value

    def _language(self) -> str | None:
        if "lang" in self.fields:
            return None
        _id, named = split_language(self._post_id, self._around.spoken)
        return named or self._default("lang", self._session.defaults.lang)

    def _is_at_once(self) -> bool:
        """Whether `at` is the word `now`; not where an item has that name, which is an error."""
        node, flawed = self.fields.node("at"), self._session.flawed
        is_item = any(is_now(key.removeprefix("agenda.")) for key in flawed)
        return isinstance(node, Scalar) and is_now(node.value) and not is_item

    def _moment(self, key: str) -> Moment | None:
        text = self.fields.text(key, may_be_empty=key == "at")
        if text is None:
            return None
        moment = self._session.resolve(text)
        if isinstance(moment, Flaw):
            if key == "at" and is_nearly_now(text):
                moment = moment._replace(hint=did_you_mean("now"))
            self.fields.reject(key, moment)
            return None
        if moment.local and self._session.timezone is None:
            message = _(
                "“{text}” is taken as UTC, because the session names no time zone.", text=text
            )
            hint = _("Write an offset, such as +01:00, or give posts/session.yaml a `timezone:`.")
            self._findings.warning("no-timezone", self.fields.position(key), message, hint)
        return moment

    def _check_times(
        self, due_at: datetime | None, embargo: datetime | None, expires: timedelta | None
    ) -> None:
        if due_at is None:
            return
        if embargo and embargo > due_at:
            place = self.fields.position("embargo")
            if expires and embargo >= due_at + expires:
                message = _(
                    "The embargo ends after the post has expired, so the post can never go out."
                )
                self._findings.error("embargo-after-expiry", place, message)
            else:
                message = _(
                    "The embargo ends after the post's time. The post goes out when the embargo "
                    "ends."
                )
                self._findings.warning("embargo-after-time", place, message)
        day = due_at.astimezone(self._session.zone).date()
        starts, ends = self._session.starts, self._session.ends
        if (starts and day < starts - _MARGIN) or (ends and day > ends + _MARGIN):
            message = _(
                "{day} is more than a week before or after the session.", day=day.isoformat()
            )
            hint = _("Check the month and the year.")
            self._findings.warning("outside-session", self.fields.position("at"), message, hint)

    def _to(self) -> tuple[str, ...]:
        words = self.fields.words("to")
        if words is None:
            known = self._around.session.defaults.to
            recipients = self._default("to", known)
            places = [(name, self.fields.position("to")) for name in recipients]
        else:
            places = list(words)
        names = [*self._around.names, "all"]
        for name, position in places:
            if naming.meant(name, names) is None:
                self._findings.error(
                    "unknown-recipient",
                    position,
                    _("“{name}” is not an account, a platform or `all`.", name=name),
                    quotes_hint(name)
                    or _list_hint(name, names)
                    or suggestion(name, names, nothing=_("publisher.toml has no accounts.")),
                )
        return tuple(naming.meant(name, names) or name for name, _ in places)

    def _ignore(self) -> tuple[str, ...]:
        """The codes of the advice that the draft ignores."""
        words = self.fields.words("ignore") or ()
        for code, position in words:
            if code not in RULES:
                hint = suggestion(code, RULES, nothing="")
                message = _("“{code}” is not advice that can be ignored.", code=code)
                self._findings.error("bad-value", position, message, hint)
        return tuple(code for code, _ in words if code in RULES)

    def _corrected(self, named: str | None) -> str | None:
        """The id of the post that it corrects."""
        if named is None:
            return None
        post = named.removeprefix("posts/").removesuffix(".md")
        if post == self._post_id:
            hint = _("Name the post that was wrong.")
            flaw = Flaw("bad-value", _("A correction cannot correct itself."), hint)
            self.fields.reject("corrects", flaw)
        if "reason" not in self.fields:
            hint = _(
                "Say in one sentence what was wrong. It is kept on record, and the website shows "
                "it."
            )
            self.fields.missing("reason", hint)
        return post

    def _check_correction(self, reason: str | None) -> None:
        if reason and len(reason) > LONGEST_REASON:
            message = _(
                "`reason` has {number} characters; at most {most} are allowed.",
                number=len(reason),
                most=LONGEST_REASON,
            )
            hint = _("Say in one sentence what was wrong.")
            self.fields.reject("reason", Flaw("bad-value", message, hint))
        if reason and (harm := set(reason) - set(harmless(reason, keep=_DIRECTIONS))):
            message = _(
                "`reason` has an invisible character: {code}.", code=f"U+{ord(min(harm)):04X}"
            )
            hint = _("Delete it. Text pasted from elsewhere often contains such characters.")
            self.fields.reject("reason", Flaw("bad-value", message, hint))
        if reason and "corrects" not in self.fields:
            hint = _("Add `corrects:` with the name of the post, or take `reason` away.")
            self.fields.reject(
                "reason", Flaw("bad-value", _("`reason` belongs to a correction."), hint)
            )

    def _check_answer(self, named: str | None) -> None:
        if named and "corrects" in self.fields:
            message = _("A post cannot correct another post and also answer a reader.")
            hint = _("Take `corrects` or `answers` away, and write a separate draft for each.")
            self.fields.reject("answers", Flaw("bad-value", message, hint))

    def _check_place_of_link(self, place: str | None) -> None:
        if place == "comment" and "link" not in self.fields:
            self._findings.warning(
                "comment-without-link",
                self.fields.position("link_in"),
                _("There is no `link` that could be the first comment."),
                _("Write the link after `link:`, not into the text, or take `link_in` away."),
            )

    def _reason_to_hold(
        self, at: Moment | None, embargo: Moment | None, media: tuple[MediaItem, ...]
    ) -> str | None:
        """Why the post must not go out although it is due; warns of a consent that has ended."""
        anchors = dict.fromkeys(moment.item for moment in (at, embargo) if moment and moment.item)
        agenda = self._session.agenda
        reasons = [
            _("{name} is cancelled", name=name) for name in anchors if agenda[name].cancelled
        ]
        # With an embargo the post leaves when that ends, and the consent must hold until then.
        leaves = at and max(moment.instant for moment in (at, embargo) if moment)
        for item in media:
            # Where the draft names no consent, what others say is an error already.
            others = {
                one.consent: source_of(one)
                for one in (item.elsewhere if item.consent else ())
                if one.consent
            }
            reason = consents.reason_to_hold(
                item.consent, others, self._around.consents, leaves, self._session.zone
            )
            if reason and reason not in reasons:
                reasons.append(reason)
                message = _("The post is held: {reason}.", reason=reason)
                hint = _("Take the picture out, or ask again whether it may be shown.")
                self._findings.warning("consent-ended", item.position, message, hint)
        return "; ".join(reasons) or None

    def _shown_until(self, media: tuple[MediaItem, ...]) -> datetime | None:
        records = (self._around.consents.get(item.consent or "") for item in media)
        ends = (record.ends(self._session.zone) for record in records if record)
        return min((end for end in ends if end), default=None)


def _flaw_of_choice(key: DraftKey, text: str) -> Flaw | None:
    if text in key.choices:
        return None
    choices = ", ".join(filter(None, key.choices))
    message = _("`{key}` must be one of: {choices}.", key=key.name, choices=choices)
    return Flaw("bad-value", message)


def _flaw_of_link(link: str) -> Flaw | None:
    hint = _("Write the whole address, such as https://www.example.org/article.")
    try:
        parts = urlsplit(link)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return Flaw("bad-link", _("“{link}” is not a web address.", link=link), hint)
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s<>\"]", link):
        return Flaw("bad-link", _("“{link}” is not a web address.", link=link), hint)
    if parts.username is not None:
        # The message does not repeat the link: the text before the @ may be a password.
        return Flaw("bad-link", _("The link contains a user name or password."), _("Take it out."))
    return None
