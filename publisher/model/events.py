"""The names of what happens to deliveries and accounts, as people read them.

The ledger and JSON have them in English, whatever the language is.
"""

from publisher.base.i18n import _, later

EVENTS = (
    later("account goes on"),
    later("account held"),
    later("answered late"),
    later("approved"),
    later("archived"),
    later("at the platform"),
    later("cancelled"),
    later("claimed"),
    later("cleared away"),
    later("clearing away"),
    later("deferred"),
    later("draft edited"),
    later("draft moved"),
    later("found gone"),
    later("found"),
    later("held"),
    later("hold lifted"),
    later("kept out"),
    later("late"),
    later("lease ran out"),
    later("left alone"),
    later("left behind"),
    later("leftovers found"),
    later("let in again"),
    later("looking"),
    later("missed"),
    later("not approved"),
    later("not cleared away"),
    later("not readable"),
    later("not there yet"),
    later("not there"),
    later("not withdrawn yet"),
    later("not withdrawn"),
    later("on time again"),
    later("overdue"),
    later("owner verified"),
    later("part published"),
    later("part withdrawn"),
    later("password changed"),
    later("password stored anew"),
    later("paused"),
    later("person added"),
    later("person on record"),
    later("person removed"),
    later("many failed log-ins"),
    later("rights changed"),
    later("picture added"),
    later("picture edited"),
    later("picture removed"),
    later("prepared"),
    later("public on its own"),
    later("published"),
    later("queued again"),
    later("queued"),
    later("ready"),
    later("recognised elsewhere"),
    later("refused"),
    later("rejected"),
    later("released"),
    later("resolved"),
    later("restored from a backup"),
    later("restored"),
    later("resumed"),
    later("retried"),
    later("said to be the first ledger"),
    later("sending"),
    later("settling again"),
    later("stop lifted"),
    later("stop noted"),
    later("stopped"),
    later("unknown outcome"),
    later("withdrawing"),
    later("withdrawn"),
)

LABELS = (
    later("absences"),
    later("alternative text"),
    later("author"),
    later("backup of"),
    later("before"),
    later("consent"),
    later("content"),
    later("credit"),
    later("digest"),
    later("due at"),
    later("embargo until"),
    later("expires at"),
    later("failures"),
    later("file"),
    later("goes out at"),
    later("id"),
    later("ids"),
    later("if not out"),
    later("kind"),
    later("last error"),
    later("message"),
    later("number"),
    later("organisations"),
    later("owner"),
    later("part"),
    later("people"),
    later("reason"),
    later("role"),
    later("since"),
    later("text"),
    later("time"),
    later("until"),
)
"""What a step tells of."""


_KINDS = {
    "content": later("its content is refused"),
    "auth": later("the keys are not accepted"),
    "permission": later("not permitted"),
    "rate-limit": later("the platform's limit is reached"),
    "app-limit": later("the app's limit is reached"),
    "duplicate": later("the same text is there already"),
    "policy": later("against the platform's rules"),
    "unavailable": later("the platform does not answer as it should"),
    "unknown-outcome": later("nobody knows whether it is out"),
    "expired": later("too late"),
    "clock": later("the clock of this machine is wrong"),
}
"""The kinds of error of `model/outcomes.py`, as people read them; JSON has their codes."""


_OTHERWISE = {"not readable": later("reading cannot tell")}
"""What is called otherwise in the ledger: a platform that was read may not tell all the same."""


def event(name: str) -> str:
    return _(_OTHERWISE.get(name, name))


def label(key: str) -> str:
    """The name of a step's detail."""
    return _(key.replace("_", " "))


def kind(code: str) -> str:
    """The name of a kind of error; an unknown code stays as it is."""
    return _(_KINDS.get(code, code))
