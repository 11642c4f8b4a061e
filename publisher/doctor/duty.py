"""Check of the rota for readers' comments: whether those on duty are told."""

from collections.abc import Iterator

from publisher.app import Application
from publisher.base.errors import PublisherError
from publisher.base.i18n import _
from publisher.base.text import same_person
from publisher.doctor.finding import Finding, good, warning
from publisher.ledger.manager.rights import Rank
from publisher.model import duty


def examine(app: Application) -> Iterator[Finding]:
    """Name all in the rota who are not told; instead of them, the managers are."""
    shifts = app.settings.comments.duty
    names = list(dict.fromkeys(duty.parse(shift).name for shift in shifts))
    try:
        problems = [problem for name in names if (problem := _problem(app, name))]
    except PublisherError:  # `ledger` reports an unavailable database
        return
    hint = _("Until then, the managers of the account are notified instead.")
    for problem in problems:
        yield warning("duty", problem, hint)
    if names and not problems:
        yield good("duty", _("Everyone on duty for comments is notified of them."))


def _problem(app: Application, name: str) -> str | None:
    person = next((one for one in app.people.all() if same_person(one.name, name)), None)
    if person is None or person.disabled_at is not None:
        return _("Nobody called {name} can log in.", name=name)
    permits = app.rights.permits
    if not any(permits(person, Rank.STAFF, [account]) for account in app.accounts()):
        return _("{name} has no right over any account.", name=name)
    if not app.comment_acts.tells(person.name):
        return _("{name} has no address for notices about comments.", name=name)
    return None
