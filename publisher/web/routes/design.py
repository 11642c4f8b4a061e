"""/design: every part of the pages' design, in light and dark."""

from importlib import resources

from fastapi import APIRouter, Request, Response

from publisher.channels.registry import SPECS
from publisher.model.states import State
from publisher.web.authentication import Reader
from publisher.web.dependencies import Use

ICONS = sorted(
    file.name.removesuffix(".svg")
    for file in resources.files("publisher.web").joinpath("icons").iterdir()
    if file.name.endswith(".svg")
)
_COLOURS = ("page", "back", "soft", "ink", "dim", "faint", "line", "edge", "accent", "accent-back",
            "good", "good-back", "wait", "wait-back", "bad", "bad-back", "info", "info-back")  # fmt: skip

router = APIRouter()


@router.get("/design")
def design(request: Request, parts: Use, _visitor: Reader) -> Response:
    return parts.pages.render(
        request,
        "design.html",
        icons=ICONS,
        colours=_COLOURS,
        states=list(State),
        channels=list(SPECS),
        problem=None,
    )
