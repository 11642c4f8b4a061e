"""Compose pictures: choosing from the media library, and cropping, in the composer.

Nothing is written into posts/ here: a crop is an unsaved picture until its draft is saved.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from publisher.base.errors import PictureUnusable, UsageError
from publisher.base.i18n import _
from publisher.channels.registry import widest
from publisher.drafts.composition import MediaEntry
from publisher.drafts.picture_consents import place_of
from publisher.media import crops, media_file, uploads
from publisher.media.crops import Frame
from publisher.media.media_file import CleanPicture
from publisher.media.unsaved import is_unsaved
from publisher.model.accounts import Account
from publisher.model.posts import MediaItem
from publisher.model.problems import Flaw
from publisher.preview.mockups import ShownImage
from publisher.web import draft_view, media_library
from publisher.web.authentication import Visitor
from publisher.web.compose_check import unsaved_pictures
from publisher.web.compose_form import ComposeForm
from publisher.web.dependencies import Parts
from publisher.web.media_library import LibraryPage

_STEP = re.compile(r"(library|take|crop|frame|cut|whole):([0-9a-f]{1,32})(?::([0-9.:]+|whole))?")
"""What a button about a picture does, with its number or key, and the shape of a frame."""


@dataclass(frozen=True, slots=True)
class PictureStep:
    """A press of a button about a picture."""

    name: str
    of: str
    """The place of a picture in the form, a page's number, or a file's key."""
    shape: str = ""

    @classmethod
    def read(cls, do: str) -> "PictureStep | None":
        found = _STEP.fullmatch("library:1" if do == "library" else do)
        return cls(found[1], found[2], found[3] or "") if found else None

    @property
    def number(self) -> int:
        return int(self.of) if self.of.isdecimal() and len(self.of) < len("1000") else 0


def cleaned(file: BinaryIO, name: str) -> CleanPicture:
    """The clean copy of an upload. Raises PictureUnusable."""
    found = uploads.clean(file, name, widest())
    if isinstance(found, Flaw):
        raise PictureUnusable(found.message, hint=found.hint)
    return found


def stepped(parts: Parts, visitor: Visitor, post: str, form: ComposeForm, do: str) -> ComposeForm:
    """The form after a button about a picture. Raises UsageError if that cannot be done."""
    step = PictureStep.read(do)
    if step is None:
        return form.stepped(do)
    if step.name == "take":
        return form.with_media([*form.media, taken(parts, visitor, form, step.of)])
    if step.name not in ("whole", "crop", "frame"):
        return form
    source = _source(parts, post, form, step.number)
    if step.name == "whole":
        return form.with_file(step.number, source.name)
    if step.name == "frame":
        view, frame = _view(source), form.frame or source.frame
        whole = Frame(0, 0, view.width, view.height)
        ratio = crops.RATIOS.get(step.shape)
        shaped = (frame or whole).shaped(ratio, view.width, view.height) if ratio else whole
        return form.with_frame(shaped)
    return form


def taken(parts: Parts, visitor: Visitor, form: ComposeForm, key: str) -> MediaEntry:
    """A file of the library, with what the last draft said of it. Raises UsageError."""
    app, drafts = parts.app, parts.drafts.drafts(parts.app)
    file = parts.media.index(app, drafts).by_key.get(key)
    if file is None:
        message = _("That file is no longer in the media library.")
        raise UsageError(message, hint=_("Choose another one."))
    today = app.clock.now().astimezone(drafts.session.zone).date()
    accounts = _accounts(parts, visitor, form)
    if why := media_library.refusal(file, drafts.consents, accounts, today):
        hint = _("Choose another picture, or ask again for permission to show it.")
        raise UsageError(why, hint=hint)
    holding = media_library.held(file, drafts.consents, today)
    own = (use.item.consent for use in file.uses if use.item.consent in holding)
    return MediaEntry(
        file=file.file,
        alt=file.alts.get(form.lang, ""),
        credit=file.credit,
        people=file.has_people,
        consent=next(own, None) or next(iter(holding), ""),
    )


def writable(parts: Parts, visitor: Visitor) -> list[Account]:
    """The accounts that a person may write for."""
    accounts = parts.app.settings.public_accounts()
    permits = parts.app.rights.permits_writing
    return [one for name, one in accounts.items() if permits(visitor.person, [name])]


def _accounts(parts: Parts, visitor: Visitor, form: ComposeForm) -> Sequence[Account]:
    """The accounts that were chosen; before that, those that could be."""
    accounts = parts.app.settings.public_accounts()
    chosen = [accounts[name] for name in form.account or () if name in accounts]
    return chosen or writable(parts, visitor)


def chooser(parts: Parts, visitor: Visitor, form: ComposeForm, do: str) -> LibraryPage | None:
    """The page of the library that is chosen from; None: it is not open."""
    step = PictureStep.read(do)
    if step is None or step.name != "library":
        return None
    drafts = parts.drafts.drafts(parts.app)
    return media_library.page(
        parts.app,
        parts.media.index(parts.app, drafts),
        drafts,
        _accounts(parts, visitor, form),
        words=form.find,
        number=step.number,
    )


@dataclass(frozen=True, slots=True)
class CropStage:
    """A picture that is being cropped."""

    place: int
    view: ShownImage
    """The whole picture."""
    frame: Frame
    shapes: Sequence[tuple[str, str, bool]]
    """Of each preset: its name, its shape in a button, and whether the frame has it."""

    @property
    def outside(self) -> str:
        """What is cut off, as an SVG path: the picture with a hole."""
        frame, view = self.frame, self.view
        hole = f"M{frame.left} {frame.top}v{frame.height}h{frame.width}v{-frame.height}z"
        return f"M0 0h{view.width}v{view.height}h{-view.width}z{hole}"

    @property
    def corners(self) -> str:
        """The corners of the frame, as an SVG path."""
        left, top, width, height = self.frame
        reach = min(width, height) // 6
        return " ".join(
            f"M{x} {y + down * reach}V{y}H{x + across * reach}"
            for x, across in ((left, 1), (left + width, -1))
            for y, down in ((top, 1), (top + height, -1))
        )


def stage(parts: Parts, post: str, form: ComposeForm, do: str) -> CropStage | None:
    """The picture that is being cropped; None: no one is, or it cannot be."""
    step = PictureStep.read(do)
    if step is None or step.name not in ("crop", "frame", "cut"):
        return None
    try:
        source = _source(parts, post, form, step.number)
    except UsageError:
        return None
    view = _view(source)
    whole = Frame(0, 0, view.width, view.height)
    frame = (form.frame or source.frame or whole).within(view.width, view.height)
    shapes = [("", "whole", frame == whole)]
    for name, ratio in crops.RATIOS.items():
        is_so = frame != whole and abs(frame.width * ratio[1] - frame.height * ratio[0]) <= max(
            ratio
        )
        shapes.append((name, name, is_so))
    return CropStage(step.number, view, frame, shapes)


def cut(parts: Parts, visitor: Visitor, post: str, form: ComposeForm, do: str) -> ComposeForm:
    """The form in which a picture is its crop; a frame around all of it is the whole picture.

    Raises UsageError and PictureUnusable. It takes seconds.
    """
    step = PictureStep.read(do) or PictureStep("cut", "")
    source, frame = _source(parts, post, form, step.number), form.frame
    if frame is None:
        raise UsageError(_("Enter whole numbers of pixels for the frame."))
    view = _view(source)
    frame = frame.within(view.width, view.height)
    form = form.with_frame(None)
    if frame == Frame(0, 0, view.width, view.height):
        return form.with_file(step.number, source.name)
    made = media_file.cropped(source.path, widest(), frame.shares(view.width, view.height))
    name = unsaved_pictures(parts.app).keep(made, visitor.name, frame.ending)
    return form.with_file(step.number, name, source.name)


@dataclass(frozen=True, slots=True)
class _Source:
    """The whole picture of one in the form."""

    name: str
    """As the form names it."""
    path: Path
    frame: Frame | None
    """What the form shows of it; None: all."""


def _source(parts: Parts, post: str, form: ComposeForm, place: int) -> _Source:
    """Raises UsageError if there is none, or it moves."""
    media = form.media
    if place >= len(media):
        raise UsageError(_("That picture is no longer in the form."))
    name = media[place].file
    path = _found(parts, post, name)
    cut_from = crops.read(path.name)
    if cut_from:
        name = form.originals.get(name) or _whole(parts, path)
        path = _found(parts, post, name)
    if media_file.look(path) is not None:  # it moves, or cannot be opened
        raise UsageError(_("Only a still picture can be cropped."))
    return _Source(name, path, cut_from[1] if cut_from else None)


def _whole(parts: Parts, path: Path) -> str:
    """The file that a crop in a media folder was cut from, as a draft names it."""
    index = parts.media.index(parts.app, parts.drafts.drafts(parts.app))
    found = next((one.whole for one in index.files if one.path == path), None)
    if found is None:
        message = _("The whole picture is no longer there.")
        raise UsageError(message, hint=_("Add it again."))
    return found


def _found(parts: Parts, post: str, name: str) -> Path:
    """The file that a form names: an unsaved one, or one below posts/."""
    if is_unsaved(name):
        path = unsaved_pictures(parts.app).find(name)
        if path is None:
            message = _("A picture was left unsaved for so long that it is no longer kept.")
            raise UsageError(message, hint=_("Add it again."))
        return path
    posts = parts.app.settings.posts
    located = media_file.locate(place_of(name, post, posts), posts)
    if not isinstance(located, Path):
        raise UsageError(located.message, hint=located.hint)
    return located


def _view(source: _Source) -> ShownImage:
    item = MediaItem(path=source.path, alt="")
    return draft_view.pictures([item]).view(item, widest())
