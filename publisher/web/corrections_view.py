"""Corrections as pages show them: what was out, beside what the correction says."""

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.app import Application
from publisher.model.content import Content, Original
from publisher.model.deliveries import Delivery
from publisher.model.states import State
from publisher.planning import word_diff
from publisher.planning.correctable import is_correctable
from publisher.planning.word_diff import Piece

_NOTHING = Content(parts=())
"""Of what was never queued."""


@dataclass(frozen=True, slots=True)
class CorrectedText:
    """A correction on one account, beside what was out before."""

    delivery: Delivery
    was: str
    says: str
    pieces: Sequence[Piece]

    @property
    def is_out(self) -> bool:
        return self.delivery.state is State.PUBLISHED


@dataclass(frozen=True, slots=True)
class PostCorrections:
    """What a post's page shows of corrections."""

    of_others: Sequence[CorrectedText]
    """Of a correction: what it corrects."""
    of_it: Sequence[CorrectedText]
    """Its own corrections, the newest first."""
    correctable: Sequence[Delivery]
    """Its deliveries that a correction may change."""


def of_post(app: Application, post: str, deliveries: Sequence[Delivery]) -> PostCorrections:
    """What is corrected by a post, and what corrects it."""
    correcting = app.queries.corrections([post]) if deliveries else ()
    return PostCorrections(
        of_others=compared(app, deliveries),
        of_it=compared(app, list(reversed(correcting))),
        correctable=[one for one in deliveries if is_correctable(one)],
    )


def compared(app: Application, deliveries: Sequence[Delivery]) -> list[CorrectedText]:
    """Those that are corrections, each beside what it corrects."""
    found = app.queries.aimed([one for one in deliveries if one.corrects])
    before = [one.target.content if isinstance(one.target, Original) else _NOTHING for one in found]
    return [_compared(one, was) for one, was in zip(found, before, strict=True)]


def _compared(delivery: Delivery, before: Content) -> CorrectedText:
    was, says = before.words, delivery.content.words
    return CorrectedText(delivery, was, says, word_diff.compare(was, says))
