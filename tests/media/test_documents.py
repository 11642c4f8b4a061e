"""Documents: what is refused, and that nothing leaves but what readers see."""

import io
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter

from publisher.base.errors import PictureUnusable
from publisher.channels.registry import CAPABILITIES
from publisher.drafts import rendering
from publisher.media import decoding, documents, media_file, photo_metadata
from publisher.media.media_file import clean, inspect, look
from publisher.model.accounts import Account
from publisher.model.content import Content, Part, Picture
from publisher.model.posts import Document
from publisher.model.problems import Flaw
from publisher.platforms.linkedin.spec import LINKEDIN
from publisher.platforms.twitter.spec import TWITTER
from tests.drafts.drafts import Workspace, codes
from tests.support.pdfs import MARKER, pdf, photo, stream, with_comment, with_secrets, written

pytestmark = pytest.mark.guards("publisher.model.content")

DRAFT = "to: {to}\nmedia:\n  - file: media/a.pdf\n    alt: Le rapport annuel"


@pytest.fixture
def posts(workspace: Workspace) -> Path:
    (workspace.posts / "media").mkdir()
    return workspace.posts


def code(path: Path, posts: Path) -> str | None:
    flaw = inspect(path, posts)
    return flaw.code if flaw else None


def test_the_copy_tells_nothing_but_what_readers_see(tmp_path: Path) -> None:
    source = with_secrets(tmp_path / "a.pdf")
    assert source.read_bytes().count(MARKER) > 3
    copy = clean(source, LINKEDIN)
    assert (copy.media_type, copy.width, copy.height, copy.pages) == (
        "application/pdf",
        595,
        842,
        2,
    )
    assert MARKER not in copy.data
    read: Any = PdfReader(io.BytesIO(copy.data))
    assert read.metadata is None
    assert read.xmp_metadata is None
    assert [*read.attachment_list] == []
    (first, second) = read.pages
    texts = [stream.get_data() for stream in _streams(read)]
    assert not any(MARKER in text for text in texts)
    (link,) = first.annotations
    assert link.get_object()["/A"]["/URI"] == "https://www.example.org/rapport"
    assert "/A" not in second.annotations[0].get_object()
    assert [entry.title for entry in read.outline] == ["Chapitre"]
    assert [one.image.size for one in first.images] == [(64, 48)] * 3


_COMMENT = b"<< /Type /Annot /Subtype /Text /Rect [0 0 1 1] /T (MARKER) /Contents (MARKER) >>"


@pytest.mark.parametrize(
    ("catalog", "tree", "page", "others"),
    [
        (
            b"/Outlines 4 0 R",
            b"",
            b"",
            [
                b"<< /Type /Outlines /First 5 0 R /Last 5 0 R /Count 1 >>",
                b"<< /Title (Chapitre) /Parent 4 0 R /Dest [6 0 R /Fit] >>",
                b"<< /Type /Page /MediaBox [0 0 9 9] /Contents 7 0 R /Annots [8 0 R] >>",
                stream(b"(MARKER) Tj"),
                _COMMENT,
            ],
        ),
        (
            b"/StructTreeRoot 4 0 R",
            b"",
            b"",
            [
                b"<< /Type /StructTreeRoot /K 5 0 R >>",
                b"<< /Type /StructElem /S /Annot /K << /Type /OBJR /Obj 6 0 R >> >>",
                _COMMENT,
            ],
        ),
        (
            b"/StructTreeRoot << /Type /StructTreeRoot /PronunciationLexicon [4 0 R] >>",
            b"",
            b"",
            [
                b"<< /Type /Filespec /F (MARKER.txt) /EF << /F 5 0 R >> >>",
                stream(b"MARKER"),
            ],
        ),
        (b"", b"", b"/Contents 4 0 R", [stream(b"q Q", b"/F (C:/Users/MARKER/a.txt)")]),
        (b"", b"/Author (MARKER)", b"", []),
    ],
    ids=[
        "a deleted page that a bookmark names",
        "a deleted comment that a tag names",
        "a file in the tags",
        "a file elsewhere",
        "a key of no use",
    ],
)
def test_what_no_reader_reaches_is_not_in_the_copy(
    catalog: bytes, tree: bytes, page: bytes, others: list[bytes], tmp_path: Path
) -> None:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 %b >>" % tree,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] %b >>" % page,
    ]
    copy = clean(written(tmp_path / "a.pdf", [*objects, *others]), LINKEDIN)
    assert copy.pages == 1
    assert MARKER not in copy.data


@pytest.mark.parametrize("keys", [b"", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]"])
def test_a_photo_among_the_drawing_is_refused(keys: bytes, posts: Path) -> None:
    drawing = stream(
        b"q BI /W 64 /H 48 /CS /RGB /BPC 8 /F /DCT ID " + photo("JPEG") + b" EI Q", keys
    )
    form = b"/Resources << /XObject << /Fm0 4 0 R >> >>" if keys else b"/Contents 4 0 R"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] %b >>" % form,
        drawing,
    ]
    assert code(written(posts / "media/a.pdf", objects), posts) == "media-unsupported"


def _streams(read: Any) -> list[Any]:
    found = [read.get_object(number) for number in range(1, int(read.trailer["/Size"]))]
    plain = [one for one in found if hasattr(one, "get_data")]
    return [one for one in plain if one.get("/Filter") in (None, "/FlateDecode")]


def test_a_photo_loses_its_notes_and_no_pixel() -> None:
    source = photo("JPEG")
    bare = photo_metadata.jpeg(source)
    assert MARKER in source
    assert MARKER not in bare
    with Image.open(io.BytesIO(source)) as before, Image.open(io.BytesIO(bare)) as after:
        assert before.tobytes() == after.tobytes()
        assert not after.getexif()


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    """An approval is valid for them."""
    source = with_secrets(tmp_path / "a.pdf")
    copy = clean(source, LINKEDIN)
    assert clean(source, LINKEDIN).digest == copy.digest
    again = tmp_path / "again.pdf"
    again.write_bytes(copy.data)
    assert clean(again, LINKEDIN).pages == copy.pages


@given(place=st.floats(0, 1), bytes_there=st.binary(min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_broken_bytes_are_refused_or_give_a_copy(place: float, bytes_there: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = with_secrets(Path(folder) / "a.pdf")
        content = bytearray(path.read_bytes())
        begin = int(place * (len(content) - 8))
        content[begin : begin + len(bytes_there)] = bytes_there
        path.write_bytes(content)
        made = documents.copy(path)
    assert isinstance(made, Flaw) or PdfReader(io.BytesIO(made.data)).metadata is None


def test_its_pages_are_counted(posts: Path) -> None:
    path = pdf(posts / "media/a.pdf", pages=7, size=(842, 595))
    assert look(path) == Document(pages=7, width=842, height=595)


@pytest.mark.parametrize("kind", ["/Text", "/FreeText", "/Highlight", "/Widget", "/FileAttachment"])
def test_what_tells_names_on_a_page_is_refused(kind: str, posts: Path) -> None:
    assert code(with_comment(posts / "media/a.pdf", kind), posts) == "document-annotated"


@pytest.mark.parametrize("password", ["", "geheim"])
def test_a_protected_file_is_refused(password: str, posts: Path) -> None:
    """Also one that opens without its password, and cannot be changed."""
    path = posts / "media/a.pdf"
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    writer.write(path)
    assert code(path, posts) == "document-locked"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"PK\3\4 a document of Word", "media-type"),
        (b"%PDF-1.7\n%%EOF", "media-damaged"),
        (b"%PDF-1.7\n" + bytes(5000), "media-damaged"),
    ],
    ids=["another", "empty", "without end"],
)
def test_what_is_no_whole_pdf_is_refused(content: bytes, expected: str, posts: Path) -> None:
    path = posts / "media/a.pdf"
    path.write_bytes(content)
    assert code(path, posts) == expected


def test_a_truncated_file_is_refused(posts: Path) -> None:
    path = pdf(posts / "media/a.pdf", pages=40)
    path.write_bytes(path.read_bytes()[:-800])
    assert code(path, posts) == "media-damaged"


def test_check_says_where_it_cannot_go(workspace: Workspace, posts: Path) -> None:
    pdf(posts / "media/a.pdf")
    for to in ("bice-x", "bice-page", "bice-site"):
        (problem,) = workspace.channel_problems(DRAFT.format(to=to))
        assert (problem.code, bool(problem.hint)) == ("media-unsupported", True)


@pytest.mark.parametrize(
    ("pages", "more", "expected"),
    [
        (300, "", []),
        (301, "", ["document-limits"]),
        (1, "\n  - file: media/b.pdf\n    alt: Un autre", ["media-mixed"]),
    ],
)
def test_a_page_on_linkedin_takes_one_of_300_pages(
    pages: int, more: str, expected: list[str], workspace: Workspace, posts: Path
) -> None:
    pdf(posts / "media/a.pdf", pages=pages)
    pdf(posts / "media/b.pdf")
    post = workspace.post(DRAFT.format(to="bice-site") + more)
    account = Account(name="bice-li", channel="linkedin")
    assert codes(rendering.problems(post, account, LINKEDIN)) == expected


def test_what_goes_out_has_pages_and_a_name_that_says_nothing(
    workspace: Workspace, posts: Path
) -> None:
    pdf(posts / "media/a.pdf")
    post = workspace.post(DRAFT.format(to="bice-site") + "\ntitle: Rapport 2016")
    account = Account(name="bice-li", channel="linkedin")
    content = rendering.render(
        post, account, LINKEDIN, lambda item, can: media_file.clean(item.path, can)
    )
    (shown,) = content.parts[0].pictures
    assert (shown.pages, shown.name) == (3, f"{shown.digest[:16]}.pdf")
    assert content.title_of(shown) == "Rapport 2016"
    assert content.takes_long


def test_without_documents_their_library_is_not_loaded(workspace: Workspace) -> None:
    """It would cost every command a tenth of a second."""
    workspace.picture()
    code = "import sys, publisher.media.media_file, publisher.drafts.library; "
    code += "sys.exit('pypdf' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_only_channels_with_documents_take_one(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf")
    for name, capabilities in CAPABILITIES.items():
        if capabilities.documents:
            assert clean(path, capabilities).pages == 3, name
        else:
            with pytest.raises(PictureUnusable):
                clean(path, capabilities)
    with pytest.raises(PictureUnusable):
        clean(path, TWITTER)


def test_a_small_view_has_the_shape_of_the_first_page(tmp_path: Path) -> None:
    small = decoding.thumbnail(pdf(tmp_path / "a.pdf", size=(400, 200)), 100)
    assert isinstance(small, bytes)
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.size == (100, 50)


def test_a_pdf_under_a_pictures_name_says_what_to_do(posts: Path) -> None:
    path = pdf(posts / "media/a.jpg")
    flaw = media_file.inspect(path, posts)
    assert flaw
    assert ".pdf" in str(flaw.hint)


def test_the_digest_of_a_content_without_documents_is_as_before() -> None:
    """Approvals on record are valid for it."""
    shown = Picture(digest="0" * 64, media_type="image/png", width=1, height=1, alt="a", name="a")
    content = Content(parts=(Part(text="Bonjour", pictures=(shown,)),))
    assert "pages" not in content.model_dump_json()
    assert Content.model_validate_json(content.model_dump_json()) == content
    document = shown.model_copy(update={"media_type": "application/pdf", "pages": 2})
    assert '"pages":2' in document.model_dump_json()
