"""Writes the generated parts of docs/ anew: `.venv/bin/python -m tests.docs.write`.

A part stands between `<!-- generated: NAME -->` and `<!-- end of NAME -->`; what is outside these
marks is written by hand.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.docs.parts import PARTS

COMMAND = ".venv/bin/python -m tests.docs.write"
DOCS = Path(__file__).parents[2] / "docs"


def rewritten(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    """The page with its generated parts as the code has them now; ValueError without its marks."""
    for name, part in parts.items():
        marks = re.compile(f"(<!-- generated: {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        pieces = marks.split(page)
        if len(pieces) != 4:
            raise ValueError(f"The marks of {name} do not stand once in the page.")
        before, opening, closing, after = pieces
        page = f"{before}{opening}\n{part()}\n\n{closing}{after}"
    return page


def main() -> int:
    """Rewrite every page that has generated parts."""
    for name, parts in PARTS.items():
        path = DOCS / name
        path.write_text(rewritten(path.read_text(encoding="utf-8"), parts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
