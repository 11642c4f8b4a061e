"""/new and /posts/ID/edit: the composer, which makes a draft and changes one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from publisher.base.errors import (
    Busy, FileChanged, NoSuchPost, NotPossible, PictureUnusable, PublisherError, UsageError,
)  # fmt: skip
from publisher.base.i18n import _
from publisher.channels.registry import widest
from publisher.drafts.composition import unusual
from publisher.ledger.manager.draft_edits import MADE, REWORDED
from publisher.media import uploads
from publisher.model.problems import Flaw
from publisher.web import compose_view, composed_draft, draft_view, plan_view
from publisher.web.authentication import Reader, Visitor, Writer
from publisher.web.compose_form import ComposeForm
from publisher.web.composed_draft import ComposedDraft
from publisher.web.dependencies import Parts, PostRoute, Use, post_address
from publisher.web.routes import compose_saving

router = APIRouter(route_class=PostRoute)
