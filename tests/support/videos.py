"""Small videos, made when a test needs them, and what cameras and phones hide in theirs."""

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

RATE = 25
SECRETS = (
    b"MARKER-TITLE", b"MARKER-PLACE", b"MARKER-XMP", b"MARKER-TRACK", b"MARKER-HANDLER",
    b"MARKER-MAKER", b"MARKER-FREE", b"MARKER-TAIL", b"+46.2270+006.1400",
    b"MARKER-HANDL", b"x264 - core",
)  # fmt: skip
"""What `with_secrets` puts into a video; the last is written by the encoder."""
CREATED = 3_540_222_000
"""Seconds since 1904: when the video was made, as its headers tell."""


def video(
    path: Path,
    *,
    size: tuple[int, int] = (64, 48),
    seconds: float = 1.0,
    rate: int = RATE,
    picture: str = "libx264",
    colours: str = "yuv420p",
    sound: str | None = "aac",
    layout: str = "mono",
    sounds: int = 1,
    container: dict[str, str] | None = None,
    **options: str,
) -> Path:
    """A video of shades that change; keywords beyond these are the encoder's options."""
    with av.open(str(path), "w", options=container or {}) as target:
        shown: Any = target.add_stream(picture, rate=rate)
        shown.width, shown.height = size
        shown.pix_fmt = colours
        shown.options = {"preset": "ultrafast", **options} if "264" in picture else options
        heard: list[Any] = [
            target.add_stream(sound, rate=44_100, layout=layout) for _ in range(sounds) if sound
        ]
        for number in range(round(seconds * rate)):
            target.mux(shown.encode(_frame(size, colours, number, rate)))
        target.mux(shown.encode(None))
        for track in heard:
            for number in range(round(seconds * 44_100 / 1024)):
                track_format = track.codec_context.format.name
                target.mux(track.encode(_silence(track_format, layout, number)))
            target.mux(track.encode(None))
    return path


def sound_alone(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as target:
        track = target.add_stream("aac", rate=44_100, layout="mono")
        target.mux(track.encode(_silence("fltp", "mono", 0)))
        target.mux(track.encode(None))
    return path


def _frame(size: tuple[int, int], colours: str, number: int, rate: int) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    for index, plane in enumerate(frame.planes):
        plane.update(bytes([(number * 9 + index * 40) % 256]) * plane.buffer_size)
    frame = frame if colours == "yuv420p" else frame.reformat(format=colours)
    frame.pts, frame.time_base = number, Fraction(1, rate)
    return frame


def _silence(form: str, layout: str, number: int) -> av.AudioFrame:
    frame = av.AudioFrame(form, layout, 1024)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = 44_100, number * 1024, Fraction(1, 44_100)
    return frame


def turned(path: Path) -> Path:
    """The same video, to be shown turned by a quarter, as phones note it."""
    data = bytearray(path.read_bytes())
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    place = data.index(b"tkhd") + 4 + 40
    data[place : place + 36] = matrix
    path.write_bytes(data)
    return path


def with_secrets(path: Path, **options: Any) -> Path:
    """A video with a place, times, a title, a maker's notes, XMP and a track of places."""
    data = bytearray(video(path, **options).read_bytes())
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        place = -1
        while (place := data.find(kind, place + 1)) >= 0:
            data[place + 8 : place + 16] = struct.pack(">II", CREATED, CREATED)
    data = data.replace(b"VideoHandler", b"MARKER-HANDL").replace(b"SoundHandler", b"MARKER-HANDL")
    # The index is the last box, so that it may grow without moving pictures and sound.
    start = data.rindex(b"moov") - 4
    more = user_data() + notes()
    size = len(data) + len(more) + len(track(0))
    index = box(b"moov", bytes(data[start + 8 :]), more, track(size + 8))
    behind = (
        box(b"mdat", b"MARKER-TRACK" * 2),
        box(b"free", b"MARKER-FREE"),
        box(b"uuid", bytes(16), b"MARKER-XMP"),
        box(b"XMP_", b"MARKER-XMP"),
        box(b"skip", b"MARKER-TAIL"),
    )
    path.write_bytes(bytes(data[:start]) + index + b"".join(behind))
    return path


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return struct.pack(">I", len(content) + 8) + kind + content


def user_data() -> bytes:
    """A title and a place, as phones of three makers write them."""
    place = b"+46.2270+006.1400/"
    return box(
        b"udta",
        box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7), place),
        box(b"\xa9nam", struct.pack(">HH", 12, 0), b"MARKER-TITLE"),
        box(b"loci", bytes(6), b"MARKER-PLACE\0", bytes(13)),
        box(b"SDLN", b"MARKER-MAKER"),
    )


def notes() -> bytes:
    """Keys and values, as Apple writes them."""
    key = b"com.apple.quicktime.location.ISO6709"
    value = box(b"data", struct.pack(">II", 1, 0), b"+46.2270+006.1400/")
    return box(
        b"meta",
        box(b"hdlr", bytes(8), b"mdta", bytes(13)),
        box(b"keys", struct.pack(">II", 0, 1), box(b"mdta", key)),
        box(b"ilst", box(struct.pack(">I", 1), value)),
    )


def track(place: int) -> bytes:
    """A track of places, as action cameras write it; its one sample is at `place` in the file."""
    tables = (
        box(b"stsd", struct.pack(">II", 0, 1), box(b"gpmd", bytes(6), struct.pack(">H", 1))),
        box(b"stts", struct.pack(">IIII", 0, 1, 1, 1000)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">III", 0, 24, 1)),
        box(b"stco", struct.pack(">III", 0, 1, place)),
    )
    reference = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", bytes(3) + b"\1")))
    return box(
        b"trak",
        box(b"tkhd", struct.pack(">IIIIII", 1, CREATED, CREATED, 9, 0, 1000), bytes(60)),
        box(
            b"mdia",
            box(b"mdhd", struct.pack(">IIIIII", 0, CREATED, CREATED, 1000, 1000, 0)),
            box(b"hdlr", bytes(8), b"meta", bytes(12), b"MARKER-HANDLER\0"),
            box(b"minf", box(b"gmhd", bytes(16)), reference, box(b"stbl", *tables)),
        ),
    )
