"""Application of the API, which the pages' server has at `/api/v1`."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from publisher.app import Application
from publisher.web.api import answers, drafts, media, planning, problems, records, webhooks
from publisher.web.api.access import DESCRIPTION, TokenAccess
from publisher.web.dependencies import Parts

_ABOUT = """
Drafts, checks, previews, plans and the log, for programs that act for a person.

A token can draft and ask for approval. What is for people alone no token can do: approve, publish,
pause, resume, withdraw, or change consents, mandates, people and keys.
"""


def _operation_id(route: APIRoute) -> str:
    return route.name


_OPERATIONS = APIRouter(
    generate_unique_id_function=_operation_id,
    responses={
        "default": {"model": problems.ProblemDetails, "description": "An error (RFC 9457)."}
    },
)
for _module in (answers, drafts, media, planning, records):
    _OPERATIONS.include_router(_module.router)


def create(application: Application, parts: Parts) -> FastAPI:
    """The API of one workspace."""
    api = FastAPI(
        title="Publisher",
        version="1",
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=DESCRIPTION,
    )
    api.router.routes.extend(_OPERATIONS.routes)
    webhooks.describe(api.webhooks)
    api.state.parts = parts
    problems.install(api)
    api.add_middleware(TokenAccess, application=application)
    described = api.openapi

    def openapi() -> dict[str, Any]:
        if api.openapi_schema is None:
            api.openapi_schema = _with_problems(described())
        return api.openapi_schema

    setattr(api, "openapi", openapi)  # noqa: B010 - as FastAPI's guide does, past the type checker
    return api


def _with_problems(description: dict[str, Any]) -> dict[str, Any]:
    """Errors have a media type of their own, which FastAPI cannot say."""
    for path in description["paths"].values():
        for operation in path.values():
            content = operation["responses"]["default"]["content"]
            content[problems.MEDIA_TYPE] = content.pop("application/json")
    return description
