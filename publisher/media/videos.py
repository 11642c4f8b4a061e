"""Videos: checks, and the clean copy that is sent.

The copy carries one video track (H.264) and at most one audio track (AAC) as they were encoded,
and the rotation. No place, time, camera, title or any other track, no messages between the frames
(SEI). It is not re-encoded: that takes long, and reduces quality.
"""

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from publisher.base.i18n import _, later
from publisher.media import mp4
from publisher.media.clean_copy import CleanPicture
from publisher.model.posts import Motion
from publisher.model.problems import Flaw

if TYPE_CHECKING:
    from av import AudioStream, Packet, VideoFrame, VideoStream
    from av.container import InputContainer
    from av.stream import Stream

# PyAV is imported only for a video: most commands never see one.

SUFFIXES = frozenset({".mp4", ".m4v", ".mov"})
_MAX_PIXELS = 4096 * 2304
"""Of one frame: a bigger one is not decoded."""
_READING = {"max_pixels": str(_MAX_PIXELS)}
_UNITS = "filter_units=pass_types=1-5|7|8"
"""H.264 units to keep: the frames and what decoding needs; no supplemental messages."""
_CODECS = {
    "hevc": "H.265 (HEVC)",
    "av1": "AV1",
    "vp9": "VP9",
    "mpeg4": "MPEG-4",
    "prores": "ProRes",
}
_AAC_LC = 2
_LONGEST_SETUP = 5
"""Bytes of an AAC-LC configuration, with the mark that it is not HE-AAC; more can hold text."""


_MENDING = later("Copy it again from its source, or open it in a video editor and export it.")


class _Tracks(NamedTuple):
    """The tracks of a file that are sent."""

    picture: "VideoStream"
    sound: "AudioStream | None"


class _Refused(Exception):
    """The video cannot be sent; `flaw` gives the reason."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


def look(path: Path) -> Flaw | Motion:
    """The motion of a video, or its flaw. It makes the copy, to find out."""
    copied = _copied(path)
    return copied if isinstance(copied, Flaw) else copied[1]


def copy(path: Path) -> CleanPicture | Flaw:
    """Make the clean copy, the same for all channels, or return the flaw.

    It has the same bytes each time for the same version of PyAV.
    """
    copied = _copied(path)
    if isinstance(copied, Flaw):
        return copied
    data, motion = copied
    return CleanPicture.of(data, "video/mp4", (motion.width, motion.height))


def first_picture(path: Path) -> Image.Image:
    """The first picture of a video, upright. Raises anything for one that has a flaw."""
    with _opened(path) as source:
        frame = _first_frame(source, _tracks(source, path).picture, path)
        image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        return image.rotate(frame.rotation, expand=True)


def _copied(path: Path) -> tuple[bytes, Motion] | Flaw:
    name = path.name
    try:
        data, motion = _remuxed(path, mp4.look_through(path))
        return mp4.tidied(data), motion
    except _Refused as refused:
        return refused.flaw
    except mp4.NoVideo:
        text = _("{name} is not an MP4 or MOV video, despite its name.", name=name)
        return Flaw("media-type", text, _("Give it the right ending, or convert it to MP4."))
    except mp4.Unusual as reason:
        text = _("{name} cannot be used: {reason}.", name=name, reason=reason)
        return Flaw("video-codec", text, _conversion())
    except mp4.NotWhole as reason:
        text = _("{name} is truncated or damaged: {reason}.", name=name, reason=reason)
        return Flaw("media-damaged", text, _(_MENDING))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - for broken files, FFmpeg's readers raise anything
        text = _("{file} is truncated or damaged.", file=name)
        return Flaw("media-damaged", text, _(_MENDING))


def _conversion() -> str:
    return _(
        "Convert it to MP4 with H.264 and AAC: in HandBrake with the preset Fast 720p30, or with "
        "`ffmpeg -i FILE -c:v libx264 -pix_fmt yuv420p -c:a aac -ac 2 NEW.mp4`."
    )


def _remuxed(path: Path, room: list[mp4.Box]) -> tuple[bytearray, Motion]:
    """The copy as PyAV writes it, and its motion; `room`: the boxes that must hold the samples."""
    import av  # noqa: PLC0415
    from av.bitstream import BitStreamFilterContext  # noqa: PLC0415

    with _opened(path) as source:
        width, height = _size(source, _tracks(source, path).picture, path)
    memory = io.BytesIO()
    # Opened again: the first frame was decoded, and reading would continue after it.
    with (
        _opened(path) as source,
        av.open(memory, "w", format="mp4", options={"fflags": "+bitexact"}) as target,
    ):
        tracks = _tracks(source, path)
        shown = target.add_stream_from_template(tracks.picture, opaque=True)
        units = BitStreamFilterContext(_UNITS, tracks.picture, shown)
        heard = tracks.sound and target.add_stream_from_template(tracks.sound, opaque=True)
        spans, taken = list[tuple[float, float]](), set()
        for packet in source.demux():
            if packet.is_corrupt:
                raise mp4.NotWhole(_("it ends too early"))
            if packet.size and packet.pos is not None:
                taken.add((packet.pos, packet.pos + packet.size, packet.stream.index))
            if packet.stream is tracks.picture:
                if span := _shown(packet):
                    spans.append(span)
                for each in units.filter(packet if packet.size else None):
                    each.stream = shown
                    target.mux(each)
            elif heard and packet.stream is tracks.sound and packet.size:
                packet.stream = heard
                target.mux(packet)
        mp4.check_places(taken, {track.index for track in tracks if track}, room)
    # Frames before zero are decoded and not shown.
    begin = max(0.0, min((first for first, _last in spans), default=math.inf))
    seconds = max(0.0, max((last for _first, last in spans), default=0.0) - begin)
    motion = Motion(kind="video", width=width, height=height, seconds=seconds, frames=len(spans))
    return bytearray(memory.getbuffer()), motion


def _shown(packet: "Packet[Stream]") -> tuple[float, float] | None:
    """From when to when a frame is shown, in seconds; None for a packet without one."""
    if not packet.size or packet.pts is None:
        return None
    end = packet.pts + (packet.duration or 0)
    return float(packet.pts * packet.time_base), float(end * packet.time_base)


def _opened(path: Path) -> "InputContainer":
    import av  # noqa: PLC0415

    # Only the reader of MP4 and QuickTime, whatever the file looks like.
    return av.open(str(path), format="mov", options=_READING)


def _tracks(source: "InputContainer", path: Path) -> _Tracks:
    """The video and audio track of a file. Raises `_Refused` if none fits, or there are several."""
    from av.stream import Disposition  # noqa: PLC0415

    pictures = [
        track for track in source.streams.video if not track.disposition & Disposition.attached_pic
    ]
    sounds = list(source.streams.audio)
    if not pictures:
        raise _refused(_("{name} contains no video.", name=path.name))
    for track, wanted in ((pictures[0], "h264"), *((each, "aac") for each in sounds[:1])):
        codec = track.codec_context.name if track.codec_context else "?"
        if codec != wanted:
            raise _refused(
                _("{name} is encoded as {codec}, which not everyone can play.",
                  name=path.name, codec=_CODECS.get(codec, codec))
            )  # fmt: skip
    if len(pictures) > 1 or len(sounds) > 1:
        text = _("{name} has more than one video or sound track, and only one can go out.",
                 name=path.name)  # fmt: skip
        raise _Refused(Flaw("video-codec", text, _("Export it with the one that you want.")))
    if sounds:
        _check_sound(sounds[0], path)
    return _Tracks(pictures[0], sounds[0] if sounds else None)


def _check_sound(track: "AudioStream", path: Path) -> None:
    """Check the sound: X takes only AAC-LC, mono or stereo."""
    setup = track.codec_context.extradata or b""
    is_plain = 2 <= len(setup) <= _LONGEST_SETUP and setup[0] >> 3 == _AAC_LC
    if not is_plain or setup[1] >> 3 & 15 not in (1, 2):
        raise _refused(_("The sound of {name} is not AAC-LC in mono or stereo.", name=path.name))


def _size(source: "InputContainer", track: "VideoStream", path: Path) -> tuple[int, int]:
    """Width and height of the upright video, from its first frame; the rest is not decoded."""
    picture = _first_frame(source, track, path)
    size = picture.width, picture.height
    return size if picture.rotation % 180 == 0 else (size[1], size[0])


def _first_frame(source: "InputContainer", track: "VideoStream", path: Path) -> "VideoFrame":
    """The first frame. Raises `_Refused` for one that cannot be opened safely, or sent."""
    if track.width * track.height > _MAX_PIXELS:
        text = _("The picture of {name} has too many pixels to open safely.", name=path.name)
        raise _Refused(Flaw("media-too-many-pixels", text, _("Export it as 1280 x 720.")))
    track.thread_type = "NONE"
    track.codec_context.options = _READING  # the size in the stream is limited as well
    picture = next(source.decode(track), None)
    if picture is None:
        raise mp4.NotWhole(_("its first picture cannot be read"))
    if picture.format.name not in ("yuv420p", "yuvj420p") or picture.interlaced_frame:
        raise _refused(_("The picture of {name} is not progressive with colours in 8 bits, 4:2:0.",
                         name=path.name))  # fmt: skip
    if (track.codec_context.sample_aspect_ratio or 1) != 1:
        raise _refused(_("The pixels of {name} are not square.", name=path.name))
    return picture


def _refused(message: str) -> _Refused:
    return _Refused(Flaw("video-codec", message, _conversion()))
