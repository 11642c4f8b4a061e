"""What an encoder writes into AAC before the sound: its name, or anything else.

Source: ISO/IEC 14496-3, raw_data_block.
"""

from publisher.base.i18n import _
from publisher.media.mp4 import NotWhole

_DATA, _FILL = 4, 6
"""Elements without sound, by their ids."""


def without_notes(frame: bytes) -> bytes:
    """One frame of AAC, of the same length, with zeros in what stands before its sound. NotWhole."""
    place, notes = 0, []
    while (found := _note(frame, place)) is not None:
        first, place = found
        if place > len(frame) * 8:
            raise NotWhole(_("its sound makes no sense"))
        notes.append((first, place))
    if not notes:
        return frame
    bits, size = int.from_bytes(frame), len(frame) * 8
    for first, end in notes:
        bits &= ~(((1 << (end - first)) - 1) << (size - end))
    return bits.to_bytes(len(frame))


def _note(frame: bytes, place: int) -> tuple[int, int] | None:
    """From which bit to which the content of the element at bit `place` goes; None: it is sound."""
    kind = _bits(frame, place, 3)
    if kind == _FILL:
        count, first = _bits(frame, place + 3, 4), place + 7
        if count == 15:
            count, first = count + _bits(frame, first, 8) - 1, first + 8
        return first, first + count * 8
    if kind == _DATA:
        count, first = _bits(frame, place + 8, 8), place + 16
        if count == 255:
            count, first = count + _bits(frame, first, 8), first + 8
        if _bits(frame, place + 7, 1):
            first = -(-first // 8) * 8  # it begins with a whole byte
        return first, first + count * 8
    return None


def _bits(data: bytes, place: int, count: int) -> int:
    """So many bits as a number; behind the end there are zeros."""
    first, last = place // 8, (place + count + 7) // 8
    window = int.from_bytes(data[first:last].ljust(last - first, b"\0"))
    return (window >> (last * 8 - place - count)) & ((1 << count) - 1)
