"""What `log verify` and `backup` say of the history."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from publisher.base import formats
from publisher.base.i18n import _
from publisher.cli.output import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from publisher.ledger.integrity.seals import Verdict
    from publisher.ledger.reading.set_backs import SetBack

_SHOWN = 20  # breaks; --json has all of them


def print_verdict(verdict: "Verdict") -> None:
    """Print how many steps there are, each break, and the newest seal."""
    numbers = {
        "steps": formats.steps(verdict.steps),
        "deliveries": formats.deliveries(verdict.deliveries),
        "breaks": formats.breaks(len(verdict.breaks)),
    }
    if not verdict.breaks:
        console.print_prose(_("{steps} of {deliveries}, unbroken.", **numbers))
    else:
        told = _("{steps} of {deliveries}, with {breaks}:", **numbers)
        console.print_prose(console.paint(told, "red"))
        for flaw in verdict.breaks[:_SHOWN]:
            console.print_prose(f"  {console.printable(str(flaw))}", "    ")
        if len(verdict.breaks) > _SHOWN:
            told = _("… and {more} more: --json shows all.", more=len(verdict.breaks) - _SHOWN)
            console.print_prose("  " + told)
    if verdict.archives:
        told = _(
            "Archived, as the history says: {steps} in {files}.",
            steps=formats.steps(verdict.archived),
            files=formats.files(verdict.archives),
        )
        console.print_prose(told)
    if verdict.seal:
        since = _("{number} since", number=verdict.unsealed)
        open_steps = f", {since}" if verdict.unsealed else ""
        when = f"{verdict.seal.at:%Y-%m-%d %H:%M:%S} UTC"
        told = _(
            "Seal {number} of {when}{open_steps}: {hash}",
            number=verdict.seal.number,
            when=when,
            open_steps=open_steps,
            hash=verdict.seal.hash,
        )
        console.print_prose(told)


def print_set_backs(lost_at: datetime | None, set_backs: "Sequence[SetBack]") -> None:
    """Print when the step was made that the ledger lacks, if it does, and its earlier set-backs."""
    if lost_at:
        told = _(
            "The ledger was set back: it lacks a step of {time:%Y-%m-%d %H:%M:%S} UTC that was "
            "seen in it. As soon as Publisher runs, it looks on the platforms for what fell "
            "due since, and does not send it again.",
            time=lost_at,
        )
        console.print_prose(console.paint(told, "red"))
    for set_back in set_backs:
        console.print_prose(str(set_back))


def set_back_json(set_back: "SetBack") -> dict[str, Any]:
    """A set-back for scripts."""
    from publisher.base.formats import instant_text

    values = asdict(set_back)
    return {
        **values,
        "at": instant_text(set_back.at),
        "since": instant_text(set_back.since),
        "until": set_back.until and instant_text(set_back.until),
    }


def as_json(verdict: "Verdict") -> dict[str, Any]:
    """The same for scripts, with all breaks."""
    from publisher.base.formats import instant_text

    seal = verdict.seal
    return {
        "unbroken": not verdict.breaks,
        "steps": verdict.steps,
        "deliveries": verdict.deliveries,
        "archives": verdict.archives,
        "archived": verdict.archived,
        "unsealed": verdict.unsealed,
        "seal": seal and {"number": seal.number, "at": instant_text(seal.at), "hash": seal.hash},
        "breaks": [asdict(flaw) for flaw in verdict.breaks],
    }
