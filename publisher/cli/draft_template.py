"""A draft that is ready to edit, from what `new` was told."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.cli import arguments
from publisher.drafts import new_draft
from publisher.drafts.session import LANGUAGE, Session
from publisher.drafts.times import Moment, is_now
from publisher.model.problems import Flaw
from publisher.settings.settings import Settings


def make(
    settings: Settings,
    session: Session,
    *,
    title: str,
    at: str | None,
    to: Sequence[str],
    lang: str | None,
) -> tuple[Path, str]:
    """Where a new draft goes, and what stands in it.

    UsageError for a title, time, account or language that cannot be used.
    """
    at, moment = _moment(at, session) if at else (at, None)
    name = new_draft.stem(title, moment, session.zone)
    lang = language(lang, session, settings)
    names = recipients(to, settings)
    front = [f"title: {_scalar(title)}"]
    front.append(f"at: {at}" if at else new_draft.no_time("2016-03-07 08:30"))
    if names:
        front.append(f"to: [{', '.join(names)}]")
    # No words either: what nobody wrote must not go out.
    return settings.posts / f"{name}.{lang}.md", "\n".join(["---", *front, "---", ""])


def _moment(at: str, session: Session) -> tuple[str, Moment | None]:
    """The value of `at`, and the instant that it means: `demain 9h` is written as that day."""
    if is_now(at) and "now" not in session.agenda:
        return at, None
    moment = session.resolve(at.strip())
    if isinstance(moment, Flaw) and (meant := session.meant(at)):
        at = arguments.understood(at, meant, "--at")
        moment = session.resolve(at)
    if isinstance(moment, Flaw):
        raise UsageError(_("--at: {message}", message=moment.message), hint=moment.hint)
    return at, moment


def language(given: str | None, session: Session, settings: Settings) -> str:
    """The language of a new draft: the one that was given, the session's or the workspace's."""
    lang = given or session.defaults.lang or settings.language
    if not LANGUAGE.fullmatch(lang):
        message = _("{lang!r} is not a language.", lang=lang)
        raise UsageError(message, hint=_("Write it like fr, es or pt-BR."))
    return lang


def recipients(to: Sequence[str], settings: Settings) -> list[str]:
    """What was given, also several in one word with commas between them."""
    names = [name for words in to for name in re.split(r"[\s,]+", words) if name]
    return arguments.recipients(names, settings)


def _scalar(text: str) -> str:
    """As YAML; between quotes unless it is plain words."""
    plain = re.fullmatch(r"[^\W\d_][\w ,.()-]*", text) and not text.endswith(" ")
    return text if plain else json.dumps(text, ensure_ascii=False)
