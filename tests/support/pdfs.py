"""Small PDFs, made when a test needs them, and what programs and cameras hide in theirs."""

import io
import zlib
from pathlib import Path

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    RectangleObject,
    StreamObject,
    TextStringObject,
)

MARKER = b"MARKER"
"""It is in each secret of `with_secrets`."""
_XMP = """<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator><rdf:Seq><rdf:li>MARKER-XMP</rdf:li>
</rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""
_GPS = 0x8825


def pdf(path: Path, *, pages: int = 3, size: tuple[int, int] = (595, 842)) -> Path:
    """A PDF of blank pages."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(*size)
    writer.write(path)
    return path


def photo(kind: str) -> bytes:
    """A photo that tells its camera and where it was taken."""
    memory = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "MARKER-CAMERA"
    exif[_GPS] = {1: "N", 2: (46.0, 12.0, 0.0)}
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    if kind == "JPEG2000":
        picture.save(memory, kind)
        box = b"MARKER-BOX"
        return memory.getvalue() + (8 + len(box)).to_bytes(4, "big") + b"xml " + box
    picture.save(memory, kind, exif=exif, comment=b"MARKER-COMMENT", progressive=True)
    return memory.getvalue() + b"MARKER-TAIL"


def with_secrets(path: Path) -> Path:
    """A PDF with all that a clean copy must not have; and a link, a bookmark and three photos."""
    writer = PdfWriter()
    for _ in range(2):
        writer.add_blank_page(595, 842)
    first, second = writer.pages
    jpeg, layers = photo("JPEG"), [NameObject("/FlateDecode"), NameObject("/DCTDecode")]
    photos = {
        "/Im0": _image(jpeg, NameObject("/DCTDecode")),
        "/Im1": _image(zlib.compress(jpeg), ArrayObject(layers)),
        "/Im2": _image(photo("JPEG2000"), NameObject("/JPXDecode")),
    }
    references = {NameObject(name): writer._add_object(one) for name, one in photos.items()}
    first[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject(references)}
    )
    for page in (first, second):
        page[NameObject("/PieceInfo")] = DictionaryObject(
            {NameObject("/Program"): TextStringObject("MARKER-PIECE")}
        )
    writer.add_metadata({"/Author": "MARKER-AUTHOR", "/Title": "MARKER-TITLE"})
    writer.xmp_metadata = _XMP.encode()
    writer.add_attachment("MARKER.txt", b"MARKER-FILE")
    writer.add_outline_item(title="Chapitre", page_number=1)
    place = RectangleObject((0, 0, 100, 100))
    writer.add_uri(0, "https://www.example.org/rapport", place)
    writer.add_uri(1, "file:///C:/Users/MARKER-USER/rapport.docx", place)
    writer.write(path)
    return path


def written(path: Path, objects: list[bytes]) -> Path:
    """A PDF of these objects, numbered from 1; the first one is its catalog."""
    content, places = b"%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    path.write_bytes(
        b"%bxref\n0 %d\n0000000000 65535 f \n%btrailer << /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (content, size, table, size, len(content))
    )
    return path


def stream(data: bytes, keys: bytes = b"") -> bytes:
    """A stream, to be one of the objects of `written`."""
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (keys, len(data), data)


def with_comment(path: Path, kind: str) -> Path:
    """A PDF whose page has an annotation of this kind, by somebody."""
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    comment = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject(kind),
            NameObject("/Rect"): RectangleObject((0, 0, 100, 100)),
            NameObject("/T"): TextStringObject("MARKER-NAME"),
        }
    )
    page[NameObject("/Annots")] = ArrayObject([writer._add_object(comment)])
    writer.write(path)
    return path


def _image(data: bytes, filters: NameObject | ArrayObject) -> StreamObject:
    image = StreamObject()
    image.set_data(data)
    names = {"/Type": "/XObject", "/Subtype": "/Image", "/ColorSpace": "/DeviceRGB"}
    numbers = {"/Width": 64, "/Height": 48, "/BitsPerComponent": 8}
    image.update({NameObject(key): NameObject(name) for key, name in names.items()})
    image.update({NameObject(key): NumberObject(number) for key, number in numbers.items()})
    image[NameObject("/Filter")] = filters
    return image
