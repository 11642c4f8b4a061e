"""Photographs with all that cameras, phones and editors hide in theirs."""

import io
import struct
from pathlib import Path

import pillow_heif
from PIL import ExifTags, Image, ImageCms

SECRETS = (
    b"MARKER-MAKE", b"MARKER-MODEL", b"MARKER-ARTIST", b"MARKER-SERIAL", b"MARKER-NOTE",
    b"MARKER-XMP", b"MARKER-COMMENT", b"MARKER-THUMB", b"MARKER-IPTC", b"MARKER-PROFILE",
    b"MARKER-TAIL", b"2016:03:07 09:00:00",
    struct.pack(">6I", 46, 1, 13, 1, 365_001, 10_000),
)  # fmt: skip
"""What `photo` puts into a JPEG; the last one is a latitude, as EXIF writes it."""

OF_PHONES = tuple(secret for secret in SECRETS if secret not in (b"MARKER-COMMENT", b"MARKER-IPTC"))
"""What `of_a_phone` puts into a picture: HEIC and AVIF have no place for the other two."""


def photo(path: Path, size: tuple[int, int] = (64, 48), orientation: int = 6) -> Path:
    """A JPEG with EXIF (place, time, maker's note, thumbnail), XMP, IPTC, a comment, a colour
    profile that names its screen, and bytes behind its end.
    """
    image = Image.new("RGB", size, "navy")
    image.paste("gold", (0, 0, size[0] // 2, size[1] // 2))
    memory = io.BytesIO()
    image.save(
        memory,
        "JPEG",
        quality=95,
        exif=_exif(orientation),
        xmp=b"<x:xmpmeta>MARKER-XMP</x:xmpmeta>",
        comment=b"MARKER-COMMENT",
        icc_profile=_profile(),
    )
    data = memory.getvalue()
    iptc = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", 16) + b"\x1c\x02\x78\0\x0b"
    iptc += b"MARKER-IPTC"
    segment = b"\xff\xed" + struct.pack(">H", len(iptc) + 2) + iptc
    path.write_bytes(data[:2] + segment + data[2:] + b"MARKER-TAIL")
    return path


XMP = b'<x:xmpmeta tiff:Turn_unseen="3">MARKER-XMP</x:xmpmeta>'
"""For `turned_in_xmp`: writers would take a known turn for that of the file."""


def of_a_phone(path: Path, size: tuple[int, int] = (64, 48), orientation: int = 6) -> Path:
    """A HEIC or, by its name, an AVIF with EXIF (place, time, maker's note, thumbnail), XMP, a
    colour profile that names its screen, and bytes behind its end. The file and the EXIF both say
    how it is turned.
    """
    image = Image.new("RGB", size, "navy")
    image.paste("gold", (0, 0, size[0] // 2, size[1] // 2))
    real, empty = _exif(orientation), _room(len(_exif(orientation)), orientation)
    more = {
        "quality": 95,
        "exif": empty,
        "xmp": XMP,
    }
    memory = io.BytesIO()
    if path.suffix == ".avif":
        image.save(memory, "AVIF", subsampling="4:4:4", icc_profile=_profile(), **more)
    else:
        image.info.update(icc_profile=_profile(), thumbnails=[32])
        pillow_heif.from_pillow(image).save(memory, chroma=444, **more)
    data = memory.getvalue()
    place = data.index(b"MM\0*")
    data = data[:place] + real[6:] + data[place + len(real) - 6 :]
    path.write_bytes(turned_in_xmp(data) + b"MARKER-TAIL")
    return path


def _room(length: int, orientation: int) -> bytes:
    """EXIF of this length with a turn alone: writers would not leave another as it is."""
    exif = Image.Exif()
    exif.endian = ">"
    exif[ExifTags.Base.ImageDescription] = ""
    exif[ExifTags.Base.ImageDescription] = "x" * (length - len(exif.tobytes()))
    exif[ExifTags.Base.Orientation] = orientation
    return exif.tobytes()


def turned_in_exif(data: bytes, orientation: int) -> bytes:
    """With this in the EXIF, whatever the file itself says."""
    entry = struct.pack(">HHI", ExifTags.Base.Orientation, 3, 1)
    place = data.index(entry) + len(entry)
    return data[:place] + struct.pack(">H", orientation) + data[place + 2 :]


def turned_in_xmp(data: bytes) -> bytes:
    """With a turn in what was written as XMP."""
    return data.replace(b"tiff:Turn_unseen", b"tiff:Orientation")


def _profile() -> bytes:
    """sRGB, with a name in the place of its own copyright."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = int.from_bytes(data[128:132])
    for place in range(132, 132 + tags * 12, 12):
        kind, start, size = struct.unpack(">4sII", data[place : place + 12])
        if kind == b"cprt" and size >= 32:
            data[start + 12 : start + 27] = b"MARKER-PROFILE\0"
    return bytes(data)


def _exif(orientation: int) -> bytes:
    """The directories of EXIF with a thumbnail in the second, as cameras write them."""
    exif = Image.Exif()
    exif.endian = ">"
    exif[ExifTags.Base.Make] = "MARKER-MAKE"
    exif[ExifTags.Base.Model] = "MARKER-MODEL"
    exif[ExifTags.Base.Artist] = "MARKER-ARTIST"
    exif[ExifTags.Base.Orientation] = orientation
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.DateTimeOriginal] = "2016:03:07 09:00:00"
    details[ExifTags.Base.BodySerialNumber] = "MARKER-SERIAL"
    details[ExifTags.Base.MakerNote] = b"MARKER-NOTE"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (46.0, 13.0, 36.5001)
    data = exif.tobytes()
    return _with_thumbnail(data)


def _with_thumbnail(exif: bytes) -> bytes:
    """Pillow writes one directory; the next one holds nothing but a small picture."""
    memory = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(memory, "JPEG", comment=b"MARKER-THUMB")
    small = memory.getvalue()
    head, tiff = exif[:6], bytearray(exif[6:])
    order = ">" if tiff[:2] == b"MM" else "<"
    (first,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, first)
    struct.pack_into(f"{order}I", tiff, first + 2 + count * 12, len(tiff))
    place = len(tiff) + 2 + 2 * 12 + 4
    directory = struct.pack(f"{order}H", 2)
    directory += struct.pack(f"{order}HHII", 0x0201, 4, 1, place)
    directory += struct.pack(f"{order}HHII", 0x0202, 4, 1, len(small))
    return head + bytes(tiff) + directory + bytes(4) + small
