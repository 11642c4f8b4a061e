"""/filters: the filters that people save under a name, and remove."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Form, Response

from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.ledger.saved_filters import SavedFilter
from publisher.web.authentication import Writer
from publisher.web.dependencies import AddressValues, Use
from publisher.web.routes.calendar import View
from publisher.web.routes.log import Filters

_PAGES: Mapping[str, type[AddressValues]] = {"log": Filters, "calendar": View}
"""The pages whose filters can be saved."""

router = APIRouter()


@router.post("/filters")
def change(
    parts: Use,
    visitor: Writer,
    do: Annotated[str, Form()] = "",
    page: Annotated[str, Form()] = "",
    name: Annotated[str, Form(max_length=2000)] = "",
    query: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Save the filters of `query` for a page, or remove those of this name."""
    if page not in _PAGES:
        raise UsageError(_("This is not possible here."))
    saved, query = parts.app.saved_filters, _PAGES[page].read(query).query()
    match do:
        case "save" if query:
            made = saved.save(visitor.person, page, name, query)
            toast = _("Saved as “{name}”.", name=made.name)
        case "save":
            raise UsageError(
                _("No filter is set."), hint=_("Go back, choose what is shown, then save it.")
            )
        case "remove":
            saved.remove(visitor.person, page, SavedFilter(name, query))
            toast = _("Removed: {name}.", name=name)
        case _:
            raise UsageError(_("This is not possible here."))
    return parts.done(visitor, toast, f"/{page}?{query}")
