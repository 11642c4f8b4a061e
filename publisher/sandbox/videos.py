"""Inspection of uploaded videos and captions, as platforms do it; metadata that a video reveals."""

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av import VideoStream
    from av.container import InputContainer

_BRANDS = frozenset({"major_brand", "minor_version", "compatible_brands"})
"""Keys that PyAV reports as metadata, and that every MP4 has."""
_TIME = r"\d{2}:[0-5]\d:[0-5]\d,\d{3}"
_CUE = re.compile(rf"[1-9]\d*\n{_TIME} --> {_TIME}\n[^\n]+(\n[^\n]+)*")
"""A caption in SubRip (.srt)."""
_SEI = 6  # the type of H.264 units with messages between the frames


@dataclass(frozen=True, slots=True)
class VideoLook:
    """The properties of a video."""

    width: int
    height: int
    """Width and height as encoded, without rotation."""
    codec: str
    colours: str
    """The format of its pixels, such as `yuv420p`."""
    seconds: float
    frames: int
    sound: tuple[tuple[str, int], ...]
    """Of each track, the codec and the number of channels."""
    betrays: tuple[str, ...]
    """The kinds of metadata that it carries."""


def look(content: bytes) -> VideoLook | None:
    """Open a video, and decode its first frame; None if it cannot be processed."""
    import av  # noqa: PLC0415 - only for videos

    try:
        with av.open(io.BytesIO(content), "r") as source:
            track = source.streams.video[0]
            betrays = _metadata(source)
            picture = next(source.decode(track))
        with av.open(io.BytesIO(content), "r") as source:
            track = source.streams.video[0]
            pictures, has_messages = _counted(source, track)
            seconds = float((track.duration or 0) * (track.time_base or 0))
            codec = track.codec_context.name
            heard = [each.codec_context for each in source.streams.audio]
            sound = tuple((each.name, each.channels) for each in heard)
    except (av.FFmpegError, IndexError, StopIteration, ValueError):
        return None
    found = (*betrays, "SEI") if has_messages else betrays
    return VideoLook(
        width=picture.width,
        height=picture.height,
        codec=codec,
        colours=picture.format.name,
        seconds=seconds,
        frames=pictures,
        sound=sound,
        betrays=found,
    )


def _metadata(source: "InputContainer") -> tuple[str, ...]:
    keys = {key.lower() for key in source.metadata} - _BRANDS
    keys |= {key.lower() for track in source.streams for key in track.metadata if "time" in key}
    others = [each for each in source.streams if each.type not in ("video", "audio")]
    found = {
        "GPS": any("location" in key for key in keys),
        "metadata": bool(keys),
        "another track": bool(others) or len(source.streams.video) > 1,
    }
    return tuple(name for name, there in found.items() if there)


def _counted(source: "InputContainer", track: "VideoStream") -> tuple[int, bool]:
    """The number of frames, and whether there are messages between them."""
    count, has_messages = 0, False
    for packet in source.demux(track):
        count += bool(packet.size)
        has_messages = has_messages or _SEI in _units(bytes(packet))
    return count, has_messages


def _units(packet: bytes) -> set[int]:
    """The types of the units in one H.264 packet, each with its length in four bytes."""
    kinds, place = set(), 0
    while place + 4 < len(packet):
        kinds.add(packet[place + 4] & 0x1F)
        place += 4 + int.from_bytes(packet[place : place + 4])
    return kinds


def is_subrip(content: bytes) -> bool:
    """Whether it is a whole file of captions, numbered from 1 on."""
    try:
        cues = content.decode().strip("\n").split("\n\n")
    except UnicodeDecodeError:
        return False
    is_written = all(_CUE.fullmatch(cue) for cue in cues)
    return is_written and all(
        int(cue.partition("\n")[0]) == number for number, cue in enumerate(cues, 1)
    )
