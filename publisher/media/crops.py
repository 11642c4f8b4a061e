"""Crops: the part of a picture that is shown, and the name of the file that has it.

A crop is a file of its own: the name of the picture's file, and the frame in pixels. So files say
what was cut from what, and the whole picture is still there.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

RATIOS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"1:1": (1, 1), "16:9": (16, 9), "4:5": (4, 5), "1.91:1": (191, 100)}
)
"""Width to height, as platforms show pictures."""
SMALLEST = 16
"""Pixels of a side of a frame."""
_NAME = re.compile(r"(.+)-crop-(\d{1,4})-(\d{1,4})-(\d{1,4})x(\d{1,4})(?:-\d+)?", re.DOTALL)
"""A number follows where another file had that name."""


class Frame(NamedTuple):
    """A part of a picture, in pixels of its upright clean copy."""

    left: int
    top: int
    width: int
    height: int

    @property
    def ending(self) -> str:
        """What stands behind the name of a picture in the name of its crop."""
        return f"-crop-{self.left}-{self.top}-{self.width}x{self.height}"

    def within(self, width: int, height: int) -> "Frame":
        """The same, moved and made smaller until it is inside a picture of this size."""
        wide = min(max(self.width, SMALLEST), width)
        high = min(max(self.height, SMALLEST), height)
        left = min(max(self.left, 0), width - wide)
        return Frame(left, min(max(self.top, 0), height - high), wide, high)

    def shaped(self, ratio: tuple[int, int], width: int, height: int) -> "Frame":
        """The largest frame of a ratio in a picture of this size, about the middle of this one."""
        wide = min(width, round(height * ratio[0] / ratio[1]))
        high = min(height, round(wide * ratio[1] / ratio[0]))
        left = self.left + (self.width - wide) // 2
        return Frame(left, self.top + (self.height - high) // 2, wide, high).within(width, height)

    def shares(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Left, top, right and bottom as shares of the sides of a picture of this size."""
        right, bottom = self.left + self.width, self.top + self.height
        return self.left / width, self.top / height, right / width, bottom / height


def wholes(files: Iterable[str]) -> dict[str, str]:
    """The whole picture of each crop: beside it, with the same ending if there are several."""
    stems: dict[str, list[PurePosixPath]] = defaultdict(list)
    cut: dict[PurePosixPath, str] = {}
    for file in files:
        path = PurePosixPath(file)
        if found := read(path.name):
            cut[path] = found[0]
        else:
            stems[path.stem].append(path)
    return {
        str(path): str(
            min(
                stems[stem],
                key=lambda p: (p.parent != path.parent, p.suffix != path.suffix, p),
            )
        )
        for path, stem in cut.items()
        if stem in stems
    }


def read(name: str) -> tuple[str, Frame] | None:
    """The name of the picture that a file was cut from, without suffix, and the frame.

    None: by its name it is no crop.
    """
    found = _NAME.fullmatch(PurePosixPath(name).stem)
    if found is None:
        return None
    left, top, width, height = map(int, found.groups()[1:])
    return found[1], Frame(left, top, width, height)
