"""Events of the history, with their names for people.

The ledger and JSON have them in English, in every language.
"""

from collections.abc import Mapping
from enum import StrEnum

from publisher.base.i18n import _, later
from publisher.model.draft_keys import KEYS


class Event(StrEnum):
    """The event of a step of the history: what happened to a delivery, an account or a person."""

    ACCOUNT_GOES_ON = "account goes on"
    ACCOUNT_SUSPENDED = "account held"
    ACKNOWLEDGED = later("acknowledged")
    AGENDA_ITEM_ADDED = later("agenda item added")
    AGENDA_ITEM_CANCELLED = later("agenda item cancelled")
    AGENDA_ITEM_CHANGED = later("agenda item changed")
    AGENDA_ITEM_RESTORED = later("agenda item restored")
    ANSWER_ANSWERED = "answer answered"
    ANSWER_DELETED = "answer deleted"
    ANSWER_GONE = "answer gone at its platform"
    ANSWER_HANDED_ON = "answer handed on"
    ANSWER_HIDDEN = "answer hidden"
    ANSWER_NOT_CHANGED = "answer not changed"
    ANSWER_OPEN_AGAIN = "answer open again"
    ANSWER_SEEN = "answer seen"
    ANSWERED_LATE = later("answered late")
    ANSWERS_CALL_FOR_SOMEBODY = "answers call for somebody"
    ANSWERS_NOT_READ = "answers not read"
    APPROVAL_TAKEN_BACK = later("approval taken back")
    APPROVED = later("approved")
    ARCHIVED = later("archived")
    AT_THE_PLATFORM = later("at the platform")
    CANCELLED = later("cancelled")
    CLAIMED = later("claimed")
    CLEARED_AWAY = "cleared away"
    CLEARING_AWAY = "clearing away"
    CONSENT_ADDED = later("consent added")
    CONSENT_CHANGED = later("consent changed")
    CONSENT_WITHDRAWN = later("consent withdrawn")
    DEFERRED = later("deferred")
    DELETING_AN_ANSWER = "deleting an answer"
    DRAFT_DELETED = later("draft deleted")
    DRAFT_EDITED = later("draft edited")
    DRAFT_MADE = later("draft made")
    DRAFT_MOVED = later("draft moved")
    DRAFT_READ = later("draft read")
    DUE_IN_SILENCE = "due while nothing was at work"
    FACTOR_ADDED = later("second factor added")
    FACTORS_REMOVED = later("second factor removed")
    FEED_KEY_ENDED = later("secret address ended")
    FEED_KEY_MADE = later("secret address made")
    FOUND = later("found")
    FOUND_GONE = later("found gone")
    HELD = later("held")
    HIDING_AN_ANSWER = "hiding an answer"
    HOLD_LIFTED = later("hold lifted")
    KEPT_OUT = later("kept out")
    KEYS_NOT_RENEWED = later("keys not renewed")
    LATE = later("late")
    LEASE_RAN_OUT = later("lease ran out")
    LEDGER_SET_BACK = later("ledger set back")
    LEFT_ALONE = later("left alone")
    LEFT_BEHIND = later("left behind")
    LEFTOVERS_FOUND = later("leftovers found")
    LET_IN_AGAIN = later("let in again")
    LINK_ENDED = later("link to choose a password ended")
    LINK_MADE = later("link to choose a password made")
    LOOKING = later("looking")
    MANY_FAILED_LOG_INS = "many failed log-ins"
    MANY_WRONG_CODES = later("many wrong codes")
    MISSED = later("missed")
    NOT_APPROVED = later("not approved")
    NOT_CLEARED_AWAY = "not cleared away"
    NOT_READABLE = "not readable"
    NOT_THERE = later("not there")
    NOT_THERE_YET = later("not there yet")
    NOT_WITHDRAWN = later("not withdrawn")
    NOT_WITHDRAWN_YET = later("not withdrawn yet")
    NOTED = later("note added")
    ON_TIME_AGAIN = later("on time again")
    OVERDUE = later("overdue")
    OWNER_VERIFIED = later("owner verified")
    PART_PUBLISHED = later("part published")
    PART_WITHDRAWN = later("part withdrawn")
    PASSWORD_CHANGED = later("password changed")
    PASSWORD_STORED_ANEW = "password stored anew"  # noqa: S105 - the name of an event
    PAUSED = later("paused")
    PERSON_ADDED = later("person added")
    PERSON_INVITED = later("person invited")
    PERSON_ON_RECORD = later("person on record")
    PERSON_REMOVED = later("person removed")
    PICTURE_ADDED = later("picture added")
    PICTURE_EDITED = later("picture edited")
    PICTURE_REMOVED = later("picture removed")
    PREPARED = later("prepared")
    PROFILE_CHANGED = later("profile changed")
    PUBLIC_ON_ITS_OWN = later("public on its own")
    PUBLISHED = later("published")
    QUEUED = later("queued")
    QUEUED_AGAIN = later("queued again")
    READY = later("ready")
    RECOGNISED_ELSEWHERE = later("recognised elsewhere")
    RECOVERY_CODE_USED = later("recovery code used")
    RECOVERY_CODES_MADE = later("recovery codes made")
    REFUSED = later("refused")
    REJECTED = later("rejected")
    REJECTION_TAKEN_BACK = later("rejection taken back")
    RELEASED = later("released")
    RESOLVED = later("resolved")
    RESTORED = later("restored")
    RESTORED_FROM_A_BACKUP = later("restored from a backup")
    RESUMED = later("resumed")
    RETRIED = later("retried")
    RIGHTS_CHANGED = later("rights changed")
    SAID_TO_BE_THE_FIRST_LEDGER = "said to be the first ledger"
    SENDING = later("sending")
    SETTLING_AGAIN = later("settling again")
    STOP_LIFTED = later("stop lifted")
    STOP_NOTED = later("stop noted")
    STOPPED = later("stopped")
    TOKEN_ENDED = later("token ended")
    TOKEN_MADE = later("token made")
    UNKNOWN_OUTCOME = later("unknown outcome")
    WITHDRAWING = later("withdrawing")
    WITHDRAWN = later("withdrawn")


LABELS = (
    later("absences"),
    later("account"),
    later("backup of"),
    later("before"),
    later("consent"),
    later("content"),
    later("copy of"),
    later("credit"),
    later("digest"),
    later("due at"),
    later("embargo until"),
    later("ends at"),
    later("expires at"),
    later("failures"),
    later("file"),
    later("goes out at"),
    later("id"),
    later("ids"),
    later("handed to"),
    later("if not out"),
    later("item"),
    later("kind"),
    later("last day"),
    later("last error"),
    later("mentions"),
    later("message"),
    later("number"),
    later("organisations"),
    later("owner"),
    later("part"),
    later("people"),
    later("place"),
    later("role"),
    later("scopes"),
    later("second factor"),
    later("since"),
    later("starts at"),
    later("text"),
    later("token"),
    later("until"),
)
"""The names of the keys in a step's detail, besides those of a draft's keys."""
_LABELS_OTHERWISE: Mapping[str, str] = {
    "alternative text": later("picture description"),
    "channels": later("platforms"),
    **{key.in_history.replace("_", " "): key.noun for key in KEYS},
}
"""Names for people that differ from the keys."""


_KINDS = {
    "content": later("its content is refused"),
    "auth": later("the keys are not accepted"),
    "permission": later("not permitted"),
    "rate-limit": later("the platform's limit is reached"),
    "app-limit": later("the app's limit is reached"),
    "duplicate": later("the same text is already there"),
    "policy": later("against the platform's rules"),
    "unavailable": later("the platform does not answer as it should"),
    "unknown-outcome": later("it is not known whether it is out"),
    "expired": later("too late"),
    "clock": later("the clock of this machine is wrong"),
}
"""The kinds of error of `model/outcomes.py`, with their names for people; JSON has their codes."""


_OTHERWISE: Mapping[str, str] = {
    Event.ACCOUNT_GOES_ON: later("suspension ended"),
    Event.ANSWERS_CALL_FOR_SOMEBODY: later("comments need attention"),
    Event.ANSWERS_NOT_READ: later("comments not read"),
    Event.ANSWER_ANSWERED: later("comment answered"),
    Event.ANSWER_DELETED: later("comment deleted"),
    Event.ANSWER_GONE: later("comment gone from its platform"),
    Event.ANSWER_HANDED_ON: later("comment handed on"),
    Event.ANSWER_HIDDEN: later("comment hidden"),
    Event.ANSWER_NOT_CHANGED: later("comment not changed"),
    Event.ANSWER_OPEN_AGAIN: later("comment open again"),
    Event.ANSWER_SEEN: later("comment seen"),
    Event.CLEARED_AWAY: later("cleaned up"),
    Event.CLEARING_AWAY: later("cleaning up"),
    Event.DELETING_AN_ANSWER: later("deleting a comment"),
    Event.DUE_IN_SILENCE: later("due while nothing was running"),
    Event.HIDING_AN_ANSWER: later("hiding a comment"),
    Event.MANY_FAILED_LOG_INS: later("many failed logins"),
    Event.NOT_CLEARED_AWAY: later("not cleaned up"),
    Event.PASSWORD_STORED_ANEW: later("password stored again"),
    Event.SAID_TO_BE_THE_FIRST_LEDGER: later("declared to be the first ledger"),
    Event.NOT_READABLE: later("could not check"),
    Event.ACCOUNT_SUSPENDED: later("account suspended"),
}
"""Names for people that differ from the ledger's, which no later version can change."""


def by_program(person: str, program: str | None) -> str:
    """Who acted, for people: a person, or a person by a program."""
    return _("{person}, by {program}", person=person, program=program) if program else person


def event(name: str) -> str:
    return _(_OTHERWISE.get(name, name))


def label(key: str) -> str:
    """The name of a key in a step's detail, for people."""
    name = key.replace("_", " ")
    return _(_LABELS_OTHERWISE.get(name, name))


def kind(code: str) -> str:
    """The name of a kind of error, for people; an unknown code stays as it is."""
    return _(_KINDS.get(code, code))
