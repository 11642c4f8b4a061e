"""Preview of posts on each channel (`publisher preview`), as one HTML file.

It holds no script and loads nothing. Besides the mock-ups it shows lengths, times, problems and
the state in the ledger, so that a reviewer sees everything at once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from publisher.base import html
from publisher.base.i18n import NAMES
from publisher.channels.registry import TEMPLATES
from publisher.drafts.library import Library
from publisher.model.deliveries import Delivery
from publisher.model.states import state_name
from publisher.model.values import Problem
from publisher.preview import mockups
from publisher.preview.draft_view import Drafts
from publisher.preview.mockups import Face
from publisher.settings.settings import Settings


def render(
    settings: Settings,
    library: Library,
    problems: Sequence[Problem],
    *,
    chosen: Collection[str],
    standing: Mapping[tuple[str, str], Delivery] | None,
    faces: Mapping[str, Face],
    now: datetime,
) -> str:
    """Render the page of the drafts whose ids are `chosen`, earliest first.

    `library` and `problems` are those of all drafts, so that translations are known. `standing`:
    the ledger's deliveries, by post and account; None if there is no ledger. `faces`: by account,
    what its platform shows of it, with the picture as a data URI.
    """
    drafts = Drafts(settings, library, problems, standing or {}, now, faces=faces)
    templates = html.environment("publisher.preview", *TEMPLATES)
    return templates.get_template("preview.html").render(
        mockup_styles=mockups.styles(),
        title=library.session.name or settings.workspace.name,
        lang=settings.language,
        drafts=drafts.views(chosen),
        general=drafts.general(),
        languages=NAMES,
        state_name=state_name,
        has_ledger=standing is not None,
        zone=library.session.zone.key,
        now=now.astimezone(library.session.zone),
    )
