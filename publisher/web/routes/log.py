"""/log: the delivery log with filters, search, and CSV and Excel exports."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from publisher.base import date_range, spreadsheet
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.ledger.reading import log_pages
from publisher.ledger.reading.log_pages import Cursor, SortOrder, Wanted
from publisher.model.states import State
from publisher.reporting import log_export
from publisher.reporting.log_export import log_rows
from publisher.web.authentication import Reader, Writer
from publisher.web.dependencies import AddressValues, Parts, Use

_SIZE = 50
_IN_MEMORY = 1_000_000  # bytes of a workbook; a bigger one is made on the disk
_PIECE = 65_536
_LINES = 500
TROUBLE = "trouble"
"""Stands for the states of what went wrong."""
_TROUBLE = frozenset({State.UNCERTAIN, State.FAILED, State.MISSED})

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Filters(AddressValues):
    """The filters in the address."""

    since: str = ""
    until: str = ""
    account: str = ""
    state: str = ""
    q: str = ""
    sort: str = "-happened"

    def wanted(self, parts: Parts) -> Wanted:
        """Convert to a ledger query. Raises UsageError for unknown values."""
        order = self.sort.removeprefix("-")
        if order not in list(SortOrder):
            raise UsageError(_("The log cannot be sorted like that."))
        zone = parts.pages.zone
        return Wanted(
            since=date_range.since(self.since.strip() or None, zone, _("The first day")),
            until=date_range.until(self.until.strip() or None, zone, _("The last day")),
            account=self.account or None,
            states=self._states(),
            text=self.q.strip() or None,
            order=SortOrder(order),
            oldest_first=not self.sort.startswith("-"),
        )

    def _states(self) -> frozenset[State]:
        if self.state == TROUBLE:
            return _TROUBLE
        if self.state and self.state not in list(State):
            raise UsageError(_("There is no state {name}.", name=self.state))
        return frozenset({State(self.state)} if self.state else ())

    def is_preset(self, preset: "Filters") -> bool:
        """Whether these are the filters of a preset, whatever they are sorted by."""
        return replace(self, sort=preset.sort) == preset


Given = Annotated[Filters, Depends()]


@router.get("/log")
def log(
    request: Request,
    parts: Use,
    visitor: Reader,
    filters: Given,
    after: str = "",
    before: str = "",
) -> Response:
    wanted = filters.wanted(parts)
    page = parts.app.logbook.page(
        wanted,
        _SIZE,
        after=Cursor.read(after) if after else None,
        before=Cursor.read(before) if before else None,
    )
    presets, query = _presets(parts), filters.query()
    return parts.pages.render(
        request,
        "log.html",
        page=page,
        filters=filters,
        accounts=parts.app.accounts(),
        states=list(State),
        presets=presets,
        saved=parts.app.saved_filters.of(visitor.person, "log"),
        may_save=query and not any(filters.is_preset(preset) for _name, preset in presets),
        trouble=TROUBLE,
        counted=log_pages.COUNTED,
    )


def _presets(parts: Parts) -> list[tuple[str, Filters]]:
    """The filters that people ask for most, with their names."""
    today = parts.app.clock.now().astimezone(parts.pages.zone).date().isoformat()
    return [
        (_("All"), Filters()),
        (_("Today"), Filters(since=today, until=today)),
        (_("Already out"), Filters(state=State.PUBLISHED, sort="-published")),
        (_("Problems"), Filters(state=TROUBLE)),
        (_("Upcoming"), Filters(state=State.SCHEDULED, sort="due")),
    ]


@router.get("/log.csv")
def as_csv(parts: Use, _visitor: Reader, filters: Given) -> Response:
    rows = map(log_export.flat, _rows(parts, filters))
    return StreamingResponse(
        _joined(spreadsheet.csv_lines(log_export.COLUMNS, rows)),
        media_type="text/csv; charset=utf-8",
        headers=_as_file("log.csv"),
    )


@router.get("/log.xlsx")
def as_workbook(parts: Use, _visitor: Reader, filters: Given) -> Response:
    rows = map(log_export.with_instants, _rows(parts, filters))
    file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    spreadsheet.write(file, log_export.COLUMNS, rows, parts.pages.zone)  # type: ignore[arg-type]
    file.seek(0)
    return StreamingResponse(
        _pieces(file),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers=_as_file("log.xlsx"),
    )


@router.post("/log/verify")
def verify(request: Request, parts: Use, _visitor: Writer) -> Response:
    """Verify that the history has no changes and no gaps."""
    parts.app.audit.seal()
    return parts.pages.render(request, "verdict.html", verdict=parts.app.audit.verify())


def _rows(parts: Parts, filters: Filters) -> Iterator[dict[str, object]]:
    wanted = filters.wanted(parts)  # its errors must be raised before the first row
    found = parts.app.logbook.all(wanted)
    batches = iter(lambda: list(islice(found, _LINES)), [])
    counts = parts.app.engagement
    return chain.from_iterable(log_rows(some, counts.of([d.id for d in some])) for some in batches)


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Join some hundred lines at a time: each piece costs a switch to another thread."""
    while piece := "".join(islice(lines, _LINES)):
        yield piece


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(_PIECE):
            yield piece


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
