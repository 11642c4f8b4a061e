# ruff: noqa: INP001 -- a script beside the package, not a part of it
"""Draw the cards of the sample campaign into posts/media/.

    apt-get install fonts-lato
    python tools/draw_cards.py [--fonts DIR] [--out DIR]

The pictures are committed; only who changes a card needs this script and the font (Lato, SIL Open
Font License, as Debian's fonts-lato ships it). A card holds words and one sign, a dot sheltered by
arcs: no photograph, no likeness, no emblem of anybody.
"""

import argparse
import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SCALE = 2  # everything is drawn twice as large and then reduced, for smooth edges
SIZES = {"wide": (1200, 675), "square": (1080, 1080)}
MARGIN = 80

NIGHT, DUSK = "#0E3547", "#174A60"
PAPER, MIST = "#FFFFFF", "#C9DDE6"
ACCENTS = {"amber": "#F6B73C", "coral": "#FF8A70", "leaf": "#8FD19E", "sky": "#7CC8F2"}

ROTATED_270 = 6  # EXIF: the viewer turns the picture a quarter clockwise
ORIENTATION_TAG = 0x0112


@dataclass(frozen=True)
class Card:
    """The words of one card, as cards.toml gives them."""

    name: str
    kicker: str
    title: str
    lines: list[str]
    foot: str
    accent: str
    shape: str = "wide"
    tag: str | None = None


class Typeface:
    """Lato, in the weights and sizes that the cards use."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def at(self, weight: str, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(str(self._folder / f"Lato-{weight}.ttf"), size * SCALE)

    def fit(
        self, text: str, weight: str, sizes: range, width: int, most_lines: int
    ) -> tuple[ImageFont.FreeTypeFont, list[str]]:
        """The largest of `sizes` at which `text` takes at most so many lines of `width` pixels."""
        for size in sizes:
            font = self.at(weight, size)
            lines = wrap(text, font, width * SCALE)
            if len(lines) <= most_lines and max(map(font.getlength, lines)) <= width * SCALE:
                return font, lines
        raise ValueError(f"{text!r} does not fit even at size {sizes[-1]}.")


def wrap(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """Break into as few lines as fit, and those about equally long."""
    best = _fill(text, font, width)
    for twentieth in range(19, 9, -1):
        tighter = _fill(text, font, width * twentieth / 20)
        if len(tighter) == len(best):
            best = tighter
    return best


def _fill(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Canvas:
    """A picture on which all measures are those of the finished card."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), NIGHT)
        self.draw = ImageDraw.Draw(self.image)

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        box = [
            (x - radius) * SCALE,
            (y - radius) * SCALE,
            (x + radius) * SCALE,
            (y + radius) * SCALE,
        ]
        self.draw.ellipse(box, fill=colour)

    def shelter(self, x: int, y: int, unit: int, accent: str) -> None:
        """A dot under four arcs: the sign of a signal, and a roof."""
        for ring, colour in ((5, DUSK), (4, DUSK), (3, DUSK), (2, accent)):
            self._arc(x, y, ring * unit, unit * 0.42, colour)
        self.disc(x, y, unit * 0.62, PAPER)

    def _arc(self, x: int, y: int, radius: float, width: float, colour: str) -> None:
        start, end = 205, 335  # degrees, clockwise from three o'clock
        outer = (radius + width / 2) * SCALE
        box = [x * SCALE - outer, y * SCALE - outer, x * SCALE + outer, y * SCALE + outer]
        self.draw.arc(box, start, end, fill=colour, width=round(width * SCALE))
        for angle in (start, end):  # round ends
            at = math.radians(angle)
            self.disc(x + radius * math.cos(at), y + radius * math.sin(at), width / 2, colour)

    def bar(self, x: int, y: int, width: int, height: int, colour: str) -> None:
        box = [x * SCALE, y * SCALE, (x + width) * SCALE, (y + height) * SCALE]
        self.draw.rounded_rectangle(box, radius=height * SCALE / 2, fill=colour)

    def text(
        self, x: int, y: int, lines: list[str], font: ImageFont.FreeTypeFont, colour: str
    ) -> int:
        """Write lines down from `y`, and say where the next thing may begin."""
        step = round(font.size / SCALE * 1.18)
        for number, line in enumerate(lines):
            where = (x * SCALE, (y + number * step) * SCALE)
            self.draw.text(where, line, font=font, fill=colour, anchor="la")
        return y + len(lines) * step

    def tag(self, text: str, font: ImageFont.FreeTypeFont, colour: str) -> None:
        """A language's two letters in the upper right corner."""
        right, top, width, height = self.size[0] - MARGIN, 62, 72, 46
        box = [(right - width) * SCALE, top * SCALE, right * SCALE, (top + height) * SCALE]
        self.draw.rounded_rectangle(box, radius=12 * SCALE, outline=colour, width=3 * SCALE)
        middle = ((right - width / 2) * SCALE, (top + height / 2) * SCALE)
        self.draw.text(middle, text, font=font, fill=colour, anchor="mm")

    def finished(self) -> Image.Image:
        return self.image.resize(self.size, Image.Resampling.LANCZOS)


@dataclass(frozen=True)
class Layout:
    """Where things stand on a card of one shape, and how large letters may be."""

    shelter: tuple[int, int, int]
    column: int
    kicker: int
    title: range
    title_lines: int
    line: range
    foot: int


LAYOUTS = {
    "wide": Layout((1010, 500, 68), 800, 29, range(80, 50, -2), 2, range(38, 26, -1), 26),
    "square": Layout((800, 850, 84), 920, 38, range(100, 60, -2), 4, range(56, 40, -2), 34),
}


def draw(card: Card, face: Typeface) -> Image.Image:
    canvas = Canvas(SIZES[card.shape])
    layout, accent = LAYOUTS[card.shape], ACCENTS[card.accent]
    canvas.shelter(*layout.shelter, accent)
    canvas.bar(MARGIN, 72, 72, 10, accent)
    y = canvas.text(MARGIN, 106, [card.kicker], face.at("Bold", layout.kicker), accent)
    font, lines = face.fit(card.title, "Black", layout.title, layout.column, layout.title_lines)
    y = canvas.text(MARGIN, y + 20, lines, font, PAPER) + 24
    most = 3 if len(card.lines) == 1 else 1
    fitted = [face.fit(line, "Medium", layout.line, 650, most) for line in card.lines]
    font = min((font for font, _ in fitted), key=lambda font: font.size)
    for _, lines in fitted:
        y = canvas.text(MARGIN, y, lines, font, MIST) + 10
    height = canvas.size[1]
    canvas.text(MARGIN, height - 64 - layout.foot, [card.foot], face.at("Bold", layout.foot), MIST)
    if card.tag:
        canvas.tag(card.tag, face.at("Bold", 25), accent)
    return canvas.finished()


def save(picture: Image.Image, path: Path) -> None:
    """A JPEG is stored lying on its side, as cameras do, with the note that it must be turned."""
    if path.suffix == ".jpg":
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = ROTATED_270
        picture.transpose(Image.Transpose.ROTATE_90).save(path, quality=88, exif=exif)
    else:
        flat = picture.quantize(128, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        flat.save(path, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Draw the cards of the sample campaign.")
    root = Path(__file__).resolve().parent.parent
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts/truetype/lato"))
    parser.add_argument("--out", type=Path, default=root / "posts" / "media")
    arguments = parser.parse_args()
    if not (arguments.fonts / "Lato-Black.ttf").is_file():
        parser.exit(3, f"Lato is not in {arguments.fonts}; install fonts-lato or name --fonts.\n")
    arguments.out.mkdir(parents=True, exist_ok=True)
    face = Typeface(arguments.fonts)
    cards = tomllib.loads((Path(__file__).parent / "cards.toml").read_text(encoding="utf-8"))
    for words in cards["card"]:
        card = Card(**words)
        save(draw(card, face), arguments.out / card.name)


if __name__ == "__main__":
    main()
