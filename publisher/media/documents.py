"""Documents: checks PDF files, and makes the clean copy that is sent.

The copy has what its readers see: the pages, their bookmarks and links, the tags for screen
readers. It has no title, author, program or dates (/Info, XMP), no attached files, scripts,
thumbnails, coordinates of maps or earlier versions, and its photos carry nothing but pixels.
Comments, form fields and signatures are visible, and tell names: such a file is refused.

pypdf is pure Python, so that a malicious file finds no C library to exploit. Keys and their
meaning: ISO 32000-2.
"""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

from publisher.base.i18n import _
from publisher.media import photo_metadata
from publisher.media.clean_copy import CleanPicture
from publisher.model.posts import Document
from publisher.model.problems import Flaw

if TYPE_CHECKING:
    from pypdf import PdfReader

# pypdf is imported only for a document: most commands never see one.

SUFFIXES = frozenset({".pdf"})
MEDIA_TYPE = "application/pdf"

_OF_CATALOG = frozenset({
    "/Type", "/Pages", "/Lang", "/PageLabels", "/Outlines", "/Dests", "/Names", "/PageLayout",
    "/PageMode", "/MarkInfo", "/StructTreeRoot", "/OCProperties", "/OutputIntents",
})  # fmt: skip
"""What the document says of itself that its readers need."""
_OF_TREE = frozenset({
    "/Type", "/Parent", "/Kids", "/Count", "/Resources", "/MediaBox", "/CropBox", "/Rotate",
})  # fmt: skip
_OF_PAGE = frozenset({
    "/Type", "/Parent", "/Resources", "/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox",
    "/Rotate", "/UserUnit", "/Contents", "/Group", "/Annots", "/StructParents", "/Tabs",
})  # fmt: skip
_OF_LINK = frozenset({
    "/Type", "/Subtype", "/Rect", "/QuadPoints", "/Border", "/BS", "/C", "/H", "/F", "/A", "/Dest",
    "/StructParent", "/Contents",
})  # fmt: skip
_OF_ACTION = frozenset({"/Type", "/S", "/URI", "/D"})
_ADDRESSES = ("http://", "https://", "mailto:")
"""Where links may lead; others name files of somebody's computer."""
_NOWHERE = frozenset({
    "/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/AA", "/AF", "/JS", "/OPI", "/VP",
    "/Measure", "/PtData", "/LGIDict", "/Alternates", "/SpiderInfo", "/CreatorInfo", "/User", "/EF",
    "/RF", "/PronunciationLexicon", "/Schema",
})  # fmt: skip
"""Keys that are in no dictionary of the copy."""
_ELSEWHERE = frozenset({"/F", "/FFilter", "/FDecodeParms", "/Ref"})
"""Keys of a stream that name a file of somebody's computer."""
_UNSEEN = frozenset({"/Popup", "/PrinterMark", "/TrapNet"})
"""Annotations that nobody sees."""
_PHOTO_WITHIN = re.compile(rb"\bBI\b[^>]{0,500}/DCT(?:Decode)?\b")
"""A JPEG among the drawing operators, which is at most an icon (ISO 32000-2, 8.9.7)."""
_END = 2048  # bytes at a file's end, within which its last mark must be
_SHEET = 640  # pixels of the longer side
_EDGE, _INK = "#d8dde3", "#5b6673"


class _Refused(Exception):
    """The document cannot be sent; `flaw` gives the reason."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


def look(path: Path) -> Flaw | Document:
    """The pages of a document, or its flaw. It makes the copy, to find out."""
    copied = _copied(path)
    return copied if isinstance(copied, Flaw) else copied[1]


def copy(path: Path) -> CleanPicture | Flaw:
    """Make the clean copy, the same for all channels, or return the flaw.

    It has the same bytes each time for the same version of pypdf.
    """
    copied = _copied(path)
    if isinstance(copied, Flaw):
        return copied
    data, seen = copied
    return CleanPicture.of(data, MEDIA_TYPE, (seen.width, seen.height), seen.pages)


def first_picture(path: Path) -> Image.Image | Flaw:
    """A blank sheet in the shape of the first page: nothing here draws pages."""
    copied = _copied(path)
    if isinstance(copied, Flaw):
        return copied
    seen = copied[1]
    scale = _SHEET / max(seen.width, seen.height)
    width, height = max(1, int(seen.width * scale)), max(1, int(seen.height * scale))
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, 0, width - 1, height - 1), outline=_EDGE, width=6)
    pen.text((width / 2, height / 2), "PDF", fill=_INK, anchor="mm", font_size=_SHEET // 6)
    return sheet


def _copied(path: Path) -> tuple[bytes, Document] | Flaw:
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the file
    try:
        return _rewritten(path)
    except _Refused as refused:
        return refused.flaw
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything for broken files
        return _damaged(path)


def _rewritten(path: Path) -> tuple[bytes, Document]:
    from pypdf import PdfReader, PdfWriter  # noqa: PLC0415

    data = path.read_bytes()
    if not data.lstrip().startswith(b"%PDF-"):
        message = _("{file} is not a PDF, despite its name.", file=path.name)
        raise _Refused(Flaw("media-type", message, _("Give it the right ending.")))
    if b"%%EOF" not in data[-_END:]:
        raise _Refused(_damaged(path))
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        message = _("{file} is protected by a password.", file=path.name)
        hint = _("Save it without protection: print it to a new PDF, or export it again.")
        raise _Refused(Flaw("document-locked", message, hint))
    seen = _measured(reader, path)
    _prune(reader, path)
    writer = PdfWriter()
    writer.clone_reader_document_root(reader)
    writer.metadata = None
    writer.pdf_header = reader.pdf_header
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue(), seen


def _measured(reader: "PdfReader", path: Path) -> Document:
    """The pages, each of which is read to its end."""
    for page in reader.pages:
        contents = page.get_contents()
        if contents is not None:  # it is a dictionary too, and an empty one
            _check_drawing(contents, path)
    first = reader.pages[0]
    sides = abs(first.cropbox.width), abs(first.cropbox.height)
    width, height = sides if first.rotation % 180 == 0 else sides[::-1]
    return Document(
        pages=len(reader.pages), width=max(1, round(width)), height=max(1, round(height))
    )


def _check_drawing(stream: Any, path: Path) -> None:
    """Read drawing operators. Raises `_Refused` for a photo in them, which may tell its place."""
    if _PHOTO_WITHIN.search(stream.get_data()):
        message = _("{file} contains a photo whose metadata cannot be removed.", file=path.name)
        hint = _("Print it to a new PDF, or export it again.")
        raise _Refused(Flaw("media-unsupported", message, hint))


def _prune(reader: "PdfReader", path: Path) -> None:
    """Take out of the document, as it is read, all that the copy must not have."""
    catalog = reader.root_object
    _keep(catalog, _OF_CATALOG)
    if isinstance(names := _at(catalog, "/Names"), dict):
        _keep(names, frozenset({"/Dests"}))
    seen: set[int] = set()
    for shown in reader.pages:
        page = _resolved(shown.indirect_reference)  # of which `shown` is a copy
        _keep(page, _OF_PAGE)
        seen |= {id(page), *map(id, _check_annotations(page, path))}
    for each in _dictionaries(catalog):
        if id(each) not in seen and _is_for_readers(each):
            each.clear()  # deleted, but a bookmark or a tag still names it
        if _at(each, "/Subtype") == "/Form" and _is_stream(each):
            _check_drawing(each, path)
        if _at(each, "/Type") == "/Pages":
            _keep(each, _OF_TREE)
        nowhere = _NOWHERE | _ELSEWHERE if _is_stream(each) else _NOWHERE
        for key in nowhere & each.keys():
            del each[key]
        action = _at(each, "/A")
        if isinstance(action, dict) and "/S" in action:  # not the attributes of a tag
            _keep(action, _OF_ACTION)
            if not _is_followed(action):
                del each["/A"]
        photo_metadata.strip(each)


def _is_for_readers(each: dict[Any, Any]) -> bool:
    """Whether it is a page, or an annotation of one."""
    content = _at(each, "/Contents")  # of an annotation, it is a text
    is_page = _at(each, "/Type") in ("/Page", "/Template") or isinstance(content, dict | list)
    is_annotation = _at(each, "/Type") == "/Annot" or {"/Rect", "/Subtype"} <= each.keys()
    return is_page or is_annotation


def _is_stream(each: dict[Any, Any]) -> bool:
    from pypdf.generic import StreamObject  # noqa: PLC0415

    return isinstance(each, StreamObject)


def _check_annotations(page: dict[Any, Any], path: Path) -> list[dict[Any, Any]]:
    """Keep the links of a page, and return them.

    Raises `_Refused` for what else is visible on it.
    """
    from pypdf.generic import ArrayObject, NameObject  # noqa: PLC0415

    links, kept = [], []
    for reference in _at(page, "/Annots") or ():
        annotation = _resolved(reference)
        kind = _at(annotation, "/Subtype") if isinstance(annotation, dict) else None
        if kind == "/Link":
            _keep(annotation, _OF_LINK)
            links.append(reference)
            kept.append(annotation)
        elif kind and kind not in _UNSEEN:
            message = _(
                "{file} has comments, form fields or signatures, which reveal names.",
                file=path.name,
            )
            hint = _("Export it without them, or print it to a new PDF.")
            raise _Refused(Flaw("document-annotated", message, hint))
    page.pop("/Annots", None)
    if links:
        page[NameObject("/Annots")] = ArrayObject(links)
    return kept


def _is_followed(action: dict[Any, Any]) -> bool:
    """Whether a link with this action stays: within the document, or to the internet."""
    address = str(_at(action, "/URI")).lower()
    return action["/S"] == "/GoTo" or (action["/S"] == "/URI" and address.startswith(_ADDRESSES))


def _dictionaries(root: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
    """Each dictionary that can be reached, before what it contains, and streams among them."""
    seen: set[int] = set()
    waiting: list[Any] = [root]
    while waiting:
        each = _resolved(waiting.pop())
        if id(each) in seen:
            continue
        if isinstance(each, dict):
            seen.add(id(each))
            yield each
            waiting += [each.raw_get(key) for key in each]  # type: ignore[attr-defined]
        elif isinstance(each, list):
            seen.add(id(each))
            waiting += each


def _at(each: dict[Any, Any], key: str) -> Any:
    """The value of a key, which may stand elsewhere in the file; None if there is none."""
    return _resolved(each.get(key))


def _resolved(each: Any) -> Any:
    return each.get_object() if hasattr(each, "get_object") else each


def _keep(each: dict[Any, Any], keys: frozenset[str]) -> None:
    for key in each.keys() - keys:
        del each[key]


def _damaged(path: Path) -> Flaw:
    hint = _("Export it again, or copy it again from its source.")
    return Flaw("media-damaged", _("{file} is truncated or damaged.", file=path.name), hint)
